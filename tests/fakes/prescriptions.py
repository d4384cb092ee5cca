"""Electronic prescriptions as a shop of the tests asks the agency about them, and sells on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from agency import eprescriptions
from agency.storage import registry
from agency.storage.connection import transaction
from engine.prescription import Prescription
from engine.protocol.eprescription import Waiting, qr_input, read_qr, read_waiting, waiting_input
from engine.protocol.eprescription_content import Downloaded, download_input, read_content
from engine.protocol.settlement import sold_input
from engine.sale import Draft, Sale
from tests.fakes.agency_line import (
    LIAOCHENG,
    NOW,
    Bureau,
    Said,
    claim_of,
    draft_of,
    person,
    prescription_of,
    store,
)

HOURS = timedelta(hours=1)
NEXT_DOOR = "P37150000002"
LI = person("李建国")
ONCE = replace(prescription_of(LI), repeats=0)
"""A prescription that one sale uses up."""


def open_town(bureau: Bureau) -> None:
    """Register a second dual-channel pharmacy of the town, and issue the prescription."""
    here = store(LIAOCHENG)
    with transaction(bureau.db):
        registry.save_stores(bureau.db, [replace(here, provider=replace(here.provider, id=NEXT_DOOR))])
        eprescriptions.issue(bureau.db, [ONCE])


def raw(said: Said) -> Raw:
    assert said.refused == "", said
    return Raw(msgspec.json.encode(said.output))


def token(bureau: Bureau, code: str | None = None) -> str:
    return read_qr(raw(bureau.call("7201", qr_input(code or ONCE.number)))).epc_token


def download(bureau: Bureau, by: str) -> Said:
    return bureau.call("7203", download_input(region=LI.region, token=by))


def content(bureau: Bureau) -> Downloaded:
    return read_content(raw(download(bureau, token(bureau))), bureau.agency.keys.public)


def waits(bureau: Bureau) -> tuple[Waiting, ...]:
    return read_waiting(raw(bureau.call("7202", waiting_input(LI))))


def downloaded(bureau: Bureau) -> Prescription:
    return replace(content(bureau).prescription, download_id=token(bureau))


def sale_of(prescription: Prescription, number: str = "01-000001", **changes: Any) -> Sale:
    """Return the sale of exactly what the prescription says."""
    draft: Draft = replace(draft_of(LI), prescription=prescription)
    claim, answer = claim_of(draft, LIAOCHENG)
    made = Sale(
        number=number,
        made_at=NOW,
        store=store(LIAOCHENG),
        operator="药师 李",
        draft=draft,
        claim=claim,
        answer=answer,
        certainty="provisional",
        bound=0,
        tendered=answer.patient,
        policy_hash=None,
        message_ids=("one",),
    )
    return replace(made, **changes)


def settle(bureau: Bureau, sale: Sale) -> Said:
    return bureau.call("2102", sold_input(sale, 0))


def setl_id(said: Said) -> str:
    assert said.refused == "", said
    return str(said.output["setlinfo"]["setl_id"])
