"""Printers of receipts: the one that writes PDF files, for a shop without a roll printer."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol

from app.documents.pdf import receipt_pdf
from app.errors import PrinterSilent
from engine.receipt import Receipt, copy_of


class PrinterFull(PrinterSilent):
    """Raised where the disk has no room for the paper."""

    what = "磁盘已满，小票没有存成。"
    advice = "请腾出磁盘空间后按 Ctrl P 重打。"


class PrinterUnavailable(PrinterSilent):
    """Raised where the folder of receipts cannot be written."""

    what = "小票写不进文件夹 {folder}。"
    advice = "请检查这个文件夹是否存在、能否写入，再按 Ctrl P 重打。"


class ReceiptPrinter(Protocol):
    """Puts a receipt on paper; ``copy`` 0 is the original, 1 the first copy, marked so.

    Returns where the file lies, None for real paper. Raises PrinterSilent when nothing came out.
    """

    def print_receipt(self, receipt: Receipt, copy: int = 0) -> Path | None: ...


class PdfPrinter:
    """Writes each receipt as ``folder/YYYY/MM/DD/NUMBER[-copy-n].pdf``, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def print_receipt(self, receipt: Receipt, copy: int = 0) -> Path | None:
        """Write the PDF and return its path; raise PrinterFull or PrinterUnavailable."""
        target = self._place(receipt, copy)
        try:
            content = receipt_pdf(copy_of(receipt, copy) if copy else receipt)  # Its font is a file as well.
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
        except OSError as trouble:
            if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
                raise PrinterFull() from trouble
            raise PrinterUnavailable(folder=target.parent) from trouble
        return target

    def _place(self, receipt: Receipt, copy: int) -> Path:
        folder = self._folder
        if receipt.sold_on is not None:
            folder = folder.joinpath(*receipt.sold_on.isoformat().split("-"))
        return folder / (f"{receipt.number}-copy-{copy}.pdf" if copy else f"{receipt.number}.pdf")


def write_whole(target: Path, content: bytes) -> None:
    """Write beside ``target``, then put it in its place, so that no half paper is ever found there."""
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
