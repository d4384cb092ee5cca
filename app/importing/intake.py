"""One import under way: where it writes, what was said about it, and what it has found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from app.importing.errors import ImportNeedsAnswer
from app.storage.connection import Connection
from app.storage.intake import Remark
from engine.catalogue import PriceKind

Say = Callable[[str, int, int], None]
"""Phase, rows done, rows in all (0: not known)."""

_STEP = 4_000
_LONGEST = 200
"""Of what a remark repeats of a cell, which may hold a book."""


class Options(Struct, frozen=True, kw_only=True):
    """What a person said about the file; None and empty: nothing.

    ``whole``: what is missing in it leaves the market or the list (``--yes``); ``part``: it is an excerpt.
    ``mapping`` gives each field's heading, or column by number from 1. ``year`` is the list's edition, the
    days bound what the file itself does not date.
    """

    kind: str | None = None
    mapping: dict[str, str] | None = None
    whole: bool = False
    part: bool = False
    year: int | None = None
    begins: date | None = None
    ends: date | None = None
    region: str | None = None
    document: str = ""
    price_kind: PriceKind | None = None


class ImportQuestion(ImportNeedsAnswer):
    """Asked instead of importing: ``answers`` are (option, words)."""

    def __init__(self, question: str, answers: Sequence[tuple[str, str]]) -> None:
        self.question, self.choices = question, tuple(answers)
        told = "；".join(f"{words}请加 --{option.replace('=', ' ')}" for option, words in answers)
        super().__init__(question=question, answers=f"命令行里：{told}。")


class Counts(Struct):
    """What came of the rows so far."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    delisted: int = 0


class Intake:
    """The databases of an import, its options, its counts and remarks; made for one file."""

    def __init__(
        self,
        *,
        drugs: Connection,
        books: Connection,
        name: str,
        at: datetime,
        today: date,
        options: Options,
        region: str,
        say: Say,
    ) -> None:
        self.drugs, self.books, self.name = drugs, books, name
        self.at, self.today, self.options, self.region = at, today, options, region
        self.counts = Counts()
        self.remarks: list[Remark] = []
        self.total = 0
        self.searched_changed = False  # Whether the index of drugs is to be made anew.
        self.keys: set[str] = set()  # Entries of the lists whose facts changed.
        self.into_books: Callable[[], None] | None = None
        """What is written into the books, once all else is done: a sale waits for it."""
        self._say, self._said = say, 0

    def refuse(self, line: int, what: str, why: str) -> None:
        """Say that a row was not taken."""
        self._remark("refused", line, what, why)

    def doubt(self, line: int, what: str, why: str) -> None:
        """Say that something about a row is odd; what was done with it stands in ``why``."""
        self._remark("doubtful", line, what, why)

    def note(self, line: int, what: str, why: str) -> None:
        """Say something that needs nobody's doing."""
        self._remark("note", line, what, why)

    def delist(self, what: str, why: str) -> None:
        """Say that something of the catalogue is off the market or out of its list now."""
        self.counts.delisted += 1
        self._remark("delisted", 0, what, why)

    def tell(self, phase: str, done: int, of: int) -> None:
        """Say how far the import is, whatever it does."""
        self._say(phase, done, of)

    def count(self, rows: int) -> None:
        """Count rows read, and tell of it now and then."""
        self.counts.rows += rows
        if self.counts.rows - self._said >= _STEP:
            self._said = self.counts.rows
            self._say("reading", self.counts.rows, max(self.total, self.counts.rows))

    def settle(self, touched: int, added: int, of: int) -> None:
        """Count what was written of ``of`` rows: ``touched`` in all, ``added`` of them new."""
        self.counts.added += added
        self.counts.changed += touched - added
        self.counts.unchanged += of - touched

    def allow_delisting(self, gone: int, of: int, what: str) -> bool:
        """Tell whether what the file lacks may go; raise ImportQuestion where that is half of it or more.

        An excerpt takes nothing away.
        """
        if self.options.part or not gone:
            return False
        if gone * 2 >= of and not self.options.whole:
            raise ImportQuestion(
                f"导入后{what} {of} 种里会少掉 {gone} 种：文件「{self.name}」里没有它们。",
                (("part", "这份只是一部分，只更新里面有的，"), ("yes", "这份是完整的，照它下架，")),
            )
        return True

    def tally(self, severity: str) -> int:
        """Return how many remarks are of one severity."""
        return sum(remark.severity == severity for remark in self.remarks)

    def _remark(self, severity: str, line: int, what: str, why: str) -> None:
        short = [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in (what, why)]
        self.remarks.append(Remark(line=line, severity=severity, what=short[0], why=short[1]))
