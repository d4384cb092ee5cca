"""The pharmacist's review: signed, so that prescription drugs may be settled, or refused and recorded.

Source: 处方管理办法 第三十七条 (四查十对); 药品管理法 (2019) 第五十八条.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from app import errors
from app.storage import journal
from app.storage import refusals as kept_refusals
from app.storage.connection import transaction
from app.usecases import refusals, tasks
from app.usecases.desk import Desk
from app.usecases.dispensing import barring, signing_of
from app.usecases.door import Door
from app.usecases.quote import quote
from app.usecases.show import find, open_store, show
from app.usecases.state import CounterState
from engine.knowledge.entries import Duty
from engine.prescription import Finding, Prescription, is_from_platform
from engine.prescription_use import key_of
from engine.refusal import RefusalReport, Reported
from engine.review import digest_of_review, unpassed
from engine.signoff import Override, PrescriptionRefused, SignOff

REFUSED_KIND = "prescription_refused"
LONGEST_REASON = 200
_PLATFORM = ("处方平台", "开方机构")
"""Who hears of every review that did not pass (7204)."""


def sign(desk: Desk, overrides: tuple[Override, ...]) -> None:
    """Sign what is on the desk; each finding that may be passed needs a reason among ``overrides``.

    Raises a UserError, with nothing signed, where there is nothing to sign, nobody to sign, something that
    nobody can pass, or a reason missing.
    """
    draft, findings = desk.draft, _findings(desk)
    if not signing_of(desk, draft, findings).needed:
        raise errors.NothingToSign()
    pharmacist, licence = _pharmacist(desk)
    stopping = barring(draft, findings)
    if stopping:
        raise errors.CannotBeSigned(problem=_sentences(stopping))
    given = tuple(replace(each, reason=_reason(each.reason)) for each in overrides)
    missing = unpassed(findings, given)
    if missing:
        raise errors.ReasonMissing(problem=_sentences(missing))
    said = {(each.code, each.subject): each.text for each in findings}
    desk.change(
        replace(
            draft,
            signed=SignOff(
                pharmacist=pharmacist,
                licence=licence,
                at=desk.now(),
                covers=digest_of_review(draft, findings),
                overrides=tuple(
                    replace(each, text=said[each.code, each.subject])
                    for each in given
                    if (each.code, each.subject) in said
                ),
            ),
        )
    )


def refuse(desk: Desk, reason: str) -> None:
    """Refuse the prescription on the desk: durably recorded, then it and its drugs are taken off the desk."""
    draft, store, said = desk.draft, open_store(desk), _reason(reason)
    if draft.prescription is None:
        raise errors.NothingToRefuse()
    if not said:
        raise errors.ReasonMissing(problem="拒绝调配要写明理由。")
    pharmacist, licence = _pharmacist(desk)
    findings = _findings(desk)
    duty, owed = refusals.owed_reports(desk, draft.prescription, findings)
    refused = PrescriptionRefused(
        prescription=draft.prescription,
        person=draft.person.psn_no if draft.person else None,
        provider=store.provider.id,
        pharmacist=pharmacist,
        licence=licence,
        at=desk.now(),
        reason=said,
        findings=tuple(each for each in findings if each.severity == "refused"),
        reportable=tuple(each.code for each in owed),
    )
    body = msgspec.json.encode(refused).decode()
    before = kept_refusals.of_prescription(desk.db, draft.prescription)
    with transaction(desk.db):
        entry = journal.append(desk.db, REFUSED_KIND, body, refused.at)
        kept_refusals.note_refused(desk.db, key_of(draft.prescription), journal=entry.number)
        filed = None
        found, to = _told_of(draft.prescription, refused, duty, owed)
        if found and before is None:
            filed = refusals.file(desk, draft.prescription, found, to)
        tasks.upload_rest(desk, refused.at)
    desk.courier.poke()
    kept = tuple(line for line in draft.lines if not line.drug.prescription_only)
    desk.change(replace(draft, prescription=None, lines=kept, signed=None))
    desk.say(
        "done",
        f"处方 {draft.prescription.number} 已拒绝调配，记入流水第 {entry.number} 条。",
        f"{_told(filed)}请向参保人说明原因，并告知开方的医师。处方药已从篮里撤下。",
    )


def refusal_reasons(desk: Desk) -> tuple[str, ...]:
    """Return the usual reasons for refusing a prescription."""
    return tuple(choice for fact in desk.knowledge.facts("refusal") for choice in fact.choices)


def _findings(desk: Desk) -> tuple[Finding, ...]:
    return find(desk, desk.draft, quote(desk, open_store(desk), desk.draft))


def _told_of(
    prescription: Prescription, refused: PrescriptionRefused, duty: Duty | None, owed: tuple[Finding, ...]
) -> tuple[tuple[Reported, ...], tuple[str, ...]]:
    """Return what is reported of a refusal and to whom: what a clause asks for, and the reason given.

    Without such a clause the platform hears of a review that did not pass, of a prescription of its own.
    """
    reason = Reported(code="reason", text=f"药师拒绝的理由：{refused.reason.rstrip('。')}。")
    if duty is not None and owed:
        return (*refusals.by_duty(duty, owed), reason), duty.to
    if not is_from_platform(prescription):
        return (), ()
    found = [Reported(code=each.code, text=each.text, clause=each.clause) for each in refused.findings]
    return (*found, reason), _PLATFORM


def _told(filed: RefusalReport | None) -> str:
    if filed is None:
        return ""
    if not filed.is_owed:
        return f"联网后告知{'、'.join(filed.to)}（第 {filed.id} 号），反馈单按 F3 打印。"
    return f"已按规定向{'、'.join(filed.to)}上报（第 {filed.id} 号），反馈单按 F3 打印。"


def _pharmacist(desk: Desk) -> tuple[str, str]:
    settings = desk.settings
    if not settings.pharmacist or not settings.licence:
        raise errors.NoPharmacist()
    return settings.pharmacist, settings.licence


def _reason(written: str) -> str:
    return " ".join(written.split())[:LONGEST_REASON]


def _sentences(findings: tuple[Finding, ...]) -> str:
    return "".join(finding.text for finding in findings)


class SigningDoor(Door):
    """The part of the counter's door that signs and refuses; it works at the shared desk."""

    def sign(self, overrides: tuple[Override, ...] = ()) -> CounterState:
        """Sign the review of what is on the desk."""
        self._desk.begin_act()
        sign(self._desk, overrides)
        return show(self._desk)

    def refuse(self, reason: str) -> CounterState:
        """Refuse the prescription on the desk and record it."""
        self._desk.begin_act()
        refuse(self._desk, reason)
        return self._done()

    def refusal_reasons(self) -> tuple[str, ...]:
        """Return the usual reasons for refusing."""
        return refusal_reasons(self._desk)
