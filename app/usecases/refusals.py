"""A refusal told to institution and agency: journalled, queued in the same step, and put on a slip.

What a shop must report is data (resources/prescriptions/reporting.toml); whether the drug is sold at the
patient's own cost all the same is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from app.errors import AlreadyReported, NoStore, NothingToReport, PrescriptionUnknown
from app.storage import journal, outbox, people, refusals
from app.storage.connection import transaction
from app.storage.outbox import Message
from app.usecases import tasks
from app.usecases.desk import Desk
from engine.person import masked_name
from engine.prescription import Finding, Prescription, is_from_platform
from engine.prescription_use import key_of
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.eprescription_result import refusal_input, refused_input
from engine.refusal import RefusalReport, Reported, reportable

REFUSAL_KIND = "refusal_report"
RX_REVIEW, PAPER_REFUSED = "7204", "SY07"
TO_REPORT = "refusal_to_report"


def report(desk: Desk, prescription: Prescription, found: Iterable[Finding]) -> RefusalReport:
    """Record that a prescription is refused for what was ``found`` of it, and queue its report.

    Raises NothingToReport where no clause asks for one, AlreadyReported where it was made.
    """
    store, now = desk.store, desk.now()
    if store is None:
        raise NoStore()
    refused = [each for each in found if each.severity == "refused"]
    pairs = reportable(desk.duties, store.provider, refused)
    if not pairs:
        raise NothingToReport(number=prescription.number)
    key = key_of(prescription)
    before = refusals.of_key(desk.db, key)
    if before is not None:
        raise AlreadyReported(number=prescription.number, id=before.id)
    signed = desk.draft.signed
    made = RefusalReport(
        id=f"{store.till}-R{refusals.count(desk.db) + 1:06d}",
        at=now,
        provider=store.provider.id,
        shop=store.name,
        by=signed.pharmacist if signed else desk.settings.operator,
        licence=signed.licence if signed else "",
        who=_who(desk, prescription),
        prescription=prescription,
        found=tuple(
            Reported(code=finding.code, text=finding.text, clause=finding.clause, duty=duty.clause)
            for finding, duty in pairs
        ),
        to=tuple(dict.fromkeys(name for _finding, duty in pairs for name in duty.to)),
        electronic=is_from_platform(prescription),
    )
    with transaction(desk.db):
        entry = journal.append(desk.db, REFUSAL_KIND, msgspec.json.encode(made).decode(), now)
        outbox.put(desk.db, _message(desk, made))
        number = outbox.last_number(desk.db)
        refusals.put(desk.db, made, key, now, journal=entry.number, message=number)
        tasks.upload_rest(desk, now)
    desk.courier.poke()
    return made


def print_slip(desk: Desk, prescription_key: str) -> Path:
    """Write the slip of a report for the institution; raise PrescriptionUnknown, PrinterSilent."""
    filed = refusals.of_key(desk.db, prescription_key)
    if filed is None:
        raise PrescriptionUnknown()
    return desk.slips.print_slip(filed.report)


def duty_findings(desk: Desk, prescription: Prescription | None, found: Iterable[Finding]) -> list[Finding]:
    """Return what the law asks of the shop beyond refusing: that it is reported, to whom, by which clause."""
    if prescription is None or desk.store is None:
        return []
    refused = [each for each in found if each.severity == "refused"]
    pairs = reportable(desk.duties, desk.store.provider, refused)
    if not pairs:
        return []
    duty = pairs[0][1]
    whom = "、".join(dict.fromkeys(name for _finding, each in pairs for name in each.to))
    filed = refusals.of_key(desk.db, key_of(prescription))
    if filed is not None:
        text = f"已按规定拒绝并上报{whom}（第 {filed.id} 号）。"
        return [Finding("attention", "refusal_reported", text, duty.clause)]
    text = f"这张处方不能联网结算，还应当分别告知{whom}。"
    advice = "请按 F3 到「处方」，按 F12 上报并打印反馈单。"
    return [Finding("attention", TO_REPORT, text, duty.clause, advice=advice)]


def duty_hint(found: Iterable[Finding]) -> str:
    """Return the next act where a refusal is still to be reported; empty otherwise."""
    waits = any(each.code == TO_REPORT for each in found)
    return "这张处方要拒绝联网结算并上报：按 F3，再按 F12" if waits else ""


def _message(desk: Desk, made: RefusalReport) -> Message:
    serial = (outbox.last_number(desk.db) + 1) % QUERY_SERIALS
    return Message(
        id=message_id(made.provider, made.at, serial),
        infno=RX_REVIEW if made.electronic else PAPER_REFUSED,
        provider=made.provider,
        made_at=made.at,
        input=refused_input(made) if made.electronic else refusal_input(made),
    )


def _who(desk: Desk, prescription: Prescription) -> str:
    """Return whose prescription it is, as a slip may say it."""
    person = desk.draft.person
    if prescription.psn_no is not None:
        person = people.by_psn_no(desk.db, prescription.psn_no)
    return masked_name(person.name) if person else ""
