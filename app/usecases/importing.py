"""Files into the catalogue while the counter sells: started here, done by a process of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from app.errors import UserError
from app.importing import telling
from app.importing.errors import (
    FetchStopped,
    ImportCancelled,
    ImporterDied,
    ImportRunning,
    NothingToAnswer,
)
from app.importing.telling import Asked, Done, Failed, Look, Progress
from app.importing.titles import TITLES
from app.storage import intake, items
from app.storage.intake import Run
from app.usecases.desk import Desk
from app.usecases.door import Door
from app.usecases.importing_state import (
    STARTING,
    Asking,
    CatalogueState,
    ColumnRow,
    Holdings,
    ImportDesk,
    ImportState,
    KindRow,
    Mapping,
    RemarkRow,
    Report,
    Underway,
)

MOST_REMARKS = 500
_LOOKING = "looking"


class CatalogueDoor(Door):
    """The part of ``app.usecases.importing_state.Cataloguing`` that a till fulfils."""

    def catalogue(self) -> CatalogueState:
        """Return what the catalogue holds and what was imported."""
        desk = self._desk
        held = intake.holdings(desk.catalogue)
        return CatalogueState(
            now=desk.now(),
            holdings=Holdings(
                drugs=held["drugs"],
                on_market=held["on_market"],
                listed=held["listed"] + held["matches"],
                entries=held["entries"],
                prices=held["prices"],
                items=items.count(desk.db),
            ),
            kinds=_kinds(intake.last_of_each_kind(desk.catalogue)),
            importing=self.import_state(),
            may_fetch=desk.importer.may_fetch,
        )

    def take_file(self, path: str, kind: str = "") -> ImportState:
        """Look what a file is, and import it, or show its columns where it is the shop's own."""
        return self._look(path, ("--kind", kind) if kind else (), naming=False)

    def name_columns(self, path: str) -> ImportState:
        """Show the columns of the shop's own table again, whatever they were taken for before."""
        return self._look(path, ("--kind", "shop"), naming=True)

    def answer_import(self, option: str) -> ImportState:
        """Import the file that was asked about, as the person said."""
        mine = _idle(self._desk)
        if mine.state.asking is None or mine.path is None:
            raise NothingToAnswer()
        mine.options = (*mine.options, f"--{option}")
        return self._start("import", str(mine.path), *mine.options)

    def map_columns(self, mapping: tuple[tuple[str, str], ...]) -> ImportState:
        """Import the shop's table with its columns (field, number from 1) as the person named them."""
        mine = _idle(self._desk)
        if mine.state.mapping is None or mine.path is None:
            raise NothingToAnswer()
        told = ",".join(f"{field}={column}" for field, column in mapping)
        mine.options = ("--kind", "shop", "--mapping", told)
        return self._start("import", str(mine.path), *mine.options)

    def fetch_catalogue(self) -> ImportState:
        """Ask the agency for what is new in the catalogue."""
        mine = _idle(self._desk)
        mine.path, mine.options = None, ()
        return self._start("fetch")

    def import_state(self) -> ImportState:
        """Return how importing stands, having heard what the process said."""
        desk = self._desk
        mine = desk.importing
        job = mine.job
        if job is None:
            return mine.state
        is_over = job.is_over()  # Asked first: what it says last is then among what is heard.
        for said in job.said():
            self._hear(said)
        if mine.job is job and is_over:
            _end(mine, self._left(FetchStopped if mine.path is None else ImporterDied))
        if mine.job is not None:
            mine.state = ImportState(underway=_underway(mine, desk.now()))
        return mine.state

    def stop_import(self) -> ImportState:
        """Stop the import; the catalogue is as it was before, or the import was done already."""
        mine = self._desk.importing
        if mine.job is not None:
            mine.job.stop()
            _end(mine, self._left(FetchStopped if mine.path is None else ImportCancelled))
        else:
            mine.state = ImportState()
        return mine.state

    def import_report(self, run: int) -> Report:
        """Return what was refused or doubtful in an import."""
        drugs = self._desk.catalogue
        rows = intake.remarks(drugs, run, MOST_REMARKS + 1)
        kind = next((row for row in _kinds(intake.last_of_each_kind(drugs)) if row.run == run), None)
        more = intake.count_remarks(drugs, run) - MOST_REMARKS if len(rows) > MOST_REMARKS else 0
        return Report(
            kind=kind or KindRow(kind="", title=""),
            remarks=tuple(
                RemarkRow(line=row.line, severity=row.severity, what=row.what, why=row.why)
                for row in rows[:MOST_REMARKS]
            ),
            more=more,
        )

    def write_import_report(self, run: int, folder: str) -> str:
        """Write all remarks of an import as CSV into ``folder``; return where the file lies."""
        path = Path(folder) / f"导入清单-{self._desk.today():%Y%m%d}-{run}.csv"
        telling.write_report(path, intake.remarks(self._desk.catalogue, run))
        return str(path)

    def _look(self, path: str, options: tuple[str, ...], *, naming: bool) -> ImportState:
        mine = _idle(self._desk)
        mine.path, mine.options, mine.naming = Path(path), options, naming
        return self._start("look", path, *options)

    def _left(self, trouble: type[UserError]) -> ImportState:
        """Return what an import that ended without a word left: all of it, or what ``trouble`` says."""
        mine = self._desk.importing
        latest = next(iter(intake.runs(self._desk.catalogue, 1)), None)
        if mine.path is not None and latest is not None and latest.id > mine.last_run:
            return ImportState(finished=latest.kind)
        return ImportState(trouble=(trouble.what, trouble.advice))

    def _start(self, act: str, *arguments: str) -> ImportState:
        mine = self._desk.importing
        mine.last_run = max((run.id for run in intake.runs(self._desk.catalogue, 1)), default=0)
        mine.job = self._desk.importer.start(act, *arguments)
        mine.began = self._desk.now()
        mine.progress = Progress(phase=_LOOKING if act == "look" else STARTING, done=0, of=0)
        return self.import_state()

    def _hear(self, said: telling.Said) -> None:
        mine = self._desk.importing
        if isinstance(said, Progress):
            mine.progress = said
        elif isinstance(said, Look):
            self._looked(said)
        elif isinstance(said, Done):
            _end(mine, ImportState(finished=said.run.kind, again=said.again))
        elif isinstance(said, Asked):
            path = str(mine.path or "")
            _end(mine, ImportState(asking=Asking(path=path, question=said.question, choices=said.choices)))
        elif isinstance(said, Failed):
            path = str(mine.path) if mine.path is not None and mine.path.exists() else ""
            _end(mine, ImportState(trouble=(said.what, said.advice), path=path))

    def _looked(self, look: Look) -> None:
        """Go on with the import; a shop's own table is shown first, unless its columns are known."""
        mine = self._desk.importing
        assert mine.path is not None
        mine.job = None
        if look.kind != "shop" or (look.known and not mine.naming):
            self._start("import", str(mine.path), *mine.options)
            return
        from app.importing.shop import FIELDS  # noqa: PLC0415 - only where columns are named

        columns = tuple(
            ColumnRow(heading=each.heading, samples=each.samples, field=each.field) for each in look.columns
        )
        mapping = Mapping(path=str(mine.path), columns=columns, fields=tuple(FIELDS.items()))
        _end(mine, ImportState(mapping=mapping))


def _idle(desk: Desk) -> ImportDesk:
    """Return the import desk; raise ImportRunning where an import is under way."""
    if desk.importing.job is not None and not desk.importing.job.is_over():
        raise ImportRunning()
    return desk.importing


def _end(mine: ImportDesk, state: ImportState) -> None:
    mine.job, mine.state = None, state


def _underway(mine: ImportDesk, now: datetime) -> Underway:
    assert mine.began is not None
    return Underway(
        name=mine.path.name if mine.path else "医保中心",
        phase=mine.progress.phase,
        done=mine.progress.done,
        of=mine.progress.of,
        seconds=max(0, int((now - mine.began).total_seconds())),
    )


def _kinds(runs: list[Run]) -> tuple[KindRow, ...]:
    """Return every kind with its last import, those that were imported last first."""
    known = {run.kind for run in runs}
    imported = tuple(
        KindRow(
            kind=run.kind,
            title=TITLES[run.kind],
            run=run.id,
            at=run.at,
            name=run.name,
            rows=run.rows,
            added=run.added,
            changed=run.changed,
            unchanged=run.unchanged,
            delisted=run.delisted,
            doubtful=run.doubtful,
            refused=run.refused,
        )
        for run in runs
    )
    return (
        *imported,
        *(KindRow(kind=kind, title=title) for kind, title in TITLES.items() if kind not in known),
    )
