"""How usage is read as it is written on paper: one amount, one rate, else nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.prescription import Dose
from engine.usage import parse_usage


@pytest.mark.parametrize(
    "written, amount, unit, per_day",
    [
        ("5mg 每日2次", "5", "mg", "2"),
        ("口服 每次1片，一日三次", "1", "片", "3"),
        ("每次２片　每日两次", "2", "片", "2"),
        ("0.5g tid", "0.5", "g", "3"),
        ("5mgqd", "5", "mg", "1"),
        ("半片 qn", "0.5", "片", "1"),
        ("一次一片 每天一次 饭后", "1", "片", "1"),
        ("10mg 每周一次", "10", "mg", "0.1429"),
        ("0.6g 每周2次", "0.6", "g", "0.2857"),
        ("1粒 2次/日", "1", "粒", "2"),
        ("5mg 睡前", "5", "mg", "1"),
        ("5mg 每日一次 睡前服", "5", "mg", "1"),
        ("1片 隔日", "1", "片", "0.5"),
        ("1片 每12小时一次", "1", "片", "2"),
        ("早晚各1片", "1", "片", "2"),
        ("10ml q8h", "10", "ml", "3"),
        ("12单位 每日1次 皮下注射", "12", "单位", "1"),
    ],
)
def test_one_amount_and_one_rate_are_a_dose(written: str, amount: str, unit: str, per_day: str) -> None:
    assert parse_usage(written) == Dose(amount=Decimal(amount), unit=unit, per_day=Decimal(per_day))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "遵医嘱",
        "5mg",
        "每日两次",
        "1-2片 每日3次",
        "早2片晚1片",
        "5mg 每日1次 10mg 每日2次",
        "0片 qd",
        "5mg qd bid",
        "必要时1片",
        "1/2片 每日1次",
        "二十片 每日1次",
        "1片 每日1或2次",
        "每早1片 每晚2片",
    ],
)
def test_what_can_be_read_two_ways_or_not_at_all_is_not_guessed(written: str) -> None:
    assert parse_usage(written) is None


@given(st.text(max_size=40))
def test_nothing_typed_breaks_it(written: str) -> None:
    parse_usage(written)
