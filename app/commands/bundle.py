"""``shanyao bundle``: what would go by wire goes on a stick, and what came back on one is taken in."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path

from app.clock import SystemClock
from app.commands.books import Books, add_data_arguments, to_change, to_read
from app.errors import BundleNotReady
from app.storage import cursor, device
from app.sync.bundles import Satchel, show
from app.usecases.ports import Trip
from app.usecases.tour import OPEN_STORE
from engine.calendar import CHINA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``shanyao bundle``."""
    parser.description = "用 U 盘交换数据包：导出待发送的消息，导入医保中心的回执。"
    acts = parser.add_subparsers(dest="act", required=True)
    export = acts.add_parser("export", help="把待发送的消息写到 U 盘（柜台要先关上）")
    export.add_argument("folder", type=Path, help="U 盘上的文件夹")
    export.add_argument("--provider", help="定点机构编号；不写则用柜台上次打开的门店")
    export.add_argument(
        "--trip", type=Path, metavar="FILE", help="同时申请出行包：每行一个人员编号或身份证号"
    )
    export.add_argument(
        "--until", type=date.fromisoformat, metavar="DATE", help="出行到哪一天，如 2026-12-01"
    )
    take = acts.add_parser("import", help="导入医保中心写回的数据包（柜台要先关上）")
    take.add_argument("file", type=Path)
    shown = acts.add_parser("show", help="查看数据包是谁的、哪一份，不导入")
    shown.add_argument("file", type=Path)
    for act in (export, take, shown):
        add_data_arguments(act)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and say what came of it; return 1 where nothing of a bundle could be taken."""
    if args.act == "show":
        with to_read(args) as books:
            print(show(books.db, args.file))  # noqa: T201 - this is the command's answer
        return 0
    with to_change(args) as books, closing(books.open_drugs()) as drugs:
        satchel = Satchel(db=books.db, drugs=drugs, clock=SystemClock(), operator=books.settings.operator)
        if args.act == "export":
            report = satchel.export_bundle(_provider(books, args.provider), args.folder, _trip(args))
        else:
            report = satchel.import_bundle(args.file)
    print(report.text)  # noqa: T201 - this is the command's answer
    return 0 if report.taken else 1


def _provider(books: Books, named: str | None) -> str:
    known = [each.provider for each in device.all_pinned(books.db)]
    chosen = named or books.settings.provider or cursor.get(books.db, OPEN_STORE)
    if chosen is None and len(known) == 1:
        return known[0]
    if chosen is None:
        raise BundleNotReady(why="没有说明是哪家门店，请用 --provider 写出定点机构编号。")
    return chosen


def _trip(args: argparse.Namespace) -> Trip | None:
    if args.trip is None:
        return None
    if args.until is None:
        raise BundleNotReady(why="申请出行包要用 --until 写明到哪一天。")
    try:
        lines = args.trip.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BundleNotReady(why=f"名单 {args.trip} 读不出来。") from error
    until = datetime.combine(args.until, time(23, 59, 59), CHINA)
    return Trip(people=tuple(dict.fromkeys(lines)), until=until)
