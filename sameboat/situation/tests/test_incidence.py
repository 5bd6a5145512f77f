import numpy as np
import pytest

from sameboat.situation.engine.incidence import IncidenceError, checked_incidence


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([], "at least one region and day"),
        (np.zeros((2, 0)), "at least one region and day"),
        (np.zeros((0, 2)), "at least one region and day"),
        (np.zeros((2, 2, 2)), "shape"),
        (3.0, "shape"),
        (["a", "b"], "numbers"),
        ([[1, 2], [3]], "numbers"),
        ([1, np.inf], "day 1"),
        ([1, 2, -3], "day 2: a negative count, -3"),
    ],
)
def test_counts_that_are_none_are_refused_with_what_is_wrong(counts, says):
    """No day, other shapes, words, ragged rows, infinity, negative counts: each says what and where."""
    with pytest.raises(IncidenceError, match=says):
        checked_incidence(counts)


def test_a_negative_count_can_be_taken_as_missing():
    """Masked, it is a missing day, not zero, and the caller's array is left alone."""
    given = np.array([1.0, -2.0, 3.0])
    assert np.array_equal(checked_incidence(given, negatives="mask"), [[1.0, np.nan, 3.0]], equal_nan=True)
    assert given[1] == -2
