"""The share of the sale in progress, by the same path online and off; what differs is how sure it is."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from app.storage import refusals, sales
from app.storage.connection import Connection
from app.usecases import floors, leases
from app.usecases.desk import Desk
from app.usecases.law import MissingFigure
from app.usecases.leases import Reserve
from engine.calendar import insurance_year
from engine.lease import LeaseUse
from engine.money import Fen, format_yuan
from engine.person import Person
from engine.policy.answer import Answer, Settlement, self_pay
from engine.policy.claim import Accumulators, Claim
from engine.quota import after, correction_bound
from engine.sale import Certainty, Draft, Store, insured_settlements, make_claim

NO_CREDENTIAL = "没有出示医保凭证，全部自费"
REFUSED = "这张处方已拒绝联网结算并上报，全部自费"


class Quote(Struct, frozen=True, kw_only=True):
    """``claim`` is None without a person; ``missing`` names the agency's figure that was not there.

    ``certainty`` is None where the fund has no part; ``lease`` is the lease that a guaranteed share stands
    under. ``floor`` says which floor limit made this a sale at full price.
    """

    claim: Claim | None
    answer: Answer
    missing: str | None = None
    certainty: Certainty | None = None
    lease: LeaseUse | None = None
    floor: str | None = None

    @property
    def bound(self) -> Fen:
        """The most by which the patient's share may be corrected, in fen."""
        return 0 if self.certainty == "guaranteed" else correction_bound(self.answer)


def effective_accumulators(
    db: Connection, person: Person, day: date, *, benefit: str = "", reserve: Reserve | None = None
) -> Accumulators:
    """Return the sums of the insurance year of ``day``: as last told, and this till's own since then.

    Told they were with the lease in ``reserve``, else with the person's snapshot. A snapshot of an earlier
    year, or of another benefit, says nothing of this one: it starts at zero.
    """
    snapshot, year = person.snapshot, insurance_year(day)
    if reserve is not None:
        own = [*reserve.settled, *reserve.besides]
        return after(reserve.held.lease.accumulators, own, snapshot.parameters)
    told = snapshot.year >= year and snapshot.benefit in ("", benefit or snapshot.benefit)
    known = snapshot.accumulators if told else Accumulators()
    own = _of(benefit, sales.own_settlements(db, person.psn_no, year, snapshot.as_of))
    return after(known, own, snapshot.parameters)


def _of(benefit: str, settlements: list[Settlement]) -> list[Settlement]:
    return [each for each in settlements if not benefit or each.benefit == benefit]


def quote(desk: Desk, store: Store, draft: Draft) -> Quote | None:
    """Return what ``draft`` comes to today; None while the basket is empty."""
    if not draft.lines:
        return None
    if draft.person is None:
        return Quote(claim=None, answer=self_paid(draft, NO_CREDENTIAL))
    person, day = draft.person, desk.today()
    reserve = leases.reserve_for(desk, store, person, day)
    benefit = desk.law.benefit(person.region, person.insurance, day)
    sums = effective_accumulators(desk.db, person, day, benefit=benefit, reserve=reserve)
    claim = make_claim(draft, store.provider, sums, day, desk.law.listing_on)
    answer = desk.law.answer(claim)
    if isinstance(answer, MissingFigure):
        text = f"缺少医保中心参数 {answer.path}，暂按自费"
        return Quote(claim=claim, answer=self_paid(draft, text), missing=answer.path)
    if insured_settlements(answer) and _is_refused(desk, draft):
        return Quote(claim=claim, answer=self_paid(draft, REFUSED))
    return _assured(desk, draft, person, Quote(claim=claim, answer=answer), reserve)


def _is_refused(desk: Desk, draft: Draft) -> bool:
    """Tell whether the prescription was reported as refused: then the fund pays nothing (聊城 第二十二条)."""
    here = draft.prescription
    filed = refusals.of_prescription(desk.db, here) if here is not None else None
    return filed is not None and filed.report.is_owed


def _assured(desk: Desk, draft: Draft, person: Person, quoted: Quote, reserve: Reserve | None) -> Quote:
    """Return ``quoted`` with how sure it is; at full price where nobody may promise the fund's share."""
    claim, answer = quoted.claim, quoted.answer
    if claim is None or not insured_settlements(answer):
        return quoted
    use = leases.use_of(reserve, claim, answer) if reserve else None
    if use is not None:
        return replace(quoted, certainty="guaranteed", lease=use)
    share = answer.fund + answer.assistance
    if share and desk.courier.online is not True:
        why = floors.excess(
            desk.db,
            desk.settings.floors,
            psn_no=person.psn_no,
            day=claim.day,
            share=share,
            previous=sales.newest(desk.db),
        )
        if why is not None:
            full = self_paid(draft, f"{why}，先全部自付，{floors.ADVICE}")
            return replace(quoted, answer=full, floor=why)
    return replace(quoted, certainty="provisional")


def self_paid(draft: Draft, why: str) -> Answer:
    """Return the answer to a sale that no fund is asked about: one settlement, one step that says why."""
    total = draft.total
    lines = tuple(line.id for line in draft.lines)
    settlement = self_pay(lines, total, None, f"{why}：{format_yuan(total)} 元")
    return Answer(None, (settlement,), (), total, 0, 0, total)
