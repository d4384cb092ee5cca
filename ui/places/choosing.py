"""Folder and file choice by the platform's own dialogs; nothing waits for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

BUNDLES = "山药文件 (*.syb)"
LISTS = "名单 (*.txt *.csv)"
CATALOGUES = "目录文件 (*.xlsx *.xls *.ods *.csv *.tsv *.txt *.zip *.json)"


class Chooser:
    """Asks for a folder or a file; ``chosen`` hears of it unless the person gives up."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def folder(self, title: str, chosen: Callable[[str], None]) -> None:
        """Ask for a folder."""
        dialog = self._dialog(title, chosen)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.open()

    def file(self, title: str, pattern: str, chosen: Callable[[str], None]) -> None:
        """Ask for a file whose name fits ``pattern``."""
        dialog = self._dialog(title, chosen)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([pattern, "所有文件 (*)"])
        dialog.open()

    def _dialog(self, title: str, chosen: Callable[[str], None]) -> QFileDialog:
        dialog = QFileDialog(self._parent, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for label, words in _LABELS:
            dialog.setLabelText(label, words)
        dialog.fileSelected.connect(chosen)
        return dialog


_LABELS = (
    (QFileDialog.DialogLabel.LookIn, "位置"),
    (QFileDialog.DialogLabel.FileName, "名称"),
    (QFileDialog.DialogLabel.FileType, "类型"),
    (QFileDialog.DialogLabel.Accept, "选这个"),
    (QFileDialog.DialogLabel.Reject, "取消"),
)


class CatalogueAsk:
    """Asks for a file to import, or for a folder for its report."""

    def __init__(self, chooser: Callable[[], Chooser]) -> None:
        self._chooser = chooser

    def file(self, chosen: Callable[[str], None]) -> None:
        """Ask for a catalogue."""
        self._chooser().file("导入哪个文件", CATALOGUES, chosen)

    def folder(self, chosen: Callable[[str], None]) -> None:
        """Ask where a report goes."""
        self._chooser().folder("清单写到哪里", chosen)
