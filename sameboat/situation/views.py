"""Public pages of the outbreak: the country, one place, and the figures behind a page as files."""

import hashlib
from typing import TYPE_CHECKING, Any

from csp.decorators import csp_replace
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from sameboat.registry import queries as nouns
from sameboat.registry.reading import day_asked, words_asked
from sameboat.registry.refusals import Fault, InvalidInput, NotFound
from sameboat.situation import files, parameters
from sameboat.situation.presenting import band_rows, curve_rows, fan_rows
from sameboat.situation.queries.alerts import alerts
from sameboat.situation.queries.comparison import MOST, all_have_residents, choices
from sameboat.situation.queries.comparison import compare as side_by_side
from sameboat.situation.queries.forecasts import file_of, outlook, record, round_of
from sameboat.situation.queries.outbreak import CHANGES, Outbreak, outbreak
from sameboat.situation.queries.places import parts
from sameboat.situation.queries.standpoint import Standpoint, Subject, first_day, newest_day, outermost, stand, subject
from sameboat.transparency.http_caching import FOREVER, open_to_programs, state_tag

SECONDS_KEPT = 600
"""How long a page is kept at most: its links to entries of the log appear once those are published."""
PLACES = 100
"""Places in the list of a page."""

if TYPE_CHECKING:
    from sameboat.registry.models import Place

ROWS = 30
"""Days in the table of a page; its file has all of them."""


def situation(request: HttpRequest) -> HttpResponse:
    """Show the outermost place that figures are known of: the country."""
    return _page(request, outermost())


def place(request: HttpRequest, code: str) -> HttpResponse:
    """Show one province or city."""
    return _page(request, _place(code))


def compare(request: HttpRequest) -> HttpResponse:
    """Show up to eight places side by side on one scale."""
    codes = list(dict.fromkeys(code for code in request.GET.getlist("place") if code))
    chosen = [_place(code) for code in codes[:MOST]]
    total = request.GET.get("what") == "total"
    rate = {"rate": True, "count": False}.get(request.GET.get("per", ""), all_have_residents(chosen))
    whole = outermost()
    about, standpoint = _asked(request, whole)
    context: dict[str, Any] = {"total": total, "rate": rate, "subject": about, "standpoint": standpoint, "compared": ()}
    if whole is None or about is None:
        return _nothing(request, {"as_of": day_asked(request)})
    context |= {"first_day": first_day(about.feed), "last_day": newest_day(about.feed)}
    if standpoint is None:
        return _nothing(request, context | {"place": whole, "as_of": day_asked(request)})
    compared = side_by_side(chosen, about, standpoint, total=total, rate=rate)
    told = [each for each in compared if each.highest is not None]
    keep = _kept(request)
    context |= {
        "as_of": standpoint.as_of,
        "compared": compared,
        "most": max(told, key=lambda each: each.highest[1] if each.highest else 0, default=None),
        "series": [(each.place.name, each.values) for each in compared] if told else [],
        "rows": [(each, _without(request, each.place.code)) for each in compared],
        "left_out": max(len(codes) - MOST, 0),
        "choices": choices(whole, chosen, about),
        "keep": f"?{keep}" if keep else "",
        "kept": [(name, request.GET[name]) for name in ("as_of", "vintage", "signal", "source") if name in request.GET],
    }
    return render(request, "situation/compare.html", context)


def _nothing(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    main = render_to_string("situation/parts/nothing.html", context, request)
    return render(request, "situation/page.html", {"main": main, "as_of": context["as_of"]})


def _without(request: HttpRequest, code: str) -> str:
    """Return the address of a comparison without one place."""
    query = request.GET.copy()
    query.setlist("place", [each for each in query.getlist("place") if each not in (code, "")])
    return f"{request.path}?{query.urlencode()}"


@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # it takes views with arguments too
@xframe_options_exempt
def embed(request: HttpRequest, code: str) -> HttpResponse:
    """Show a place's curve to stand in other people's pages, with its source and hash; it sets no cookie."""
    where = _place(code)
    about, standpoint = _asked(request, where)
    keep = _kept(request)
    context: dict[str, Any] = {
        "place": where,
        "subject": about,
        "standpoint": standpoint,
        "full": reverse("situation-place", args=[code]) + (f"?{keep}" if keep else ""),
    }
    if about is not None and standpoint is not None:
        shown = outbreak(where, about, standpoint)
        context |= {"outbreak": shown, "curve": curve_rows(shown)}
    return render(request, "situation/embed.html", context)


def forecasts(request: HttpRequest, code: str) -> HttpResponse:
    """Show each round of forecasts of a place beside what came of it, as known at a vintage."""
    shown = _outbreak(request, code)
    keep = _kept(request)
    context = {
        "place": shown.place,
        "keep": f"?{keep}" if keep else "",
        "as_of": shown.standpoint.as_of,
        "record": record(
            shown.place, shown.standpoint.feed, shown.subject.signal, shown.standpoint.vintage.number, shown.days
        ),
    }
    return render(request, "situation/forecasts.html", context)


def forecast_file(request: HttpRequest, public_id: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the canonical file of a round: its SHA-256 stands on the log."""
    found = round_of(public_id)
    if found is None:
        raise NotFound(_("There is no such round of forecasts."), "round")
    answer = HttpResponse(file_of(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{public_id}.csv"'
    answer["Cache-Control"] = FOREVER
    open_to_programs(answer)
    return answer


def days_as_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Answer with every day of a page as CSV."""
    answer = HttpResponse(files.as_csv(_outbreak(request, code)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="days-{code}.csv"'
    open_to_programs(answer)
    return answer


def days_as_json(request: HttpRequest, code: str) -> HttpResponse:
    """Answer with every day of a page as JSON, and the vintage that they come from."""
    answer = JsonResponse(files.as_json(_outbreak(request, code)), json_dumps_params={"ensure_ascii": False})
    open_to_programs(answer)
    return answer


def _outbreak(request: HttpRequest, code: str) -> Outbreak:
    where = _place(code)
    about, standpoint = _asked(request, where)
    if about is None or standpoint is None:
        raise NotFound(_("Nothing had been published about this place by then."), "as_of")
    return outbreak(where, about, standpoint)


def _place(code: str) -> "Place":
    found = nouns.place(code)
    if found is None:
        raise NotFound(
            _("There is no place “%(code)s” here. Search for its name, or start from the country.")
            % {"code": code[:40]},
            "place",
        )
    return found


def _page(request: HttpRequest, where: "Place | None") -> HttpResponse:
    """Show a place; what stands on the page is kept as long as the log stands still, so that a crowd costs little.

    Every change of figures, breaks, explanations and forecasts is an entry of the log.
    """
    told = f"{request.get_full_path()} {get_language()} {where and where.pk} {state_tag()}"
    key = f"situation:page:{hashlib.sha256(told.encode()).hexdigest()}"
    kept: tuple[str, dict[str, Any]] | None = cache.get(key)
    if kept is None:
        template, context = _told(request, where)
        kept = template, {"main": render_to_string(f"situation/parts/{template}", context, request)}
        kept[1].update({name: context[name] for name in ("place", "as_of")})
        cache.set(key, kept, SECONDS_KEPT)
    return render(request, "situation/page.html", kept[1])


def _told(request: HttpRequest, where: "Place | None") -> tuple[str, dict[str, Any]]:
    """Return the template of what is to be said of a place, and its context."""
    about, standpoint = _asked(request, where)
    context: dict[str, Any] = {"place": where, "subject": about, "as_of": standpoint and standpoint.as_of}
    if where is None or about is None:
        return "nothing.html", context
    context |= {"first_day": first_day(about.feed), "last_day": newest_day(about.feed)}
    if standpoint is None:
        return "nothing.html", context | {"as_of": day_asked(request)}
    shown = outbreak(where, about, standpoint)
    context |= {
        "outbreak": shown,
        "standpoint": standpoint,
        "before": _address(request, standpoint.step_before),
        "after": _address(request, standpoint.step_after),
        "curve": curve_rows(shown),
        "breaks": [(each, shown.new_on(each.date)) for each in shown.breaks],
        "rt": band_rows(shown),
        "rows": _rows(shown)[:ROWS],
        "parameters": parameters,
        "changes": shown.changes[:CHANGES],
        "changes_cut": len(shown.changes) > CHANGES,
        "download": _file("situation-days-csv", shown),
        "as_json": _file("situation-days-json", shown),
    }
    context |= _outlook(request, shown) | _parts(request, where, about, standpoint)
    return "place.html", context


def _outlook(request: HttpRequest, shown: Outbreak) -> dict[str, Any]:
    feed, signal, number = shown.standpoint.feed, shown.subject.signal, shown.standpoint.vintage.number
    made = outlook(shown.place, shown.standpoint, signal, shown.days)
    told = record(shown.place, feed, signal, number, shown.days) if made.round else None
    keep = _kept(request)
    return {
        "outlook": made,
        "alerts": alerts(shown, told.rounds if told else ()),
        "outlook_standings": sorted(
            (week.standing for week in (*made.shown, *made.suspended) if week.standing), key=lambda each: each.weeks
        ),
        "fan": fan_rows(made),
        "record_url": reverse("situation-forecasts", args=[shown.place.code]) + (f"?{keep}" if keep else ""),
    }


def _parts(request: HttpRequest, where: "Place", about: Subject, standpoint: Standpoint) -> dict[str, Any]:
    """Return what the list and the map of a place's parts show: a page of them, those with most first."""
    found = parts(where, about, standpoint)
    page = _number_asked(request, "places", most=len(found.rows) // PLACES + 1)
    first = (page - 1) * PLACES
    keep = _kept(request)
    chinese = (get_language() or "").startswith("zh")
    spots = [
        (
            row.code,
            (row.name_zh or row.name_en) if chinese else (row.name_en or row.name_zh),
            row.latitude,
            row.longitude,
            row.counted,
            row.rate,
        )
        for row in found.rows
    ]
    chosen = [("place", row.code) for row in found.rows[:4] if row.counted is not None]
    return {
        "parts": found,
        "part_rows": found.rows[first : first + PLACES],
        "spots": spots if any(spot[2] is not None and (spot[4] or 0) > 0 for spot in spots) else [],
        "cumulative": about.signal.form == "cumulative",
        "keep": f"?{keep}" if keep else "",
        "more_places": _numbered(request, "places", page + 1) if len(found.rows) > first + PLACES else "",
        "fewer_places": _numbered(request, "places", page - 1) if page > 1 else "",
        "compare": f"{reverse('situation-compare')}?{urlencode(chosen)}{'&' if keep else ''}{keep}",
    }


def _kept(request: HttpRequest) -> str:
    """Return what was asked that holds for another place too: the day, the signal and the source."""
    return urlencode(
        [(name, request.GET[name]) for name in ("as_of", "vintage", "signal", "source") if name in request.GET]
    )


def _number_asked(request: HttpRequest, name: str, *, most: int) -> int:
    text = request.GET.get(name, "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= most):
        raise InvalidInput([Fault(name, _("This link is broken. Go back to the start of the list."))])
    return int(text)


def _numbered(request: HttpRequest, name: str, number: int) -> str:
    query = request.GET.copy()
    query[name] = str(number)
    return f"{request.path}?{query.urlencode()}#{name}"


def _asked(request: HttpRequest, where: "Place | None") -> tuple[Subject | None, Standpoint | None]:
    """Return what a page is about and where it stands; raises NotFound for what nobody published."""
    as_of = day_asked(request)
    signal, source = words_asked(request, "signal"), words_asked(request, "source")
    about = subject(where, signal, source)
    if about is None:
        if signal or source:
            raise NotFound(_("Nobody published such figures of this place. Leave out what you chose."), "signal")
        return None, None
    vintage = words_asked(request, "vintage")
    standpoint = stand(about.feed, as_of, vintage)
    if standpoint is None and vintage:
        raise NotFound(_("There is no such vintage of these figures."), "vintage")
    return about, standpoint


def _address(request: HttpRequest, question: str) -> str:
    """Return the address of the same page at another vintage; empty where there is none."""
    if not question:
        return ""
    query = request.GET.copy()
    for name in ("as_of", "vintage"):
        query.pop(name, None)
    query.update(QueryDict(question))
    return f"{request.path}?{query.urlencode()}"


def _file(name: str, shown: Outbreak) -> str:
    """Return the address of the days of exactly the vintage that is shown."""
    query = QueryDict(shown.standpoint.question, mutable=True)
    query["signal"] = shown.subject.signal.code
    query["source"] = shown.standpoint.feed.code
    return f"{reverse(name, args=[shown.place.code])}?{query.urlencode()}"


def _rows(shown: Outbreak) -> list[tuple[Any, Any]]:
    """Return each day with its Rt, the newest first."""
    rt = {day.day: day for day in shown.rt}
    return [(day, rt.get(day.day)) for day in reversed(shown.days)]
