"""Stock of a shop: lots with their expiry, what moves them, and which of them a sale is taken from.

A lot counts sealed packs, loose pieces of opened packs, and what is held back (returned by a customer, or set
aside) in pieces. No movement ever leaves less than nothing.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.money import Fen

MoveKind: TypeAlias = Literal[
    "received",
    "taken_back",
    "sent_back",
    "opened",
    "sold",
    "came_back",
    "set_aside",
    "released",
    "lost",
    "damaged",
    "expired",
    "found",
    "missing",
]
"""``taken_back`` corrects a delivery that was booked wrongly, ``sent_back`` went to the supplier,
``came_back`` was brought back by a customer; ``found`` and ``missing`` are what a stocktake came to."""

INTO: tuple[MoveKind, ...] = ("received", "came_back", "found")
OUT_OF: tuple[MoveKind, ...] = ("taken_back", "sent_back", "sold", "lost", "damaged", "expired", "missing")
WITHIN: tuple[MoveKind, ...] = ("opened", "set_aside", "released")
FROM_HELD: tuple[MoveKind, ...] = ("sent_back", "lost", "damaged", "expired")
"""What may also leave from what is held back."""


class LotUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sale takes from one lot: ``quantity`` packs, or smallest units of a split pack.

    ``lot`` is the shop's own number of it; ``batch`` the maker's (批号). ``codes`` are the boxes' trace
    codes, told only where a line takes from several lots.
    """

    lot: int
    batch: str
    quantity: int
    expires: date | None = None
    made: date | None = None
    codes: tuple[str, ...] = ()


class Lot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A batch of one drug as it came by one delivery; ``expires`` is the last day on which it is good.

    ``size`` counts the pieces in a pack (1 where nobody knows, and nothing is split); ``cost`` is of a
    pack, in fen; ``note`` is the delivery's number.
    """

    number: int
    drug: str
    name: str
    batch: str
    received: date
    expires: date | None = None
    made: date | None = None
    supplier: str = ""
    note: str = ""
    cost: Fen | None = None
    size: int = 1


class Balance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What there is of a lot: sealed packs, loose pieces, and pieces held back."""

    packs: int = 0
    pieces: int = 0
    held: int = 0


class Move(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One movement of a lot: by how much each part of its balance changes."""

    kind: MoveKind
    lot: int
    packs: int = 0
    pieces: int = 0
    held: int = 0


class OnHand(Struct, frozen=True, kw_only=True):
    """A lot with what there is of it; ``recalled`` while a recall of its drug or batch is in force."""

    lot: Lot
    balance: Balance
    recalled: bool = False


class NotOnHand(ValueError):
    """A movement would leave less than nothing."""


def move(kind: MoveKind, lot: Lot, *, packs: int = 0, pieces: int = 0, from_held: bool = False) -> Move:
    """Return the movement of ``packs`` and loose ``pieces`` of ``lot``; raise ValueError for one that is
    none.

    A pack that is held back counts by its pieces. ``opened`` makes pieces of packs.
    """
    if packs < 0 or pieces < 0 or packs + pieces == 0:
        raise ValueError("a movement is of at least one pack or piece")
    if from_held and kind not in FROM_HELD:
        raise ValueError(f"{kind} is not taken from what is held back")
    units = packs * lot.size + pieces
    if kind == "opened":
        return Move(kind=kind, lot=lot.number, packs=-packs, pieces=packs * lot.size)
    if kind == "came_back":
        return Move(kind=kind, lot=lot.number, held=units)
    if kind == "released":
        return Move(kind=kind, lot=lot.number, packs=packs, pieces=pieces, held=-units)
    if kind == "set_aside":
        return Move(kind=kind, lot=lot.number, packs=-packs, pieces=-pieces, held=units)
    if from_held:
        return Move(kind=kind, lot=lot.number, held=-units)
    sign = 1 if kind in INTO else -1
    return Move(kind=kind, lot=lot.number, packs=sign * packs, pieces=sign * pieces)


def after(balance: Balance, moved: Move) -> Balance:
    """Return what is left; raise NotOnHand where the movement takes more than there is."""
    left = Balance(
        packs=balance.packs + moved.packs,
        pieces=balance.pieces + moved.pieces,
        held=balance.held + moved.held,
    )
    if min(left.packs, left.pieces, left.held) < 0:
        raise NotOnHand(f"{moved.kind} of lot {moved.lot} takes more than there is")
    return left


def units(balance: Balance | Move, size: int) -> int:
    """Return a balance, or a change of one, in pieces: what must come out alike however it is counted."""
    return balance.packs * size + balance.pieces + balance.held


def is_expired(lot: Lot, day: date) -> bool:
    """Tell whether ``lot`` is past its last good day."""
    return lot.expires is not None and day > lot.expires


def is_fit(stock: OnHand, day: date) -> bool:
    """Tell whether ``stock`` may be sold on ``day``."""
    return not stock.recalled and not is_expired(stock.lot, day)


class Allocation(Struct, frozen=True):
    """What a line is taken from; ``lacking`` is what no recorded stock covers."""

    uses: tuple[LotUse, ...]
    lacking: int


def allocate(
    stock: Iterable[OnHand], packs: int, day: date, boxes: Mapping[str, int] | None = None
) -> Allocation:
    """Take ``packs`` of a drug on ``day``: the scanned ``boxes`` (code to lot) from their own lots, the
    rest from what expires first.

    What is expired, recalled or held back is never taken. Of lots that expire alike the older delivery goes
    first, so the answer is one and the same for the same stock.
    """
    lots = sorted((each for each in stock if is_fit(each, day) and each.balance.packs), key=_first_expiring)
    left = {each.lot.number: each.balance.packs for each in lots}
    taken: dict[int, list[str]] = {}
    for code, lot in list((boxes or {}).items())[:packs]:
        if left.get(lot, 0):
            left[lot] -= 1
            taken.setdefault(lot, []).append(code)
    rest = packs - sum(len(codes) for codes in taken.values())
    plain: dict[int, int] = {}
    for each in lots:
        some = min(rest, left[each.lot.number])
        if some:
            plain[each.lot.number] = some
            rest -= some
    uses = [
        _use(each.lot, len(taken.get(each.lot.number, ())) + plain.get(each.lot.number, 0), taken)
        for each in lots
        if each.lot.number in taken or each.lot.number in plain
    ]
    if len(uses) == 1:
        uses = [replace(uses[0], codes=())]
    return Allocation(tuple(uses), rest)


def _first_expiring(each: OnHand) -> tuple[date, date, int]:
    return each.lot.expires or date.max, each.lot.received, each.lot.number


def _use(lot: Lot, quantity: int, taken: Mapping[int, list[str]]) -> LotUse:
    codes = tuple(taken.get(lot.number, ()))
    return use_of(lot, quantity, codes)


def use_of(lot: Lot, quantity: int, codes: tuple[str, ...] = ()) -> LotUse:
    """Return what a sale notes of taking ``quantity`` from ``lot``."""
    return LotUse(
        lot=lot.number,
        batch=lot.batch,
        quantity=quantity,
        expires=lot.expires,
        made=lot.made,
        codes=codes,
    )


class Counted(Struct, frozen=True, kw_only=True):
    """What somebody counted of a lot on the shelf; what is held back is counted apart and not here."""

    lot: int
    packs: int
    pieces: int = 0


def differences(lot: Lot, balance: Balance, counted: Counted) -> list[Move]:
    """Return the movements after which the books say what was ``counted``; none where they say so already."""
    packs, pieces = counted.packs - balance.packs, counted.pieces - balance.pieces
    made = []
    if packs:
        made.append(move("found" if packs > 0 else "missing", lot, packs=abs(packs)))
    if pieces:
        made.append(move("found" if pieces > 0 else "missing", lot, pieces=abs(pieces)))
    return made


def piece_price(pack: Fen, size: int) -> Fen | None:
    """Return the price of one piece of a split pack: the pack's, divided, any part of a fen dropped.

    So the pieces of a pack together never cost more than the pack. None where a piece would cost nothing, or
    nobody knows how many there are: such a pack is not split.
    """
    return (pack // size or None) if size > 1 else None


def read_batch(text: str) -> str:
    """Return a batch number as it is kept and compared, in whatever width, case or spacing it was written."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


_DAY = re.compile(
    r"(20[0-9]{2})[-./年]?(0[1-9]|1[0-2]|[1-9](?=[-./月年]|$))(?:[-./月]?([0-3]?[0-9])?日?)?"
).fullmatch


def read_expiry(text: str) -> date | None:
    """Return the last good day that ``text`` names: ``2027-06`` is the end of June; None for no such day.

    Source: 药品说明书和标签管理规定 第二十三条 (not confirmed here): good to the end of the month, or the
    day, that is printed.
    """
    return _read_day(text, last=True)


def read_made(text: str) -> date | None:
    """Return the day of making that ``text`` names: a month alone is its first day."""
    return _read_day(text, last=False)


def gs1_day(text: str) -> date | None:
    """Return the day of a GS1 date (AI 11 or 17: ``YYMMDD``); day 00 is the end of the month."""
    if not re.fullmatch(r"[0-9]{6}", text):
        return None
    return _day(2000 + int(text[:2]), int(text[2:4]), int(text[4:]), last=True)


def _read_day(text: str, *, last: bool) -> date | None:
    found = _DAY("".join(unicodedata.normalize("NFKC", text).split()))
    if found is None:
        return None
    return _day(int(found[1]), int(found[2]), int(found[3] or 0), last=last)


def _day(year: int, month: int, day: int, *, last: bool) -> date | None:
    try:
        return date(year, month, day or (calendar.monthrange(year, month)[1] if last else 1))
    except ValueError:
        return None
