"""What must hold (design, S1 to S8), reckoned from what the simulator saw, never from the code's own word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from app.storage import journal, people
from engine.journal import find_faults
from engine.sale import Sale, insured_settlements
from tests.simulation import town

if TYPE_CHECKING:
    from tests.simulation.machine import Machine, Paper
    from tests.simulation.world import World

CLOCKS_APART = timedelta(minutes=9)
_SALE = msgspec.json.Decoder(Sale).decode


def at_every_step(world: World, machine: Machine) -> Iterator[str]:
    """Yield what is wrong after one event."""
    yield from _s1_limits(world)
    if machine.on:
        yield from _s4_printed_is_recorded(world, machine)


def after_the_storm(world: World) -> Iterator[str]:
    """Yield what is wrong when everything works again and has had time to settle."""
    for machine in world.machines:
        if not machine.on:
            yield f"S5: {machine.name} does not start any more"
            return
        yield from _s4_printed_is_recorded(world, machine)
        yield from _s5_outbox_is_empty(machine)
        yield from _s6_chain_holds(machine)
        yield from _s8_boxes(machine)
    yield from _s1_limits(world)
    yield from _s3_once(world)
    yield from _s5_both_agree(world)
    yield from _s5_sums_agree(world)
    yield from _s6_agency_holds_the_journals(world)


def _s1_limits(world: World) -> Iterator[str]:
    """Paid, by the settlements themselves and by the sums kept, and never over the limit."""
    year = world.start.year
    limits = {person.psn_no: person.snapshot.parameters.annual_limit or 0 for person in town.people(year)}
    paid = dict(
        world.office.rows(
            "SELECT psn_no, sum(now_fund) FROM settlement WHERE reversed_by IS NULL GROUP BY psn_no"
        )
    )
    sums = dict(world.office.rows("SELECT psn_no, fund_paid FROM accumulator WHERE year = ?", (year,)))
    for psn_no, limit in limits.items():
        if paid.get(psn_no, 0) != sums.get(psn_no, 0):
            yield f"S1: {psn_no} was paid {paid.get(psn_no, 0)}, the sums say {sums.get(psn_no, 0)}"
        if paid.get(psn_no, 0) > limit:
            yield f"S1: {psn_no} was paid {paid[psn_no]} of at most {limit}"


def _s3_once(world: World) -> Iterator[str]:
    """Each printed settlement is at the agency once, with the total that was printed; nothing else is."""
    there = Counter(
        (provider, sale, total)
        for provider, sale, total in world.office.rows("SELECT provider, sale, total FROM settlement")
    )
    sold: Counter[tuple[str, str, int]] = Counter()
    for machine in world.machines:
        for sale in sales_of(machine):
            for settlement in insured_settlements(sale.answer):
                sold[machine.provider, sale.number, settlement.total] += 1
    ahead = {(each.provider, number) for each in world.machines for number in excused(each)}
    for key in sorted(sold | there):
        if key[:2] in ahead and there[key] <= 1:
            continue
        if sold[key] != there[key]:
            yield f"S3: {key} was sold {sold[key]} times and settled {there[key]} times"


def _s4_printed_is_recorded(world: World, machine: Machine) -> Iterator[str]:
    """Every paper's sale is on the disk that it was sold from, with the sums of the paper."""
    recorded = {sale.number: sale for sale in sales_of(machine)}
    for paper in world.papers:
        if paper.lineage != machine.lineage:
            continue
        sale = recorded.get(paper.number)
        if sale is None:
            yield f"S4: the printed sale {paper.number} of {machine.name} is gone"
        elif sums(sale.answer) != sums(paper.answer):
            yield f"S4: {paper.number} was printed as {sums(paper.answer)}, recorded as {sums(sale.answer)}"


def excused(machine: Machine) -> set[str]:
    """Return the sales that the agency is right to refuse: dated by a clock that ran ahead."""
    return {
        sale.number
        for sale in sales_of(machine)
        if any(
            off > CLOCKS_APART and at <= sale.made_at <= at + timedelta(minutes=2)
            for at, off in machine.attempts
        )
    }


def _s5_outbox_is_empty(machine: Machine) -> Iterator[str]:
    ahead = excused(machine)
    rows = machine.db.execute(
        "SELECT id, infno, state, trouble, sale FROM outbox WHERE state <> 'accepted'"
    ).fetchall()
    for id_, infno, state, trouble, sale in rows:
        if (infno, state) == ("2102", "rejected") and sale in ahead:
            continue
        yield f"S5: {machine.name} {infno} {id_} is {state}: {trouble}"


def _s5_both_agree(world: World) -> Iterator[str]:
    """What the till shows as the agency's sums of a sale are the agency's sums."""
    theirs: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for provider, sale, fund, patient in world.office.rows(
        "SELECT provider, sale, fund, patient FROM settlement"
    ):
        theirs[provider, sale][0] += fund
        theirs[provider, sale][1] += patient
    for machine in world.machines:
        ahead = excused(machine)
        for number, messages, fund, patient in machine.db.execute(
            "SELECT number, messages, agency_fund, agency_patient FROM sale WHERE messages > 0"
        ).fetchall():
            if number not in ahead and theirs[machine.provider, number] != [fund, patient]:
                yield (
                    f"S5: {number} of {machine.name}: the till has {fund} and {patient} as the agency's,"
                    f" the agency has {theirs[machine.provider, number]} ({messages} messages)"
                )


def _s5_sums_agree(world: World) -> Iterator[str]:
    """Every till knows every person's year as the agency has it."""
    year = world.start.year
    theirs = {
        psn_no: (deductible, fund)
        for psn_no, deductible, fund in world.office.rows(
            "SELECT psn_no, deductible_paid, fund_paid FROM accumulator WHERE year = ?", (year,)
        )
    }
    for machine in world.machines:
        for person in town.people(year):
            known = people.by_psn_no(machine.db, person.psn_no)
            sums = known.snapshot.accumulators if known else None
            told = (sums.deductible_paid, sums.fund_paid) if sums else None
            if told != theirs.get(person.psn_no, (0, 0)):
                yield (
                    f"S5: {machine.name} thinks of {person.psn_no} {told},"
                    f" the agency {theirs.get(person.psn_no)}"
                )


def _s6_chain_holds(machine: Machine) -> Iterator[str]:
    for fault in journal.verify(machine.db):
        yield f"S6: {machine.name}: {fault.text}"


def _s6_agency_holds_the_journals(world: World) -> Iterator[str]:
    """The agency holds every entry up to the last sale, and each as the till has it."""
    held: set[str] = {row[0] for row in world.office.rows("SELECT hash FROM journal")}
    for machine in world.machines:
        entries = journal.read(machine.db, 0, 100_000)
        if find_faults(entries):
            continue
        last = max((entry.number for entry in entries if entry.kind == "sale"), default=0)
        missing = [entry.number for entry in entries if entry.number <= last and entry.hash not in held]
        if missing:
            yield f"S6: the agency lacks entries {missing[:5]} of {machine.name}"


def _s8_boxes(machine: Machine) -> Iterator[str]:
    counted = Counter(
        code for sale in sales_of(machine) for line in sale.draft.lines for code in line.trace_codes
    )
    for code, times in counted.items():
        if times > 1:
            yield f"S8: {machine.name} sold the box {code} {times} times"


def sales_of(machine: Machine) -> list[Sale]:
    """Return every sale in a till's journal."""
    rows = machine.db.execute("SELECT body FROM journal WHERE kind = 'sale' ORDER BY number").fetchall()
    return [_SALE(row[0]) for row in rows]


def sums(answer: Any) -> tuple[int, int, int, int]:
    return answer.total, answer.fund, answer.assistance, answer.patient


def papers_of(world: World, machine: Machine) -> list[Paper]:
    return [paper for paper in world.papers if paper.lineage == machine.lineage]
