"""How stated quantities and packs are read: each rule of the scenario's README, and what stays unknown."""

import pytest
from retabulation.quantities import QuantityError, base_quantity_each, is_case, is_garment, read_stated


@pytest.mark.parametrize(
    ("quantity", "unit", "specification", "number", "word", "reading"),
    [
        ("15", "箱", "", 15, "箱", "plain"),
        ("41.0", "箱", "", 41, "箱", "decimal"),
        ("198件", "", "", 198, "件", "unit-inside"),
        ("8.0", "", "", 8, "", "decimal"),
        ("", "", "", None, "", "not-stated"),
        ("", "2", "箱", 2, "箱", "shifted-columns"),
    ],
)
def test_stated_quantities(quantity, unit, specification, number, word, reading):
    """A stated quantity gives its number, its unit's word and the way it was read."""
    stated = read_stated(quantity, unit, specification)
    assert (stated.number, stated.word, stated.reading) == (number, word, reading)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [("数量", "计量单位"), ("-5", "箱"), ("1.5", "箱"), ("3件", "箱"), ("约30", ""), ("1e3", "只箱")],
)
def test_anything_else_is_refused(quantity, unit):
    """A quantity that is no whole number, or has two units, is an error and never a guess."""
    with pytest.raises(QuantityError):
        read_stated(quantity, unit, "")


@pytest.mark.parametrize(
    ("word", "specification", "base_unit", "each", "reading"),
    [
        ("只", "", "piece", 1, "own-unit"),
        ("支", "100支/箱", "piece", 1, "own-unit"),
        ("副", "60副/件", "piece", 1, "own-unit"),
        ("副", "", "single", 2, "own-unit"),
        ("双", "", "single", 2, "own-unit"),
        ("件", "2000只/件", "piece", 2000, "pack"),
        ("件", "17.5*9.5cm 三层 耳挂式，2000只/件", "piece", 2000, "pack"),
        ("件", "1402v，270只/件", "piece", 270, "pack"),
        ("件", "450/件", "piece", 450, "pack"),
        ("件", "65只*36盒,2340只/件", "piece", 2340, "pack"),
        ("箱", "50枚*40盒/箱", "piece", 2000, "pack"),
        ("盒", "100支/盒  10盒/箱", "single", 100, "pack"),
        ("件", "2000副/件", "single", 4000, "pack"),
        ("件", "2XL,100套/件", "set", 100, "pack"),
        ("箱", "40件/箱", "set", 40, "pack"),
        ("件", "50件/箱", "set", 1, "own-unit"),
        ("箱", "15片X2板/盒X200盒/箱", "retail-pack", 200, "pack"),
        ("箱", "1.25gX1瓶/盒X600盒/箱", "vial", 600, "pack"),
        ("箱", "350ml,24瓶/箱", "ml", 8400, "pack"),
        ("瓶", "5L*4瓶/件", "ml", 5000, "size"),
        ("桶", "25KG", "g", 25000, "size"),
        ("桶", "50kg/桶", "g", 50000, "size"),
        ("提", "4L", "ml", 4000, "size"),
    ],
)
def test_base_units_in_one_stated_unit(word, specification, base_unit, each, reading):
    """Where the notice gives every factor, one stated unit is a whole number of base units."""
    assert base_quantity_each(word, specification, base_unit) == (each, reading)


@pytest.mark.parametrize(
    ("word", "specification", "base_unit"),
    [
        ("件", "", "set"),
        ("件", "L", "set"),
        ("箱", "", "piece"),
        ("件", "200个/箱", "piece"),
        ("箱", "400个/件", "piece"),
        ("箱", "36盒/箱", "piece"),
        ("件", "1*600", "piece"),
        ("件", "50箱（*1000）", "single"),
        ("件", "80箱*100", "piece"),
        ("件", "1800", "piece"),
        ("箱", "100支*盒/箱", "single"),
        ("箱", "250双/12箱", "single"),
        ("箱", "3大箱1小箱", "piece"),
        ("箱", "24粒X10小盒X40/箱", "retail-pack"),
        ("件", "24粒", "retail-pack"),
        ("箱", "500ml", "ml"),
        ("桶", "20KG", "ml"),
        ("件", "1.2L+450G", "ml"),
        ("箱", "1加仑 ，4桶/箱", "ml"),
        ("箱", "4件/箱", "machine"),
        ("箱", "52*25.5*35", "single"),
        ("", "", "piece"),
        ("箱", "10盒/箱,2箱/盒", "piece"),
    ],
)
def test_what_stays_unknown(word, specification, base_unit):
    """A missing, foreign or wordless factor leaves the base quantity unknown."""
    assert base_quantity_each(word, specification, base_unit) == (None, "unknown")


def test_the_piece_word_is_a_case_only_by_its_specification():
    """件 is a case with contents per 件, a garment of clothing counted in 件, and otherwise undecided."""
    assert is_case("件", "50套/件")
    assert not is_case("件", "50套/箱")
    assert is_garment("件", "50件/箱", "set")
    assert not is_garment("件", "4件/箱", "machine")
