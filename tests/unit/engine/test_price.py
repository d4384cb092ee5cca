"""What a shop's city asks of its prices, and what it leaves to the shop."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.catalogue import Drug, Listing, Price, PriceKind
from engine.policy.problems import PackError
from engine.prescription import Finding
from engine.price import PriceRules, check_prices
from engine.price_file import load_price_rules
from engine.sale import BasketLine

FOLDER = Path(__file__).parents[3] / "resources" / "pricing"
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
RULES = load_price_rules(TEXTS)
DAY = date(2026, 11, 28)
SHAOXING, EZHOU, LIAOCHENG = "330681", "420704", "371502"


def price(kind: PriceKind, fen: int, region: str = "") -> Price:
    return Price(kind=kind, fen=fen, begins=date(2024, 1, 1), region=region, document="服务协议")


def drug(*prices: Price, klass: str = "A", size: int | None = 28) -> Drug:
    listed = Listing(begins=date(2020, 1, 1), ends=None, klass=klass)  # type: ignore[arg-type]
    return Drug(
        code="XC08CAA000A001010100001",
        generic_name="氨氯地平片",
        form="片剂",
        spec="5mg×28片",
        maker="某厂",
        approval="",
        price=1_000,
        listings=() if klass == "C" else (listed,),
        prices=prices,
        pack_size=size,
        pack_unit="片",
    )


def found(
    sold: Drug,
    at: int,
    region: str,
    *,
    split: bool = False,
    chronic: bool = True,
    known: bool = True,
    rules: PriceRules = RULES,
    day: date = DAY,
) -> list[Finding]:
    line = BasketLine(id="1", drug=sold, quantity=1, unit_price=at, split=split)
    return list(
        check_prices(
            rules.of(region, day),
            [line],
            region=region,
            day=day,
            chronic=frozenset({"1"}) if chronic else frozenset(),
            known=lambda _kind: known,
        )
    )


def codes(findings: list[Finding]) -> list[tuple[str, str, bool]]:
    return [(finding.code, finding.severity, finding.bars) for finding in findings]


def test_a_drug_of_the_list_is_not_sold_above_the_agreed_price_in_ezhou() -> None:
    sold = drug(price("agreed", 1_000, "4207"))

    (finding,) = found(sold, 1_001, EZHOU)

    assert codes([finding]) == [("price_above_agreed", "refused", True)]
    assert finding.clause is not None
    assert finding.clause.section == "三"
    for said in (
        "售价 10.01 元",
        "协议价 10.00 元",
        "（服务协议）",
        "不能卖。",
    ):
        assert said in finding.text
    assert "请把售价改到协议价以内" in finding.advice
    assert not found(sold, 1_000, EZHOU)


def test_outside_the_list_the_shop_sets_its_own_price() -> None:
    assert not found(drug(price("agreed", 1_000, "4207"), klass="C"), 9_999, EZHOU)
    assert not found(drug(klass="C"), 9_999, EZHOU)


def test_who_buys_makes_no_difference_to_the_agreed_price() -> None:
    assert found(drug(price("agreed", 1_000, "4207")), 1_001, EZHOU, chronic=False)


def test_the_price_of_another_city_s_agreement_binds_nobody_here() -> None:
    assert codes(found(drug(price("agreed", 1_000, "4201")), 1_001, EZHOU)) == [
        ("price_not_agreed", "attention", False)
    ]


def test_where_no_price_was_agreed_the_platform_s_is_what_is_looked_at() -> None:
    listed = drug(price("platform", 1_000, "42"))

    assert codes(found(listed, 1_200, EZHOU)) == [
        ("price_not_agreed", "attention", False),
        ("price_above_platform", "attention", False),
    ]
    agreed = drug(price("platform", 1_000, "42"), price("agreed", 1_200, "4207"))
    assert not found(agreed, 1_200, EZHOU)


def test_a_chronic_drug_in_shaoxing_is_one_of_the_provincial_platform() -> None:
    unlisted = drug()

    (finding,) = found(unlisted, 1_000, SHAOXING)

    assert codes([finding]) == [("price_not_on_platform", "attention", False)]
    assert finding.clause is not None
    assert (finding.clause.document, finding.clause.section) == ("绍市医保〔2019〕26号", "二（五）")
    assert not found(unlisted, 1_000, SHAOXING, chronic=False)
    assert not found(drug(price("platform", 1_000, "33")), 1_000, SHAOXING)


def test_nothing_is_missing_while_no_platform_prices_were_brought_at_all() -> None:
    assert not found(drug(), 1_000, SHAOXING, known=False)


def test_above_the_platform_s_price_the_pharmacist_is_told_and_the_source_named() -> None:
    (finding,) = found(drug(price("platform", 900, "33")), 1_000, SHAOXING)

    assert codes([finding]) == [("price_above_platform", "attention", False)]
    assert "省平台挂网价 9.00 元（服务协议）" in finding.text


def test_a_city_without_a_file_and_a_day_before_the_rule_ask_nothing() -> None:
    dear = drug(price("agreed", 1), price("platform", 1))

    assert not found(dear, 1_000, LIAOCHENG)
    assert not found(dear, 1_000, EZHOU, day=date(2022, 12, 31))
    assert not found(dear, 1_000, EZHOU, rules=PriceRules(()))


@given(whole=st.integers(1, 100_000), size=st.integers(1, 200), more=st.integers(0, 300))
def test_pieces_may_be_rounded_up_to_the_fen_and_no_further(whole: int, size: int, more: int) -> None:
    sold = drug(price("agreed", whole, "4207"), size=size)
    each = -(-whole // size)  # Rounded up.

    assert not found(sold, each, EZHOU, split=True)
    assert bool(found(sold, each + more, EZHOU, split=True)) == (more > 0)


def test_a_finding_about_pieces_speaks_of_pieces() -> None:
    (finding,) = found(drug(price("agreed", 1_000, "4207")), 50, EZHOU, split=True)

    assert "每片售价 0.50 元，高于整盒协议价 10.00 元" in finding.text


@given(
    at=st.integers(1, 5_000),
    agreed=st.none() | st.integers(1, 5_000),
    platform=st.none() | st.integers(1, 5_000),
    region=st.sampled_from([SHAOXING, EZHOU, LIAOCHENG]),
)
def test_every_finding_cites_says_what_to_do_and_names_its_drug(
    at: int, agreed: int | None, platform: int | None, region: str
) -> None:
    prices: list[tuple[PriceKind, int | None]] = [("agreed", agreed), ("platform", platform)]
    for finding in found(drug(*(price(kind, fen) for kind, fen in prices if fen is not None)), at, region):
        assert finding.clause is not None
        assert finding.subject == "XC08CAA000A001010100001"
        assert finding.text.endswith("。")
        assert finding.advice.endswith("。")  # What to do.
        assert finding.bars == (region == EZHOU and agreed is not None and at > agreed)


def test_every_rule_says_where_it_stands_and_when_that_was_checked() -> None:
    assert {rule.city for rule in RULES.all} == {"3306", "4207"}
    for rule in RULES.all:
        assert rule.clause.document
        assert rule.clause.section
        assert rule.checked_on <= DAY


@pytest.mark.parametrize(
    "slip, said",
    [
        (('section = "三"\n', ""), "没有注明条款"),
        (("checked_on = 2026-11-28\n", ""), "没有注明核对日期"),
        (('price = "agreed"', 'price = "fair"'), "不认识“fair”"),
        (('asks = "known"', 'asks = "nice"'), "不认识“nice”"),
        (('lines = "in_catalogue"', 'lines = "all"'), "不认识“all”"),
        (('severity = "refused"', 'severity = "attention"'), "不能卖的要写成 refused"),
        (('按 Ctrl 3），或请经办机构重新核定后再卖。"', '"'), "应是一句完整的话"),
        (('city = "4207"', 'city = "鄂州"'), "应为行政区划代码的前四位"),
        (("begins = 2023-01-01", "begins = 2023-01-01\nends = 2022-01-01"), "早于开始日期"),
        (('"price_not_agreed"', '"price_above_agreed"'), "写了两次"),
        (("bars = true", "stops = true"), "不认识的键"),
        (("[[rule]]", "[[rule]"), "不是正确的 TOML"),
    ],
)
def test_a_slip_in_a_file_is_named(slip: tuple[str, str], said: str) -> None:
    damaged = TEXTS["ezhou.toml"].replace(*slip, 1)
    assert damaged != TEXTS["ezhou.toml"]

    with pytest.raises(PackError, match=said):
        load_price_rules({**TEXTS, "ezhou.toml": damaged})


def test_a_listing_for_one_insurance_alone_is_a_listing() -> None:
    sold = drug(price("agreed", 1_000, "4207"))
    employees = replace(sold, listings=(replace(sold.listings[0], insurance="employee"),))

    assert found(employees, 1_001, EZHOU)
