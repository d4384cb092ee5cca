"""What is left of a prescription after parts and repeats, and which refusals a shop must report."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from engine.calendar import CHINA
from engine.demonstration import Demonstration
from engine.prescription import PrescribedLine, Prescription
from engine.prescription_use import Given, Standing, key_of, left_of, line_for, spread
from engine.protocol import eprescription_content as content
from engine.protocol.codes import disease_code

DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 10, 30, tzinfo=CHINA)


def prescription_for(*quantities: int, repeats: int = 0, interval: int = 0) -> Prescription:
    return Prescription(
        number="R1",
        source="electronic",
        issuer="医院",
        issuer_designated=True,
        doctor="医师",
        diagnosis="",
        issued=DAY,
        supply_days=28,
        lines=tuple(
            PrescribedLine(name=f"药{place}", quantity=quantity, drug=f"XC08CAY00{place}A001010900002")
            for place, quantity in enumerate(quantities)
        ),
        psn_no="1",
        repeats=repeats,
        interval_days=interval,
    )


def dispensed(place: int, quantity: int, days_later: int = 0, pack_size: int = 1) -> Given:
    return Given(
        provider="P1",
        sale=f"S{days_later}",
        at=AT + timedelta(days=days_later),
        drug=f"XC08CAY00{place}A001010900002",
        quantity=quantity,
        pack_size=pack_size,
    )


def test_a_line_may_be_dispensed_in_parts_until_nothing_is_left() -> None:
    prescription = prescription_for(3, 2)

    part = left_of(prescription, [dispensed(0, 2)], DAY)
    whole = left_of(prescription, [dispensed(0, 2), dispensed(0, 1), dispensed(1, 2)], DAY)

    assert part.packs == (1, 2)
    assert not part.is_used_up
    assert whole.is_used_up
    assert whole.done == 1


def test_a_drug_that_is_prescribed_on_two_lines_gives_what_both_say_and_no_more() -> None:
    one = prescription_for(1)
    twice = replace(one, lines=one.lines * 2)

    assert left_of(twice, [dispensed(0, 1)], DAY).packs == (0, 1)
    assert left_of(twice, [dispensed(0, 2)], DAY).is_used_up
    assert left_of(twice, [dispensed(0, 1), dispensed(0, 1)], DAY).is_used_up
    repeated = replace(twice, repeats=1, interval_days=28)
    assert left_of(repeated, [dispensed(0, 2)], DAY).opens == DAY + timedelta(days=28)
    assert left_of(repeated, [dispensed(0, 2)], DAY + timedelta(days=28)).packs == (1, 1)


def test_a_box_takes_the_line_of_its_own_code_before_another_of_its_generic() -> None:
    one = prescription_for(1)
    other = replace(one.lines[0], drug="XC08CAY000A001010900777")
    both = replace(one, lines=(*one.lines, other))
    given = replace(dispensed(0, 1), drug="XC08CAY000A001010900777")

    assert left_of(both, [given], DAY).packs == (1, 0)
    wanted = [("XC08CAY000A001010900777", "", Fraction(3))]
    assert spread(both.lines, (Fraction(1), Fraction(1)), wanted) == (1, 2)


def test_parts_of_a_split_pack_count_as_parts_of_a_pack() -> None:
    left = left_of(prescription_for(2), [dispensed(0, 7, pack_size=28)], DAY)

    assert left.packs == (Fraction(7, 4),)


def test_a_repeat_opens_after_its_interval_and_none_after_the_last() -> None:
    prescription = prescription_for(2, repeats=1, interval=28)
    once = [dispensed(0, 2)]

    assert left_of(prescription, [], DAY).packs == (2,)
    assert left_of(prescription, once, DAY).opens == DAY + timedelta(days=28)
    assert left_of(prescription, once, DAY + timedelta(days=27)).packs == (0,)
    assert left_of(prescription, once, DAY + timedelta(days=28)).packs == (2,)
    twice = [*once, dispensed(0, 2, days_later=28)]
    assert left_of(prescription, twice, DAY + timedelta(days=90)).is_used_up


def test_rounds_that_were_used_before_it_came_here_are_gone() -> None:
    used = replace(prescription_for(2, repeats=2), repeated=2)

    assert left_of(used, [], DAY).packs == (2,)
    assert left_of(used, [dispensed(0, 2)], DAY).is_used_up


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 5), st.integers(0, 60)), max_size=8))
def test_nothing_is_ever_left_twice(sold: list[tuple[int, int, int]]) -> None:
    prescription = prescription_for(3, 4, repeats=1, interval=30)
    all_ = [dispensed(*each) for each in sold]

    for count in range(1, len(all_)):
        before = left_of(prescription, all_[:count], DAY + timedelta(days=99))
        after = left_of(prescription, all_[: count + 1], DAY + timedelta(days=99))
        assert all(0 <= now <= then for now, then in zip(after.packs, before.packs, strict=True))
        assert after.done >= before.done


def test_another_makers_pack_is_dispensed_on_the_line_of_its_generic() -> None:
    by_code = prescription_for(1).lines
    by_name = (PrescribedLine(name="氨氯地平 片", quantity=1),)

    assert line_for(by_code, "XC08CAY000A001010900777") == 0
    assert line_for(by_name, "XC08CAY000A001010900777", "氨氯地平片") == 0
    assert line_for(by_code, "XA10BAA000A001010900777", "别的药") is None


def test_numbers_of_paper_are_their_issuers_own() -> None:
    platform = prescription_for(1)
    paper = replace(platform, psn_no=None)

    assert key_of(platform) == key_of(replace(platform, issuer="别的医院"))
    assert key_of(paper) != key_of(replace(paper, issuer="别的医院"))
    assert key_of(platform) != key_of(replace(platform, issued=DAY + timedelta(days=1)))


def test_a_standing_names_every_sale(demonstration: Demonstration) -> None:
    told = Standing(number="R1", issued=DAY, state="used", given=(dispensed(0, 2),))
    prescription = demonstration.prescriptions[0]

    text = content.content_output(prescription, demonstration.people[0], told)
    read = content.read_content(Raw(text.encode()), None)

    assert read.standing == told
    assert read.prescription.psn_no == demonstration.people[0].psn_no
    assert {line.disease for line in read.prescription.lines} == {line.disease for line in prescription.lines}
    assert disease_code("hypertension") == "M03900"
