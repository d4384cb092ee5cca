"""Adjustments: what the agency's true-up found, with both computations, for the shop that settles the money.

The agency computes a person's year again in order of settlement time when nothing is outstanding for them any
more. Where that comes to less for the patient, the difference is given back; what it would come to more is
borne by the fund, because amounts settled under a lease stand (design, S2 and S7).
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from engine.money import Fen
from engine.policy.answer import Step


class Computed(Struct, frozen=True, kw_only=True):
    """One computation of a settlement, in fen, with its steps."""

    deductible: Fen
    fund: Fen
    assistance: Fen
    patient: Fen
    steps: tuple[Step, ...]


class AdjustedSettlement(Struct, frozen=True, kw_only=True):
    """A settlement that comes out otherwise in its true order; ``sale`` is the shop's own number."""

    setl_id: str
    provider: str
    sale: str
    settled_at: datetime
    before: Computed
    after: Computed


class Adjustment(Struct, frozen=True, kw_only=True):
    """``give_back`` (> 0, fen) is owed to the patient at ``provider``, the shop that took most too much.

    ``cause`` says in Chinese why it was computed again; ``rows`` are all that changed, in order of time.
    """

    id: str
    psn_no: str
    name: str
    year: int
    benefit: str
    provider: str
    at: datetime
    give_back: Fen
    cause: str
    rows: tuple[AdjustedSettlement, ...]
