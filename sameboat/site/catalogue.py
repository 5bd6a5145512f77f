"""The catalogues of translated messages: gathered from every room, kept as `.po` text, compiled when they changed.

`python -m sameboat.site.catalogue` adds the messages that are new to each `.po` file, drops those that are gone, and
names the ones that still lack a translation. No gettext program is needed.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
NOISE = ("POT-Creation", "PO-Revision", "Generated-By", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To")
"""Header lines that say nothing, or would change a file although no message changed."""


def gather(package: Path = PACKAGE) -> Catalog:
    """Return every message that the package's templates and Python files ask to be translated, tests left out."""
    found = Catalog(fuzzy=False)
    for path in sorted([*package.rglob("*.py"), *package.rglob("templates/**/*.html")]):
        if {"tests", "migrations"} & set(path.relative_to(package).parts):
            continue
        for message, context, comments in _messages(path):
            found.add(message, None, [(str(path.relative_to(package)), 0)], auto_comments=comments, context=context)
    return found


def _messages(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None, list[str]]]:
    text = path.read_text()
    if path.suffix == ".html":
        # what templatize leaves around the messages is no Python: only its tokens count, so indentation must go
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    source = io.BytesIO(text.encode())
    for _, message, comments, context in extract("python", source, keywords=KEYWORDS, comment_tags=["Translators:"]):
        yield message, context, comments


def read(path: Path) -> Catalog:
    """Return the catalogue in a `.po` file; its language is its folder's (`zh_Hans/LC_MESSAGES/django.po`)."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name, abort_invalid=True)


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages that have no translation, or lack one of their plural forms."""
    return [
        message
        for message in catalogue
        if message.id and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]


def update(path: Path, gathered: Catalog) -> Catalog:
    """Bring a `.po` file up to what was gathered, translations kept; return what it now holds."""
    catalogue = read(path)
    catalogue.update(gathered, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    text = io.BytesIO()
    write_po(text, catalogue, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    kept = [line for line in text.getvalue().decode().splitlines() if not line.lstrip('"').startswith(NOISE)]
    path.write_text("\n".join(kept).rstrip() + "\n")
    return catalogue


def compile_stale(locale: Path) -> None:
    """Compile each `.po` under a locale folder whose `.mo` is missing or older than it."""
    for text in locale.glob("*/LC_MESSAGES/*.po"):
        compiled = text.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= text.stat().st_mtime:
            continue
        descriptor, draft = tempfile.mkstemp(dir=text.parent, suffix=".mo.new")
        with os.fdopen(descriptor, "wb") as file:  # several processes may start at once: each swaps a whole file in
            write_mo(file, read(text))
        Path(draft).chmod(0o644)
        Path(draft).replace(compiled)


def main() -> int:
    """Update every catalogue of the shell; return 1 when a message still lacks a translation."""
    gathered, missing = gather(), 0
    for path in sorted((PACKAGE / "site" / "locale").glob("*/LC_MESSAGES/*.po")):
        for message in untranslated(update(path, gathered)):
            missing += 1
            sys.stdout.write(f"{path.parents[1].name}: no translation yet: {message.id!r}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
