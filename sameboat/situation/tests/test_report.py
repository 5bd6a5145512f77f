"""The printed report says what the page says, on one or two pages, and refuses what it could not show."""

import re

import pytest

from sameboat.registry.refusals import NotFound
from sameboat.situation import report
from sameboat.situation.report import ReportError, situation_report
from sameboat.situation.rounds import write_report

pytest.importorskip("typst", reason="no typst: it comes with the extra `report`")
pytestmark = pytest.mark.django_db


@pytest.fixture
def set_in(monkeypatch):
    """A function that returns what a report was set from: the content and the files beside it."""
    import json
    from pathlib import Path

    import typst

    seen = {}
    real = typst.compile

    def watching(path, root, **more):
        seen.update({file.name: file.read_text("utf-8") for file in Path(root).iterdir()})
        return real(path, root=root, **more)

    monkeypatch.setattr(typst, "compile", watching)
    return lambda: (json.loads(seen["content.json"]), seen)


def shown(land):
    from sameboat.situation.queries.outbreak import outbreak
    from sameboat.situation.queries.standpoint import stand, subject

    about = subject(land.city)
    return outbreak(land.city, about, stand(about.feed))


def test_the_report_carries_the_sentence_the_days_and_the_hash(land, set_in):
    """What it was set from has the number, the last ten days, the drawings and the vintage's whole hash."""
    city = land.daily(40)
    data = situation_report(shown(land), "en", "https://relief.example")
    content, files = set_in()
    assert data.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 2
    assert content["sentence"].startswith(f"Confirmed cases in Wuhan rose by {city[-1] - city[-2]:,} on 28 Feb 2020")
    assert [row[0] for row in content["days"]][:2] == ["28 Feb", "27 Feb"]
    assert len(content["days"]) == 10
    assert content["sha256"] == shown(land).standpoint.vintage.sha256
    assert "https://relief.example/situation/420100?as_of=2020-02-28" in content["where"]
    assert {"curve.svg", "rt.svg"} <= set(files)
    assert files["curve.svg"].count("<svg") == files["curve.svg"].count("</svg>")


def test_the_report_speaks_chinese(land, set_in):
    """Every heading and the sentence are in the reader's language."""
    import typst

    if not set(report.CHINESE_FONTS) & set(typst.Fonts().families()):
        pytest.skip("no Chinese font on this machine")
    land.daily(40)
    situation_report(shown(land), "zh-hans")
    content, _ = set_in()
    assert content["sentence"].startswith("2020年2月28日，武汉市确诊病例增加")
    told = [*content["days_head"], content["changes_title"], content["check"], content["words_title"]]
    assert all(re.search("[\u4e00-\u9fff]|Rt", words) for words in told)


def test_without_a_chinese_font_it_says_what_to_install(land, monkeypatch):
    """Empty boxes are worse than no report; an English one without Chinese words is set all the same."""
    import typst

    class Latin:
        def families(self):
            return ["Libertinus Serif"]

    land.daily(10)
    monkeypatch.setattr(typst, "Fonts", Latin)
    with pytest.raises(ReportError, match="fonts-noto-cjk"):
        situation_report(shown(land), "zh-hans")
    assert situation_report(shown(land), "en").startswith(b"%PDF-")


def test_without_typst_it_says_how_to_get_it(land, monkeypatch):
    """The extra is named."""
    land.daily(3)
    monkeypatch.setattr(report, "find_spec", lambda _name: None)
    with pytest.raises(ReportError, match=r"sameboat\[report\]"):
        situation_report(shown(land), "en")


def test_what_a_publisher_wrote_is_text_and_no_markup(land, set_in, cast):
    """Signs that mean something to the typesetter come out as they were written."""
    from datetime import date

    from sameboat.figures.actions.feeds import explain

    land.daily(5)
    hostile = '#read("/etc/passwd") $x^2$ *bold* ] [ \\ <label> @ref'
    explain(
        land.act(date(2020, 1, 24)),
        feed=land.feed,
        place=land.city,
        day=date(2020, 1, 24),
        text_en=hostile,
        from_elsewhere=True,
    )
    assert situation_report(shown(land), "en").startswith(b"%PDF-")
    assert hostile in set_in()[0]["said"][0]


@pytest.mark.parametrize(
    ("place", "language", "error"),
    [("nowhere", "en", NotFound), ("", "xx", ReportError), ("420100", "zh", ReportError)],
)
def test_a_report_of_what_is_not_there_is_refused(land, tmp_path, place, language, error):
    """A place or language that does not exist is named, and no file is left behind."""
    land.daily(3)
    with pytest.raises(error):
        write_report(place, None, tmp_path / "x.pdf", language, "", "")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_file_it_names(land, tmp_path):
    """The result names the file, its size and the vintage."""
    land.daily(10)
    told = write_report("420100", None, tmp_path / "wuhan.pdf", "en", "", "")
    assert (tmp_path / "wuhan.pdf").stat().st_size == told["bytes"]
    with pytest.raises(ReportError):
        write_report("420100", None, tmp_path / "none" / "x.pdf", "en", "", "")
