"""What the agency answers to a sale, and whose sums count afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from app.storage import journal, outbox, sales
from app.storage.connection import transaction
from app.usecases import acknowledge
from app.usecases.quote import effective_accumulators
from engine.money import format_yuan
from engine.policy.answer import Settlement
from engine.sale import Sale
from tests.fakes.fake_counter import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    first = bench.demonstration.tour[0].group
    for stop in bench.demonstration.tour:
        if stop.group == first:
            bench.till.demonstrate(stop)
    yield bench
    bench.close()


def answer_text(message: str, settlement: Settlement, fund: int) -> str:
    """The agency's setlinfo as a platform without our extras gives it."""
    patient = settlement.total - fund
    amounts = {
        "medfee_sumamt": settlement.total,
        "fulamt_ownpay_amt": 0,
        "overlmt_selfpay": settlement.over_standard,
        "preselfpay_amt": settlement.first_self_pay,
        "inscp_scp_amt": settlement.in_scope,
        "hifp_pay": fund,
        "fund_pay_sumamt": fund,
        "psn_part_amt": patient,
        "psn_cash_pay": patient,
    }
    yuan = ",".join(f'"{name}":{format_yuan(fen)}' for name, fen in amounts.items())
    return f'{{"setlinfo":{{"setl_id":"S-{message}","mdtrt_id":"M","medins_setl_id":"{message}",{yuan}}}}}'


def settle_all(bench: Bench, sale: Sale, less: int = 0) -> None:
    insured = [each for each in sale.answer.settlements if each.benefit != "self_pay"]
    index = sales.index_of(bench.db, sale.number)
    assert index is not None
    messages = outbox.numbered(bench.db, index.first_message, index.messages)
    for message, settlement in zip(messages, insured, strict=True):
        text = answer_text(message.id, settlement, settlement.fund - less)
        with transaction(bench.db):
            outbox.accepted(bench.db, message.id, text, bench.clock.now())
            acknowledge.record(bench.db, message, text, bench.clock.now())


def sold(bench: Bench) -> Sale:
    bench.settle()
    index = sales.last(bench.db)
    assert index is not None
    return sales.read(bench.db, index.journal)


def test_same_sums_confirm_the_sale(bench: Bench) -> None:
    sale = sold(bench)

    settle_all(bench, sale)

    row = bench.till.sales(None)[0]
    assert (row.certainty, row.delivery, row.agency_fund) == ("confirmed", "accepted", sale.answer.fund)
    assert journal.verify(bench.db) == []


def test_other_sums_stay_provisional_and_both_are_on_record(bench: Bench) -> None:
    sale = sold(bench)

    settle_all(bench, sale, less=1)

    row = bench.till.sales(None)[0]
    assert row.certainty == "provisional"
    assert (row.fund, row.agency_fund) == (sale.answer.fund, sale.answer.fund - len(sale.message_ids))
    said = [msgspec.json.decode(e.body) for e in journal.read(bench.db, 1, 9) if e.kind == "agency_answer"]
    assert [each["agrees"] for each in said] == [False] * len(sale.message_ids)


def test_settlement_counts_as_only_ours_until_a_snapshot_can_include_it(bench: Bench) -> None:
    sale = sold(bench)
    person = sale.draft.person
    assert person is not None
    day, before = bench.desk.today(), person.snapshot.accumulators
    settle_all(bench, sale)
    newer = msgspec.structs.replace(person.snapshot, as_of=bench.clock.now() + timedelta(seconds=1))

    old_view = effective_accumulators(bench.db, person, day)
    new_view = effective_accumulators(bench.db, msgspec.structs.replace(person, snapshot=newer), day)

    assert old_view.fund_paid == before.fund_paid + sale.answer.fund
    assert new_view.fund_paid == before.fund_paid


def test_rejected_settlement_does_not_use_up_the_limit(bench: Bench) -> None:
    sale = sold(bench)
    person = sale.draft.person
    assert person is not None
    for id_ in sale.message_ids:
        outbox.rejected(bench.db, id_, "不予受理", bench.clock.now())

    view = effective_accumulators(bench.db, person, bench.desk.today())

    assert view.fund_paid == person.snapshot.accumulators.fund_paid
    assert bench.till.sales(None)[0].delivery == "rejected"


def test_answer_in_time_confirms_the_receipt_with_its_settlement_id(bench: Bench) -> None:
    bench.courier.online = True

    def answer() -> None:
        index = sales.last(bench.db)
        assert index is not None
        settle_all(bench, sales.read(bench.db, index.journal))

    bench.courier.on_poke = answer

    settled = bench.settle().settled

    assert settled is not None
    assert settled.certainty == "confirmed"
    assert any("S-P330681" in row.left + row.right for row in settled.receipt.rows)


def test_journal_upload_carries_the_answers_that_came_since_the_last_sale(bench: Bench) -> None:
    sale = sold(bench)
    settle_all(bench, sale)
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    bench.till.enter(drug.barcode or "")
    bench.settle()

    upload = outbox.recent(bench.db, 1)[0]

    text = outbox.text_of(bench.db, upload)
    numbers = [entry["number"] for entry in msgspec.json.decode(text)["data"]["entries"]]
    assert numbers == list(range(2, 3 + len(sale.message_ids)))
