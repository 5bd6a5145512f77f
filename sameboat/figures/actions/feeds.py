"""Who publishes which figures, what they count, where a series breaks, and why figures look as they do."""

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from sameboat.figures import events
from sameboat.figures.engine.change_file import CODE
from sameboat.figures.models import Break, Definition, Explanation, Feed, Signal
from sameboat.registry.acting import OPERATOR, Act, action
from sameboat.registry.models import Organisation, Place, Role
from sameboat.registry.quantities import checked_text
from sameboat.registry.refusals import Conflict, Fault, InvalidInput
from sameboat.transparency.actions import append


@action
def register_feed(
    act: Act,
    *,
    code: str,
    name_en: str = "",
    name_zh: str = "",
    publisher: Organisation | None = None,
    url: str = "",
    licence: str = "",
    zone: str = "Asia/Shanghai",
    cadence_days: int = 1,
) -> Feed:
    """Register a source of figures; operators only. Without a publisher the operator enters what others published."""
    act.require_operator()
    code = _code(code, "code")
    name_en, name_zh = _named(name_en, name_zh)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(
            [Fault("zone", _("“%(zone)s” is no time zone; write one such as Asia/Shanghai.") % {"zone": zone[:40]})]
        ) from None
    if not 1 <= cadence_days <= 366:
        raise InvalidInput([Fault("cadence_days", _("Say how often it speaks: every 1 to 366 days."))])
    if Feed.objects.filter(code=code).exists():
        raise Conflict(_("A source is registered as “%(code)s” already.") % {"code": code}, "code")
    feed = Feed.objects.create(
        public_id=act.new_id("feed"),
        code=code,
        name_en=name_en,
        name_zh=name_zh,
        publisher=publisher,
        url=checked_text(url, "url", 300),
        licence=checked_text(licence, "licence", 120),
        zone=zone,
        cadence_days=cadence_days,
        registered_at=act.now,
    )
    append(
        events.FeedRegistered(
            feed=feed.public_id,
            code=code,
            publisher=publisher.public_id if publisher else None,
            name_en=name_en,
            name_zh=name_zh,
            url=feed.url or None,
            licence=feed.licence or None,
        ),
        actor=OPERATOR,
        event_time=act.now,
        recorded_at=act.now,
    )
    return feed


@action
def state_definition(
    act: Act,
    *,
    signal: str,
    form: str,
    unit_en: str,
    unit_zh: str,
    code: str = "",
    name_en: str = "",
    name_zh: str = "",
    decimals: int = 0,
    text_en: str = "",
    text_zh: str = "",
    url: str = "",
) -> Definition:
    """State what a signal counts; operators only. The first definition of a signal, with an empty code, makes it.

    A later definition has its own code, and a series of its own; form, unit and decimals are the signal's for good.
    """
    act.require_operator()
    signal = _code(signal, "signal")
    code = _code(code, "code") if code else ""
    name_en, name_zh = _named(name_en, name_zh)
    if form not in Signal.Form.values:
        raise InvalidInput(
            [Fault("form", _("The form is one of: %(forms)s.") % {"forms": ", ".join(Signal.Form.values)})]
        )
    if not 0 <= decimals <= 9:
        raise InvalidInput([Fault("decimals", _("A figure has 0 to 9 decimals."))])
    unit_en, unit_zh = checked_text(unit_en, "unit_en", 60), checked_text(unit_zh, "unit_zh", 60)
    found = Signal.objects.filter(code=signal).first()
    if found is None:
        if code:
            raise InvalidInput(
                [Fault("code", _("State the signal's first definition, with an empty code, before others."))]
            )
        found = Signal.objects.create(
            code=signal,
            form=form,
            decimals=decimals,
            name_en=name_en,
            name_zh=name_zh,
            unit_en=unit_en,
            unit_zh=unit_zh,
        )
    elif (found.form, found.decimals) != (form, decimals):
        raise Conflict(
            _("%(signal)s is “%(form)s” with %(decimals)s decimals and stays so. Use another signal.")
            % {"signal": signal, "form": found.get_form_display(), "decimals": found.decimals},
            "form",
        )
    if found.definitions.filter(code=code).exists():
        raise Conflict(_("This definition of %(signal)s is stated already.") % {"signal": signal}, "code")
    definition = Definition.objects.create(
        public_id=act.new_id("def"),
        signal=found,
        code=code,
        name_en=name_en,
        name_zh=name_zh,
        text_en=checked_text(text_en, "text_en", 2000),
        text_zh=checked_text(text_zh, "text_zh", 2000),
        url=checked_text(url, "url", 300),
    )
    append(
        events.DefinitionStated(
            definition=definition.public_id,
            signal=signal,
            code=code,
            form=found.form,  # type: ignore[arg-type]  # its choices are the schema's
            unit=found.unit_en,
            decimals=found.decimals,
            name_en=name_en,
            name_zh=name_zh,
            text_en=definition.text_en or None,
            text_zh=definition.text_zh or None,
            url=definition.url or None,
        ),
        actor=OPERATOR,
        event_time=act.now,
        recorded_at=act.now,
    )
    return definition


@action
def declare_break(
    act: Act,
    *,
    feed: Feed,
    signal: Signal,
    place: Place,
    day: date,
    kind: str,
    within: bool = True,
    text_en: str = "",
    text_zh: str = "",
    url: str = "",
    from_elsewhere: bool = False,
) -> Break:
    """Say that from `day` on the figures of a place cannot be compared with those before.

    `within` says whether the same holds for what lies in the place.
    """
    actor = publisher(act, feed, from_elsewhere=from_elsewhere)
    text_en, text_zh = _told(text_en, text_zh)
    if kind not in Break.Kind.values:
        raise InvalidInput(
            [Fault("kind", _("The kind is one of: %(kinds)s.") % {"kinds": ", ".join(Break.Kind.values)})]
        )
    if Break.objects.filter(feed=feed, signal=signal, place=place, date=day).exists():
        raise Conflict(_("This break is declared already."), "day")
    found = Break.objects.create(
        public_id=act.new_id("break"),
        feed=feed,
        signal=signal,
        place=place,
        date=day,
        within=within,
        kind=kind,
        text_en=text_en,
        text_zh=text_zh,
        url=checked_text(url, "url", 300),
        declared_at=act.now,
    )
    append(
        events.BreakDeclared(
            series_break=found.public_id,
            feed=feed.public_id,
            signal=signal.code,
            place=place.code,
            date=day.isoformat(),
            within=within,
            kind=kind,  # type: ignore[arg-type]  # checked above
            text_en=text_en or None,
            text_zh=text_zh or None,
            url=found.url or None,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return found


@action
def explain(
    act: Act,
    *,
    feed: Feed,
    place: Place,
    day: date,
    until: date | None = None,
    signal: Signal | None = None,
    text_en: str = "",
    text_zh: str = "",
    url: str = "",
    from_elsewhere: bool = False,
) -> Explanation:
    """Say why the figures of a place and of these days changed or look odd."""
    actor = publisher(act, feed, from_elsewhere=from_elsewhere)
    text_en, text_zh = _told(text_en, text_zh)
    until = until or day
    if until < day:
        raise InvalidInput([Fault("until", _("The last day lies before the first."))])
    found = Explanation.objects.create(
        public_id=act.new_id("expl"),
        feed=feed,
        place=place,
        signal=signal,
        date=day,
        until=until,
        text_en=text_en,
        text_zh=text_zh,
        url=checked_text(url, "url", 300),
        explained_at=act.now,
    )
    append(
        events.FiguresExplained(
            explanation=found.public_id,
            feed=feed.public_id,
            place=place.code,
            signal=signal.code if signal else None,
            date=day.isoformat(),
            until=until.isoformat(),
            text_en=text_en or None,
            text_zh=text_zh or None,
            url=found.url or None,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return found


def publisher(act: Act, feed: Feed, *, from_elsewhere: bool) -> str:
    """Return who speaks on the log for a feed: its publisher, whose member must be allowed to publish figures.

    Figures published elsewhere are entered by the operator, who then speaks.
    """
    if from_elsewhere or feed.publisher is None:
        act.require_operator()
        return OPERATOR
    act.require(feed.publisher, Role.FIGURES)
    return feed.publisher.public_id


def _code(text: str, field: str) -> str:
    code = text.strip()
    if not CODE.match(code):
        raise InvalidInput(
            [Fault(field, _("A code has up to 48 letters, digits, points, hyphens and underscores: cases.confirmed."))]
        )
    return code


def _named(name_en: str, name_zh: str) -> tuple[str, str]:
    name_en, name_zh = checked_text(name_en, "name_en", 200), checked_text(name_zh, "name_zh", 200)
    if not name_en and not name_zh:
        raise InvalidInput([Fault("name_en", _("Give it a name, in English or in Chinese."))])
    return name_en, name_zh


def _told(text_en: str, text_zh: str) -> tuple[str, str]:
    text_en, text_zh = checked_text(text_en, "text_en", 2000), checked_text(text_zh, "text_zh", 2000)
    if not text_en and not text_zh:
        raise InvalidInput([Fault("text_en", _("Say it in words, in English or in Chinese."))])
    return text_en, text_zh
