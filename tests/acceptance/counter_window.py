"""The real window over the real till, with fakes beyond: what acceptance tests drive by keys and scans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.storage.connection import Connection
from app.usecases.counter import Counter
from app.usecases.state import CounterState
from engine.demonstration import Demonstration
from tests.fakes.fake_counter import Bench
from ui.__main__ import make_application, make_program, make_window, show_first_frame
from ui.items import words_of
from ui.tokens import LIGHT, Palette
from ui.widgets.sheet import Card, Sheet

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
_PATIENCE_MS = 10_000
_LOOK_MS = 10


class CounterWindow:
    """One open window; every act waits until the worker has answered, by an event and not by the clock."""

    def __init__(
        self,
        folder: Path,
        *,
        online: bool | None = False,
        palette: Palette = LIGHT,
        opener: Callable[[], Counter] | None = None,
        stock: Callable[[Connection], Demonstration] | None = None,
    ) -> None:
        self.application = make_application()
        self.bench: Bench | None = None
        self.suffix = ""

        def open_counter() -> Counter:
            self.bench = Bench(folder, online=online, stock=stock)
            return self.bench.till

        self.window = make_window(palette)
        show_first_frame(self.window)
        self.program = make_program(self.window, opener or open_counter, folder)
        self.program.start()
        self.settle()

    def settle(self) -> None:
        """Wait until the worker has done all that was asked for, and the window has shown it."""
        loop = QEventLoop()
        patience = QTimer(singleShot=True, interval=_PATIENCE_MS)
        patience.timeout.connect(lambda: loop.exit(1))
        patience.start()
        for _ in range(2):  # What came back may ask once more.
            self.program.background.run(lambda: None, lambda _: loop.quit(), lambda _: loop.quit())
            assert loop.exec() == 0, "the worker did not answer"
        self.application.processEvents()

    def until(self, reached: Callable[[], object], what: str) -> None:
        """Let the window live until ``reached``; fail with ``what`` was waited for."""
        loop, look, patience = QEventLoop(), QTimer(interval=_LOOK_MS), QTimer(singleShot=True)
        look.timeout.connect(lambda: loop.quit() if reached() else None)
        patience.timeout.connect(lambda: loop.exit(1))
        look.start()
        patience.start(_PATIENCE_MS)
        assert reached() or loop.exec() == 0, f"did not come: {what}\n{self.words()}"
        self.settle()

    def key(
        self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier, times: int = 1
    ) -> None:
        """Press a key as a person does, wherever the focus is."""
        for _ in range(times):
            QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)
        self.settle()

    def act(self) -> None:
        """Press F12; a sale that wants it is signed first."""
        self.sign()
        self.key(Qt.Key.Key_F12)

    def sign(self) -> None:
        """Sign by the pharmacist's own keys where a signature is wanted: Ctrl S, and 1 for every reason."""
        state = self.program.presenter.state
        pages = self.window.counter.pages
        if state is None or pages is None or not pages.to_sign or not self.program._at("counter"):
            return
        self.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        signing = self.program.signing.presenter
        while signing.form is not None:
            if signing.form.complete:
                self.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
            else:
                self.key(Qt.Key.Key_1)

    def scan(self, code: str) -> None:
        """Let a scanner type ``code`` and Enter, wherever the focus is."""
        for letter in code:
            QTest.keyClick(QApplication.focusWidget() or self.window, letter)
        QTest.keyClick(QApplication.focusWidget() or self.window, Qt.Key.Key_Return)
        self.settle()

    def keys(self, text: str) -> None:
        """Type slowly into whatever has the focus, as a person would."""
        focus = QApplication.focusWidget()
        assert isinstance(focus, QLineEdit)
        focus.selectAll()
        focus.insert(text)
        focus.textEdited.emit(text)

    def type(self, text: str) -> None:
        """Type ``text`` without Enter and wait for the hits."""
        for letter in text:
            QTest.keyClick(QApplication.focusWidget() or self.window, letter)
        self.program.search.typed(self.window.entry.text())
        self.settle()

    def press(self, sheet: Sheet, key: str) -> None:
        """Click a row or tile."""
        QTest.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.place_of(key))
        self.settle()

    def walk(self, group: int) -> None:
        """Click the tour's cards of a person from the first to the last, each once its card is shown."""
        stops = self.program.presenter.tour
        firsts = [n for n, stop in enumerate(stops) if n == 0 or stop.group != stops[n - 1].group]
        after = [*firsts[1:], len(stops)][group]
        for number in range(firsts[group], after):
            cards = self.window.counter.basket if number == firsts[group] else self.window.counter.tour
            before = self.state().draft
            self.press(cards.sheet, str(number))
            self.until(lambda before=before: self.state().draft != before, stops[number].title)  # type: ignore[misc]

    def state(self) -> CounterState:
        """Return what is shown."""
        state = self.program.presenter.state
        assert state is not None
        return state

    def tour(self, group: int, steps: int) -> None:
        """Scan the first ``steps`` codes of a person of the tour, the shop as the tour opens it."""
        stops = self.program.presenter.tour
        first = [n for n, stop in enumerate(stops) if n == 0 or stop.group != stops[n - 1].group][group]
        for number in range(first, first + steps):
            self.program.presenter.toured(str(number))
            self.settle()

    def answer(self) -> Bench:
        """Return the bench behind the window."""
        assert self.bench is not None
        return self.bench

    def words(self) -> str:
        """Return all words of the counter place."""
        pages = self.window.counter.pages
        assert pages is not None
        parts = (
            pages.person,
            pages.prescription,
            pages.signature,
            pages.basket,
            pages.money,
            pages.why,
            pages.notice,
        )
        return "\n".join(word for page in parts for word in words_of(page))

    def chips(self) -> str:
        """Return what the bar says of the world."""
        return " ".join(chip.text for chip in self.window.chips.chips)

    def scrolls(self, card: Card) -> bool:
        """Tell whether ``card`` holds more than is seen of it."""
        self.application.processEvents()
        return card.roll is not None and card.roll.verticalScrollBar().maximum() > 0

    def picture(self, name: str) -> Path:
        """Save the window as it is now."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.application.processEvents()
        path = PICTURES / f"{name}{self.suffix}.png"
        assert self.window.grab().save(str(path))
        return path

    def close(self) -> None:
        """Close the window and the counter behind it, on its own thread."""
        bench = self.bench
        if bench is not None:
            self.program.background.run(bench.close, lambda _: None, lambda _: None)
        assert self.program.stop()
        self.window.close()
        self.window.deleteLater()
        self.application.processEvents()
