"""Who stands at the counter: shown at once from what the till knows, then refreshed from the agency."""

from __future__ import annotations

from msgspec.structs import replace

from app.storage import people
from app.storage.connection import Connection
from app.usecases.desk import Desk
from app.usecases.ports import PersonAnswer
from app.usecases.show import open_store
from engine.ids import Scan
from engine.person import Person, masked_name


def identify(desk: Desk, scan: Scan) -> None:
    """Put the person of ``scan`` on the desk, or ask the agency who it is."""
    person = known_person(desk.db, scan)
    desk.awaited = None
    if person is not None:
        put_person(desk, person)
    else:
        former = take_person_off(desk)
        if desk.courier.online is False:
            gone = f"{masked_name(former.name)}已撤下：" if former else ""
            desk.say(
                "attention",
                f"{gone}本机还没有这位参保人的资料，现在又连不上医保中心，不能按医保结算。",
                "可以先按自费销售；联网后再扫一次凭证即可按医保结算。",
            )
            return
        desk.awaited = scan.value
    if desk.courier.online is not False:
        desk.courier.look_up(open_store(desk), scan)


def known_person(db: Connection, scan: Scan) -> Person | None:
    """Return the person that the till itself knows by this credential."""
    find = {"voucher": people.by_voucher, "card": people.by_card_no, "resident_id": people.by_cert_no}
    return find[scan.kind](db, scan.value)


def take_person_off(desk: Desk) -> Person | None:
    """Take the person off the desk, with a prescription of theirs, and return them.

    Whoever shows the next credential must never be sold to on the insurance of the one before.
    """
    former, prescription = desk.draft.person, desk.draft.prescription
    if former is None:
        return None
    if prescription is not None and prescription.psn_no == former.psn_no:
        prescription = None
    desk.change(replace(desk.draft, person=None, prescription=prescription))
    return former


def put_person(desk: Desk, person: Person) -> None:
    """Make ``person`` the one whose sale this is; a prescription of somebody else goes."""
    draft = replace(desk.draft, person=person)
    prescription = draft.prescription
    if prescription is not None and prescription.psn_no not in (None, person.psn_no):
        draft = replace(draft, prescription=None)
        desk.say("attention", "处方开给另一位参保人，已撤下。", f"请扫{masked_name(person.name)}本人的处方。")
    desk.change(draft)


def person_arrived(desk: Desk, news: PersonAnswer) -> None:
    """Take the agency's word on a person: the one awaited, or newer sums of the one at the counter."""
    person = news.person
    awaited = desk.awaited is not None and desk.awaited == news.scan.value
    if awaited:
        desk.awaited = None
    if desk.settled is not None:
        return
    if person is not None:
        at_counter = desk.draft.person
        if at_counter is not None and at_counter.psn_no == person.psn_no:
            # No new act: the same person, only fresher.
            desk.draft = replace(desk.draft, person=people.by_psn_no(desk.db, person.psn_no) or person)
        elif awaited and at_counter is None:  # Else the scan was taken back, and the former person with it.
            put_person(desk, person)
    elif awaited:
        desk.say(
            "attention",
            f"没有查到这位参保人：{news.trouble or '医保中心没有回应'}。",
            "请核对凭证后再扫一次；也可以先按自费销售。",
        )
