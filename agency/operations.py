"""The operations page: what those who run the agency look at; nothing in it names an insured person."""

from __future__ import annotations

import hmac
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from agency.clock import Clock
from agency.errors import NotNow
from agency.operations_page import Cell, Table, page
from agency.storage import findings, overview, stock_records, tills
from agency.storage.connection import Connection, Database
from agency.storage.findings import Finding
from agency.storage.overview import Adjusted, Reserved, Totals
from agency.storage.tills import Till
from engine.calendar import CHINA
from engine.money import Fen, format_yuan
from engine.sale import Store

_FORBIDDEN, _UNAVAILABLE = 403, 503
_TILLS, _ROWS = 200, 50
_STATES = {
    tills.ACTIVE: Cell("✓ 正常", "mount"),
    tills.CLOSED: Cell("已换期", "sub"),
    tills.FORKED: Cell("✕ 分叉，停发额度", "red"),
}
_RECORDS = {
    "3501": "盘存",
    "3502": "库存变更",
    "3503": "采购",
    "3504": "采购退货",
    "3505": "销售",
    "3505A": "销售",
    "3506": "销售退货",
}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LATE = _DAY
_PASSED_ON = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


class Operations:
    """Answers ``GET /operations``: with a token to who has it, without one to this computer alone."""

    def __init__(self, *, database: Database, clock: Clock, token: str | None = None) -> None:
        self._database = database
        self._clock = clock
        self._token = token

    async def answer(self, request: Request) -> Response:
        """Return the page, or a sentence that says who may see it."""
        if not self._may_see(request):
            return HTMLResponse(page("不能查看", [_refusal(self._token)], []), _FORBIDDEN, _HEADERS)
        try:
            return HTMLResponse(await run_in_threadpool(self.html), headers=_HEADERS)
        except NotNow as error:
            return HTMLResponse(page("现在看不了", [error.text], []), _UNAVAILABLE, _HEADERS)

    def html(self) -> str:
        """Return the page as it is now; raise NotNow."""
        now = self._clock.now()
        with self._database.connection() as db:
            return _page(db, now)

    def _may_see(self, request: Request) -> bool:
        if self._token is None:
            # Behind another server everybody comes from this computer; not every one says that it is there.
            passed_on = any(each in request.headers for each in _PASSED_ON)
            return not passed_on and request.client is not None and _is_here(request.client.host)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = (bearer, request.query_params.get("token", ""))
        # An empty one, of a variable that was never set, is nobody's.
        held = self._token.encode()
        return any(hmac.compare_digest(each.encode(), held) for each in given) and bool(held)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(token: str | None) -> str:
    if token is None:
        return "没有设口令时只能在本机查看。请用 --operations-token 设一个口令后重新启动经办端。"
    return "请带上口令：地址后加 ?token=…，或用请求头 Authorization: Bearer …。"


def _page(db: Connection, now: datetime) -> str:
    shops = overview.stores(db)
    reserved = overview.reserved(db)
    return page(
        f"经办端运行情况 · {_time(now)}",
        _summary(overview.totals(db), reserved, len(shops), stock_records.counts(db)),
        [
            _tills(overview.tills_to_look_at(db, _TILLS), shops, now),
            _exposure_by_region(reserved, shops),
            _exposure_by_shop(reserved, shops),
            _findings(findings.recent(db, _ROWS), shops),
            _adjustments(overview.adjustments(db, _ROWS), shops),
        ],
    )


def _summary(totals: Totals, reserved: Sequence[Reserved], shops: int, records: dict[str, int]) -> list[str]:
    leases, exposure = sum(each.leases for each in reserved), sum(each.outstanding for each in reserved)
    return [
        f"机构 {shops} 家，收银机 {totals.tills} 期：正常 {totals.active}，分叉 {totals.forked}。",
        f"各机发件箱待发 {totals.waiting} 条。",
        f"未结清额度 {leases} 份，敞口 {format_yuan(exposure)} 元。",
        f"发现 {totals.findings} 条；清算调整 {totals.adjustments} 笔，"
        f"退还 {format_yuan(totals.given_back)} 元，基金承担 {format_yuan(totals.borne)} 元。",
        f"进销存记录 {sum(records.values())} 条" + (f"：{_by_kind(records)}。" if records else "。"),
    ]


def _by_kind(records: dict[str, int]) -> str:
    """Return how many records of each kind count; a batch is of sales."""
    named: dict[str, int] = defaultdict(int)
    for infno, count in records.items():
        named[_RECORDS.get(infno, infno)] += count
    return "，".join(f"{name} {count}" for name, count in named.items())


def _tills(held: Iterable[Till], shops: dict[str, Store], now: datetime) -> Table:
    heads = ("机构", "收银机", "期", "状态", "最近来信", "待发", "最早一条")
    return Table(f"收银机（最多列 {_TILLS} 台）", heads, [_till(each, shops, now) for each in held], {2, 5})


def _till(till: Till, shops: dict[str, Store], now: datetime) -> list[Cell]:
    oldest = _told(till.oldest)
    late = oldest is not None and now - oldest > _LATE
    age = Cell("—", "sub") if oldest is None else Cell(f"{'! ' if late else ''}{_age(now - oldest)}")
    return [
        _shop(till.provider, shops),
        Cell(till.till),
        Cell("未登记" if till.epoch == tills.UNENROLLED else str(till.epoch)),
        _STATES.get(till.state, Cell(till.state)),
        Cell(f"{_age(now - till.seen_at)}前"),
        Cell(str(till.waiting)),
        Cell(age.text, "ochre") if late else age,
    ]


def _exposure_by_region(reserved: Iterable[Reserved], shops: dict[str, Store]) -> Table:
    leases: dict[str, int] = defaultdict(int)
    exposure: dict[str, Fen] = defaultdict(int)
    for each in reserved:
        region = shops[each.provider].region_name if each.provider in shops else "未登记地区"
        leases[region] += each.leases
        exposure[region] += each.outstanding
    rows = [
        [Cell(region), Cell(str(leases[region])), Cell(format_yuan(exposure[region]), "sea")]
        for region in sorted(exposure, key=lambda each: (-exposure[each], each))
    ]
    return Table("未结清额度，按地区", ("地区", "份数", "敞口（元）"), rows, {1, 2})


def _exposure_by_shop(reserved: Iterable[Reserved], shops: dict[str, Store]) -> Table:
    largest = sorted(reserved, key=lambda each: (-each.outstanding, each.provider))[:_ROWS]
    rows = [
        [
            _shop(each.provider, shops),
            Cell(str(each.leases)),
            Cell(format_yuan(each.outstanding), "sea"),
        ]
        for each in largest
    ]
    return Table(f"未结清额度，最大的 {_ROWS} 家机构", ("机构", "份数", "敞口（元）"), rows, {1, 2})


def _findings(found: Iterable[Finding], shops: dict[str, Store]) -> Table:
    rows = [
        [Cell(_time(each.at)), _shop(each.provider, shops), Cell(each.till), Cell(f"! {each.text}", "ochre")]
        for each in found
    ]
    return Table(f"分叉与发现（最近 {_ROWS} 条）", ("时间", "机构", "收银机", "内容"), rows)


def _adjustments(made: Iterable[Adjusted], shops: dict[str, Store]) -> Table:
    rows = [
        [
            Cell(_time(each.at)),
            _shop(each.provider, shops),
            Cell(str(each.year)),
            Cell(format_yuan(each.give_back), "ochre" if each.give_back else "sub"),
            Cell(format_yuan(each.borne), "mount" if each.borne else "sub"),
        ]
        for each in made
    ]
    heads = ("时间", "机构", "年度", "退还个人（元）", "基金承担（元）")
    return Table(f"清算调整（最近 {_ROWS} 笔）", heads, rows, {2, 3, 4})


def _shop(provider: str, shops: dict[str, Store]) -> Cell:
    known = shops.get(provider)
    return Cell(f"{known.name}（{provider}）" if known else provider)


def _told(text: str | None) -> datetime | None:
    """Return an instant that a till told; None for what is none, for it is only shown."""
    try:
        told = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return told if told is not None and told.tzinfo is not None else None


def _time(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%m-%d %H:%M")


def _age(span: timedelta) -> str:
    if span < _HOUR:
        return f"{max(timedelta(), span) // timedelta(minutes=1)} 分钟"
    return f"{span // _HOUR} 小时" if span < _DAY * 2 else f"{span // _DAY} 天"
