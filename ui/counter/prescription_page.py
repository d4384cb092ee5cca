"""The words of the prescription card."""

from __future__ import annotations

from app.usecases.state import CounterState
from engine.policy.answer import Clause
from engine.prescription import Finding, Prescription
from ui.counter.money_page import FULL_PRICE
from ui.items import Heading, Note, Page, Space, Text, sub
from ui.words import SOURCE, clock, day, joined

_ABOUT_PRESCRIPTIONS = ("prescription", "no_prescription", "supply")
_SHORT, _BARE = 14, 3
_ORDER = {"refused": 0, "attention": 1, "ok": 2}


def prescription_page(state: CounterState) -> Page:
    """Return the prescription and all that review found in it, the gravest first."""
    prescription = state.draft.prescription
    if prescription is None:
        return (Heading("处方"), *_none(state), *notes(_own(state)))
    return (
        Heading("处方", SOURCE[prescription.source]),
        Text(text=prescription.issuer, weight=500),
        sub(joined(prescription.doctor, f"{day(prescription.issued)}开具")),
        sub(joined(_validity(prescription), f"{prescription.supply_days} 天量")),
        sub(f"诊断：{prescription.diagnosis}"),
        Space(8),
        *notes(_own(state)),
    )


def notes(findings: tuple[Finding, ...]) -> Page:
    """Return findings as marked notes, refused ones first, each with what to do."""
    ranked = sorted(findings, key=lambda finding: _ORDER[finding.severity])
    return tuple(
        Note(
            finding.severity,
            finding.text,
            _where(finding.clause, whole=finding.bars),
            finding.advice,
        )
        for finding in ranked
    )


def _where(clause: Clause | None, *, whole: bool) -> str:
    """Return the section, with a document that is short or stops the sale (``whole``), or whose it must be.

    A label's section says itself what it is; a bare number does not.
    """
    if clause is None:
        return ""
    short = len(clause.document) <= _SHORT and "说明书" not in clause.section
    bare = len(clause.section) <= _BARE
    return f"{clause.document} {clause.section}" if short or bare or whole else clause.section


def signature(state: CounterState) -> Page:
    """Return who signed and when, that a signature is void, or that one is still to be given."""
    signing = state.signing
    if signing.signed is not None:
        passed = len(signing.signed.overrides)
        text = f"{signing.signed.pharmacist} 审方通过 {clock(signing.signed.at)}"
        return (Note("signed", text, f"{passed} 条说明理由放行" if passed else ""),)
    if not signing.needed:
        return ()
    if signing.void is not None:
        text = f"{signing.void.pharmacist} {clock(signing.void.at)} 的签字已失效：签字以后有改动。"
        return (Note("attention", text, "", "请重新核对，再按 Ctrl S 签字。"),)
    if signing.barring:
        return (Note("info", "上面有不能放行的提示，处理好才能签字。"),)
    return (Note("info", f"{_counted(state)}还没有审方签字。"),)


def _counted(state: CounterState) -> str:
    """Say how much there is to look at: the list may be longer than the card."""
    noted = sum(finding.severity == "attention" for finding in _own(state))
    passed = len(state.signing.asked)
    parts = [
        words
        for count, words in (
            (passed, f"{passed} 条要说明理由才能放行"),
            (noted, f"{noted} 条要留意"),
        )
        if count
    ]
    return f"{'，'.join(parts)}；" if parts else ""


def _own(state: CounterState) -> tuple[Finding, ...]:
    """Return what concerns the prescription: what stops shop and person stands in the why card."""
    elsewhere = {refusal.code for refusal in state.answer.refusals} if state.answer else set()
    elsewhere = {code for code in elsewhere if not code.startswith(_ABOUT_PRESCRIPTIONS)} | {FULL_PRICE}
    return tuple(finding for finding in state.findings if finding.code not in elsewhere)


def _none(state: CounterState) -> Page:
    if state.draft.person is None and not state.draft.lines:
        return (sub("参保人之后扫电子处方，或录入纸质处方。"),)
    return (sub("还没有处方。扫电子处方，或录入纸质处方。"), Space(8))


def _validity(prescription: Prescription) -> str:
    return f"有效至 {day(prescription.valid_until)}" if prescription.valid_until else "当日有效"
