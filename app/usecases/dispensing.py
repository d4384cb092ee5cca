"""Whether a drug was dispensed to this person lately, here or elsewhere, and how old that knowledge is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.storage import dispensed, sales
from app.usecases.desk import Desk
from engine.calendar import business_day
from engine.prescription import Finding
from engine.protocol.lease import Dispensed
from engine.sale import Draft

LOOK_BACK = timedelta(days=90)
USUAL_DAYS = 28
"""How long a pack is taken to last where nobody said: the national limit of an ordinary long prescription."""


def dispensed_before(desk: Desk, draft: Draft) -> tuple[Finding, ...]:
    """Return what the pharmacist must know: which drugs of the basket the person should still have.

    Nobody is stopped by it. What other shops dispensed is known as of the last time that the agency told.
    """
    person, codes = draft.person, {line.drug.code: line.drug.generic_name for line in draft.lines}
    if person is None or not codes:
        return ()
    now = desk.now()
    elsewhere = dispensed.of(desk.db, person.psn_no, tuple(codes), now - LOOK_BACK)
    newest: dict[str, Dispensed] = {}
    for each in (*elsewhere, *_here(desk, person.psn_no, now)):
        known = newest.get(each.drug)
        if each.drug in codes and (known is None or each.at > known.at):
            newest[each.drug] = each
    return tuple(_findings(desk, newest, codes, dispensed.known_as_of(desk.db, person.psn_no), now))


def _here(desk: Desk, psn_no: str, now: datetime) -> Iterator[Dispensed]:
    for sale in sales.recent_of(desk.db, psn_no, business_day(now - LOOK_BACK)):
        prescription = sale.draft.prescription
        for line in sale.draft.lines:
            yield Dispensed(
                psn_no=psn_no,
                at=sale.made_at,
                provider=sale.store.provider.id,
                drug=line.drug.code,
                quantity=line.quantity,
                days=prescription.supply_days if prescription else None,
            )


def _findings(
    desk: Desk, newest: dict[str, Dispensed], codes: dict[str, str], as_of: datetime | None, now: datetime
) -> Iterator[Finding]:
    shop = desk.store.provider.id if desk.store else ""
    for drug, each in newest.items():
        passed = (business_day(now) - business_day(each.at)).days
        left = (each.days or USUAL_DAYS) - passed
        if left <= 0:
            continue
        where = "本店" if each.provider == shop else "别的药店"
        when = f"{passed} 天前" if passed else "今天"
        had = f"{codes[drug]}{when}在{where}配过 {each.quantity} 份，按疗程还可用约 {left} 天。"
        text = f"{had}{_age(as_of, now)}"
        yield Finding("attention", "dispensed_recently", text)


def _age(as_of: datetime | None, now: datetime) -> str:
    """Say how old the knowledge of other shops is: what is not known may have been dispensed all the same."""
    if as_of is None:
        return "别店的配药记录本机没有，请问一下参保人。"
    days = (business_day(now) - business_day(as_of)).days
    if not days:
        return "请核对是否重复配药。"
    day = business_day(as_of)
    return f"别店的记录截至 {day.month} 月 {day.day} 日，已 {days} 天，请问一下参保人。"
