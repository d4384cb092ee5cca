"""Whole columns of a file made ready at once: what stands in many rows is worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from app.importing.cells import code_of, fold, text_of
from app.importing.grid import Batch

T = TypeVar("T")
_ODD = re.compile(r'[\sa-z="]').search


class Memo(dict[Any, T], Generic[T]):
    """What ``work`` makes of a cell, kept for the next row that says the same."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, cell: Any) -> T:
        made = self[cell] = self._work(cell)
        return made


def folded(cell: Any) -> str:
    """Return a cell as folded text."""
    return fold(text_of(cell))


class Columns:
    """The fields of a batch, column by column; a field without a column is empty in every row."""

    def __init__(self, places: dict[str, int]) -> None:
        self._places = places
        self._memos: dict[tuple[str, Callable[[Any], Any]], Memo[Any]] = {}
        self._turned: list[tuple[Any, ...]] = []
        self._rows = 0

    def has(self, field: str) -> bool:
        """Tell whether the file has a column for ``field``."""
        return field in self._places

    def take(self, batch: Batch) -> None:
        """Go on to the next rows; short ones are filled up with empty cells."""
        width = max(self._places.values(), default=0) + 1
        self._rows = len(batch.rows)
        wide = batch.rows
        if any(len(row) < width for row in batch.rows):
            wide = [row if len(row) >= width else [*row, *[""] * (width - len(row))] for row in batch.rows]
            self._turned = list(zip(*[row[:width] for row in wide], strict=True))
        else:
            self._turned = list(zip(*wide, strict=False))

    def plain(self, field: str) -> Sequence[Any]:
        """Return the cells as they are."""
        place = self._places.get(field)
        return [""] * self._rows if place is None else self._turned[place]

    def each(self, field: str, work: Callable[[Any], T]) -> list[T]:
        """Return what ``work`` makes of each cell, worked out anew: for what differs from row to row."""
        return list(map(work, self.plain(field)))

    def codes(self, field: str) -> list[str]:
        """Return codes; a column in which all are written as they should be is taken as it is."""
        cells = self.plain(field)
        try:
            joined = "".join(cells)
        except TypeError:  # A workbook's numbers.
            joined = " "
        if joined.isascii() and not _ODD(joined):
            return list(cells)
        return [code_of(text_of(cell)) for cell in cells]

    def memo(self, field: str, work: Callable[[Any], T]) -> list[T]:
        """Return what ``work`` makes of each cell, each different one worked out once."""
        known = self._memos.setdefault((field, work), Memo(work))
        return list(map(known.__getitem__, self.plain(field)))

    def texts(self, field: str) -> list[str]:
        """Return folded texts."""
        return self.memo(field, folded)
