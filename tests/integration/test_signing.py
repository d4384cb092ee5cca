"""A pharmacist reviews and signs before a prescription drug is settled; what is passed is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from app import errors
from app.storage import dispensed, journal, outbox
from app.storage.connection import transaction
from app.usecases.desk import CounterSettings
from engine.person import Buyer
from engine.prescription import Dose, PrescribedLine
from engine.protocol.eprescription_review import read_review
from engine.protocol.lease import Dispensed
from engine.refusal import RefusalReport
from engine.sale import Sale
from engine.signoff import Override, PrescriptionRefused
from tests.fakes.fake_counter import NOW, Bench
from tests.fakes.signing import LICENCE, PHARMACIST, reasons_for, sign

TOUR = "绍兴：便民"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    scan(bench)
    yield bench
    bench.close()


def scan(bench: Bench) -> None:
    for stop in bench.till.tour():
        if stop.group.startswith(TOUR):
            bench.till.demonstrate(stop)


def recorded(bench: Bench) -> Sale:
    """Return the sale as the journal holds it."""
    entry = journal.read(bench.db, 0, 10)[-1]
    return msgspec.json.decode(entry.body, type=Sale)


def overdose(bench: Bench) -> None:
    """Have the doctor prescribe four tablets a day of what two are the most of."""
    prescription = bench.desk.draft.prescription
    assert prescription is not None
    lines = tuple(
        replace(line, dose=Dose(amount=4, unit="片", per_day=1)) if line.name.startswith("苯磺酸") else line  # type: ignore[arg-type]
        for line in prescription.lines
    )
    bench.desk.change(replace(bench.desk.draft, prescription=replace(prescription, lines=lines)))


def test_a_prescription_drug_is_not_settled_unsigned_and_the_key_says_what_to_press(bench: Bench) -> None:
    state = bench.till.refresh()
    assert state.signing.needed
    assert "Ctrl S" in state.hint

    with pytest.raises(errors.NotSigned, match="按 Ctrl S 签字"):
        bench.till.settle()

    assert journal.head(bench.db)[0] == 0


def test_a_signed_sale_is_settled_and_names_who_reviewed_it(bench: Bench) -> None:
    state = bench.till.sign()
    assert state.signing.signed is not None
    assert "收款" in state.hint

    bench.till.settle()

    signed = recorded(bench).draft.signed
    assert signed is not None
    assert (signed.pharmacist, signed.licence, signed.overrides) == (PHARMACIST, LICENCE, ())
    assert signed.at >= NOW
    rows = {row.left: row.right for row in bench.printer.papers[0].rows}
    assert rows["审方药师"] == PHARMACIST


def test_a_sale_of_free_drugs_asks_for_no_signature(bench: Bench) -> None:
    bench.till.next_customer()
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    state = bench.till.enter(drug.barcode or "")

    assert not state.signing.needed
    with pytest.raises(errors.NothingToSign):
        bench.till.sign()
    assert bench.till.settle().settled is not None
    assert recorded(bench).draft.signed is None
    assert all(row.left != "审方药师" for row in bench.printer.papers[0].rows)


def test_any_change_voids_the_signature_and_shows_it(bench: Bench) -> None:
    bench.till.sign()

    state = bench.till.change_quantity("1", 0)

    assert state.signing.signed is None
    assert state.signing.void is not None
    assert "已失效" in state.hint
    with pytest.raises(errors.NotSigned, match="签字已失效"):
        bench.till.settle()
    assert bench.till.sign().signing.signed is not None


def test_what_arrives_of_the_history_meanwhile_voids_it_too(bench: Bench) -> None:
    bench.till.sign()
    person = bench.desk.draft.person
    assert person is not None
    seen = Dispensed(
        psn_no=person.psn_no,
        at=NOW - timedelta(days=5),
        provider="P33060200001",
        drug=bench.desk.draft.lines[0].drug.code,
        quantity=1,
        days=28,
    )
    with transaction(bench.db):
        dispensed.save(bench.db, [seen])
        dispensed.known(bench.db, [person.psn_no], NOW)

    assert bench.till.refresh().signing.void is not None


def test_cash_and_another_look_void_nothing(bench: Bench) -> None:
    bench.till.sign()

    bench.till.tender("500")

    assert bench.till.refresh().signing.signed is not None


def test_undo_takes_the_signature_back(bench: Bench) -> None:
    bench.till.sign()

    assert bench.till.undo().signing.signed is None


def test_what_is_refused_is_passed_by_a_reason_alone_and_the_reason_is_on_record(bench: Bench) -> None:
    overdose(bench)
    state = bench.till.refresh()
    (asked,) = state.signing.asked
    assert asked.code == "dose_above_maximum"
    assert "医师已在超剂量处重新签字" in asked.reasons
    assert "1 条提示要说明理由" in state.hint

    with pytest.raises(errors.ReasonMissing, match="最大量"):
        bench.till.sign()
    with pytest.raises(errors.ReasonMissing):
        bench.till.sign((Override(code=asked.code, subject=asked.subject, reason="   "),))
    with pytest.raises(errors.NotSigned):
        bench.till.settle()

    reason = Override(code=asked.code, subject=asked.subject, reason="医师  在电话里确认，已补签")
    bench.till.sign((reason, Override(code="nothing", subject="", reason="多余")))
    bench.till.settle()

    signed = recorded(bench).draft.signed
    assert signed is not None
    said = "苯磺酸氨氯地平片一天共 20 mg，超过最大量 10 mg。"  # As it was told then, whatever is known later.
    assert signed.overrides == (replace(reason, reason="医师 在电话里确认，已补签", text=said),)


def test_what_the_law_forbids_no_reason_passes(bench: Bench) -> None:
    bench.till.change_quantity("1", 9)
    state = bench.till.refresh()

    assert state.signing.barring
    assert "Ctrl R" in state.hint
    with pytest.raises(errors.CannotBeSigned, match="请减到"):
        bench.till.sign(reasons_for(state))


def test_a_shop_without_a_pharmacist_signs_nothing_and_settles_no_prescription_drug(bench: Bench) -> None:
    bench.desk.settings = CounterSettings(operator="收款员", answer_wait_s=0.0)

    with pytest.raises(errors.NoPharmacist, match="SHANYAO_PHARMACIST"):
        bench.till.sign()
    with pytest.raises(errors.NotSigned):
        bench.till.settle()


def test_refusing_is_an_act_on_record_and_takes_the_drugs_off_the_desk(bench: Bench) -> None:
    overdose(bench)
    before = bench.desk.draft.prescription
    assert before is not None

    state = bench.till.refuse(bench.till.refusal_reasons()[1])

    assert state.draft.prescription is None
    assert all(not line.drug.prescription_only for line in state.draft.lines)
    assert state.notice is not None
    assert "流水第 1 条" in state.notice.what
    (entry,) = journal.read(bench.db, 0, 10)
    assert entry.kind == "prescription_refused"
    refused = msgspec.json.decode(entry.body, type=PrescriptionRefused)
    assert refused.prescription == before
    assert (refused.pharmacist, refused.reason) == (PHARMACIST, "超剂量，医师未重新签字")
    assert [each.code for each in refused.findings] == ["dose_above_maximum"]
    assert refused.reportable == ()
    assert journal.verify(bench.db) == []


def test_the_platform_hears_of_a_review_that_did_not_pass_whatever_the_region(bench: Bench) -> None:
    overdose(bench)
    here = bench.desk.draft.prescription
    assert here is not None
    fetched = replace(here, download_id="0" * 30)
    bench.desk.draft = replace(bench.desk.draft, prescription=fetched)

    state = bench.till.refuse("超剂量，医师未重新签字")

    assert state.notice is not None
    assert "处方平台" in state.notice.advice
    (told,) = [each for each in outbox.recent(bench.db, 9) if each.infno == "7204"]
    review, facts = read_review(Raw(outbox.text_of(bench.db, told).encode()))
    assert (review.hi_rxno, review.rx_chk_stas_codg, review.phar_name) == (here.number, "2", PHARMACIST)
    assert "超剂量，医师未重新签字" in review.rx_chk_opnn
    assert [each.code for each in facts.found] == ["dose_above_maximum", "reason"]
    assert journal.verify(bench.db) == []


def test_a_refusal_needs_a_prescription_and_a_reason(bench: Bench) -> None:
    with pytest.raises(errors.ReasonMissing):
        bench.till.refuse("  ")
    bench.till.drop_prescription()
    with pytest.raises(errors.NothingToRefuse):
        bench.till.refuse("处方不真实或被改动")

    assert journal.head(bench.db)[0] == 0


def test_in_liaocheng_what_must_be_reported_is_marked_in_the_refusal(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.till.start()
    for stop in bench.demonstration.tour:
        if stop.group.startswith("聊城"):
            bench.till.demonstrate(stop)
    prescription = bench.desk.draft.prescription
    assert prescription is not None
    changed = replace(prescription, confirmed=False, supply_days=60)
    bench.desk.change(replace(bench.desk.draft, prescription=changed))

    bench.till.refuse("处方未经定点医疗机构确认")

    said, told = journal.read(bench.db, 0, 10)
    refused = msgspec.json.decode(said.body, type=PrescriptionRefused)
    assert set(refused.reportable) == {"prescription_not_confirmed", "supply_too_long"}
    report = msgspec.json.decode(told.body, type=RefusalReport)
    assert {each.code for each in report.found} == {*refused.reportable, "reason"}
    assert {each.infno for each in outbox.recent(bench.db, 9)} == {"SY07", "SY03"}
    bench.close()


def test_a_paper_prescription_again_needs_a_reason(bench: Bench) -> None:
    here = bench.desk.draft.prescription
    assert here is not None
    paper = replace(here, number="P-1", psn_no=None, repeats=0)
    for _ in range(3):  # Two boxes were prescribed of each, and one is sold at a time.
        bench.desk.change(replace(bench.desk.draft, prescription=paper))
        state = bench.till.refresh()
        if any(asked.code == "prescription_used" for asked in state.signing.asked):
            break
        bench.settle()
        bench.till.next_customer()
        scan(bench)

    assert {asked.code for asked in state.signing.asked} >= {"prescription_used"}
    assert sign(bench.till, state).signing.signed is not None
    assert bench.till.settle().settled is not None


def test_a_line_that_names_no_drug_of_the_shop_is_reviewed_as_well(bench: Bench) -> None:
    prescription = bench.desk.draft.prescription
    assert prescription is not None
    lines = (*prescription.lines, PrescribedLine(name="马来酸依那普利片", quantity=1))
    bench.desk.change(replace(bench.desk.draft, prescription=replace(prescription, lines=lines)))

    texts = [each.text for each in bench.till.refresh().findings if each.code == "interaction"]

    assert any("马来酸依那普利片" in text for text in texts)


def test_a_prescription_that_was_refused_says_so_when_it_comes_again(bench: Bench) -> None:
    overdose(bench)
    refused = bench.desk.draft.prescription
    assert refused is not None
    bench.till.refuse("超剂量，医师未重新签字")
    bench.till.next_customer()

    scan(bench)
    state = bench.till.refresh()

    (again,) = [each for each in state.findings if each.code == "prescription_refused_before"]
    assert "超剂量，医师未重新签字" in again.text
    assert PHARMACIST in again.text
    assert again.severity == "attention"


def test_a_buyer_without_insurance_is_registered_by_name_and_id_and_the_sale_keeps_it(bench: Bench) -> None:
    bench.till.next_customer()
    cold = next(each for each in bench.demonstration.drugs if "伪麻美芬" in each.generic_name)
    bench.till.enter(cold.code)
    with pytest.raises(errors.NotForSale, match="没有登记"):
        bench.settle()

    state = bench.till.enter("张三 110101199003070039")
    assert state.notice is not None
    assert "校验不对" in state.notice.what
    assert state.draft.buyer is None
    state = bench.till.enter("张三　１１０１０１１９９００３０７００３８")
    assert state.notice is not None
    assert "张＊" in state.notice.what
    bench.settle()

    assert recorded(bench).draft.buyer == Buyer(name="张三", cert_no="110101199003070038")
    assert bench.till.next_customer().draft.buyer is None
