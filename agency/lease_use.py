"""Whether a settlement stands under a lease, so that it is accepted with exactly the printed amounts (S2)."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from agency.books import Books
from agency.calls import Call
from agency.purchase import Purchase
from agency.storage import findings, leases, registry
from agency.storage.connection import Connection
from agency.storage.findings import Finding
from agency.storage.leases import CLOSED, CLOSING, EXPIRED, Kept
from agency.storage.settlements import Settlement
from engine.lease import Spend, counting, covers, spend_of
from engine.policy import answer as said
from engine.policy.answer import Answer, Step
from engine.policy.claim import Accumulators, Claim
from engine.protocol.settlement import SettlementRequest, Sums, sums_of
from engine.protocol.wire import ProtocolError


class Use(Struct, frozen=True, kw_only=True):
    """A settlement under a lease: ``kept`` before it, ``after`` it; ``claim`` on the sums stated.

    ``law_differs``: the law changed after the till computed; what was printed stands all the same.
    """

    kept: Kept
    after: Kept
    claim: Claim
    answer: Answer
    law_differs: bool = False


def use_of(call: Call, purchase: Purchase, books: Books) -> Use | None:
    """Return how a settlement uses the lease that it names; None where none holds."""
    request = purchase.request
    kept = _named(call, request, books)
    stated = request.facts.accumulators
    if kept is None or stated is None or request.facts.sums is None:
        return None
    claim = replace(purchase.claim, accumulators=stated)
    found = _law_on(call, claim, purchase, kept)
    if found is None:
        return None
    claim, printed, differs = found
    spent = spend_of(printed.settlements, claim.parameters)
    if not covers(kept.lease, kept.used, spent):
        return None
    used = kept.used.plus(spent)
    done = kept.state == CLOSING and used == kept.lease.reserved
    after = replace(kept, used=used, state=CLOSED if done else kept.state)
    return Use(kept=kept, after=after, claim=claim, answer=printed, law_differs=differs)


def give_back(db: Connection, made: Settlement) -> None:
    """Give a lease back what an undone settlement had used of it: the same may come again."""
    kept = leases.lease(db, made.psn_no, made.lease) if made.lease else None
    if kept is not None and kept.state != EXPIRED:
        added = Spend(fund=made.added.fund_paid, class_b=made.added.fund_paid_class_b)
        state = CLOSING if kept.state == CLOSED else kept.state
        leases.save(db, replace(kept, used=kept.used.less(added), state=state))


class Drawn(Struct, frozen=True):
    """The open lease of a till that settles without naming it, and how much of it that settlement may take.

    ``most`` is what the till itself counted: it takes all that it settles off its lease, named or not, until
    a renewal starts anew, and so still keeps within it whatever it settles by name.
    """

    kept: Kept
    most: Spend

    def after(self, claim: Claim, answer: Answer) -> Kept:
        """Return the lease with what the settlement took off what is reserved."""
        spent = spend_of(answer.settlements, claim.parameters)
        taken = Spend(fund=min(spent.fund, self.most.fund), class_b=min(spent.class_b, self.most.class_b))
        left = self.kept.lease.reserved.less(taken)
        return replace(self.kept, lease=replace(self.kept.lease, reserved=left))


def of_the_same_till(call: Call, purchase: Purchase, books: Books) -> Drawn | None:
    """Return what a settlement that names no lease may take of its own till's.

    Its pre-settlement reserved for this very basket, and the answer was lost on the way: that is nobody
    else's money (design, "a lost connection after it costs nothing").
    """
    facts = purchase.request.facts
    if call.speaker is None or facts.lease is not None or facts.sums is None:
        return None
    till = call.speaker.till
    kept = books.of_till(till.provider, till.till, till.epoch)
    if kept is None:
        return None
    out, told = kept.outstanding, facts.sums.fund
    return Drawn(kept, Spend(fund=min(out.fund, told), class_b=min(out.class_b, told)))


def left_for(books: Books, own: Drawn | None) -> Accumulators:
    """Return the sums that a settlement without a lease is computed on: all that is reserved for others, and
    of its own till's what it may not take, counted as paid."""
    if own is None:
        return books.effective()
    others = books.outstanding(without=own.kept.lease.id)
    return counting(books.paid, others.plus(own.kept.outstanding.less(own.most)))


def _named(call: Call, request: SettlementRequest, books: Books) -> Kept | None:
    """Return the lease that a settlement names, if it is this till's, reserves still, and was good."""
    kept = next((each for each in books.leases if each.lease.id == request.facts.lease), None)
    if kept is None or call.speaker is None:
        return None
    lease, till = kept.lease, call.speaker.till
    same = (lease.provider, lease.till) == (till.provider, till.till)
    if lease.epoch != till.epoch:
        # A till that was put back hands on what it had sold before: that stands. What it sells now does not.
        same = same and lease.epoch == _epoch_of(request.facts.sale) < till.epoch
    known = 1 <= request.facts.lease_version <= lease.version
    return kept if same and known and request.at <= lease.use_until else None


def _epoch_of(sale: str | None) -> int:
    """Return the epoch of a sale's number: ``01-000123`` is of the first, ``01.2-000124`` of the second."""
    numbered = re.fullmatch(r"[^.-]+(?:\.([0-9]{1,9}))?-[0-9]+", sale or "")
    return int(numbered[1] or 1) if numbered else 0


def _law_on(call: Call, claim: Claim, purchase: Purchase, kept: Kept) -> tuple[Claim, Answer, bool] | None:
    """Return the claim and answer with the printed sums, and whether the law or its figures changed.

    Tried in turn: the law and the person as they are; person, shop and prescription as of a grant; and, where
    the till computed by another text of the law or the drugs were changed since, what it printed. None for
    sums that nothing gives.
    """
    facts = purchase.request.facts
    if facts.sums is None:
        return None
    before = [
        replace(claim, patient=each.patient, parameters=each.parameters, provider=each.provider)
        for each in kept.promised
    ]
    told = facts.prescription or claim.prescription
    if told != claim.prescription:
        before += [replace(each, prescription=told) for each in (claim, *before)]
    for tried in (claim, *before):
        answer = _answer(call, tried)
        if answer is not None and sums_of(answer) == facts.sums:
            if tried is not claim:
                _find(call, purchase)
            return tried, answer, tried is not claim
    answer = _answer(call, claim)
    if answer is None or facts.policy_hash is None:
        return None
    if facts.policy_hash == call.law.pack_hash(claim) and not _drugs_changed(call, claim, kept):
        return None
    _find(call, purchase)
    return claim, _as_printed(answer, facts.sums, purchase), True


def _drugs_changed(call: Call, claim: Claim, kept: Kept) -> bool:
    """Tell whether what was sold was listed otherwise when the lease was granted."""
    first = min((each.change for each in kept.promised), default=0)
    return registry.changed_since(call.db, [line.drug for line in claim.lines], first)


def _answer(call: Call, claim: Claim) -> Answer | None:
    try:
        return call.law.answer(claim)
    except ProtocolError:
        return None


def _as_printed(answer: Answer, stated: Sums, purchase: Purchase) -> Answer:
    """Return an answer that comes to what the till printed under the law of its day."""
    base = next((each for each in answer.settlements if each.benefit != "self_pay"), answer.settlements[0])
    printed = said.Settlement(
        benefit=purchase.person.snapshot.benefit or base.benefit,
        disease=base.disease or _one_disease(purchase),
        lines=tuple(line.id for line in purchase.claim.lines),
        total=stated.total,
        over_standard=base.over_standard,
        first_self_pay=base.first_self_pay,
        in_scope=base.in_scope or stated.total,
        deductible=base.deductible,
        ratio_bp=base.ratio_bp,
        fund=stated.fund,
        over_limit=0,
        assistance=stated.assistance,
        patient=stated.patient,
        steps=_steps(stated),
    )
    return Answer(
        policy=answer.policy,
        settlements=(printed,),
        refusals=(),
        total=stated.total,
        fund=stated.fund,
        assistance=stated.assistance,
        patient=stated.patient,
    )


def _one_disease(purchase: Purchase) -> str | None:
    """Return the disease of all lines, as the agency has it or else the till named it."""
    diseases = {line.disease for line in purchase.claim.lines}
    if diseases == {None}:
        diseases = {line.disease for line in purchase.request.lines}
    return diseases.pop() if len(diseases) == 1 else None


def _steps(stated: Sums) -> tuple[Step, ...]:
    text = "凭额度离线结算，按结算时的政策打印的金额办理。"
    steps = [Step("own_share", "patient", stated.patient, None, text)]
    if stated.fund:
        steps.append(Step("fund_share", "fund", stated.fund, None, text))
    if stated.assistance:
        steps.append(Step("assistance", "assistance", stated.assistance, None, text))
    return tuple(steps)


def _find(call: Call, purchase: Purchase) -> None:
    till = call.speaker.till.till if call.speaker else call.store.till
    findings.add(
        call.db,
        Finding(
            provider=call.request.fixmedins_code,
            id=f"law_differs-{call.request.msgid}",
            at=call.now,
            kind="law_differs",
            till=till,
            text=f"销售 {purchase.request.facts.sale} 凭额度结算后政策或待遇参数有变，按打印的金额办理。",
        ),
    )
