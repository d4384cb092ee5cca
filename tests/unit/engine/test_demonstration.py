from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from engine.calendar import business_day
from engine.demonstration import Demonstration, Stop, parse_demonstration
from engine.ids import is_resident_id
from engine.policy.answer import Answer
from engine.policy.compute import answer_claim
from engine.policy.packs import Library
from engine.review import review
from engine.sale import Draft, add_box, make_claim
from engine.scan import classify
from tests.fakes.review_desk import facts_of


def test_every_code_of_the_demonstration_is_what_it_says(demonstration: Demonstration) -> None:
    kinds = {
        "voucher": list(demonstration.vouchers),
        "card": [person.card_no or "" for person in demonstration.people],
        "resident_id": [person.cert_no for person in demonstration.people],
        "barcode": [drug.barcode or "" for drug in demonstration.drugs],
        "drug_code": [drug.code for drug in demonstration.drugs],
        "prescription": [prescription.number for prescription in demonstration.prescriptions],
    }

    for kind, codes in kinds.items():
        assert {classify(code).kind for code in codes} == {kind}
        assert len(set(codes)) == len(codes)


def test_nobody_real_can_have_a_demonstration_person_s_number(demonstration: Demonstration) -> None:
    for person in demonstration.people:
        assert is_resident_id(person.cert_no)
        assert person.cert_no[:6] == person.region
        assert person.cert_no[14:17] in ("998", "999")
        assert (person.sex == "男") == (int(person.cert_no[16]) % 2 == 1)


def test_the_demonstration_never_grows_old(demonstration_texts: dict[str, str]) -> None:
    for now in (datetime(2026, 11, 22, 6, tzinfo=UTC), datetime(2031, 1, 1, 1, tzinfo=UTC)):
        for prescription in parse_demonstration(demonstration_texts, now).prescriptions:
            assert prescription.issued == business_day(now)


def test_the_tour_s_boxes_are_never_scanned_twice(
    demonstration_texts: dict[str, str], demonstration: Demonstration, now: datetime
) -> None:
    later = parse_demonstration(demonstration_texts, now + timedelta(seconds=1))
    boxes = [
        stop.code
        for tour in (demonstration.tour, later.tour)
        for stop in tour
        if classify(stop.code).kind == "trace_code"
    ]

    assert len(set(boxes)) == len(boxes) > 0


def test_the_tour_shows_each_city_as_it_is(
    demonstration: Demonstration, library: Library, now: datetime
) -> None:
    answers = {name: _scan_all(demonstration, library, stops, now) for name, stops in _groups(demonstration)}
    shaoxing, nearly, wuxi, liaocheng, ezhou, hangzhou = answers.values()

    assert [settlement.disease for settlement in shaoxing.settlements] == ["hypertension", "diabetes"]
    assert sum(s.over_standard for s in shaoxing.settlements) > 0
    assert nearly.settlements[0].over_limit > 0
    assert [refusal.code for refusal in wuxi.refusals] == ["provider_kind_not_covered"]
    assert liaocheng.settlements[0].deductible == 4_000
    assert (liaocheng.settlements[0].ratio_bp, ezhou.settlements[0].ratio_bp) == (8_500, 6_800)
    assert [refusal.code for refusal in hangzhou.refusals] == ["no_policy_in_force"]
    assert all(not answer.refusals for answer in (shaoxing, nearly, liaocheng, ezhou))


@pytest.mark.parametrize(
    "file, slip, place",
    [
        ("drugs.csv", ("6999900000019", "6999900000018"), "drugs.csv: drug 1:"),
        ("people.toml", ('"330681195604129981"', '"330681195604129982"'), "people.toml: person 1"),
        ("people.toml", ("fund_paid =", "fund_payed ="), "people.toml: person 1"),
        ("prescriptions.toml", ('"amlodipine"', '"amlodipin"'), "prescriptions.toml: prescription 1"),
        ("tour.toml", ('"P33068100001"', '"P0"'), "tour.toml: group 1"),
        ("stores.toml", ("[[store]]", "[[store]"), "stores.toml"),
    ],
)
def test_a_slip_in_a_file_is_named_with_its_place(
    demonstration_texts: dict[str, str], now: datetime, file: str, slip: tuple[str, str], place: str
) -> None:
    damaged = {**demonstration_texts, file: demonstration_texts[file].replace(*slip, 1)}
    assert damaged != demonstration_texts

    with pytest.raises(ValueError, match=place):
        parse_demonstration(damaged, now)


def _groups(demonstration: Demonstration) -> list[tuple[str, list[Stop]]]:
    groups: dict[str, list[Stop]] = defaultdict(list)
    for stop in demonstration.tour:
        groups[stop.group].append(stop)
    return list(groups.items())


def _scan_all(demonstration: Demonstration, library: Library, stops: list[Stop], now: datetime) -> Answer:
    day, draft = business_day(now), Draft()
    for stop in stops:
        draft = _scan(demonstration, draft, stop.code)
    store = next(each for each in demonstration.stores if each.provider.id == stops[0].store)
    assert draft.person is not None
    claim = make_claim(draft, store.provider, draft.person.snapshot.accumulators, day)
    answer = answer_claim(library, claim)
    findings = review(facts_of(draft, day=day, shop=store.provider, answer=answer))
    assert {finding.severity for finding in findings} <= {"ok", "attention"}
    return answer


def _scan(demonstration: Demonstration, draft: Draft, code: str) -> Draft:
    for person in demonstration.people:
        if code in (person.cert_no, person.card_no) or demonstration.vouchers.get(code) == person.psn_no:
            return replace(draft, person=person)
    for prescription in demonstration.prescriptions:
        if prescription.number == code:
            return replace(draft, prescription=prescription)
    for drug in demonstration.drugs:
        if drug.barcode == code:
            return add_box(draft, drug)
        if len(code) == 20 and code.startswith(drug.trace_prefix or "?"):
            return add_box(draft, drug, code)
    raise AssertionError(f"nothing has the code {code}")
