"""Whether the prescription may be dispensed at all: whose it is, its days, who issued it, its signature."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diseases import disease_name
from engine.person import diseases_filed_on, masked_name
from engine.prescription import Finding, Severity, is_from_platform
from engine.review.facts import View, found, prescription_of, said

_ORIGIN = frozenset(
    {"prescription_source_not_accepted", "prescription_issuer_not_designated", "prescription_not_confirmed"}
)
_DIAGNOSIS = frozenset({"no_disease", "disease_not_covered", "disease_not_filed"})


def without(view: View) -> Iterator[Finding]:
    """Yield what is to be said of a sale with no prescription (药品管理法 第五十四条)."""
    needing = [line.drug.generic_name for line in view.draft.lines if line.drug.prescription_only]
    if needing:
        names = "、".join(needing)
        text = f"{names}是处方药，要有处方才能卖。请扫处方，或按 Ctrl 2 录入。"
        yield found(view, "refused", "prescription_needed", text)
    yield from by_law(view, frozenset({"no_prescription"}), severity="attention")


def by_law(view: View, codes: frozenset[str], severity: Severity = "refused") -> Iterator[Finding]:
    """Yield the policy's refusals of these codes, each text once, with the clause it cites.

    The policy knows a drug by its code; people know it by its name.
    """
    answer, names = view.facts.answer, {line.id: line.drug for line in view.draft.lines}
    seen: set[tuple[str, str]] = set()
    for refusal in answer.refusals if answer else ():
        drug = names.get(refusal.line or "")
        text = refusal.message.replace(f"药品 {drug.code} ", drug.generic_name) if drug else refusal.message
        if refusal.code in codes and (refusal.code, text) not in seen:
            seen.add((refusal.code, text))
            yield Finding(severity, refusal.code, text, refusal.clause)


def of_this_person(view: View) -> Iterator[Finding]:
    """Yield whether the prescription is the person's."""
    person, prescription = view.person, prescription_of(view)
    if person is None:
        text = "还不知道是给谁买的。请先扫医保电子凭证、社保卡或身份证。"
        yield found(view, "attention", "person_unknown", text)
    elif prescription.psn_no is None:
        what = "这张电子处方没有写人员编号" if is_from_platform(prescription) else "纸质处方"
        text = f"{what}，请核对处方上的姓名是不是{masked_name(person.name)}。"
        yield found(view, "attention", "check_name", text)
    elif prescription.psn_no != person.psn_no:
        text = f"这张处方不是开给{masked_name(person.name)}的。请扫本人的处方，或换成处方上的参保人。"
        yield found(view, "refused", "prescription_of_another", text)
    else:
        yield found(view, "ok", "prescription_of_person", "处方是开给本人的。")


def signature(view: View) -> Iterator[Finding]:
    """Yield whether an electronic prescription is as the platform signed it (处方管理办法 第四十条)."""
    if view.facts.authentic is False:
        text = "这张电子处方与平台签章不符：内容被改动过，或不是平台签发的。"
        advice = "不能调配。请重新下载处方；仍不符的，请拒绝调配。"
        yield found(view, "refused", "signature_altered", text, advice=advice)
    elif view.facts.authentic:
        yield found(view, "ok", "signature_sound", "平台签章核对无误。")


def dates(view: View) -> Iterator[Finding]:
    """Yield whether the prescription may be used today: the law's days on paper, the delivered end otherwise.

    Source: 处方管理办法 第十八条, read as the national pack says.
    """
    prescription, asked = prescription_of(view), view.facts.asked
    clause = asked.good_for if asked else None
    last = asked.last_day if asked else (prescription.valid_until or prescription.issued)
    if view.day < prescription.issued:
        text = f"处方 {said(prescription.issued)}才开始有效。请核对开具日期，或到那天再来。"
        yield found(view, "refused", "prescription_not_yet_valid", text, clause=clause)
    elif view.day > last:
        text = f"处方 {said(prescription.issued)}开具，只到 {said(last)}有效，已过期。请参保人找医师重新开。"
        yield found(view, "refused", "prescription_expired", text, clause=clause)
    else:
        left = (last - view.day).days
        rest = f"还有 {left} 天" if left else "今天是最后一天"
        yield found(view, "ok", "prescription_valid", f"处方在有效期内，{rest}。", clause=clause)


def origin(view: View) -> Iterator[Finding]:
    """Yield what the person's policy says of who issued the prescription, and of its confirmation."""
    yield from by_law(view, _ORIGIN)


def diagnosis(view: View) -> Iterator[Finding]:
    """Yield whether the diagnosis is one that is filed for the person."""
    person, prescription = view.person, prescription_of(view)
    refused = list(by_law(view, _DIAGNOSIS, severity="attention"))
    yield from refused
    if person is None:
        return
    filed = sorted(prescription.diseases & diseases_filed_on(person, view.day))
    if filed:
        names = "、".join(disease_name(key, person.filings) for key in filed)
        yield found(view, "ok", "diagnosis_filed", f"诊断与备案相符：{names}。")
    elif person.filings and not refused:
        text = "处方的诊断里没有已备案的病种。请核对诊断；确实不符的，按自费或请参保人先办备案。"
        yield found(view, "attention", "diagnosis_not_filed", text)
