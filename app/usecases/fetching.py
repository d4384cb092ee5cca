"""The catalogue from the agency: drugs (1301), then lists and limits page by page, each kept as it comes.

How far it came is kept in the catalogue in the same transaction as what came, so a line that breaks, or a
person who stops it, costs one page. What was asked for before is asked for from its day on, that day
included: what comes twice changes nothing.
"""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct

from app.clock import Clock
from app.errors import AgencyRefused
from app.importing import download, pages
from app.importing.errors import FileUnreadable
from app.importing.grid import Batch, Grid, open_grids
from app.importing.intake import Intake, Options, Say
from app.importing.run import Shelves, finish
from app.importing.telling import Report
from app.importing.titles import TITLES
from app.storage import intake as kept
from app.storage.catalogue import mark, put_mark
from app.storage.connection import transaction
from app.storage.intake import Remark, Run
from app.usecases.ports import AgencyLine
from engine.calendar import business_day
from engine.protocol.catalogue_pages import (
    DOWNLOAD,
    PAGE_SIZE,
    PAGES,
    page_input,
    read_offered,
    read_page,
    version_input,
)
from engine.protocol.catalogue_rows import PageKind
from engine.protocol.reconciliation import FileTold, download_input
from engine.protocol.wire import ProtocolError

STAGES = (DOWNLOAD, *PAGES)
_LONG_AGO = "2000-01-01"
_UNDER_WAY, _SINCE, _VERSION = "fetch under way", "fetched until ", "1301 version"
_MOST_REMARKS = 2_000
_VERSION_COLUMN = "版本号"


class _Way(Struct, kw_only=True):
    """How far a fetch is: ``page`` is the next one of ``stage``; ``began`` is its first day."""

    began: str
    stage: int = 0
    page: int = 1
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    remarks: list[Remark] = []

    @property
    def infno(self) -> str:
        return STAGES[self.stage]


def fetch(
    shelves: Shelves,
    line: AgencyLine,
    provider: str,
    clock: Clock,
    say: Say = lambda *_: None,
    *,
    page_size: int = PAGE_SIZE,
) -> tuple[Report, ...]:
    """Take over all that the agency has new, and return what came of each transaction.

    Raises AgencyNotReached where nobody answers; the next call goes on from there.
    """
    reports: list[Report] = []
    while True:
        way = _way(shelves, clock)
        if way.stage == len(STAGES):
            with transaction(shelves.drugs):
                put_mark(shelves.drugs, _UNDER_WAY, "")
            return tuple(reports)
        step = _Step(shelves, line, provider, clock, say=say, page_size=page_size)
        report = step.download(way) if way.infno == DOWNLOAD else step.page(way)
        if report is not None:
            reports.append(report)


class _Step:
    """One question to the agency and what came of it, kept together with how far that is."""

    def __init__(
        self, shelves: Shelves, line: AgencyLine, provider: str, clock: Clock, *, say: Say, page_size: int
    ) -> None:
        self._shelves, self._line, self._provider = shelves, line, provider
        self._clock, self._say, self._page_size = clock, say, page_size

    def download(self, way: _Way) -> Report | None:
        """Fetch one file of drugs; return the report after the last."""
        version = mark(self._shelves.drugs, _VERSION) or "0"
        try:
            offered = read_offered(self._line.ask(DOWNLOAD, version_input(version), self._provider))
            if not offered.data_cnt:
                return self._close(way)
            told = FileTold(
                file_qury_no=offered.file_qury_no,
                filename=offered.filename,
                dld_endtime=offered.dld_end_time,
            )
            content = self._line.fetch("9102", download_input(told, self._provider), self._provider)
            grid = open_grids(offered.filename, content)[0]
        except (AgencyRefused, ProtocolError, FileUnreadable) as error:
            return self._refused(way, error)
        reached = _version_of(grid, self._shelves.profile.columns)
        intake = self._intake(offered.filename)
        with transaction(self._shelves.drugs):
            download.take(intake, grid, download.found_by(self._shelves.profile.columns))
            finish(intake)
            _add(way, intake)
            more = reached not in ("", version)
            if reached:
                put_mark(self._shelves.drugs, _VERSION, reached)
            self._keep(way)
        self._tell(way, 0)
        return None if more else self._close(way)

    def page(self, way: _Way) -> Report | None:
        """Fetch one page; return the report after the last of its transaction."""
        infno: PageKind = way.infno  # type: ignore[assignment]
        since = date.fromisoformat(mark(self._shelves.drugs, _SINCE + infno) or _LONG_AGO)
        try:
            page = read_page(
                self._line.ask(infno, page_input(since, way.page, self._page_size), self._provider),
                infno,
                self._shelves.profile,
            )
        except (AgencyRefused, ProtocolError) as error:
            return self._refused(way, error)
        intake = self._intake(f"{infno} 第 {way.page} 页")
        with transaction(self._shelves.drugs):
            pages.take_rows(intake, infno, page.rows)
            intake.counts.rows = len(page.rows.rows) + len(page.rows.bad)
            finish(intake)
            _add(way, intake)
            way.page += 1
            self._keep(way)
        self._tell(way, page.records)
        return self._close(way) if way.page > page.last else None

    def _refused(self, way: _Way, error: Exception) -> Report:
        """Go on to the next transaction: not every platform has each."""
        why = str(getattr(error, "what", "") or getattr(error, "text", ""))
        way.remarks.append(Remark(line=0, severity="refused", what=TITLES[way.infno], why=why))
        return self._close(way, reached=False)

    def _close(self, way: _Way, *, reached: bool = True) -> Report:
        infno, began = way.infno, way.began
        run = Run(
            at=self._clock.now(),
            kind=infno,
            name="医保中心",
            digest="",
            rows=way.rows,
            added=way.added,
            changed=way.changed,
            unchanged=way.unchanged,
            delisted=0,
            doubtful=sum(each.severity == "doubtful" for each in way.remarks),
            refused=sum(each.severity == "refused" for each in way.remarks),
        )
        with transaction(self._shelves.drugs):
            kept.note_run(self._shelves.drugs, run, way.remarks)
            if reached and infno != DOWNLOAD:
                put_mark(self._shelves.drugs, _SINCE + infno, began)
            self._keep(_Way(began=began, stage=way.stage + 1))
        return Report(run=run, title=TITLES[infno], remarks=tuple(way.remarks))

    def _keep(self, way: _Way) -> None:
        put_mark(self._shelves.drugs, _UNDER_WAY, msgspec.json.encode(way).decode())

    def _tell(self, way: _Way, of: int) -> None:
        self._say(f"fetch {way.infno}", way.rows, max(of, way.rows) if of else 0)

    def _intake(self, name: str) -> Intake:
        now = self._clock.now()
        return Intake(
            drugs=self._shelves.drugs,
            books=self._shelves.books,
            name=name,
            at=now,
            today=business_day(now),
            options=Options(part=True),
            region=self._shelves.region,
            say=lambda *_: None,
        )


def _way(shelves: Shelves, clock: Clock) -> _Way:
    held = mark(shelves.drugs, _UNDER_WAY)
    if held:
        return msgspec.json.decode(held, type=_Way)
    return _Way(began=business_day(clock.now()).isoformat())


def _add(way: _Way, intake: Intake) -> None:
    way.rows += intake.counts.rows
    way.added += intake.counts.added
    way.changed += intake.counts.changed
    way.unchanged += intake.counts.unchanged
    way.remarks = [*way.remarks, *intake.remarks][:_MOST_REMARKS]


def _version_of(grid: Grid, columns: tuple[str, ...]) -> str:
    """Return the version that the file's last row brings; empty where the region's columns have none."""
    if _VERSION_COLUMN not in columns:
        return ""
    place = columns.index(_VERSION_COLUMN)
    last = Batch([], [])
    for batch in grid.batches():
        last = batch
    row = last.rows[-1] if last.rows else ()
    return str(row[place]).strip() if len(row) > place else ""
