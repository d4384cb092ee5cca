"""An import from the file to the commit: one transaction, whatever the file is; a cut leaves what was."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from app.errors import DiskFull
from app.importing import shop
from app.importing.cells import text_of
from app.importing.errors import FileUnreadable, ImportDiskFull, KindUnknown
from app.importing.grid import Grid, open_grids, read_bytes
from app.importing.headings import body
from app.importing.intake import Intake, Options, Say
from app.importing.kinds import Recognised, recognise
from app.importing.pages import saved_rows, take_saved
from app.importing.telling import Column, Look, Report
from app.importing.titles import PAGES, TITLES
from app.storage import intake as kept
from app.storage import items, listings, search
from app.storage.connection import Connection, transaction
from app.storage.intake import Run
from engine.calendar import business_day
from engine.protocol.catalogue_rows import ListProfile

_SAMPLES = 3


class Shelves(Struct, frozen=True, kw_only=True):
    """The databases that an import writes: the catalogue, and the books for what is the shop's own."""

    drugs: Connection
    books: Connection
    region: str = ""  # The shop's own, six digits; empty where there is no shop yet.
    profile: ListProfile = ListProfile()


def import_file(
    shelves: Shelves, path: Path, options: Options, at: datetime, say: Say = lambda *_: None
) -> Report:
    """Import the file at ``path``; raise a UserError where it cannot be, with everything as it was."""
    content = read_bytes(path)
    digest = hashlib.sha256(content).hexdigest()
    intake = Intake(
        drugs=shelves.drugs,
        books=shelves.books,
        name=path.name,
        at=at,
        today=business_day(at),
        options=options,
        region=shelves.region,
        say=say,
    )
    kind, take = _reader(intake, shelves, path.name, content)
    kept.make_room(shelves.drugs)
    try:
        return _in_one_step(intake, shelves, kind, digest, take)
    except DiskFull as error:
        raise ImportDiskFull() from error


def _in_one_step(intake: Intake, shelves: Shelves, kind: str, digest: str, take: Callable[[], str]) -> Report:
    with _uncollected(), transaction(shelves.drugs):
        kind = take()
        _finish(intake)
        run = _run(intake, kind, digest)
        earlier = kept.run_of_file(shelves.drugs, kind, digest)
        kept.note_run(shelves.drugs, run, intake.remarks)
        intake.tell("saving", intake.counts.rows, intake.counts.rows)
        if intake.into_books is not None:
            with transaction(shelves.books):
                intake.into_books()
    unchanged = not (run.added or run.changed or run.delisted)
    again = earlier is not None and unchanged
    return Report(run=run, title=TITLES[kind], remarks=tuple(intake.remarks), again=again)


def look_at(shelves: Shelves, path: Path, options: Options) -> Look:
    """Return what a file is, and of a shop's own table its columns; raise as ``import_file``."""
    content = read_bytes(path)
    pages = _pages(content)
    if pages is not None:
        return Look(kind="pages", title="医保中心的目录查询应答")
    grids = open_grids(path.name, content)
    recognised = recognise(
        path.name,
        grids,
        shelves.profile.columns,
        options.kind,
        lambda headings: items.mapping_of(shelves.books, headings) is not None,
    )
    kind, grid, found = recognised.kind, recognised.grid, recognised.found
    if kind.name != "shop":
        return Look(kind=kind.name, title=kind.title)
    held = items.mapping_of(shelves.books, found.headings)
    mapped = shop.guessed(found, grid) if held is None else held
    fields = {place: field for field, place in mapped.items()}
    samples = _samples(grid, found.line, len(found.headings))
    return Look(
        kind=kind.name,
        title=kind.title,
        known=held is not None,
        columns=tuple(
            Column(heading=heading, samples=samples[place], field=fields.get(place, ""))
            for place, heading in enumerate(found.headings)
        ),
    )


def finish(intake: Intake) -> None:
    """Make what follows from the facts that changed: rows in force, and what is searched by."""
    _finish(intake)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: millions of cells make none, and each search walks all of them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _reader(intake: Intake, shelves: Shelves, name: str, content: bytes) -> tuple[str, Callable[[], str]]:
    """Return the kind of the file as far as its shape tells, and what takes it in and says its kind."""
    pages = _pages(content)
    if pages is not None:
        if intake.options.kind not in (None, *PAGES):
            raise KindUnknown(name=name, why="它是目录查询的应答（1312、1316、1318、1319）。")
        intake.total = sum(map(len, pages))
        return "pages", lambda: take_saved(intake, pages, shelves.profile)
    recognised = recognise(
        name,
        open_grids(name, content),
        _columns(intake, shelves),
        intake.options.kind,
        lambda headings: items.mapping_of(shelves.books, headings) is not None,
    )
    if next(body(recognised.grid, recognised.found), None) is None:
        raise FileUnreadable(name=name, why="只有表头，没有一行内容。")
    intake.total = recognised.grid.total
    for sheet in recognised.others:
        why = f"这次只导入了工作表「{recognised.grid.sheet}」；请把这一张另存成一个文件，再导入一次。"
        intake.refuse(0, f"工作表「{sheet}」", why)
    if recognised.kind.name == "shop":
        recognised = _mapped(intake, recognised)
    return recognised.kind.name, lambda: _take(intake, recognised)


def _pages(content: bytes) -> list[list[dict[str, Any]]] | None:
    """Return the rows of saved pages; None where the file is something else."""
    return saved_rows(content) if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[") else None


def _columns(intake: Intake, shelves: Shelves) -> tuple[str, ...]:
    """Return the order of 1301's columns: as the person says it, else as the region has it."""
    mapping = intake.options.mapping
    if mapping and intake.options.kind == "1301":
        return tuple(mapping)
    return shelves.profile.columns


def _mapped(intake: Intake, recognised: Recognised) -> Recognised:
    found = recognised.found
    held = items.mapping_of(intake.books, found.headings)
    return Recognised(
        recognised.kind, recognised.grid, shop.mapped(found, recognised.grid, intake.options.mapping, held)
    )


def _take(intake: Intake, recognised: Recognised) -> str:
    recognised.kind.take(intake, recognised.grid, recognised.found)
    return recognised.kind.name


def _finish(intake: Intake) -> None:
    intake.tell("listing", 0, 0)
    listings.reflow(intake.drugs, intake.keys)
    if intake.searched_changed or search.is_due(intake.drugs):
        intake.tell("search", 0, 0)
        kept.mirror_items(intake.drugs, items.mirrored(intake.books))
        search.rebuild(intake.drugs)


def _run(intake: Intake, kind: str, digest: str) -> Run:
    counts = intake.counts
    return Run(
        at=intake.at,
        kind=kind,
        name=intake.name,
        digest=digest,
        rows=counts.rows,
        added=counts.added,
        changed=counts.changed,
        unchanged=counts.unchanged,
        delisted=counts.delisted,
        doubtful=intake.tally("doubtful"),
        refused=intake.tally("refused"),
    )


def _samples(grid: Grid, line: int, width: int) -> list[tuple[str, ...]]:
    head = grid.head()
    rows: list[Any] = [row for at, row in zip(head.lines, head.rows, strict=True) if at > line]
    return [
        tuple(text for row in rows[: 4 * _SAMPLES] if place < len(row) and (text := text_of(row[place])))[
            :_SAMPLES
        ]
        for place in range(width)
    ]
