"""What the places for days afield do, without a display: who is on the list, what is pressed twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.usecases.state import SaleRow, TripReport
from engine.ids import resident_check
from tests.fakes.fake_afield import DIFFERENCE, FakeAfield, a_day, task
from tests.fakes.fake_counter import NOW
from ui.desk import Desk
from ui.items import Page, Panel, words_of
from ui.places.checking import DaysPresenter, TasksPresenter
from ui.places.days_page import day_page
from ui.places.people_list import found_words, people_in, read_list
from ui.places.records import sales_page
from ui.places.sync_presenter import SyncPresenter
from ui.places.tasks_page import act_words, task_page, tasks_page


class AtOnce:
    """Runs a call where it is asked for, or keeps it until it is let go."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] | None = None

    def run(self, call: Any, done: Any, failed: Any) -> None:
        def work() -> None:
            try:
                value = call()
            except Exception as trouble:
                failed(trouble)
            else:
                done(value)

        if self.held is None:
            work()
        else:
            self.held.append(work)

    def let_go(self) -> None:
        while self.held:  # What is asked for meanwhile comes after what was.
            self.held.pop(0)()
        self.held = None


class SeenView:
    """Keeps what it was told to show."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.act, self.may_act, self.busy, self.form = "", False, False, ""

    def show_list(self, page: Page) -> None:
        self.pages["list"] = page

    def show_detail(self, page: Page, *, may_act: bool = True) -> None:
        self.pages["detail"], self.may_act = page, may_act

    def name_act(self, words: str, *, armed: bool = False) -> None:
        self.act = words

    def show_till(self, page: Page) -> None:
        self.pages["till"] = page

    def show_side(self, page: Page) -> None:
        self.pages["side"] = page

    def set_busy(self, busy: bool) -> None:
        self.busy = busy

    def open_trip(self, until: str) -> None:
        self.form = until

    def put_people(self, text: str) -> None:
        self.form = text

    def show_people(self, words: str) -> None:
        self.form = words

    def open_enrolment(self) -> None:
        self.form = "enrolment"

    def close_form(self) -> bool:
        was, self.form = bool(self.form), ""
        return was

    def words(self, name: str) -> str:
        return "\n".join(words_of(self.pages[name]))


class Counter:
    """A counter behind its desk, and what its places show."""

    def __init__(self, folder: Path) -> None:
        self.till, self.runner, self.view = FakeAfield(folder), AtOnce(), SeenView()
        self.desk = Desk(lambda: self.till, self.runner)  # type: ignore[arg-type,return-value]


@pytest.fixture(name="counter")
def _counter(tmp_path: Path) -> Any:
    counter = Counter(tmp_path)
    yield counter
    counter.till.close()


def _id(seventeen: str) -> str:
    return seventeen + resident_check(seventeen)


ONE, OTHER = _id("33068119560312998"), _id("42070419580101002")


def test_a_list_names_each_person_once_whatever_stands_beside_the_number() -> None:
    found = people_in(f"姓名,证件号\n王秀英,{ONE.lower()},13800000000\n {OTHER}\n{ONE}\n")

    assert found.people == (ONE, OTHER)
    assert found.unread == ()


def test_a_line_whose_number_is_none_is_named_and_left_out() -> None:
    wrong = ONE[:-1] + ("1" if ONE[-1] != "1" else "2")

    found = people_in(f"{ONE}\n{wrong}\n")

    assert found.people == (ONE,)
    assert found_words(found) == "名单里有 1 人。第 2 行的证件号不对，没有算进去。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_as_spreadsheets_save_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"王秀英,{ONE}\n", encoding=encoding)

    assert read_list(str(path)).startswith("王秀英")


def test_money_is_given_back_only_at_the_second_press(counter: Counter) -> None:
    counter.till.task_rows = (task("give_back", 450, 1),)
    presenter = TasksPresenter(counter.view, counter.desk)
    presenter.opened()

    presenter.acted()
    assert counter.till.asked == []
    assert counter.view.act == "再按一次，确认已退给患者 4.50 元"
    presenter.acted()

    assert counter.till.asked == [("finish_task", "T1")]
    assert not counter.view.may_act


def test_another_choice_or_escape_takes_the_first_press_back(counter: Counter) -> None:
    counter.till.task_rows = (task("give_back", 450, 1), task("give_back", 120, 2))
    presenter = TasksPresenter(counter.view, counter.desk)
    presenter.opened()

    presenter.acted()
    presenter.moved(1)
    presenter.acted()
    assert presenter.undone()
    presenter.acted()

    assert counter.till.asked == []


def test_a_task_shows_what_both_computations_came_to() -> None:
    words = words_of(task_page(task("give_back", 450, 1)))

    assert words[words.index("起付标准") :][:3] == ["起付标准", "30.00", "0.00"]
    assert words[words.index("个人现金") :][:3] == ["个人现金", "58.06", "53.56"]


def test_the_tasks_tell_what_is_paid_out_from_what_is_collected() -> None:
    rows = (task("give_back", 450, 1), task("correction", -210, 2), task("gap", 510, 3))

    assert "3 件待办 · 要退给患者 4.50 元 · 要向患者补收 2.10 元" in words_of(tasks_page(rows, None))
    assert act_words(rows[1], armed=False) == "已收 2.10 元  F12"
    assert "本店承担 5.10 元，不向患者收" in words_of(task_page(rows[2]))


def test_a_day_with_a_gap_cannot_be_asked_to_close(counter: Counter) -> None:
    counter.till.day_rows = (a_day(0, "gap", printed=11), a_day(0, "open", insurance="employee"))
    presenter = DaysPresenter(counter.view, counter.desk)
    presenter.opened()
    presenter.moved(1)

    presenter.acted()

    assert not counter.view.may_act
    assert counter.till.asked == []


def test_a_day_that_agrees_is_closed_at_one_press(counter: Counter) -> None:
    counter.till.day_rows = (a_day(1, "open"),)
    presenter = DaysPresenter(counter.view, counter.desk)
    presenter.opened()

    presenter.acted()

    assert counter.till.asked == [("close_day", date(2026, 11, 21))]
    assert "已日结，与医保中心一致。" in counter.view.words("detail")


def test_a_day_says_line_by_line_where_and_why_it_differs() -> None:
    words = words_of(day_page(a_day(1, "differs", theirs=17_920, differences=(DIFFERENCE,))))

    assert words[words.index("相差") :][:2] == ["相差", "5.10"]
    assert DIFFERENCE.reason in words


def test_what_nobody_insures_is_counted_and_not_laid_beside_the_agency() -> None:
    words = words_of(day_page(a_day(0, "open", insurance="", ours=0, theirs=0)))

    assert "11 月 22 日 · 自费" in words
    assert "医保中心" not in words


@pytest.mark.parametrize(("certainty", "said"), [("provisional", True), ("guaranteed", False)])
def test_nothing_is_to_be_collected_for_what_was_guaranteed(certainty: Any, said: bool) -> None:
    row = SaleRow(
        number="01-000001",
        at=NOW,
        who="王＊英",
        total=6190,
        fund=834,
        patient=5356,
        certainty=certainty,
        delivery="accepted",
        copies=0,
        agency_fund=714,
        agency_patient=5476,
    )

    words = words_of(sales_page((row,), None))

    assert "医保 −7.14" in words
    assert ("应补 1.20" in words) is said


def test_a_full_stick_is_said_in_the_place_and_the_next_try_is_free(counter: Counter) -> None:
    counter.till.stick_full = True
    presenter = SyncPresenter(counter.view, counter.desk)
    presenter.opened()

    presenter.exported("/media/stick")

    assert "U 盘写不下了，没有导出。" in counter.view.words("side")
    assert not counter.view.busy
    counter.till.stick_full = False
    presenter.exported("/media/stick")
    assert "已写入 27 条消息" in counter.view.words("side")


def test_a_bug_in_an_act_is_not_dressed_up_and_leaves_the_place_usable(counter: Counter) -> None:
    troubles: list[BaseException] = []
    counter.desk.troubled = troubles.append
    presenter = SyncPresenter(counter.view, counter.desk)
    counter.till.back_up = lambda: 1 // 0  # type: ignore[method-assign,assignment,return-value]

    presenter.backed_up()

    assert [type(trouble) for trouble in troubles] == [ZeroDivisionError]
    assert not counter.view.busy


def test_a_till_that_was_enrolled_before_is_not_said_to_be_so_only_now(counter: Counter) -> None:
    presenter = SyncPresenter(counter.view, counter.desk)
    counter.till.about = {"epoch": 2}
    presenter.opened()

    presenter.enrolled("7QF2-M8KD")

    assert "本机早已登记，仍是第 2 期。" in counter.view.words("side")


def test_one_act_at_a_time_and_it_says_that_it_is_being_done(counter: Counter) -> None:
    presenter = SyncPresenter(counter.view, counter.desk)
    counter.runner.held = []

    presenter.exported("/media/stick")
    presenter.exported("/media/stick")

    assert counter.view.busy
    assert "正在写到 U 盘，请不要拔…" in counter.view.words("side")
    counter.runner.let_go()
    assert counter.till.asked == [("export_bundle", "/media/stick")]


def test_a_bundle_with_a_bad_sector_is_told_from_a_sound_one_and_from_a_strange_one(counter: Counter) -> None:
    presenter = SyncPresenter(counter.view, counter.desk)
    marks = []
    for act, where in (
        (presenter.exported, "/media/stick"),
        (presenter.imported, "/media/stick/a-down.syb"),
        (presenter.imported, "/media/stick/a-up.syb"),
    ):
        act(where)
        panel = counter.view.pages["side"][0]
        assert isinstance(panel, Panel)
        marks.append(panel.mark)

    assert marks == ["ok", "attention", "refused"]


@pytest.mark.parametrize(
    ("text", "until", "said"),
    [("", "2026-12-05", "名单里还没有身份证号。"), (ONE, "下周五", "结束日期看不懂。")],
)
def test_a_trip_does_not_start_without_people_or_a_date(
    counter: Counter, text: str, until: str, said: str
) -> None:
    SyncPresenter(counter.view, counter.desk).trip_started(text, until)

    assert said in counter.view.words("side")
    assert counter.till.asked == []


def test_a_trip_is_asked_for_all_on_the_list(counter: Counter) -> None:
    SyncPresenter(counter.view, counter.desk).trip_started(f"{ONE}\n{OTHER}", "2026-12-05")

    assert counter.till.asked == [("prepare_trip", ((ONE, OTHER), date(2026, 12, 5)))]
    assert "2 人 · 1 份额度" in counter.view.words("side")


def test_what_is_scanned_during_a_trip_goes_between_two_of_its_pages(counter: Counter) -> None:
    presenter = SyncPresenter(counter.view, counter.desk)
    until = date(2026, 12, 5)
    done: list[object] = []
    pages = iter([1, 0])

    def one_page(people: tuple[str, ...], _until: date) -> TripReport:
        done.append(people)
        left = next(pages)
        if left:  # Somebody comes to the counter while the first page is fetched.
            counter.desk.ask(lambda _: done.append("scan"), lambda _: None)
        return TripReport(people=1, leases=1, drugs=5, until=NOW, left=left)

    counter.till.prepare_next = one_page  # type: ignore[method-assign]
    counter.runner.held = []
    presenter.trip_started(f"{ONE}\n{OTHER}", until.isoformat())
    presenter.trip_started(f"{ONE}\n{OTHER}", until.isoformat())
    counter.runner.let_go()

    assert done == [(ONE, OTHER), "scan", (ONE, OTHER)]
    assert not counter.view.busy


def test_a_trip_may_be_asked_for_by_stick(counter: Counter) -> None:
    presenter = SyncPresenter(counter.view, counter.desk)

    presenter.trip_started(ONE, "2026-12-05", "/media/stick")

    assert counter.till.asked == [("export_trip", ("/media/stick", (ONE,), date(2026, 12, 5)))]
    assert "另有 1 项出行包的申请" in counter.view.words("side")
