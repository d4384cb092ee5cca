"""What the commands that fill the catalogue share: the shelves, and how an import is told."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import msgspec

from app.commands.books import to_change, to_read
from app.errors import CounterAlreadyOpen, DatabaseBusy, UserError
from app.importing import telling
from app.importing.errors import ImportRunning
from app.importing.intake import ImportQuestion, Say
from app.importing.run import Shelves
from app.importing.telling import Asked, Done, Failed, Progress, Report
from app.importing.titles import TITLES
from app.storage import cursor, stores
from app.usecases.tour import OPEN_STORE

ASKED = 3
"""Exit status where a person is asked first."""

_NICE = 10


@contextmanager
def shelves_of(args: argparse.Namespace) -> Iterator[Shelves]:
    """Open catalogue and books, beside an open counter or without one."""
    with suppress(CounterAlreadyOpen), to_change(args):
        pass  # Older books take their steps, unless a counter is open, which has taken them.
    with to_read(args) as books, closing(books.open_drugs()) as drugs:
        shop = stores.by_provider(books.db, cursor.get(books.db, OPEN_STORE) or "")
        shop = shop or next(iter(stores.all(books.db)), None)
        yield Shelves(drugs=drugs, books=books.db, region=shop.provider.region if shop else "")


def told(work: Callable[[], Report | telling.Look]) -> int:
    """Do ``work`` for the counter that started this process, and say line by line what comes of it."""
    give_way()
    try:
        done = work()
    except ImportQuestion as error:
        _emit(Asked(question=error.question, choices=error.choices))
        return ASKED
    except DatabaseBusy:
        busy = ImportRunning()
        _emit(Failed(what=busy.what, advice=busy.advice))
        return 1
    except UserError as error:
        _emit(Failed(what=error.what, advice=error.advice))
        return 1
    _emit(Done(run=done.run, title=done.title, again=done.again) if isinstance(done, Report) else done)
    return 0


def give_way() -> None:
    """Take only what the counter and its window leave of the machine: they come first."""
    if hasattr(os, "nice"):
        os.nice(_NICE)


def say(phase: str, done: int, of: int) -> None:
    """Tell the counter that started this process how far it is."""
    _emit(Progress(phase=phase, done=done, of=of))


def _emit(said: telling.Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def shown() -> Say:
    """Return what shows the progress to a person who watches, and nothing to a file."""
    words = {"reading": "读入", "listing": "整理医保类别", "search": "更新检索", "saving": "保存"}
    if not sys.stderr.isatty():
        return lambda *_: None

    def show(phase: str, done: int, of: int) -> None:
        how_far = f"{done:,} / {of:,} 行" if of else f"{done:,} 行" if done else ""
        what = words.get(phase) or TITLES.get(phase.removeprefix("fetch "), phase)
        end = "\n" if phase == "saving" else ""
        sys.stderr.write(f"\r{what} {how_far}\x1b[K{end}")
        sys.stderr.flush()

    return show


def print_lines(*texts: str) -> None:
    """Print the command's answer."""
    for text in texts:
        print(text)  # noqa: T201 - this is the command's answer
