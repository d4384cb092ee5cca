"""One run: the plan's events happen to real tills and a real agency; then, in the calm, all is checked."""

from __future__ import annotations

import traceback
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from app.storage import device, outbox
from app.storage.connection import transaction
from tests.simulation import checks, network, shelves, town
from tests.simulation.checks import Sold
from tests.simulation.disk import Disk
from tests.simulation.machine import Machine, Paper
from tests.simulation.network import FINE
from tests.simulation.office import Fell, Office, seeded
from tests.simulation.plan import Event, Plan
from tests.simulation.stick import Stick, damage, forged

SETTLING_WINDOW = timedelta(days=14)
_CALM_ROUNDS = 40
_CALM_STEP = timedelta(minutes=6)


class Outcome(Struct, kw_only=True):
    """What a run came to."""

    seed: int
    violations: list[str]
    days: float
    sales: int
    messages: int
    injected: Counter[str]
    story: list[str]


class World:
    """The time, the agency, the tills, and what the simulator saw with its own eyes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.start = self.now = plan.start
        self.injected: Counter[str] = Counter()
        self.messages = 0
        self.papers: list[Paper] = []
        self.law_changed_at_tills = False
        self.violations: list[str] = []
        self.story: list[str] = []
        self.office = Office(self, plan.start)
        self.office.signs_prescriptions = plan.seed % 5 == 1
        self.machines = [Machine(self, store.provider.id, store) for store in town.stores()]
        self.forked: set[str] = set()
        self.backups: dict[str, dict[str, bytes]] = {}
        self.sticks: list[bytes] = []
        self.sold: dict[str, Sold] = {}  # By message id: what any till ever recorded.
        self._late: list[tuple[dict[str, str], bytes]] = []

    # What the lines need.

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return self.office.answer(headers, body)

    def hold(self, headers: dict[str, str], body: bytes) -> None:
        self._late.append((headers, body))

    def release(self) -> None:
        """Let what was late arrive, the latest first; nobody waits for its answer any more."""
        late, self._late = self._late, []
        for headers, body in reversed(late):
            with suppress(Fell):
                self.office.answer(headers, body)

    def slow(self, msgid: str) -> bool:
        """Tell whether a settlement came later than its lease's settling window."""
        rows = self.office.rows("SELECT received_at, settled_at FROM settlement WHERE msgid = ?", (msgid,))
        received, settled = (datetime.fromisoformat(each) for each in rows[0])
        return received - settled > SETTLING_WINDOW

    # What happens.

    def run(self) -> Outcome:
        """Live through the plan and the calm after it, and check what must hold."""
        with seeded(self.plan.seed):
            try:
                self._open_shops()
                for event in self.plan.events:
                    self._live(event)
                if not self.violations:
                    self._calm()
            except Exception:
                self._note(f"bug: {traceback.format_exc(limit=-8)}")
            finally:
                self._close()
        return Outcome(
            seed=self.plan.seed,
            violations=self.violations,
            days=(self.now - self.start) / timedelta(days=1),
            sales=len(self.papers),
            messages=self.messages,
            injected=self.injected,
            story=self.story,
        )

    def _close(self) -> None:
        """Let go of all that a run opened: ten thousand follow one another in one process."""
        for machine in self.machines:
            machine.let_go()
        self.office.books.raw.close()

    def _open_shops(self) -> None:
        for machine in self.machines:
            machine.act(machine.open_shop, Random(0))

    def _live(self, event: Event) -> None:
        if self.violations:
            return
        self.now += timedelta(seconds=event.gap)
        chance = event.chance(self.plan.seed)
        machine = self.machines[event.where % len(self.machines)]
        told = getattr(self, f"_{event.what}")(machine, event, chance)
        self.story.append(f"{self.now:%m-%d %H:%M:%S} {event.said()}{': ' + told if told else ''}")
        with machine.disk.unhurried():
            for found in checks.at_every_step(self, machine):
                self._note(found)

    def _note(self, found: str) -> None:
        self.violations.append(found)

    def _sell(self, machine: Machine, event: Event, chance: Random) -> str:
        boxes = [
            town.box(chance.choice((1, 1, 2, 3, 4)), event.number * 10 + place)
            for place in range(chance.randrange(1, 4))
        ]
        if chance.random() < 0.1:
            boxes.append(town.box(1, chance.randrange(3)))  # A box that may have been sold before.
        psn, asks, delivers = chance.randrange(town.PEOPLE), chance.random() < 0.6, chance.random() < 0.6
        if chance.random() < 0.5:
            psn = event.where  # Most people go to the shop next door, now and then to another.
        psn %= self.plan.season.people
        if self.plan.season.shelves:
            self._stock(machine, event, boxes)
        number = machine.act(
            lambda: machine.sell(psn, boxes, asks=asks, delivers=delivers, chance=chance), chance
        )
        return f"{number} to {psn}, {len(boxes)} boxes"

    def _stock(self, machine: Machine, event: Event, boxes: list[str]) -> None:
        """Let some of the boxes come in before they are sold, and something happen on the shelves."""
        dice = Random(f"{self.plan.seed}/{event.number}/shelves")
        came = [code for code in boxes if dice.random() < 0.8]
        self.injected["delivery"] += 1
        machine.act(lambda: shelves.receive(machine, came, f"SH{event.number}", dice), dice)
        for _time in range(dice.randrange(3)):
            machine.act(lambda: shelves.tend(machine, dice), dice)

    def _sync(self, machine: Machine, event: Event, chance: Random) -> str:
        def step() -> str:
            round_ = machine.courier.deliver()
            if chance.random() < 0.7:
                machine.courier.pull()
            return f"settled {round_.settled if round_ else '?'}"

        return machine.act(step, chance) or ""

    def _weather(self, machine: Machine, event: Event, chance: Random) -> str:
        name = chance.choice(sorted(network.WEATHERS))
        machine.weather = network.WEATHERS[name]
        return name

    def _power(self, machine: Machine, event: Event, chance: Random) -> str:
        machine.disk.fuse = 1 + int(chance.expovariate(1 / 60))
        self.injected["power_cut"] += 1
        return f"in {machine.disk.fuse} steps"

    def _restart(self, machine: Machine, event: Event, chance: Random) -> str:
        machine.act(machine.switch_off, chance)
        machine.on = False
        return ""

    def _clock(self, machine: Machine, event: Event, chance: Random) -> str:
        jump = timedelta(seconds=chance.choice((-86_400, -7_200, -200, 0, 0, 90, 240, 5_000, 200_000)))
        machine.clock.off = jump
        self.injected["clock_jump"] += 1
        return f"off by {jump}"

    def _hiccup(self, machine: Machine, event: Event, chance: Random) -> str:
        self.office.books.fuse = chance.randrange(1, 60)
        self.injected["agency_down"] += 1
        return ""

    def _reverse(self, machine: Machine, event: Event, chance: Random) -> str:
        found = self.office.rows(
            "SELECT psn_no, mdtrt_id, setl_id FROM settlement WHERE provider = ? AND reversed_by IS NULL"
            " ORDER BY setl_id",
            (machine.provider,),
        )
        if not found:
            return "nothing"
        chosen = chance.choice(found)
        return f"{machine.act(lambda: machine.take_back(*chosen), chance)}"

    def _trip(self, machine: Machine, event: Event, chance: Random) -> str:
        until = (self.now + timedelta(days=chance.randrange(1, 12))).date()
        people = tuple(each.psn_no for each in town.people(self.start.year) if chance.random() < 0.6) or (
            town.people(self.start.year)[0].psn_no,
        )
        self.injected["trip"] += 1
        return f"{machine.act(lambda: machine.travel(people, until), chance)} leases"

    def _stick(self, machine: Machine, event: Event, chance: Random) -> str:
        """Carry a bundle to the agency and its answer back, to whichever till, whatever the stick does."""
        stick = Stick()
        done = machine.act(
            lambda: machine.satchel.export_bundle(machine.provider, stick.root),
            chance,  # type: ignore[arg-type]
        )
        if done is None:
            return "not written"
        data, fate = damage(stick.files.popitem()[1], chance)
        self.injected[f"stick_{fate}"] += 1
        self.pass_by(3_600 * chance.random())
        down: bytes | None = None
        with suppress(Fell):
            down = self.office.take_in(data, chance.randbytes(32))
        if down is not None:
            self.sticks.append(down)
        told = fate
        for _time in range(chance.randrange(3)):
            if self.sticks:  # Any that ever came back: replayed, older, another till's.
                told += f", {self._bring(chance)}"
        return told

    def _bring(self, chance: Random) -> str:
        machine = chance.choice(self.machines)
        bundle, fate = damage(chance.choice(self.sticks[-4:]), chance)
        stick = Stick()
        stick.files["down.syb"] = bundle
        self.injected["stick_brought"] += 1
        report = machine.act(
            lambda: machine.satchel.import_bundle(stick.root / "down.syb"),
            chance,  # type: ignore[arg-type]
        )
        return f"{fate} to {machine.name}: {report.answers if report else 'no'} answers"

    def _forge(self, machine: Machine, event: Event, chance: Random) -> str:
        """Somebody writes a bundle as if it were the agency's: there is nothing more to come."""
        stick = Stick()

        def write() -> bytes:
            machine.satchel.export_bundle(machine.provider, stick.root)  # type: ignore[arg-type]
            return device.current(machine.db).box_key

        reader = machine.act(write, chance)
        if reader is None:
            return "not written"
        stick.files["down.syb"] = forged(stick.files.popitem()[1], reader, chance.randbytes(32))
        self.injected["stick_forged"] += 1
        report = machine.act(lambda: machine.satchel.import_bundle(stick.root / "down.syb"), chance)  # type: ignore[arg-type]
        return "taken" if report and report.taken else "refused"

    def _clone(self, machine: Machine, event: Event, chance: Random) -> str:
        """Copy a till's whole disk into another machine, which goes on selling beside it."""
        if machine.provider in self.forked or not machine.on or machine.disk.fuse is not None:
            return "nothing"
        machine.act(machine.switch_off, chance)
        disk = Disk(f"{machine.name}-clone")
        disk.load(machine.disk.image())
        twin = Machine(self, f"{machine.name}-clone", machine.store, disk)
        twin.weather = machine.weather
        self.machines.append(twin)
        self.forked.add(machine.provider)
        self.injected["clone"] += 1
        return twin.name

    def _backup(self, machine: Machine, event: Event, chance: Random) -> str:
        if machine.disk.fuse is None:
            machine.act(machine.switch_off, chance)
            self.backups[machine.name] = machine.disk.image()
        return ""

    def _restore(self, machine: Machine, event: Event, chance: Random) -> str:
        """Put an old backup in the place of the books; the till's mark outside them stays."""
        image = self.backups.get(machine.name)
        if image is None or machine.provider in self.forked or machine.disk.fuse is not None:
            return "nothing"
        machine.act(machine.switch_off, chance)
        kept = {name: data for name, data in machine.disk.image().items() if name == device.MARK}
        machine.disk.load({**image, **kept})
        if chance.random() < 0.6:  # By the program's own way; else somebody copied files.
            mark = device.read_mark(machine.mark_path)  # type: ignore[arg-type]
            if mark is not None:
                device.write_mark(machine.mark_path, replace(mark, restored=True))  # type: ignore[arg-type]
        machine.lineage = f"{machine.lineage}/{event.number}"
        self.injected["restore"] += 1
        return ""

    def _law(self, machine: Machine, event: Event, chance: Random) -> str:
        """A document that reaches back: the agency applies it, the tills hear of it when they are started."""
        if self.office.law_changed:
            return "nothing"
        self.office.change_law()
        self.law_changed_at_tills = True
        self.injected["law_changed"] += 1
        return ""

    # The calm.

    def _calm(self) -> None:
        """Give everything back that makes work possible, let it run, and check what must hold then."""
        self.office.books.fuse = None
        self.release()
        chance = Random(f"{self.plan.seed}/calm")
        for machine in self.machines:
            machine.disk.fuse = None
            machine.weather = FINE
            machine.clock.off = timedelta()
        self._drain(chance)
        self.now += timedelta(days=35)
        self._drain(chance)
        self.now += timedelta(days=16)
        self.office.reclaim()
        self._drain(chance)
        for _round in range(2):
            for machine in self.machines:
                self.now += _CALM_STEP
                machine.act(machine.courier.pull, chance)
        for found in checks.after_the_storm(self):
            self._note(found)

    def _drain(self, chance: Random) -> None:
        for _round in range(_CALM_ROUNDS):
            self.now += _CALM_STEP
            for machine in self.machines:
                machine.act(lambda machine=machine: self._quiet_round(machine), chance)  # type: ignore[misc]
            if all(machine.on and outbox.counts(machine.db)[0] == 0 for machine in self.machines):
                return

    def _quiet_round(self, machine: Machine) -> None:
        if device.trouble(machine.db, machine.provider) and machine.provider not in self.forked:
            # What a person does whose till was put back twice: ask the agency for a code.
            machine.code = self.office.code_for(machine.provider, machine.store.till)
        machine.courier.online = True
        machine.till.next_customer()
        with transaction(machine.db):
            outbox.hasten(machine.db, machine.clock.now())
        machine.courier.deliver()
