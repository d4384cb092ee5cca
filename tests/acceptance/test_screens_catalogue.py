"""The catalogue's place by keys alone, and its states as pictures in build/screenshots, to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from counter_window import CounterWindow
from msgspec.structs import replace
from PySide6.QtCore import Qt

from app.importing.telling import Asked, Column, Done, Failed, Look, Progress
from app.storage import intake
from app.storage.catalogue import open_catalogue
from app.storage.connection import transaction
from app.storage.intake import Remark, Run
from app.usecases.till import Till
from tests.fakes.fake_counter import KEY, NOW, Bench
from tests.fakes.fake_importer import FakeImporter
from ui.tokens import DARK, LIGHT

CONTROL = Qt.KeyboardModifier.ControlModifier
REMARKS = (
    Remark(line=1_204, severity="refused", what="复方丹参片", why="没有药品代码，这一行没有导入。"),
    Remark(
        line=88_310,
        severity="refused",
        what="XC08CAA012A00101010000 苯磺酸氨氯地平片",
        why="药品代码「XC08CAA012A00101010000」有 22 位，不是 23、20 或 10 位的国家编码，这一行没有导入。",
    ),
    Remark(
        line=140_022,
        severity="doubtful",
        what="XA10BAE030A001010100002 盐酸二甲双胍片",
        why="和第 140021 行编码相同而内容不同，用了前一行。",
    ),
    Remark(
        line=201_877,
        severity="doubtful",
        what="ZA01BAL0100010100003 六味地黄丸",
        why="药品本位码 86900003000010 的校验位不对，没有采用。",
    ),
    Remark(
        line=0,
        severity="delisted",
        what="硝苯地平缓释片（Ⅱ） XC08CAX134A010010104567",
        why="新文件里没有，已标为停售；库存和旧账不动。",
    ),
    Remark(line=0, severity="note", what="2025 年版目录", why="从 2026-01-01 起执行，到那天自动用上。"),
)


def run(kind: str = "national", **changes: object) -> Run:
    fields: dict[str, object] = {
        "at": NOW - timedelta(minutes=4),
        "kind": kind,
        "name": "医保药品分类与代码数据库.xlsx",
        "digest": "d",
        "rows": 269_110,
        "added": 1_845,
        "changed": 22_310,
        "unchanged": 244_950,
        "delisted": 1,
        "doubtful": 2,
        "refused": 2,
    }
    return Run(**{**fields, **changes})  # type: ignore[arg-type]


class Chosen:
    """The person chooses at once what the test put there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, _title: str, _pattern: str, chosen: Callable[[str], None]) -> None:
        chosen(str(self.path))

    def folder(self, _title: str, chosen: Callable[[str], None]) -> None:
        chosen(str(self.path.parent))


class Place:
    """The window at the catalogue's place."""

    def __init__(self, folder: Path, palette: str) -> None:
        self.importer = FakeImporter()
        self.file = folder / "医保药品分类与代码数据库.xlsx"
        self.file.write_bytes(b"x")
        self.bench: Bench
        self.window = CounterWindow(
            folder, palette=DARK if palette == "dark" else LIGHT, opener=lambda: self._open(folder)
        )
        self.window.suffix = "" if palette == "light" else "-dark"
        self.window.program.places.chooser = Chosen(self.file)
        self.window.key(Qt.Key.Key_F10)

    def _open(self, folder: Path) -> Till:
        self.bench = Bench(folder)
        self.bench.desk.importer = self.importer
        return self.bench.till

    def tick(self) -> None:
        self.window.window.place("catalogue").ticked.emit()  # type: ignore[attr-defined]
        for _ in range(2):  # What is done asks what there is now, and then for its report.
            self.window.settle()

    def record(self, made: Run, remarks: tuple[Remark, ...] = ()) -> None:
        with closing(open_catalogue(self.file.with_name("catalogue.db"), KEY)) as drugs, transaction(drugs):
            intake.note_run(drugs, made, remarks)

    def words(self) -> str:
        view = self.window.window.place("catalogue")
        sheets = [view.list.sheet, view.detail.sheet, view.under]  # type: ignore[attr-defined]
        button = view.detail_button.text()  # type: ignore[attr-defined]
        return "\n".join([*(word for sheet in sheets for word in sheet.words()), button])


@pytest.fixture(name="place", params=["light", "dark"])
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, request.param)
    yield place
    place.window.close()


def choose_file(place: Place, *, look: str = "national") -> None:
    """Press F12, let the file be looked at, and its import begin."""
    place.window.key(Qt.Key.Key_F12)
    place.importer.say(Look(kind=look, title="国家医保药品数据库"), over=True)
    place.tick()


def test_who_has_imported_nothing_is_told_what_may_be_imported(place: Place) -> None:
    place.window.picture("catalogue-empty")
    assert "把目录导进来" in place.words()
    assert "没有导入过" in place.words()
    assert "导入文件  F12" in place.words()


def test_an_import_shows_rows_and_time_and_stops_at_the_second_press(place: Place) -> None:
    choose_file(place)
    place.importer.say(Progress(phase="reading", done=126_976, of=269_111))
    place.bench.clock.at += timedelta(seconds=7)  # type: ignore[attr-defined]
    place.tick()
    place.window.picture("catalogue-running")
    assert "126,976 / 269,111 行 · 7 秒" in place.words()
    assert place.importer.asked == [("look", str(place.file)), ("import", str(place.file))]

    place.window.key(Qt.Key.Key_F12)
    assert "再按一次，确认停下" in place.words()
    place.window.key(Qt.Key.Key_F12)
    assert place.importer.jobs[-1].stopped
    assert "导入已停下，目录和导入前一样。" in place.words()


def test_while_it_runs_the_counter_sells(place: Place) -> None:
    choose_file(place)
    place.importer.say(Progress(phase="reading", done=4_096, of=269_111))
    place.tick()

    place.window.key(Qt.Key.Key_Escape)
    drug = next(each for each in place.bench.demonstration.drugs if not each.prescription_only)
    place.window.scan(drug.barcode or drug.code)

    assert drug.generic_name in place.window.words()


def test_what_is_done_lists_each_row_that_a_person_should_look_at(place: Place) -> None:
    place.record(run("list", name="目录2025.csv", rows=3_890, added=3_890, changed=0, doubtful=12, refused=0))
    choose_file(place)
    place.record(run(), REMARKS)
    place.importer.say(Done(run=run(), title="国家医保药品数据库", again=False), over=True)
    place.tick()
    place.window.picture("catalogue-done")
    words = place.words()
    assert "国家医保药品数据库已导入。" in words
    assert "没有药品代码，这一行没有导入。" in words
    assert "88,310" in words

    place.window.key(Qt.Key.Key_2, CONTROL)
    assert "清单已写好。" in place.words()


def test_the_same_file_again_says_that_nothing_changed(place: Place) -> None:
    place.record(run(added=0, changed=0, delisted=0, doubtful=0, refused=0))
    choose_file(place)
    place.importer.say(Done(run=run(), title="国家医保药品数据库", again=True), over=True)
    place.tick()

    assert "目录和它完全一样" in place.words()


def test_a_question_is_answered_by_keys_and_waits_while_a_customer_is_served(place: Place) -> None:
    choose_file(place)
    question = "导入后在售或在医保目录内的药品 267,265 种里会少掉 251,903 种：文件「摘录.xlsx」里没有它们。"
    choices = (("part", "这份只是一部分，只更新里面有的，"), ("yes", "这份是完整的，照它下架，"))
    place.importer.say(Asked(question=question, choices=choices), over=True)
    place.tick()
    place.window.picture("catalogue-question")
    assert question in place.words()

    place.window.key(Qt.Key.Key_Escape)
    place.window.key(Qt.Key.Key_F10)
    assert question in place.words()
    place.window.key(Qt.Key.Key_Down)
    place.window.key(Qt.Key.Key_F12)

    assert place.importer.asked[-1] == ("import", str(place.file), "--yes")


LOOK = Look(
    kind="shop",
    title="本店商品表",
    columns=(
        Column(heading="货号", samples=("A0012", "A0013", "A0020"), field="shop_code"),
        Column(heading="品名", samples=("苯磺酸氨氯地平片", "盐酸二甲双胍片", "六味地黄丸"), field="name"),
        Column(
            heading="医保编码", samples=("XC08CAA012A001010100001", "XA10BAE030A001010100002"), field="code"
        ),
        Column(heading="规格型号", samples=("5mg×28片", "0.25g×48片", "9g×10丸"), field="spec"),
        Column(heading="产家", samples=("甲制药有限公司", "乙制药股份有限公司"), field="maker"),
        Column(heading="会员折后", samples=("12.60元", "8.9", "000026.00")),
        Column(heading="国际码", samples=("6922887440332", "6933303892017"), field="barcode"),
        Column(heading="备注二", samples=()),
    ),
)


def test_a_shop_s_columns_are_named_by_keys_and_by_the_mouse(place: Place) -> None:
    place.window.key(Qt.Key.Key_F12)
    place.importer.say(LOOK, over=True)
    place.tick()
    place.window.key(Qt.Key.Key_Down, times=5)
    view = place.window.window.place("catalogue")
    place.window.press(view.under, "field:price")  # type: ignore[attr-defined]
    place.window.picture("catalogue-mapping")
    assert "「会员折后」是" in place.words()

    place.window.key(Qt.Key.Key_Up)
    place.window.key(Qt.Key.Key_2, CONTROL)
    place.window.key(Qt.Key.Key_F12)

    told = place.importer.asked[-1]
    assert told[:4] == ("import", str(place.file), "--kind", "shop")
    assert told[5] == "shop_code=1,name=2,code=3,spec=4,price=6,barcode=7"


def test_the_columns_of_the_shop_s_table_may_be_named_anew(place: Place) -> None:
    place.record(run("shop", name="商品.xlsx", rows=8, added=8, changed=0, doubtful=0, refused=0))
    place.window.key(Qt.Key.Key_Escape)
    place.window.key(Qt.Key.Key_F10)
    view = place.window.window.place("catalogue")
    place.window.press(view.list.sheet, "shop")  # type: ignore[attr-defined]
    place.window.picture("catalogue-shop")
    place.window.key(Qt.Key.Key_3, CONTROL)
    assert place.importer.asked[-1] == ("look", str(place.file), "--kind", "shop")

    place.importer.say(replace(LOOK, known=True), over=True)
    place.tick()

    assert "对照一次就记住" in place.words()


def test_a_file_that_is_not_known_may_be_tried_as_another_kind(place: Place) -> None:
    place.window.key(Qt.Key.Key_F12)
    what = "认不出文件「表.xlsx」是哪一种目录：它的列名和哪一种都对不上。目录没有改动。"
    place.importer.say(Failed(what=what, advice="请核对表头，或在下面选一种。"), over=True)
    place.tick()
    place.window.picture("catalogue-unknown")
    view = place.window.window.place("catalogue")
    place.window.press(view.detail.sheet, "kind:shop")  # type: ignore[attr-defined]

    assert place.importer.asked[-1] == ("look", str(place.file), "--kind", "shop")


def test_the_agency_s_catalogue_is_asked_for_by_a_key(place: Place) -> None:
    place.window.key(Qt.Key.Key_1, CONTROL)
    place.importer.say(Progress(phase="fetch 1312", done=12_500, of=170_000))
    place.tick()
    place.window.picture("catalogue-fetching")

    assert place.importer.asked == [("fetch",)]
    assert "正在取医保目录（1312）" in place.words()
