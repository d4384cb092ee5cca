"""Slips for institutions, written as PDF files."""

from __future__ import annotations

import errno
from pathlib import Path

from app.devices.printer import write_whole
from app.documents.refusal_slip import refusal_slip
from app.errors import PrinterSilent
from engine.calendar import business_day
from engine.refusal import RefusalReport


class SlipsFull(PrinterSilent):
    """Raised where the disk has no room for the slip."""

    what = "磁盘已满，反馈单没有存成。上报已经记下，不受影响。"
    advice = "请腾出磁盘空间后再打印一次。"


class SlipsUnavailable(PrinterSilent):
    """Raised where the folder of slips cannot be written."""

    what = "反馈单写不进文件夹 {folder}。上报已经记下，不受影响。"
    advice = "请检查这个文件夹是否存在、能否写入，再打印一次。"


class PdfSlips:
    """Writes each slip as ``folder/YYYY/NUMBER.pdf``, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def print_slip(self, report: RefusalReport) -> Path:
        """Write the PDF and return its path; raise SlipsFull or SlipsUnavailable."""
        target = self._folder / f"{business_day(report.at):%Y}" / f"{report.id}.pdf"
        try:
            content = refusal_slip(report)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
        except OSError as trouble:
            if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SlipsFull() from trouble
            raise SlipsUnavailable(folder=target.parent) from trouble
        return target
