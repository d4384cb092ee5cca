"""Strengths and doses are reckoned in milligrams, exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.knowledge.strength import daily_mg, parse_count, parse_strength, same_strength, written_mg
from engine.prescription import Dose


@pytest.mark.parametrize(
    ("text", "mg"),
    [
        ("5mg×28片", ["5"]),
        ("0.5g×60片", ["500"]),
        ("0.25g", ["250"]),
        ("240mg/5mg×14片", ["240", "5"]),
        ("50μg/250μg×60吸", ["0.05", "0.25"]),
        ("100µg×200揿", ["0.1"]),
        ("５ｍｇ×28片", ["5"]),
        ("每片10毫克", ["10"]),
    ],
)
def test_a_spec_says_what_one_unit_holds(text: str, mg: list[str]) -> None:
    strength = parse_strength(text)

    assert strength is not None
    assert [str(each.normalize()) for each in strength.mg] == [str(Decimal(each).normalize()) for each in mg]


@pytest.mark.parametrize("text", ["200丸", "", "片", "大号", "10片×2板"])
def test_a_spec_without_an_amount_says_nothing(text: str) -> None:
    assert parse_strength(text) is None


def test_insulin_is_measured_in_units_and_a_liquid_in_its_volume() -> None:
    insulin, syrup = parse_strength("3ml:300单位"), parse_strength("100ml:2g")

    assert insulin is not None
    assert (insulin.units, insulin.ml) == ((Decimal(300),), Decimal(3))
    assert syrup is not None
    assert (syrup.mg, syrup.ml) == ((Decimal(2000),), Decimal(100))


def test_the_same_amount_is_the_same_strength_however_it_is_written() -> None:
    one, other, more = parse_strength("0.5g"), parse_strength("500mg×30片"), parse_strength("0.25g")

    assert one is not None
    assert other is not None
    assert more is not None
    assert same_strength(one, other)
    assert not same_strength(one, more)


@pytest.mark.parametrize(
    ("spec", "count"), [("5mg×28片", 28), ("0.3g*60粒", 60), ("10mg", None), ("200丸", None)]
)
def test_a_pack_is_counted_by_its_spec(spec: str, count: int | None) -> None:
    assert parse_count(spec) == count


@pytest.mark.parametrize(
    ("dose", "unit_mg", "ml", "mg"),
    [
        ("5 mg 2", None, None, "10"),
        ("0.5 g 3", None, None, "1500"),
        ("2 片 3", "250", None, "1500"),
        ("0.5 片 1", "5", None, "2.5"),
        ("1 粒 0.5", "70", None, "35"),
        ("10 ml 3", "2000", "100", "600"),
    ],
)
def test_a_dose_a_day_in_milligrams(dose: str, unit_mg: str | None, ml: str | None, mg: str) -> None:
    amount, unit, times = dose.split()
    taken = Dose(amount=Decimal(amount), unit=unit, per_day=Decimal(times))

    reckoned = daily_mg(taken, Decimal(unit_mg) if unit_mg else None, Decimal(ml) if ml else None)

    assert reckoned == Decimal(mg)


def test_a_dose_in_a_unit_that_says_nothing_is_not_guessed() -> None:
    assert daily_mg(Dose(amount=Decimal(1), unit="适量", per_day=Decimal(1)), Decimal(5)) is None
    assert daily_mg(Dose(amount=Decimal(1), unit="片", per_day=Decimal(1)), None) is None
    assert daily_mg(Dose(amount=Decimal(1), unit="ml", per_day=Decimal(1)), Decimal(5)) is None


def test_milligrams_are_written_as_people_write_them() -> None:
    assert [written_mg(Decimal(each)) for each in ("2550", "2.5", "0.05", "10.0")] == [
        "2550 mg",
        "2.5 mg",
        "50 μg",
        "10 mg",
    ]


@given(st.text(max_size=40))
def test_no_text_is_too_odd_to_be_read_or_left(text: str) -> None:
    strength = parse_strength(text)

    assert strength is None or strength.mg or strength.units
    parse_count(text)


@given(
    st.decimals("0.01", "5000", places=2),
    st.sampled_from(["mg", "g", "μg", "片", "ml", "滴", "", "IU"]),
    st.decimals("0.1", "8", places=1),
    st.none() | st.decimals("0.01", "1000", places=2),
)
def test_a_larger_dose_is_never_less_a_day(
    amount: Decimal, unit: str, per_day: Decimal, unit_mg: Decimal | None
) -> None:
    one = daily_mg(Dose(amount=amount, unit=unit, per_day=per_day), unit_mg, Decimal(10))
    more = daily_mg(Dose(amount=amount * 2, unit=unit, per_day=per_day), unit_mg, Decimal(10))

    assert (one is None) == (more is None)
    assert one is None or more is None or one < more
