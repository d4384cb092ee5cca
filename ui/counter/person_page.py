"""The words of the person card."""

from __future__ import annotations

from app.usecases.state import CounterState, LimitBar
from engine.calendar import age_on, business_day
from engine.money import WHOLE
from engine.person import Person, masked_id, masked_name
from ui.items import Chip, Chips, Heading, Limit, Name, Page, Space, Text, sub
from ui.tokens import LARGE, SMALL
from ui.words import INSURANCE, STATUS, joined, moment, yuan


def person_page(state: CounterState) -> Page:
    """Return who this is, what is filed, what is left of the year, and how old that knowledge is."""
    person = state.draft.person
    if person is None:
        return _nobody(state)
    return (
        Heading("参保人"),
        Name(masked_name(person.name), (Chip(_insurance(person)),)),
        Text(text=_identity(person, state), size=SMALL, tone="sub", elide=True),
        Text(text=f"参保地 {person.region_name}", size=SMALL, tone="sub", elide=True),
        *_agreed(person),
        *_filings(person),
        *(_limit(bar) for bar in state.limits),
        Space(4),
        _freshness(person, state),
    )


def person_brief(state: CounterState) -> Page:
    """Return who this is in two lines, for while the prescription form needs the room."""
    return person_page(state)[1:3]


def _nobody(state: CounterState) -> Page:
    buyer = state.draft.buyer
    if state.draft.lines:
        who = f"购买人已登记：{masked_name(buyer.name)} {masked_id(buyer.cert_no)}" if buyer else ""
        return (
            Heading("参保人"),
            Text(text="未出示参保凭证", size=LARGE, weight=500),
            *([Text(text=who, size=SMALL, tone="mount")] if who else []),
            Space(4),
            sub("按自费销售。扫社保卡或医保电子凭证后，自动重算医保支付。"),
        )
    return (
        Heading("参保人"),
        Text(text="请扫社保卡或医保电子凭证", size=LARGE, weight=500),
        Space(4),
        sub("也可以输入身份证号或卡号。没有凭证时直接扫药盒，按自费销售。"),
    )


def _insurance(person: Person) -> str:
    status = STATUS[person.status] if person.status else ""
    return INSURANCE[person.insurance] + (f" {status}" if status else "")


def _identity(person: Person, state: CounterState) -> str:
    age = age_on(state.day, person.birth)
    return joined(masked_id(person.cert_no), f"{age} 岁", person.sex)


def _agreed(person: Person) -> Page:
    if not person.agreed_provider_name:
        return ()
    words = f"约定机构 {person.agreed_provider_name}"
    return (Text(text=words, size=SMALL, tone="sub", elide=True),)


def _filings(person: Person) -> Page:
    chips = tuple(Chip(f"{filing.name} 已备案", "sea") for filing in person.filings)
    if not chips:
        return (Space(8), sub("没有慢性病备案"), Space(8))
    return (Space(8), Chips(chips), Space(8))


def _limit(bar: LimitBar) -> Limit:
    share = bar.used * WHOLE // bar.limit if bar.limit else WHOLE
    value = f"已用 {yuan(bar.used)} / {yuan(bar.limit)}"
    if bar.used >= bar.limit:
        return Limit(f"{bar.label} · 已用完", value, WHOLE, "ochre")
    return Limit(bar.label, value, share)


def _freshness(person: Person, state: CounterState) -> Text:
    as_of = person.snapshot.as_of
    days = (state.day - business_day(as_of)).days
    if days <= 0:
        return sub(f"余额截至今天 {moment(as_of)[6:]}")
    return Text(text=f"余额截至 {moment(as_of)}，{days} 天前的数", size=SMALL, tone="ochre")
