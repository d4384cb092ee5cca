"""What the sync place, the bar and the foot say of messages, leases, trips and the world."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from app.usecases.state import LeaseRow, TripReport, WorldState
from tests.fakes.fake_afield import message
from tests.fakes.fake_counter import NOW
from ui.items import words_of
from ui.places.sync_page import messages_page, side_page, trip_page
from ui.words import near
from ui.world_page import foot, trouble_page, world_chips


def test_a_lease_of_before_a_restore_says_that_it_is_used_no_longer() -> None:
    row = LeaseRow(id="L1", who="王＊英", reserved=900, used=0, use_until=NOW, state="past")

    assert "恢复前的，停用" in words_of(side_page((), (row,)))


def test_who_was_refused_is_named_with_the_reason() -> None:
    report = TripReport(people=2, leases=1, drugs=5, until=NOW, refused=(("王＊英", "今年的限额已用完。"),))

    assert "王＊英：今年的限额已用完。" in words_of(trip_page(report))


def test_what_waits_until_tomorrow_is_told_with_its_day() -> None:
    rows = (message("waiting", 1, next_attempt=NOW + timedelta(days=1)),)

    assert "11-23 10:00" in words_of(messages_page(rows, _world()))
    assert near(NOW, NOW) == "10:00"
    late = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    assert near(late, NOW) == "11-23 15:30"


def test_those_that_ask_for_a_person_stand_first() -> None:
    rows = tuple(message(state, n) for n, state in enumerate(("accepted", "waiting", "unknown", "rejected")))

    words = words_of(messages_page(rows, _world()))

    states = [word for word in words if word in ("已上传", "待上传", "去向不明", "被退回")]
    assert states == ["被退回", "去向不明", "待上传", "已上传"]


def test_the_bar_names_only_what_asks_for_a_person() -> None:
    world = _world(unknown=1, tasks=2, till_trouble="本机不再使用额度。")

    assert [chip.text for chip in world_chips(world)] == [
        "在线",
        "待上传 0",
        "! 去向不明 1",
        "! 待办 2",
        "✕ 额度停用",
    ]
    assert len(world_chips(_world())) == 2


def test_the_foot_says_when_it_was_last_backed_up_and_how_many_leases_are_held() -> None:
    assert "额度 12 份 · 上次备份 11-20 10:00" in foot(
        _world(leases=12, backed_up_at=NOW - timedelta(days=2))
    )
    assert "还没有备份" in foot(_world())


def test_a_till_in_trouble_is_told_only_once_what_to_do() -> None:
    told = "这台收银机的流水出现分叉，额度已停用。请联系医保中心核对，并用新的登记码重新登记。"

    words = words_of(trouble_page(_world(till_trouble=told)))

    assert words[0] == "这台收银机的流水出现分叉，额度已停用。"
    assert "".join(words).count("登记码") == 1


def test_a_till_in_trouble_is_told_what_to_do_and_a_sound_one_nothing() -> None:
    words = words_of(trouble_page(_world(till_trouble="本机不再使用额度。")))

    assert words[0] == "本机不再使用额度。"
    assert "一次性登记码" in words[1]
    assert trouble_page(_world()) == ()


def _world(**changes: Any) -> WorldState:
    values: dict[str, Any] = {
        "online": True,
        "offline_since": None,
        "waiting": 0,
        "rejected": 0,
        "journal_length": 1204,
        "journal_sound": True,
        "policy": None,
        "now": NOW,
    }
    return WorldState(**{**values, **changes})
