"""What the stock place does: one mode at a time, each a list, a form and a card beside it. No Qt here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

from app.usecases.counter import Counter
from app.usecases.state import Notice
from ui.desk import Desk
from ui.items import Page, Space
from ui.places.presenter import stepped
from ui.places.stock_forms import ACTS, FormSpec, Values
from ui.places.sync_page import said_page
from ui.problems import notice_of

T = TypeVar("T")


class StockView(Protocol):
    """A list, a form, and a card under the form."""

    def show_list(self, page: Page) -> None: ...
    def show_side(self, page: Page) -> None: ...
    def show_form(self, spec: FormSpec) -> None: ...
    def put(self, values: Values, *, over: bool = True) -> None: ...
    def values(self) -> Values: ...
    def name_second(self, words: str, *, armed: bool) -> None: ...
    def focus_form(self) -> None: ...


class Mode(ABC):
    """One thing that is done with stock; a key or a scan means what the open mode makes of it.

    ``confirms`` is what the second act asks before it is done; empty where it is done at once.
    """

    spec: FormSpec
    confirms = ""

    @abstractmethod
    def opened(self) -> None:
        """Show what there is."""

    @abstractmethod
    def entered(self, text: str) -> None:
        """Take what was scanned or typed to its end."""

    @abstractmethod
    def chosen(self, key: str) -> None:
        """Choose a row."""

    @abstractmethod
    def keys(self) -> list[str]:
        """Return the rows' keys in order."""

    @abstractmethod
    def choice(self) -> str | None:
        """Return the key of the chosen row."""

    def main(self, values: Values) -> None:  # noqa: B027 - not every mode has any
        """Do what the mode is for."""

    def second(self, values: Values) -> None:  # noqa: B027 - not every mode has any
        """Do the quieter act."""

    def typed(self, text: str) -> None:  # noqa: B027 - not every mode has any
        """Follow what is being typed."""

    def changed(self, values: Values) -> None:  # noqa: B027 - not every mode has any
        """Take over what was typed into the form before it is booked."""

    def cleared(self) -> bool:
        """Show all again; tell whether the list was narrowed down."""
        return False


class Stage:
    """What a mode works with: the view, the counter, and one place where trouble is said."""

    def __init__(self, view: StockView, desk: Desk) -> None:
        self.view, self._desk = view, desk
        self.busy = False
        self.go: Callable[[str], None] = lambda _name: None
        self._side: Page = ()
        self._said: Page = ()

    def ask(self, call: Callable[[Counter], T], done: Callable[[T], None]) -> None:
        """Let ``call`` work the counter; what it refuses is said beside the list."""
        self.busy = True

        def told(value: T) -> None:
            self.busy = False
            done(value)

        self._desk.ask(call, told, self._failed)

    def show_side(self, page: Page) -> None:
        """Show the card under the form; what was said stays over it."""
        self._side = page
        self.view.show_side((*self._said, *self._side))

    def say(self, notice: Notice | None) -> None:
        """Say what an act came to; None clears it."""
        self._said = (*said_page(notice), Space(12)) if notice is not None else ()
        self.view.show_side((*self._said, *self._side))

    def _failed(self, trouble: BaseException) -> None:
        self.busy = False
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self.say(notice)


class StockPresenter:
    """The place; ``modes`` makes each mode of its name once."""

    def __init__(self, view: StockView, desk: Desk, modes: Callable[[Stage], dict[str, Mode]]) -> None:
        self._view = view
        self.stage = Stage(view, desk)
        self.stage.go = self.go
        self._modes = modes(self.stage)
        self.mode = "shelf"
        """The name of the open mode."""
        self._mode = self._modes[self.mode]
        self._armed = False
        self.turned: Callable[[], None] = lambda: None

    def opened(self) -> None:
        """Show the open mode anew."""
        self._view.show_form(self._mode.spec)
        self._disarm()
        self._mode.opened()

    def go(self, name: str) -> None:
        """Open another mode."""
        self.mode = name
        self._mode = self._modes[name]
        self.stage.say(None)
        self.opened()
        self.turned()

    def controlled(self, number: int) -> bool:
        """Open the mode of Ctrl and ``number``; tell whether there is one."""
        if not 1 <= number <= len(ACTS):
            return False
        self.go(ACTS[number - 1][0])
        return True

    def entered(self, text: str) -> None:
        """Take what was scanned or typed; an empty field goes on to the form."""
        self._disarm()
        if text.strip():
            self.stage.say(None)
            self._mode.entered(text.strip())
        else:
            self._view.focus_form()

    def typed(self, text: str) -> None:
        """Take what is being typed."""
        self._mode.typed(text)

    def chosen(self, key: str) -> None:
        """Choose a row."""
        self._disarm()
        self._mode.chosen(key)

    def moved(self, step: int) -> None:
        """Choose the row so many lines further down."""
        key = stepped(self._mode.keys(), self._mode.choice(), step)
        if key is not None:
            self.changed()  # What was typed belongs to the row that is left.
            self.chosen(key)

    def lined(self, act: str) -> None:
        """Do what a key asks for of the chosen row: ``more`` or ``remove``, where the open mode has such."""
        change = getattr(self._mode, "lined", None)
        if change is not None and not self.stage.busy:
            self._disarm()
            change(act)

    def acted(self) -> None:
        """Do what the open mode is for."""
        self._disarm()
        if not self.stage.busy:
            self.stage.say(None)
            self._mode.main(self._view.values())

    def second(self) -> None:
        """Do the quieter act, asked for twice where it throws something away."""
        if self.stage.busy:
            return
        if self._mode.confirms and not self._armed:
            self._armed = True
            self._view.name_second(self._mode.confirms, armed=True)
            return
        self._disarm()
        self.stage.say(None)
        self._mode.second(self._view.values())

    def changed(self) -> None:
        """Take over what was typed into the form."""
        if not self.stage.busy:
            self._mode.changed(self._view.values())

    def undone(self) -> bool:
        """Go back to the shelf; tell whether another mode was open."""
        if self._armed:
            self._disarm()
            return True
        if self.mode == "shelf":
            return self._mode.cleared()
        self.go("shelf")
        return True

    def _disarm(self) -> None:
        self._armed = False
        self._view.name_second(self._mode.spec.second, armed=False)
