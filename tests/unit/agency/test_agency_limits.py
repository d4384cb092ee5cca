"""Whatever tills do, in whatever order: no limit is overrun (S1), and what was printed stands (S2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agency.enrolment import allow_demonstration
from agency.storage import registry
from agency.storage.connection import transaction
from engine.lease import NOTHING
from engine.person import Person
from engine.policy.claim import Accumulators
from engine.policy.limits import limits_of
from engine.sale import Store
from tests.fakes.agency_line import EZHOU, LIAOCHENG, SHAOXING, WUXI, Bureau, law, person, store
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import HOURS, Counter, books_of, newcomer

CLINIC = "P32020000009"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def tills(bureau: Bureau, provider: str = SHAOXING, count: int = 2) -> list[EnrolledTill]:
    made = [EnrolledTill(bureau, provider, f"{number:02d}") for number in range(1, count + 1)]
    for each in made:
        assert each.enrol().refused == ""
    return made


BOXES = st.integers(1, 400)
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 1), st.none() | st.integers(0, 60_000)),
        st.tuples(st.just("ask_for"), st.integers(0, 1), BOXES),
        st.tuples(st.just("sell"), st.integers(0, 1), BOXES),
        st.tuples(st.just("oversell"), st.integers(0, 1), BOXES),
        st.tuples(st.just("sell_without"), st.integers(0, 1), BOXES),
        st.tuples(st.just("deliver"), st.integers(0, 1), st.integers(0, 7)),
        st.tuples(st.just("close"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("reverse"), st.integers(0, 1), st.integers(0, 7)),
        st.tuples(st.just("undo"), st.integers(0, 1), st.integers(0, 7)),
        st.tuples(st.just("pass"), st.just(0), st.sampled_from((1, 30, 20 * 24))),
    ),
    min_size=25,
    max_size=50,
)


class Rig:
    """Several tills around one person, driven by drawn steps; after each, every limit is looked at."""

    def __init__(self, bureau: Bureau, made: list[EnrolledTill], whose: Person) -> None:
        self.bureau = bureau
        self.counters = [Counter(till, whose) for till in made]
        self.whose = whose
        claim = self.counters[0].claim(self.counters[0].draft(1), Accumulators())
        self.limits = {each.label: each.limit for each in limits_of(law()._library, claim)}  # type: ignore[attr-defined]
        self.accepted: list[tuple[Counter, Any]] = []

    def step(self, what: str, which: int, value: Any) -> None:
        counter = self.counters[which]
        act: dict[str, Callable[[], object]] = {
            "ask": lambda: counter.ask(value),
            "ask_for": lambda: counter.ask_for(value),
            "sell": lambda: counter.sell(value),
            "oversell": lambda: counter.sell(value, honest=False),
            "sell_without": lambda: counter.sell(value, leased=False),
            "sell_beside": lambda: counter.sell_beside(value),
            "ask_in_vain": lambda: counter.ask_for(value, lost=True),
            "deliver": lambda: self.deliver(counter, value),
            "deliver_next": lambda: self.deliver_next(counter),
            "close": lambda: counter.lease and counter.close(counter.used if value else NOTHING),
            "close_last": lambda: self.close_last(counter),
            "reverse": lambda: self.reverse(value),
            "undo": lambda: self.undo(counter, value),
            "pass": lambda: self.bureau.clock.pass_by(value * HOURS),
        }
        act[what]()
        self.look()

    def deliver(self, counter: Counter, index: int) -> None:
        if counter.sold:
            said = counter.deliver(counter.sold[-1 - index % len(counter.sold)])
            assert said.refused == "", said
            self.accepted.append((counter, said))

    def close_last(self, counter: Counter) -> None:
        """Close a lease after all that was sold before has been delivered, as an outbox does."""
        while self.deliver_next(counter):
            pass
        if counter.lease is not None:
            counter.close()

    def deliver_next(self, counter: Counter) -> bool:
        """Deliver the first sale that waits; under a lease it stands as it was printed."""
        waiting = [each for each in counter.sold if each.msgid not in counter.answered]
        if waiting:
            sold = waiting[0]
            said = counter.deliver(sold)
            assert said.refused == "", said
            self.accepted.append((counter, said))
            facts = msgspec.json.decode(said.output["setlinfo"]["expContent"])
            if sold.lease is not None:
                assert (facts["under_lease"], facts["differs"]) == (sold.lease, False)
        return bool(waiting)

    def reverse(self, index: int) -> None:
        if self.accepted:
            counter, said = self.accepted[-1 - index % len(self.accepted)]
            assert counter.take_back(said).refused in ("", "already_reversed")

    def undo(self, counter: Counter, index: int) -> None:
        if counter.sold:
            made = counter.sold[-1 - index % len(counter.sold)]
            assert counter.undo(made).refused == ""
            counter.again(made)

    def look(self) -> None:
        books = books_of(self.bureau, self.whose)
        counted = books.effective()
        bears = {
            "年度限额": counted.fund_paid + counted.ordinary_fund_paid,
            "乙类病种限额": counted.fund_paid_class_b,
            "基金年度限额": counted.pool_fund_paid,
        }
        for label, limit in self.limits.items():
            if label in bears:
                assert bears[label] <= limit, (label, books)
        assert min(books.paid.fund_paid, books.paid.deductible_paid, books.paid.fund_paid_class_b) >= 0
        for each in books.leases:
            assert each.used.within(each.lease.reserved)


def clinic() -> Store:
    """Return a community clinic of Wuxi: there the fund pays, in a retail pharmacy it does not."""
    shop = store(WUXI)
    provider = replace(shop.provider, id=CLINIC, kind="primary", listed=True)
    return replace(shop, provider=provider)


def tight(whose: Person) -> Person:
    """Return a person whose limits are near, whatever their city."""
    parameters = whose.snapshot.parameters
    if parameters.disease_limit:
        near = {each: 30_000 for each in parameters.disease_limit}
        parameters = replace(parameters, disease_limit=near, pool_limit=70_000)
        sums = Accumulators(fund_paid=0, fund_paid_class_b=0, pool_fund_paid=0, deductible_paid=50_000)
    elif parameters.annual_limit:
        parameters = replace(parameters, annual_limit=60_000)
        sums = Accumulators(deductible_paid=40_000)
    elif whose.region.startswith("32"):
        sums = Accumulators(ordinary_fund_paid=30_000, ordinary_exhausted=True, fund_paid=10_000)
    else:
        sums = Accumulators(fund_paid=60_000)
    snapshot = replace(whose.snapshot, parameters=parameters, accumulators=sums)
    return replace(whose, snapshot=snapshot, agreed_provider=CLINIC)


@pytest.mark.parametrize(
    "name, provider",
    [("王秀英", SHAOXING), ("周惠琴", CLINIC), ("李建国", LIAOCHENG), ("胡桂兰", EZHOU)],
)
def test_nothing_that_tills_do_ever_brings_paid_and_reserved_over_a_limit(
    bureau: Bureau, request: pytest.FixtureRequest, name: str, provider: str
) -> None:
    with transaction(bureau.db):
        registry.save_stores(bureau.db, [clinic()])
        allow_demonstration(bureau.db, CLINIC, bureau.clock.at)
    made = tills(bureau, provider, 2)
    began = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
    on_sqlite = request.node.callspec.params["books"] == "sqlite"

    @settings(max_examples=35 if on_sqlite else 6, deadline=None, database=None)
    @given(OPS)
    def run(steps: list[tuple[str, int, Any]]) -> None:
        nonlocal began
        began += timedelta(seconds=1)
        bureau.start_at(began)
        rig = Rig(bureau, made, newcomer(bureau, tight(person(name))))
        assert rig.limits
        for what, which, value in steps:
            rig.step(what, which, value)

    run()


IN_ORDER = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 1), st.none() | st.integers(0, 60_000)),
        st.tuples(st.just("ask_for"), st.integers(0, 1), BOXES),
        st.tuples(st.just("ask_in_vain"), st.integers(0, 1), BOXES),
        st.tuples(st.just("sell"), st.integers(0, 1), BOXES),
        st.tuples(st.just("sell_beside"), st.integers(0, 1), BOXES),
        st.tuples(st.just("deliver_next"), st.integers(0, 1), st.none()),
        st.tuples(st.just("close_last"), st.integers(0, 1), st.none()),
        st.tuples(st.just("reverse"), st.integers(0, 1), st.integers(0, 7)),
        st.tuples(st.just("pass"), st.just(0), st.sampled_from((1, 30))),
    ),
    min_size=15,
    max_size=35,
)


@pytest.mark.parametrize("name, provider", [("王秀英", SHAOXING), ("周惠琴", CLINIC), ("胡桂兰", EZHOU)])
def test_what_a_till_sells_beside_its_lease_breaks_neither_a_limit_nor_what_it_printed_under_it(
    bureau: Bureau, request: pytest.FixtureRequest, name: str, provider: str
) -> None:
    with transaction(bureau.db):
        registry.save_stores(bureau.db, [clinic()])
        allow_demonstration(bureau.db, CLINIC, bureau.clock.at)
    made = tills(bureau, provider, 2)
    began = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
    on_sqlite = request.node.callspec.params["books"] == "sqlite"

    @settings(max_examples=50 if on_sqlite else 6, deadline=None, database=None)
    @given(IN_ORDER)
    def run(steps: list[tuple[str, int, Any]]) -> None:
        nonlocal began
        began += timedelta(seconds=1)
        bureau.start_at(began)
        rig = Rig(bureau, made, newcomer(bureau, tight(person(name))))
        for what, which, value in steps:
            rig.step(what, which, value)

    run()
