"""``shanyao backup``: copies of the books made, listed, checked and put back; and the key that they need."""

from __future__ import annotations

import argparse
import shutil
from datetime import datetime
from pathlib import Path

from app.clock import SystemClock
from app.commands.books import DATABASE, KEY, LOCK, add_data_arguments, settings_of, to_read
from app.errors import BackupFailed, NoBackup
from app.storage import backup, device
from app.storage.guard import Guard
from app.storage.key import read_key
from engine.calendar import CHINA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``shanyao backup``."""
    parser.description = "备份、核对、恢复柜台的账。备份用密钥加密：没有密钥文件，备份打不开。"
    acts = parser.add_subparsers(dest="act", required=True)
    now = acts.add_parser("now", help="现在备份一次，柜台开着也可以")
    listed = acts.add_parser("list", help="列出已有的备份，和密钥文件的位置")
    verify = acts.add_parser("verify", help="核对一份备份，不写则核对最新的一份")
    verify.add_argument("file", type=Path, nargs="?")
    restore = acts.add_parser("restore", help="用一份备份恢复（柜台要先关上；现在的账会另存，不会删除）")
    restore.add_argument("file", type=Path)
    key = acts.add_parser("key", help="把密钥文件复制到另一个地方保管")
    key.add_argument("--to", dest="folder", type=Path, required=True, metavar="DIR")
    for act in (now, listed, verify, restore, key):
        add_data_arguments(act)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and say what came of it; raise a UserError where it cannot be done."""
    acts = {"now": _now, "list": _list, "verify": _verify, "restore": _restore, "key": _key}
    print(acts[args.act](args))  # noqa: T201 - this is the command's answer
    return 0


def _now(args: argparse.Namespace) -> str:
    with to_read(args) as books:
        folders = [books.folder / backup.FOLDER, books.settings.backup]
        made = []
        for folder in folders:
            if folder is not None:
                made.append(backup.save(books.db, books.key, folder, SystemClock().now()))
                backup.rotate(folder)
    where = "、".join(str(each.path) for each in made)
    return f"已备份 {made[0].entries} 条流水，已核对：{where}\n{_about_key(books.folder)}"


def _list(args: argparse.Namespace) -> str:
    folder = settings_of(args).data
    found = backup.listed(folder / backup.FOLDER)
    rows = [
        f"{_when(each.at)}  {each.entries} 条  {each.size} 字节  {each.path}"
        + (f"  （之后新增的，要和 {each.after.name} 放在一起）" if each.after else "")
        for each in found
    ]
    return "\n".join([*(rows or ["还没有备份。"]), _about_key(folder)])


def _verify(args: argparse.Namespace) -> str:
    folder = settings_of(args).data
    path = _chosen(args.file, folder)
    # The copy is checked as a copy: a check writes, and a backup stays as it was made.
    at_hand = folder / "counter.checked"
    try:
        entries = backup.put_together(path, read_key(folder / KEY), at_hand)
    except OSError as error:
        raise BackupFailed(path=folder) from error
    finally:
        at_hand.unlink(missing_ok=True)
    return f"备份完好：{entries} 条流水，每一页和整条链都已核对：{path}"


def _restore(args: argparse.Namespace) -> str:
    folder = settings_of(args).data
    key, path = read_key(folder / KEY), _chosen(args.file, folder)
    guard = Guard(folder / LOCK)
    try:
        aside = _fresh(folder / f"aside-{SystemClock().now().astimezone(CHINA):%Y%m%d-%H%M%S}")
        entries = backup.restore(path, key, folder / DATABASE, folder / device.MARK, aside)
    finally:
        guard.release()
    return (
        f"已恢复到 {entries} 条流水的时候；原来的账另存在 {aside}，没有删除。\n"
        "下次打开柜台时从新的一期接着记：号码不会重复，旧的额度凭据不再使用。\n"
        "恢复点之后卖出的，请按小票存根核对。"
    )


def _key(args: argparse.Namespace) -> str:
    folder = settings_of(args).data
    read_key(folder / KEY)
    copy = args.folder / KEY
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        if copy.exists() and copy.read_bytes() != (folder / KEY).read_bytes():
            raise NoBackup(path=f"{copy}（那里已有另一把密钥，没有覆盖）")
        shutil.copyfile(folder / KEY, copy)
        copy.chmod(0o600)
    except OSError as error:
        raise BackupFailed(path=args.folder) from error
    return f"密钥已复制到 {copy}。请和备份分开保管：两样都有的人就能读出全部的账。"


def _chosen(named: Path | None, folder: Path) -> Path:
    if named is not None:
        if not named.exists():
            raise NoBackup(path=named)
        return named
    newest = next(iter(backup.listed(folder / backup.FOLDER)), None)
    if newest is None:
        raise NoBackup(path=folder / backup.FOLDER)
    return newest.path


def _fresh(folder: Path) -> Path:
    number, made = 1, folder
    while made.exists():
        number += 1
        made = folder.with_name(f"{folder.name}-{number}")
    return made


def _about_key(folder: Path) -> str:
    return (
        f"密钥文件在 {folder / KEY}。备份没有它就打不开：请另存一份到别处"
        "（shanyao backup key --to 文件夹），并和备份分开保管。"
    )


def _when(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
