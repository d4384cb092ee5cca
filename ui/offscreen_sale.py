"""One demonstration sale through the real window without a display, by the same clicks and keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QPointF,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.usecases.state import CounterState, Settled
from engine.typeset import receipt_text
from ui.items import words_of
from ui.program import Program
from ui.widgets.sheet import Sheet

_PATIENCE_MS = 60_000
_LOOK_MS = 20
_TRIES, _RETRY_MS = 20, 3_000
_OF_NO_CONCERN = "This plugin does not support propagateSizeHints()"
_PLAIN = Qt.KeyboardModifier.NoModifier


def keep_terminal_clean() -> None:
    """Keep out of the terminal what the platform without a display says of itself; all else goes there."""
    qInstallMessageHandler(_pass_on)


def _pass_on(_kind: QtMsgType, _where: QMessageLogContext, message: str) -> None:
    if message != _OF_NO_CONCERN:
        sys.stderr.write(message + "\n")


def run(program: Program, folder: Path) -> int:
    """Sell to the first person of the tour; say what came of it. Returns 0, or 1 when no sale was made."""
    program.start()
    presenter, place = program.presenter, program.window.counter
    if not _until(lambda: (presenter.state is not None and bool(presenter.tour)) or _refused(program)):
        return _fail(program)
    if presenter.state is None:
        return _fail(program)
    group = presenter.tour[0].group
    for number, stop in enumerate(presenter.tour):
        if stop.group == group and not _scan(program, str(number)):
            return _fail(program)
    _until(lambda: "都扫完了" in "".join(place.tour.sheet.words()))
    if not _sign(program):
        return _fail(program)
    for letter in "100":
        _press(place.cash.tender, Qt.Key(ord(letter)), letter)
    _press(place.cash.tender, Qt.Key.Key_Return)
    _press(program.window, Qt.Key.Key_F12)
    _until(lambda: presenter.state is not None and presenter.state.settled is not None)
    settled = presenter.state.settled if presenter.state else None
    return _report(program, folder, settled) if settled else _fail(program)


def _sign(program: Program) -> bool:
    """Sign as a pharmacist does: Ctrl S, and the first reason for whatever asks for one."""
    presenter, signing = program.presenter, program.signing
    _press(program.window, Qt.Key.Key_S, modifier=Qt.KeyboardModifier.ControlModifier)
    signed = _until(lambda: signing.widget is not None or _is_signed(presenter.state), _RETRY_MS)
    while signing.widget is not None and signing.presenter.form is not None:
        if signing.presenter.form.complete:
            control = Qt.KeyboardModifier.ControlModifier
            _press(signing.widget, Qt.Key.Key_Return, modifier=control)
            return _until(lambda: _is_signed(presenter.state))
        _press(signing.widget, Qt.Key.Key_1, "1")
    return signed


def _is_signed(state: CounterState | None) -> bool:
    return state is not None and (state.signing.signed is not None or not state.signing.needed)


def _refused(program: Program) -> bool:
    """Tell whether the counter could not be opened: a notice stands there and no sale can begin."""
    return program.presenter.state is None and bool(program.window.counter.notice.page)


def _scan(program: Program, key: str) -> bool:
    """Click a card of the tour until it took effect: its data may still be on the way."""
    presenter, place = program.presenter, program.window.counter
    before = presenter.state.draft if presenter.state else None
    for _ in range(_TRIES):
        for sheet in (place.tour.sheet, place.basket.sheet):
            if _offers(sheet, key):
                _click(sheet, key)
                break
        if _until(lambda: presenter.state is not None and presenter.state.draft != before, _RETRY_MS):
            return True
    return False


def _report(program: Program, folder: Path, settled: Settled) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / "counter.png"
    program.window.grab().save(str(picture))
    for line in receipt_text(settled.receipt):
        _say(line)
    _say("")
    _say(f"截图：{picture.resolve()}")
    _say(f"小票：{settled.pdf_path or '没有打印出来，销售已入账'}")
    return 0


def _fail(program: Program) -> int:
    _say("没有完成演示销售。窗口上写着：")
    for word in words_of(program.window.counter.notice.page) or ["（没有提示）"]:
        _say(word)
    return 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _offers(sheet: Sheet, key: str) -> bool:
    try:
        sheet.place_of(key)
    except KeyError:
        return False
    return True


def _until(reached: Callable[[], bool], within_ms: int = _PATIENCE_MS) -> bool:
    """Let the window live until ``reached``; tell whether it was in time."""
    loop, look, patience = QEventLoop(), QTimer(interval=_LOOK_MS), QTimer(singleShot=True)
    look.timeout.connect(lambda: loop.quit() if reached() else None)
    patience.timeout.connect(lambda: loop.exit(1))
    look.start()
    patience.start(within_ms)
    return reached() or loop.exec() == 0


def _click(sheet: Sheet, key: str) -> None:
    at = QPointF(sheet.place_of(key))
    button = Qt.MouseButton.LeftButton
    there = QPointF(sheet.mapToGlobal(at))
    QApplication.sendEvent(
        sheet, QMouseEvent(QEvent.Type.MouseButtonPress, at, there, button, button, _PLAIN)
    )


def _press(widget: QWidget, key: Qt.Key, text: str = "", modifier: Qt.KeyboardModifier = _PLAIN) -> None:
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifier, text))
