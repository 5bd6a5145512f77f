"""The rooms of the house, found by the files that stand in them."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

_HOUSE = Path(__file__).resolve().parents[1]


def modules(name: str) -> Iterator[ModuleType]:
    """Yield the module `name` of every room that has one, in the rooms' alphabetical order."""
    for file in sorted(_HOUSE.glob(f"*/{name}.py")):
        if file.parent.name != "project":
            yield importlib.import_module(f"sameboat.{file.parent.name}.{name}")


def load_event_types() -> None:
    """Make every room's event types known, so that any entry of the log can be read."""
    for _ in modules("events"):
        pass
