"""Codes on and of a drug: shapes, parts and check digits."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.codes import atc_of, ingredient_of, is_approval_number, is_national_code, parse_national_code
from engine.ids import gs1_check, is_drug_standard_code, is_ean13, is_gtin14, is_resident_id, resident_check

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
digits = st.text(alphabet=DIGITS, min_size=1, max_size=30)


@st.composite
def western(draw: st.DrawFn) -> tuple[str, tuple[str, str, str, str, str]]:
    def part(pattern: str) -> str:
        return "".join(draw(st.sampled_from(LETTERS if sign == "A" else DIGITS)) for sign in pattern)

    parts = (part("A00AA"), part("A000"), part("A000"), part("000"), part("000000"))
    return "X" + "".join(parts), parts


@given(western())
def test_a_western_code_of_23_comes_apart_into_what_it_was_made_of(
    made: tuple[str, tuple[str, str, str, str, str]],
) -> None:
    code, (klass, name, form, pack, maker) = made

    parts = parse_national_code(code)

    assert parts is not None
    assert (parts.kind, parts.klass, parts.name, parts.form, parts.pack, parts.maker) == (
        "western", klass, name, form, pack, maker,
    )  # fmt: skip
    assert atc_of(code) == klass
    assert ingredient_of(code) == klass + name


@given(
    st.text(alphabet=LETTERS + DIGITS, min_size=19, max_size=19),
    st.text(alphabet=DIGITS, min_size=9, max_size=9),
)
def test_a_patent_code_has_20_and_a_slice_10(rest: str, number: str) -> None:
    patent, slice_ = parse_national_code(f"Z{rest}"), parse_national_code(f"T{number}")

    assert patent is not None
    assert slice_ is not None
    assert (patent.kind, slice_.kind) == ("patent", "slice")
    assert atc_of(f"Z{rest}") == ""


@given(st.text(alphabet=LETTERS + DIGITS, max_size=30))
def test_no_other_length_is_a_national_code(text: str) -> None:
    if is_national_code(text):
        assert (text[0], len(text)) in {("X", 23), ("Z", 20), ("T", 10)}


@given(st.text(max_size=30))
def test_any_text_can_be_asked_whether_it_is_a_code(text: str) -> None:
    assert is_national_code(text) == (parse_national_code(text) is not None)
    assert is_approval_number(text) in (True, False)
    assert is_ean13(text) in (True, False)


@given(st.sampled_from("HZSJBTF"), st.sampled_from(["", "J", "C"]), st.integers(0, 99_999_999))
def test_an_approval_number_is_its_letters_and_eight_digits(letter: str, place: str, number: int) -> None:
    assert is_approval_number(f"国药准字{letter}{place}{number:08d}")
    assert not is_approval_number(f"国药准字{letter}{place}{number:08d}0")
    assert not is_approval_number(f"国药准字{letter}{place}{number:07d}"[:-1])


@pytest.mark.parametrize(
    "text", ["H20130001", "BH20130001", "HC20130001", "ZC20130001", "国药准字HJ20170001"]
)
def test_import_licences_are_approval_numbers(text: str) -> None:
    assert is_approval_number(text)


@given(st.integers(0, 10**12 - 1))
def test_an_ean_is_valid_with_its_check_digit_and_no_other(number: int) -> None:
    body = f"{number:012d}"
    valid = [digit for digit in DIGITS if is_ean13(body + digit)]

    assert valid == [gs1_check(body)]


@given(st.integers(0, 10**12 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_digit_misread_is_noticed(number: int, place: int, by: int) -> None:
    body = f"{number:012d}"
    code = body + gs1_check(body)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]

    assert not is_ean13(wrong)


@given(digits)
def test_the_check_digit_makes_the_weighted_sum_a_multiple_of_ten(body: str) -> None:
    code = body + gs1_check(body)
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))

    assert total % 10 == 0


@given(st.integers(0, 10**11 - 1))
def test_a_drug_standard_code_is_86_and_a_gtin_of_14(number: int) -> None:
    body = f"86{number:011d}"
    code = body + gs1_check(body)

    assert is_drug_standard_code(code)
    assert is_gtin14(code)
    assert not is_drug_standard_code("87" + code[2:])


@given(
    st.integers(110000, 659999),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)),
    st.integers(0, 999),
)
def test_a_resident_id_is_valid_with_one_check_character_only(area: int, born: date, serial: int) -> None:
    body = f"{area}{born:%Y%m%d}{serial:03d}"
    valid = [sign for sign in DIGITS + "X" if is_resident_id(body + sign)]

    assert valid == [resident_check(body)]
