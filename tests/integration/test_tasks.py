"""Money that is owed after the sale: journalled as it comes and as it is handed over, never undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from app.errors import TaskUnknown
from app.storage import journal, outbox, sales
from app.storage.connection import sqlite, transaction
from app.usecases import tasks
from engine.policy.answer import Settlement
from engine.protocol.adjustment import AdjustedSettlement, Adjustment, Computed
from engine.protocol.journal import read_journal
from engine.protocol.settled import AgencyFacts, Settled
from engine.protocol.settlement import Sums
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import scan_first


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    scan_first(bench)
    yield bench
    bench.close()


def sold(bench: Bench) -> tuple[Sale, Settlement]:
    bench.settle()
    index = sales.last(bench.db)
    assert index is not None
    sale = sales.read(bench.db, index.journal)
    return sale, next(each for each in sale.answer.settlements if each.benefit != "self_pay")


def computed(settlement: Settlement, given_back: int = 0) -> Computed:
    return Computed(
        deductible=settlement.deductible,
        fund=settlement.fund + given_back,
        assistance=settlement.assistance,
        patient=settlement.patient - given_back,
        steps=settlement.steps,
    )


def adjustment(bench: Bench, sale: Sale, settlement: Settlement, id_: str = "A1") -> Adjustment:
    assert sale.draft.person is not None
    provider = sale.store.provider.id
    row = AdjustedSettlement(
        setl_id="S1",
        provider=provider,
        sale=sale.number,
        settled_at=sale.made_at,
        before=computed(settlement),
        after=computed(settlement, given_back=100),
    )
    return Adjustment(
        id=id_,
        psn_no=sale.draft.person.psn_no,
        name=sale.draft.person.name,
        year=2026,
        benefit=settlement.benefit,
        provider=provider,
        at=bench.clock.now(),
        give_back=100,
        cause="起付线在两家药店各扣了一次",
        rows=(row,),
    )


def answered(bench: Bench, sale: Sale, ours: Settlement, *, more: int, gap: int = 0) -> None:
    """The agency comes to ``more`` for the patient than was sold."""
    assert sale.draft.person is not None
    sums = Sums(
        total=ours.total, fund=ours.fund - more - gap, assistance=ours.assistance, patient=ours.patient + more
    )
    facts = AgencyFacts(policy=None, policy_hash=None, before=sale.draft.person.snapshot, gap=gap)
    settled = Settled(setl_id="S1", mdtrt_id="M1", message_id="m", sums=sums, facts=facts)
    with transaction(bench.db):
        entry = journal.append(bench.db, "agency_answer", "{}", bench.clock.now())
        tasks.from_answer(
            bench.db,
            sale=sale,
            message=sale.message_ids[0],
            ours=ours,
            settled=settled,
            at=bench.clock.now(),
            entry=entry.number,
        )


def receive(bench: Bench, *told: Adjustment) -> int:
    with transaction(bench.db):
        return tasks.receive(bench.db, told, bench.clock.now())


def kinds(bench: Bench) -> list[str]:
    return [entry.kind for entry in journal.read(bench.db, 0, 99)]


def test_a_deductible_paid_twice_is_given_back_as_a_task_that_shows_both_computations(bench: Bench) -> None:
    sale, settlement = sold(bench)

    receive(bench, adjustment(bench, sale, settlement))

    (row,) = bench.till.tasks()
    assert (row.kind, row.amount, row.sale, row.done_at) == ("give_back", 100, sale.number, None)
    assert "＊" in row.who
    assert "两家药店" in row.text
    assert dict(row.before)[f"第 {sale.number} 号 个人负担"] == settlement.patient
    assert dict(row.after)[f"第 {sale.number} 号 个人负担"] == settlement.patient - 100
    assert kinds(bench)[-1] == "adjustment"
    assert bench.till.world().tasks == 1


def test_an_adjustment_that_comes_by_wire_and_by_stick_is_one_task(bench: Bench) -> None:
    told = adjustment(bench, *sold(bench))

    assert [receive(bench, told), receive(bench, told)] == [1, 0]

    assert len(bench.till.tasks()) == 1
    assert kinds(bench).count("adjustment") == 1


def test_handing_the_money_over_is_journalled_with_whoever_did_it_and_goes_to_the_agency(
    bench: Bench,
) -> None:
    receive(bench, adjustment(bench, *sold(bench)))

    (row,) = bench.till.finish_task("A1")

    assert row.done_at is not None
    entry = journal.entry(bench.db, journal.head(bench.db)[0])
    body = msgspec.json.decode(entry.body)
    assert (entry.kind, body["task"], body["amount"], body["by"]) == ("task_done", "A1", 100, "药师 李")
    upload = outbox.recent(bench.db, 1)[0]
    page = read_journal(Raw(outbox.text_of(bench.db, upload).encode()))
    assert [each.kind for each in page.entries] == ["adjustment", "task_done"]
    assert bench.till.world().tasks == 0


def test_a_task_that_is_done_stays_done_whatever_arrives_afterwards(bench: Bench) -> None:
    told = adjustment(bench, *sold(bench))
    receive(bench, told)
    done = bench.till.finish_task("A1")

    receive(bench, told)

    assert bench.till.tasks() == done
    assert bench.till.finish_task("A1") == done
    assert kinds(bench).count("task_done") == 1
    with pytest.raises(sqlite.IntegrityError, match="never moves backwards"):
        bench.db.execute("UPDATE task SET done_at = NULL")
    with pytest.raises(sqlite.IntegrityError, match="never deleted"):
        bench.db.execute("DELETE FROM task")


def test_a_provisional_share_that_was_too_high_is_given_back(bench: Bench) -> None:
    sale, ours = sold(bench)

    answered(bench, sale, ours, more=-50)

    (row,) = bench.till.tasks()
    assert (row.kind, row.amount) == ("correction", 50)
    assert "应退还参保人 0.50 元" in row.text


def test_a_provisional_share_that_was_too_low_is_to_be_collected(bench: Bench) -> None:
    sale, ours = sold(bench)

    answered(bench, sale, ours, more=50)

    (row,) = bench.till.tasks()
    assert (row.kind, row.amount) == ("correction", -50)
    assert "参保人应补 0.50 元" in row.text


def test_the_gap_of_a_lease_that_came_too_late_is_the_shops_and_no_patients(bench: Bench) -> None:
    sale, ours = sold(bench)

    answered(bench, sale, ours, more=0, gap=70)

    (row,) = bench.till.tasks()
    assert (row.kind, row.amount) == ("gap", 70)
    assert "本店承担" in row.text


def test_an_answer_with_the_sums_that_were_sold_leaves_nothing_to_do(bench: Bench) -> None:
    sale, ours = sold(bench)

    answered(bench, sale, ours, more=0)

    assert bench.till.tasks() == ()


def test_a_task_that_nobody_has_is_said_to_be_unknown(bench: Bench) -> None:
    with pytest.raises(TaskUnknown, match="没有改动"):
        bench.till.finish_task("A9")


def test_open_tasks_come_before_done_ones(bench: Bench) -> None:
    sale, settlement = sold(bench)
    receive(bench, adjustment(bench, sale, settlement, "A1"), adjustment(bench, sale, settlement, "A2"))
    bench.till.finish_task("A1")

    assert [row.id for row in bench.till.tasks()] == ["A2", "A1"]


def test_money_that_was_handed_over_before_a_restored_backup_is_not_handed_over_again(bench: Bench) -> None:
    sale, ours = sold(bench)
    told = [adjustment(bench, sale, ours, id_) for id_ in ("A1", "A2", "A3")]
    with transaction(bench.db):
        tasks.receive(bench.db, told[:1], bench.clock.now())
        tasks.done_before(bench.db, ["A1", "A2"], bench.clock.now())
        tasks.receive(bench.db, told, bench.clock.now())
        tasks.done_before(bench.db, ["A1", "A2"], bench.clock.now())

    rows = {each.id: each.done_at is not None for each in bench.till.tasks()}

    assert rows == {"A1": True, "A2": True, "A3": False}
    assert kinds(bench).count("task_done_before") == 2
