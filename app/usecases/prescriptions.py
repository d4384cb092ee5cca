"""Prescriptions of a platform at the counter: fetched, put on the desk, and what their use so far means.

Whether one is genuine is looked at whenever it is used, and what is left of it is reckoned from the sales of
this till and from what the platform told of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction

from msgspec.structs import replace

from app.storage import device, prescription_uses, prescriptions
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.ports import RxAnswer, RxByCode, RxChosen, RxWaiting
from app.usecases.refusals import owed_reports
from engine.calendar import CHINA
from engine.ids import Scan
from engine.person import Person, masked_name
from engine.prescription import Finding, Prescription, is_from_platform
from engine.prescription_use import Given, Left, Standing, key_of, left_of, line_for, spread
from engine.protocol.eprescription import Waiting
from engine.protocol.eprescription_seal import is_authentic
from engine.refusal import ALTERED
from engine.review import with_prescribed_names
from engine.sale import Draft

_TO_REPORT = "要拒绝并上报：按 F3，再按 F12。"

_ELECTRONIC = ("electronic", "internet_hospital")


def authenticity(desk: Desk, prescription: Prescription) -> bool | None:
    """Tell whether a prescription is as its platform signed it; None where that cannot be told."""
    return is_authentic(prescription, _platform_key(desk))


def uses_of(desk: Desk, prescription: Prescription) -> tuple[Given, ...]:
    """Return what was dispensed on a prescription: by this till, and by others as far as it was told."""
    own = list(_own(desk, prescription))
    mine = {(each.provider, each.sale) for each in own}
    told = standing_of(desk, prescription)
    others = [each for each in (told.given if told else ()) if (each.provider, each.sale) not in mine]
    return tuple(sorted((*own, *others), key=lambda each: each.at))


def standing_of(desk: Desk, prescription: Prescription) -> Standing | None:
    """Return what the platform told of this very prescription, not of an earlier one with its number."""
    told = prescriptions.standing_of(desk.db, prescription.number)
    same = told is not None and prescription.psn_no is not None and told.issued == prescription.issued
    return told if same else None


def left(desk: Desk, prescription: Prescription) -> Left:
    """Return what may be dispensed of a prescription today."""
    return left_of(prescription, uses_of(desk, prescription), desk.today())


def take_electronic(desk: Desk, scan: Scan) -> None:
    """Put the prescription of a scanned code on the desk; ask the platform for it where it can be reached."""
    found = prescriptions.by_code(desk.db, scan.value)
    desk.awaited_rx = None
    if desk.courier.online is not False and desk.store is not None:
        desk.courier.inquire(RxByCode(store=desk.store, code=scan.value))
        if found is None:
            desk.awaited_rx = scan.value
            desk.say("info", "正在向处方平台查询这张处方，请稍候。", "查到后自动放到柜台。")
            return
    if found is None:
        desk.say(
            "attention",
            f"本机没有处方 {scan.value}，现在又连不上处方平台，没有采用。",
            "联网后再扫一次；手里有纸质处方可按 Ctrl 2 录入；非处方药可以照常卖。",
        )
    else:
        put(desk, found)


def put(desk: Desk, prescription: Prescription) -> bool:
    """Put a prescription on the desk; where it may not be used, say why, and leave the desk as it is."""
    why = _unusable(desk, prescription)
    if why is not None:
        what, advice = why
        desk.turned_away = key_of(prescription)
        _duty, owed = owed_reports(desk, prescription, alone(desk, prescription))
        desk.say("refused", what, f"{advice}{_TO_REPORT}" if owed else advice)
        return False
    desk.change(replace(desk.draft, prescription=prescription))
    return True


def choose(desk: Desk, waiting: Waiting) -> None:
    """Fetch one of the prescriptions that wait for the person at the counter."""
    person, store = desk.draft.person, desk.store
    if person is None or store is None:
        desk.say("attention", "请先扫参保人的凭证，再选处方。", "")
        return
    if desk.courier.online is False:
        desk.say("attention", "现在连不上处方平台，处方没有取来。", "联网后再选一次。")
        return
    desk.awaited_rx = waiting.auth_rxno
    desk.courier.inquire(RxChosen(store=store, waiting=waiting, region=person.region))
    desk.say("info", "正在从处方平台取这张处方，请稍候。", "取到后自动放到柜台。")


def ask_waiting(desk: Desk, person: Person) -> None:
    """Ask the platform in the background what waits for a person, once for each customer."""
    if desk.courier.online is False or desk.store is None or desk.asked_for == person.psn_no:
        return
    desk.asked_for, desk.offered = person.psn_no, ()
    desk.courier.inquire(RxWaiting(store=desk.store, person=person))


def arrived(desk: Desk, news: RxAnswer) -> None:
    """Take the platform's word: what waits for the person, or the prescription that was asked for."""
    asked = news.asked
    if isinstance(asked, RxWaiting):
        _offer(desk, asked.person, news)
        return
    by = asked.code if isinstance(asked, RxByCode) else asked.waiting.auth_rxno
    awaited = desk.awaited_rx == by
    if awaited:
        desk.awaited_rx = None
    if desk.settled is not None:
        return
    if news.prescription is not None:
        _take_arrived(desk, news.prescription, awaited=awaited)
    elif awaited:
        desk.say(
            "refused" if news.refused else "attention",
            f"处方没有取来：{news.trouble}。",
            "" if news.refused else "请稍后再扫一次；手里有纸质处方可按 Ctrl 2 录入。",
        )
    elif news.refused:
        _say_refused(desk, by, news)


def findings(desk: Desk, draft: Draft) -> tuple[Finding, ...]:
    """Return what is found beside the review: where there is no seal, the standing, what is left of it."""
    prescription = draft.prescription
    if prescription is None:
        return ()
    return _founded(
        desk,
        (
            *_without_seal(desk, prescription),
            *_of_standing(desk, prescription),
            *_of_use(desk, prescription, draft),
        ),
    )


def alone(desk: Desk, prescription: Prescription) -> tuple[Finding, ...]:
    """Return what is found of a prescription by itself, no sale looked at."""
    return (
        *_founded(desk, _of_seal(desk, prescription)),
        *findings(desk, Draft(prescription=prescription)),
    )


def _founded(desk: Desk, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings each with the law behind its kind: knowledge, like all law."""
    return tuple(replace(each, clause=each.clause or desk.knowledge.basis(each.code)) for each in found)


def _take_arrived(desk: Desk, prescription: Prescription, *, awaited: bool) -> None:
    here = desk.draft.prescription
    if here is not None and key_of(here) == key_of(prescription):
        desk.draft = replace(desk.draft, prescription=prescription)  # No new act: the same one, only fresher.
    elif awaited and put(desk, prescription):
        desk.offered = tuple(each for each in desk.offered if each.number != prescription.number)
        desk.say("done", f"处方 {prescription.number} 已取来，放在柜台上。", "请核对姓名、药品和用量。")


def _offer(desk: Desk, person: Person, news: RxAnswer) -> None:
    at_counter = desk.draft.person
    if at_counter is None or at_counter.psn_no != person.psn_no or desk.settled is not None:
        return
    here = desk.draft.prescription
    desk.offered = tuple(
        each for each in news.waiting or () if here is None or not here.number or each.number != here.number
    )
    if desk.offered and here is None and desk.notice is None:
        desk.say(
            "info",
            f"处方平台上有 {len(desk.offered)} 张处方等着{masked_name(person.name)}。",
            "按 F3 到「处方」选用，或请参保人出示处方二维码。",
        )


def _say_refused(desk: Desk, code: str, news: RxAnswer) -> None:
    """Say what the platform thinks of a prescription that lies on the desk already."""
    here, known = desk.draft.prescription, prescriptions.by_code(desk.db, code)
    if here is not None and known is not None and key_of(here) == key_of(known):
        desk.say("refused", f"处方平台的答复：{news.trouble}。", "请撤下这张处方，并看左边的提示。")


def _unusable(desk: Desk, prescription: Prescription) -> tuple[str, str] | None:
    """Return why a prescription is not even put on the desk, and what to do."""
    person = desk.draft.person
    if person is not None and prescription.psn_no not in (None, person.psn_no):
        return "这张处方开给另一位参保人，没有采用。", "请扫本人的处方。"
    for finding in alone(desk, prescription):
        if finding.bars:
            return f"{finding.text}没有采用。", finding.advice
    return None


def _of_seal(desk: Desk, prescription: Prescription) -> Iterator[Finding]:
    """Yield what a review would say of the seal, in words that need no sale."""
    genuine = authenticity(desk, prescription)
    if genuine is False:
        yield Finding(
            "refused",
            ALTERED,
            f"处方 {prescription.number} 与平台签章不符，内容可能被改动或伪造。",
            advice="不要按它配药；请参保人找开方机构核对。",
            bars=True,
        )
    elif genuine:
        yield Finding("ok", "signature_sound", "平台签章核对无误。")


def _without_seal(desk: Desk, prescription: Prescription) -> Iterator[Finding]:
    known = _platform_key(desk) is not None
    if known and authenticity(desk, prescription) is None and prescription.source in _ELECTRONIC:
        yield Finding(
            "attention",
            "prescription_unverified",
            "这张电子处方没有平台签章，本机验不出真伪。",
            advice="请联网扫它的二维码，或在处方平台上核对后再配。",
        )


def _of_standing(desk: Desk, prescription: Prescription) -> Iterator[Finding]:
    told = standing_of(desk, prescription)
    if told is not None and told.state == "withdrawn":
        why = f"（{told.reason}）" if told.reason and "撤销" not in told.reason else ""
        yield Finding(
            "refused",
            "prescription_withdrawn",
            f"处方 {prescription.number} 已由开方机构撤销{why}。",
            advice="不要按它配药：撤下它，请参保人找医师重新开。",
            bars=True,
        )
    end = prescription.valid_end
    if end is not None and desk.now() > end and desk.today() <= end.astimezone(CHINA).date():
        at = end.astimezone(CHINA)
        text = f"处方 {prescription.number} 今天 {at:%H:%M} 已过期。"
        yield Finding("refused", "prescription_expired", text, advice="请参保人找医师重新开。", bars=True)


def _of_use(desk: Desk, prescription: Prescription, draft: Draft) -> Iterator[Finding]:
    given = uses_of(desk, prescription)
    told = standing_of(desk, prescription)
    rest = left_of(prescription, given, desk.today())
    paper = _is_paper(prescription)
    used = rest.is_used_up or (told is not None and told.state == "used")
    if used:
        text = f"处方 {prescription.number} 已经配完{_where(desk, given)}。"
        advice = "不要再按它配药；还要用药的，请参保人找医师重新开。"
        if paper:
            advice = "请核对编号是否录错；确是同一张的，请撤下它。"
        yield Finding("refused", "prescription_used", text, advice=advice, may_override=paper, bars=not paper)
    elif rest.opens is not None:
        text = f"处方 {prescription.number} 这一次的量已配完{_where(desk, given)}。"
        advice = f"{rest.opens.month} 月 {rest.opens.day} 日起才能配下一次，请那天再来。"
        yield Finding("refused", "prescription_too_early", text, advice=advice, bars=True)
    elif given:
        yield from _beyond(desk, prescription, rest, draft, _where(desk, given))


def _is_paper(prescription: Prescription) -> bool:
    return prescription.psn_no is None and not is_from_platform(prescription)


def _beyond(
    desk: Desk, prescription: Prescription, rest: Left, draft: Draft, where: str
) -> Iterator[Finding]:
    """Yield what of the basket is more than a partly used prescription still has."""
    paper = _is_paper(prescription)
    wanted = spread(
        prescription.lines,
        rest.packs,
        (
            (
                line.drug.code,
                line.name_on_prescription,
                Fraction(line.quantity, (line.drug.pack_size or 1) if line.split else 1),
            )
            for line in with_prescribed_names(draft, desk.knowledge, desk.today()).lines
        ),
    )
    over = False
    for place, prescribed in enumerate(prescription.lines):
        if wanted[place] > rest.packs[place]:
            over = True
            still, wants = said_packs(rest.packs[place]), said_packs(wanted[place])
            said = f"已配过{where}，还剩 {still}，篮里有 {wants}" if rest.packs[place] else f"已配完{where}"
            yield Finding(
                "refused",
                "prescription_partly_used",
                f"{prescribed.name}在这张处方上{said}。",
                advice=f"请减到 {still}。" if rest.packs[place] else "请把它从篮里拿掉。",
                subject=prescribed.drug or prescribed.name,
                may_override=paper,
                bars=not paper,
            )
    if not over:
        yield Finding("attention", "prescription_begun", f"这张处方已配过一部分{where}，请只配剩下的。")


def said_packs(packs: Fraction) -> str:
    """Return a number of packs as people say it: 2 盒, 1.75 盒."""
    if packs.denominator == 1:
        return f"{packs.numerator} 盒"
    hundredths = packs.numerator * 100 // packs.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d} 盒"


def _where(desk: Desk, given: Iterable[Given]) -> str:
    last = max(given, key=lambda each: each.at, default=None)
    if last is None:
        return ""
    shop = desk.store.provider.id if desk.store else ""
    where = f"本店第 {last.sale} 号销售" if last.provider == shop else "别的药店"
    return f"（{_day(last.at)}，{where}）"


def _day(at: datetime) -> str:
    day = at.astimezone(CHINA)
    return f"{day.month} 月 {day.day} 日"


def _own(desk: Desk, prescription: Prescription) -> Iterator[Given]:
    lines = prescription.lines
    for sale in prescription_uses.sales_on(desk.db, key_of(prescription)):
        for good in sale.goods:
            named = line_for(lines, good.drug) is None
            drug = shelf.by_code(desk, good.drug) if named or good.split else None
            name = drug.generic_name if drug else ""
            if named and line_for(lines, good.drug, name) is None:
                name = prescription_uses.names_in(desk.db, sale.journal).get(good.drug, name)
            yield Given(
                provider=sale.provider,
                sale=sale.number,
                at=sale.at,
                drug=good.drug,
                name=name,
                quantity=good.quantity,
                pack_size=(drug.pack_size or 1) if drug and good.split else 1,
            )


def _platform_key(desk: Desk) -> bytes | None:
    pinned = device.pinned(desk.db, desk.store.provider.id) if desk.store else None
    return pinned.agency_key if pinned else None
