from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import age_on, business_day, insurance_year, months_later


def test_a_month_later_is_clamped_to_the_month_s_end() -> None:
    assert months_later(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert months_later(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_later(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert months_later(date(2025, 12, 15), 2) == date(2026, 2, 15)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 24))
def test_months_later_never_leaves_the_month_meant(day: date, months: int) -> None:
    later = months_later(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_the_business_day_is_china_s() -> None:
    evening = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)

    assert business_day(evening) == date(2026, 11, 22)
    assert business_day(evening + timedelta(minutes=1)) == date(2026, 11, 23)


def test_an_instant_without_a_zone_has_no_business_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        business_day(datetime(2026, 11, 22, 12))  # noqa: DTZ001


def test_the_insurance_year_is_the_calendar_year() -> None:
    assert insurance_year(date(2026, 12, 31)) == 2026
    assert insurance_year(date(2027, 1, 1)) == 2027


def test_a_year_of_age_is_complete_on_the_birthday() -> None:
    assert age_on(date(2026, 4, 11), date(1956, 4, 12)) == 69
    assert age_on(date(2026, 4, 12), date(1956, 4, 12)) == 70
