"""A standard printed for a tablet becomes the pack's, or nothing: it is never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.standards import UnitStandard, pack_standard, parse_standards, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("63.00元(10mg/支)", (UnitStandard(630_000, "10mg/支"),)),
        ("275元(5mg/片)", (UnitStandard(2_750_000, "5mg/片"),)),
        ("1.70元(1g/袋)；3.95元(3g/袋)", (UnitStandard(17_000, "1g/袋"), UnitStandard(39_500, "3g/袋"))),
        ("5.68元（10mg/片（按无水物计））", (UnitStandard(56_800, "10mg/片(按无水物计)"),)),
        ("479.00元/盒(每盒30片)", (UnitStandard(4_790_000, "每盒30片/盒"),)),
        (
            "65.00元(0.3ml/瓶)；31.03元(0.1ml/支预灌封",
            (UnitStandard(650_000, "0.3ml/瓶"), UnitStandard(310_300, "(0.1ml/支预灌封")),
        ),
    ],
)
def test_a_printed_standard_is_read(text: str, expected: tuple[UnitStandard, ...]) -> None:
    assert parse_standards(text) == expected


@pytest.mark.parametrize("text", ["", "*", "**", " - "])
def test_a_secret_price_is_no_standard(text: str) -> None:
    assert parse_standards(text) == ()


def test_what_is_no_price_is_said_to_be_unreadable() -> None:
    assert parse_standards("见备注2(每粒胶囊含碘)") is None


@pytest.mark.parametrize(
    ("text", "strength", "unit", "size", "fen"),
    [
        ("1.17元(1.0g/片)", "1000mg", "片", 10, 1_170),
        ("1.17元(1.0g/片)", "1g", "片", 1, 117),
        ("5.68元(10mg/片(按C22H25FN2O4S计))", "10mg", "片", 7, 3_976),
        ("2.97元(每粒装0.40g(相当于饮片2.33g))", "0.4g", "粒", 24, 7_128),
        ("1.70元(1g/袋)；3.95元(3g/袋)", "3g", "袋", 9, 3_555),
        ("4.15元(40mg/袋)", "20mg", "袋", 7, None),  # Another strength.
        ("4.15元(40mg/袋)", "40mg", "片", 7, None),  # Counted in something else.
        ("4.15元(40mg/袋)", "40mg", "", 7, None),
        ("4.15元(40mg/袋)", "40mg", "袋", None, None),
        ("4.15元(40mg/袋)", "", "袋", 7, None),
        ("13.60元(1ml:12.5mg/支)", "1ml", "支", 1, None),  # Only half of the specification.
        ("479.00元/盒(片0.375g,每盒30片)", "0.375g", "片", 30, None),  # That price is a box's already.
    ],
)
def test_a_pack_s_standard_is_its_units_and_no_other_specification_s(
    text: str, strength: str, unit: str, size: int | None, fen: int | None
) -> None:
    standards = parse_standards(text) or ()

    assert pack_standard(standards, strength=strength, pack_unit=unit, pack_size=size) == fen


def test_half_a_fen_is_rounded_up() -> None:
    assert pack_standard([UnitStandard(50, "1mg/片")], strength="1mg", pack_unit="片", pack_size=1) == 1


@given(st.integers(1, 9_999_999), st.integers(1, 1_000), st.decimals("0.01", "900", places=2))
def test_a_pack_costs_what_its_units_cost_to_the_nearest_fen(amount: int, size: int, grams: Decimal) -> None:
    standard = UnitStandard(amount, f"{grams}g/袋")

    fen = pack_standard([standard], strength=f"{grams * 1000}mg", pack_unit="袋", pack_size=size)

    assert fen is not None
    assert abs(fen * 100 - amount * size) <= 50


@given(st.decimals("0.001", "1000", places=3))
def test_a_strength_is_the_same_in_grams_and_in_milligrams(grams: Decimal) -> None:
    assert quantities(f"{grams}g") == quantities(f"{grams * 1000}mg")
