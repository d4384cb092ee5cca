"""True-up: what was paid twice is given back once, with both computations; nobody is asked for more (S7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from agency import trueup
from agency.law import PackLaw, read_law
from agency.resources import read_texts
from agency.storage import adjustments, settlements
from agency.storage.adjustments import Found
from engine.lease import NOTHING
from engine.policy.claim import Accumulators
from engine.protocol.adjustment import Adjustment
from engine.protocol.news import news_input
from tests.fakes.agency_line import EZHOU, Bureau, Said, law, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS, HOURS, Counter, Sold, books_of, newcomer

DEDUCTIBLE = 50_000


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path, EZHOU)
    yield made
    made.close()


@pytest.fixture
def counters(bureau: Bureau) -> tuple[Counter, Counter]:
    bare = replace(person("胡桂兰").snapshot, accumulators=Accumulators())
    whose = newcomer(bureau, person("胡桂兰"), snapshot=bare)
    made = [EnrolledTill(bureau, EZHOU, f"{number:02d}") for number in (1, 2)]
    for each in made:
        assert each.enrol().refused == ""
    return Counter(made[0], whose), Counter(made[1], whose)


def sold(counter: Counter, quantity: int = 20, *, leased: bool = True) -> Sold:
    made = counter.sell(quantity, leased=leased)
    assert made is not None
    return made


def delivered(counter: Counter, made: Sold) -> Said:
    said = counter.deliver(made)
    assert said.refused == "", said
    return said


def found(bureau: Bureau, counter: Counter) -> list[Found]:
    return adjustments.of_person(bureau.db, counter.whose.psn_no)


def told(counter: Counter) -> list[Adjustment]:
    """Return the adjustments that a till hears of by SY04."""
    page = counter.till.call("SY04", news_input(0, 5_000)).output["news"]
    return [msgspec.convert(each, Adjustment) for each in page["adjustments"]]


def patient_pays(bureau: Bureau, counter: Counter) -> int:
    books = books_of(bureau, counter.whose)
    rows = settlements.in_order(bureau.db, counter.whose.psn_no, books.year, books.benefit)
    return sum(each.now_patient for each in rows if each.reversed_by is None)


def twice(bureau: Bureau, counters: tuple[Counter, Counter]) -> tuple[Sold, Sold]:
    """Have the deductible paid twice, under two leases; the second sale is the later one."""
    here, there = counters
    here.ask(want=50_000)
    there.ask(want=50_000)
    first = sold(here)
    bureau.clock.pass_by(HOURS)
    second = sold(there, 25)
    assert first.printed.deductible == second.printed.deductible == DEDUCTIBLE
    return first, second


def test_deductible_paid_twice_is_given_back_once_both_leases_are_closed_and_only_once(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    first, second = twice(bureau, counters)
    delivered(there, second)
    delivered(here, first)
    assert found(bureau, here) == []
    here.close()
    assert found(bureau, here) == []

    there.close()

    (one,) = found(bureau, here)
    assert one.adjustment is not None
    (row,) = one.adjustment.rows
    assert (row.before.deductible, row.after.deductible) == (DEDUCTIBLE, 0)
    assert row.before.steps
    assert row.after.steps
    assert one.give_back == row.before.patient - row.after.patient > 0
    assert books_of(bureau, here.whose).paid.deductible_paid == DEDUCTIBLE

    # A later sale in its order brings nothing up again.
    bureau.clock.pass_by(HOURS)
    here.ask_for(3)
    delivered(here, sold(here, 3))
    here.close()
    assert len(found(bureau, here)) == 1


def test_adjustment_reaches_the_shop_that_took_too_much_with_both_computations(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    for counter, made in zip(counters, twice(bureau, counters), strict=True):
        delivered(counter, made)
    here.close()
    there.close()

    (adjustment,) = told(there)

    assert adjustment == found(bureau, here)[0].adjustment
    assert (adjustment.name, adjustment.provider) == ("胡桂兰", EZHOU)
    assert adjustment.cause.endswith("。")


def test_reversal_afterwards_takes_back_what_the_settlement_holds_by_then(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    first, second = twice(bureau, counters)
    delivered(here, first)
    said = delivered(there, second)
    here.close()
    there.close()
    (one,) = found(bureau, here)
    assert one.adjustment is not None
    after = one.adjustment.rows[0].after

    info = there.take_back(said).output["setlinfo"]

    assert round(info["psn_cash_pay"] * -100) == after.patient
    assert round(info["hifp_pay"] * -100) == after.fund
    paid = books_of(bureau, here.whose).paid
    assert (paid.deductible_paid, paid.fund_paid) == (first.printed.deductible, first.printed.fund)


def test_late_arrival_that_was_first_takes_the_deductible_and_the_later_sale_is_given_it_back(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    early = sold(here, leased=False)
    bureau.clock.pass_by(HOURS)
    late = sold(there, leased=False)
    delivered(there, late)

    delivered(here, early)

    (one,) = found(bureau, here)
    assert one.adjustment is not None
    assert [row.sale for row in one.adjustment.rows] == [
        msgspec.json.decode(late.input)["druginfo"]["invono"]
    ]
    assert books_of(bureau, here.whose).paid.deductible_paid == DEDUCTIBLE


def test_reversal_of_the_sale_that_paid_the_deductible_charges_nobody_and_the_fund_bears_it(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()
    first = delivered(here, sold(here))
    bureau.clock.pass_by(HOURS)
    second = sold(here)
    delivered(here, second)
    here.close()
    before = patient_pays(bureau, here)

    taken = here.take_back(first)

    gone = round(taken.output["setlinfo"]["psn_cash_pay"] * -100)
    assert patient_pays(bureau, here) == before - gone
    (one,) = found(bureau, here)
    assert (one.adjustment, one.give_back) == (None, 0)
    alone = law().answer(here.claim(here.draft(20), Accumulators()))
    assert one.borne == alone.patient - second.printed.patient > 0
    assert told(here) == []


def test_a_sale_after_what_the_fund_bears_is_counted_with_it_and_the_patient_gets_the_better_of_both(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    """A sale of the older law took a deductible that its reversal freed; the next has the raised ratio."""
    here, _ = counters
    here.ask()
    first = delivered(here, sold(here, 15))
    bureau.clock.pass_by(HOURS)
    delivered(here, sold(here, 15))
    here.close()
    here.take_back(first)
    assert [each.borne > 0 for each in found(bureau, here)] == [True]
    bureau.under(raised())

    bureau.clock.pass_by(HOURS)
    delivered(here, sold(here, 60, leased=False))

    paid = [each for each in found(bureau, here) if each.give_back]
    assert len(paid) == 1
    whole = raised().answer(here.claim(here.draft(75), Accumulators()))
    assert patient_pays(bureau, here) == whole.patient


def test_reversal_that_frees_a_limit_gives_the_later_sale_what_the_limit_had_taken(bureau: Bureau) -> None:
    near = replace(
        person("胡桂兰").snapshot,
        accumulators=Accumulators(deductible_paid=DEDUCTIBLE),
        parameters=replace(person("胡桂兰").snapshot.parameters, annual_limit=60_000),
    )
    till = EnrolledTill(bureau, EZHOU)
    assert till.enrol().refused == ""
    counter = Counter(till, newcomer(bureau, person("胡桂兰"), snapshot=near))
    first = delivered(counter, sold(counter, leased=False))
    bureau.clock.pass_by(HOURS)
    second = sold(counter, leased=False)
    capped = delivered(counter, second).output["setlinfo"]["hifp_pay"]

    counter.take_back(first)

    (one,) = found(bureau, counter)
    assert one.give_back == second.printed.fund - round(capped * 100) > 0
    assert books_of(bureau, counter.whose).paid.fund_paid == second.printed.fund


def test_nothing_is_computed_again_while_a_lease_is_out(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, there = counters
    first, second = twice(bureau, counters)
    delivered(here, first)
    delivered(there, second)
    trueup.sweep(bureau.database, law(), bureau.clock.at)
    assert found(bureau, here) == []

    bureau.clock.pass_by(40 * DAYS)
    assert trueup.reclaim_all(bureau.database, law(), bureau.clock.at) == 1

    assert len(found(bureau, here)) == 1


def raised() -> PackLaw:
    """Return the law after Ezhou's shares were raised, for the days before, too."""
    texts = dict(read_texts("policies"))
    text = texts["ezhou-2023.toml"]
    texts["ezhou-2023.toml"] = text.replace('ratio = "0.60"', 'ratio = "0.70"').replace(
        'ratio = "0.68"', 'ratio = "0.78"'
    )
    assert texts["ezhou-2023.toml"] != text
    return read_law(texts, read_texts("ranges"))


def test_retroactive_policy_is_applied_to_all_that_was_settled_once(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()
    delivered(here, sold(here))
    here.close()
    before = patient_pays(bureau, here)
    newer = raised()

    assert trueup.sweep(bureau.database, newer, bureau.clock.at, "42") >= 1
    (one,) = found(bureau, here)
    assert one.give_back == before - patient_pays(bureau, here) > 0
    assert one.adjustment is not None
    assert one.adjustment.cause == trueup.POLICY
    trueup.sweep(bureau.database, newer, bureau.clock.at)
    assert len(found(bureau, here)) == 1


def test_sweep_of_another_region_leaves_people_alone(
    bureau: Bureau, counters: tuple[Counter, Counter]
) -> None:
    here, _ = counters
    here.ask()
    delivered(here, sold(here))
    here.close()

    assert trueup.sweep(bureau.database, raised(), bureau.clock.at, "33") == 0

    assert found(bureau, here) == []
    assert books_of(bureau, here.whose).outstanding() == NOTHING
