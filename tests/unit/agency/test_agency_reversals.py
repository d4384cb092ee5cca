"""2103 at the agency: a settlement is taken back once, whole, and by nobody but its own shop."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.money import Fen
from engine.policy.claim import Accumulators
from engine.protocol.settlement import reversal_input
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, draft_of, paid_by_law, person


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


def test_reversal_gives_the_year_back_and_shows_negative_amounts(bureau: Bureau) -> None:
    before = year_of(bureau)
    made = bureau.call("2102", first_input()).output["setlinfo"]

    said = bureau.call(
        "2103", reversal_input(psn_no=made["psn_no"], mdtrt_id=made["mdtrt_id"], setl_id=made["setl_id"])
    )

    assert said.refused == ""
    assert fen(said.output["setlinfo"]["hifp_pay"]) == -fen(made["hifp_pay"]) < 0
    assert fen(said.output["setldetail"][0]["fund_payamt"]) < 0
    assert said.output["setlinfo"]["setl_id"] != made["setl_id"]
    assert year_of(bureau) == before


def test_settlement_is_reversed_only_once_only_by_its_own_shop_and_only_for_its_person(
    bureau: Bureau,
) -> None:
    made = bureau.call("2102", first_input()).output["setlinfo"]
    ids = {name: made[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    other = person("陈阿根").psn_no

    bureau.provider = EZHOU
    assert bureau.call("2103", reversal_input(**ids)).refused == "wrong_provider"
    bureau.provider = SHAOXING
    assert bureau.call("2103", reversal_input(**{**ids, "psn_no": other})).refused == "unknown_settlement"
    assert bureau.call("2103", reversal_input(**{**ids, "setl_id": "0"})).refused == "unknown_settlement"
    assert bureau.call("2103", reversal_input(**ids)).refused == ""
    assert bureau.call("2103", reversal_input(**ids)).refused == "already_reversed"


def test_lost_answer_to_a_reversal_can_be_asked_for_again(bureau: Bureau) -> None:
    made = bureau.call("2102", first_input()).output["setlinfo"]
    body = bureau.body(
        "2103", reversal_input(psn_no=made["psn_no"], mdtrt_id=made["mdtrt_id"], setl_id=made["setl_id"])
    )

    assert bureau.send(body) == bureau.send(body)
