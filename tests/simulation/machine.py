"""A till as a machine: a disk, a clock that may be wrong, a line, and the real counter while it is on."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from app.errors import UserError
from app.storage import device, epochs, people, stores
from app.storage.connection import transaction
from app.storage.migrations import STEPS
from app.sync.bundles import Satchel
from app.sync.client import Accepted, AgencyClient, Unreachable
from app.sync.counter_line import CounterLine
from app.sync.deliver import sender_of
from app.sync.enrol import ensure, introduce
from app.usecases.desk import Desk
from app.usecases.till import Till
from app.usecases.trip import prepare_trip
from engine.policy.answer import Answer
from engine.protocol.envelope import Sender
from engine.protocol.profile import DEMONSTRATION
from engine.protocol.settlement import reversal_input
from engine.receipt import Receipt
from engine.sale import Store
from tests.fakes.signing import knowledge, on_duty, sign
from tests.simulation import town
from tests.simulation.courier import OPERATOR, Courier
from tests.simulation.disk import Disk, DiskConnection, DiskPath, PowerCut
from tests.simulation.network import FINE, Weather, Wire
from tests.simulation.office import Office

URL = "http://agency.simulation"
T = TypeVar("T")


class MachineClock:
    """The till's own clock: the world's time, ``off`` by its error; no two readings are alike."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self.off, self._tick = timedelta(), 0

    def now(self) -> datetime:
        self._tick += 1
        return self._world.now + self.off + timedelta(microseconds=self._tick % 1_000_000)


class Paper(Struct, frozen=True, kw_only=True):
    """What a customer was handed, as the simulator saw it; sums as shown before the key was pressed."""

    machine: str
    lineage: str  # Of the disk: a clone and a restored backup are others.
    provider: str
    number: str
    psn_no: str | None
    answer: Answer
    certainty: str
    at: datetime  # By the world's time,
    till_at: datetime  # and by the till's.
    traces: tuple[str, ...]
    lease_until: datetime | None


class Surroundings(Protocol):
    """What a machine needs of the world around it."""

    now: datetime
    start: datetime
    papers: list[Paper]
    law_changed_at_tills: bool
    office: Office


class Printer:
    """Hands the paper to the customer, of whom the simulator remembers what was on it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def print_receipt(self, receipt: Receipt, copy: int = 0) -> Path | None:
        self._machine.disk.tick()  # The power may go right before the paper.
        self._machine.handed_over(receipt)
        return None


class Machine:
    """One till; ``lineage`` names its disk's history."""

    def __init__(self, world: Surroundings, name: str, store: Store, disk: Disk | None = None) -> None:
        self.world, self.name, self.store = world, name, store
        self.provider = store.provider.id
        self.lineage = name
        self.disk = disk or blank_disk(name, world.start.year)
        self.clock = MachineClock(world)
        self.wire = Wire(world)  # type: ignore[arg-type]
        self.weather: Weather = FINE
        self.on = False
        self.code: str | None = None  # For enrolment, as long as it is known.
        self.selling: tuple[Answer, str | None, str, tuple[str, ...], datetime | None] | None = None
        self.db: Any = None
        self.drugs = town.shelves()  # No power cut is tried on it: what is lost of it is told again.
        self.client: AgencyClient
        self.courier: Courier
        self.till: Till
        self.desk: Desk
        self.satchel: Satchel

    @property
    def mark_path(self) -> DiskPath:
        """Where the till keeps, outside its books, how far they were."""
        return DiskPath(self.disk, device.MARK)

    def boot(self) -> None:
        """Switch on; raise PowerCut where the power goes meanwhile."""
        self.disk.power_on() if self.disk.dead else None
        self.wire.weather = self.weather
        self.db = DiskConnection(self.disk)
        self.client = open_client(self)
        self.courier = Courier(self)
        epochs.begin(self.db, DiskPath(self.disk, device.MARK), self.clock.now(), secrets.token_bytes)  # type: ignore[arg-type]
        introduce(self.db, self.client)
        self.desk = Desk(
            db=self.db,
            catalogue=self.drugs,
            clock=self.clock,
            settings=on_duty(OPERATOR, 0.0),
            knowledge=knowledge,
            law=town.till_law(self.world.law_changed_at_tills),
            courier=self.courier,
            printer=Printer(self),
            stops=tuple,
            line=CounterLine(
                db=self.db, open_client=lambda: open_client(self), clock=self.clock, operator=OPERATOR
            ),
        )
        self.satchel = Satchel(db=self.db, drugs=self.drugs, clock=self.clock, operator=OPERATOR)
        self.till = Till(self.desk)
        self.till.start()
        self.on = True

    def switch_off(self) -> None:
        """Close in order."""
        if self.on:
            device.write_mark(self.mark_path, device.mark_of(self.db))  # type: ignore[arg-type]
            self.client.close()
            self.db.close()
            self.on = False

    def let_go(self) -> None:
        """Close what is open at the end of a run, whatever the disk says to it."""
        self.disk.power_on()
        self.drugs.close()
        if self.db is not None:
            self.db.close()

    def lose_power(self, chance: Random) -> None:
        """Go dark at once: what was not flushed is lost or torn."""
        self.disk.lose_power(chance)
        if self.db is not None:
            self.db.close()
        self.db, self.on, self.selling = None, False, None

    def speaker(self) -> Sender:
        """Return who speaks for the shop, the till made known to the agency before."""
        sender = sender_of(self.db, self.provider, OPERATOR)
        ensure(self.db, self.client, self.clock, sender=sender, code=self.code)
        return sender

    def open_shop(self) -> None:
        """Make this till known to the agency with a one-time code, and bring what there is to know."""
        self.code = self.world.office.code_for(self.provider, self.store.till)
        self.speaker()
        self.code = None
        self.courier.pull()

    def travel(self, people_: tuple[str, ...], until: date) -> int:
        """Make a trip ready; return how many leases it brought."""
        return prepare_trip(self.desk, people_, until).leases

    def take_back(self, psn_no: str, mdtrt_id: str, setl_id: str) -> bool:
        """Have one settlement reversed (2103); return whether the agency did."""
        asked = reversal_input(psn_no=psn_no, mdtrt_id=mdtrt_id, setl_id=setl_id)
        try:
            return isinstance(self.client.ask("2103", asked, self.speaker()), Accepted)
        except Unreachable:
            return False

    def act(self, step: Callable[[], T], chance: Random) -> T | None:
        """Do one thing at this till, switched on for it; None where the power went or it was refused."""
        self.wire.chance, self.wire.weather = chance, self.weather
        try:
            if not self.on:
                self.boot()
            return step()
        except PowerCut:
            self.lose_power(chance)
            return None
        except UserError:
            return None
        finally:
            self.selling = None

    def sell(self, psn: int, boxes: list[str], *, asks: bool, delivers: bool, chance: Random) -> str | None:
        """Serve one customer from card to paper; return the sale's number."""
        till, courier, desk = self.till, self.courier, self.desk
        courier.ready = False
        till.next_customer()
        who = town.people(self.world.start.year)[psn]
        till.enter(who.card_no or "")
        if asks:
            courier.serve()
            till.refresh()
        for code in boxes:
            till.enter(code)
        desk.change(replace(desk.draft, prescription=self.world.office.prescription(who, desk.today())))
        state = till.refresh()
        if asks:
            courier.serve()
            state = till.refresh()
        courier.ready = delivers
        for _attempt in range(2):
            state = sign(till, state)
            if state.answer is None or not state.draft.lines:
                return None
            shown_for = state.draft.person.psn_no if state.draft.person else None
            codes = tuple(code for line in state.draft.lines for code in line.trace_codes)
            until = state.lease.use_until if state.lease else None
            self.selling = (state.answer, shown_for, state.certainty or "", codes, until)
            state = till.settle()
            if state.settled is not None:
                return state.settled.number
        return None

    def handed_over(self, receipt: Receipt) -> None:
        """Remember a paper that came out."""
        if self.selling is None:
            return
        answer, psn_no, certainty, traces, until = self.selling
        self.world.papers.append(
            Paper(
                machine=self.name,
                lineage=self.lineage,
                provider=self.provider,
                number=receipt.number,
                psn_no=psn_no,
                answer=answer,
                certainty=certainty,
                at=self.world.now,
                till_at=self.world.now + self.clock.off,
                traces=traces,
                lease_until=until,
            )
        )


def open_client(machine: Machine) -> AgencyClient:
    """Return the real client on the machine's simulated line."""
    return AgencyClient(url=URL, credentials=DEMONSTRATION, clock=machine.clock, transport=machine.wire)


@cache
def _image(year: int) -> dict[str, bytes]:
    """Return the disk of a till that was set up in the shop's first hour."""
    db = DiskConnection(disk := Disk("mould"))
    for number, (_name, statements) in enumerate(STEPS, 1):
        for statement in statements:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")
    with transaction(db):  # type: ignore[arg-type]
        people.save(db, town.people(year))  # type: ignore[arg-type]
    db.close()
    return disk.image()


def blank_disk(name: str, year: int) -> Disk:
    """Return the disk of a till that has not sold anything."""
    disk = Disk(name)
    disk.load(_image(year))
    store = next(each for each in town.stores() if each.provider.id in name)
    db = DiskConnection(disk)
    with transaction(db):  # type: ignore[arg-type]
        stores.save(db, [store])  # type: ignore[arg-type]
    db.close()
    return disk
