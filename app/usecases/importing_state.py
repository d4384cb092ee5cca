"""What the catalogue's place shows: what it holds, what was imported, and how an import stands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from app.importing.errors import ImporterDied
from app.importing.telling import Progress, Said


class KindRow(Struct, frozen=True, kw_only=True):
    """A kind of file as it was imported last; ``run`` 0: never."""

    kind: str
    title: str
    run: int = 0
    at: datetime | None = None
    name: str = ""
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    delisted: int = 0
    doubtful: int = 0
    refused: int = 0


class RemarkRow(Struct, frozen=True, kw_only=True):
    """A line of a report; line 0: the file as a whole."""

    line: int
    severity: str
    what: str
    why: str


class Report(Struct, frozen=True, kw_only=True):
    """What was refused, doubtful or taken off in an import; ``more`` remarks are not among these."""

    kind: KindRow
    remarks: tuple[RemarkRow, ...] = ()
    more: int = 0


class Holdings(Struct, frozen=True, kw_only=True):
    """How much the catalogue holds."""

    drugs: int
    on_market: int
    listed: int
    entries: int
    prices: int
    items: int


class Asking(Struct, frozen=True, kw_only=True):
    """What a person is asked before a file is imported; ``choices`` are (option, words)."""

    path: str
    question: str
    choices: tuple[tuple[str, str], ...]


class ColumnRow(Struct, frozen=True, kw_only=True):
    """A column of a shop's table: its heading, first cells, and what it is taken for; empty: nothing."""

    heading: str
    samples: tuple[str, ...]
    field: str = ""


class Mapping(Struct, frozen=True, kw_only=True):
    """A shop's own table whose columns a person is shown, and what each may be."""

    path: str
    columns: tuple[ColumnRow, ...]
    fields: tuple[tuple[str, str], ...]


class Underway(Struct, frozen=True, kw_only=True):
    """An import at this moment: which file, how far, for how many seconds."""

    name: str
    phase: str
    done: int
    of: int
    seconds: int


class ImportState(Struct, frozen=True, kw_only=True):
    """How importing stands; at most one of the four is set.

    ``finished`` is the kind of the import just done, ``again``: it changed nothing. ``trouble`` are what and
    advice; ``path`` is then the file that might be tried as another kind.
    """

    underway: Underway | None = None
    asking: Asking | None = None
    mapping: Mapping | None = None
    finished: str | None = None
    again: bool = False
    trouble: tuple[str, str] | None = None
    path: str = ""


class CatalogueState(Struct, frozen=True, kw_only=True):
    """All that the catalogue's place shows."""

    now: datetime
    holdings: Holdings
    kinds: tuple[KindRow, ...]
    importing: ImportState
    may_fetch: bool


class Cataloguing(Protocol):
    """The catalogue's place: it never waits for a file; ``import_state`` says how far it is."""

    def catalogue(self) -> CatalogueState: ...
    def take_file(self, path: str, kind: str = "") -> ImportState: ...
    def name_columns(self, path: str) -> ImportState: ...
    def answer_import(self, option: str) -> ImportState: ...
    def map_columns(self, mapping: tuple[tuple[str, str], ...]) -> ImportState: ...
    def fetch_catalogue(self) -> ImportState: ...
    def import_state(self) -> ImportState: ...
    def stop_import(self) -> ImportState: ...
    def import_report(self, run: int) -> Report: ...
    def write_import_report(self, run: int, folder: str) -> str: ...


class Job(Protocol):
    """An import in a process of its own. ``said`` gives what it said since the last call."""

    def said(self) -> tuple[Said, ...]: ...
    def is_over(self) -> bool: ...
    def stop(self) -> None: ...


class Importer(Protocol):
    """Starts imports; ``may_fetch`` tells whether there is an agency to ask. Raises ImporterDied."""

    @property
    def may_fetch(self) -> bool: ...
    def start(self, *arguments: str) -> Job: ...


class NoImporter:
    """A counter that has no way to start a process."""

    may_fetch = False

    def start(self, *arguments: str) -> Job:
        """There is nothing to start."""
        raise ImporterDied() from ValueError(arguments)


STARTING = "starting"


class ImportDesk:
    """The import in progress, beside the sale on the desk; it lives on the counter's thread."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.path: Path | None = None
        self.options: tuple[str, ...] = ()
        self.naming = False  # Whether the columns are to be shown though they were named before.
        self.last_run = 0  # The number of the last import before this one.
        self.began: datetime | None = None
        self.progress = Progress(phase=STARTING, done=0, of=0)
        self.state = ImportState()
