"""Which kind of catalogue a file is, told from its content; and what takes each kind in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from app.importing import diagnoses, download, national, prices, procured, ranges, reimbursement, shop, slices
from app.importing.errors import ColumnMissing, KindUnknown
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, find, rows_of_text
from app.importing.intake import Intake
from app.importing.titles import TITLES

Required = Sequence[tuple[str, tuple[str, ...]]]


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of file: how its columns are called, by which of them it is known, and what takes it in.

    ``fewest`` of its ``marks`` must be there for the file to be taken for one of this kind.
    """

    name: str
    title: str
    synonyms: Synonyms
    marks: Sequence[str]
    fewest: int
    required: Required
    take: Callable[[Intake, Grid, Found], None]
    fits: Callable[[Grid, Found], bool] = lambda _grid, _found: True  # Where headings say too little.


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="national",
            title=TITLES["national"],
            synonyms=national.SYNONYMS,
            marks=national.MARKS,
            fewest=5,
            required=national.REQUIRED,
            take=national.take,
        ),
        Kind(
            name="procured",
            title=TITLES["procured"],
            synonyms=procured.SYNONYMS,
            marks=procured.MARKS,
            fewest=4,
            required=procured.REQUIRED,
            take=procured.take,
        ),
        Kind(
            name="slices",
            title=TITLES["slices"],
            synonyms=slices.SYNONYMS,
            marks=slices.MARKS,
            fewest=2,
            required=slices.REQUIRED,
            take=slices.take,
        ),
        Kind(
            name="list",
            title=TITLES["list"],
            synonyms=reimbursement.SYNONYMS,
            marks=reimbursement.MARKS,
            fewest=4,
            required=reimbursement.REQUIRED,
            take=reimbursement.take,
        ),
        Kind(
            name="prices",
            title=TITLES["prices"],
            synonyms=prices.SYNONYMS,
            marks=prices.MARKS,
            fewest=2,
            required=(),
            take=prices.take,
        ),
        Kind(
            name="ranges",
            title=TITLES["ranges"],
            synonyms=ranges.SYNONYMS,
            marks=ranges.MARKS,
            fewest=3,
            required=ranges.REQUIRED,
            take=ranges.take,
        ),
        Kind(
            name="diagnoses",
            title=TITLES["diagnoses"],
            synonyms=diagnoses.SYNONYMS,
            marks=diagnoses.MARKS,
            fewest=2,
            required=diagnoses.REQUIRED,
            take=diagnoses.take,
            fits=diagnoses.fits,
        ),
        Kind(
            name="shop",
            title=TITLES["shop"],
            synonyms=shop.SYNONYMS,
            marks=tuple(shop.SYNONYMS),
            fewest=2,
            required=(),
            take=shop.take,
        ),
    )
}
DOWNLOAD = Kind(
    name="1301",
    title=TITLES["1301"],
    synonyms={},
    marks=(),
    fewest=0,
    required=(),
    take=download.take,
)


class Recognised(Struct, frozen=True):
    """What a file turned out to be, in which of its sheets, and where its heading stands."""

    kind: Kind
    grid: Grid
    found: Found
    others: tuple[str, ...] = ()  # Sheets that look as if they were of the kind, too.


def recognise(
    name: str,
    grids: Sequence[Grid],
    columns: tuple[str, ...],
    wanted: str | None = None,
    is_held: Callable[[tuple[str, ...]], bool] = lambda _headings: False,
) -> Recognised:
    """Return what a file is; ``wanted``: a person says so. ``columns`` is the region's order for 1301.

    ``is_held`` tells whether the shop's columns under such headings were named before. Raises KindUnknown, or
    ColumnMissing for a file that is of a kind and lacks what that kind must have.
    """
    raw = next((grid for grid in grids if download.looks_like(grid)), None)
    if wanted == DOWNLOAD.name or (wanted is None and raw is not None):
        return Recognised(DOWNLOAD, raw or grids[0], download.found_by(columns))
    best = _best(grids, list(KINDS.values()) if wanted is None else [_named(name, wanted)], wanted)
    if best is None or (best.kind.name == "shop" and best.found.matched(shop.SAYING) == 0):
        best = _own(grids, is_held, wanted) or best
    if best is None:
        raise KindUnknown(name=name, why="它的列名和哪一种都对不上。")
    _require(name, best)
    return replace(best, others=_alike(grids, best))


def _alike(grids: Sequence[Grid], best: Recognised) -> tuple[str, ...]:
    """Return the sheets that have what the one taken is known by, as far as it has it."""
    wanted = [field for field in best.kind.marks if field in best.found.columns]
    sheets = []
    for grid in grids:
        found = find(grid, best.kind.synonyms) if grid is not best.grid else None
        if found is not None and found.matched(wanted) >= min(len(wanted), best.kind.fewest):
            sheets.append(grid.sheet)
    return tuple(sheets)


def _best(grids: Sequence[Grid], kinds: Sequence[Kind], wanted: str | None) -> Recognised | None:
    """Return the kind whose marks the file has the most of."""
    best: tuple[float, Recognised] | None = None
    for kind in kinds:
        for grid in grids:
            found = find(grid, kind.synonyms)
            if found is None:
                continue
            score = found.matched(kind.marks)
            fits = wanted is not None or (score >= kind.fewest and kind.fits(grid, found))
            # Of two that fit alike the one named first is the stricter.
            weight = score / max(1, len(kind.marks)) if kind.name != "shop" else 0.0
            if fits and (best is None or weight > best[0]):
                best = (weight, Recognised(kind, grid, found))
    return best[1] if best else None


def _own(
    grids: Sequence[Grid], is_held: Callable[[tuple[str, ...]], bool], wanted: str | None
) -> Recognised | None:
    """Return a shop's own table whose headings say little.

    They were named before, or what stands under them tells enough, or a person says that it is one.
    """
    for grid in grids:
        rows = list(rows_of_text(grid))
        found = next((row for row in rows if is_held(row.headings)), None)
        found = found or next((row for row in rows if shop.makes_sense(row, grid)), None)
        if found is None and wanted == "shop" and rows:
            found = rows[0]
        if found is not None:
            return Recognised(KINDS["shop"], grid, found)
    return None


def _named(name: str, wanted: str) -> Kind:
    if wanted not in KINDS:
        raise KindUnknown(name=name, why=f"没有「{wanted}」这一种，可以是 {'、'.join(TITLES)}。")
    return KINDS[wanted]


def _require(name: str, recognised: Recognised) -> None:
    lacking = [
        words
        for words, fields in recognised.kind.required
        if not any(field in recognised.found.columns for field in fields)
    ]
    if lacking:
        raise ColumnMissing(name=name, columns="、".join(lacking))
