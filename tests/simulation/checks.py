"""What must hold (design, S1 to S8), reckoned from what the simulator saw, never from the code's own word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from app.storage import journal, people
from engine.journal import Entry
from engine.sale import Sale, insured_settlements
from tests.simulation import shelves, town

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

_SALE = msgspec.json.Decoder(Sale).decode


class Sold(Struct, frozen=True, kw_only=True):
    """One settlement as it was sold: by whom and to whom, and what of it the law is about, all in fen."""

    provider: str
    number: str
    psn_no: str
    total: int
    fund: int
    patient: int
    in_scope: int
    guaranteed: bool


def at_every_step(world: World, machine: Machine) -> Iterator[str]:
    """Yield what is wrong after one event."""
    for year in _years(world):
        yield from _s1_limits(world, year)
    if machine.on:
        _remember(world, machine)
        yield from _s4_printed_is_recorded(world, machine)


def after_the_storm(world: World) -> Iterator[str]:
    """Yield what is wrong when everything works again and has had time to settle."""
    for machine in world.machines:
        if not machine.on:
            yield f"S5: {machine.name} does not start any more"
            return
        _remember(world, machine)
        yield from _s4_printed_is_recorded(world, machine)
        yield from _s5_outbox_is_empty(world, machine)
        yield from _s6_chain_holds(machine)
        yield from shelves.books_hold(machine)
        if machine.provider not in world.forked:
            yield from shelves.agency_knows(world, machine)
    for year in _years(world):
        yield from _s1_limits(world, year)
        yield from _s7_given_back(world, year)
    yield from _s2_guaranteed_is_kept(world)
    yield from _s3_once(world)
    if world.office.signs_prescriptions:
        yield from _s3_written_off_once(world)
    yield from _s5_both_agree(world)
    yield from _s5_sums_agree(world)
    yield from _s5_leases_return(world)
    yield from _s6_agency_holds_the_journals(world)
    yield from _s6_forks_are_found(world)
    yield from _s8_boxes_across(world)


def _remember(world: World, machine: Machine) -> None:
    for sale in sales_of(machine):
        settled = insured_settlements(sale.answer)
        if not settled or sale.message_ids[0] in world.sold:
            continue
        person = sale.draft.person
        for settlement, message in zip(settled, sale.message_ids, strict=True):
            world.sold[message] = Sold(
                provider=machine.provider,
                number=sale.number,
                psn_no=person.psn_no if person else "",
                total=settlement.total,
                fund=settlement.fund,
                patient=settlement.patient,
                in_scope=_in_scope(sale, settlement.lines),
                guaranteed=sale.lease is not None,
            )


def _in_scope(sale: Sale, lines: tuple[str, ...]) -> int:
    """Return what the law counts of a sale, by the simulator's own price list: a tenth of class B is not."""
    found = 0
    for line in sale.draft.lines:
        if line.id in lines:
            share = {"3": 9, "4": 0}.get(line.drug.code[5], 10)
            found += line.quantity * line.unit_price * share // 10
    return found


def _years(world: World) -> range:
    """Return the insurance years that a run may have come to; the tills' clocks may be ahead."""
    return range(world.start.year, world.now.year + 2)


def _s1_limits(world: World, year: int) -> Iterator[str]:
    """Paid, by the settlements themselves and by the sums kept, and reserved: never over the limit."""
    office = world.office
    paid = dict(
        office.rows(
            "SELECT psn_no, sum(now_fund) FROM settlement WHERE reversed_by IS NULL AND year = ?"
            " GROUP BY psn_no",
            (year,),
        )
    )
    sums = dict(office.rows("SELECT psn_no, fund_paid FROM accumulator WHERE year = ?", (year,)))
    reserved = dict(
        office.rows(
            "SELECT psn_no, sum(max(0, reserved_fund - used_fund)) FROM lease"
            " WHERE state IN ('open', 'closing') AND year = ? GROUP BY psn_no",
            (year,),
        )
    )
    for person in town.people(year):
        limit, psn_no = person.snapshot.parameters.annual_limit or 0, person.psn_no
        mine = paid.get(psn_no, 0)
        if mine != sums.get(psn_no, 0):
            yield f"S1: {psn_no} was paid {mine}, the sums say {sums.get(psn_no, 0)}"
        if mine + reserved.get(psn_no, 0) > limit:
            yield f"S1: {psn_no} was paid {mine}, {reserved.get(psn_no, 0)} is reserved, of at most {limit}"


def _s2_guaranteed_is_kept(world: World) -> Iterator[str]:
    """What was printed as guaranteed, and delivered in time, stands to the fen."""
    for paper in world.papers:
        if paper.certainty == "guaranteed" and paper.lease_until and paper.till_at >= paper.lease_until:
            yield f"S2: {paper.number} of {paper.machine} was guaranteed after its lease had ended"
    rows = world.office.rows(
        "SELECT s.msgid, s.fund, s.patient, s.gap, s.lease, s.received_at, l.reclaim_at"
        " FROM settlement s LEFT JOIN lease l ON l.id = s.lease AND l.psn_no = s.psn_no"
    )
    for msgid, fund, patient, gap, lease, _received, _reclaim in rows:
        sold = world.sold.get(msgid)
        if sold is None or not sold.guaranteed or world.slow(msgid):
            continue
        if lease is None or gap or (fund, patient) != (sold.fund, sold.patient):
            yield (
                f"S2: {sold.number} of {sold.provider} was guaranteed {sold.fund} and {sold.patient},"
                f" settled as {fund} and {patient}, gap {gap}, lease {lease}"
            )


def _s3_once(world: World) -> Iterator[str]:
    """Each settlement that a till still has is at the agency once, with its total; nothing else is."""
    there: Counter[str] = Counter()
    for msgid, sale, total in world.office.rows("SELECT msgid, sale, total FROM settlement"):
        there[msgid] += 1
        sold = world.sold.get(msgid)
        if sold is None:
            yield f"S3: nobody sold {msgid} ({sale})"
        elif (sold.number, sold.total) != (sale, total) and sold.provider not in world.forked:
            yield f"S3: {msgid} was sold as {sold.number} of {sold.total}, settled as {sale} of {total}"
    held = {
        message: machine
        for machine in world.machines
        for sale in sales_of(machine)
        for message in sale.message_ids
    }
    for message, machine in held.items():
        sold = world.sold[message]
        if there[message] != 1 and machine.provider not in world.forked:
            yield f"S3: {sold.number} of {sold.provider} ({message}) was settled {there[message]} times"


def _s3_written_off_once(world: World) -> Iterator[str]:
    """Each sale that a till still has is written off once, and one that was undone not at all."""
    off = Counter(world.office.rows("SELECT provider, sale FROM written_off"))
    standing: dict[tuple[str, str], bool] = defaultdict(lambda: True)
    for provider, sale, reversed_by in world.office.rows(
        "SELECT provider, sale, reversed_by FROM settlement"
    ):
        standing[provider, sale] &= reversed_by is None
    held = {(machine.provider, sale.number) for machine in world.machines for sale in sales_of(machine)}
    for (provider, sale), stands in standing.items():
        if off[provider, sale] == stands or provider in world.forked:
            continue
        if not stands or (provider, sale) in held:
            yield f"S3: {sale} of {provider} stands: {stands}; written off {off[provider, sale]} times"


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


def _s5_outbox_is_empty(world: World, machine: Machine) -> Iterator[str]:
    """Nothing waits, and nothing is refused but what the agency is right to refuse."""
    rows = machine.db.execute(
        "SELECT id, infno, state, trouble FROM outbox WHERE state <> 'accepted'"
    ).fetchall()
    for id_, infno, state, trouble in rows:
        if state != "rejected" or machine.provider not in world.forked:
            yield f"S5: {machine.name} {infno} {id_} is {state}: {trouble}"


def _s5_both_agree(world: World) -> Iterator[str]:
    """What a till shows as the agency's sums of a sale are the agency's sums."""
    theirs: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for provider, sale, fund, patient in world.office.rows(
        "SELECT provider, sale, fund, patient FROM settlement"
    ):
        theirs[provider, sale][0] += fund
        theirs[provider, sale][1] += patient
    for machine in world.machines:
        if machine.provider in world.forked:
            continue
        for number, fund, patient in machine.db.execute(
            "SELECT number, agency_fund, agency_patient FROM sale WHERE messages > 0"
        ).fetchall():
            told = theirs[machine.provider, number]
            if told != [fund, patient]:
                yield f"S5: {number} of {machine.name}: the till was told {fund}, {patient}, it is {told}"


def _s5_sums_agree(world: World) -> Iterator[str]:
    """Every till knows every person's year as the agency has it."""
    year = world.start.year
    if world.now.year != year:
        return  # The tills know of the new year by now.
    theirs = {
        psn_no: (deductible, fund)
        for psn_no, deductible, fund in world.office.rows(
            "SELECT psn_no, deductible_paid, fund_paid FROM accumulator WHERE year = ?", (year,)
        )
    }
    for machine in world.machines:
        for person in town.people(year):
            known = people.by_psn_no(machine.db, person.psn_no)
            mine = known.snapshot.accumulators if known else None
            told = (mine.deductible_paid, mine.fund_paid) if mine else None
            if told != theirs.get(person.psn_no, (0, 0)):
                yield f"S5: {machine.name} has {told} for {person.psn_no}, not {theirs.get(person.psn_no)}"


def _s5_leases_return(world: World) -> Iterator[str]:
    for id_, state in world.office.rows("SELECT id, state FROM lease WHERE state IN ('open', 'closing')"):
        yield f"S5: the lease {id_} is {state} for ever"


def _s6_chain_holds(machine: Machine) -> Iterator[str]:
    for fault in journal.verify(machine.db):
        yield f"S6: {machine.name}: {fault.text}"


def _s6_agency_holds_the_journals(world: World) -> Iterator[str]:
    """The agency holds every entry up to the last sale, and each as the till has it."""
    held: set[str] = {row[0] for row in world.office.rows("SELECT hash FROM journal")}
    for machine in world.machines:
        if machine.provider in world.forked:
            continue
        entries = journal.read(machine.db, 0, 100_000)
        last = max((entry.number for entry in entries if entry.kind == "sale"), default=0)
        missing = [entry.number for entry in entries if entry.number <= last and entry.hash not in held]
        if missing:
            yield f"S6: the agency lacks entries {missing[:5]} of {machine.name}"


def _s6_forks_are_found(world: World) -> Iterator[str]:
    """Where two machines went on from one disk, each with entries of its own, the agency knows."""
    found = {row[0] for row in world.office.rows("SELECT provider FROM finding WHERE kind = 'fork'")}
    for provider in world.forked:
        journals = [journal.read(each.db, 0, 100_000) for each in world.machines if each.provider == provider]
        if len(journals) == 2 and _apart(*journals) and provider not in found:
            yield f"S6: nobody noticed that there are two tills of {provider}"


def _apart(one: list[Entry], other: list[Entry]) -> bool:
    """Tell whether both have an entry that the other has not."""
    mine, theirs = {entry.hash for entry in one}, {entry.hash for entry in other}
    return bool(mine - theirs) and bool(theirs - mine)


def _s7_given_back(world: World, year: int) -> Iterator[str]:
    """Nobody has paid more in a year than the law asks of all that they bought, however it arrived.

    With one deductible, one ratio and one limit the order does not matter to the year's total.
    """
    bought: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for psn_no, msgid, total, patient in world.office.rows(
        "SELECT psn_no, msgid, total, now_patient FROM settlement WHERE reversed_by IS NULL AND year = ?",
        (year,),
    ):
        sold = world.sold[msgid]
        for place, amount in enumerate((total, patient, sold.in_scope)):
            bought[psn_no][place] += amount
    given = dict(
        world.office.rows(
            "SELECT psn_no, sum(give_back) FROM adjustment WHERE year = ? GROUP BY psn_no", (year,)
        )
    )
    answered = dict(
        world.office.rows(
            "SELECT psn_no, sum(patient - now_patient) FROM settlement WHERE year = ? GROUP BY psn_no",
            (year,),
        )
    )
    for person in town.people(year):
        total, patient, in_scope = bought[person.psn_no]
        limit = person.snapshot.parameters.annual_limit or 0
        above = max(0, in_scope - (person.snapshot.parameters.deductible or 0))
        owed = total - min(limit, above * town.ratio(person, world.office.law_changed) // 10_000)
        if patient > owed:
            yield f"S7: {person.psn_no} paid {patient}, by the law {owed}"
        if given.get(person.psn_no, 0) != answered.get(person.psn_no, 0):
            yield (
                f"S7: {person.psn_no} is to get back {given.get(person.psn_no, 0)},"
                f" the settlements say {answered.get(person.psn_no, 0)}"
            )


def _s8_boxes_across(world: World) -> Iterator[str]:
    """A box that two tills sold is a finding at the agency."""
    sellers: dict[str, set[str]] = defaultdict(set)
    for machine in world.machines:
        if machine.provider in world.forked:
            continue
        for sale in sales_of(machine):
            for line in sale.draft.lines:
                for code in line.trace_codes:
                    sellers[code].add(machine.provider)
    found = " ".join(
        row[0] for row in world.office.rows("SELECT id FROM finding WHERE kind = 'trace_repeated'")
    )
    for code, shops in sellers.items():
        if len(shops) > 1 and code not in found:
            yield f"S8: {sorted(shops)} sold the box {code}, and nobody noticed"


def sales_of(machine: Machine) -> list[Sale]:
    """Return every sale in a till's journal."""
    rows = machine.db.execute("SELECT number FROM journal WHERE kind = 'sale' ORDER BY number").fetchall()
    return [_SALE(journal.body_of(machine.db, row[0])) for row in rows]


def sums(answer: Any) -> tuple[int, int, int, int]:
    """Return what an answer comes to."""
    return answer.total, answer.fund, answer.assistance, answer.patient
