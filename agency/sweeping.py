"""``trueup``: what nobody's message sets off: what is over ends, and a changed law is applied."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys

from agency import trueup
from agency.clock import SystemClock
from agency.law import read_law
from agency.options import add_books
from agency.resources import read_texts
from agency.storage import rx_tokens
from agency.storage.connection import transaction
from agency.storage.opening import open_database


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``trueup`` to the command line."""
    parser = commands.add_parser("trueup", help="收回到期的额度，并按现行政策重新计算已办的结算")
    add_books(parser)
    parser.add_argument("--region", type=_region, default="", help="只算这个参保地：区划代码前几位")
    parser.set_defaults(run=_sweep)


def _region(text: str) -> str:
    if not re.fullmatch("[0-9]{2,6}", text):
        raise argparse.ArgumentTypeError("参保地是 2 到 6 位区划代码")
    return text


def _sweep(args: argparse.Namespace) -> int:
    law, now = read_law(read_texts("policies"), read_texts("ranges")), SystemClock().now()
    with contextlib.closing(open_database(args.where, args.partitions)) as database:
        with database.connection() as db, transaction(db):
            rx_tokens.forget(db, now)
        reclaimed = trueup.reclaim_all(database, law, now)
        computed = trueup.sweep(database, law, now, args.region)
    sys.stdout.write(json.dumps({"reclaimed": reclaimed, "computed": computed}) + "\n")
    return 0
