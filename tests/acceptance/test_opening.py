"""The window takes keys from its first frame on; what is typed before the counter is open is not lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from app.usecases.counter import Counter
from engine.demonstration import parse_demonstration
from tests.fakes.fake_counter import NOW, Bench, texts
from ui.__main__ import make_application, make_program, make_window, show_first_frame
from ui.program import Program
from ui.tokens import LIGHT
from ui.window import Window

PATIENCE_MS = 10_000


def type_in(window: Window, text: str) -> None:
    for letter in text:
        QTest.keyClick(window.windowHandle(), Qt.Key(ord(letter.upper())))


def enter(window: Window) -> None:
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)


def wait_for_all_asked(program: Program, call: Callable[[], object] = lambda: None) -> None:
    loop, patience = QEventLoop(), QTimer(singleShot=True, interval=PATIENCE_MS)
    patience.timeout.connect(lambda: loop.exit(1))
    patience.start()
    program.background.run(call, lambda _: loop.quit(), lambda _: loop.exit(1))
    assert loop.exec() == 0, "the worker did not answer"


def test_what_is_typed_before_the_counter_is_open_is_answered_in_order(tmp_path: Path) -> None:
    make_application()
    opened = Event()
    benches: list[Bench] = []
    person, _, _, drug, *_ = parse_demonstration(texts("demonstration"), NOW).tour

    def open_counter() -> Counter:
        assert opened.wait(10)
        benches.append(Bench(tmp_path))
        return benches[0].till

    window = make_window(LIGHT)
    show_first_frame(window)
    window.activateWindow()
    type_in(window, person.code[:4])
    program = make_program(window, open_counter, tmp_path)
    program.start()
    type_in(window, person.code[4:])
    enter(window)
    type_in(window, drug.code)
    enter(window)
    assert program.presenter.state is None

    opened.set()
    wait_for_all_asked(program)

    state = program.presenter.state
    assert state is not None
    assert state.draft.person is not None
    assert state.draft.person.name in person.detail
    assert [line.trace_codes for line in state.draft.lines] == [(drug.code,)]
    wait_for_all_asked(program, benches[0].close)
    assert program.stop()
    window.close()


def test_enter_in_the_field_counts_once() -> None:
    make_application()
    window = make_window(LIGHT)
    entered: list[str] = []
    window.entered.connect(entered.append)
    show_first_frame(window)
    type_in(window, "6901")

    enter(window)

    assert entered == ["6901"]
    window.close()


def test_the_first_frame_loads_widgets_alone() -> None:
    code = (
        "import sys; from ui.__main__ import *; make_application(); show_first_frame(make_window(LIGHT));"
        "print({name.split('.')[0] for name in sys.modules} & {'app', 'engine', 'msgspec', 'httpx'})"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert loaded.stdout == "set()\n"
