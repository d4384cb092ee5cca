"""2101, 2102 and 2103 at the agency: on its own books, once each, and never on a message that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from agency.storage import persons
from agency.storage.connection import transaction
from engine.money import Fen
from engine.policy.claim import Accumulators
from engine.protocol.settled import read_settled
from engine.protocol.settlement import basket_input, reversal_input, sums_of
from engine.quota import after
from tests.fakes.agency_line import (
    EZHOU,
    LIAOCHENG,
    NOW,
    SHAOXING,
    WUXI,
    Bureau,
    Said,
    claim_of,
    demonstration,
    draft_of,
    paid_by_law,
    person,
)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def first_input(name: str = "王秀英", provider: str = SHAOXING) -> str:
    return paid_by_law(draft_of(person(name)), provider)[0][1]


def fen(amount: Any) -> Fen:
    return int(Decimal(str(amount)).scaleb(2))


def year_of(bureau: Bureau, name: str = "王秀英") -> Accumulators:
    return bureau.sums(name)


def altered(input_json: str, change: Callable[[dict[str, Any]], object]) -> str:
    whole = msgspec.json.decode(input_json)
    change(whole)
    return msgspec.json.encode(whole).decode()


def everything(bureau: Bureau) -> list[Any]:
    """Return all that a refused message must leave alone."""
    tables = ("accumulator", "settlement", "journal", "registered", "counter")
    return [bureau.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


@pytest.mark.parametrize("name, provider", [("王秀英", SHAOXING), ("李建国", LIAOCHENG), ("胡桂兰", EZHOU)])
def test_agency_settles_each_part_of_a_sale_at_exactly_the_sums_the_till_computed(
    tmp_path: Path, name: str, provider: str
) -> None:
    bureau = Bureau(tmp_path, provider)
    whose = person(name)
    parts = paid_by_law(draft_of(whose), provider)
    assert parts
    assert sum(settlement.fund for settlement, _input in parts) > 0

    for settlement, asked in parts:
        msgid = bureau.fresh_id()
        said = bureau.call("2102", asked, msgid)
        info = said.output["setlinfo"]
        assert said.refused == ""
        assert (fen(info["hifp_pay"]), fen(info["maf_pay"])) == (settlement.fund, settlement.assistance)
        assert fen(info["psn_part_amt"]) == settlement.patient
        assert (info["medins_setl_id"], len(info["setl_id"])) == (msgid, 30)
        assert not msgspec.json.decode(info["expContent"])["differs"]

    grown = after(whose.snapshot.accumulators, [each for each, _ in parts], whose.snapshot.parameters)
    assert year_of(bureau, name) == grown
    bureau.close()


def test_repeated_message_gets_the_first_answer_byte_for_byte_and_settles_nothing_more(
    bureau: Bureau,
) -> None:
    body = bureau.body("2102", first_input())
    first = bureau.send(body)
    once = everything(bureau)
    bureau.clock.pass_by(timedelta(minutes=3))

    again = bureau.send(body)

    assert again == first
    assert everything(bureau) == once


def test_repetition_with_another_time_and_sign_in_is_still_the_same_message(bureau: Bureau) -> None:
    msgid = bureau.fresh_id()
    first = bureau.call("2102", first_input(), msgid)
    bureau.clock.pass_by(timedelta(days=20))

    assert bureau.call("2102", first_input(), msgid, sign_no="another") == first


def test_message_id_used_for_another_content_is_refused_under_its_own_code(bureau: Bureau) -> None:
    msgid = bureau.fresh_id()
    bureau.call("2102", first_input(), msgid)
    once = everything(bureau)

    other = altered(first_input(), lambda m: m["druginfo"].update(begntime="2026-11-22 09:00:00"))
    assert bureau.call("2102", other, msgid).refused == "msgid_conflict"
    assert bureau.call("2101", first_input(), msgid).refused == "msgid_conflict"
    assert everything(bureau) == once


def test_pre_settlement_changes_nothing_and_tells_the_year_before_it(bureau: Bureau) -> None:
    draft = draft_of(person("王秀英"))
    claim, answer = claim_of(draft, SHAOXING)
    before = everything(bureau)

    said = bureau.call("2101", basket_input(made_at=NOW, draft=draft, claim=claim, answer=answer))
    settled = read_settled(Raw(msgspec.json.encode(said.output)), expected_id=None)

    assert settled.sums == sums_of(answer)
    assert settled.setl_id is None
    assert settled.facts is not None
    assert settled.facts.before.accumulators == draft.person.snapshot.accumulators  # type: ignore[union-attr]
    assert everything(bureau) == before


def test_where_the_till_worked_from_old_sums_the_agency_says_so_and_its_own_count(bureau: Bureau) -> None:
    bureau.set_sums("王秀英", Accumulators(fund_paid=120_000))

    info = bureau.call("2102", first_input()).output["setlinfo"]
    facts = msgspec.json.decode(info["expContent"])

    assert fen(info["hifp_pay"]) == 0
    assert facts["differs"] is True
    assert facts["till"]["fund"] > 0


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "total is not the sum of its lines": (
        lambda m: m["druginfo"].update(medfee_sumamt="0.01"),
        "sum_mismatch",
    ),
    "line is not price times number": (
        lambda m: m["drugdetail"][0].update(det_item_fee_sumamt=1),
        "sum_mismatch",
    ),
    "negative price": (lambda m: m["drugdetail"][0].update(pric=-1, det_item_fee_sumamt=-2), "invalid"),
    "negative total": (lambda m: m["druginfo"].update(medfee_sumamt=-1), "invalid"),
    "no boxes": (lambda m: m["drugdetail"][0].update(cnt=0), "invalid"),
    "part of a box": (lambda m: m["drugdetail"][0].update(cnt="0.5"), "invalid"),
    "part of a fen": (lambda m: m["drugdetail"][0].update(pric="1.001"), "invalid"),
    "price is a word": (lambda m: m["drugdetail"][0].update(pric="一元"), "invalid"),
    "no lines": (lambda m: m.update(drugdetail=[]), "invalid"),
    "no druginfo": (lambda m: m.pop("druginfo"), "invalid"),
    "stranger": (lambda m: m["druginfo"].update(psn_no="404"), "unknown_person"),
    "another insurance": (lambda m: m["druginfo"].update(insutype="310"), "wrong_insurance"),
    "another person's id": (lambda m: m["druginfo"].update(mdtrt_cert_no="1"), "wrong_person"),
    "tomorrow": (lambda m: m["druginfo"].update(begntime="2026-11-23 23:00:00"), "future"),
    "no such day": (lambda m: m["druginfo"].update(begntime="2026-02-30 10:00:00"), "invalid"),
    "broken facts": (lambda m: m["druginfo"].update(expContent="{"), "not_json"),
    "line number twice": (
        lambda m: (m["drugdetail"].append(m["drugdetail"][0]), m["druginfo"].update(medfee_sumamt="50.40")),
        "invalid",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_settlement_is_refused_with_a_sentence_and_changes_nothing(bureau: Bureau, what: str) -> None:
    change, code = WRONG[what]
    before = everything(bureau)

    said = bureau.call("2102", altered(first_input(), change))

    assert said.refused == code
    assert said.envelope["err_msg"].endswith("。")
    assert said.status == 200
    assert everything(bureau) == before


def test_a_sale_dated_ahead_by_a_wrong_clock_is_settled_when_its_time_has_come(bureau: Bureau) -> None:
    ahead = altered(first_input(), lambda m: m["druginfo"].update(begntime="2026-11-23 23:00:00"))
    body = bureau.body("2102", ahead)
    assert bureau.send(body).refused == "future"

    bureau.clock.pass_by(timedelta(days=2))
    said = bureau.send(body)

    assert said.refused == ""
    assert fen(said.output["setlinfo"]["hifp_pay"]) > 0
    assert bureau.send(body).envelope == said.envelope


def test_prescription_of_somebody_else_is_refused(bureau: Bureau) -> None:
    chens = demonstration().prescriptions[1].number
    said = bureau.call(
        "2102", altered(first_input(), lambda m: [row.update(rxno=chens) for row in m["drugdetail"]])
    )

    assert said.refused == "wrong_prescription"


def test_agencys_own_prescription_counts_not_what_the_till_says_of_it(bureau: Bureau) -> None:
    def stretch(message: dict[str, Any]) -> None:
        facts = msgspec.json.decode(message["druginfo"]["expContent"])
        facts["prescription"]["supply_days"] = 300
        message["druginfo"]["expContent"] = msgspec.json.encode(facts).decode()

    info = bureau.call("2102", altered(first_input(), stretch)).output["setlinfo"]

    assert fen(info["hifp_pay"]) > 0


def test_drug_that_the_agency_does_not_list_is_paid_by_the_person(bureau: Bureau) -> None:
    said = bureau.call(
        "2102",
        altered(first_input(), lambda m: [row.update(med_list_codg="X404") for row in m["drugdetail"]]),
    )

    assert fen(said.output["setlinfo"]["hifp_pay"]) == 0
    assert said.output["detlcutinfo"][0]["chrgitm_lv"] == "03"
    assert said.output["detlcutinfo"][0]["memo"]


def test_a_pharmacy_in_wuxi_is_told_why_the_fund_does_not_pay(tmp_path: Path) -> None:
    bureau = Bureau(tmp_path, WUXI)
    draft = draft_of(person("周惠琴"))
    claim, answer = claim_of(draft, WUXI)

    info = bureau.call("2101", basket_input(made_at=NOW, draft=draft, claim=claim, answer=answer)).output[
        "setlinfo"
    ]

    assert fen(info["fulamt_ownpay_amt"]) == draft.total
    assert msgspec.json.decode(info["expContent"])["refusals"]
    bureau.close()


def test_missing_parameter_is_named_and_nothing_is_settled(tmp_path: Path) -> None:
    bureau = Bureau(tmp_path, LIAOCHENG)
    asked = first_input("李建国", LIAOCHENG)
    whose = person("李建国")
    bare = msgspec.structs.replace(
        whose, snapshot=msgspec.structs.replace(whose.snapshot, parameters=type(whose.snapshot.parameters)())
    )
    with transaction(bureau.db):
        persons.save(bureau.db, [bare])

    said = bureau.call("2102", asked)

    assert said.refused == "missing_parameter"
    assert "parameters.disease_class" in said.envelope["err_msg"]
    bureau.close()


def _identities_hold(said: Said) -> None:
    """Check the identities of the national interface on an answer as it came, not as our reader reads it."""
    info = said.output["setlinfo"]
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    funds = (
        "hifp_pay",
        "cvlserv_pay",
        "hifes_pay",
        "hifmi_pay",
        "hifob_pay",
        "hifdm_pay",
        "maf_pay",
        "oth_pay",
    )
    assert fen(info["medfee_sumamt"]) == sum(fen(info[name]) for name in parts)
    assert fen(info["fund_pay_sumamt"]) == sum(fen(info[name]) for name in funds)
    assert fen(info["psn_part_amt"]) == fen(info["medfee_sumamt"]) - fen(info["fund_pay_sumamt"])
    assert fen(info["psn_part_amt"]) == fen(info["acct_pay"]) + fen(info["psn_cash_pay"])
    assert sum(fen(row["fund_payamt"]) for row in said.output["setldetail"]) == fen(info["fund_pay_sumamt"])
    line_parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
    for row in said.output["detlcutinfo"]:
        assert fen(row["det_item_fee_sumamt"]) == sum(fen(row[name]) for name in line_parts)
    for total, part in zip(
        ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), line_parts, strict=False
    ):
        assert fen(info[total]) == sum(fen(row[part]) for row in said.output["detlcutinfo"])


PLACES = {
    "王秀英": SHAOXING,
    "陈阿根": SHAOXING,
    "周惠琴": WUXI,
    "李建国": LIAOCHENG,
    "胡桂兰": EZHOU,
    "沈国强": SHAOXING,
}


@st.composite
def purchases(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a shop and the 2102 input of any person's basket of any drugs of the demonstration."""
    name = draw(st.sampled_from(sorted(PLACES)))
    drugs = draw(
        st.lists(st.sampled_from(demonstration().drugs), min_size=1, max_size=5, unique_by=lambda d: d.code)
    )
    rows, total, diseases = [], 0, {}
    for place, drug in enumerate(drugs, 1):
        quantity, price = draw(st.integers(1, 400)), draw(st.integers(0, 99_999))
        total += quantity * price
        treats = {disease for listing in drug.listings for disease in listing.diseases}
        diseases[str(place)] = draw(st.sampled_from([None, *sorted(treats), "diabetes"]))
        rows.append(
            {
                "feedetl_sn": str(place),
                "fee_ocur_time": "2026-11-22 09:00:00",
                "med_list_codg": drug.code,
                "det_item_fee_sumamt": f"{quantity * price / 100:.2f}",
                "cnt": quantity,
                "pric": f"{price / 100:.2f}",
                "rxno": next(
                    each.number
                    for each in demonstration().prescriptions
                    if each.psn_no == person(name).psn_no
                ),
            }
        )
    info = {
        "psn_no": person(name).psn_no,
        "mdtrt_cert_type": "02",
        "begntime": "2026-11-22 09:00:00",
        "medfee_sumamt": f"{total / 100:.2f}",
        "insutype": "390" if person(name).insurance == "resident" else "310",
        "acct_used_flag": "0",
        "med_type": "140104",
        "expContent": msgspec.json.encode({"diseases": diseases}).decode(),
    }
    return PLACES[name], msgspec.json.encode({"druginfo": info, "drugdetail": rows}).decode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(purchases())
def test_every_answer_accounts_for_every_fen_and_its_reversal_takes_all_of_it_back(
    bureau: Bureau, purchase: tuple[str, str]
) -> None:
    bureau.provider, asked = purchase
    columns = "psn_no, deductible_paid, fund_paid, fund_paid_class_b, pool_fund_paid"
    sums = f"SELECT {columns} FROM accumulator ORDER BY psn_no"
    before = bureau.db.execute(sums).fetchall()

    said = bureau.call("2102", asked)
    assert said.refused == ""
    _identities_hold(said)
    info = said.output["setlinfo"]
    back = bureau.call(
        "2103", reversal_input(psn_no=info["psn_no"], mdtrt_id=info["mdtrt_id"], setl_id=info["setl_id"])
    )

    assert fen(back.output["setlinfo"]["psn_cash_pay"]) == -fen(info["psn_cash_pay"])
    assert bureau.db.execute(sums).fetchall() == before
