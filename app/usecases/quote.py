"""The share of the sale in progress, by the same path online and off; what differs is how sure it is."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from app.storage import sales
from app.storage.connection import Connection
from app.usecases.desk import Desk
from app.usecases.law import MissingFigure
from engine.calendar import insurance_year
from engine.money import Fen, format_yuan
from engine.person import Person
from engine.policy.answer import Answer, self_pay
from engine.policy.claim import Accumulators, Claim
from engine.quota import after, correction_bound
from engine.sale import Draft, Store, make_claim

NO_CREDENTIAL = "没有出示医保凭证，全部自费"


class Quote(Struct, frozen=True, kw_only=True):
    """``claim`` is None without a person; ``missing`` names the agency's figure that was not there."""

    claim: Claim | None
    answer: Answer
    missing: str | None = None

    @property
    def bound(self) -> Fen:
        """The most by which the patient's share may be corrected, in fen."""
        return correction_bound(self.answer)


def effective_accumulators(db: Connection, person: Person, day: date) -> Accumulators:
    """Return the sums of the insurance year of ``day``: the snapshot's, and this till's own since then.

    A snapshot of an earlier year says nothing of this one, so the year starts at zero.
    """
    snapshot, year = person.snapshot, insurance_year(day)
    known = snapshot.accumulators if snapshot.year >= year else Accumulators()
    own = sales.own_settlements(db, person.psn_no, year, snapshot.as_of)
    return after(known, own, snapshot.parameters)


def quote(desk: Desk, store: Store, draft: Draft) -> Quote | None:
    """Return what ``draft`` comes to today; None while the basket is empty."""
    if not draft.lines:
        return None
    if draft.person is None:
        return Quote(claim=None, answer=self_paid(draft, NO_CREDENTIAL))
    day = desk.today()
    claim = make_claim(draft, store.provider, effective_accumulators(desk.db, draft.person, day), day)
    answer = desk.law.answer(claim)
    if isinstance(answer, MissingFigure):
        text = f"缺少医保中心参数 {answer.path}，暂按自费"
        return Quote(claim=claim, answer=self_paid(draft, text), missing=answer.path)
    return Quote(claim=claim, answer=answer)


def self_paid(draft: Draft, why: str) -> Answer:
    """Return the answer to a sale that no fund is asked about: one settlement, one step that says why."""
    total = draft.total
    lines = tuple(line.id for line in draft.lines)
    settlement = self_pay(lines, total, None, f"{why}：{format_yuan(total)} 元")
    return Answer(None, (settlement,), (), total, 0, 0, total)
