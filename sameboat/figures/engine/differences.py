"""What a new statement of figures changes against what stood before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sameboat.figures.engine.change_file import Key, key_of
from sameboat.figures.engine.observation import Observation

Stood = Mapping[Key, tuple[int | None, str]]
"""Value and reason of each figure before; a figure that is not there was never stated."""


@dataclass(frozen=True, slots=True)
class Differences:
    """`new` were never stated before, `revised` had another value, `withdrawn` are no longer stated."""

    new: list[Observation]
    revised: list[Observation]
    withdrawn: list[Observation]

    @property
    def all(self) -> list[Observation]:
        """Every change."""
        return [*self.new, *self.revised, *self.withdrawn]


def differences(stood: Stood, stated: Iterable[Observation], *, complete: bool) -> Differences:
    """Return what `stated` changes.

    Parameters
    ----------
    complete
        Whether `stated` is all that the source says now: then what stood before and is not in it was withdrawn.
        Otherwise what is not in it stands.
    """
    new: list[Observation] = []
    revised: list[Observation] = []
    withdrawn: list[Observation] = []
    seen: set[Key] = set()
    for row in stated:
        key = key_of(row)
        seen.add(key)
        before = stood.get(key)
        if row.missing == "withdrawn":
            if before is not None and before[1] != "withdrawn":
                withdrawn.append(row)
        elif before is None:
            new.append(row)
        elif before != (row.value, row.missing):
            revised.append(row)
    if complete:
        withdrawn += [
            Observation(*key, None, "withdrawn")
            for key, (_, why) in stood.items()
            if key not in seen and why != "withdrawn"
        ]
    return Differences(new, revised, withdrawn)
