"""A table of series: what can be read is read, what is odd is named, what cannot be is refused with its line."""

from datetime import date, timedelta

import numpy as np
import pytest

from sameboat.situation.tables.series import TableError, read_series

TODAY = date(2020, 6, 1)


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a table from its text."""

    def reading(text, **options):
        path = tmp_path / "cases.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(**options))
        return read_series(path, TODAY)

    return reading


def days(count, first=date(2020, 1, 1)):
    return [first + timedelta(n) for n in range(count)]


def test_columns_without_days_are_series_of_days_from_1(read):
    """The form that R writes: a header and numbers."""
    table = read("V1,V2\n5,6\n7,\nNA,8\n")
    assert (table.names, table.days) == (("V1", "V2"), (1, 2, 3))
    np.testing.assert_array_equal(table.counts, [[5, 7, np.nan], [6, np.nan, 8]])


@pytest.mark.parametrize(
    "text",
    [
        "day,a\n2020-01-01,5\n2020-01-02,7\n",
        "date;a\r\n2020/01/01;5\r\n2020/01/02;7",
        "日期\ta\n2020-01-01\t5\n2020-01-02\t7\n",
    ],
)
def test_a_first_column_of_dates_names_the_days(read, text):
    """Commas, semicolons and tabs; lines ended in either way; with a byte order mark too."""
    for encoding in ("utf-8", "utf-8-sig"):
        table = read(text, encoding=encoding)
        assert table.days == tuple(days(2))
        np.testing.assert_array_equal(table.counts, [[5, 7]])


def test_a_column_of_day_numbers_is_no_series(read):
    """A column called day, or without a name as R writes them, holds the days."""
    for name in ("day", '""'):
        table = read(f"{name},a\n3,5\n4,7\n")
        assert (table.names, table.days) == (("a",), (3, 4))


def test_a_day_without_a_line_is_missing_and_not_zero(read):
    """A gap, even of a year, is counted and named."""
    table = read("date,a\n2020-01-01,5\n2021-01-01,7\n")
    assert len(table.days) == 367
    assert np.isnan(table.counts[0, 1:-1]).all()
    assert "365 days have no line" in table.notes[0]


def test_lines_out_of_order_are_sorted_and_named(read):
    """The order of lines does not matter."""
    table = read("date,a\n2020-01-03,5\n2020-01-01,7\n2020-01-02,6\n")
    np.testing.assert_array_equal(table.counts, [[7, 6, 5]])
    assert "sorted" in table.notes[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([10] * 20 + [-4] + [10] * 9, "1 days are negative, the first 21 (-4)"),
        ([0] * 30, "every day is zero"),
        ([""] * 30, "every day is missing"),
        ([7], "1 days tell little"),
        ([10] * 20 + [900] + [10] * 9, "1 spikes, the first on 21 (900)"),
        ([n * 3 for n in range(30)], "is this a cumulative count"),
        ([10.5] * 15 + [9.5] * 15, "not whole numbers"),
        ([10] * 10 + [""] * 5 + [10] * 15, "5 days are missing"),
    ],
)
def test_what_is_odd_is_named(read, values, words):
    """The series is read all the same."""
    table = read("day,a\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values, 1)))
    assert table.counts.shape == (1, len(values))
    assert any(note.startswith("a: ") and words in note for note in table.notes), table.notes


def test_a_negative_day_is_missing(read):
    """A correction is no incidence."""
    assert np.isnan(read("day,a\n1,5\n2,-3\n").counts[0, 1])


def test_a_plain_series_has_nothing_odd(read):
    """Counts that rise and fall get no note."""
    counts = [50 + 10 * (n % 7) for n in range(40)]
    assert read("a\n" + "\n".join(map(str, counts))).notes == ()


def test_days_of_the_future_are_named(read):
    """A table that reaches past today says so."""
    table = read("date,a\n" + "".join(f"{day},{n % 5}\n" for n, day in enumerate(days(20, date(2020, 5, 20)))))
    assert any("7 days are in the future: the last is 2020-06-08" in note for note in table.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a,b\n", "one line only"),
        ("<!DOCTYPE html><html>not found</html>", "is a web page"),
        (b"PAR1\x15\x04", "is not text"),
        (b"a,b\n\xff\xfe1,2\n", "is not UTF-8"),
        ("a,b\n1,2\n3", "line 3 has 1 cells where the header has 2; the file seems to be cut short"),
        ("a,b\n1,2,3\n4,5\n", "line 2 has 3 cells where the header has 2"),
        ("a,b\n1,many\n", "line 2, column 'b': 'many' is not a number; put one series a column"),
        ("a,b\n1,1 000\n", "'1 000' is not a number"),
        ("a\n1e300\n", "more than there are people"),
        ("a\ninf\n", "more than there are people"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ("date\n2020-01-01\n", "none of counts"),
        ("date,a\n2020-01-01,1\n02/01/2020,2\n", "line 3: '02/01/2020' is not a date like 2020-02-29"),
        ("date,a\n2020-01-01,1\n2020-02-30,2\n", "not a day of the calendar"),
        ("date,a\n2020-01-01,1\n2020-01-01,2\n", "lines 2 and 3 are both of 2020-01-01"),
        ("date,a\n0202-01-01,1\n2020-01-01,2\n", "a year may be mistyped"),
        ("date,a\nfirst,1\nsecond,2\n", "neither a date like 2020-02-29 nor the number of a day"),
        ('a,b\n"1,2\n', "cannot be read as CSV"),
    ],
)
def test_what_is_no_table_of_series_is_refused(read, text, words):
    """The message says where, and what to do."""
    with pytest.raises(TableError) as refused:
        read(text)
    assert words in str(refused.value)


def test_a_folder_is_refused(tmp_path):
    """A folder is no table."""
    with pytest.raises(TableError, match="this is a folder"):
        read_series(tmp_path, TODAY)
