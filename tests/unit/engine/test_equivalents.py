"""What may stand in a line's place: the same generic in the same form, enough of it and hardly more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.catalogue import Drug, Listing
from engine.equivalents import Equivalent, equivalents, is_same_drug, packs_for, pieces_for_one, read_strength
from engine.equivalents_file import load_sameness
from engine.policy.problems import PackError
from engine.prescription import Dose, PrescribedLine, Prescription
from engine.sale import BasketLine, Draft, replace_drug

FILE = Path(__file__).parents[3] / "resources" / "equivalents" / "equivalents.toml"
TEXT = FILE.read_text(encoding="utf-8")
SAME = load_sameness(FILE.name, TEXT)
DAY = date(2026, 11, 28)
ROW = Listing(begins=date(2020, 1, 1), ends=None, klass="A", procured=True)


def drug(
    maker: int = 1,
    *,
    ingredient: str = "C08CAY001",
    name: str = "苯磺酸氨氯地平片",
    form: str = "片剂",
    strength: str = "5mg",
    size: int | None = 28,
    price: int | None = 500,
) -> Drug:
    return Drug(
        code=f"X{ingredient}A001010{maker:06d}",
        generic_name=name,
        form=form,
        spec=f"{strength}×{size}片",
        maker=f"某{maker}厂",
        approval="",
        price=price,
        strength=strength,
        pack_size=size,
        pack_unit="片",
    )


def line(of: Drug, quantity: int = 1) -> BasketLine:
    return BasketLine(id="1", drug=of, quantity=quantity, unit_price=1_260)


def prescription(*lines: PrescribedLine) -> Prescription:
    return Prescription(
        number="1",
        source="external",
        issuer="某院",
        issuer_designated=True,
        doctor="某医师",
        diagnosis="高血压",
        issued=DAY,
        supply_days=28,
        lines=lines,
    )


def found(
    of: BasketLine, *others: Drug, on: Prescription | None = None, row: Listing = ROW
) -> list[Equivalent]:
    return equivalents(of, others, prescription=on, rows={each.code: row for each in others}, same=SAME)


@pytest.mark.parametrize(
    "text, says",
    [
        ("5mg", (("mass", Decimal(5_000)),)),
        ("0.5g", (("mass", Decimal(500_000)),)),
        ("50μg", (("mass", Decimal(50)),)),
        ("50µg", (("mass", Decimal(50)),)),  # The micro sign, as many files have it.
        ("５０ＭＧ", (("mass", Decimal(50_000)),)),
        ("300单位", (("units", Decimal(300)),)),
        ("1万单位", (("units", Decimal(10_000)),)),
        ("10ml", (("volume", Decimal(10)),)),
        ("50mg/12.5mg", (("mass", Decimal(50_000)), ("mass", Decimal(12_500)))),
        ("", None),
        ("0mg", None),
        ("每片含5mg", None),
    ],
)
def test_a_strength_says_what_is_in_one_piece_or_nothing(text: str, says: object) -> None:
    assert read_strength(text) == says


def test_half_as_strong_takes_twice_as_many_pieces() -> None:
    assert pieces_for_one(drug(), drug(2, strength="2.5mg")) == 2
    assert pieces_for_one(drug(strength="0.5g"), drug(2, strength="250mg")) == 2
    assert pieces_for_one(drug(), drug(2, strength="2mg")) is None


def test_a_stronger_piece_is_taken_only_where_each_dose_is_so_many_of_it() -> None:
    stronger = drug(2, strength="10mg")
    two_at_once = Dose(amount=Decimal(2), unit="片", per_day=Decimal(1))
    ten_at_once = Dose(amount=Decimal(10), unit="mg", per_day=Decimal(1))
    one_at_once = Dose(amount=Decimal(1), unit="片", per_day=Decimal(2))

    assert pieces_for_one(drug(), stronger) is None
    assert pieces_for_one(drug(), stronger, one_at_once) is None
    assert pieces_for_one(drug(), stronger, two_at_once) == Fraction(1, 2)
    assert pieces_for_one(drug(), stronger, ten_at_once) == Fraction(1, 2)


def test_a_compound_is_the_same_only_in_every_part() -> None:
    compound = drug(strength="80mg/5mg")

    assert pieces_for_one(compound, drug(2, strength="40mg/2.5mg")) == 2
    assert pieces_for_one(compound, drug(2, strength="40mg/5mg")) is None
    assert pieces_for_one(compound, drug(2, strength="80mg")) is None


def test_what_nobody_says_the_strength_of_is_not_taken_for_the_same() -> None:
    assert pieces_for_one(drug(strength=""), drug(2, strength="")) is None


def test_packs_cover_what_the_line_holds_and_hold_hardly_more() -> None:
    assert packs_for(line(drug(), 2), drug(2), SAME) == 2
    assert packs_for(line(drug(), 1), drug(2, size=30), SAME) == 1
    assert packs_for(line(drug(), 2), drug(2, size=14), SAME) == 4
    assert packs_for(line(drug(), 1), drug(2, strength="2.5mg", size=28), SAME) == 2
    assert packs_for(line(drug(size=7), 1), drug(2, size=28), SAME) is None  # Four times what was asked for.
    assert packs_for(line(drug(size=7), 4), drug(2, size=28), SAME) == 1


def test_packs_of_unknown_size_are_compared_as_they_are_described() -> None:
    unknown = replace(drug(size=None), spec="5mg×28片/盒")

    assert packs_for(line(unknown, 3), replace(unknown, code=drug(2).code), SAME) == 3
    assert packs_for(line(unknown, 3), drug(2), SAME) is None


@given(
    quantity=st.integers(1, 9),
    size=st.integers(1, 120),
    other=st.integers(1, 120),
    times=st.integers(1, 4),
)
def test_never_too_little_and_never_more_than_a_tenth_too_much(
    quantity: int, size: int, other: int, times: int
) -> None:
    packs = packs_for(
        line(drug(strength=f"{times}mg", size=size), quantity), drug(2, strength="1mg", size=other), SAME
    )
    assume(packs is not None)
    assert packs is not None
    wanted = quantity * size * times

    assert wanted <= packs * other
    assert packs * other * 10 <= wanted * 11
    assert (packs - 1) * other < wanted


def test_another_ingredient_is_never_the_same_whatever_it_is_called() -> None:
    assert not is_same_drug(drug(), drug(2, ingredient="C08CAY002"), None, SAME)


def test_on_a_prescription_the_generic_name_decides() -> None:
    capsules = drug(2, name="苯磺酸氨氯地平胶囊", form="胶囊")
    asked = prescription(PrescribedLine(name="苯磺酸氨氯地平片", quantity=1))

    assert not is_same_drug(drug(), capsules, asked, SAME)
    assert is_same_drug(drug(), drug(2, name="苯磺酸氨氯地平片 "), asked, SAME)
    assert is_same_drug(drug(), capsules, None, SAME)


def test_released_elsewhere_or_slower_is_another_form() -> None:
    plain = drug(name="双氯芬酸钠片")
    for name, form in (
        ("双氯芬酸钠缓释片", "缓释片"),
        ("双氯芬酸钠肠溶片", "肠溶片"),
        ("双氯芬酸钠控释片", "控释片"),
    ):
        assert not is_same_drug(plain, drug(2, name=name, form=form), None, SAME)


@pytest.mark.parametrize("form, alike", [("缓释片", False), ("薄膜衣片", True), ("片剂（薄膜衣片）", True)])
def test_one_name_for_two_forms_does_not_make_them_the_same(form: str, alike: bool) -> None:
    """A shop's own table calls both of them metformin."""
    plain = drug(name="二甲双胍")
    asked = prescription(PrescribedLine(name="二甲双胍", quantity=1, drug=plain.code))

    for on in (asked, None):
        assert is_same_drug(plain, drug(2, name="二甲双胍", form=form), on, SAME) is alike


def test_what_is_off_the_market_or_not_sold_here_is_no_choice() -> None:
    assert not is_same_drug(drug(), replace(drug(2), on_market=False), None, SAME)
    assert not is_same_drug(drug(), drug(2, price=None), None, SAME)
    assert not is_same_drug(drug(), drug(), None, SAME)


def test_only_winners_and_what_costs_no_more_than_the_standard_are_offered() -> None:
    cheap = drug(2)

    assert [each.drug for each in found(line(drug()), cheap)] == [cheap]
    assert found(line(drug()), cheap, row=replace(ROW, procured=False, payment_standard=500))
    assert not found(line(drug()), cheap, row=replace(ROW, procured=False, payment_standard=499))
    assert not found(line(drug()), cheap, row=replace(ROW, procured=False))
    assert not found(line(drug()), cheap, row=replace(ROW, klass="C"))


def test_the_cheapest_in_all_comes_first() -> None:
    small, large = drug(2, size=14, price=100), drug(3, size=28, price=150)

    assert [(each.drug, each.packs) for each in found(line(drug()), small, large)] == [(large, 1), (small, 2)]


def test_the_dose_of_the_prescription_lets_a_stronger_pack_in() -> None:
    dose = Dose(amount=Decimal(2), unit="片", per_day=Decimal(1))
    asked = prescription(PrescribedLine(name="苯磺酸氨氯地平片", quantity=2, dose=dose))
    stronger = drug(2, strength="10mg", size=28)

    assert [each.packs for each in found(line(drug(), 2), stronger, on=asked)] == [1]
    assert not found(line(drug(), 2), stronger)


def test_a_line_that_was_replaced_says_what_stood_there_and_forgets_the_other_s_boxes() -> None:
    first = replace(line(drug(), 2), trace_codes=("8" * 20,))
    draft = replace_drug(Draft(lines=(first,)), "1", drug(2), 4)

    (changed,) = draft.lines
    assert (changed.drug, changed.quantity, changed.unit_price, changed.trace_codes) == (drug(2), 4, 500, ())
    assert changed.instead_of is not None
    assert (changed.instead_of.code, changed.instead_of.quantity) == (drug().code, 2)
    again = replace_drug(draft, "1", drug(3), 2).lines[0]
    assert again.instead_of == changed.instead_of  # What the patient came for, not what was tried between.
    assert replace_drug(draft, "1", drug(), 2).lines[0].instead_of is None


@pytest.mark.parametrize(
    "slip, said",
    [
        (('most_excess = "0.10"', "most_excess = 0.1"), "比例应写成"),
        (("note = ", "remark = "), "容差没有条文"),
        (('section = "第十七条"\n', ""), "没有注明条款"),
        (("checked_on = 2026-11-28\n", ""), "没有注明核对日期"),
        (('"缓释片", ', '"缓释片", "片剂", '), "已归入"),
        (("[[forms]]", "[[forms]"), "不是正确的 TOML"),
    ],
)
def test_a_slip_in_the_file_is_named(slip: tuple[str, str], said: str) -> None:
    damaged = TEXT.replace(*slip, 1)
    assert damaged != TEXT

    with pytest.raises(PackError, match=said):
        load_sameness(FILE.name, damaged)
