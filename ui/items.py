"""What a card shows, as values: lines, chips, bars, rows. No Qt here; ``ui.widgets`` paints them.

Presenters return tuples of these, so that every word and every figure of the window can be tested without a
display.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from ui.tokens import BODY, SMALL, TINY, Tone

Weight: TypeAlias = Literal[400, 500, 700]
Mark: TypeAlias = Literal["ok", "info", "attention", "refused"]


class Text(Struct, frozen=True, kw_only=True):
    """Running text, wrapped; with ``elide`` one line, cut with an ellipsis and shown whole in a tooltip."""

    text: str
    size: int = BODY
    weight: Weight = 400
    tone: Tone = "ink"
    indent: int = 0
    elide: bool = False
    centred: bool = False


class Heading(Struct, frozen=True):
    """The small title of a card, with the key that leads there at the right."""

    text: str
    key: str = ""


class Name(Struct, frozen=True):
    """The person's name with chips beside it."""

    text: str
    chips: tuple[Chip, ...] = ()


class Chip(Struct, frozen=True):
    """A few words on their tone's ground."""

    text: str
    tone: Tone = "mount"


class Chips(Struct, frozen=True):
    """Chips in a row, wrapped where the card ends; ``words`` follow them in second text."""

    chips: tuple[Chip, ...]
    words: str = ""


class Pair(Struct, frozen=True, kw_only=True):
    """Words at the left, a figure at the right."""

    left: str
    right: str
    size: int = BODY
    tone: Tone = "ink"
    weight: Weight = 400


class Due(Struct, frozen=True):
    """What the patient pays, in the largest type of the window."""

    label: str
    figure: str


class Limit(Struct, frozen=True):
    """A limit of the year: words, figures, and a bar filled to ``share`` per ten thousand."""

    label: str
    value: str
    share: int
    tone: Tone = "mount"


class Reason(Struct, frozen=True, kw_only=True):
    """One step of the why: what, a bar of ``share`` per ten thousand of the total, the figure."""

    label: str
    figure: str
    share: int
    tone: Tone


class Note(Struct, frozen=True):
    """Something found: a mark, its words, and where the law says it."""

    mark: Mark
    text: str
    source: str = ""


class Panel(Struct, frozen=True, kw_only=True):
    """A tinted box: a mark, a title, what to do, where the law says it."""

    mark: Mark
    title: str
    text: str = ""
    source: str = ""


class Rule(Struct, frozen=True):
    """A line across the card."""


class Space(Struct, frozen=True):
    """Empty height."""

    height: int


class Column(Struct, frozen=True):
    """A column of a table; width 0 takes what is left."""

    title: str
    width: int
    right: bool = False


class Cell(Struct, frozen=True, kw_only=True):
    """What stands in a column: a line, a smaller one under it; with ``chip`` the line is a chip, with
    ``wrap`` it takes the whole height of its row."""

    text: str
    under: str = ""
    tone: Tone = "ink"
    under_tone: Tone = "sub"
    size: int = BODY
    chip: bool = False
    wrap: bool = False


class Head(Struct, frozen=True):
    """The titles of a table's columns."""

    columns: tuple[Column, ...]


class Row(Struct, frozen=True, kw_only=True):
    """A row of a table; a click on it gives back ``key``."""

    key: str
    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    selected: bool = False
    height: int = 58


class Tile(Struct, frozen=True, kw_only=True):
    """A big thing to press with two lines and a key; the tour's cards and the hits of a search are such.

    ``figure`` stands at the right; with a ``note`` under it, it is in the first line.
    """

    key: str
    title: str
    detail: str
    figure: str = ""
    note: str = ""
    selected: bool = False
    framed: bool = True


class Tiles(Struct, frozen=True):
    """Tiles side by side, equally wide."""

    tiles: tuple[Tile, ...]


Item: TypeAlias = (
    Text
    | Heading
    | Name
    | Chips
    | Pair
    | Due
    | Limit
    | Reason
    | Note
    | Panel
    | Rule
    | Space
    | Head
    | Row
    | Tiles
)
Page: TypeAlias = tuple[Item, ...]


def sub(text: str, size: int = SMALL) -> Text:
    """Return second text."""
    return Text(text=text, size=size, tone="sub")


def source(text: str) -> Text:
    """Return where the law says it, in the smallest type."""
    return Text(text=text, size=TINY, tone="sub")


def words_of(page: Page) -> list[str]:
    """Return all that ``page`` says, in order: for screen readers and for tests."""
    found: list[str] = []
    for item in page:
        _collect(item, found)
    return [text for text in found if text]


def _collect(value: object, found: list[str]) -> None:
    if isinstance(value, Head):
        found.extend(column.title for column in value.columns)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            if name not in _NOT_WORDS:
                _collect(getattr(value, name), found)
    elif isinstance(value, tuple):
        for part in value:
            _collect(part, found)
    elif isinstance(value, str):
        found.append(value)


_NOT_WORDS = frozenset({"key", "tone", "under_tone", "mark", "columns", "weight"})
