"""The one boundary where trouble becomes words: a UserError is a notice, anything else is a crash report."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from app.errors import UserError
from app.usecases.state import Notice

T = TypeVar("T")


def attempt(call: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """Return what ``call`` returns, or the trouble it ran into: nothing may end the worker thread."""
    try:
        return call(), None
    except Exception as trouble:
        return None, trouble


def notice_of(trouble: BaseException) -> Notice | None:
    """Return the notice of a UserError; None for a bug, which is not dressed up as advice."""
    if isinstance(trouble, UserError):
        return Notice(tone="attention", what=trouble.what, advice=trouble.advice)
    return None


def report_text(trouble: BaseException) -> str:
    """Return what a maintainer needs: kinds, files, lines; no message, since one may name a person."""
    lines = [f"Shanyao, Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
    link: BaseException | None = trouble
    while link is not None:
        lines.append(type(link).__qualname__)
        for frame in traceback.extract_tb(link.__traceback__):
            lines.append(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        link = link.__cause__ or link.__context__
    return "\n".join(lines) + "\n"


def write_report(trouble: BaseException, folder: Path | None) -> Path | None:
    """Write the report into ``folder`` or the temporary one; return where it lies, None if no disk takes it.

    The name comes from the content, so the same crash again does not fill the disk.
    """
    text = report_text(trouble)
    name = f"shanyao-{sha256(text.encode()).hexdigest()[:12]}.txt"
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return place / name
    return None


def crash_words(report: Path | None) -> tuple[str, str]:
    """Return the title and the text of the crash dialog."""
    where = (
        f"报告已存：{report}\n报告里没有姓名、卡号和证件号。" if report else "报告没能存下来：磁盘不可写。"
    )
    return (
        "山药遇到了没有预料到的情况",
        "刚才这一步没有做完。在「销售」（F4）里看得到的销售都已入账，看不到的没有入账。\n\n"
        "请关闭窗口后重新打开，再做这一步；如果又出现，请把报告交给维护人员。\n\n" + where,
    )


def show_crash(report: Path | None) -> None:
    """Show the crash dialog over whatever window is active."""
    from PySide6.QtWidgets import QApplication, QMessageBox  # noqa: PLC0415 - only ever needed after a bug

    title, text = crash_words(report)
    box = QMessageBox(QApplication.activeWindow())
    box.setWindowTitle("山药")
    box.setText(title)
    box.setInformativeText(text)
    box.addButton("知道了", QMessageBox.ButtonRole.AcceptRole)
    box.open()


def catch_bugs(folder: Path | None) -> None:
    """From now on show the crash dialog for a bug in the window itself, and keep the window."""

    def hook(kind: type[BaseException], trouble: BaseException, _trace: object) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.exit(130)
        show_crash(write_report(trouble, folder))

    sys.excepthook = hook
