"""A receipt as fields and lines, for any printer: what was sold, who pays what, by which clause, how sure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Weight: TypeAlias = Literal["title", "strong", "normal", "small"]


class Row(Struct, frozen=True, kw_only=True):
    """One row of paper: ``left`` and ``right`` set flush; a long ``left`` wraps, ``right`` never does."""

    left: str
    right: str = ""
    weight: Weight = "normal"
    rule_above: bool = False  # A line across the paper before this row.


class Receipt(Struct, frozen=True, kw_only=True):
    """The whole paper, stored as printed; ``number`` is the sale's and is also the Code 128 at the foot."""

    number: str
    rows: tuple[Row, ...]


COPY_MARK = "补打"
