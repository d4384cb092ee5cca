"""For how long is prescribed: the person's policy where it limits that, the national rules elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from engine.knowledge.library import concerns
from engine.policy.messages import refusal_message
from engine.prescription import Finding
from engine.review.doses import days_in_packs
from engine.review.facts import View, found, prescription_of


def supply(view: View) -> Iterator[Finding]:
    """Yield whether the days' supply is within its limit; the policy's, before the basket is complete too."""
    prescription, asked = prescription_of(view), view.facts.asked
    days = prescription.supply_days
    if asked is None or asked.most_days is None:
        yield from _nationally(view, days)
    elif days > asked.most_days:
        text = refusal_message("supply_too_long", days=days, longest=asked.most_words)
        yield found(view, "refused", "supply_too_long", text, clause=asked.supply)
    else:
        text = f"用量 {days} 天，没有超过 {asked.most_words}。"
        yield found(view, "ok", "supply_accepted", text, clause=asked.supply)


def _nationally(view: View, days: int) -> Iterator[Finding]:
    """Yield what 处方管理办法 第十九条 and 长期处方管理规范 say where no policy of the person's does."""
    ordinary = view.knowledge.figure("quantity", "ordinary")
    usual = view.knowledge.figure("long_term", "usual")
    longest = view.knowledge.figure("long_term", "longest")
    prescription = prescription_of(view)
    if days <= ordinary.number:
        text = f"用量 {days} 天，没有超过规定的 {ordinary.number} 天。"
        yield found(view, "ok", "supply_accepted", text, clause=ordinary.source.clause)
    elif days > longest.number:
        yield found(
            view,
            "refused",
            "supply_too_long_nationally",
            f"处方用量 {days} 天，超过长期处方最长的 {longest.number} 天。",
            clause=longest.source.clause,
            advice="请医师按规定的用量重新开具。",
            may_override=True,
        )
    elif not (prescription.long_term or prescription.diseases):
        yield found(
            view,
            "attention",
            "supply_reason",
            f"处方用量 {days} 天，超过一般的 {ordinary.number} 天。",
            clause=ordinary.source.clause,
            advice="请核对医师有没有注明理由。",
        )
    elif days > usual.number:
        yield found(
            view,
            "attention",
            "supply_assessed",
            f"处方用量 {days} 天，超过长期处方一般的 {usual.number} 天。",
            clause=usual.source.clause,
            advice="请核对医师的评估和患者的确认。",
        )
    else:
        text = f"用量 {days} 天，没有超过长期处方一般的 {usual.number} 天。"
        yield found(view, "ok", "supply_accepted", text, clause=usual.source.clause)


def supply_in_packs(view: View) -> Iterator[Finding]:
    """Yield each drug of which the packs last longer than any supply may, whatever days are written.

    A pack is not broken: so many are too many where one pack less lasts too long as well.
    """
    asked = view.facts.asked
    longest = view.knowledge.figure("long_term", "longest")
    limited = asked is not None and asked.most_days is not None
    most = asked.most_days if asked is not None and asked.most_days is not None else longest.number
    for item in view.basket:
        line = item.line
        if line is None or line.split:
            continue
        less, lasts = (days_in_packs(view, item, packs) for packs in (line.quantity - 1, line.quantity))
        if less is not None and lasts is not None and less > most:
            yield found(
                view,
                "refused",
                "supply_in_packs",
                f"{item.name}按处方的用法，{line.quantity} {line.unit}够用约 {int(lasts)} 天，"
                f"超过 {most} 天。",
                clause=asked.supply if asked and limited else longest.source.clause,
                advice="请减少盒数；确有需要的，请与医师确认后说明理由。",
                subject=item.subject,
                may_override=True,
            )


def number_of_drugs(view: View) -> Iterator[Finding]:
    """Yield that more drugs are prescribed than one prescription may hold (处方管理办法)."""
    most = view.knowledge.figure("quantity", "drugs")
    count = len(prescription_of(view).lines)
    if count > most.number:
        yield found(
            view,
            "attention",
            "too_many_drugs",
            f"这张处方开了 {count} 种药，超过每张 {most.number} 种。",
            clause=most.source.clause,
            advice="请核对是不是超品种用药，并请医师分开开具。",
        )


def long_prescription(view: View) -> Iterator[Finding]:
    """Yield drugs that may not be on a long prescription (长期处方管理规范)."""
    prescription = prescription_of(view)
    ordinary = view.knowledge.figure("quantity", "ordinary").number
    if not prescription.long_term:
        return
    for item in view.items:
        days = view.days_of(item)
        for ban in view.knowledge.facts("long_term_ban"):
            if days is not None and days > ordinary and concerns(ban.group, item.identity):
                yield found(
                    view,
                    "refused",
                    "long_term_banned",
                    f"{item.name}属于{ban.name}，不能开长期处方（{days} 天）。",
                    clause=ban.source.clause,
                    advice="请医师按一般用量重新开具。",
                    subject=item.subject,
                    may_override=True,
                )
                break
