"""7201 to 7206 and SY07 on the wire: what goes in comes out, and nothing that comes in breaks the reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from engine.calendar import CHINA
from engine.diseases import NAMES
from engine.policy.answer import Clause
from engine.prescription import Diagnosis, Dose, PrescribedLine, Prescription, Seal
from engine.protocol import eprescription as wire
from engine.protocol import eprescription_content as content
from engine.protocol import eprescription_result as result
from engine.protocol import eprescription_review as said
from engine.protocol.eprescription_seal import is_authentic, sealed, without_seal
from engine.protocol.frequencies import FREQUENCIES, frequency_of, per_day_of
from engine.protocol.signing import public_key
from engine.protocol.wire import ProtocolError
from engine.refusal import RefusalReport, Reported

PRIVATE = bytes(range(32))
KEY = public_key(PRIVATE)
DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 10, 30, tzinfo=CHINA)

words = st.text(st.characters(categories=("L", "N"), max_codepoint=0x9FFF), min_size=1, max_size=12)
digits = st.text("0123456789", min_size=3, max_size=20)
amounts = st.decimals(min_value="0.01", max_value="9999.99", places=2)
days = st.integers(1, 365)
doses = st.builds(
    Dose,
    amount=amounts,
    unit=words,
    per_day=st.sampled_from([each.per_day for each in FREQUENCIES]),
)
lines = st.builds(
    PrescribedLine,
    name=words,
    quantity=st.integers(1, 99),
    drug=st.one_of(st.none(), digits.map(lambda text: "X" + text)),
    disease=st.one_of(st.none(), st.sampled_from(sorted(NAMES))),
    form=words,
    strength=words,
    dose=st.one_of(st.none(), doses),
    days=days,
    usage=words,
)
ends = st.integers(0, 10**7).map(lambda count: AT + timedelta(seconds=count))


@st.composite
def prescriptions(draw: st.DrawFn) -> Prescription:
    prescribed = tuple(draw(st.lists(lines, min_size=1, max_size=5)))
    diagnoses = tuple(draw(st.lists(st.builds(Diagnosis, digits, words), max_size=3)))
    end, repeats = draw(ends), draw(st.integers(0, 20))
    return Prescription(
        number=draw(digits),
        source="electronic",
        issuer=draw(words),
        issuer_code=draw(digits),
        issuer_designated=True,
        doctor=draw(words),
        department=draw(words),
        diagnosis="；".join(each.name for each in diagnoses),
        diagnoses=diagnoses,
        issued=DAY,
        supply_days=max(line.days or 1 for line in prescribed),
        lines=prescribed,
        valid_end=end,
        valid_until=end.date(),
        diseases=frozenset(line.disease for line in prescribed if line.disease),
        psn_no=draw(digits),
        pregnant=draw(st.booleans()),
        breastfeeding=draw(st.booleans()),
        allergies=tuple(draw(st.lists(words, max_size=3))),
        repeats=repeats,
        repeated=draw(st.integers(0, repeats)),
        interval_days=draw(st.integers(0, 90)),
    )


def out(text: str) -> Raw:
    return Raw(text.encode())


@given(prescriptions())
def test_a_signed_prescription_arrives_to_the_letter_and_is_authentic(prescription: Prescription) -> None:
    whole = replace(prescription, long_term=True, travel=True, doctor_title="主任医师")
    told = content.read_content(out(content.content_output(sealed(PRIVATE, whole), None, None)), KEY)

    assert without_seal(told.prescription) == whole
    assert is_authentic(told.prescription, KEY) is True


@given(prescriptions())
def test_the_national_fields_alone_say_all_that_they_have_a_place_for(prescription: Prescription) -> None:
    told = content.read_content(out(content.content_output(prescription, None, None)), KEY).prescription

    assert told == prescription
    assert is_authentic(told, KEY) is None


@given(prescriptions(), st.sampled_from(["more", "another", "name", "longer", "number"]))
def test_what_was_altered_on_its_way_or_on_the_disk_is_not_authentic(
    prescription: Prescription, change: str
) -> None:
    true = sealed(PRIVATE, prescription)
    first = true.lines[0]
    false = {
        "more": replace(true, lines=(replace(first, quantity=first.quantity + 1), *true.lines[1:])),
        "another": replace(true, psn_no=f"{true.psn_no}0"),
        "name": replace(true, lines=(replace(first, name=f"{first.name}片"), *true.lines[1:])),
        "longer": replace(true, valid_end=AT + timedelta(days=400), valid_until=DAY + timedelta(days=400)),
        "number": replace(true, number=f"{true.number}1"),
    }[change]

    told = content.read_content(out(content.content_output(false, None, None)), KEY).prescription

    assert is_authentic(false, KEY) is False
    assert is_authentic(told, KEY) is False
    assert without_seal(told) != without_seal(true)


@given(prescriptions(), st.binary(min_size=32, max_size=32))
def test_a_seal_of_somebody_else_holds_for_nobody(prescription: Prescription, other: bytes) -> None:
    forged = sealed(other, prescription)

    assert is_authentic(forged, KEY) is (other == PRIVATE)
    assert is_authentic(forged, None) is None


READERS: list[Callable[[Raw], object]] = [
    wire.read_qr_request,
    wire.read_qr,
    wire.read_waiting_request,
    wire.read_waiting,
    content.read_download_request,
    lambda raw: content.read_content(raw, KEY),
    said.read_review,
    result.read_write_off,
    said.read_refusal,
]
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("read", READERS)
@given(garbage=st.binary(max_size=60) | json.map(msgspec.json.encode))
def test_garbage_is_refused_in_words_and_breaks_no_reader(
    read: Callable[[Raw], object], garbage: bytes
) -> None:
    with pytest.raises(ProtocolError) as refused:
        read(Raw(garbage))

    assert refused.value.text.endswith("。")


@settings(max_examples=300)
@given(st.data())
def test_a_download_with_any_one_field_spoilt_is_read_or_refused(data: st.DataObject) -> None:
    whole = sealed(PRIVATE, data.draw(prescriptions()))
    told = msgspec.json.decode(content.content_output(whole, None, None))
    node = data.draw(st.sampled_from(sorted(told)))
    place = told[node][0] if isinstance(told[node], list) and told[node] else told[node]
    if isinstance(place, dict):
        name = data.draw(st.sampled_from(sorted(place)))
        place[name] = data.draw(json | st.sampled_from(["NaN", "sNaN", "Infinity", "1e400", -1, "9" * 30]))
    try:
        read = content.read_content(out(msgspec.json.encode(told).decode()), KEY)
    except ProtocolError:
        return
    assert read.prescription.number
    assert is_authentic(read.prescription, KEY) in (True, False, None)


def test_a_seal_that_holds_no_prescription_is_no_seal() -> None:
    prescription = Prescription(
        number="R1",
        source="electronic",
        issuer="医院",
        issuer_designated=True,
        doctor="医师",
        diagnosis="",
        issued=DAY,
        supply_days=7,
        lines=(PrescribedLine(name="药", quantity=1),),
        psn_no="1",
        seal=Seal(body='{"number":', signature="???"),
    )

    assert is_authentic(prescription, KEY) is False


@pytest.mark.parametrize("each", FREQUENCIES)
def test_every_frequency_is_read_by_code_and_by_name(each: object) -> None:
    assert isinstance(each, type(FREQUENCIES[0]))
    for word in (each.code, each.code.upper(), each.name, *each.also):
        assert per_day_of(word, None) == each.per_day
        assert per_day_of("99", word) == each.per_day
    assert frequency_of(each.per_day) is not None


def test_a_frequency_that_nobody_knows_leaves_no_dose_but_its_words() -> None:
    row = content.RxDrug(
        drug_genname="药",
        drug_cnt=Decimal(1),
        sin_doscnt=Decimal(2),
        sin_dosunt="片",
        used_frqu_name="遵医嘱",
    )
    nodes = content.Nodes(
        data=content.RxData(
            hi_rxno="R1", prsc_time="2026-11-22 08:00:00", valid_end_time="2026-11-24 08:00:00"
        ),
        rxdrugdetail=(row,),
    )

    (line,) = content.read_content(Raw(msgspec.json.encode(nodes)), KEY).prescription.lines

    assert (line.dose, line.usage) == (None, "遵医嘱")


@given(
    st.lists(
        st.builds(
            wire.Waiting,
            auth_rxno=digits,
            issuer=words,
            issuer_code=digits,
            issued_at=ends,
            valid_end=ends,
            diagnosis=words,
            department=words,
            number=digits,
        ),
        max_size=5,
    )
)
def test_what_waits_for_a_person_comes_as_it_was_told(waiting: list[wire.Waiting]) -> None:
    assert wire.read_waiting(out(wire.waiting_output(waiting))) == tuple(waiting)


reports = st.builds(
    RefusalReport,
    id=digits,
    at=ends,
    provider=digits,
    shop=words,
    by=words,
    licence=digits,
    who=words,
    prescription=prescriptions(),
    found=st.lists(
        st.builds(Reported, code=words, text=words, clause=st.none() | st.builds(Clause, words, words)),
        min_size=1,
        max_size=3,
    ).map(tuple),
    to=st.just(("开方机构",)),
)


@given(reports)
def test_a_refusal_of_paper_arrives_whole(report: RefusalReport) -> None:
    assert said.read_refusal(out(said.refusal_input(report))) == report


@given(reports)
def test_a_refusal_of_an_electronic_prescription_names_what_was_found(report: RefusalReport) -> None:
    told, facts = said.read_review(out(said.refused_input(report)))

    assert told.hi_rxno == report.prescription.number
    assert told.rx_chk_stas_codg == "2"
    assert facts.found == report.found
    assert facts.psn_no == report.prescription.psn_no
