"""The window writes figures, days and ages of data in one form each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import CashTooLittle
from app.usecases.state import WorldState
from ui.problems import crash_words, notice_of, report_text
from ui.words import duration, less, yuan
from ui.world_page import world_chips

NOW = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)


def _world(**changes: object) -> WorldState:
    values: dict[str, object] = {
        "online": True,
        "offline_since": None,
        "waiting": 0,
        "rejected": 0,
        "journal_length": 1204,
        "journal_sound": True,
        "policy": None,
        "now": NOW,
    }
    return WorldState(**{**values, **changes})  # type: ignore[arg-type]


def test_money_has_two_decimals_and_one_minus_sign() -> None:
    assert (yuan(10148), less(1522), less(0)) == ("101.48", "−15.22", "0.00")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "不到 1 分钟"),
        (timedelta(minutes=40), "40 分钟"),
        (timedelta(hours=5, minutes=2), "5 小时 2 分"),
        (timedelta(days=3, hours=4, minutes=9), "3 天 4 小时"),
        (timedelta(seconds=-5), "不到 1 分钟"),
    ],
)
def test_how_long_is_said_in_two_units(length: timedelta, words: str) -> None:
    assert duration(length) == words


def test_the_bar_says_how_long_the_counter_has_been_offline_and_what_waits() -> None:
    world = _world(online=False, offline_since=NOW - timedelta(days=3, hours=4), waiting=27, rejected=1)

    assert [chip.text for chip in world_chips(world)] == ["离线 3 天 4 小时", "待上传 27", "✕ 被退回 1"]


def test_a_problem_that_a_person_can_mend_is_a_notice() -> None:
    trouble = CashTooLittle(tendered="10.00", patient="12.00", short="2.00")

    notice = notice_of(trouble)

    assert notice is not None
    assert notice.what == trouble.what


def test_a_bug_is_not_dressed_up_as_advice() -> None:
    assert notice_of(ZeroDivisionError()) is None


def test_a_crash_report_names_no_person() -> None:
    try:
        raise ValueError("王秀英 330681195603129981")
    except ValueError as trouble:
        report = report_text(trouble)

    assert "ValueError" in report
    assert "test_ui_words.py" in report
    assert "王秀英" not in report


def test_the_crash_dialog_says_what_is_recorded_and_what_to_do() -> None:
    _, text = crash_words(None)

    assert "入账" in text
    assert "重新打开" in text
