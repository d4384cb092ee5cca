"""The main states of the window as pictures in build/screenshots, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from counter_window import CounterWindow
from msgspec.structs import replace
from PySide6.QtCore import Qt
from real_counter import RealCounter

from app.usecases.ports import ClaimAnswer
from engine.prescription import Finding
from tests.fakes.agency_line import answering, http
from tests.fakes.fake_counter import only_shops, stocked
from ui.tokens import DARK, LIGHT, Palette

SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)


@pytest.fixture(name="window", params=["light", "dark"])
def _window(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path, palette=DARK if request.param == "dark" else LIGHT)
    window.suffix = "" if request.param == "light" else "-dark"
    yield window
    window.close()


def test_an_empty_counter_offers_the_tour(window: CounterWindow) -> None:
    window.picture("empty")
    assert "先做一单试试" in window.words()


def test_a_card_of_the_tour_waits_for_what_the_agency_still_sends(tmp_path: Path) -> None:
    window = CounterWindow(tmp_path, online=None, stock=only_shops)
    window.press(window.window.counter.basket.sheet, "0")
    assert "演示数据正在送来，请稍候。" in window.words()
    window.picture("tour-waits")
    bench = window.answer()

    window.program.background.run(
        lambda: stocked(bench.db, bench.catalogue), bench.courier.hear, lambda _: None
    )
    window.until(lambda: "王＊英" in window.words(), "the person of the card")

    assert "演示数据正在送来" not in window.words()
    window.close()


def test_a_person_is_shown_masked_with_filings_and_the_age_of_balances(window: CounterWindow) -> None:
    window.answer().clock.at += timedelta(days=3, hours=4)
    window.answer().courier.offline_since = window.answer().clock.at - timedelta(days=3, hours=4)
    window.program.look_around()
    window.tour(SHAOXING, 1)
    window.picture("person")
    assert "王＊英" in window.words()
    assert "3 天前的数" in window.words()


def test_a_basket_says_which_box_still_lacks_its_trace_code(window: CounterWindow) -> None:
    window.tour(SHAOXING, 3)
    window.picture("lacking-trace-code")
    assert "0 / 1" in window.words()


def test_a_share_is_provisional_until_the_agency_says_so(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.picture("provisional")
    assert "暂定" in window.words()
    assert not window.scrolls(window.window.counter.why)
    assert window.window.foot.state.endswith("政策 shaoxing-2023")


def test_a_share_that_the_agency_computed_alike_says_so(window: CounterWindow) -> None:
    window.answer().courier.online = True
    window.program.look_around()
    window.tour(SHAOXING, 6)
    context = window.answer().courier.presettled[-1]
    answer = context.answer
    window.answer().courier.hear(
        ClaimAnswer(claim=context.claim, fund=answer.fund, assistance=0, patient=answer.patient)
    )
    window.settle()
    window.picture("agreed")
    assert "预结算一致" in window.words()


def test_the_prescription_card_shows_every_severity(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    state = window.program.presenter.state
    assert state is not None
    found = (
        Finding("refused", "prescription_x", "维生素 C 片不在处方上，请撤下这一行，或请医师补开。"),
        Finding("attention", "early", "上次同药 11 月 2 日购 28 天量，还剩 8 天。请询问患者。"),
        *state.findings,
    )
    window.program.presenter.show_state(replace(state, findings=found))
    window.picture("severities")
    assert "请询问患者" in window.words()


def test_a_person_refused_whole_is_told_where_to_go(window: CounterWindow) -> None:
    window.tour(WUXI, 3)
    window.picture("refused-whole")
    assert "这一单医保不付" in window.words()
    assert "约定机构 演示社区卫生服务中心（锡山）" in window.words()
    assert not window.scrolls(window.window.counter.why)
    assert window.window.foot.state.endswith("政策 wuxi-2019")
    assert window.window.counter.act.text() == "按自费结算"


def test_a_limit_that_is_reached_shows_what_it_took_away(window: CounterWindow) -> None:
    window.tour(LIMIT, 3)
    window.picture("limit-reached")
    assert "超出限额" in window.words()


def test_medical_fund_of_an_employee_shows_the_deductible(window: CounterWindow) -> None:
    window.tour(LIAOCHENG, 4)
    window.picture("liaocheng")
    assert "起付标准" in window.words()


def test_a_retired_employee_in_ezhou_sees_the_pooled_share(window: CounterWindow) -> None:
    window.tour(EZHOU, 4)
    window.picture("ezhou")
    assert "基金 68%" in window.words()
    assert "冠心病" not in window.words()  # The benefit asks for no disease: naming one would be a claim.


def test_a_price_above_the_agreed_one_is_refused_and_put_right_where_it_is_seen(
    window: CounterWindow,
) -> None:
    window.tour(EZHOU, 1)
    brand = next(drug for drug in window.answer().demonstration.drugs if drug.trade_name == "演之必")
    window.scan(brand.barcode or "")
    window.picture("price-refused")
    assert "高于协议价" in window.words()
    assert "按 Ctrl 3" in window.words()

    window.key(Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    window.type("18")
    window.picture("price-typed")
    assert window.window.entry.text() == "售价 18"
    window.key(Qt.Key.Key_Return)
    window.picture("price-set")

    assert "从 19.80 元改为 18.00 元" in window.words()
    assert "高于协议价" not in window.words()


def test_a_region_without_a_policy_pays_everything(window: CounterWindow) -> None:
    window.tour(HANGZHOU, 3)
    window.picture("no-policy")
    assert "自费" in window.words()


def test_a_printer_that_is_silent_does_not_lose_the_sale(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.answer().printer.silent = True
    window.act()
    window.picture("printing-failed")
    assert "已入账" in window.words()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_an_agency_that_answers_nonsense_holds_up_no_sale(palette: Palette, tmp_path: Path) -> None:
    with answering(http(b"<html><body>nginx</body></html>", kind="text/html")) as url:
        real = RealCounter(tmp_path, agency_url=url)
        stops = real.fill_shelves().tour
        window = CounterWindow(tmp_path, palette=palette, opener=real.open)
        window.suffix = "" if palette is LIGHT else "-dark"
        window.until(lambda: "离线" in window.chips(), "the chip that says offline")
        for stop in stops[6:9]:
            window.scan(stop.code)
        window.act()
        window.until(lambda: window.state().settled, "the settlement")
        assert "联网后自动上传。" in window.words()
        window.picture("agency-nonsense")
        window.key(Qt.Key.Key_F8)
        sync = window.window.place("sync")
        window.until(lambda: "不是规范的报文" in "".join(sync.list.sheet.words()), "the trouble")  # type: ignore[attr-defined]
        window.picture("agency-nonsense-sync")
        window.close()


def test_typing_pinyin_shows_hits_under_the_field(window: CounterWindow) -> None:
    window.type("a")
    window.picture("search")
    assert window.window.hits.isVisible()


def test_cash_and_change_are_seen_before_and_after_the_sale(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Return)
    window.keys("100")
    window.key(Qt.Key.Key_Return)
    window.picture("cash")
    window.act()
    window.picture("settled")
    assert window.window.counter.act.text() == "下一位"


def test_a_diagnosis_is_picked_as_it_is_typed_and_another_after_it(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    form = window.program.form.form
    assert form is not None
    form.diagnosis.setFocus()
    window.keys("gxy")
    window.until(form.diagnoses.is_open, "the diagnoses")
    window.picture("paper-diagnosis")
    window.key(Qt.Key.Key_Down)
    window.key(Qt.Key.Key_Return)
    assert form.diagnosis.text() == "高血压1级；"
    assert not form.diagnoses.is_open()
    window.keys("高血压1级；2xtnb")
    window.until(form.diagnoses.is_open, "the diagnoses")
    window.key(Qt.Key.Key_Escape)
    assert form.diagnosis.text() == "高血压1级；2xtnb"
    assert window.program.form.form is form  # Esc closed the hits and left the form.
    assert [each.code for each in form.form().diagnoses] == ["I10.x03"]


def test_a_paper_prescription_is_entered_in_its_card(window: CounterWindow) -> None:
    window.tour(EZHOU, 1)
    window.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    window.keys("2026112201")
    form = window.program.form.form
    assert form is not None
    form.edited.emit(form.form())
    window.settle()
    window.picture("paper-prescription")
    assert window.window.counter.prescription.isVisible()


def test_the_places_beside_the_counter(window: CounterWindow) -> None:
    for group in (SHAOXING, EZHOU):
        window.tour(group, 6 if group == SHAOXING else 4)
        window.act()
    for name, key in (
        ("sales", Qt.Key.Key_F4),
        ("sync", Qt.Key.Key_F8),
        ("policy", Qt.Key.Key_F9),
        ("help", Qt.Key.Key_F1),
    ):
        window.key(key)
        window.settle()
        window.picture(name)
        assert window.window.rail[name].isChecked()
