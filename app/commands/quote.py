"""``shanyao quote``: the share of one claim, or of one a line, from standard input to standard output."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from app.errors import UserError
from app.policies import parse_readings, read_library
from engine.policy.packs import Library, PackError
from engine.policy.quote import quote
from engine.policy.request import BOM

_CHUNK = 1 << 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``shanyao quote``."""
    parser.description = "从标准输入读取结算请求（JSON），在标准输出给出预结算结果。"
    parser.add_argument("--jsonl", action="store_true", help="每行一个请求，每行一个结果，顺序相同")
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="政策包.问题=答案",
        help="采用另一种读法，可多次给出",
    )


def run(args: argparse.Namespace) -> int:
    """Answer standard input; return 0 when every request was answered, 2 when one was not, 1 without law."""
    try:
        library = read_library(parse_readings(args.reading))
    except (PackError, UserError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answer = answer_lines if args.jsonl else answer_one
    try:
        return 0 if answer(library, sys.stdin.buffer, sys.stdout.buffer) else 2
    except BrokenPipeError:
        # Whoever read the answers has had enough. Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def answer_one(library: Library, requests: BinaryIO, answers: BinaryIO) -> bool:
    """Answer the one request that ``requests`` holds; return whether it could be."""
    answer, answered = quote(library, requests.read().removeprefix(BOM))
    answers.write(answer + b"\n")
    answers.flush()
    return answered


def answer_lines(library: Library, requests: BinaryIO, answers: BinaryIO) -> bool:
    """Answer each line of ``requests`` as it arrives; return whether all could be."""
    gc.freeze()  # The law stays; the collector need not look at it again.
    all_answered = True
    for lines in _arriving(requests):
        out = []
        for line in lines:
            if line.strip():
                answer, answered = quote(library, line)
                out.append(answer)
                all_answered &= answered
        if out:
            answers.write(b"\n".join(out) + b"\n")
            answers.flush()  # The other side may be waiting for these answers before it asks again.
    return all_answered


def _arriving(requests: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the whole lines that have arrived, again and again until the end; the first loses its BOM."""
    read = getattr(requests, "read1", requests.read)
    pending: list[bytes] = []
    first = True
    while True:
        chunk = read(_CHUNK)
        pending.append(chunk)
        if chunk and b"\n" not in chunk:
            continue
        lines = b"".join(pending).split(b"\n")
        pending = [lines.pop()] if chunk else []
        if first and lines:
            lines[0] = lines[0].removeprefix(BOM)
            first = False
        yield lines
        if not chunk:
            return
