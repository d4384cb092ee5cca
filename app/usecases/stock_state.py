"""What the stock place shows: frozen values that a use case returns and a window only draws."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from app.usecases.notice import Notice
from app.usecases.state import CounterState
from engine.money import Fen
from engine.stock import MoveKind

ChangeKind: TypeAlias = Literal[
    "lost", "damaged", "expired", "sent_back", "set_aside", "released", "taken_back"
]
LotState: TypeAlias = Literal["fit", "near", "expired", "recalled"]


class LotRow(Struct, frozen=True, kw_only=True):
    """A lot on the list; ``days`` to its expiry (negative: past it), ``held`` pieces set aside."""

    lot: int
    drug: str
    name: str
    spec: str
    maker: str
    batch: str
    expires: date | None
    days: int | None
    packs: int
    pieces: int
    held: int
    size: int
    unit: str
    piece_unit: str
    state: LotState
    supplier: str = ""
    received: date | None = None


class StockList(Struct, frozen=True, kw_only=True):
    """The shop's stock, by drug and expiry; counts are of all lots, whatever ``words`` filter out.

    ``about`` answers a scanned box: where it is.
    """

    rows: tuple[LotRow, ...]
    words: str = ""
    lots: int = 0
    near: int = 0
    expired: int = 0
    recalled: int = 0
    held: int = 0
    near_days: int = 180
    about: Notice | None = None


class MoveShown(Struct, frozen=True, kw_only=True):
    """A movement of a lot as its card lists it."""

    at: datetime
    kind: MoveKind
    packs: int
    pieces: int
    held: int
    who: str
    why: str


class LotCard(Struct, frozen=True, kw_only=True):
    """One lot at length: where it came from, what moved it, how much went in sales, which boxes are known.

    ``unnamed`` of the boxes went by their barcode: which ones, a stocktake tells.
    """

    row: LotRow
    note: str
    cost: Fen | None
    made: date | None
    moves: tuple[MoveShown, ...]
    sold: int
    boxes: tuple[str, ...]
    unnamed: int = 0


class LotChange(Struct, frozen=True, kw_only=True):
    """What is done to a lot otherwise than by a sale; ``why`` is the reason, or the supplier's invoice.

    ``codes`` name the boxes where every pack has its own; ``from_held``: out of what is set aside.
    """

    kind: ChangeKind
    lot: int
    packs: int = 0
    pieces: int = 0
    why: str = ""
    codes: tuple[str, ...] = ()
    from_held: bool = False


class DeliveryLine(Struct, frozen=True, kw_only=True):
    """A line of a delivery being received, as typed and scanned; ``problem`` says what still lacks."""

    key: str
    drug: str
    name: str
    spec: str
    unit: str
    packs: int
    codes: tuple[str, ...] = ()
    batch: str = ""
    expires: str = ""
    made: str = ""
    cost: str = ""
    problem: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery on the desk: kept over a restart until it is booked or given up."""

    supplier: str = ""
    note: str = ""
    lines: tuple[DeliveryLine, ...] = ()
    chosen: str | None = None
    said: Notice | None = None


class LineEntry(Struct, frozen=True, kw_only=True):
    """What is typed for a line of a delivery, as typed."""

    batch: str
    expires: str
    made: str
    packs: str
    cost: str


class CountLine(Struct, frozen=True, kw_only=True):
    """A lot in a stocktake: what the books say, and what was counted (None: not yet)."""

    row: LotRow
    packs: int | None = None
    pieces: int | None = None
    codes: tuple[str, ...] = ()


class Count(Struct, frozen=True, kw_only=True):
    """A stocktake on the desk: kept over a restart until it is booked or given up."""

    lines: tuple[CountLine, ...] = ()
    chosen: int | None = None
    said: Notice | None = None


class RecallSale(Struct, frozen=True, kw_only=True):
    """A sale that handed out what is recalled; ``who`` is masked. Not ``sure``: of which batch is not on
    record."""

    number: str
    at: datetime
    who: str
    quantity: int
    unit: str
    sure: bool = True


class RecallRow(Struct, frozen=True, kw_only=True):
    """A recall: what of it is on hand, and who has it; ``further`` sales are not listed."""

    number: int
    drug: str
    name: str
    batch: str
    why: str
    at: datetime
    who: str
    lifted: bool
    on_hand: tuple[LotRow, ...] = ()
    sold: tuple[RecallSale, ...] = ()
    further: int = 0


class UncodedRow(Struct, frozen=True, kw_only=True):
    """A drug that may be sold on insurance without a code until a day."""

    number: int
    drug: str
    name: str
    until: date
    why: str
    at: datetime
    who: str
    in_force: bool


class SoldLine(Struct, frozen=True, kw_only=True):
    """A line of a sale that something may be brought back of; ``left`` is what has not come back yet."""

    sale: str
    line: str
    name: str
    spec: str
    unit: str
    quantity: int
    left: int
    batch: str
    codes: tuple[str, ...]
    at: datetime
    who: str


class BroughtBack(Struct, frozen=True, kw_only=True):
    """What a customer brings back of a line of a sale, and why; ``codes`` name the boxes."""

    sale: str
    line: str
    quantity: int
    why: str
    codes: tuple[str, ...] = ()


class OpenedRow(Struct, frozen=True, kw_only=True):
    """An opened pack with what was sold out of it (拆零记录): each as number of the sale, when, pieces,
    who."""

    name: str
    batch: str
    expires: date | None
    code: str
    size: int
    left: int
    unit: str
    at: datetime
    who: str
    sold: tuple[tuple[str, datetime, int, str], ...]


class AtShelves(Protocol):
    """The stock as it is, and what goes otherwise than by a sale."""

    def stock(self, words: str) -> StockList: ...
    def lot(self, lot: int) -> LotCard: ...
    def change_lot(self, change: LotChange) -> LotCard: ...
    def opened_packs(self) -> tuple[OpenedRow, ...]: ...
    def split(self, line_id: str) -> CounterState: ...


class Receiving(Protocol):
    """A delivery: note, supplier, boxes counted up, booked as one."""

    def delivery(self) -> Delivery: ...
    def head_delivery(self, supplier: str, note: str) -> Delivery: ...
    def scan_delivery(self, text: str) -> Delivery: ...
    def choose_delivery(self, key: str) -> Delivery: ...
    def change_delivery(self, key: str, entry: LineEntry) -> Delivery: ...
    def another_batch(self, key: str) -> Delivery: ...
    def drop_delivery_line(self, key: str) -> Delivery: ...
    def book_delivery(self) -> Delivery: ...
    def give_up_delivery(self) -> Delivery: ...


class Counting(Protocol):
    """A stocktake by lot."""

    def count(self) -> Count: ...
    def scan_count(self, text: str) -> Count: ...
    def choose_count(self, lot: int) -> Count: ...
    def set_count(self, lot: int, packs: str, pieces: str) -> Count: ...
    def book_count(self, why: str) -> Count: ...
    def give_up_count(self) -> Count: ...


class Watching(Protocol):
    """Recalls, the uncoded list, and what customers bring back."""

    def recalls(self) -> tuple[RecallRow, ...]: ...
    def recall(self, drug: str, batch: str, why: str) -> tuple[RecallRow, ...]: ...
    def lift_recall(self, number: int, why: str) -> tuple[RecallRow, ...]: ...
    def uncoded(self) -> tuple[UncodedRow, ...]: ...
    def add_uncoded(self, drug: str, until: str, why: str) -> tuple[UncodedRow, ...]: ...
    def end_uncoded(self, number: int) -> tuple[UncodedRow, ...]: ...
    def sold_lines(self, text: str) -> tuple[SoldLine, ...]: ...
    def bring_back(self, back: BroughtBack) -> tuple[SoldLine, ...]: ...


class StockWork(AtShelves, Receiving, Counting, Watching, Protocol):
    """All that is done with stock; every method may raise a UserError."""
