"""The least window that a counter could be: a Chinese table in our font; baseline of `start` and `memory`.

Prints a line when its first frame is painted, and stays open until standard input closes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QMainWindow, QTableWidget, QTableWidgetItem, QWidget

FONT = Path(__file__).parent.parent / "resources" / "fonts" / "NotoSansSC-Regular.ttf"
HEADINGS = ("药品", "规格", "数量", "单价", "统筹基金", "个人支付")
ROWS = (
    ("苯磺酸氨氯地平片", "5mg×28片", "2", "35.60", "10.68", "60.52"),
    ("盐酸二甲双胍缓释片", "0.5g×30片", "1", "21.40", "3.21", "18.19"),
    ("阿托伐他汀钙片", "20mg×7片", "3", "15.90", "7.16", "40.54"),
)


class FirstFrame(QObject):
    """Says ``word`` once, on standard output, when the watched widget has painted."""

    def __init__(self, watched: QWidget, word: str) -> None:
        super().__init__(watched)
        self._word = word
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let every event pass; after the first paint, speak when the frame is out."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, lambda: print(self._word, flush=True))
        return False


def close_with_input() -> QSocketNotifier:
    """Return what ends the application when standard input closes; keep it as long as the window."""
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(QApplication.quit)
    return notifier


def main() -> int:
    """Show the window until standard input closes."""
    application = QApplication(sys.argv)
    family = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(FONT)))[0]
    application.setFont(QFont(family, 11))
    table = QTableWidget(len(ROWS) * 4, len(HEADINGS))
    table.setHorizontalHeaderLabels(HEADINGS)
    for row in range(table.rowCount()):
        for column, text in enumerate(ROWS[row % len(ROWS)]):
            table.setItem(row, column, QTableWidgetItem(text))
    window = QMainWindow()
    window.setWindowTitle("山药")
    window.setCentralWidget(table)
    window.resize(1366, 768)
    FirstFrame(window, "frame")
    input_end = close_with_input()
    window.show()
    status = application.exec()
    input_end.setEnabled(False)
    return status


if __name__ == "__main__":
    sys.exit(main())
