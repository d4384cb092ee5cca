from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.money import format_percent, format_ratio, format_yuan, parse_ratio, parse_yuan, portion

FEN = st.integers(0, 99_999_999_999)
BASIS_POINTS = st.integers(0, 10_000)


@given(FEN)
def test_an_amount_written_is_read_back_to_the_fen(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@given(BASIS_POINTS)
def test_a_ratio_written_is_read_back(ratio_bp: int) -> None:
    assert parse_ratio(format_ratio(ratio_bp)) == ratio_bp


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "1.234", "-1", "+1", "１", "1e3", "1,000", "1 ", "9999999999"]
)
def test_any_other_form_of_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_yuan(text)


@pytest.mark.parametrize("text", ["", "1.01", "2", "0.12345", ".5", "15%", "-0.1", "０"])
def test_any_other_form_of_a_ratio_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ratio"):
        parse_ratio(text)


def test_an_amount_may_leave_out_its_decimals() -> None:
    assert (parse_yuan("35"), parse_yuan("35.6"), parse_yuan("35.60")) == (3_500, 3_560, 3_560)


def test_a_negative_amount_keeps_its_sign_below_one_yuan() -> None:
    assert (format_yuan(-5), format_yuan(-105), format_yuan(0)) == ("-0.05", "-1.05", "0.00")


def test_ratios_are_written_for_wires_and_for_people() -> None:
    assert (format_ratio(1_500), format_ratio(1_250), format_ratio(10_000)) == ("0.15", "0.125", "1.00")
    assert (format_percent(1_500), format_percent(1_250), format_percent(25)) == ("15%", "12.5%", "0.25%")


@given(FEN, BASIS_POINTS)
def test_a_portion_is_rounded_half_up_to_the_fen(amount: int, ratio_bp: int) -> None:
    exact = Fraction(amount * ratio_bp, 10_000)

    assert -Fraction(1, 2) < exact - portion(amount, ratio_bp) < Fraction(1, 2) or (
        portion(amount, ratio_bp) - exact == Fraction(1, 2)
    )
