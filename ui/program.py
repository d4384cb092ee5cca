"""Joins window and presenters: which signal goes where. The only module of the window that knows both."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from app.usecases.state import WorldState
from ui.background import Background
from ui.counter.cheaper_hosting import CheaperHost
from ui.counter.hosting import FormHost
from ui.counter.presenter import CounterPages, CounterPresenter, take_off
from ui.counter.search import PRICE, SearchPresenter
from ui.counter.signing_host import SigningHost
from ui.desk import Desk
from ui.items import Page
from ui.places.hosting import PlaceHost
from ui.problems import catch_bugs, notice_of, show_crash, write_report
from ui.window import Window
from ui.world_page import duty, foot, trouble_page, world_chips

_WORLD_MS = 2_000
_LINES = {"more": 1, "fewer": -1, "remove": None, "split": 0}
_PRESCRIBE, _PRICE, _CHEAPER, _DROP = 2, 3, 4, 5  # Ctrl and this.


class Program(QObject):
    """The running program: one window, one desk, one worker."""

    news = Signal()  # Something arrived from outside; emitted on any thread.

    def __init__(self, window: Window, desk: Desk, background: Background, reports: Path | None) -> None:
        super().__init__()
        self.window, self.desk, self.background = window, desk, background
        self._reports = reports
        self.world: WorldState | None = None
        self._operator = ""
        self._keys: tuple[tuple[str, str], ...] = ()
        self._open = "counter"
        desk.troubled = self._troubled
        self.presenter = CounterPresenter(self, desk)
        self.search = SearchPresenter(window, desk)
        self.form = FormHost(window, desk, self.presenter)
        self._comparing = CheaperHost(window, desk, self.presenter)
        self.cheaper = self._comparing.presenter
        self.signing = SigningHost(window, desk, self.presenter)
        self._connect_window()
        self._connect_counter()
        self.places = PlaceHost(window, desk, self.presenter)
        self.places.keys_changed = self._show_keys
        window.builders = self.places.builders
        window.show_world(world_chips(None), "", foot(None))
        self._tick = QTimer(self, interval=_WORLD_MS)
        self._tick.timeout.connect(self.look_around)
        self.news.connect(self._hear)

    def start(self) -> None:
        """Open the counter, now that the first frame is painted."""
        catch_bugs(self._reports)
        self.presenter.start()
        self.desk.ask(lambda counter: counter.subscribe(self.news.emit), lambda _: _set_aside_what_stays())
        self.look_around()
        self._tick.start()

    def stop(self) -> bool:
        """Let the worker finish what was asked for; tell whether it did."""
        self._tick.stop()
        self._comparing.stop()
        self.desk.close()
        return self.background.stop()

    def look_around(self) -> None:
        """Ask for the state of the world."""
        self.desk.ask(lambda counter: counter.world(), self._show_world)

    def _hear(self) -> None:
        self.look_around()
        self.presenter.refresh()

    def show(self, pages: CounterPages) -> None:
        """Show the counter place (the presenter's view)."""
        self._operator = pages.operator
        self.window.counter.show_pages(pages)
        self.window.counter.show_selected(pages.selected)
        self.window.show_shop(pages.shop)
        if self.presenter.state is not None:
            self.signing.shown(self.presenter.state)
        self._keys = pages.keys
        self._show_keys()
        if self.presenter.state is not None:
            self.cheaper.shown(self.presenter.state)
        self.look_around()  # Another person has another policy; after a sale more waits.

    def _show_keys(self) -> None:
        self.window.foot.show_keys(self.places.keys(self._open) or self._keys)

    def show_notice(self, page: Page) -> None:
        """Show a notice before there is anything else to show."""
        self.window.counter.show_notice(page)

    def focus_tender(self) -> None:
        """Put the cursor where cash is typed."""
        tender = self.window.counter.cash.tender
        tender.setFocus()
        tender.selectAll()

    def list_drugs(self, words: str) -> None:
        """List what ``words`` match, under the words, unless something else is being typed by now."""
        if self._at("counter") and not self.window.entry.text():
            self.window.entry.setText(words)
            self.search.typed(words)

    def _connect_window(self) -> None:
        window = self.window
        window.entered.connect(self._entered)
        window.typed.connect(self._typed)
        window.hit_pressed.connect(self._hit_pressed)
        window.acted.connect(self._acted)
        window.place_opened.connect(self._place_opened)

    def _connect_counter(self) -> None:
        place, presenter = self.window.counter, self.presenter
        place.line_pressed.connect(presenter.selected)
        place.tour_pressed.connect(presenter.toured)
        place.acted.connect(lambda: self._acted("act"))
        place.tendered.connect(self._tendered)
        place.scanned.connect(self._scanned)
        place.prescribe_pressed.connect(lambda: self._acted("prescribe"))
        place.sign_pressed.connect(lambda: self._acted("sign"))

    def _entered(self, text: str) -> None:
        if self.places.entered(self._open, text):
            return
        if not self._at("counter"):
            if not text.strip():
                return  # Enter in an empty field means the counter's cash; here nobody sees it.
            self.window.open_place("counter")
        hit = self.search.taken(text)
        if hit is not None:
            self.presenter.chosen(hit)
        elif not text.strip() and self.cheaper.taken():
            return
        else:
            self.presenter.entered(text)

    def _typed(self, text: str) -> None:
        if not self.places.typed(self._open, text):
            self.search.typed(text)

    def _hit_pressed(self, key: str) -> None:
        self.search.closed()
        self.window.entry.clear()
        self.presenter.chosen(key)

    def _scanned(self, code: str) -> None:
        self.window.entry.setFocus()
        self.presenter.entered(code)

    def _tendered(self, text: str) -> None:
        self.window.entry.setFocus()
        if text.strip():
            self.presenter.tendered(text.strip())

    def _acted(self, act: str) -> None:
        if act in ("up", "down"):
            self._moved(1 if act == "down" else -1)
        elif act in _LINES:
            if self._at("counter"):  # Elsewhere nobody sees the line that would change.
                self.presenter.changed(_LINES[act])
            else:
                self.places.lined(self._open, act)
        elif act == "act":
            if self._at("counter") or not self.places.acted(self._open):
                self._settle()
        elif act in ("sign", "refuse"):
            self._sign(act)
        elif act.startswith("control:"):
            self._controlled(int(act.removeprefix("control:")))
        else:
            {"undo": self._undo, "reprint": self._reprint, "prescribe": self._prescribe}[act]()

    def _controlled(self, number: int) -> None:
        if self.places.controlled(self._open, number):
            return
        if number == _PRESCRIBE:
            self._prescribe()
        elif number == _DROP and self._at("counter") and self.form.form is None:
            self.desk.ask(take_off, self.presenter.show_state)
        elif number == _PRICE and self._at("counter") and self.form.form is None:
            self._price()
        elif number == _CHEAPER and self._at("counter"):
            self.cheaper.chosen_next()

    def _price(self) -> None:
        """Begin a price in the field: the amount is typed behind it."""
        entry = self.window.entry
        entry.setText(f"{PRICE} ")
        entry.setFocus()
        self.search.typed(entry.text())

    def _moved(self, step: int) -> None:
        if self.search.moved(step) or (self._at("counter") and self.cheaper.moved(step)):
            return
        if self._at("counter"):
            self.presenter.selected(step)
        else:
            self.places.moved(self._open, step)

    def _prescribe(self) -> None:
        if self.presenter.state is not None:
            self.window.open_place("counter")
            self.signing.presenter.closed()
            self.form.open(self.presenter.state)

    def _sign(self, act: str) -> None:
        state = self.presenter.state
        if state is None or self.form.form is not None:
            return  # A prescription that is still being typed is not signed.
        if not self._at("counter"):
            self.window.open_place("counter")  # Nothing is signed that was not shown.
        elif act == "sign":
            self.signing.sign(state)
        else:
            self.signing.refuse(state)

    def _settle(self) -> None:
        if not self._at("counter"):
            self.window.open_place("counter")  # No sum is settled that was not shown.
            return
        tender = self.window.counter.cash.tender
        typed = tender.text().strip() if tender.hasFocus() else ""
        self.window.entry.setFocus()
        self.presenter.acted(typed)

    def _undo(self) -> None:
        if self.search.closed() or self.window.entry.text():
            self.window.entry.clear()
        elif self.window.counter.cash.tender.hasFocus():
            self.window.entry.setFocus()
        elif not self._at("counter"):
            if not self.places.undone(self._open):
                self.window.open_place("counter")
        elif not self.cheaper.closed():
            self.presenter.undone()

    def _reprint(self) -> None:
        from ui.places.presenter import reprinted_notice  # noqa: PLC0415 - not on the way to the first frame

        self.desk.ask(
            lambda counter: counter.reprint(None),
            lambda settled: self.presenter.show_trouble(reprinted_notice(settled)),
        )

    def _at(self, name: str) -> bool:
        return self._open == name

    def _place_opened(self, name: str) -> None:
        left, self._open = self._open, name
        self.places.undone(left)
        self._show_keys()
        if name != "counter":
            self.places.opened(name)

    def _show_world(self, world: WorldState) -> None:
        changed = self.world is not None and _without_clock(world) != _without_clock(self.world)
        self.world = world
        self.window.show_world(world_chips(world), duty(self._operator, world), foot(world))
        self.window.counter.show_trouble(trouble_page(world))
        if changed or (world.waiting and self._at("sync")):  # A try that failed leaves the world as it was.
            self.places.refreshed(self._open)

    def _troubled(self, trouble: BaseException) -> None:
        notice = notice_of(trouble)
        if notice is not None:
            self.presenter.show_trouble(notice)
            if not self._at("counter"):
                self.window.open_place("counter")
        else:
            show_crash(write_report(trouble, self._reports))


def _set_aside_what_stays() -> None:
    # All that was made until the counter is open stays: a collection that walked it again and again would
    # hold the window up for 50 ms at a time.
    gc.freeze()


def _without_clock(world: WorldState) -> WorldState:
    return replace(world, now=_NEVER)


_NEVER = datetime.min.replace(tzinfo=UTC)
