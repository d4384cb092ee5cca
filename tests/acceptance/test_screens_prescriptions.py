"""The place for prescriptions as pictures in build/screenshots, to be looked at, and its words and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from counter_window import CounterWindow
from msgspec.structs import replace
from PySide6.QtCore import Qt

from app.usecases.till import Till
from engine.calendar import CHINA
from engine.prescription import Dose
from engine.prescription_use import Given, Standing
from engine.protocol.eprescription import Waiting
from tests.fakes.fake_counter import NOW, TODAY, Bench
from tests.fakes.sealed_shop import forge, keep, prescription_for, seal_all, walk
from ui.tokens import DARK, LIGHT

SHAOXING, LIMIT, WUXI, LIAOCHENG = range(4)


class Place:
    """The window over a counter whose prescriptions are signed; ``prepare`` sets the scene."""

    def __init__(self, folder: Path, palette: str) -> None:
        self.bench: Bench
        self._folder = folder
        self.window = CounterWindow(
            folder, palette=DARK if palette == "dark" else LIGHT, opener=lambda: self._open(folder)
        )
        self.window.suffix = "" if palette == "light" else "-dark"

    def _open(self, folder: Path) -> Till:
        self.bench = Bench(folder)
        seal_all(self.bench)
        return self.bench.till

    def prepare(self, scene: Callable[[Bench], None]) -> None:
        """Let the counter's own thread set a scene, and the window show what came of it."""
        background = self.window.program.background
        failed: list[BaseException] = []
        background.run(lambda: scene(self.bench), lambda _done: None, failed.append)
        self.window.settle()
        assert not failed, failed
        self.window.program.presenter.refresh()
        self.window.settle()

    def open(self) -> None:
        self.window.key(Qt.Key.Key_F3)
        self.window.settle()

    def words(self) -> str:
        view = self.window.window.place("prescriptions")
        cards = [getattr(view, name) for name in ("list", "detail")]
        return "\n".join(word for card in cards for word in card.sheet.words())

    def act(self) -> str:
        return str(self.window.window.place("prescriptions").detail_button.text())  # type: ignore[attr-defined]


@pytest.fixture(name="place", params=["light", "dark"])
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, request.param)
    yield place
    background = place.window.program.background
    background.run(place.bench.close, lambda _: None, lambda _: None)
    place.window.close()


def of_one_person(bench: Bench) -> None:
    """Everything that one person's prescriptions can come to."""
    first = prescription_for(bench, "王秀英")
    dose = Dose(amount=Decimal(1), unit="片", per_day=Decimal(1))
    dosed = tuple(replace(line, form="片剂", strength="5mg", dose=dose, usage="口服") for line in first.lines)
    days = timedelta(days=1)
    variants = {
        "1": replace(first, repeats=0, lines=dosed, long_term=True),
        "2": replace(first, repeats=2, interval_days=28, valid_until=TODAY + 90 * days),
        "3": replace(first, repeats=0, source="internet_hospital", issuer="演示互联网医院"),
        "4": replace(first, repeats=0, issued=TODAY - 6 * days, valid_until=TODAY - 4 * days),
        "5": replace(first, repeats=0),
        "6": replace(first, repeats=0, issuer="演示中医院（诸暨）"),
    }
    for end, made in variants.items():
        keep(bench, replace(made, number=f"{first.number[:-1]}{end}"))
    keep(bench, standing=_given(first.number[:-1] + "2", bench, whole=True))
    keep(bench, standing=_given(first.number[:-1] + "3", bench, whole=False))
    keep(bench, standing=Standing(number=first.number[:-1] + "5", issued=TODAY, state="withdrawn"))
    forge(bench, first.number[:-1] + "6")
    walk(bench, SHAOXING, 1)
    bench.desk.offered = (
        Waiting(
            auth_rxno="A" * 30,
            issuer="演示市第二医院（诸暨）",
            issuer_code="H33068100002",
            issued_at=NOW,
            valid_end=NOW.astimezone(CHINA).replace(hour=23, minute=59) + 2 * days,
            diagnosis="2型糖尿病",
            department="内分泌科",
            number="330681Y00000000000000000021",
        ),
    )


def _given(number: str, bench: Bench, *, whole: bool) -> Standing:
    lines = prescription_for(bench, "王秀英").lines
    return Standing(
        number=number,
        issued=TODAY,
        state="valid",
        given=tuple(
            Given(
                provider="P33068100009",
                sale="02-000117",
                at=NOW - timedelta(hours=3),
                drug=line.drug or "",
                quantity=line.quantity if whole else 1,
            )
            for line in (lines if whole else lines[:1])
        ),
    )


def test_every_state_of_a_prescription_is_told_apart(place: Place) -> None:
    place.prepare(of_one_person)
    place.open()
    place.window.picture("prescriptions")
    words = place.words()
    for state in ("平台待取", "可以配药", "配了一部分", "未到下一次", "已过期", "已撤销", "签章不符"):
        assert state in words
    assert place.act() == "从平台取来  F12"


def test_one_that_is_good_shows_its_drugs_and_what_is_left_and_goes_to_the_counter(place: Place) -> None:
    place.prepare(of_one_person)
    place.open()
    while "放到柜台" not in place.act():
        place.window.key(Qt.Key.Key_Down)
    place.window.picture("prescription-known")
    words = place.words()
    assert "还可配" in words
    assert "平台签章核对无误" in words
    place.window.key(Qt.Key.Key_F12)
    assert place.window.window.rail["counter"].isChecked()
    assert place.window.state().draft.prescription is not None


def too_long(bench: Bench) -> None:
    keep(bench, replace(prescription_for(bench, "李建国"), supply_days=90))
    walk(bench, LIAOCHENG)


def test_a_refusal_is_asked_for_twice_reported_and_printed(place: Place) -> None:
    place.prepare(too_long)
    place.window.picture("prescription-to-report")
    assert "反馈给开方的定点医疗机构和医疗保障部门" in place.window.words()
    place.open()
    assert place.act() == "拒绝并上报  F12"
    place.window.key(Qt.Key.Key_F12)
    assert place.act() == "再按一次，确认拒绝并上报"
    place.window.picture("prescription-report-confirm")
    place.window.key(Qt.Key.Key_Escape)
    assert place.act() == "拒绝并上报  F12"
    place.window.key(Qt.Key.Key_F12, times=2)
    place.window.settle()
    place.window.picture("prescription-reported")
    assert "已拒绝并上报" in place.words()
    assert "第二十二条" in place.words()
    assert place.act() == "打印反馈单  F12"
    place.window.key(Qt.Key.Key_F12)
    place.window.settle()
    assert "反馈单已打印" in place.words()
    assert len(place.bench.slips.reports) == 1


def test_without_any_prescription_it_says_how_one_comes(place: Place) -> None:
    def nothing(bench: Bench) -> None:
        bench.db.execute("DELETE FROM prescription")

    place.prepare(nothing)
    place.open()
    place.window.picture("prescriptions-empty")
    assert "扫处方二维码" in place.words()


def test_the_tour_says_on_the_counter_that_the_seal_holds(place: Place) -> None:
    place.prepare(lambda bench: walk(bench, SHAOXING))
    place.window.picture("prescription-authentic")
    assert "平台签章核对无误" in place.window.words()
