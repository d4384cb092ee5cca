"""2101 and 2102 on the wire: what the till asks, and which answers it believes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from engine.protocol.settled import read_settled
from engine.protocol.settlement import (
    Sums,
    basket_input,
    person_of,
    read_reversal,
    read_settlement,
    reversal_input,
    sums_of,
)
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_line import NOW, SHAOXING, claim_of, draft_of, paid_by_law, person

ID = "P33068100001202611221000000001"
SOUND: dict[str, Any] = {
    "setl_id": "1",
    "mdtrt_id": "2",
    "medins_setl_id": ID,
    "medfee_sumamt": "10.00",
    "fulamt_ownpay_amt": 1,
    "overlmt_selfpay": 1,
    "preselfpay_amt": 1,
    "inscp_scp_amt": 7,
    "hifp_pay": 3.5,
    "maf_pay": 0.5,
    "fund_pay_sumamt": 4,
    "psn_part_amt": 6,
    "psn_cash_pay": 6,
}


def told(**changes: Any) -> Raw:
    return Raw(msgspec.json.encode({"setlinfo": {**SOUND, **changes}}))


def test_a_sale_reads_at_the_agency_as_it_was_at_the_till() -> None:
    draft = draft_of(person("王秀英"))
    claim, answer = claim_of(draft, SHAOXING)

    read = read_settlement(Raw(basket_input(made_at=NOW, draft=draft, claim=claim, answer=answer).encode()))

    assert [(line.sn, line.drug, line.quantity, line.unit_price) for line in read.lines] == [
        (line.id, line.drug.code, line.quantity, line.unit_price) for line in draft.lines
    ]
    assert [line.disease for line in read.lines] == [line.disease for line in claim.lines]
    assert (read.total, read.at, read.facts.sums) == (draft.total, NOW, sums_of(answer))
    assert read.facts.prescription == claim.prescription


def test_each_disease_is_a_message_of_its_own_with_its_own_code() -> None:
    inputs = [msgspec.json.decode(asked) for _part, asked in paid_by_law(draft_of(person("王秀英")))]

    assert [each["druginfo"]["dise_codg"] for each in inputs] == ["M03900", "M01600"]
    assert {each["druginfo"]["med_type"] for each in inputs} == {"140104"}
    assert [len(each["drugdetail"]) for each in inputs] == [2, 1]


def test_a_plain_national_message_without_our_extras_can_be_read() -> None:
    whole = msgspec.json.decode(paid_by_law(draft_of(person("王秀英")))[0][1])
    whole["druginfo"]["expContent"] = None

    read = read_settlement(Raw(msgspec.json.encode(whole)))

    assert {line.disease for line in read.lines} == {"hypertension"}
    assert read.facts.sums is None


def test_message_tells_whose_it_is() -> None:
    assert person_of(paid_by_law(draft_of(person("王秀英")))[0][1]) == person("王秀英").psn_no
    assert person_of(reversal_input(psn_no="7", mdtrt_id="1", setl_id="2")) == "7"
    assert person_of('{"data":{"till":"01","entries":[]}}') is None


def test_reversal_reads_as_it_was_written() -> None:
    asked = read_reversal(Raw(reversal_input(psn_no="7", mdtrt_id="1", setl_id="2").encode()))

    assert (asked.psn_no, asked.mdtrt_id, asked.setl_id) == ("7", "1", "2")


def test_sound_answer_is_read_to_the_fen_with_assistance_apart_from_the_fund() -> None:
    settled = read_settled(told(), expected_id=ID)

    assert settled.sums == Sums(total=1000, fund=350, assistance=50, patient=600)
    assert settled.facts is None


def test_other_platforms_names_of_the_same_amounts_are_understood() -> None:
    renamed = {key: value for key, value in SOUND.items() if key not in ("psn_part_amt", "psn_cash_pay")}
    raw = Raw(msgspec.json.encode({"setlinfo": {**renamed, "psn_pay": 6, "cash_payamt": "6.00"}}))

    assert read_settled(raw, expected_id=ID).sums.patient == 600


def test_what_another_platform_puts_into_expcontent_is_no_trouble() -> None:
    assert read_settled(told(expContent="<xml/>"), expected_id=ID).facts is None


@pytest.mark.parametrize("name", [name for name in SOUND if name.endswith(("amt", "pay"))])
def test_answer_off_by_one_fen_anywhere_is_not_believed(name: str) -> None:
    with pytest.raises(ProtocolError, match="对不上"):
        read_settled(told(**{name: f"{float(SOUND[name]) + 0.01:.2f}"}), expected_id=ID)


@pytest.mark.parametrize("name", ["medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "inscp_scp_amt"])
def test_answer_without_a_sum_is_not_believed(name: str) -> None:
    with pytest.raises(ProtocolError, match=name):
        read_settled(told(**{name: None}), expected_id=ID)


@pytest.mark.parametrize(
    "changes",
    [{"medins_setl_id": ID[:-1] + "2"}, {"medins_setl_id": None}, {"setl_id": ""}, {"mdtrt_id": None}],
)
def test_answer_to_another_message_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_settled(told(**changes), expected_id=ID)
