"""What the demonstration catalogue promises: enough of every kind, true to form, and clearly invented."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime

import pytest

from engine.catalogue import Drug, PriceKind, listing_on, price_on
from engine.codes import ingredient_of, parse_national_code
from engine.demonstration import Demonstration, parse_demonstration
from engine.diseases import NAMES

DAY = date(2026, 11, 22)
FIRST = {
    "amlodipine": ("XC08CAY001A001010900002", "12.60", "6999900000019", "8990001"),
    "allisartan_amlodipine": ("XC09DBY015A001010900004", "58.80", "6999900000156", "8990015"),
    "liuwei_dihuang": ("ZA09CAY0673010100900", "19.80", "6999900000675", "8990067"),
}
"""Three of the first seventy, as boxes and prescriptions out there name them."""
NO_DRUGS = {"child_rehabilitation": "康复是治疗，不是药品"}


def test_what_is_out_there_of_the_demonstration_keeps_its_codes(demonstration_texts: dict[str, str]) -> None:
    rows = {line.split(",")[0]: line.split(",") for line in demonstration_texts["drugs.csv"].splitlines()}
    columns = rows["key"]

    for key, expected in FIRST.items():
        row = dict(zip(columns, rows[key], strict=True))
        assert (row["code"], row["price"], row["barcode"], row["trace_prefix"]) == expected


def test_there_are_some_three_hundred_packs_and_several_of_one_generic(demonstration: Demonstration) -> None:
    packs = Counter(ingredient_of(drug.code) for drug in demonstration.drugs)

    assert 300 <= len(demonstration.drugs) <= 400
    assert sum(count > 1 for count in packs.values()) >= 30
    assert max(packs.values()) >= 4


def test_every_disease_that_a_city_knows_has_drugs(demonstration: Demonstration) -> None:
    treated = Counter(
        disease
        for drug in demonstration.drugs
        for disease in {each for row in drug.listings for each in row.diseases}
    )

    assert {name for name in NAMES if not treated[name]} == set(NO_DRUGS)
    assert min(treated[name] for name in NAMES if name not in NO_DRUGS) >= 3


def test_there_is_something_of_every_kind_that_the_law_treats_apart(demonstration: Demonstration) -> None:
    kinds: dict[str, list[Drug]] = defaultdict(list)
    for drug in demonstration.drugs:
        row = listing_on(drug, DAY, "330681")
        kinds[row.klass].append(drug)
        for name, has in (
            ("negotiated", row.negotiated),
            ("procured", row.procured),
            ("scope", bool(row.scope)),
            ("standard", row.payment_standard is not None),
            ("otc", not drug.prescription_only),
            ("patent", (parse_national_code(drug.code) or pytest.fail(drug.code)).kind == "patent"),
            ("originator", drug.trade_name is not None),
            ("split", (drug.pack_size or 0) >= 28),
            ("ephedrine", "麻黄碱" in drug.generic_name),
        ):
            if has:
                kinds[name].append(drug)

    assert {name: len(found) for name, found in kinds.items()}.keys() >= {
        "A", "B", "C", "negotiated", "procured", "scope", "standard", "otc", "patent", "originator", "split",
        "ephedrine",
    }  # fmt: skip
    assert all(len(kinds[name]) >= 8 for name in kinds if name != "ephedrine")


def test_a_pack_says_how_much_is_in_it(demonstration: Demonstration) -> None:
    for drug in demonstration.drugs:
        assert drug.pack_size
        assert drug.pack_unit
        assert drug.strength in drug.spec
        assert drug.pack_size == 1 or drug.spec.endswith(f"{drug.pack_size}{drug.pack_unit}")
    assert sum(bool(drug.strength) for drug in demonstration.drugs) > 320


def test_one_maker_has_one_number_in_all_its_codes(demonstration: Demonstration) -> None:
    makers = defaultdict(set)
    for drug in demonstration.drugs:
        parts = parse_national_code(drug.code)
        if parts is not None and parts.kind == "western":
            makers[drug.maker].add(parts.maker)

    assert all(len(numbers) == 1 for numbers in makers.values())
    assert len({min(numbers) for numbers in makers.values()}) == len(makers) >= 10


def test_prices_that_others_set_stand_in_documents_that_say_they_are_invented(
    demonstration: Demonstration,
) -> None:
    prices = [price for drug in demonstration.drugs for price in drug.prices]

    assert {price.kind for price in prices} == {"platform", "agreed", "procurement"}
    assert all("演示" in price.document for price in prices)
    dear = [drug for drug in demonstration.drugs if _above(drug, "platform", "330681")]
    barred = [drug for drug in demonstration.drugs if _above(drug, "agreed", "420704")]
    assert 1 <= len(dear) < 10
    assert 1 <= len(barred) < 10


def test_the_first_drugs_are_sold_at_no_more_than_anybody_allows(demonstration: Demonstration) -> None:
    for drug in demonstration.drugs[:70]:
        assert not _above(drug, "platform", "330681")
        assert not _above(drug, "agreed", "420704")


def _above(drug: Drug, kind: PriceKind, region: str) -> bool:
    price = price_on(drug, kind, DAY, region)
    return price is not None and (drug.price or 0) > price.fen


@pytest.mark.parametrize(
    "slip, why",
    [
        (("XC08CAY001A001010900002", "XC08CAY001A00101090000"), "drug 1: not a national code"),
        (("8990002", "8990001"), "drug 2: a second time: 8990001"),
        (("XC08CAY002A001010900003", "XC08CAY001A001010900002"), "drug 2: a second time"),
        (("8990001", "8890001"), "drug 1: not a trace prefix"),
        (("5mg×28片,5mg,28", "5mg×28片,10mg,28"), "drug 1: the pack"),
        (("5mg×28片,5mg,28", "5mg×28片,5mg,0"), "drug 1: .*>= 1"),
        (("hypertension", "hypertonia"), "drug 1: unknown diseases"),
        (("platform@33=", "platform@34="), "drug 1: 'platform@34'"),
        ((",A,,,", ",D,,,"), "drug 1: Invalid enum value"),
        ((",A,,,", ",A,,"), "drug 1: 23 columns"),
        (("key,code", "code,key"), "the columns should be key,code"),
    ],
)
def test_a_slip_in_a_drug_is_named_with_its_place(
    demonstration_texts: dict[str, str], now: datetime, slip: tuple[str, str], why: str
) -> None:
    text = demonstration_texts["drugs.csv"].replace(*slip, 1)
    assert text != demonstration_texts["drugs.csv"]
    damaged = {**demonstration_texts, "drugs.csv": text}

    with pytest.raises(ValueError, match=f"drugs.csv: {why}"):
        parse_demonstration(damaged, now)


def test_a_demonstration_without_its_drugs_says_so(
    demonstration_texts: dict[str, str], now: datetime
) -> None:
    left = {name: text for name, text in demonstration_texts.items() if name != "drugs.csv"}

    with pytest.raises(ValueError, match=r"drugs.csv: the columns"):
        parse_demonstration(left, now)
