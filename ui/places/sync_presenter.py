"""What the sync place does: deliver, carry by hand, make a trip ready, back up, enrol. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from app.usecases.counter import Counter
from app.usecases.state import LeaseRow, Notice, TripReport, WorldState
from engine.calendar import business_day
from ui.desk import Desk
from ui.items import Page
from ui.places.people_list import PeopleFound, found_words, people_in, read_list
from ui.places.sync_page import (
    bundle_page,
    busy_page,
    messages_page,
    said_page,
    side_page,
    till_page,
    trip_page,
    trip_under_way,
)
from ui.problems import notice_of

T = TypeVar("T")
_A_TRIP = timedelta(days=7)


class SyncView(Protocol):
    """The messages, this till with its acts, and at the side what an act came to."""

    def show_list(self, page: Page) -> None: ...
    def show_till(self, page: Page) -> None: ...
    def show_side(self, page: Page) -> None: ...
    def set_busy(self, busy: bool) -> None: ...
    def open_trip(self, until: str) -> None: ...
    def put_people(self, text: str) -> None: ...
    def show_people(self, words: str) -> None: ...
    def open_enrolment(self) -> None: ...
    def close_form(self) -> bool: ...


class SyncPresenter:
    """One act at a time; what it came to stays at the side until the next."""

    def __init__(self, view: SyncView, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._said: Page = ()
        self._world: WorldState | None = None
        self._leases: tuple[LeaseRow, ...] = ()
        self.busy = False

    def undone(self) -> bool:
        """Give up the form that is open; tell whether one was."""
        return self._view.close_form()

    def opened(self) -> None:
        """Ask for messages, leases and the state of the world."""
        self._desk.ask(_found, self._listed)

    def delivered(self) -> None:
        """Deliver now, then show what came of it."""
        self._act("正在上传…", lambda counter: counter.sync_now(), lambda _: _poked(self._world))

    def exported(self, folder: str) -> None:
        """Write what waits into a bundle in ``folder``."""
        self._act("正在写到 U 盘，请不要拔…", lambda counter: counter.export_bundle(folder), bundle_page)

    def imported(self, path: str) -> None:
        """Take in the bundle at ``path``."""
        self._act("正在从 U 盘读…", lambda counter: counter.import_bundle(path), bundle_page)

    def backed_up(self) -> None:
        """Back up now."""
        self._act(
            "正在备份…", lambda counter: counter.back_up(), lambda path: _done("已备份，并核对过。", path)
        )

    def trip_opened(self) -> None:
        """Open the list of people for a trip."""
        today = business_day(self._world.now) if self._world else None
        self._view.open_trip((today + _A_TRIP).isoformat() if today else "")

    def list_chosen(self, path: str) -> None:
        """Read a list of people from a file, off the window's thread."""
        self._desk.ask(lambda _: _read(path), self._list_read)

    def people_edited(self, text: str) -> None:
        """Say how many people the list holds as it stands."""
        self._desk.ask(lambda _: people_in(text), lambda found: self._counted(found, text))

    def trip_started(self, text: str, until: str, folder: str | None = None) -> None:
        """Make a trip ready for the people in ``text``, to the end of the day ``until``.

        With a ``folder`` it is only asked for, by a bundle there that takes along what waits.
        """
        self._desk.ask(lambda _: people_in(text), lambda found: self._prepare(found, _day(until), folder))

    def enrolment_opened(self) -> None:
        """Open the field for the one-time code."""
        self._view.open_enrolment()

    def enrolled(self, code: str) -> None:
        """Enrol this till by the one-time code."""
        if code.strip():
            self._act(
                "正在登记…",
                lambda counter: counter.enrol(code.strip()),
                self._enrolled,
                closes=True,
            )

    def _enrolled(self, world: WorldState) -> Page:
        before = self._world
        if before is not None and before.epoch == world.epoch and not before.till_trouble:
            return _done(f"本机早已登记，仍是第 {world.epoch} 期。", "登记码没有用掉，不用再登记。")
        return _done(f"已登记，第 {world.epoch} 期。", "从现在起可以取得额度。")

    def _counted(self, found: PeopleFound, text: str) -> None:
        self._view.show_people(found_words(found) if text.strip() else "")

    def _prepare(self, found: PeopleFound, end: date | None, folder: str | None) -> None:
        if not found.people:
            self._say(Notice("attention", "名单里还没有身份证号。", "粘贴名单，或选一个名单文件，一行一人。"))
        elif end is None:
            self._say(Notice("attention", "结束日期看不懂。", "请写成 2026-12-05 这样。"))
        elif folder is not None:
            self._act(
                "正在写到 U 盘，请不要拔…",
                lambda counter: counter.export_trip(folder, found.people, end),
                bundle_page,
                closes=True,
            )
        elif not self.busy:
            self._set_busy(True)
            self._show_side(busy_page(f"正在为 {len(found.people)} 人准备…"))
            self._prepare_next(found.people, end)

    def _prepare_next(self, people: tuple[str, ...], end: date) -> None:
        """Ask for one page of the trip after the other: what is scanned meanwhile goes in between."""

        def taken(report: TripReport) -> None:
            if report.left:
                self._show_side(trip_under_way(report, len(people)))
                self._prepare_next(people, end)
            else:
                self._finished(trip_page(report), closes=True)

        self._desk.ask(lambda counter: counter.prepare_next(people, end), taken, self._failed)

    def _act(
        self, what: str, call: Callable[[Counter], T], page: Callable[[T], Page], *, closes: bool = False
    ) -> None:
        if self.busy:
            return
        self._set_busy(True)
        self._show_side(busy_page(what))

        def done(value: T) -> None:
            self._finished(page(value), closes=closes)

        self._desk.ask(call, done, self._failed)

    def _finished(self, said: Page, *, closes: bool) -> None:
        self._set_busy(False)
        if closes:
            self._view.close_form()
        self._show_side(said)
        self.opened()

    def _failed(self, trouble: BaseException) -> None:
        self._set_busy(False)
        notice = notice_of(trouble)
        if notice is None:
            self._show_side(())
            self._desk.troubled(trouble)
        else:
            self._say(notice)

    def _list_read(self, text: str | None) -> None:
        if text is None:
            self._say(Notice("attention", "这个名单文件读不出来。", "请确认 U 盘插好，或换一个文件。"))
        else:
            self._view.put_people(text)

    def _say(self, notice: Notice) -> None:
        self._show_side(said_page(notice))

    def _show_side(self, said: Page) -> None:
        self._said = said
        self._view.show_side(side_page(said, self._leases))

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self._view.set_busy(busy)

    def _listed(self, found: _Found) -> None:
        self._world, self._leases = found.world, found.leases
        self._view.show_list(found.messages)
        self._view.show_till(till_page(found.world))
        self._view.show_side(side_page(self._said, self._leases))


class _Found(Struct, frozen=True):
    """What the place shows; the page of messages is made where it was found, off the window's thread."""

    world: WorldState
    messages: Page
    leases: tuple[LeaseRow, ...]


def _found(counter: Counter) -> _Found:
    world = counter.world()
    return _Found(world, messages_page(counter.messages(), world), counter.leases())


def _read(path: str) -> str | None:
    try:
        return read_list(path)
    except OSError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _poked(world: WorldState | None) -> Page:
    if world is not None and world.online is False:
        return said_page(Notice("info", "正在再试一次。", "现在离线；也可以导出到 U 盘带去医保中心。"))
    return ()


def _done(what: str, advice: str) -> Page:
    return said_page(Notice("done", what, advice))
