"""Cheaper lawful ways: exact to the fen, never dearer than shown, noted, and only what may be sold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.storage import catalogue, sales
from app.storage.connection import transaction
from app.usecases import cheaper
from app.usecases.cheaper_state import CheaperWay
from app.usecases.state import CounterState
from app.usecases.tour import go_to_store
from engine.catalogue import Drug
from engine.sale import Draft, add_box
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import receive

SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)


@pytest.fixture(name="bench", scope="module")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("shop"))
    bench.till.start()
    yield bench
    bench.close()


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Iterator[Bench]:
    """A counter whose catalogue or books the test changes."""
    bench = Bench(tmp_path)
    bench.till.start()
    yield bench
    bench.close()


def walk(bench: Bench, group: int) -> CounterState:
    """Scan all that the tour has for a person, in the shop that the tour opens."""
    bench.till.next_customer()
    stops = bench.till.tour()
    groups = list(dict.fromkeys(stop.group for stop in stops))
    for stop in stops:
        if stop.group == groups[group]:
            state = bench.till.demonstrate(stop)
    return state


def drugs_of(ways: tuple[CheaperWay, ...]) -> list[CheaperWay]:
    return [way for way in ways if way.kind == "drug"]


def named(bench: Bench, name: str, price: int) -> Drug:
    """Return the drug of the demonstration with this generic name and price."""
    return next(
        drug for drug in bench.demonstration.drugs if drug.generic_name == name and drug.price == price
    )


@pytest.mark.parametrize("group", range(6))
def test_the_saving_is_exactly_what_the_patient_pays_less_once_it_is_taken(bench: Bench, group: int) -> None:
    before = walk(bench, group)
    assert before.answer is not None
    for way in drugs_of(bench.till.cheaper().ways):
        state = bench.till.take_cheaper(way.key)
        assert state.answer is not None
        assert state.answer.patient == way.patient == before.answer.patient - way.saving
        assert bench.till.undo().answer == before.answer


def test_both_what_the_fund_pays_and_the_standard_are_in_the_saving(bench: Bench) -> None:
    walk(bench, SHAOXING)
    (first, *_rest) = bench.till.cheaper().ways

    # Of 26.90 with a standard of 22.40 and 3% first the patient pays 4.50 + 0.67 + 85% of 21.73; of 9.80,
    # 0.29 + 85% of 9.51.
    assert (first.name, first.price, first.saving) == ("厄贝沙坦片", 980, 450 + 67 - 29 + 1_039)


def test_the_same_prescription_elsewhere_is_quoted_by_the_same_law(bench: Bench) -> None:
    before = walk(bench, SHAOXING)
    (place,) = [way for way in bench.till.cheaper().ways if way.kind == "place"]

    assert before.answer is not None
    assert (place.provider, place.ratio_bp) == ("primary", 6_500)
    assert place.clause is not None
    assert (place.clause.document, place.clause.section) == ("绍政办发〔2023〕40号", "（六）")
    assert place.patient == before.answer.patient - place.saving
    # 65% of 12.60 + 26.90 - 4.50 - 0.67 for the one disease, of 22.40 - 1.12 for the other.
    assert place.patient == 6_190 - 2_231 - 1_383
    taken = bench.till.take_cheaper(place.key)
    assert taken.draft == before.draft  # Nobody is sent away with an emptied basket.


def test_where_the_law_pays_nowhere_else_no_place_is_named(bench: Bench) -> None:
    for group in (LIAOCHENG, EZHOU, HANGZHOU):
        walk(bench, group)
        assert not [way for way in bench.till.cheaper().ways if way.kind == "place"]


def test_without_a_prescription_there_is_no_same_prescription(bench: Bench) -> None:
    walk(bench, SHAOXING)
    bench.till.drop_prescription()

    assert not [way for way in bench.till.cheaper().ways if way.kind == "place"]


def test_nothing_is_found_for_an_empty_basket_or_a_settled_sale(own: Bench) -> None:
    assert own.till.cheaper().ways == ()
    walk(own, EZHOU)
    assert own.till.cheaper().ways
    own.settle()
    assert own.till.cheaper().ways == ()


def test_a_way_says_how_many_packs_the_shop_has_that_may_be_sold(own: Bench) -> None:
    walk(own, SHAOXING)
    first, *_ = drugs_of(own.till.cheaper().ways)
    drug = catalogue.by_code(own.catalogue, first.key.partition(":")[2])
    assert drug is not None
    assert first.there is None
    receive(own.till, drug, "B1", "2028-05-31", packs=12)
    receive(own.till, drug, "B2", "2028-06-30", packs=5, note="SH-2")
    own.till.recall(drug.code, "B2", "药监通知 2026-11")  # Not for sale.

    state = walk(own, SHAOXING)

    assert [way.there for way in drugs_of(own.till.cheaper().ways) if way.name == first.name] == [12]
    assert state.settled is None


def test_what_the_shop_has_none_of_gives_way_to_what_it_may_have(own: Bench) -> None:
    walk(own, SHAOXING)
    first, *_ = drugs_of(own.till.cheaper().ways)
    drug = catalogue.by_code(own.catalogue, first.key.partition(":")[2])
    assert drug is not None
    receive(own.till, drug, "B2", "2028-06-30", packs=5)
    own.till.recall(drug.code, "B2", "药监通知 2026-11")

    walk(own, SHAOXING)
    ways = drugs_of(own.till.cheaper().ways)

    assert first.key not in {way.key for way in ways}
    assert [way.there for way in ways if way.line == first.line] == [None]


def test_the_record_says_what_was_substituted(own: Bench) -> None:
    before = walk(own, EZHOU)
    way = own.till.cheaper().ways[0]
    taken = own.till.take_cheaper(way.key)
    new = next(line for line in taken.draft.lines if line.instead_of is not None)
    own.till.enter(f"{new.drug.trace_prefix}{7:013d}")  # On insurance the box in its place is scanned, too.
    own.settle()

    row = sales.last(own.db)
    assert row is not None
    (line,) = [line for line in sales.read(own.db, row.journal).draft.lines if line.instead_of is not None]
    (first,) = [one for one in before.draft.lines if one.id == line.id]
    assert line.instead_of is not None
    assert (line.instead_of.code, line.instead_of.unit_price) == (first.drug.code, first.unit_price)
    assert line.drug.code == way.key.partition(":")[2]


def test_a_way_that_is_gone_changes_nothing_and_says_so(own: Bench) -> None:
    walk(own, EZHOU)
    way = own.till.cheaper().ways[0]
    own.till.change_quantity(way.line, 0)
    draft = own.desk.draft

    state = own.till.take_cheaper(way.key)

    assert state.draft == draft
    assert state.notice is not None
    assert "没有替换" in state.notice.what


def test_an_equivalent_that_the_shop_s_agreement_bars_is_not_offered(own: Bench) -> None:
    walk(own, EZHOU)
    offered = drugs_of(own.till.cheaper().ways)
    dear = []
    for way in offered:
        drug = catalogue.by_code(own.catalogue, way.key.partition(":")[2])
        assert drug is not None
        agreed = [replace(price, fen=1, kind="agreed", region="4207") for price in drug.prices[:1]]
        dear.append(replace(drug, prices=tuple(agreed)))
    with transaction(own.catalogue):
        catalogue.save(own.catalogue, dear)

    left = drugs_of(own.till.cheaper().ways)

    assert offered
    assert not {way.key for way in left} & {way.key for way in offered}


def test_a_drug_with_another_name_is_not_offered_on_a_prescription(own: Bench) -> None:
    """恩替卡韦片 is as good, but 恩替卡韦分散片 was prescribed."""
    dispersible = named(own, "恩替卡韦分散片", 2_480)
    state = walk(own, SHAOXING)
    assert state.draft.prescription is not None
    (line, *_rest) = state.draft.prescription.lines
    prescribed = replace(
        state.draft.prescription,
        lines=(replace(line, name=dispersible.generic_name, drug=dispersible.code, quantity=1),),
    )
    own.desk.draft = add_box(Draft(person=state.draft.person, prescription=prescribed), dispersible)

    assert {way.name for way in drugs_of(own.till.cheaper().ways)} == {"恩替卡韦分散片"}
    with transaction(own.catalogue):  # Where only the other one is left, there is nothing to offer.
        catalogue.save(own.catalogue, [replace(named(own, "恩替卡韦分散片", 560), price=None)])
    assert not drugs_of(own.till.cheaper().ways)
    own.desk.draft = replace(own.desk.draft, prescription=None)
    assert {way.name for way in drugs_of(own.till.cheaper().ways)} == {"恩替卡韦片"}


def test_pieces_of_an_opened_pack_are_not_replaced(own: Bench) -> None:
    walk(own, EZHOU)
    own.desk.draft = replace(
        own.desk.draft, lines=tuple(replace(line, split=True) for line in own.desk.draft.lines)
    )

    assert not drugs_of(own.till.cheaper().ways)


def test_an_over_the_counter_drug_has_its_cheaper_equivalent_without_any_person(own: Bench) -> None:
    brand = next(drug for drug in own.demonstration.drugs if drug.trade_name == "演之必")
    go_to_store(own.desk, "P37150000001")
    own.till.enter(brand.barcode or "")

    (way,) = own.till.cheaper().ways

    assert (way.name, way.price, way.saving) == ("布洛芬缓释胶囊", 780, 1_200)


def test_a_winner_is_known_by_the_price_it_won_with_for_as_long_as_that_holds(own: Bench) -> None:
    """The published results name prices; the list itself says of nobody that it has won."""
    brand = next(drug for drug in own.demonstration.drugs if drug.trade_name == "演之必")
    winner = named(own, "布洛芬缓释胶囊", 780)
    plain = replace(winner.listings[0], procured=False, payment_standard=None)
    (price,) = [each for each in winner.prices if each.kind == "procurement"]
    go_to_store(own.desk, "P37150000001")
    for prices, won in (((price,), True), ((), False), ((replace(price, ends=price.begins),), False)):
        with transaction(own.catalogue):
            catalogue.save(own.catalogue, [replace(winner, listings=(plain,), prices=prices)])
        own.till.next_customer()
        own.till.enter(brand.barcode or "")

        assert [way.procured for way in own.till.cheaper().ways] == [True] * won


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picked=st.data())
def test_no_way_ever_costs_the_patient_more_than_it_says(bench: Bench, picked: st.DataObject) -> None:
    shop = picked.draw(st.sampled_from(bench.demonstration.stores))
    person = picked.draw(st.none() | st.sampled_from(bench.demonstration.people))
    sold = [drug for drug in bench.demonstration.drugs if drug.price is not None]
    bench.till.next_customer()
    go_to_store(bench.desk, shop.provider.id)
    draft = Draft(person=person)
    for drug in picked.draw(st.lists(st.sampled_from(sold), min_size=1, max_size=4)):
        draft = add_box(draft, drug)
    bench.desk.change(draft)
    before = bench.till.refresh()
    assert before.answer is not None

    ways = bench.till.cheaper().ways

    assert len(drugs_of(ways)) <= 2
    for way in drugs_of(ways):
        state = bench.till.take_cheaper(way.key)
        assert state.answer is not None
        assert 0 < way.saving == before.answer.patient - state.answer.patient
        assert state.answer.patient == way.patient
        bench.till.undo()


def test_looking_for_ways_changes_nothing(bench: Bench) -> None:
    walk(bench, SHAOXING)
    draft, notice = bench.desk.draft, bench.desk.notice

    cheaper.cheaper(bench.desk)

    assert (bench.desk.draft, bench.desk.notice) == (draft, notice)
