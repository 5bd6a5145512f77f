"""The canonical file of changes: the same changes make the same bytes, and nothing else is read."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.figures.engine import change_file
from sameboat.figures.engine.change_file import ChangeFileError
from sameboat.figures.engine.observation import MISSING_REASONS, Observation

codes = st.from_regex(change_file.CODE, fullmatch=True).filter(lambda text: not text.endswith("\n"))
observations = st.builds(
    lambda place, signal, definition, day, value, why: Observation(
        place, signal, definition, day, value, "" if value is not None else why
    ),
    codes,
    codes,
    st.one_of(st.just(""), codes),
    st.dates(),
    st.one_of(st.none(), st.integers(-(10**15), 10**15)),
    st.sampled_from(MISSING_REASONS),
)
changes = st.lists(observations, max_size=20, unique_by=change_file.key_of)


@given(changes, st.randoms())
def test_order_does_not_matter_and_it_reads_back(rows, random):
    """Any order of the same changes is one file, which gives them back."""
    data = change_file.encode(rows)
    random.shuffle(rows)
    assert change_file.encode(rows) == data
    assert sorted(change_file.parse(data), key=change_file.key_of) == sorted(rows, key=change_file.key_of)


@given(changes.filter(bool), st.data())
def test_no_byte_can_change(rows, data):
    """A changed byte gives other changes or an error, never the same changes again."""
    good = change_file.encode(rows)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ (1 << data.draw(st.integers(0, 7)))]) + good[at + 1 :]
    with contextlib.suppress(ChangeFileError):
        assert change_file.parse(bad) != change_file.parse(good)


HEAD = "place,signal,definition,date,value,missing\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "place,signal,date,value\n",
        HEAD[:-1],
        HEAD + "A,b,,2020-02-12,5,\nA,b,,2020-02-12,5,\n",
        HEAD + "B,b,,2020-02-12,5,\nA,b,,2020-02-12,5,\n",
        HEAD + "A,b,,2020-02-12,05,\n",
        HEAD + "A,b,,2020-02-12,5.0,\n",
        HEAD + "A,b,,2020-02-12,,\n",
        HEAD + "A,b,,2020-02-12,5,withheld\n",
        HEAD + "A,b,,2020-02-12,,because\n",
        HEAD + "A,b,,20200212,5,\n",
        HEAD + "A,b,,2020-02-30,5,\n",
        HEAD + '"A",b,,2020-02-12,5,\n',
        HEAD + "A,b,,2020-02-12,5\n",
        HEAD + "A,b,,2020-02-12,5,\r\n",
        HEAD + "A,b,,2020-02-12,5,",
        HEAD + "=A,b,,2020-02-12,5,\n",
        HEAD + "A,b,,2020-02-12,-0,\n",
    ],
)
def test_anything_else_is_refused(text):
    """Other columns, order, numbers, days, quotes or line ends are an error."""
    with pytest.raises(ChangeFileError):
        change_file.parse(text.encode())


def test_a_figure_changed_twice_is_no_file():
    """One vintage says one thing of a figure."""
    row = Observation("A", "b", "", date(2020, 2, 12), 5)
    with pytest.raises(ChangeFileError, match="twice"):
        change_file.encode([row, row])
