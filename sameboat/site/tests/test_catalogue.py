import os
import re

import pytest

from sameboat.site import catalogue

CHINESE = catalogue.PACKAGE / "site" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_every_message_is_in_chinese():
    """No message of any room is shown in English to a reader of Chinese."""
    kept = catalogue.read(CHINESE)
    kept.update(catalogue.gather(), no_fuzzy_matching=True)
    assert [message.id for message in catalogue.untranslated(kept)] == []


def test_translations_keep_the_gaps_of_their_message():
    """Each %(name)s of a message stands in its translation, and no other."""
    gap = re.compile(r"%\(\w+\)s")
    for message in catalogue.read(CHINESE):
        if message.id:
            words = message.id[-1] if isinstance(message.id, tuple) else message.id
            for string in filter(None, message.string if isinstance(message.string, tuple) else [message.string]):
                assert sorted(gap.findall(string)) == sorted(gap.findall(words)), message.id


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.py", 'from x import gettext\ngettext("one")', {"one"}),
        ("a.py", 'ngettext("one", "many", 3)', {("one", "many")}),
        ("templates/a.html", '{% load i18n %}\n   {% translate "one" %}', {"one"}),
        (
            "templates/a.html",
            "{% load i18n %}{% blocktranslate trimmed count n=n %}\n {{ n }} row\n"
            "{% plural %}{{ n }} rows{% endblocktranslate %}",
            {("%(n)s row", "%(n)s rows")},
        ),
        ("templates/a.html", "it's {% load i18n %} don't (( {% translate 'one' as x %}", {"one"}),
        ("tests/a.py", 'gettext("one")', set()),
    ],
)
def test_messages_are_found_where_they_are_written(tmp_path, name, text, found):
    """Python and templates are both read; tests are not."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert {message.id for message in catalogue.gather(tmp_path) if message.id} == found


def test_updating_twice_changes_nothing(tmp_path):
    """A catalogue without news is written back to the byte."""
    copy = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CHINESE.read_bytes())
    catalogue.update(copy, catalogue.gather())
    assert copy.read_bytes() == CHINESE.read_bytes()


def test_a_changed_catalogue_is_compiled_again(tmp_path):
    """Compiled messages follow their text, and only when it changed."""
    text = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    text.parent.mkdir(parents=True)
    text.write_bytes(CHINESE.read_bytes())
    catalogue.compile_stale(tmp_path)
    compiled = text.with_suffix(".mo")
    first = compiled.stat()
    catalogue.compile_stale(tmp_path)
    assert compiled.stat().st_ino == first.st_ino
    os.utime(text, (first.st_mtime + 5, first.st_mtime + 5))
    catalogue.compile_stale(tmp_path)
    assert compiled.stat().st_ino != first.st_ino
