"""Options that several commands of the agency share."""

from __future__ import annotations

import argparse
from pathlib import Path

from agency.storage.opening import is_address


def add_books(parser: argparse.ArgumentParser) -> None:
    """Ask where the agency's books are: ``where`` is a folder as Path, or a PostgreSQL address as str."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--data", dest="where", type=Path, metavar="DIR", help="数据目录（SQLite）")
    where.add_argument(
        "--database", dest="where", type=_address, metavar="URL", help="数据库地址 postgresql://…"
    )
    parser.add_argument("--partitions", type=_partitions, help="新建 PostgreSQL 数据库时按人分成几个分区")


def books_again(args: argparse.Namespace) -> list[str]:
    """Return the options that say the same to another process."""
    return ["--database" if isinstance(args.where, str) else "--data", str(args.where)]


def _address(text: str) -> str:
    if not is_address(text):
        raise argparse.ArgumentTypeError("地址应以 postgresql:// 开头")
    return text


def _partitions(text: str) -> int:
    most = 256
    if not (text.isdecimal() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"分区数应是 1 到 {most}")
    return int(text)
