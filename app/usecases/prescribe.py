"""The paper prescription: typed, and checked before it counts."""

from __future__ import annotations

from msgspec.structs import replace

from app.errors import FormIncomplete
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.diagnosing import known
from app.usecases.quote import quote
from app.usecases.show import find, open_store
from app.usecases.state import PaperPrescription
from engine.catalogue import Drug
from engine.paper import check_paper, read_paper
from engine.prescription import Finding, Prescription

_LOOK_AT = 50


def prescribe(desk: Desk, form: PaperPrescription) -> None:
    """Put the typed prescription on the desk; raise FormIncomplete for what cannot be read."""
    desk.change(replace(desk.draft, prescription=_read(desk, form)))
    desk.picker.forget()  # Of 33,000 diagnoses, none is picked until the next form.


def check(desk: Desk, form: PaperPrescription) -> tuple[Finding, ...]:
    """Return what is found in the typed prescription, and with it in the sale, without putting it there."""
    found = check_paper(form, desk.today())
    if any(finding.severity == "refused" for finding in found):
        return found
    draft = replace(desk.draft, prescription=_read(desk, form))
    return (*found, *find(desk, draft, quote(desk, open_store(desk), draft)))


def drop(desk: Desk) -> bool:
    """Take the prescription off the desk; return whether there was one."""
    had = desk.draft.prescription is not None
    desk.change(replace(desk.draft, prescription=None))
    return had


def _read(desk: Desk, form: PaperPrescription) -> Prescription:
    for finding in check_paper(form, desk.today()):
        if finding.severity == "refused":
            raise FormIncomplete(problem=finding.text)
    written = {name: _drug(desk, name.strip()) for name, _packs, _usage in form.lines}
    found = {name: drug for name, drug in written.items() if drug is not None}
    return read_paper(form, found, lambda name: known(desk, form, name))


def _drug(desk: Desk, written: str) -> Drug | None:
    """Return the one drug that ``written`` means: a code, or a name that only one drug has."""
    hits = [hit for hit in desk.seeker.find(written, _LOOK_AT) if hit.generic_name == written]
    return shelf.by_code(desk, written) or (hits[0] if len(hits) == 1 else None)
