"""``shanyao journal``: is the chain of everything that was ever sold whole, and what is in it?"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from app.commands.books import Books, add_data_arguments, to_read
from app.errors import ExportUnreadable
from app.storage import journal, stock_check
from engine.calendar import CHINA
from engine.journal import GENESIS, ChainFault, Entry, find_faults
from engine.money import format_yuan

_PAGE = 500
_LONGEST = 10**9
KINDS = {
    "sale": "销售",
    "prescription_refused": "拒绝调配",
    "refusal_report": "上报拒绝",
    "price_set": "定价",
    "agency_answer": "医保中心应答",
    "epoch": "新的一期",
    "resent": "换号重发",
    "adjustment": "医保中心更正",
    "task_done": "待办办好",
    "task_done_before": "恢复前已办好",
    "day_closed": "日结",
    "stock_received": "入库",
    "stock_taken_back": "更正入库",
    "stock_sent_back": "退供应商",
    "stock_opened": "拆零开盒",
    "stock_lost": "报损（丢失）",
    "stock_damaged": "报损（破损）",
    "stock_expired": "报损（过期）",
    "stock_set_aside": "移到待处理区",
    "stock_released": "重新上架",
    "stock_came_back": "顾客退药",
    "stock_counted": "盘点",
    "stock_recalled": "召回",
    "stock_recall_lifted": "解除召回",
    "stock_uncoded": "登记无码",
    "stock_uncoded_ended": "撤下无码",
}


_TOLD = {
    "why": "事由",
    "who": "经手",
    "epoch": "第几期",
    "after": "接在第几条之后",
    "sale": "销售",
    "day": "日期",
    "by": "经手",
}
"""What other entries are about, by field; a task's id would say nothing to a person."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of an export: how long the journal was, and the hash of its last entry."""

    entries: int
    head: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``shanyao journal``."""
    parser.description = "核对、查看、导出流水链。"
    acts = parser.add_subparsers(dest="act", required=True)
    verify = acts.add_parser("verify", help="从第一条起核对整条流水链；给出文件则核对导出的文件")
    verify.add_argument("file", type=Path, nargs="?", help="shanyao journal export 写成的文件")
    show = acts.add_parser("show", help="列出流水，不含个人信息")
    show.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="从第 N 条起")
    show.add_argument("--to", dest="last", type=int, default=_LONGEST, metavar="M", help="到第 M 条止")
    show.add_argument("--whole", action="store_true", help="连同全部内容（含个人信息）")
    export = acts.add_parser("export", help="导出全部流水，每行一条，最后一行是末条校验值（含个人信息）")
    export.add_argument("file", type=Path, help="写到哪个文件")
    for act in (verify, show, export):
        add_data_arguments(act)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return 0 when the chain holds, 1 with every fault listed when it does not."""
    if args.act == "verify" and args.file is not None:
        return _verify_export(args.file)
    with to_read(args) as books:
        if args.act == "show":
            return _show(books, args)
        if args.act == "export":
            return _export(books, args.file)
        status = _verdict(journal.verify(books.db), *journal.head(books.db))
        return max(status, _stock_verdict(books))


def _verdict(faults: list[ChainFault], length: int, last: str) -> int:
    for fault in faults:
        print(fault.text)  # noqa: T201 - this is the command's answer
    summary = f"流水共 {length} 条，" + (
        f"发现 {len(faults)} 处不符。" if faults else f"链条完好，末条 {last[:16]}。"
    )
    print(summary)  # noqa: T201 - this is the command's answer
    return 1 if faults else 0


def _stock_verdict(books: Books) -> int:
    """Say where lots and boxes do not tally with what was booked and sold; nothing where all is well."""
    faults = stock_check.faults(books.db)
    for fault in faults:
        print(fault)  # noqa: T201 - this is the command's answer
    if faults:
        print(f"库存有 {len(faults)} 处与记录不符。")  # noqa: T201 - this is the command's answer
    return 1 if faults else 0


def _entries(books: Books, first: int, last: int) -> Iterator[Entry]:
    after = max(0, first - 1)
    while page := journal.read(books.db, after, min(_PAGE, max(0, last - after))):
        yield from page
        after = page[-1].number


def _show(books: Books, args: argparse.Namespace) -> int:
    for entry in _entries(books, args.first, args.last):
        what = entry.body if args.whole else _summary(entry)
        kind = KINDS.get(entry.kind, entry.kind)
        print(f"{entry.number}\t{_when(entry)}\t{kind}\t{entry.hash[:16]}\t{what}")  # noqa: T201
    return 0


def _when(entry: Entry) -> str:
    """Return the local time of an entry; the export keeps the instant as it was sealed."""
    return datetime.fromisoformat(entry.at).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _summary(entry: Entry) -> str:
    """Return what an entry is about, without a name or a number of a person."""
    body: dict[str, Any] = msgspec.json.decode(entry.body)
    if entry.kind == "sale":
        answer = body["answer"]
        sums = _sums(("总额", answer["total"]), ("基金", answer["fund"]), ("个人", answer["patient"]))
        return f"{body['number']} {sums}"
    if entry.kind == "agency_answer":
        same = "一致" if body["agrees"] else "不一致"
        return f"{body['sale']} {_sums(('基金', body['fund']), ('个人', body['patient']))} {same}"
    if entry.kind == "price_set":
        before = format_yuan(body["before"]) if body["before"] is not None else "没有定价"
        return (
            f"{body['name']} {body['spec']} {before} → {format_yuan(body['price'])} 经手 {body['operator']}"
        )
    return " ".join(f"{words} {body[name]}" for name, words in _TOLD.items() if name in body)


def _sums(*sums: tuple[str, int]) -> str:
    return " ".join(f"{words} {format_yuan(amount)}" for words, amount in sums)


def _export(books: Books, path: Path) -> int:
    encode = msgspec.json.Encoder().encode
    count, last = 0, GENESIS
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            for entry in _entries(books, 1, _LONGEST):
                file.write(encode(entry) + b"\n")
                count, last = count + 1, entry.hash
            file.write(encode(Head(entries=count, head=last)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ExportUnreadable(path=path, why="写不进去") from error
    print(f"已导出 {count} 条流水，末条 {last[:16]}：{path}")  # noqa: T201
    sys.stdout.flush()
    return 0


def _verify_export(path: Path) -> int:
    """Verify an exported file: the chain, and that its last line names the end of it."""
    entries: list[Entry] = []
    head: Head | None = None
    try:
        with path.open("rb") as file:
            for line in file:
                if head is not None:
                    raise ExportUnreadable(path=path, why="末行之后还有内容")
                if line.startswith(b'{"entries":'):
                    head = msgspec.json.decode(line, type=Head)
                else:
                    entries.append(msgspec.json.decode(line, type=Entry))
    except (OSError, msgspec.MsgspecError) as error:
        raise ExportUnreadable(path=path, why="内容不是导出的流水") from error
    faults = find_faults(entries)
    last = entries[-1].hash if entries else GENESIS
    if head is None or (head.entries, head.head) != (len(entries), last):
        faults.append(ChainFault(len(entries), "末行与最后一条不符，文件被截断或改动过。"))
    return _verdict(faults, len(entries), last)
