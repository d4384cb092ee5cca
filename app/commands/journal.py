"""``shanyao journal``: is the chain of everything that was ever sold whole?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from app.errors import NoBooks
from app.settings import read_settings
from app.storage import journal
from app.storage.connection import open_database
from app.storage.key import read_or_make

DATABASE = "counter.db"
KEY = "counter.key"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``shanyao journal``."""
    parser.add_argument("act", choices=["verify"], help="verify：从第一条起核对整条流水链")
    parser.add_argument("--data", type=Path, metavar="DIR", help="数据文件夹")
    parser.add_argument("--demonstration", action="store_true", help="演示用的数据")


def run(args: argparse.Namespace) -> int:
    """Verify the whole chain; return 0 when it holds, 1 with every fault listed when it does not."""
    folder = read_settings(os.environ, data=args.data, demonstration=args.demonstration).data
    path = folder / DATABASE
    if not (folder / KEY).exists() and not path.exists():
        raise NoBooks(path=path)
    key = read_or_make(folder / KEY, path)
    if not path.exists():
        raise NoBooks(path=path)
    db = open_database(path, key)
    try:
        length, last = journal.head(db)
        faults = journal.verify(db)
    finally:
        db.close()
    for fault in faults:
        print(fault.text)  # noqa: T201 - this is the command's answer
    summary = f"流水共 {length} 条，" + (
        f"发现 {len(faults)} 处不符。" if faults else f"链条完好，末条 {last[:16]}。"
    )
    print(summary)  # noqa: T201 - this is the command's answer
    return 1 if faults else 0
