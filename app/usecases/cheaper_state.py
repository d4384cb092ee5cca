"""What the counter shows of cheaper lawful ways, and how one is taken."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from app.usecases.state import CounterState
from engine.money import Fen
from engine.policy.answer import Clause
from engine.policy.claim import ProviderKind
from engine.sale import Draft


class CheaperWay(Struct, frozen=True, kw_only=True):
    """One way by which the patient pays less, in fen: ``saving`` against now, ``patient`` in all.

    ``kind`` ``drug``: an equivalent, ``packs`` of it at ``price`` each in the place of line ``line``;
    ``place``: the same prescription at another kind of provider, of which the fund pays ``ratio``.
    ``there`` are the packs of it in this shop that may be sold, None where none was ever received.
    """

    key: str
    kind: Literal["drug", "place"]
    saving: Fen
    patient: Fen
    line: str = ""
    name: str = ""
    spec: str = ""
    maker: str = ""
    unit: str = ""
    price: Fen = 0
    packs: int = 0
    there: int | None = None
    procured: bool = False
    row: int = 0  # Which row of the basket the line is, from 1.
    clause: Clause | None = None
    provider: ProviderKind | None = None
    region: str = ""  # Where the person is insured, when that is another city than the shop's.
    ratio_bp: int | None = None  # None where several diseases have different ones.


class CheaperWays(Struct, frozen=True):
    """The ways found for ``draft`` and no other: those in the shop first, then by saving."""

    draft: Draft
    ways: tuple[CheaperWay, ...] = ()


class Comparing(Protocol):
    """Cheaper lawful ways for the sale on the desk: asked for after it was shown, never before."""

    def cheaper(self) -> CheaperWays: ...
    def take_cheaper(self, key: str) -> CounterState: ...
