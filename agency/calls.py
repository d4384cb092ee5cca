"""One call as a transaction sees it, and how it refuses."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from agency.law import Law
from agency.storage import registry
from agency.storage.connection import Connection
from engine.calendar import business_day, insurance_year
from engine.person import Person
from engine.protocol.envelope import Request
from engine.protocol.wire import ProtocolError
from engine.sale import Store


class Call(Struct, frozen=True, kw_only=True):
    """A call that was authenticated and read; ``store`` is the caller's entry in the registry."""

    db: Connection
    law: Law
    request: Request
    store: Store
    now: datetime

    @property
    def today(self) -> date:
        return business_day(self.now)


def known_person(call: Call, psn_no: str, year: int | None = None) -> Person:
    """Return the person with their sums of ``year`` (None: this year); raise ProtocolError for a stranger."""
    person = registry.person(call.db, psn_no, year or insurance_year(call.today), call.now)
    if person is None:
        raise ProtocolError("查无此参保人，请核对人员编号，或先用 1101 读取人员信息。", "unknown_person")
    said = call.request.insuplc_admdvs
    if said and said != person.region:
        raise ProtocolError(
            "报文的参保地与此人登记的参保地不同，请先用 1101 重新读取人员信息。", "wrong_region"
        )
    return person
