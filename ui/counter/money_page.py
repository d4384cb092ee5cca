"""The words of the money card and of the why card: who pays what, how sure that is, and by which clause."""

from __future__ import annotations

from app.usecases.state import CounterState
from engine.calendar import business_day
from engine.diseases import disease_name
from engine.money import WHOLE, format_percent
from engine.policy.answer import Answer, Clause, Refusal, Settlement, Step
from engine.prescription import Finding
from ui.items import (
    Chip,
    Chips,
    Due,
    Heading,
    Item,
    Mark,
    Page,
    Pair,
    Panel,
    Reason,
    Rule,
    Space,
    Text,
    source,
    sub,
)
from ui.tokens import SMALL, Tone
from ui.words import clause, day, less, moment, yuan

_RULE = {
    "over_standard": "超支付标准",
    "first_self_pay": "乙类先付",
    "deductible": "起付标准",
    "over_limit": "超出限额",
    "assistance": "医疗救助",
    "self_pay": "自费",
}

FULL_PRICE = "floor_limit"
"""The finding of a shop's floor limit without a lease: no law, and it is said beside the money."""


def money_page(state: CounterState) -> Page:
    """Return total, fund, assistance, what the patient pays, and how sure that is."""
    answer = state.answer
    if answer is None:
        return (
            Pair(left="合计", right=yuan(0)),
            Pair(left="统筹基金", right=yuan(0), tone="sub"),
            Rule(),
            Due("应收现金", yuan(0)),
            sub("扫药盒后，这里显示应收。"),
        )
    assistance = (
        (Pair(left="医疗救助", right=less(answer.assistance), tone="mount"),) if answer.assistance else ()
    )
    return (
        Pair(left="合计", right=yuan(answer.total)),
        Pair(left="统筹基金", right=less(answer.fund), tone="mount" if answer.fund else "sub"),
        *assistance,
        Rule(),
        Due("应收现金", yuan(answer.patient)),
        Space(4),
        *certainty_items(state),
    )


def certainty_items(state: CounterState) -> Page:
    """Return how sure the share is, as a word and why, and what that rests on."""
    unpaid = _unpaid(state)
    if unpaid is not None:
        return (unpaid,)
    certainty = state.settled.certainty if state.settled else state.certainty
    if certainty == "confirmed":
        return (Chips((Chip("✓ 已确认", "mount"),), "医保中心已结算，金额相同"),)
    if certainty == "guaranteed":
        return (Chips((Chip("✓ 已担保", "sea"),), "与联网结算同额，不会更正"), *_lease_left(state))
    if state.agreed and state.settled is None:
        return (Chips((Chip("✓ 预结算一致", "sea"),), "医保中心算出同样的金额"),)
    return (Chips((Chip("! 暂定", "ochre"),), f"最多更正 {yuan(state.bound)} 元"), *_balances(state))


def _unpaid(state: CounterState) -> Chips | None:
    """Return why nothing is paid by the fund; None where something is."""
    answer = state.answer
    if state.claim is None:
        return Chips((Chip("自费", "ink"),), "未出示凭证，不经医保")
    if full_price(state) is not None:
        return Chips((Chip("! 全价", "ochre"),), "先自付，凭小票到经办机构报销")
    if answer is not None and all(one.benefit == "self_pay" for one in answer.settlements):
        return Chips((Chip("自费", "ink"),), "医保不付，金额不会更正")
    return None


def full_price(state: CounterState) -> Finding | None:
    """Return why the patient pays all for now though the fund would pay (a floor limit), or None."""
    return next((one for one in state.findings if one.code == FULL_PRICE), None)


def _lease_left(state: CounterState) -> Page:
    lease = state.lease
    if lease is None:
        return ()
    until = f"用到 {moment(lease.use_until)}"
    if not lease.left and state.answer is not None and not state.answer.fund:
        return ()  # It holds nothing, and this sale needs nothing of it.
    if not lease.left:
        return (Space(4), sub(f"额度正好够这一单，{until}"))
    return (Space(4), sub(f"本单后额度还剩 {yuan(lease.left)}，{until}"))


def _balances(state: CounterState) -> Page:
    """Return how old the balances are that a provisional share was computed from."""
    person = state.draft.person
    if person is None:
        return ()
    as_of = business_day(person.snapshot.as_of)
    age = (state.day - as_of).days
    words = f"按 {day(as_of)}的余额算，已过 {age} 天" if age > 0 else "按今天的余额算"
    return (Space(4), sub(words))


def why_page(state: CounterState) -> Page:
    """Return the refusals with what to do, then every step with its section, down to the fen."""
    answer = state.answer
    if answer is None:
        return (Heading("为什么"), sub("每一分钱由谁付、依据哪一条，都列在这里。"))
    page: list[Item] = [Heading("为什么", f"合计 {yuan(answer.total)}")]
    floor = full_price(state)
    if floor is not None:
        page += [Panel(mark="attention", title="断网期间先按全价收", text=floor.text), Space(8)]
    for refusal in answer.refusals:
        page += [_refusal(state, refusal), Space(8)]
    return (*page, *_steps(state, answer))


def _refusal(state: CounterState, refusal: Refusal) -> Panel:
    if refusal.line is None:
        title = "这一单医保不付"
    else:
        names = {line.id: line.drug.generic_name for line in state.draft.lines}
        title = f"{names.get(refusal.line, '这一行')}：自费"
    mark: Mark = "refused" if refusal.line is None else "attention"
    text = refusal.message
    person = state.draft.person
    if person is not None and person.agreed_provider_name and "约定" in text:
        text += f"\n约定机构：\n{person.agreed_provider_name}"
    return Panel(mark=mark, title=title, text=text, source=clause(refusal.clause))


def _title(state: CounterState, settlement: Settlement) -> str:
    if settlement.benefit == "self_pay":
        return "自费部分"
    if settlement.disease is None:
        return "门诊统筹"
    return disease_name(settlement.disease, state.draft.person.filings if state.draft.person else ())


def _steps(state: CounterState, answer: Answer) -> list[Item]:
    """Return the steps that move money, each clause once, under the last of those that rest on it."""
    steps = [(one, step) for one in answer.settlements for step in one.steps if step.amount]
    page: list[Item] = []
    said = {None, *(refusal.clause for refusal in answer.refusals if refusal.line is None)}
    floored = full_price(state) is not None
    titled = steps[0][0] if len(answer.settlements) == 1 and steps else None
    for (settlement, step), following in zip(steps, [*steps[1:], None], strict=True):
        if settlement is not titled:
            page += [Space(4), Text(text=_title(state, settlement), size=SMALL, weight=500)]
            titled = settlement
        page.append(
            Reason(
                label="先自付" if floored else _label(step, settlement),
                figure=yuan(step.amount),
                share=step.amount * WHOLE // answer.total if answer.total else 0,
                tone=_tone(step),
            )
        )
        if step.clause not in said and (following is None or following[1].clause != step.clause):
            page.append(_source(step.clause))
    return page


def _label(step: Step, settlement: Settlement) -> str:
    if step.rule == "fund_share":
        return f"基金 {format_percent(settlement.ratio_bp)}"
    if step.rule == "own_share":
        return f"个人 {format_percent(WHOLE - settlement.ratio_bp)}"
    if step.amount < 0:
        return "救助抵个人"
    return _RULE[step.rule]


def _tone(step: Step) -> Tone:
    return "ochre" if step.payer == "patient" else "mount"


def _source(where: Clause | None) -> Text:
    return source(clause(where))
