"""``shanyao``: one program, small commands; each loads only what it needs, for a quick ``quote``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

USAGE = """用法：shanyao [命令] …
  counter   打开柜台（不写命令也一样；--demonstration 用演示数据）
  quote     预结算：从标准输入读请求，在标准输出给结果
  policy    查看、检查政策包
  knowledge 查看、检查用药知识：shanyao knowledge list | show | check
  journal   核对、查看、导出流水链：shanyao journal verify | show | export
  backup    备份与恢复：shanyao backup now | list | verify | restore | key
  catalogue 药品目录：shanyao catalogue import | show | price | report | fetch | index
  bundle    用 U 盘交换：shanyao bundle export | import | show
  agency    启动参考经办端：shanyao agency serve
"""
_COMMANDS = ("quote", "policy", "knowledge", "journal", "backup", "bundle", "catalogue")
_PROGRAMS = {"counter": "ui", "agency": "agency"}
CRASHED = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status. Bad input never ends in a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # The crash boundary of the command line: a sentence and a report, whatever happens.
    try:
        status = _run(given)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unheard()
    except Exception as error:
        return _tell(error)


def _run(given: list[str]) -> int:
    name = given[0] if given and not given[0].startswith("-") else ""
    if given[:1] in (["-h"], ["--help"], ["help"]):
        sys.stdout.write(USAGE)
        return 0
    if not name:
        return _start("ui", given)
    if name in _PROGRAMS:
        return _start(_PROGRAMS[name], given[1:])
    if name in _COMMANDS:
        return _command(name, given[1:])
    sys.stderr.write(f"没有「{name}」这个命令。\n{USAGE}")
    return 2


def _unheard() -> int:
    """Say no more: who read our answer (``… | head``) has heard enough. What was asked for was done."""
    import os  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _command(name: str, given: list[str]) -> int:
    import argparse  # noqa: PLC0415 - only what the command needs
    from importlib import import_module  # noqa: PLC0415

    module = import_module(f"app.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"shanyao {name}")
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(given)))


def _start(module: str, given: list[str]) -> int:
    """Run another of our programs as a child: the counter and the agency never share a process."""
    import subprocess  # noqa: PLC0415

    return subprocess.call([sys.executable, "-m", module, *given])


def _tell(error: Exception) -> int:
    from app.errors import UserError  # noqa: PLC0415

    if isinstance(error, UserError):
        sys.stderr.write(f"{error.what}{error.advice}\n")
        return 1
    place = _write_report(error)
    where = f"报告存在 {place}，请把它交给维护人员。" if place else "报告也没能写下来。"
    sys.stderr.write(f"程序出了意外，这次操作没有完成，已入账的销售不受影响。{where}\n")
    return CRASHED


def _write_report(error: Exception) -> str | None:
    """Write where it happened, without the message: that might hold a name or a number."""
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    lines = [type(error).__name__]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"{frame.filename}:{frame.lineno} {frame.name}")
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="shanyao-", suffix=".txt", encoding="utf-8", delete=False
        ) as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return file.name
