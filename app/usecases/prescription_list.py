"""Every prescription that matters at this moment, with how it stands and the one act on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

import msgspec

from app.errors import PrescriptionUnknown
from app.storage import journal, people, prescription_uses, prescriptions, refusals
from app.storage.prescription_uses import UsedIn
from app.storage.refusals import Filed
from app.usecases.desk import Desk
from app.usecases.prescriptions import (
    alone,
    authenticity,
    choose,
    left,
    put,
    said_packs,
    standing_of,
)
from app.usecases.prescriptions_state import RxAct, RxLine, RxReport, RxRow, RxState
from app.usecases.refusals import RX_REVIEW, owed_reports
from app.usecases.state import Delivery
from engine.calendar import CHINA
from engine.person import masked_name
from engine.prescription import Dose, Finding, PrescribedLine, Prescription
from engine.prescription_use import Left, key_of
from engine.protocol.eprescription import Waiting
from engine.protocol.eprescription_content import end_of
from engine.sale import Draft

MOST_ROWS = 60
WRITE_OFF = "7206"
_WAITS, _HERE = "wait ", "here "

_DELIVERY: dict[str, Delivery] = {
    "waiting": "waiting",
    "unknown": "unknown",
    "accepted": "accepted",
    "rejected": "rejected",
}


class _Sold(msgspec.Struct):
    """As much of a sale's entry as is needed here."""

    draft: Draft


def rows(desk: Desk) -> tuple[RxRow, ...]:
    """Return what waits for the person at the counter, then what is here: theirs, else of everybody.

    Without a person those used or reported last come first.
    """
    here: dict[str, RxRow] = {}
    for prescription in _shown(desk):
        row = _row(desk, prescription)
        here.setdefault(row.key, row)
        if len(here) >= MOST_ROWS:
            break
    # What came here already, by whatever way, waits no more; a forged copy of it does not count.
    known = {row.number for row in here.values() if row.state != "not_authentic"}
    waiting = [_waiting(desk, each) for each in desk.offered if each.number not in known]
    return (*waiting, *here.values())


def take(desk: Desk, key: str) -> None:
    """Put a prescription of the list on the counter, or fetch it; raise PrescriptionUnknown."""
    if key.startswith(_WAITS):
        waiting = next((each for each in desk.offered if key == _WAITS + each.auth_rxno), None)
        if waiting is None:
            raise PrescriptionUnknown()
        choose(desk, waiting)
    else:
        put(desk, prescription_of(desk, key))


def prescription_of(desk: Desk, key: str) -> Prescription:
    """Return the prescription of a row; raise PrescriptionUnknown for one that is there no more."""
    for prescription in _shown(desk):
        if key == _HERE + key_of(prescription):
            return prescription
    raise PrescriptionUnknown()


def found_of(desk: Desk, prescription: Prescription) -> tuple[Finding, ...]:
    """Return what is found of a prescription: in the sale where it lies on the desk, else by itself."""
    shown = desk.last_shown
    if _is_on_desk(desk, prescription) and shown is not None and shown.draft == desk.draft:
        return shown.findings
    return alone(desk, prescription)


def key_in_row(key: str) -> str:
    """Return the prescription's own key that is in a row's."""
    return key.removeprefix(_HERE)


def _shown(desk: Desk) -> Iterator[Prescription]:
    if desk.draft.prescription is not None:
        yield desk.draft.prescription
    person = desk.draft.person
    if person is not None:
        for known in prescriptions.of_person(desk.db, person.psn_no, MOST_ROWS):
            yield known.prescription
        return
    for filed in refusals.recent(desk.db, MOST_ROWS):
        yield filed.report.prescription
    for used in prescription_uses.recent(desk.db, MOST_ROWS):
        sold = msgspec.json.decode(journal.entry(desk.db, used.journal).body, type=_Sold)
        if sold.draft.prescription is not None:
            yield sold.draft.prescription
    for known in prescriptions.recent(desk.db, MOST_ROWS):
        yield known.prescription


def _waiting(desk: Desk, waiting: Waiting) -> RxRow:
    person = desk.draft.person
    return RxRow(
        key=_WAITS + waiting.auth_rxno,
        number=waiting.number,
        source="electronic",
        who=masked_name(person.name) if person else "",
        issuer=waiting.issuer,
        doctor=waiting.department,
        diagnosis=waiting.diagnosis,
        issued=waiting.issued_at.astimezone(CHINA).date(),
        valid_end=waiting.valid_end,
        now=desk.now(),
        state="waiting",
        act="take",
    )


def _row(desk: Desk, prescription: Prescription) -> RxRow:
    rest = left(desk, prescription)
    used = prescription_uses.sales_on(desk.db, key_of(prescription))
    found = found_of(desk, prescription)
    filed = refusals.of_prescription(desk.db, prescription)
    state = _state(desk, prescription, rest)
    duty, owed = owed_reports(desk, prescription, found)
    return RxRow(
        key=_HERE + key_of(prescription),
        number=prescription.number,
        source=prescription.source,
        who=_who(desk, prescription),
        issuer=prescription.issuer,
        doctor=" · ".join(each for each in (prescription.department, prescription.doctor) if each),
        diagnosis=prescription.diagnosis,
        issued=prescription.issued,
        valid_end=_end(prescription),
        now=desk.now(),
        state=state,
        act=_act(state, filed, bool(owed)),
        lines=tuple(_line(each, rest, place) for place, each in enumerate(prescription.lines)),
        findings=found,
        duty=f"{duty.source.clause.document} {duty.source.clause.section}" if duty and owed else "",
        round=_round(rest),
        sales=tuple(each.number for each in used),
        report=_report(filed) if filed else None,
        **_told(desk, used),
    )


def _told(desk: Desk, used: list[UsedIn]) -> dict[str, Delivery]:
    """Return how review and write-off of the last sale on it stand."""
    if not used:
        return {}
    states = prescription_uses.states(desk.db, used[-1], (RX_REVIEW, WRITE_OFF))
    if not states:
        return {}
    # A write-off is put when the settlements were answered: until then it waits for them.
    off = _DELIVERY[states[WRITE_OFF]] if WRITE_OFF in states else "waiting"
    return {"review": _DELIVERY[states[RX_REVIEW]] if RX_REVIEW in states else "none", "write_off": off}


def _state(desk: Desk, prescription: Prescription, rest: Left) -> RxState:
    told = standing_of(desk, prescription)
    stands = told.state if told is not None else "valid"
    which: tuple[tuple[RxState, bool], ...] = (
        ("not_authentic", authenticity(desk, prescription) is False),
        ("withdrawn", stands == "withdrawn"),
        ("used", rest.is_used_up or stands == "used"),
        ("expired", stands == "expired" or desk.now() > _end(prescription)),
        ("too_early", rest.opens is not None),
        ("on_desk", _is_on_desk(desk, prescription)),
        ("partly_used", rest.begun and rest.rounds == 1),
    )
    return next((state for state, holds in which if holds), "known")


def _act(state: RxState, filed: Filed | None, must_report: bool) -> RxAct:
    if filed is not None:
        return "print"
    if must_report:
        return "report"
    return "take" if state in ("known", "partly_used") else "none"


def _line(line: PrescribedLine, rest: Left, place: int) -> RxLine:
    packs = rest.packs[place]
    now = min(packs, Fraction(line.quantity))  # Of a repeat no more than one round at once.
    return RxLine(
        name=line.name,
        detail=" ".join(each for each in (line.form, line.strength) if each),
        packs=f"{line.quantity} 盒",
        left=said_packs(now) if packs else "已配完",
        usage="，".join(each for each in (_dose(line.dose), line.usage) if each),
    )


def _dose(dose: Dose | None) -> str:
    if dose is None:
        return ""
    per_day = dose.per_day.normalize()
    return f"每次 {dose.amount.normalize():f} {dose.unit}，每天 {per_day:f} 次"


def _round(rest: Left) -> str:
    if rest.rounds == 1:
        return ""
    again = rest.rounds - rest.done
    if rest.opens is not None:
        return f"可重复，{rest.opens.month} 月 {rest.opens.day} 日起可配下一次"
    return f"可重复，还可配 {again} 次" if again else "可重复的次数已用完"


def _report(filed: Filed) -> RxReport:
    made = filed.report
    clauses = (each.duty or each.clause for each in made.found)
    return RxReport(
        id=filed.id,
        at=filed.at,
        to=made.to,
        text="".join(each.text for each in made.found),
        clause="；".join(dict.fromkeys(f"{each.document} {each.section}" for each in clauses if each)),
        delivery=_DELIVERY[filed.state],
    )


def _who(desk: Desk, prescription: Prescription) -> str:
    person = desk.draft.person if _is_on_desk(desk, prescription) else None
    if prescription.psn_no is not None:
        person = people.by_psn_no(desk.db, prescription.psn_no)
    return masked_name(person.name) if person else ""


def _is_on_desk(desk: Desk, prescription: Prescription) -> bool:
    here = desk.draft.prescription
    return here is not None and desk.settled is None and key_of(here) == key_of(prescription)


def _end(prescription: Prescription) -> datetime:
    return prescription.valid_end or end_of(prescription.valid_until or prescription.issued)
