"""Fifteen complaints that users of other counters made, each as what must not happen here.

Threads are named in the docstrings as they were read: project and number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from app.documents.pdf import receipt_pdf
from app.errors import BackupUnusable, CounterAlreadyOpen, DayNotClosed, PrinterSilent
from app.storage import backup, device, epochs, journal, outbox, sales
from app.storage.connection import open_database, sqlite, transaction
from app.storage.guard import Guard
from engine.calendar import business_day
from engine.money import portion
from engine.receipt import Receipt, Row
from tests.fakes.fake_counter import KEY, NOW, TODAY, Bench
from tests.integration.test_kill import Seller, check
from tests.simulation import town
from tests.simulation.machine import Machine
from tests.simulation.network import AWFUL, DEAD, FINE, Weather
from tests.simulation.office import seeded
from tests.simulation.plan import draw
from tests.simulation.world import World

CHANCE = Random(15)


@contextmanager
def shops() -> Iterator[World]:
    """Open three shops of one town, each enrolled with the agency, and nothing else happening."""
    world = World(draw(0))
    with seeded(0):
        for machine in world.machines:
            machine.act(machine.open_shop, CHANCE)
        yield world


def sell(machine: Machine, serial: int, *, who: int = 0, delivers: bool = False) -> str:
    """Sell one box and return the number on the paper."""
    number = machine.act(
        lambda: machine.sell(who, [town.box(1, serial)], asks=False, delivers=delivers, chance=CHANCE), CHANCE
    )
    assert number is not None
    return number


def deliver(machine: Machine) -> None:
    def step() -> None:
        with transaction(machine.db):
            outbox.hasten(machine.db, machine.clock.now())
        machine.courier.deliver()

    machine.act(step, CHANCE)


def settled(world: World) -> list[str]:
    return [row[0] for row in world.office.rows("SELECT sale FROM settlement ORDER BY sale")]


def states(machine: Machine) -> set[str]:
    return {row[0] for row in machine.db.execute("SELECT state FROM outbox").fetchall()}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.till.start()
    yield made
    made.close()


def buy(bench: Bench) -> str:
    """Sell a box without a prescription at a till of the demonstration."""
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    bench.till.enter(drug.barcode or "")
    state = bench.settle()
    assert state.settled is not None
    return state.settled.number


def test_1_a_printed_sale_never_vanishes_when_the_till_is_switched_off(tmp_path: Path) -> None:
    """odoo#60939: the receipt was printed, the PC switched off, the sale had never been."""
    told = Seller(tmp_path).sell_and_kill(3, 0.0)
    db = open_database(tmp_path / "counter.db", KEY)
    try:
        check(db, told)
    finally:
        db.close()


def test_2_no_day_closes_over_a_sale_that_is_missing_anywhere(bench: Bench) -> None:
    """erpnext#11461, #11745: several printed sales were absent from the books, and nothing said so."""
    bench.printer.silent = True
    number = buy(bench)
    with pytest.raises(DayNotClosed) as stopped:
        bench.till.close_day(TODAY)
    assert number in stopped.value.what + stopped.value.advice


def test_3_a_lost_answer_never_makes_a_second_sale() -> None:
    """odoo#40567, odoo PR#85527: a timeout, the server had saved it, and sending again made another."""
    with shops() as world:
        till = world.machines[0]
        number = sell(till, 1)
        till.weather = Weather(unanswered=1.0)
        for _ in range(3):
            deliver(till)
        assert "waiting" in states(till)
        till.weather = FINE
        deliver(till)
        assert settled(world) == [number]
        assert states(till) == {"accepted"}


def test_4_two_windows_never_write_into_one_ledger(tmp_path: Path) -> None:
    """odoo#152259: two tabs sent the same offline orders, and they were doubled."""
    first = Guard(tmp_path / "counter.lock")
    try:
        with pytest.raises(CounterAlreadyOpen):
            Guard(tmp_path / "counter.lock")
    finally:
        first.release()


def test_5_a_settled_sale_is_never_reopened_by_a_sync() -> None:
    """odoo PR#288974: paid offline, then another device's sync reopened it as unpaid."""
    with shops() as world:
        till, other = world.machines[:2]
        number = sell(till, 1, delivers=True)
        before = [till.db.execute("SELECT * FROM sale").fetchall(), journal.read(till.db, 0, 100)]
        sell(other, 2, delivers=True)
        till.act(till.courier.pull, CHANCE)
        deliver(till)
        assert [till.db.execute("SELECT * FROM sale").fetchall(), journal.read(till.db, 0, 100)] == before
        message = till.db.execute("SELECT id FROM outbox WHERE sale = ?", (number,)).fetchone()[0]
        outbox.rejected(till.db, message, "too late", till.clock.now())
        assert states(till) == {"accepted"}


def test_6_a_failed_sync_never_loses_the_unsent_mark() -> None:
    """odoo PR#261096: after a failed sync the order was no longer marked unsent, and nobody sent it."""
    with shops() as world:
        till = world.machines[0]
        number = sell(till, 1)
        for weather in (DEAD, Weather(lost=1.0), Weather(spoilt=1.0), Weather(forged=1.0), AWFUL):
            till.weather = weather
            deliver(till)
            till.act(till.switch_off, CHANCE)
        till.weather = FINE
        deliver(till)
        assert settled(world) == [number]


def test_7_a_retry_never_waits_for_the_next_sale() -> None:
    """powersync swift#179, native#15: "will retry" never retried until something else was written."""
    with shops() as world:
        till = world.machines[0]
        sell(till, 1)
        till.weather = DEAD
        due = till.act(till.courier.deliver, CHANCE)
        assert due is not None
        assert due.next_at is not None
        till.act(till.switch_off, CHANCE)  # When it is due again is on disk, not in the program.
        world.now += timedelta(days=9)
        till.weather = FINE
        till.act(till.courier.deliver, CHANCE)
        assert states(till) == {"accepted"}


def test_8_one_bad_message_never_stops_the_queue() -> None:
    """erpnext#11000, open-msupply#788: one bad field stopped the queue; the text was edited by hand."""
    with shops() as world:
        till = world.machines[0]
        bad = sell(till, 1, who=0)
        till.db.execute(
            "UPDATE outbox SET input = '{\"druginfo\": 7}' WHERE sale = ? AND infno = '2102'", (bad,)
        )
        good = sell(till, 2, who=1)
        deliver(till)
        assert settled(world) == [good]
        rows = till.db.execute("SELECT state, trouble FROM outbox WHERE state <> 'accepted'").fetchall()
        assert [row[0] for row in rows] == ["rejected"]
        assert rows[0][1]


def test_9_a_remote_till_is_never_made_ready_with_the_whole_world() -> None:
    """open-msupply#4658: hours to initialise a tiny site; here the trip's people, and its size is said."""
    with shops() as world:
        till, person = world.machines[0], town.people(world.start.year)[1]
        until = business_day(world.now) + timedelta(days=3)
        leases = till.act(lambda: till.travel((person.psn_no,), until), CHANCE)
        assert leases == 1
        held = till.db.execute("SELECT DISTINCT psn_no FROM lease").fetchall()
        assert held == [(person.psn_no,)]


def test_10_no_two_tills_ever_print_the_same_number() -> None:
    """OCA/l10n-spain#4921, open-msupply#8140: two tills offline under one register doubled numbers."""
    with shops() as world:
        till = world.machines[0]
        till.act(till.switch_off, CHANCE)
        image = till.disk.image()
        first = sell(till, 1)
        till.act(till.switch_off, CHANCE)
        mark = till.disk.image()[device.MARK]
        till.disk.load({**image, device.MARK: mark})
        second = sell(till, 2)
        assert first != second
        assert sales.serial_of(first) == sales.serial_of(second) == 1


def test_11_no_sale_is_ever_deleted_unnoticed(bench: Bench) -> None:
    """OCA/pos#172: a private window and no cable, and there was a sale with a ticket and no record."""
    for _ in range(3):
        buy(bench)
    with pytest.raises(sqlite.IntegrityError):
        bench.db.execute("DELETE FROM journal WHERE number = 2")
    bench.db.execute("DROP TRIGGER journal_never_deleted")
    bench.db.execute("DELETE FROM journal WHERE number = 2")
    assert [fault.number for fault in journal.verify(bench.db)] != []


def test_12_nobody_is_dispensed_twice_without_a_word() -> None:
    """open-msupply#5014: a second site could repeat doses, because it had not seen the first."""
    with shops() as world:
        till = world.machines[0]
        sell(till, 1)

        def again() -> list[str]:
            person = town.people(world.start.year)[0]
            till.till.next_customer()
            till.till.enter(person.card_no or "")
            state = till.till.enter(town.box(1, 2))
            return [finding.text for finding in state.findings]

        found = till.act(again, CHANCE)
        assert found is not None
        assert any("本店" in text for text in found)


def test_13_no_fen_is_ever_lost_to_binary_fractions() -> None:
    """openfisca-core PR#1378, policyengine-us#9171: 68,212,200 for 68,212,208; a rate of 2/37 cut short."""
    assert portion(6_821_220_800, 10_000) == 6_821_220_800
    assert portion(6_821_220_801, 5_000) in (3_410_610_400, 3_410_610_401)
    assert portion(10, 5_405) + portion(10, 4_595) == 10


def test_14_a_paper_jam_never_costs_the_receipt(bench: Bench) -> None:
    """xpos PR#148, POS-Awesome PR#85, odoo#47635: charged and nothing printed; over ten lines garbled."""
    bench.printer.silent = True
    number = buy(bench)
    stored = bench.till.receipt(number)
    with pytest.raises(PrinterSilent):
        bench.till.reprint(number)
    bench.printer.silent = False
    assert bench.till.reprint(number).receipt == stored
    bench.till.reprint(number)
    assert bench.printer.papers[0] == stored
    assert bench.printer.papers[1] != stored  # Marked as a copy.
    rows = tuple(Row(left=f"第 {place} 行", right="1.00") for place in range(200))
    assert receipt_pdf(Receipt(number=number, rows=rows)).startswith(b"%PDF")


def test_15_a_backup_is_never_trusted_unproven_and_never_spends_quota_twice(tmp_path: Path) -> None:
    """litestream#752, #582, #1164: the restore failed, or what was restored was corrupt."""
    bench, mark = Bench(tmp_path), tmp_path / device.MARK
    epochs.begin(bench.db, mark, NOW)
    bench.till.start()
    buy(bench)
    made = backup.make(bench.db, KEY, tmp_path / "backups", NOW)
    buy(bench)
    bench.close()

    spoilt = tmp_path / "spoilt.db"
    data = bytearray(made.path.read_bytes())
    data[len(data) // 2] ^= 1
    spoilt.write_bytes(data)
    with pytest.raises(BackupUnusable):
        backup.check(spoilt, KEY, whole=True)

    assert backup.restore(made.path, KEY, bench.path, mark, tmp_path / "aside") == made.entries
    db = open_database(bench.path, KEY)
    try:
        assert epochs.begin(db, mark, NOW)
        assert device.current(db).epoch == 2  # Leases belong to an epoch: none of the first is used again.
        assert journal.verify(db) == []
    finally:
        db.close()
