"""How the window writes figures, days and codes: one form for each, in Chinese."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from app.usecases.state import Delivery
from engine.calendar import CHINA, business_day
from engine.money import Fen, format_yuan
from engine.policy.answer import Clause
from engine.sale import Certainty

INSURANCE = {"resident": "城乡居民", "employee": "职工"}
STATUS = {"active": "在职", "retired": "退休"}
CLASS = {"A": "甲类", "B": "乙类", "C": "目录外"}
SOURCE = {"external": "外配处方", "electronic": "电子处方", "internet_hospital": "互联网医院处方"}
CERTAINTY: dict[Certainty, str] = {"confirmed": "已确认", "guaranteed": "已担保", "provisional": "暂定"}
DELIVERY: dict[Delivery, str] = {
    "waiting": "待上传",
    "sending": "上传中",
    "accepted": "已上传",
    "rejected": "被退回",
    "unknown": "去向不明",
    "none": "无须上传",
}


def yuan(fen: Fen) -> str:
    """Return an amount as the window writes it: two decimals, the one minus sign, no thousands mark."""
    return format_yuan(fen).replace("-", "−")


def less(fen: Fen) -> str:
    """Return an amount that is taken off: ``1522`` is ``−15.22``, nothing is ``0.00``."""
    return yuan(-fen) if fen else yuan(0)


def day(value: date) -> str:
    """Return a day of this year's talk: 11 月 22 日."""
    return f"{value.month} 月 {value.day} 日"


def clock(instant: datetime) -> str:
    """Return the time of day in China: 14:32."""
    return f"{instant.astimezone(CHINA):%H:%M}"


def moment(instant: datetime) -> str:
    """Return day and time in China: 11-19 10:20."""
    return f"{instant.astimezone(CHINA):%m-%d %H:%M}"


def near(instant: datetime, now: datetime) -> str:
    """Return the time of day, with the day before it where that is not today: 14:05, 11-20 14:05."""
    if business_day(instant) == business_day(now):
        return clock(instant)
    return moment(instant)


def duration(length: timedelta) -> str:
    """Return how long, in the two largest units: 3 天 4 小时."""
    minutes = max(0, int(length.total_seconds()) // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{minutes} 分钟" if minutes else "不到 1 分钟"


def clause(where: Clause | None) -> str:
    """Return document and section; nothing for None."""
    return f"{where.document} {where.section}".strip() if where else ""


def joined(*parts: str) -> str:
    """Return the parts that say something, with a middle dot between."""
    return " · ".join(part for part in parts if part)


def short_id(number: str) -> str:
    """Return the end of a long message id, enough to tell it on the telephone."""
    return "尾号 " + number[-_TAIL:] if len(number) > _TAIL + 2 else number


_TAIL = 8
