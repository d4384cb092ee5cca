"""True-up: a person's settlements of one year and benefit, computed again in order of settlement time.

Tills that work apart take a deductible twice, or find a limit fuller than it was. When nothing is outstanding
for the person any more, their settlements are computed again as if they had come one after another; who comes
out better in total is paid the difference, and nobody is asked for more (design, S2 and S7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.money import Fen
from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim, Parameters
from engine.protocol.adjustment import Computed
from engine.quota import after

NOTHING = Accumulators()


class Held(Struct, frozen=True, kw_only=True):
    """A settlement as it stands: its claim, and what it holds of the person's sums and the patient's money.

    ``gap`` is what the provider bears of it, in fen; ``added`` only its growing sums count.
    """

    claim: Claim
    now: Computed
    added: Accumulators
    gap: Fen = 0


class Row(Struct, frozen=True, kw_only=True):
    """A settlement before and after; ``added`` is what it holds of the person's sums after."""

    before: Computed
    after: Computed
    added: Accumulators
    gap: Fen

    @property
    def changed(self) -> bool:
        """Tell whether any amount of it came out otherwise."""
        return amounts(self.before) != amounts(self.after)


class TrueUp(Struct, frozen=True, kw_only=True):
    """``rows`` as given, in order of time; ``sums`` of the person after all of them, in fen.

    ``give_back`` is owed to the patient; ``borne`` is what they would have had to pay more and do not. At
    most one of them is above nothing, and only with ``give_back`` does anything that is held change.
    """

    rows: tuple[Row, ...]
    sums: Accumulators
    give_back: Fen
    borne: Fen


def computed_of(answer: Answer) -> Computed:
    """Return an answer's amounts and all its steps as one computation."""
    return Computed(
        deductible=sum(each.deductible for each in answer.settlements),
        fund=answer.fund,
        assistance=answer.assistance,
        patient=answer.patient,
        steps=tuple(step for each in answer.settlements for step in each.steps),
    )


def amounts(computed: Computed) -> tuple[Fen, Fen, Fen, Fen]:
    """Return deductible, fund, assistance and patient."""
    return computed.deductible, computed.fund, computed.assistance, computed.patient


def added_by(answer: Answer, parameters: Parameters) -> Accumulators:
    """Return what an answer adds to a person's sums."""
    return after(NOTHING, answer.settlements, parameters)


def plus(sums: Accumulators, added: Accumulators) -> Accumulators:
    """Return ``sums`` with ``added`` counted in."""
    return replace(
        sums,
        deductible_paid=sums.deductible_paid + added.deductible_paid,
        fund_paid=sums.fund_paid + added.fund_paid,
        fund_paid_class_b=sums.fund_paid_class_b + added.fund_paid_class_b,
        pool_fund_paid=sums.pool_fund_paid + added.pool_fund_paid,
    )


def less(sums: Accumulators, taken: Accumulators) -> Accumulators:
    """Return ``sums`` without ``taken``."""
    return replace(
        sums,
        deductible_paid=sums.deductible_paid - taken.deductible_paid,
        fund_paid=sums.fund_paid - taken.fund_paid,
        fund_paid_class_b=sums.fund_paid_class_b - taken.fund_paid_class_b,
        pool_fund_paid=sums.pool_fund_paid - taken.pool_fund_paid,
    )


def total_of(added: Iterable[Accumulators]) -> Accumulators:
    """Return what several settlements hold together."""
    whole = NOTHING
    for each in added:
        whole = plus(whole, each)
    return whole


def true_up(base: Accumulators, held: Sequence[Held], answer: Callable[[Claim], Answer]) -> TrueUp:
    """Return what ``held``, in order of settlement time, come to on ``base``, and what is owed then.

    ``base`` are the person's sums without any of them; what ``answer``, the law, raises goes through.
    """
    sums, rows = base, []
    for each in held:
        found = answer(replace(each.claim, accumulators=sums))
        added = added_by(found, each.claim.parameters)
        sums = plus(sums, added)
        rows.append(_row(each, computed_of(found), added))
    better = sum(row.before.patient - row.after.patient for row in rows)
    if better > 0:
        return TrueUp(rows=tuple(rows), sums=sums, give_back=better, borne=0)
    kept = tuple(Row(before=each.now, after=each.now, added=each.added, gap=each.gap) for each in held)
    return TrueUp(
        rows=kept, sums=plus(base, total_of(each.added for each in held)), give_back=0, borne=-better
    )


def _row(held: Held, found: Computed, added: Accumulators) -> Row:
    # What the provider bears already is not asked of the patient now; no more than before is asked of it.
    gap = min(held.gap, max(0, found.patient - held.now.patient))
    return Row(before=held.now, after=replace(found, patient=found.patient - gap), added=added, gap=gap)
