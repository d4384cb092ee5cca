"""What stands in a cell is read as people mean it, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importing.cells import code_of, day_of, fold, price_of, text_of, whole_of
from engine.money import format_yuan

WIDE = str.maketrans("0123456789.ABCXZ()", "０１２３４５６７８９．ＡＢＣＸＺ（）")


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("000004.51", 451),
        ("1,234.50", 123_450),
        ("１，２３４．５０", 123_450),
        ("￥12.6", 1_260),
        ("¥ 12.6", 1_260),
        ("12.60元", 1_260),
        ("12.6元/盒", 1_260),
        ("人民币12元", 1_200),
        ("0", 0),
        (".5", 50),
        ("12.005", 1_201),
        ("0.004", 0),
        ("*", None),
        ("**", None),
        ("", None),
        ("面议", None),
        ("9" * 60, None),
        ("0." + "9" * 60, 100),
        ("12.60元/盒", 1_260),
        ("0.50元/片", None),
        ("0.50/粒", None),
        ("-3.00", None),
        ("1,2", None),
        ("12.3.4", None),
        ("1e5", None),
        ("nan", None),
        ("1000001", None),
    ],
)
def test_a_price_is_read_however_it_is_written(text: str, fen: int | None) -> None:
    assert price_of(text) == fen


@given(st.integers(0, 100_000_000), st.integers(0, 8), st.booleans())
def test_every_price_is_read_to_the_fen(fen: int, zeros: int, wide: bool) -> None:
    text = "0" * zeros + format_yuan(fen)

    assert price_of(text.translate(WIDE) if wide else text) == fen


@given(st.text(alphabet="0123456789ABCXZ().", min_size=1, max_size=24))
def test_full_width_means_the_same_as_half_width(text: str) -> None:
    assert fold(text.translate(WIDE)) == fold(text)
    assert code_of(f" {text.translate(WIDE)}　") == code_of(text)


@given(st.text(max_size=20))
def test_nothing_typed_into_a_cell_breaks_its_reading(text: str) -> None:
    price, day, whole = price_of(text), day_of(text), whole_of(text)

    assert price is None or price >= 0
    assert day is None or isinstance(day, date)
    assert whole is None or whole >= 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-01-01", date(2025, 1, 1)),
        ("2025/1/1", date(2025, 1, 1)),
        ("2025.01.01", date(2025, 1, 1)),
        ("2025年1月1日", date(2025, 1, 1)),
        ("20250101", date(2025, 1, 1)),
        ("2025-01-01 00:00:00", date(2025, 1, 1)),
        ("45658", date(2025, 1, 1)),  # As a workbook counts days.
        ("2025-02-30", None),
        ("12", None),
        ("明天", None),
        ("9" * 5_000, None),
    ],
)
def test_a_day_is_read_in_any_usual_form(text: str, day: date | None) -> None:
    assert day_of(text) == day


def test_a_number_of_a_workbook_is_its_digits() -> None:
    assert text_of(86900483000019.0) == "86900483000019"
    assert text_of(6922887440332) == "6922887440332"
    assert text_of(12.6) == "12.6"
    assert text_of(date(2025, 1, 1)) == "2025-01-01"
    assert text_of(None) == ""
    assert text_of('="0012"') == "0012"
    assert text_of("=12") == "=12"


@given(st.integers(0, 10**14))
def test_no_digit_of_a_code_is_lost_in_a_workbook(code: int) -> None:
    assert text_of(float(code)) == str(code)


@given(st.decimals("0.01", "99999.99", places=2))
def test_a_price_of_a_workbook_is_exact(price: Decimal) -> None:
    assert price_of(text_of(float(price))) == int(price * 100)
