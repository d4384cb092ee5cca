"""The states of days without the network as pictures in build/screenshots, to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from counter_window import CounterWindow
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QFileDialog

from app.usecases.state import LeaseRow
from engine.ids import resident_check
from engine.policy.answer import self_pay
from engine.prescription import Finding
from tests.fakes.fake_afield import DIFFERENCE, LEASE, FakeAfield, a_day, message, task
from tests.fakes.fake_counter import NOW
from ui.places.choosing import BUNDLES, Chooser
from ui.tokens import DARK, LIGHT, TOUCH

SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)
AFIELD = {
    "online": False,
    "offline_since": NOW - timedelta(days=3, hours=4),
    "waiting": 27,
    "oldest_waiting": NOW - timedelta(days=3, hours=1),
    "leases": 312,
    "epoch": 1,
    "backed_up_at": NOW - timedelta(hours=2),
}


class Afield:
    """The window over a counter that is days away from the network."""

    def __init__(self, folder: Path, palette: str) -> None:
        self.till: FakeAfield
        self.window = CounterWindow(
            folder, palette=DARK if palette == "dark" else LIGHT, opener=lambda: self._open(folder)
        )
        self.window.suffix = "" if palette == "light" else "-dark"

    def _open(self, folder: Path) -> FakeAfield:
        self.till = FakeAfield(folder)
        self.till.about = dict(AFIELD)
        return self.till

    def tell(self, **about: object) -> None:
        """Let the world be so, and the window see it."""
        self.till.about |= about
        self.window.program.look_around()
        self.window.settle()

    def open(self, key: Qt.Key) -> None:
        self.window.key(key)
        self.window.settle()

    def words(self, place: str) -> str:
        """Return all words of a place."""
        view = self.window.window.place(place)
        cards = [getattr(view, name, None) for name in ("list", "till", "side", "detail")]
        return "\n".join(word for card in cards if card is not None for word in card.sheet.words())


@pytest.fixture(name="afield", params=["light", "dark"])
def _afield(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Afield]:
    afield = Afield(tmp_path, request.param)
    yield afield
    afield.window.close()


def test_a_guaranteed_share_says_what_is_left_of_its_lease(afield: Afield) -> None:
    afield.till.shown = {"certainty": "guaranteed", "lease": LEASE}
    afield.window.tour(SHAOXING, 6)
    afield.window.picture("guaranteed")
    words = afield.window.words()
    assert "✓ 已担保" in words
    assert "本单后额度还剩 134.86，用到 12-05 23:59" in words


def test_a_provisional_share_says_how_old_and_how_far_off(afield: Afield) -> None:
    afield.window.tour(SHAOXING, 6)
    state = afield.window.state()
    person = state.draft.person
    assert person is not None
    old = replace(person, snapshot=replace(person.snapshot, as_of=NOW - timedelta(days=3)))
    afield.window.program.presenter.show_state(replace(state, draft=replace(state.draft, person=old)))
    afield.window.picture("offline")
    words = afield.window.words()
    assert "! 暂定" in words
    assert "已过 3 天" in words
    assert "最多更正" in words


def test_beyond_a_floor_limit_the_patient_pays_all_and_is_told_where_it_comes_back(afield: Afield) -> None:
    afield.window.tour(EZHOU, 4)
    state = afield.window.state()
    assert state.answer is not None
    lines = tuple(line.id for line in state.draft.lines)
    alone = (self_pay(lines, state.answer.total, None, ""),)
    own = replace(state.answer, fund=0, patient=state.answer.total, settlements=alone)
    why = Finding(
        "attention",
        "floor_limit",
        "连不上医保中心，这一笔要医保先认 345.00 元，超过没有额度凭据时的限额 300.00 元。"
        "请告诉参保人先付全款，可凭此联到经办机构报销；联网后再结算就不受此限。",
    )
    afield.window.program.presenter.show_state(
        replace(state, answer=own, certainty=None, bound=0, findings=(*state.findings, why))
    )
    afield.window.picture("full-price")
    words = afield.window.words()
    assert "! 全价" in words
    assert "到经办机构报销" in words


def test_a_till_without_leases_says_why_and_what_to_do_while_it_sells(afield: Afield) -> None:
    afield.tell(
        till_trouble="医保中心发现这台机器的流水分叉，本机不再使用额度。", unknown=1, rejected=1, tasks=2
    )
    afield.window.tour(SHAOXING, 6)
    afield.window.picture("fork")
    shown = " ".join(afield.window.window.counter.trouble.words())
    assert "本机不再使用额度" in shown
    assert "一次性登记码" in shown
    assert "✕ 额度停用" in afield.window.chips()


def test_every_state_of_a_message_is_told_apart(afield: Afield) -> None:
    afield.till.message_rows = (
        message("accepted", 1),
        message("accepted", 6),
        message("waiting", 2, attempts=3, next_attempt=NOW + timedelta(hours=20), trouble="连不上医保中心。"),
        message("sending", 3, infno="SY03", title="流水上传（第 01-000003 号销售）"),
        message(
            "rejected",
            4,
            attempts=1,
            trouble="参保人已在 11 月 20 日转出。请与医保中心核对，其余各笔照常上传。",
        ),
        message("unknown", 5, attempts=1, next_attempt=NOW + timedelta(minutes=5)),
    )
    afield.till.lease_rows = tuple(
        LeaseRow(
            id=f"L{n}", who=who, reserved=120_000, used=n * 8_000, use_until=LEASE.use_until, state=state
        )
        for n, (who, state) in enumerate(
            [
                ("王＊英", "open"),
                ("胡＊兰", "open"),
                ("李＊山", "closing"),
                ("周＊", "open"),
                ("吴＊＊", "open"),
            ]
        )
    )
    afield.tell(unknown=1, rejected=1)
    afield.open(Qt.Key.Key_F8)
    afield.window.picture("sync-states")
    words = afield.words("sync")
    for state in ("待上传", "上传中", "已上传", "被退回", "去向不明"):
        assert state in words
    assert "11-23 06:00" in words


def test_a_message_that_came_back_is_not_shown_as_on_its_way_for_ever(afield: Afield) -> None:
    afield.till.message_rows = (message("sending", 2),)
    afield.open(Qt.Key.Key_F8)
    assert "上传中" in afield.words("sync")
    afield.till.message_rows = (message("waiting", 2, attempts=1, trouble="本机还没有登记，没有办理。"),)
    afield.tell()
    afield.window.settle()
    assert "上传中" not in afield.words("sync")
    assert "本机还没有登记" in afield.words("sync")


def test_tasks_show_both_computations_side_by_side(afield: Afield) -> None:
    afield.till.task_rows = (
        task("give_back", 450, 1),
        task(
            "correction", -210, 2, who="胡＊兰", text="断网时按 11 月 19 日的余额算，限额已在别处用掉一部分。"
        ),
        task("gap", 510, 3, who="李＊山", text="这笔在额度收回之后才到，医保中心按剩下的限额支付。"),
        task("give_back", 120, 4, done_at=NOW - timedelta(days=1)),
    )
    afield.tell(tasks=3)
    afield.open(Qt.Key.Key_F6)
    afield.window.picture("tasks")
    words = afield.words("tasks")
    assert "退给患者 4.50 元" in words
    assert "要向患者补收 2.10 元" in words
    afield.open(Qt.Key.Key_F12)
    afield.window.picture("tasks-confirm")


def test_days_say_what_blocks_them_and_where_sums_differ(afield: Afield) -> None:
    afield.till.day_rows = (
        a_day(
            0,
            "gap",
            printed=11,
            sent=10,
            accepted=8,
            reason="1 笔没有小票，请在「销售」补打；2 笔待上传，2 笔没有应答。",
        ),
        a_day(0, "open", insurance="employee", stored=3, printed=3, sent=3, accepted=3, ours=9_120),
        a_day(1, "differs", theirs=17_920, differences=(DIFFERENCE,)),
        a_day(2, "closed"),
        a_day(3, "closed"),
    )
    afield.open(Qt.Key.Key_F7)
    afield.window.picture("days")
    assert "1 笔没有小票" in afield.words("days")
    afield.window.key(Qt.Key.Key_Down, times=2)
    afield.window.picture("days-differ")
    assert "差额由本店承担" in afield.words("days")


def test_a_trip_is_made_ready_from_a_pasted_list(afield: Afield) -> None:
    afield.open(Qt.Key.Key_F8)
    afield.window.key(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    view = afield.window.window.place("sync")
    names = ("王秀英", "胡桂兰", "李阿山", "周国", "吴小妹", "郑长根")
    ids = [f"33068119560312{number}" for number in range(990, 990 + len(names))]
    lines = [f"{name},{one}{resident_check(one)}" for name, one in zip(names, ids, strict=True)]
    lines[3] = lines[3][:-1]
    view.trip.people.setPlainText("\n".join(lines))  # type: ignore[attr-defined]
    view.people_edited.emit(view.trip.people.toPlainText())  # type: ignore[attr-defined]
    afield.window.settle()
    afield.window.picture("trip")
    assert "5 人。第 4 行" in view.trip.count.text()  # type: ignore[attr-defined]
    afield.open(Qt.Key.Key_F12)
    afield.window.picture("trip-ready")
    assert "出行准备好了" in afield.words("sync")


def test_a_stick_is_written_and_read_in_the_place_by_keys(afield: Afield) -> None:
    afield.open(Qt.Key.Key_F8)
    chooser = StickChooser()
    afield.window.program.places.chooser = chooser
    for key in (Qt.Key.Key_2, Qt.Key.Key_4, Qt.Key.Key_1):
        afield.window.key(key, Qt.KeyboardModifier.ControlModifier)
        afield.window.settle()
    assert [name for name, _ in afield.till.asked] == ["import_bundle", "back_up", "export_bundle"]
    afield.window.picture("stick")
    assert "已写入 27 条消息" in afield.words("sync")


def test_a_forked_till_is_enrolled_again_by_a_one_time_code(afield: Afield) -> None:
    afield.tell(till_trouble="医保中心发现这台机器的流水分叉，本机不再使用额度。")
    afield.open(Qt.Key.Key_F8)
    afield.window.key(Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    afield.window.keys("7QF2-M8KD")
    afield.window.picture("enrol")
    afield.open(Qt.Key.Key_F12)
    afield.window.program.look_around()
    afield.window.settle()
    assert afield.till.asked == [("enrol", "7QF2-M8KD")]
    assert "额度停用" not in afield.window.chips()
    assert not afield.window.window.counter.trouble.page


def test_escape_leaves_a_form_first_and_then_the_place(afield: Afield) -> None:
    afield.open(Qt.Key.Key_F8)
    afield.window.key(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    afield.window.key(Qt.Key.Key_Escape)
    assert afield.window.window.rail["sync"].isChecked()
    afield.window.key(Qt.Key.Key_Escape)
    assert afield.window.window.rail["counter"].isChecked()


def test_keys_beside_the_counter_change_nothing_that_is_not_seen(afield: Afield) -> None:
    afield.window.tour(SHAOXING, 6)
    before = afield.window.state().draft
    for place in (Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_F6, Qt.Key.Key_F3):
        afield.open(place)
        for key in (Qt.Key.Key_Delete, Qt.Key.Key_Plus, Qt.Key.Key_Return, Qt.Key.Key_Up):
            afield.window.key(key)
    afield.open(Qt.Key.Key_F9)
    afield.window.act()
    assert afield.window.window.rail["counter"].isChecked()
    assert afield.window.state().draft == before
    assert afield.window.state().settled is None


def test_a_row_chosen_by_key_comes_into_sight(afield: Afield) -> None:
    afield.till.day_rows = tuple(a_day(days, "closed") for days in range(30))
    afield.open(Qt.Key.Key_F7)
    card = afield.window.window.place("days").list  # type: ignore[attr-defined]
    before = card.roll.verticalScrollBar().value()
    afield.window.key(Qt.Key.Key_Down, times=25)
    assert before == 0
    assert card.roll.verticalScrollBar().value() > 0


def test_enter_presses_the_button_that_has_the_focus(afield: Afield) -> None:
    afield.till.day_rows = (a_day(1, "open"),)
    afield.open(Qt.Key.Key_F7)
    view = afield.window.window.place("days")
    view.detail_button.setFocus()  # type: ignore[attr-defined]
    afield.window.key(Qt.Key.Key_Return)
    afield.window.settle()
    assert [name for name, _ in afield.till.asked] == ["close_day"]


def test_a_sum_of_the_agency_that_differs_is_seen_in_the_list(afield: Afield) -> None:
    afield.till.sale_changes = {"agency_fund": 2890, "agency_patient": 4110}
    for person in (SHAOXING, EZHOU):
        afield.window.tour(person, 6 if person == SHAOXING else 4)
        afield.window.act()
        afield.window.act()
    afield.open(Qt.Key.Key_F4)
    afield.window.picture("sales-differ")
    words = afield.words("sales")
    assert "医保 −28.90" in words
    assert "应补 1.20" in words


def test_a_reprint_says_in_its_place_whether_paper_came_out(afield: Afield) -> None:
    afield.window.tour(SHAOXING, 6)
    afield.window.act()
    afield.till.bench.printer.silent = True
    afield.open(Qt.Key.Key_F4)
    afield.open(Qt.Key.Key_F12)
    assert "打印机没有回应" in afield.words("sales")
    afield.till.bench.printer.silent = False
    afield.open(Qt.Key.Key_F12)
    assert "小票已补打" in afield.words("sales")
    assert afield.window.window.rail["sales"].isChecked()


def test_news_from_outside_does_not_wipe_out_what_was_just_said(afield: Afield) -> None:
    afield.window.tour(SHAOXING, 6)
    afield.window.act()
    afield.window.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    afield.till.bench.courier.hear(None)
    afield.window.settle()
    assert "小票已补打" in afield.window.words()
    afield.window.act()
    assert "小票已补打" not in afield.window.words()


@pytest.mark.parametrize("key", [Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F6, Qt.Key.Key_F7, Qt.Key.Key_F8])
def test_whatever_a_finger_presses_in_a_place_is_high_enough(afield: Afield, key: Qt.Key) -> None:
    afield.open(key)
    buttons = [one for one in afield.window.window.findChildren(QAbstractButton) if one.isVisible()]
    assert buttons
    assert {one.height() for one in buttons if one.height() < TOUCH} == set()


def test_the_real_dialogs_do_not_hold_up_the_window(afield: Afield, tmp_path: Path) -> None:
    window = afield.window.window
    chosen: list[str] = []
    Chooser(window).folder("导出到哪里（选 U 盘）", chosen.append)
    Chooser(window).file("导入哪个文件（在 U 盘上）", BUNDLES, chosen.append)
    folder, file = window.findChildren(QFileDialog)
    (tmp_path / "answers.syb").write_bytes(b"")
    for dialog, path in ((folder, tmp_path), (file, tmp_path / "answers.syb")):
        assert dialog.isVisible()
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile(str(path))
        dialog.accept()
    afield.window.settle()
    assert [Path(path) for path in chosen] == [tmp_path, tmp_path / "answers.syb"]


class StickChooser:
    """A person who always chooses the same stick."""

    def folder(self, title: str, chosen: Callable[[str], None]) -> None:
        chosen("/media/stick")

    def file(self, title: str, pattern: str, chosen: Callable[[str], None]) -> None:
        chosen("/media/stick/answers.syb")
