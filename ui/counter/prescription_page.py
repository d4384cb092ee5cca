"""The words of the prescription card."""

from __future__ import annotations

from app.usecases.state import CounterState
from engine.prescription import Finding, Prescription
from ui.counter.money_page import FULL_PRICE
from ui.items import Heading, Note, Page, Space, Text, sub
from ui.words import SOURCE, day, joined

_ABOUT_PRESCRIPTIONS = ("prescription", "no_prescription", "supply")
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
    """Return findings as marked notes, refused ones first."""
    ranked = sorted(findings, key=lambda finding: _ORDER[finding.severity])
    return tuple(
        Note(finding.severity, finding.text, finding.clause.section if finding.clause else "")
        for finding in ranked
    )


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
