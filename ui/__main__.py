"""The window's entry: fonts, palette, first frame; the counter itself is opened behind it.

Only widgets are imported before the first frame. What works them loads after it, and storage, network and
documents on the worker's thread; keys that come meanwhile wait in the toolkit's queue or in the worker's.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication

import ui.qt  # noqa: F401 - before what it keeps PySide from reading
from ui.tokens import BODY, DARK, FAMILY, LIGHT, Palette, style_sheet
from ui.widgets.ink import Ink
from ui.window import Window

if TYPE_CHECKING:
    from app.usecases.counter import Counter
    from ui.program import Program

FONTS = Path(__file__).resolve().parent.parent / "resources" / "fonts"
_SWITCH_S = 0.0005  # The worker gives way after half a millisecond, so that no frame waits for it.
_FIRST_FRAME_MS = 1_000  # A window that opens out of sight is painted later; the counter opens without that.


def main(arguments: list[str] | None = None) -> int:
    """Open the window; return the status of the program."""
    options = _parser().parse_args(arguments)
    offscreen = options.offscreen_sale or (_DEFAULT_RESULTS if _lacks_display() else None)
    if offscreen is not None:
        from ui.offscreen_sale import keep_terminal_clean, run  # noqa: PLC0415 - only here

        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        keep_terminal_clean()
    sys.setswitchinterval(_SWITCH_S)
    application = make_application()
    window = make_window(DARK if options.dark or _prefers_dark() else LIGHT)
    show_first_frame(window)
    program = make_program(window, lambda: _open_counter(options, offscreen is not None), options.data)
    if offscreen is None:
        program.start()
        status = application.exec()
    else:
        status = run(program, offscreen)
    program.stop()
    return status


def make_application() -> QApplication:
    """Return the application with the program's own font."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("shanyao")
    application.setApplicationDisplayName("山药")
    for weight in ("Regular", "Medium", "Bold"):
        QFontDatabase.addApplicationFont(str(FONTS / f"NotoSansSC-{weight}.ttf"))
    font = QFont(FAMILY)
    font.setPixelSize(BODY)
    application.setFont(font)
    return application


def make_window(palette: Palette) -> Window:
    """Return the window, not yet shown, with nothing behind it."""
    window = Window(Ink(palette))
    window.setStyleSheet(style_sheet(palette))
    return window


def show_first_frame(window: Window) -> None:
    """Show the window and return when it is painted; keys and presses stay in the queue for what follows."""
    loop, patience = QEventLoop(), QTimer(singleShot=True, interval=_FIRST_FRAME_MS)
    window.painted.connect(loop.quit)
    patience.timeout.connect(loop.quit)
    patience.start()
    window.show()
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def make_program(window: Window, open_counter: Callable[[], Counter], reports: Path | None) -> Program:
    """Return the program that works ``window``; the counter is opened by ``Program.start``."""
    from ui.background import Background  # noqa: PLC0415 - after the first frame
    from ui.desk import Desk  # noqa: PLC0415
    from ui.program import Program  # noqa: PLC0415

    background = Background()
    return Program(window, Desk(open_counter, background), background, reports)


_DEFAULT_RESULTS = Path("build") / "offscreen-sale"


def _open_counter(options: argparse.Namespace, offscreen: bool) -> Counter:
    from app import bootstrap  # noqa: PLC0415 - heavy; runs on the worker, after the first frame

    return bootstrap.build_counter(data=options.data, demonstration=options.demonstration or offscreen)


def _lacks_display() -> bool:
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _prefers_dark() -> bool:
    from PySide6.QtCore import Qt  # noqa: PLC0415

    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shanyao counter", description="打开柜台")
    parser.add_argument("--demonstration", action="store_true", help="用演示数据，并带一个内置的医保中心")
    parser.add_argument("--data", type=Path, metavar="DIR", help="数据文件夹")
    parser.add_argument("--dark", action="store_true", help="深色")
    parser.add_argument(
        "--offscreen-sale", type=Path, metavar="DIR", help="不开窗口，演示一笔销售，结果放在 DIR"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
