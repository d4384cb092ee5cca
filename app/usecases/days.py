"""The close of a day: printed = stored = sent = accepted here, and the same sums at the agency.

A day with a gap of any kind does not close: a sale without paper, a message that waits or was refused, a
number that is missing. What differs from the agency's books is listed line by line, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Raw, Struct

from app.errors import AgencyNotReached, AgencyRefused, DayNotClosed
from app.storage import days, journal, outbox, sales
from app.storage.connection import transaction
from app.storage.days import Count
from app.usecases.desk import Desk
from app.usecases.state import DayRow, Difference
from app.usecases.tasks import upload_rest
from engine.money import Fen
from engine.policy.claim import Insurance
from engine.protocol import codes
from engine.protocol.reconciliation import (
    MATCHED,
    DetailRequest,
    Totals,
    TotalsRequest,
    detail_input,
    download_input,
    read_file,
    read_totals,
    totals_input,
    upload_input,
)
from engine.protocol.settled import read_settled
from engine.protocol.statement import Compared, Detail, detail_file, read_compared_file
from engine.protocol.wire import ProtocolError

CLOSED_KIND = "day_closed"
MOST_DAYS = 31
_SHOWN = 3
_NOT_ASKED = "本机已核对无缺漏，还没有和医保中心对账。"
_STATES = (("waiting", "还没有送达"), ("rejected", "被医保中心退回"), ("unknown", "是否送达还不清楚"))


class Line(Struct, frozen=True, kw_only=True):
    """A settlement of the day as its shop holds it; ``cash`` is the patient's, ``fund`` with assistance."""

    provider: str
    sale: str
    insurance: Insurance
    region: str
    detail: Detail
    cash: Fen


class Told(Struct, frozen=True, kw_only=True):
    """What the agency answered about a day and insurance."""

    matched: bool
    text: str
    differences: tuple[Difference, ...] = ()


class Closing(Struct, frozen=True, kw_only=True):
    """The body of a journal entry ``day_closed``: counts as proved, up to sale ``serial``."""

    day: date
    serial: int
    counts: tuple[Count, ...]
    by: str


def list_days(desk: Desk) -> tuple[DayRow, ...]:
    """Return the last days on which something was sold, newest first, a row for each insurance."""
    return tuple(row for day in days.sold_on(desk.db, MOST_DAYS) for row in _rows(desk, day))


def _rows(desk: Desk, day: date) -> Iterator[DayRow]:
    serial = days.last_serial(desk.db, day)
    closed, gaps = days.is_closed(desk.db, day, serial), _gaps(desk, day)
    for count in days.counts(desk.db, day):
        text = days.answer(desk.db, day, count.insurance, serial)
        told = msgspec.json.decode(text, type=Told) if text else None
        state, reason = _state(closed, gaps, told, insured=bool(count.insurance))
        yield DayRow(
            day=day,
            insurance=count.insurance,
            stored=count.stored,
            printed=count.printed,
            sent=count.sent,
            accepted=count.accepted,
            ours=count.ours,
            theirs=_theirs(count, told),
            state=state,
            reason=reason,
            differences=told.differences if told else (),
        )


def _theirs(count: Count, told: Told | None) -> Fen | None:
    """Return the agency's sum: as it answered sale by sale, and as it says of the day where that differs."""
    if count.theirs is None or told is None:
        return count.theirs
    return count.theirs + sum(each.theirs - each.ours for each in told.differences)


def _state(closed: bool, gaps: str, told: Told | None, *, insured: bool) -> tuple[str, str]:
    if closed:
        return "closed", ""
    if gaps:
        return "gap", gaps
    if told is not None and not told.matched:
        return "differs", told.text
    return "open", _NOT_ASKED if insured and told is None else ""


def _gaps(desk: Desk, day: date) -> str:
    """Return in Chinese all that keeps a day from closing; empty where nothing does."""
    found = []
    if missing := days.missing_serials(desk.db, day) + days.missing_rows(desk.db, day):
        found.append(f"少 {missing} 个销售号，账目不全")
    if papers := days.without_paper(desk.db, day):
        found.append(f"{_named(papers)}没有打出小票")
    for state, what in _STATES:
        if numbers := days.in_state(desk.db, day, state):
            found.append(f"{_named(numbers)}{what}")
    return "；".join(found) + "。" if found else ""


def _named(numbers: list[str]) -> str:
    shown = "、".join(numbers[:_SHOWN])
    return f"第 {shown} 号" + (f"等 {len(numbers)} 笔" if len(numbers) > _SHOWN else "")


def close_day(desk: Desk, day: date) -> tuple[DayRow, ...]:
    """Prove the day here, lay it beside the agency's books, and close it when both hold.

    Raises DayNotClosed where the proof here fails, AgencyRefused where the agency would not compare. Where it
    cannot be reached the day stays open, and differences keep it open.
    """
    counts, serial = tuple(days.counts(desk.db, day)), days.last_serial(desk.db, day)
    if not counts:
        raise DayNotClosed(day=day.isoformat(), reason="这一天没有销售。")
    if gaps := _gaps(desk, day):
        raise DayNotClosed(day=day.isoformat(), reason=gaps)
    if days.is_closed(desk.db, day, serial):
        return list_days(desk)
    try:
        told = _compare(desk, day)
    except AgencyNotReached:
        desk.say("attention", f"{day} 本机已核对无缺漏；连不上医保中心，还没有对账。", "联网后再关账。")
        return list_days(desk)
    except ProtocolError as error:
        raise AgencyRefused(why=error.text) from error
    now = desk.now()
    with transaction(desk.db):
        for insurance, answer in told.items():
            text = msgspec.json.encode(answer).decode()
            days.keep_answer(desk.db, day, insurance, serial, text)
        if all(answer.matched for answer in told.values()):
            body = Closing(day=day, serial=serial, counts=counts, by=desk.settings.operator)
            text = msgspec.json.encode(body).decode()
            entry = journal.append(desk.db, CLOSED_KIND, text, now)
            days.close(desk.db, day, serial, at=now, journal=entry.number, body=text)
            upload_rest(desk, now)
    desk.courier.poke()
    return list_days(desk)


def _compare(desk: Desk, day: date) -> dict[str, Told]:
    """Return what the agency says of the day, by insurance.

    Asked about apart are people of each region, and the shops of a till that sells for more than one.
    """
    books: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in _lines(desk, day):
        books[line.provider, line.region].append(line)
    told: dict[str, Told] = {}
    for lines in books.values():
        for insurance in dict.fromkeys(line.insurance for line in lines):
            before, answer = told.get(insurance), _asked(desk, day, insurance, lines)
            told[insurance] = answer if before is None else _both(before, answer)
    return told


def _both(one: Told, other: Told) -> Told:
    text = "；".join(each.text.rstrip("。") for each in (one, other) if not each.matched)
    return Told(
        matched=one.matched and other.matched,
        text=f"{text}。" if text else "",
        differences=(*one.differences, *other.differences),
    )


def _lines(desk: Desk, day: date) -> Iterator[Line]:
    """Yield what the agency accepted of the day's sales, with the agency's own sums: they are what counts.

    Both sides lay beside each other what was answered; an adjustment is a payment of its own, on its own day.
    """
    for entry, first, count in days.sales_of(desk.db, day):
        sale = sales.read(desk.db, entry)
        person = sale.draft.person
        for message in outbox.numbered(desk.db, first, count):
            if person is None or message.answer is None:
                continue
            settled = read_settled(Raw(message.answer.encode()), expected_id=message.id)
            sums = settled.sums
            yield Line(
                provider=message.provider,
                sale=sale.number,
                insurance=person.insurance,
                region=person.region,
                detail=Detail(
                    setl_id=settled.setl_id or "",
                    mdtrt_id=settled.mdtrt_id or "",
                    psn_no=person.psn_no,
                    total=sums.total,
                    fund=sums.fund + sums.assistance,
                    msgid=message.id,
                ),
                cash=sums.patient,
            )


def _asked(desk: Desk, day: date, insurance: Insurance, lines: list[Line]) -> Told:
    """Return the agency's word on ``lines``, all of one shop and one region, as far as of ``insurance``."""
    provider, region = lines[0].provider, lines[0].region
    of_insurance = [line.detail for line in lines if line.insurance == insurance]
    totals = Totals(
        count=len(of_insurance),
        total=sum(each.total for each in of_insurance),
        fund=sum(each.fund for each in of_insurance),
    )
    request = TotalsRequest(
        insutype=codes.INSUTYPE[insurance],
        clr_type=codes.CLEARING_PHARMACY,
        setl_optins=region,
        first=day,
        last=day,
        totals=totals,
    )
    result = read_totals(desk.line.ask("3201", totals_input(request), provider))
    if result.stmt_rslt == MATCHED:
        return Told(matched=True, text="")
    differences = _differences(desk, provider, request, lines)
    return Told(matched=False, text=result.stmt_rslt_dscr, differences=differences)


def _differences(
    desk: Desk, provider: str, request: TotalsRequest, lines: list[Line]
) -> tuple[Difference, ...]:
    """Return line by line where the agency's books are others, by 9101, 3202 and 9102."""
    content = detail_file([line.detail for line in lines])
    name = f"{provider}-{request.first:%Y%m%d}-{request.insutype}.zip"
    sent = read_file(desk.line.ask("9101", upload_input(name, content, provider), provider))
    asked = DetailRequest(
        file_qury_no=sent.file_qury_no,
        setl_optins=request.setl_optins,
        first=request.first,
        last=request.last,
        clr_type=request.clr_type,
    )
    cash = sum(line.cash for line in lines)
    made = read_file(desk.line.ask("3202", detail_input(asked, request.totals, cash), provider))
    told = desk.line.fetch("9102", download_input(made, provider), provider)
    by_settlement = {line.detail.setl_id: line for line in lines}
    compared = [each for each in read_compared_file(told) if each.difference]
    found = [(each, by_settlement.get(each.setl_id)) for each in compared]
    # The file is about all insurances of the region; what is known to be of another is told with that one.
    return tuple(
        _difference(each, line)
        for each, line in found
        if line is None or codes.INSUTYPE[line.insurance] == request.insutype
    )


def _difference(each: Compared, line: Line | None) -> Difference:
    return Difference(
        sale=line.sale if line else "",
        setl_id=each.setl_id,
        ours=line.detail.fund if line else 0,
        theirs=0 if each.difference == "agency_lacks" else each.fund,
        reason=each.memo,
    )
