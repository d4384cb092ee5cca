"""One run: the plan's events happen to real tills and a real agency; then, in the calm, all is checked."""

from __future__ import annotations

import traceback
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from random import Random

from msgspec import Struct

from app.storage import outbox
from app.storage.connection import transaction
from tests.simulation import checks, network, town
from tests.simulation.machine import Machine, Paper
from tests.simulation.network import FINE
from tests.simulation.office import Fell, Office, seeded
from tests.simulation.plan import Event, Plan

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
        self.machines = [Machine(self, store.provider.id, store) for store in town.stores()]
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
        return Outcome(
            seed=self.plan.seed,
            violations=self.violations,
            days=(self.now - self.start) / timedelta(days=1),
            sales=len(self.papers),
            messages=self.messages,
            injected=self.injected,
            story=self.story,
        )

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
        number = machine.act(
            lambda: machine.sell(psn, boxes, asks=asks, delivers=delivers, chance=chance), chance
        )
        return f"{number} to {psn}, {len(boxes)} boxes"

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
        for _round in range(_CALM_ROUNDS):
            self.now += _CALM_STEP
            for machine in self.machines:
                machine.act(lambda machine=machine: self._quiet_round(machine), chance)  # type: ignore[misc]
            if all(machine.on and outbox.counts(machine.db)[0] == 0 for machine in self.machines):
                break
        for machine in self.machines:
            machine.act(machine.courier.pull, chance)
        for found in checks.after_the_storm(self):
            self._note(found)

    @staticmethod
    def _quiet_round(machine: Machine) -> None:
        with transaction(machine.db):
            outbox.hasten(machine.db, machine.clock.now())
        machine.courier.deliver()
