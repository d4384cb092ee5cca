"""``shanyao catalogue fetch``: the catalogue from the agency, in a process that the counter may start."""

from __future__ import annotations

import argparse
from contextlib import closing

from app.bootstrap import open_line
from app.clock import SystemClock
from app.commands.books import settings_of
from app.commands.importing import print_lines, say, shelves_of, shown, told
from app.errors import AgencyNotReached
from app.importing import telling
from app.storage import cursor
from app.usecases.fetching import fetch as fetch_all
from app.usecases.tour import OPEN_STORE


def fetch(args: argparse.Namespace) -> int:
    """Take over what the agency has new; return 1 where nobody answers."""
    settings, clock = settings_of(args), SystemClock()
    with shelves_of(args) as shelves:
        provider = settings.provider or cursor.get(shelves.books, OPEN_STORE) or ""
        line = open_line(settings, clock, shelves.books)
        if line is None or not provider:
            raise AgencyNotReached(trouble="没有设置医保中心的地址，或还没有本店的资料。")
        with closing(line):
            if args.progress:
                return told(lambda: telling.foremost(fetch_all(shelves, line, provider, clock, say)))
            reports = fetch_all(shelves, line, provider, clock, shown())
    for report in reports:
        print_lines(telling.summary(report), *telling.lines(report.remarks))
    return 0
