"""The bench's till with all that a counter does afield as a test puts it: tasks, leases, days, sticks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from app.errors import UserError
from app.usecases.state import (
    BundleReport,
    CounterState,
    DayRow,
    Difference,
    LeaseRow,
    LeaseShown,
    MessageRow,
    SaleRow,
    TaskRow,
    TripReport,
    WorldState,
)
from app.usecases.till import Till
from tests.fakes.fake_counter import NOW, Bench


class StickFull(UserError):
    what = "U 盘写不下了，没有导出。"
    advice = "请清理出空间，或换一个 U 盘后再导出。"


class FakeAfield(Till):
    """A whole counter; what it does afield is what the test said, and what was asked is kept."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        super().__init__(self.bench.desk)
        self.about: dict[str, object] = {}
        self.shown: dict[str, object] = {}
        self.asked: list[tuple[str, object]] = []
        self.lease_rows: tuple[LeaseRow, ...] = ()
        self.message_rows: tuple[MessageRow, ...] | None = None
        self.task_rows: tuple[TaskRow, ...] = ()
        self.day_rows: tuple[DayRow, ...] = ()
        self.sale_changes: dict[str, object] = {}
        self.stick_full = False

    def close(self) -> None:
        self.bench.close()

    def world(self) -> WorldState:
        return replace(super().world(), **self.about)  # type: ignore[arg-type]

    def sales(self, day: date | None) -> tuple[SaleRow, ...]:
        first, *others = super().sales(day) or [None]
        return (replace(first, **self.sale_changes), *others) if first else ()  # type: ignore[arg-type]

    def messages(self) -> tuple[MessageRow, ...]:
        return super().messages() if self.message_rows is None else self.message_rows

    def _done(self) -> CounterState:
        state = super()._done()
        return replace(state, **self.shown) if state.answer else state  # type: ignore[arg-type]

    def enrol(self, code: str) -> WorldState:
        self.asked.append(("enrol", code))
        self.about |= {"epoch": 2, "till_trouble": ""}
        return self.world()

    def leases(self) -> tuple[LeaseRow, ...]:
        return self.lease_rows

    def tasks(self) -> tuple[TaskRow, ...]:
        return self.task_rows

    def finish_task(self, id: str) -> tuple[TaskRow, ...]:
        self.asked.append(("finish_task", id))
        self.task_rows = tuple(replace(row, done_at=NOW) if row.id == id else row for row in self.task_rows)
        return self.task_rows

    def prepare_trip(self, people: tuple[str, ...], until: date) -> TripReport:
        self.asked.append(("prepare_trip", (people, until)))
        end = datetime(until.year, until.month, until.day, 15, 59, tzinfo=UTC)
        refused = tuple((f"第 {number} 人", "今年的限额已用完。") for number in range(len(people) - 1))
        return TripReport(people=len(people), leases=1, drugs=4_812, until=end, refused=refused)

    def prepare_next(self, people: tuple[str, ...], until: date) -> TripReport:
        return self.prepare_trip(people, until)

    def export_trip(self, folder: str, people: tuple[str, ...], until: date) -> BundleReport:
        self.asked.append(("export_trip", (folder, people, until)))
        text = "已写入 3 条消息，另有 1 项出行包的申请：up.syb。请送到医保中心，并把回执带回来导入。"
        return BundleReport(path=f"{folder}/up.syb", text=text, messages=3)

    def export_bundle(self, folder: str) -> BundleReport:
        self.asked.append(("export_bundle", folder))
        if self.stick_full:
            raise StickFull()
        name = "shanyao-P33068100001-01-1-000004-up.syb"
        text = (
            f"已写入 27 条消息：{name}。请送到医保中心，并把回执带回来导入；在那之前这些消息仍是「待上传」。"
        )
        return BundleReport(path=f"{folder}/{name}", text=text, messages=27)

    def import_bundle(self, path: str) -> BundleReport:
        self.asked.append(("import_bundle", path))
        if path.endswith("up.syb"):
            text = "这是柜台导出的数据包，要交给医保中心；柜台导入的是医保中心写回的那一份。没有采用。"
            return BundleReport(path=path, text=text, taken=False)
        text = (
            "数据包有损坏：共 12 块，第 3 块读不出，其余已采用。收下了 25 条回执。"
            "缺的部分不会丢：请重新复制一份导入，或下次带回。"
        )
        return BundleReport(path=path, text=text, answers=25, missing_chunks=1)

    def days(self) -> tuple[DayRow, ...]:
        return self.day_rows

    def close_day(self, day: date) -> tuple[DayRow, ...]:
        self.asked.append(("close_day", day))
        self.day_rows = tuple(
            replace(row, state="closed", theirs=row.ours) if row.day == day else row for row in self.day_rows
        )
        return self.day_rows

    def back_up(self) -> str:
        self.asked.append(("back_up", None))
        return "/media/stick/shanyao-2026-11-22.backup"


LEASE = LeaseShown(id="L-0427", left=13_486, use_until=NOW + timedelta(days=13, hours=13, minutes=59))


def message(state: str, number: int, **changes: object) -> MessageRow:
    """Return a message in ``state``."""
    row = MessageRow(
        id=f"P330681000012026112210000000{number:04}",
        infno="2102",
        title=f"结算（第 01-{number:06} 号销售）",
        at=NOW - timedelta(hours=number),
        state=state,  # type: ignore[arg-type]
        attempts=0,
        next_attempt=None,
        trouble="",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def task(kind: str, amount: int, number: int, **changes: object) -> TaskRow:
    """Return an open task with both computations."""
    row = TaskRow(
        id=f"T{number}",
        kind=kind,  # type: ignore[arg-type]
        at=NOW - timedelta(hours=number),
        who="王＊英",
        sale=f"01-{number:06}",
        amount=amount,
        text="另一家药店的一笔先发生、后到账，起付标准多收了一次。",
        before=(("合计", 6190), ("起付标准", 3000), ("统筹基金", 384), ("个人现金", 5806)),
        after=(("合计", 6190), ("起付标准", 0), ("统筹基金", 384 + amount), ("个人现金", 5806 - amount)),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def a_day(days_ago: int, state: str, **changes: object) -> DayRow:
    """Return a day of twelve sales on which both sides agree, as ``changes`` alter it."""
    row = DayRow(
        day=date(2026, 11, 22) - timedelta(days=days_ago),
        insurance="resident",
        stored=12,
        printed=12,
        sent=12,
        accepted=12,
        ours=18_430,
        theirs=None if state in ("open", "gap") else 18_430,
        state=state,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


DIFFERENCE = Difference(
    sale="01-000007",
    setl_id="S2026112100000007",
    ours=1_530,
    theirs=1_020,
    reason="限额在别处先用掉了 5.10 元，差额由本店承担。",
)
