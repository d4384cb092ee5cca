"""Days of the law: months later, the insurance year, and the business day of an instant."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time: one offset everywhere and no summer time since 1991."""


def months_later(day: date, months: int) -> date:
    """Return the same day ``months`` on, clamped to that month's end; raise ValueError past year 9999."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def business_day(instant: datetime) -> date:
    """Return the day in China of an aware ``instant``; raise ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant must know its time zone")
    return instant.astimezone(CHINA).date()


def insurance_year(day: date) -> int:
    """Return the insurance year of ``day``: the calendar year in all packs known so far."""
    return day.year


def age_on(day: date, birth: date) -> int:
    """Return full years lived on ``day``."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
