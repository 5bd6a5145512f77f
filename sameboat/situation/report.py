"""A place's situation on one or two printable pages: a PDF, set by Typst from the same figures and drawings."""

import html
import json
import re
import tempfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.template import engines
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from sameboat.situation.parameters import SERIAL_INTERVAL_MEAN, SERIAL_INTERVAL_SD, SERIAL_INTERVAL_SOURCE
from sameboat.situation.presenting import band_rows, curve_rows, fan_rows
from sameboat.situation.queries.forecasts import Outlook, outlook
from sameboat.situation.queries.outbreak import Outbreak
from sameboat.transparency.errors import BadInput

LAYOUT = Path(__file__).parent / "templates" / "situation" / "report.typ"
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Microsoft YaHei",
)
BREAK = (
    "{% load i18n curves face situation %}{% letter at %} {% day each.date as break_day %}{% quantity new as number %}"
    "{% blocktranslate trimmed with kind=each.get_kind_display %}{{ break_day }}: {{ number }}, {{ kind }}."
    "{% endblocktranslate %} {% told each %}"
)
"""How a break is told."""
LATIN_FONT = "Libertinus Serif"
"""Comes with Typst."""
DAYS = 10
"""Days in the table of a report."""
CHANGES = 8
WIDTH = 520
"""Units that a drawing is wide."""

STYLE = """
text { font-size: 15px; fill: #16262b; font-family: %s; }
.chart-number { font-weight: 600; }
.column { fill: #0b5d66; } .column-break { fill: none; stroke: #0b5d66; stroke-dasharray: 3 2; }
.column-lowered { fill: #4a5a5f; } .first-said { fill: #8f5b00; }
.break-line { stroke: #16262b; stroke-dasharray: 2 4; }
.base-line { stroke: #16262b; stroke-width: 1.5; } .hatch-unknown { stroke: #7d857f; stroke-width: 1.5; }
.unknown-area { stroke: #d8d2c2; } .band { fill: #9cc3c2; } .band-unsettled { fill: #c9c3b2; }
.line { fill: none; stroke: #0b5d66; stroke-width: 0.8; } .line-unsettled { stroke: #7d857f; }
.one-line { stroke: #16262b; stroke-width: 0.6; stroke-dasharray: 1.5 1; }
.fan-95 { fill: #e4efed; stroke: #9cc3c2; } .fan-50 { fill: #9cc3c2; } .fan-median { fill: #084850; }
.fan-came { fill: #ffffff; stroke: #16262b; stroke-width: 2; }
"""


class ReportError(BadInput):
    """A report that cannot be set on this machine; the message says what to install."""

    code = "report"


def situation_report(shown: Outbreak, language: str, address: str = "") -> bytes:
    """Return the report of a place at a vintage as a PDF of one or two A4 pages.

    `address` is that of this installation, for the reader who wants to check.

    Raises
    ------
    ReportError
        Where Typst is not installed, or the text is Chinese and no Chinese font is.
    """
    if find_spec("typst") is None:
        raise ReportError("Reports are set by Typst, which is not installed here: pip install 'sameboat[report]'")
    import typst

    families = set(typst.Fonts().families())
    chinese = next((name for name in CHINESE_FONTS if name in families), "")
    with override(language):
        told = outlook(shown.place, shown.standpoint, shown.subject.signal, shown.days) if shown.rt else None
        content = _content(shown, told, address)
        drawings = _drawings(shown, told)
    if not chinese and re.search(r"[\u2e80-\u9fff\uf900-\ufaff]", json.dumps(content, ensure_ascii=False)):
        raise ReportError(
            "The report has Chinese words and no Chinese font is installed here; they would be empty boxes. "
            "Install Noto Sans CJK (on Debian or Ubuntu: apt-get install fonts-noto-cjk) and try again."
        )
    latin = [LATIN_FONT, chinese] if language == "en" else [chinese, LATIN_FONT]
    content |= {
        "language": "zh" if language.startswith("zh") else "en",
        "fonts": [name for name in latin if name],
    }
    style = STYLE % ", ".join(f"'{name}'" for name in content["fonts"])
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        root = Path(folder)
        for name, drawing in drawings.items():
            (root / f"{name}.svg").write_text(_alone(drawing, style), "utf-8")
        (root / "content.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        (root / "report.typ").write_bytes(LAYOUT.read_bytes())
        data: bytes = typst.compile(str(root / "report.typ"), root=folder, format="pdf")
    return data


def _content(shown: Outbreak, told: Outlook | None, address: str) -> dict[str, Any]:
    subject, standpoint = shown.subject, shown.standpoint
    context = {"outbreak": shown, "subject": subject, "place": shown.place}
    headline = render_to_string("situation/parts/headline.html", context)
    sentence = re.search(r"<h1[^>]*>(.*?)</h1>", headline, re.DOTALL)
    kicker = re.search(r'<span class="kicker">.*?</span>', headline, re.DOTALL)
    published = _written("{% load face %}{% day at %}", at=standpoint.published_on)
    entry = standpoint.entry
    return {
        "title": f"{shown.place.name} · {subject.signal.name}",
        "sentence": _text(sentence[1].replace(kicker[0] if kicker else "", "") if sentence else ""),
        "leads": [_text(each) for each in re.findall(r'<p class="lead">(.*?)</p>', headline, re.DOTALL)],
        "unit": subject.unit,
        "charts": _captions(shown, told),
        "breaks_title": _("Breaks"),
        "breaks": [
            _text(_written(BREAK, at=at, each=each, new=shown.new_on(each.date)))
            for at, each in enumerate(shown.breaks, start=1)
        ],
        "days_title": _("The last days"),
        "days_head": [_("Day"), _("New"), _("Said first"), _("So far"), *([_("Rt (95 %)")] if shown.rt else [])],
        "days": _days(shown),
        "changes_title": _("What changed since the vintage before, and why"),
        "changes_head": [_("Place"), _("Counted"), _("Day"), _("Before"), _("Now")],
        "changes": _changes(shown),
        "changes_none": _("Nothing that was said before was changed here; only new days were added."),
        "said": [
            _text(_written("{% load situation face %}{% day each.date %}: {% told each %}", each=each))
            for each in shown.explanations[:3]
        ],
        "words_title": _("What is counted, and by whom"),
        "words": _words(shown),
        "check_title": _("How to check this report"),
        "vintage": _text(
            _("Vintage %(number)s, published %(day)s") % {"number": standpoint.vintage.number, "day": _text(published)}
        ),
        "sha256": standpoint.vintage.sha256,
        "check": _(
            "Every figure here comes from this vintage. Its file, and those before it, have hashes on the public log; "
            "replay them and you get the same figures."
        ),
        "where": " · ".join(
            [
                *([f"{address}/situation/{shown.place.code}?{standpoint.question}"] if address else []),
                *(
                    [_("Entry %(index)s on the log") % {"index": entry.index}]
                    if entry and entry.index is not None
                    else []
                ),
            ]
        ),
    }


def _captions(shown: Outbreak, told: Outlook | None) -> list[dict[str, str]]:
    """Return the drawings in their order, with what each shows and how to read it."""
    found = []
    if shown.days:
        found.append(
            {
                "file": "curve.svg",
                "title": _("New by day"),
                "reading": _("Columns start at 0.")
                + " "
                + _(
                    "Hatched: not known. Dashed: a break, not comparable; cut off where it is far higher. "
                    "Ochre: what was said first."
                ),
            }
        )
    if band_rows(shown):
        found.append(
            {
                "file": "rt.svg",
                "title": _("How many people each one infects (Rt)"),
                "reading": _(
                    "The area holds the truth with a probability of 95 %; grey days may still change, "
                    "hatched days tell nothing."
                ),
            }
        )
    if told is not None and told.shown:
        found.append(
            {
                "file": "fan.svg",
                "title": _("New in a week, and what may come"),
                "reading": _(
                    "Columns are known weeks; bands hold what comes with 50 % and 95 % probability. Circles: what came."
                ),
            }
        )
    return found


def _drawings(shown: Outbreak, told: Outlook | None) -> dict[str, str]:
    found = {}
    if shown.days:
        found["curve"] = _drawn("curve_chart 'curve' rows '' ''", rows=curve_rows(shown))
    if rows := band_rows(shown):
        found["rt"] = _drawn("band_chart 'rt' rows '' ''", rows=rows)
    if told is not None and told.shown:
        found["fan"] = _drawn("fan_chart 'fan' history rows '' ''", history=told.history, rows=fan_rows(told))
    return found


def _drawn(call: str, **context: Any) -> str:
    return _written("{% load curves %}{% " + call + " bare=True %}", **context)


def _alone(drawing: str, style: str) -> str:
    """Return a page's drawing as a file of its own: a fixed width, its name space, and colours of its own."""
    height = re.search(r'height="(\d+)"', drawing)
    size = f'xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height[1] if height else 240}"'
    start = drawing.index("<svg")
    opened = re.sub(r'<svg class="drawing" width="100%" height="\d+"', f"<svg {size}", drawing[start:], count=1)
    end = opened.rindex("</svg>") + len("</svg>")
    at = opened.index(">") + 1
    return f"{opened[:at]}<style>{style}</style>{opened[at:end]}"


def _days(shown: Outbreak) -> list[list[str]]:
    rt = {day.day: day for day in shown.rt}
    rows = []
    for day in reversed(shown.days[-DAYS:]):
        told = rt.get(day.day)
        row = [_short_day(day.day), _number(day.new), _number(day.first_new) if day.revised else "", _number(day.total)]
        if shown.rt:
            row.append(
                _("not told")
                if told is None or told.median is None
                else f"{told.median / 100:.2f} ({(told.lower or 0) / 100:.2f}–{(told.upper or 0) / 100:.2f})"
            )
        rows.append(row)
    return rows


def _changes(shown: Outbreak) -> list[list[str]]:
    return [
        [
            each.place.name,
            each.signal.name,
            _shown_day(each.now.date),
            _number(each.before.value if each.before else None),
            _number(each.now.value),
        ]
        for each in shown.changes[:CHANGES]
    ]


def _words(shown: Outbreak) -> list[str]:
    subject = shown.subject
    counted = _text(_written("{% load situation %}{% told each %}", each=subject.definition))
    rt = _(
        "Rt: from the new cases of each day and %(mean)s ± %(sd)s days between one person’s symptoms and those of the "
        "people they infect; without days on a break."
    ) % {"mean": SERIAL_INTERVAL_MEAN, "sd": SERIAL_INTERVAL_SD}
    return [
        f"{subject.signal.name}: {counted or _('the publisher gave no definition')}",
        " · ".join(each for each in (subject.feed.name, subject.feed.url, subject.feed.licence) if each),
        *([f"{rt} {SERIAL_INTERVAL_SOURCE}"] if shown.rt else []),
    ]


def _shown_day(when: date) -> str:
    return _text(_written("{% load face %}{% day at %}", at=when))


def _short_day(when: date) -> str:
    return _text(_written("{% load face %}{{ at|short_day }}", at=when))


def _number(value: int | None) -> str:
    return _("unknown") if value is None else _text(_written("{% load face %}{% quantity value %}", value=value))


def _written(source: str, **context: Any) -> str:
    return engines["django"].from_string(source).render(context)


def _text(markup: str) -> str:
    """Return what a piece of a page says, as one line of plain text."""
    return re.sub(r"[ \n\t]+", " ", html.unescape(re.sub(r"<[^>]+>", "", markup))).strip()
