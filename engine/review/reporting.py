"""Which findings oblige a shop to refuse the insured settlement and to report it, to whom, by which clause.

Source: the regions' rules as knowledge (聊城 第二十二条 for dual-channel pharmacies).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from engine.knowledge.entries import Duty
from engine.knowledge.library import Knowledge
from engine.prescription import Finding


def duty_of(knowledge: Knowledge, region: str, *, dual_channel: bool) -> Duty | None:
    """Return the duty of a shop towards people insured in ``region``; None where there is none."""
    duties: tuple[Duty, ...] = knowledge.facts("duty")
    fitting = [
        duty for duty in duties if region.startswith(duty.region) and (dual_channel or not duty.dual_channel)
    ]
    return max(fitting, key=lambda duty: len(duty.region), default=None)


def reportable(duty: Duty | None, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those of ``findings`` that have to be reported."""
    if duty is None:
        return ()
    return tuple(each for each in findings if each.severity == "refused" and each.code in duty.codes)


def told_to_report(duty: Duty, finding: Finding) -> Finding:
    """Return ``finding`` with the advice to report it, and the clause that asks for that if it has none."""
    if finding.severity != "refused" or finding.code not in duty.codes:
        return finding
    to = "和".join(duty.to)
    what = f"请告知{to}"
    if duty.asked:
        what = f"要拒绝联网结算并反馈给{to}（{duty.source.clause.section}）"
    advice = f"{finding.advice}{what}：按 F3，或按 Ctrl R 整张拒绝调配。"
    return replace(finding, advice=advice, clause=finding.clause or duty.source.clause)
