"""Shows the card of cheaper ways in the counter place, and waits for the pause in which to look for them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from ui.counter.cheaper_page import CheaperPresenter
from ui.counter.presenter import CounterPresenter
from ui.desk import Desk
from ui.items import Page
from ui.window import Window

_PAUSE_MS = 150
"""Nothing was scanned for so long: comparing holds up no scan."""


class CheaperHost(QObject):
    """The card's view; its timer ends with the window."""

    def __init__(self, window: Window, desk: Desk, counter: CounterPresenter) -> None:
        super().__init__(window)
        self._window = window
        self.presenter = CheaperPresenter(self, desk, counter.show_state)
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.presenter.due)
        window.counter.cheaper_pressed.connect(self.presenter.pressed)

    def show_cheaper(self, page: Page) -> None:
        """Show cheaper lawful ways under the basket."""
        self._window.counter.show_cheaper(page)

    def compare_soon(self) -> None:
        """Look for cheaper ways once the person pauses."""
        self._pause.start()

    def stop(self) -> None:
        """Look for nothing more."""
        self._pause.stop()
