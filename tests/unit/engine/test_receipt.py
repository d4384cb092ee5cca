from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.calendar import business_day
from engine.demonstration import Demonstration
from engine.lease import LeaseUse
from engine.policy.compute import answer_claim
from engine.policy.packs import Library
from engine.quota import correction_bound
from engine.receipt import Receipt, build_receipt, copy_of
from engine.sale import Draft, Sale, add_box, make_claim
from engine.typeset import display_width, receipt_text, wrap


@pytest.fixture
def sale(demonstration: Demonstration, library: Library, now: datetime) -> Sale:
    """The first person's basket of three drugs, sold provisionally on balances two days old."""
    person = demonstration.people[0]
    person = replace(person, snapshot=replace(person.snapshot, as_of=now - timedelta(days=2)))
    draft = Draft(person=person, prescription=demonstration.prescriptions[0])
    for number, line in enumerate(demonstration.prescriptions[0].lines):
        drug = next(drug for drug in demonstration.drugs if drug.code == line.drug)
        draft = add_box(draft, drug, f"{drug.trace_prefix}{number:013d}")
    store = demonstration.stores[0]
    claim = make_claim(draft, store.provider, person.snapshot.accumulators, business_day(now))
    answer = answer_claim(library, claim)
    return Sale(
        number="01-000123",
        made_at=now,
        store=store,
        operator="演示药师",
        draft=draft,
        claim=claim,
        answer=answer,
        certainty="provisional",
        bound=correction_bound(answer),
        tendered=6_000,
        policy_hash="0123456789abcdef",
        message_ids=("m1",),
    )


def columns(width: int) -> Callable[[str], bool]:
    return lambda text: display_width(text) <= width


def printed(sale: Sale, *settlement_ids: str) -> Receipt:
    return build_receipt(sale, printed_at=sale.made_at, journal_number=7, settlement_ids=settlement_ids)


def shown(receipt: Receipt) -> dict[str, str]:
    return {row.left: row.right for row in receipt.rows}


def words(receipt: Receipt) -> str:
    return "\n".join(f"{row.left} {row.right}" for row in receipt.rows)


def test_the_sums_on_the_paper_are_the_sale_s(sale: Sale) -> None:
    rows = shown(printed(sale))

    assert rows["合计"] == "61.90"
    assert (rows["基金支付"], rows["个人现金"]) == ("8.34", "53.56")
    assert (rows["实收"], rows["找零"]) == ("60.00", "6.44")


def test_every_share_is_followed_by_its_document_and_section(sale: Sale) -> None:
    text = words(printed(sale))

    for settlement in sale.answer.settlements:
        for step in settlement.steps:
            assert step.clause is not None
            assert f"【{step.clause.document} {step.clause.section}】" in text
    assert "基金支付 15%" in text


def test_each_line_says_its_class_its_own_parts_and_its_trace_codes(sale: Sale) -> None:
    text = words(printed(sale))

    assert "乙类　支付标准 22.40　超标准 4.50　先行自付 0.67（3%）" in text
    for line in sale.draft.lines:
        assert line.trace_codes[0] in text
        assert line.drug.maker in text


def test_the_paper_hides_who_it_was_and_what_ails_them(sale: Sale) -> None:
    assert sale.draft.person is not None
    assert sale.draft.prescription is not None
    text = words(printed(sale))

    assert "王＊英" in text
    assert sale.draft.person.name not in text
    assert sale.draft.person.cert_no not in text
    assert sale.draft.prescription.diagnosis not in text


def test_a_provisional_sale_says_how_old_and_how_far_off_the_balances_may_be(sale: Sale) -> None:
    assert "暂定：余额截至 11 月 20 日，已 2 天；可能更正，最多 8.34 元。" in words(printed(sale))


def test_a_confirmed_sale_bears_the_agency_s_settlement_ids(sale: Sale) -> None:
    text = words(printed(replace(sale, certainty="confirmed"), "S1", "S2"))

    assert "已确认" in text
    assert "暂定" not in text
    assert [line for line in text.splitlines() if "结算编号" in line] == [
        "医保结算编号 S1",
        "医保结算编号 S2",
    ]


def test_a_sale_without_the_fund_claims_no_certainty(sale: Sale, library: Library) -> None:
    assert sale.claim is not None
    elsewhere = replace(sale.claim.patient, region="330106")
    answer = answer_claim(library, replace(sale.claim, patient=elsewhere))

    text = words(printed(replace(sale, answer=answer, bound=0)))

    assert "全部由个人负担" in text
    assert "暂定" not in text


def test_a_stranger_s_receipt_names_nobody(sale: Sale) -> None:
    stranger = replace(sale, claim=None, draft=replace(sale.draft, person=None, prescription=None))

    assert "参保人" not in shown(printed(stranger))


def test_a_copy_is_marked_at_head_and_foot_and_counted(sale: Sale) -> None:
    original = printed(sale)
    copy = copy_of(original, 2)

    assert copy.rows[0].left == copy.rows[-1].left == "补打 第 2 次"
    assert copy.rows[1:-1] == original.rows
    assert "补打" not in words(original)


@pytest.mark.parametrize("width", [32, 42, 48, 80])
def test_no_line_of_the_text_is_wider_than_the_paper(sale: Sale, width: int) -> None:
    lines = receipt_text(copy_of(printed(sale), 1), width)

    assert max(map(display_width, lines)) <= width
    assert "合计" + " " * (width - 4 - 5) + "61.90" in lines


@given(st.text(alphabet="药（一）【二】，。 a1.50x", max_size=60), st.integers(4, 30))
def test_wrapping_loses_nothing_but_blanks_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrap(text, columns(width))

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(display_width(line) <= width for line in lines)


def test_no_line_begins_with_a_closing_mark() -> None:
    lines = wrap("绍市医保〔2019〕26号 二（五）】", columns(22))

    assert lines == ["绍市医保〔2019〕26号", "二（五）】"]
    assert wrap("甲乙丙丁）】", columns(8)) == ["甲乙丙", "丁）】"]
    assert wrap("甲乙（丙丁", columns(6)) == ["甲乙", "（丙丁"]


def test_a_figure_stays_whole_before_a_closing_mark() -> None:
    assert wrap("结算编号 3306812026。", columns(19)) == ["结算编号", "3306812026。"]


def test_a_guaranteed_share_names_its_lease_what_is_left_of_it_and_until_when(sale: Sale) -> None:
    use = LeaseUse(id="L330681-7", version=2, left=12_345, use_until=sale.made_at + timedelta(hours=2))
    receipt = printed(replace(sale, certainty="guaranteed", bound=0, lease=use))

    assert shown(receipt)["额度凭据"] == "L330681-7"
    assert "凭据余额 123.45 元" in words(receipt)
    assert "有效至" in words(receipt)
    assert "暂定" not in words(receipt)


def test_what_the_patient_is_to_do_about_a_full_price_stands_on_the_paper(sale: Sale) -> None:
    assert "可凭此联到经办机构报销。" in words(printed(replace(sale, advice="可凭此联到经办机构报销。")))


def test_the_paper_holds_the_journals_head_in_small_and_for_a_scanner(sale: Sale) -> None:
    receipt = build_receipt(
        sale, printed_at=sale.made_at, journal_number=7, journal_hash="0123456789abcdef" * 4
    )

    (code,) = [row.left for row in receipt.rows if row.weight == "code"]
    assert "账目第 7 条　0123456789ab" in words(receipt)
    assert code.split(";")[2] == sale.number
    assert code.endswith(";7;0123456789ab")


def test_the_code_on_the_paper_tells_a_finder_nothing_personal(sale: Sale) -> None:
    receipt = build_receipt(sale, printed_at=sale.made_at, journal_number=7, journal_hash="0" * 64)
    person = sale.draft.person
    assert person is not None

    (code,) = [row.left for row in receipt.rows if row.weight == "code"]

    assert code.isascii()
    assert all(each not in code for each in (person.psn_no, person.cert_no, person.name))
