"""``enrol`` and ``bundle``: what the people at the agency do by hand, for a till that comes by no wire."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from pathlib import Path

from agency.bootstrap import build_agency
from agency.bundles import READABLE, Counter, TakenIn
from agency.clock import SystemClock
from agency.enrolment import give_code
from agency.errors import AgencyTrouble
from agency.options import add_books
from agency.storage import registry
from agency.storage.connection import transaction
from agency.storage.opening import open_database
from engine.calendar import CHINA
from engine.protocol import bundle
from engine.protocol.bundle import Header, Reading
from engine.protocol.profile import DEMONSTRATION, Profile

_FRESH = 32
_SIDES = {"up": "柜台交给医保中心", "down": "医保中心交回柜台"}
_REFUSED = {
    "foreign": "不是交给本经办端的，或这台收银机没有在这里登记。请核对是哪家药店、哪台收银机的数据包。",
    "bad_signature": "签名不对。请让药店重新导出一份，并核对这台收银机的登记。",
    "newer_format": "由更新版本的程序写成。请升级经办端后再导入。",
    "not_a_bundle": "不是山药的数据包。请选扩展名为 .syb 的文件。",
    "cut": "被截断，没有可以读出的内容。请重新复制一份。",
    "damaged": "已损坏，没有可以读出的内容。请重新复制一份。",
}
_STANDING = {"new": "", "replayed": "这份数据包以前导入过。", "older": "这份数据包比已导入的旧。"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``enrol`` and ``bundle`` to the command line."""
    enrol = commands.add_parser("enrol", help="为一台收银机发放一次性登记码")
    add_books(enrol)
    enrol.add_argument("--provider", required=True, help="定点医药机构编号")
    enrol.add_argument("--till", required=True, type=_till, help="收银机号，两位数字")
    enrol.set_defaults(run=_enrol)
    steps = commands.add_parser("bundle", help="数据包（.syb）").add_subparsers(dest="step", required=True)
    take = steps.add_parser("import", help="办理柜台交来的数据包，写出回执")
    take.add_argument("file", type=Path)
    add_books(take)
    take.add_argument("--out", type=Path, required=True, help="回执写到哪个文件")
    take.set_defaults(run=_import)
    show = steps.add_parser("show", help="看一份数据包是谁的、是否完整，不办理")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)


def _till(text: str) -> str:
    if not re.fullmatch("[0-9]{2}", text):
        raise argparse.ArgumentTypeError("收银机号是两位数字，例如 01")
    return text


def _enrol(args: argparse.Namespace) -> int:
    database = open_database(args.where, args.partitions)
    try:
        with database.connection() as db, transaction(db):
            if registry.store(db, args.provider) is None:
                raise AgencyTrouble(f"没有机构 {args.provider}，没有发放登记码。请核对机构编号。")
            code = give_code(db, args.provider, args.till, SystemClock().now())
    finally:
        database.close()
    whose, until = f"{args.provider} 的 {args.till} 号收银机", code.expires_at.astimezone(CHINA)
    _say(f"登记码 {code.code}，限 {whose}用一次，{until:%Y-%m-%d %H:%M} 前有效。")
    return 0


def _import(args: argparse.Namespace) -> int:
    data = _read(args.file)
    clock = SystemClock()
    agency, database = build_agency(
        where=args.where,
        partitions=args.partitions,
        clock=clock,
        profile=Profile(),
        credentials=DEMONSTRATION,
        demonstration=False,
    )
    try:
        counter = Counter(agency=agency, database=database, clock=clock)
        taken = counter.take_in(data, secrets.token_bytes(_FRESH))
    finally:
        database.close()
    if taken.down is None:
        raise AgencyTrouble(f"数据包{_REFUSED[taken.reading.verdict]}没有办理任何报文。")
    _write(args.out, taken.down)
    _say(_report(taken, args.out))
    return 0


def _show(args: argparse.Namespace) -> int:
    data = _read(args.file)
    reading = bundle.look(data)
    if reading.header is None:
        raise AgencyTrouble(f"这个文件{_REFUSED[reading.verdict]}")
    _say(f"{_whose(reading.header)}；{_state(reading)}{len(data)} 字节。签名要到导入时才核对。")
    return 0


def _report(taken: TakenIn, out: Path) -> str:
    assert taken.reading.header is not None
    held = f"，{taken.held} 条撤销报文因前面有缺失而暂不办理" if taken.held else ""
    return (
        f"{_whose(taken.reading.header)}；{_state(taken.reading)}{_STANDING[taken.standing]}"
        f"办理 {taken.messages} 条报文，其中拒绝 {taken.refused} 条{held}。"
        f"回执已写入 {out}，请带回柜台导入。"
    )


def _whose(header: Header) -> str:
    made = header.made_at.astimezone(CHINA)
    return (
        f"{header.provider} 的 {header.till} 号收银机第 {header.epoch} 期第 {header.serial} 份"
        f"（{_SIDES[header.direction]}，{made:%Y-%m-%d %H:%M} 写成）"
    )


def _state(reading: Reading) -> str:
    if reading.verdict not in READABLE or reading.missing:
        lost = "、".join(str(number + 1) for number in reading.missing[:20])
        kind = "被截断" if reading.verdict == "cut" else "有损坏"
        return f"{kind}，共 {reading.chunks} 块，第 {lost} 块读不出，缺的部分请柜台重新导出。"
    return "内容完整，但文件与写出时不同，请检查 U 盘。" if reading.marred else "完整。"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AgencyTrouble(f"文件读不出来（{file}），请检查路径、U 盘和读取权限。") from error


def _write(file: Path, data: bytes) -> None:
    """Write a whole file or none."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    except OSError as error:
        raise AgencyTrouble(
            f"报文已办理，但回执写不进 {file}。请检查路径、剩余空间和权限后，重新导入同一份数据包。"
        ) from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
