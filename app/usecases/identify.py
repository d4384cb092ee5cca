"""Who stands at the counter: shown at once from what the till knows, then refreshed from the agency."""

from __future__ import annotations

from msgspec.structs import replace

from app.storage import people
from app.storage.connection import Connection
from app.usecases.desk import Desk
from app.usecases.ports import PersonAnswer
from app.usecases.prescriptions import ask_waiting
from app.usecases.show import open_store
from engine.ids import Scan
from engine.person import Person, masked_name


def identify(desk: Desk, scan: Scan) -> None:
    """Put the person of ``scan`` on the desk, or ask the agency who it is."""
    person = known_person(desk.db, scan)
    desk.awaited = None
    if person is not None:
        put_person(desk, person, scan)
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


def put_person(desk: Desk, person: Person, scan: Scan | None) -> None:
    """Make ``person`` of ``scan`` the one whose sale this is; a prescription of somebody else goes."""
    desk.shown_by = (scan, person.psn_no) if scan else None
    draft = replace(desk.draft, person=person)
    prescription = draft.prescription
    if prescription is not None and prescription.psn_no not in (None, person.psn_no):
        draft = replace(draft, prescription=None)
        desk.say("attention", "处方开给另一位参保人，已撤下。", f"请扫{masked_name(person.name)}本人的处方。")
    desk.change(draft)
    ask_waiting(desk, person)


def person_arrived(desk: Desk, news: PersonAnswer) -> None:
    """Take the agency's word on a person: the one awaited, or the one at the counter."""
    awaited = desk.awaited is not None and desk.awaited == news.scan.value
    if awaited:
        desk.awaited = None
    if desk.settled is not None:
        return
    person, at_counter = news.person, desk.draft.person
    if person is None:
        _say_nobody(desk, news, awaited)
    elif at_counter is None:
        if awaited:
            put_person(desk, person, news.scan)
    elif at_counter.psn_no == person.psn_no:
        # No new act: the same person, only fresher.
        desk.draft = replace(desk.draft, person=people.by_psn_no(desk.db, person.psn_no) or person)
    elif desk.shown_by == (news.scan, at_counter.psn_no):
        desk.say("attention", f"按医保中心的答复，参保人已换上{masked_name(person.name)}。", "请核对姓名。")
        put_person(desk, person, None)  # The scan is answered: an echo of the former person is none.
    # Else the awaited scan was taken back by an undo, which gave the former person back.


def _say_nobody(desk: Desk, news: PersonAnswer, awaited: bool) -> None:
    at_counter = desk.draft.person
    if awaited:
        desk.say(
            "attention",
            f"没有查到这位参保人：{news.trouble or '医保中心没有回应'}。",
            "请核对凭证后再扫一次；也可以先按自费销售。",
        )
    elif news.refused and at_counter is not None and desk.shown_by == (news.scan, at_counter.psn_no):
        desk.say(
            "attention",
            f"医保中心没有认可{masked_name(at_counter.name)}：{news.trouble}。",
            "请核对凭证和参保状态；现在显示的是本机以前的资料，按它结算，医保中心可能不予支付。",
        )
