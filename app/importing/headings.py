"""Where the heading of a file stands, and which column is what, whatever stands above and in what order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from app.importing.cells import fold, text_of
from app.importing.grid import Batch, Cells, Grid

Synonyms: TypeAlias = Mapping[str, tuple[str, ...]]
"""Field to headings that mean it, best first; one that begins with ``~`` is a pattern."""

_NOISE = re.compile(r"[\s*:：、_\"'“”]+|\((?:元|万元|￥|必填|可选|选填)\)|/元$")
_DEEPEST = 40
_FEWEST = 2


class Found(Struct, frozen=True, kw_only=True):
    """A heading: the line of its last row, each field's column, and all headings as they are written."""

    line: int
    columns: dict[str, int]
    headings: tuple[str, ...]

    def matched(self, fields: Sequence[str]) -> int:
        """Return how many of ``fields`` have a column."""
        return sum(field in self.columns for field in fields)


def plain(heading: str) -> str:
    """Return a heading without what differs from hand to hand: blanks, stars, colons, units, capitals."""
    return _NOISE.sub("", fold(heading)).lower()


def find(grid: Grid, synonyms: Synonyms) -> Found | None:
    """Return the row that names the most fields, alone or as the lower of two; None where none names two.

    Of a heading over two rows the lower cell counts, and the upper one where the lower is empty.
    """
    head = grid.head(_DEEPEST)
    best: Found | None = None
    above: Cells = ()
    for line, row in zip(head.lines, head.rows, strict=True):
        for cells in (row, _stacked(above, row)):
            found = Found(line=line, columns=columns_of(cells, synonyms), headings=_written(cells))
            if len(found.columns) >= _FEWEST and (best is None or len(found.columns) > len(best.columns)):
                best = found
        above = row
    return best


def rows_of_text(grid: Grid) -> Iterator[Found]:
    """Yield the first rows that may be a heading whose words nobody knows: two cells and more, all words."""
    head = grid.head(_DEEPEST)
    for line, row in zip(head.lines, head.rows, strict=True):
        headings = _written(row)
        if sum(bool(heading) for heading in headings) >= _FEWEST:
            yield Found(line=line, columns={}, headings=headings)


def columns_of(cells: Cells, synonyms: Synonyms) -> dict[str, int]:
    """Return each field's column; a heading that stands twice counts once, where it stands first."""
    names = [plain(text_of(cell)) for cell in cells]
    taken: set[int] = set()
    columns: dict[str, int] = {}
    for field, known in synonyms.items():
        place = next((place for each in known if (place := _place(names, each, taken)) is not None), None)
        if place is not None:
            columns[field] = place
            taken.add(place)
    return columns


def body(grid: Grid, found: Found) -> Iterator[Batch]:
    """Yield the rows below the heading; the heading once more, as on each printed page, is none of them."""
    first = found.headings[0] if found.headings else ""
    for batch in grid.batches():
        if batch.lines[0] > found.line and not any(row and _alike(row[0], first) for row in batch.rows):
            yield batch
            continue
        kept = [
            (line, row)
            for line, row in zip(batch.lines, batch.rows, strict=True)
            if line > found.line and not (row and _alike(row[0], first) and _written(row) == found.headings)
        ]
        if kept:
            yield Batch([line for line, _ in kept], [row for _, row in kept])


def _alike(cell: object, first: str) -> bool:
    return isinstance(cell, str) and cell.strip() == first


def _place(names: list[str], known: str, taken: set[int]) -> int | None:
    if known.startswith("~"):
        fits = re.compile(known[1:]).fullmatch
        return next((at for at, name in enumerate(names) if at not in taken and fits(name)), None)
    wanted = plain(known)
    return next((at for at, name in enumerate(names) if at not in taken and name == wanted), None)


def _stacked(above: Cells, row: Cells) -> Cells:
    width = max(len(above), len(row))
    upper = [*above, *[""] * (width - len(above))]
    lower = [*row, *[""] * (width - len(row))]
    return [low if text_of(low) else high for high, low in zip(upper, lower, strict=True)]


def _written(cells: Cells) -> tuple[str, ...]:
    texts = [fold(text_of(cell)) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)
