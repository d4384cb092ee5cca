"""A refusal told to institution and agency: journalled, queued in the same step, and put on a slip.

What a shop must report, to whom and by which clause is knowledge. Whether the drug is sold at the patient's
own cost all the same is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from app.errors import AlreadyReported, NoStore, NothingToReport, PrescriptionUnknown
from app.storage import journal, outbox, people, refusals
from app.storage.connection import transaction
from app.storage.outbox import Message
from app.usecases import tasks
from app.usecases.desk import Desk
from engine.calendar import CHINA
from engine.knowledge.entries import Duty
from engine.person import Person, masked_name
from engine.prescription import Finding, Prescription, is_from_platform
from engine.prescription_use import key_of
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.eprescription_review import refusal_input, refused_input
from engine.refusal import RefusalReport, Reported
from engine.review import duty_of, reportable

REFUSAL_KIND = "refusal_report"
RX_REVIEW, PAPER_REFUSED = "7204", "SY07"

_OVER = frozenset({"prescription_used", "prescription_withdrawn"})
"""How most prescriptions end; to be reported only of one that is presented all the same."""


def owed_reports(
    desk: Desk, prescription: Prescription, found: Iterable[Finding]
) -> tuple[Duty | None, tuple[Finding, ...]]:
    """Return which of ``found`` must be reported where the person is insured, and by which duty.

    That a prescription is over counts only where it is shown at this counter again.
    """
    if desk.store is None:
        return None, ()
    person = _whose(desk, prescription)
    region = person.region if person else desk.store.provider.region
    duty = duty_of(desk.knowledge, region, dual_channel=desk.store.provider.dual_channel)
    shown = _is_shown(desk, prescription)
    return duty, tuple(each for each in reportable(duty, found) if shown or each.code not in _OVER)


def report(desk: Desk, prescription: Prescription, found: Iterable[Finding]) -> RefusalReport:
    """Record that a prescription is refused for what was ``found`` of it, and queue its report.

    Raises NothingToReport where no clause asks for one, AlreadyReported where it was made.
    """
    duty, owed = owed_reports(desk, prescription, found)
    if duty is None or not owed:
        raise NothingToReport(number=prescription.number)
    before = refusals.of_prescription(desk.db, prescription)
    if before is not None:
        raise AlreadyReported(number=prescription.number, id=before.id)
    with transaction(desk.db):
        made = file(desk, prescription, by_duty(duty, owed), duty.to)
        tasks.upload_rest(desk, made.at)
    desk.courier.poke()
    return made


def by_duty(duty: Duty, owed: Iterable[Finding]) -> tuple[Reported, ...]:
    """Return findings as they are reported, with the clause that asks for it where one does."""
    asked_by = duty.source.clause if duty.asked else None
    return tuple(
        Reported(code=each.code, text=each.text, clause=each.clause or duty.source.clause, duty=asked_by)
        for each in owed
    )


def file(
    desk: Desk, prescription: Prescription, found: tuple[Reported, ...], to: tuple[str, ...]
) -> RefusalReport:
    """Write a report into the journal and queue its message, in the caller's transaction."""
    store, now = desk.store, desk.now()
    if store is None:
        raise NoStore()
    person = _whose(desk, prescription)
    made = RefusalReport(
        id=f"{store.till}-R{refusals.count(desk.db) + 1:06d}",
        at=now,
        provider=store.provider.id,
        shop=store.name,
        by=desk.settings.pharmacist or desk.settings.operator,
        licence=desk.settings.licence,
        who=masked_name(person.name) if person else "",
        prescription=prescription,
        found=found,
        to=to,
        electronic=is_from_platform(prescription),
    )
    entry = journal.append(desk.db, REFUSAL_KIND, msgspec.json.encode(made).decode(), now)
    outbox.put(desk.db, _message(desk, made))
    number = outbox.last_number(desk.db)
    refusals.put(desk.db, made, key_of(prescription), now, journal=entry.number, message=number)
    return made


def print_slip(desk: Desk, prescription_key: str) -> Path:
    """Write the slip of a report for the institution; raise PrescriptionUnknown, PrinterSilent."""
    filed = refusals.of_key(desk.db, prescription_key)
    if filed is None:
        raise PrescriptionUnknown()
    return desk.slips.print_slip(filed.report)


def said(desk: Desk, prescription: Prescription | None) -> tuple[Finding, ...]:
    """Return that a prescription was refused, and that it was reported, where it was: it may come again."""
    return (*_refused(desk, prescription), *_reported(desk, prescription)) if prescription else ()


def _refused(desk: Desk, prescription: Prescription) -> Iterator[Finding]:
    before = refusals.refused(desk.db, key_of(prescription))
    if before is not None:
        at = before.at.astimezone(CHINA)
        yield Finding(
            "attention",
            "prescription_refused_before",
            f"{before.pharmacist} {at.month} 月 {at.day} 日 {at:%H:%M} 拒绝调配过这张处方：{before.reason}。",
            desk.knowledge.basis("prescription_refused_before"),
            advice="请核对当时的原因是不是已由医师更正或重新签字。",
        )


def _reported(desk: Desk, prescription: Prescription) -> Iterator[Finding]:
    filed = refusals.of_prescription(desk.db, prescription)
    if filed is None:
        return
    to = "、".join(filed.report.to)
    if filed.report.is_owed:
        text = f"已按规定拒绝联网结算，并向{to}上报（第 {filed.id} 号）。"
        yield Finding("ok", "refusal_reported", text, advice="这张处方的药只能全部自费。")
    else:
        yield Finding("ok", "refusal_reported", f"拒绝这张处方，已告知{to}（第 {filed.id} 号）。")


def duty_hint(desk: Desk, found: Iterable[Finding]) -> str:
    """Return the next act where a refusal is still to be reported; empty otherwise."""
    prescription, listed = desk.draft.prescription, tuple(found)
    if prescription is None or any(each.code == "refusal_reported" for each in listed):
        return ""
    _duty, owed = owed_reports(desk, prescription, listed)
    return "这张处方要拒绝并上报：按 F3，再按 F12" if owed else ""


def _message(desk: Desk, made: RefusalReport) -> Message:
    serial = (outbox.last_number(desk.db) + 1) % QUERY_SERIALS
    return Message(
        id=message_id(made.provider, made.at, serial),
        infno=RX_REVIEW if made.electronic else PAPER_REFUSED,
        provider=made.provider,
        made_at=made.at,
        input=refused_input(made) if made.electronic else refusal_input(made),
    )


def _is_shown(desk: Desk, prescription: Prescription) -> bool:
    here = desk.draft.prescription if desk.settled is None else None
    keys = (desk.turned_away, key_of(here) if here is not None else None)
    return key_of(prescription) in keys


def _whose(desk: Desk, prescription: Prescription) -> Person | None:
    """Return whose prescription it is: as issued, else whoever stands at the counter."""
    if prescription.psn_no is not None:
        return people.by_psn_no(desk.db, prescription.psn_no)
    return desk.draft.person
