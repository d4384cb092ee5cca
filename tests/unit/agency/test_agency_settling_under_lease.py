"""Settlements under a lease are taken as printed (S2); all others are paid from what is left, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw, Struct
from msgspec.structs import replace

from agency.storage import findings, leases, persons, settlements
from agency.storage.connection import transaction
from agency.terms import LeaseTerms
from engine.calendar import business_day
from engine.lease import NOTHING
from engine.person import Person
from engine.policy.claim import Accumulators
from engine.protocol.settled import Settled, read_settled
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, Said, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS, HOURS, Counter, Sold, books_of, newcomer

TERMS = LeaseTerms()


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def pair(bureau: Bureau, name: str, provider: str, **changes: Any) -> tuple[Counter, Counter]:
    """Return two enrolled tills of a shop, both serving one new person."""
    whose = newcomer(bureau, person(name), **changes)
    made = [EnrolledTill(bureau, provider, f"{number:02d}") for number in (1, 2)]
    for each in made:
        assert each.enrol().refused == ""
    return Counter(made[0], whose), Counter(made[1], whose)


@pytest.fixture
def counters(bureau: Bureau) -> tuple[Counter, Counter]:
    return pair(bureau, "王秀英", SHAOXING)


def sold(counter: Counter, quantity: int = 10, **how: bool) -> Sold:
    made = counter.sell(quantity, **how)
    assert made is not None
    return made


def read(said: Said, made: Sold) -> Settled:
    assert said.refused == "", said
    return read_settled(Raw(msgspec.json.encode(said.output)), expected_id=made.msgid)


def altered(made: Sold, change: Callable[[dict[str, Any]], object]) -> Sold:
    """Return a sale whose message states something else in ``expContent``."""
    whole = msgspec.json.decode(made.input)
    facts = msgspec.json.decode(whole["druginfo"]["expContent"])
    change(facts)
    whole["druginfo"]["expContent"] = msgspec.json.encode(facts).decode()
    return replace(made, input=msgspec.json.encode(whole).decode())


def printed(made: Sold, settled: Settled) -> bool:
    """Tell whether the agency settled exactly what is on the paper."""
    on_paper = (made.printed.fund, made.printed.assistance, made.printed.patient)
    return on_paper == (settled.sums.fund, settled.sums.assistance, settled.sums.patient)


def test_what_was_sold_under_a_lease_is_accepted_as_printed_though_all_else_was_spent_meanwhile(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    here.ask(want=20_000)
    made = sold(here)
    there.ask()
    elsewhere = sold(there, 200)
    assert read(there.deliver(elsewhere), elsewhere).facts is not None
    bureau.clock.pass_by(10 * DAYS)

    settled = read(here.deliver(made), made)

    assert printed(made, settled)
    assert settled.facts is not None
    assert (settled.facts.under_lease, settled.facts.differs) == (made.lease, False)


def test_deductible_paid_elsewhere_meanwhile_does_not_change_what_was_printed(bureau: Bureau) -> None:
    here, there = pair(
        bureau, "胡桂兰", EZHOU, snapshot=replace(person("胡桂兰").snapshot, accumulators=Accumulators())
    )
    here.ask(want=50_000)
    there.ask(want=50_000)
    first, second = sold(here, 20), sold(there, 20)
    assert first.printed.deductible == second.printed.deductible == 50_000

    assert printed(first, read(here.deliver(first), first))
    assert printed(second, read(there.deliver(second), second))

    assert books_of(bureau, here.whose).paid.deductible_paid == 100_000


def test_wrong_order_and_repetition_spend_the_lease_once(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()
    made = [sold(here, quantity) for quantity in (3, 5, 7)]

    for each in (made[2], made[0], made[2], made[1], made[0]):
        assert printed(each, read(here.deliver(each), each))

    (kept,) = books_of(bureau, here.whose).leases
    assert kept.used.fund == sum(each.printed.fund for each in made)


def test_a_tills_own_lease_keeps_nothing_from_what_it_settles_without_naming_it(
    counters: tuple[Counter, Counter],
) -> None:
    here, there = counters
    here.ask()
    made = sold(here, 1, leased=False)
    reserved = books_of(here.bureau, here.whose).outstanding().fund

    settled = read(here.deliver(made), made)

    assert printed(made, settled)
    # What it took is off the lease: still nothing for another till, and no more promised than there is.
    assert books_of(here.bureau, here.whose).outstanding().fund == reserved - made.printed.fund
    assert there.ask().output["granted"]["leases"] == []


def test_settlement_that_comes_after_reclaim_is_recorded_paid_from_what_is_left_and_its_gap_told(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    here.ask(span=DAYS)
    made = sold(here, 100)
    bureau.clock.pass_by(DAYS + TERMS.guard + TERMS.window)
    there.ask()
    left = 1_000
    with transaction(bureau.db):
        kept = books_of(bureau, here.whose).leases[0]
        free = replace(
            kept, lease=replace(kept.lease, reserved=kept.lease.reserved.less(replace(NOTHING, fund=left)))
        )
        leases.save(bureau.db, free)

    settled = read(here.deliver(made), made)

    assert settled.facts is not None
    assert settled.facts.under_lease is None
    assert settled.sums.fund == left
    assert settled.facts.gap == made.printed.fund - left > 0
    # The patient pays what the paper says, and not a fen more.
    assert settled.sums.patient == made.printed.patient
    kept_row = settlements.of_message(bureau.db, here.whose.psn_no, made.msgid)
    assert kept_row is not None
    assert (kept_row.gap, kept_row.fund, kept_row.lease) == (settled.facts.gap, left, None)


class Scene(Struct):
    """Two tills of one shop and a person; the first till holds a lease of 200.00 yuan."""

    bureau: Bureau
    here: Counter
    there: Counter


NOT_LEASED: dict[str, Callable[[Scene], tuple[Counter, Sold]]] = {}


def case(name: str) -> Callable[[Any], Any]:
    def keep(make: Any) -> Any:
        NOT_LEASED[name] = make
        return make

    return keep


@case("sold after the lease's time")
def _late(scene: Scene) -> tuple[Counter, Sold]:
    assert scene.here.lease is not None
    scene.here.lease = replace(scene.here.lease, use_until=scene.here.lease.use_until + 10 * DAYS)
    scene.bureau.clock.pass_by(4 * DAYS)
    return scene.here, sold(scene.here)


@case("another till")
def _till(scene: Scene) -> tuple[Counter, Sold]:
    return scene.there, sold(scene.here)


@case("another epoch")
def _epoch(scene: Scene) -> tuple[Counter, Sold]:
    made = sold(scene.here)
    newer = scene.here.till.next_epoch()
    assert newer.enrol(old=scene.here.till).refused == ""
    return Counter(newer, scene.here.whose), made


@case("more than is reserved")
def _more(scene: Scene) -> tuple[Counter, Sold]:
    return scene.here, sold(scene.here, 300, honest=False)


@case("no such lease")
def _none(scene: Scene) -> tuple[Counter, Sold]:
    return scene.here, altered(sold(scene.here), lambda facts: facts.update(lease="L404"))


@case("a version that was never granted")
def _version(scene: Scene) -> tuple[Counter, Sold]:
    return scene.here, altered(sold(scene.here), lambda facts: facts.update(lease_version=9))


@case("sums that the law does not give")
def _law(scene: Scene) -> tuple[Counter, Sold]:
    def lie(facts: dict[str, Any]) -> None:
        facts["sums"]["fund"] += 500
        facts["sums"]["patient"] -= 500

    return scene.here, altered(sold(scene.here), lie)


@pytest.mark.parametrize("name", NOT_LEASED)
def test_never_accepted_as_leased(bureau: Bureau, counters: tuple[Counter, Counter], name: str) -> None:
    here, there = counters
    here.ask(want=20_000)
    counter, made = NOT_LEASED[name](Scene(bureau, here, there))

    settled = read(counter.deliver(made), made)

    assert settled.facts is not None
    assert settled.facts.under_lease is None
    (kept,) = books_of(bureau, here.whose).leases
    assert kept.used == NOTHING
    assert settled.facts.till is not None
    # Whatever was told, the patient is not asked for more than the paper said.
    assert settled.sums.patient <= settled.facts.till.patient


def test_printed_stands_where_the_law_was_changed_after_the_sale_and_an_auditor_is_told(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()

    def older(facts: dict[str, Any]) -> None:
        facts["policy_hash"] = "0" * 64
        facts["sums"]["fund"] -= 100
        facts["sums"]["patient"] += 100

    made = altered(sold(here), older)
    settled = read(here.deliver(made), made)

    assert settled.facts is not None
    assert settled.facts.under_lease == made.lease
    assert settled.sums == settled.facts.till
    assert [each.kind for each in findings.recent(bureau.db, 9)] == ["law_differs"]


def test_figures_that_changed_after_the_grant_do_not_change_what_was_printed(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()
    made = sold(here)
    with transaction(bureau.db):
        persons.save(bureau.db, [replace(here.whose, filings=())])

    settled = read(here.deliver(made), made)

    assert printed(made, settled)
    assert settled.facts is not None
    assert settled.facts.under_lease == made.lease
    assert [each.kind for each in findings.recent(bureau.db, 9)] == ["law_differs"]


def test_lease_of_a_closed_epoch_still_covers_what_that_epoch_sold(counters: tuple[Counter, Counter]) -> None:
    here, _ = counters
    here.ask()
    made = sold(here)
    body = here.till.body("2102", made.input, made.msgid)
    assert here.till.next_epoch().enrol(old=here.till).refused == ""

    settled = read(here.till.send(body), made)

    assert printed(made, settled)
    assert settled.facts is not None
    assert settled.facts.under_lease == made.lease


@pytest.mark.parametrize("number, stands", [("01-000007", True), ("01.2-000008", False)])
def test_a_till_that_was_put_back_hands_on_what_it_sold_under_its_lease_and_sells_nothing_more_under_it(
    counters: tuple[Counter, Counter], number: str, stands: bool
) -> None:
    here, _ = counters
    here.ask()
    made = sold(here)
    whole = msgspec.json.decode(made.input)
    facts = msgspec.json.decode(whole["druginfo"]["expContent"])
    whole["druginfo"].update(
        invono=number, expContent=msgspec.json.encode({**facts, "sale": number}).decode()
    )
    put_back = here.till.next_epoch()
    assert put_back.enrol(old=here.till).refused == ""

    said = put_back.call("2102", msgspec.json.encode(whole).decode(), made.msgid)

    settled = read(said, made)
    assert settled.facts is not None
    assert settled.facts.under_lease == (made.lease if stands else None)
    assert printed(made, settled) or not stands


def test_without_a_lease_the_deductible_counts_as_at_its_place_and_the_limit_as_it_is_left(
    bureau: Bureau,
) -> None:
    here, there = pair(
        bureau, "胡桂兰", EZHOU, snapshot=replace(person("胡桂兰").snapshot, accumulators=Accumulators())
    )
    early = sold(here, 20, leased=False)
    bureau.clock.pass_by(HOURS)
    late = sold(there, 20, leased=False)
    assert read(there.deliver(late), late).sums.fund == late.printed.fund

    settled = read(here.deliver(early), early)

    # It came first, so that the deductible was its own, as printed; true-up sees to the other one.
    assert printed(early, settled)


def sums_wrong(facts: dict[str, Any]) -> None:
    facts["sums"]["fund"] = -1


def paid_wrong(facts: dict[str, Any]) -> None:
    facts["accumulators"] = {"fund_paid": -5}


@pytest.mark.parametrize(
    "change, code",
    [
        (sums_wrong, "sum_mismatch"),
        (lambda facts: facts["sums"].update(patient=1), "sum_mismatch"),
        (paid_wrong, "invalid"),
        (lambda facts: facts.update(sale="9" * 60), "invalid"),
        (lambda facts: facts.update(lease="9" * 60), "invalid"),
    ],
    ids=["negative fund", "parts that are not the whole", "negative sums", "long sale", "long lease"],
)
def test_wrong_facts_are_refused_and_nothing_is_applied(
    bureau: Bureau,
    counters: tuple[Counter, Counter],
    change: Callable[[dict[str, Any]], object],
    code: str,
) -> None:
    here, _ = counters
    here.ask()
    before = books_of(bureau, here.whose)

    assert here.deliver(altered(sold(here), change)).refused == code

    assert books_of(bureau, here.whose) == before


def ended(bureau: Bureau, whose: Person, why: str, days_ago: int) -> None:
    day = business_day(bureau.clock.at) - timedelta(days=days_ago)
    with transaction(bureau.db):
        persons.save(bureau.db, [replace(whose, ended=day, ended_why=why)])


@pytest.mark.parametrize("why", ["died", "moved"])
def test_sale_after_a_persons_end_is_refused_and_one_before_it_is_taken(
    bureau: Bureau, counters: tuple[Counter, Counter], why: str
) -> None:
    here, _ = counters
    here.ask()
    before = sold(here)
    bureau.clock.pass_by(2 * DAYS)
    after = sold(here)
    ended(bureau, here.whose, why, 1)

    assert here.deliver(after).refused == f"person_{why}"
    assert printed(before, read(here.deliver(before), before))
