"""Public pages of the outbreak: the country, one place, and the figures behind a page as files."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.registry import queries as nouns
from sameboat.registry.reading import day_asked, words_asked
from sameboat.registry.refusals import NotFound
from sameboat.situation import files, parameters
from sameboat.situation.queries.outbreak import CHANGES, Outbreak, outbreak
from sameboat.situation.queries.standpoint import Standpoint, Subject, first_day, newest_day, outermost, stand, subject
from sameboat.transparency.http_caching import open_to_programs

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
    about, standpoint = _asked(request, where)
    context: dict[str, Any] = {"place": where, "subject": about, "as_of": standpoint and standpoint.as_of}
    if where is None or about is None:
        return render(request, "situation/nothing.html", context)
    context |= {"first_day": first_day(about.feed), "last_day": newest_day(about.feed)}
    if standpoint is None:
        return render(request, "situation/nothing.html", context | {"as_of": day_asked(request)})
    shown = outbreak(where, about, standpoint)
    context |= {
        "outbreak": shown,
        "standpoint": standpoint,
        "before": _address(request, standpoint.step_before),
        "after": _address(request, standpoint.step_after),
        "curve": [(day.day, day.new, day.first_new, day.broken) for day in shown.days],
        "rt": _band(shown),
        "rows": _rows(shown)[:ROWS],
        "parameters": parameters,
        "changes": shown.changes[:CHANGES],
        "changes_cut": len(shown.changes) > CHANGES,
        "download": _file("situation-days-csv", shown),
        "as_json": _file("situation-days-json", shown),
    }
    return render(request, "situation/place.html", context)


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


def _band(shown: Outbreak) -> list[tuple[Any, ...]]:
    """Return the rows of the chart of Rt, from the first day that tells of it on; none where no day does."""
    told = [at for at, day in enumerate(shown.rt) if day.median is not None]
    settled = shown.settled_until
    return (
        [
            (day.day, day.median, day.lower, day.upper, settled is not None and day.day > settled)
            for day in shown.rt[told[0] :]
        ]
        if told
        else []
    )


def _rows(shown: Outbreak) -> list[tuple[Any, Any]]:
    """Return each day with its Rt, the newest first."""
    rt = {day.day: day for day in shown.rt}
    return [(day, rt.get(day.day)) for day in reversed(shown.days)]
