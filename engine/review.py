"""What a pharmacist must know of a prescription before the sale: findings, all of them, never raised.

What the law allows is the policy answer's to say; here no city and no figure of law is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from engine.diseases import disease_name
from engine.person import Person, diseases_filed_on, masked_name
from engine.policy.answer import Answer
from engine.prescription import Finding, PrescribedLine, Prescription, Severity
from engine.sale import BasketLine, Draft

_SUPPLY = "supply_too_long"
_DATES = frozenset({"prescription_not_yet_valid", "prescription_expired"})
_ORIGIN = frozenset(
    {"prescription_source_not_accepted", "prescription_issuer_not_designated", "prescription_not_confirmed"}
)
_BARRING = _DATES | {"prescription_of_another", "drug_not_prescribed", "more_than_prescribed"}
_DIAGNOSIS = frozenset({"no_disease", "disease_not_covered", "disease_not_filed"})
_SEVERITIES: tuple[Severity, ...] = ("refused", "attention", "ok")


def review(
    prescription: Prescription | None, draft: Draft, person: Person | None, day: date, answer: Answer | None
) -> tuple[Finding, ...]:
    """Return all that is found, the gravest first, good news included; ``answer`` None: not computed yet."""
    if prescription is None:
        found = list(_without(draft, answer))
    else:
        found = [
            *_of_this_person(prescription, person),
            *_dates(prescription, day, answer),
            *_by_law(answer, _ORIGIN),
            *_supply(prescription, answer),
            *_drugs(prescription, draft),
            *_diagnosis(prescription, person, day, answer),
        ]
    return tuple(sorted(found, key=lambda finding: _SEVERITIES.index(finding.severity)))


def bars(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those findings under which no prescription-only drug may be handed over.

    Source: 药品管理法 (2019) 第五十四条 and 第五十八条: prescription-only drugs on a valid prescription,
    neither changed nor substituted. Whether the fund pays is another question, and bars nothing.
    """
    return tuple(finding for finding in findings if finding.code in _BARRING)


def _without(draft: Draft, answer: Answer | None) -> Iterator[Finding]:
    needing = [line.drug.generic_name for line in draft.lines if line.drug.prescription_only]
    if needing:
        names = "、".join(needing)
        yield Finding(
            "refused", "prescription_needed", f"{names}是处方药，要有处方才能卖。请扫处方，或按 Ctrl+2 录入。"
        )
    yield from _by_law(answer, frozenset({"no_prescription"}), severity="attention")


def _by_law(answer: Answer | None, codes: frozenset[str], severity: Severity = "refused") -> list[Finding]:
    """Return the policy's refusals of these codes, each text once, with the clause it cites."""
    found: dict[tuple[str, str], Finding] = {}
    for refusal in answer.refusals if answer else ():
        if refusal.code in codes:
            finding = Finding(severity, refusal.code, refusal.message, refusal.clause)
            found.setdefault((refusal.code, refusal.message), finding)
    return list(found.values())


def _of_this_person(prescription: Prescription, person: Person | None) -> Iterator[Finding]:
    if person is None:
        text = "还不知道是给谁买的。请先扫医保电子凭证、社保卡或身份证。"
        yield Finding("attention", "person_unknown", text)
    elif prescription.psn_no is None:
        text = f"纸质处方，请核对处方上的姓名是不是{masked_name(person.name)}。"
        yield Finding("attention", "check_name", text)
    elif prescription.psn_no != person.psn_no:
        text = f"这张处方不是开给{masked_name(person.name)}的。请扫本人的处方，或换成处方上的参保人。"
        yield Finding("refused", "prescription_of_another", text)
    else:
        yield Finding("ok", "prescription_of_person", "处方是开给本人的。")


def _dates(prescription: Prescription, day: date, answer: Answer | None) -> Iterator[Finding]:
    by_law = _by_law(answer, _DATES)
    last = prescription.valid_until or prescription.issued
    if by_law:
        yield from by_law
    elif day < prescription.issued:
        text = f"处方 {_said(prescription.issued)}才开始有效。请核对开具日期，或到那天再来。"
        yield Finding("refused", "prescription_not_yet_valid", text)
    elif day > last:
        text = f"处方只到 {_said(last)}有效，已过期。请参保人找医师重新开。"
        yield Finding("refused", "prescription_expired", text)
    else:
        left = (last - day).days
        rest = f"到 {_said(last)}，还有 {left} 天" if left else "今天是最后一天"
        yield Finding("ok", "prescription_valid", f"处方在有效期内（{rest}）。")


def _supply(prescription: Prescription, answer: Answer | None) -> Iterator[Finding]:
    by_law = _by_law(answer, frozenset({_SUPPLY}))
    if by_law:
        yield from by_law
    elif answer is not None and any(s.benefit != "self_pay" for s in answer.settlements):
        yield Finding("ok", "supply_accepted", f"用量 {prescription.supply_days} 天，没有超过规定。")


def _drugs(prescription: Prescription, draft: Draft) -> Iterator[Finding]:
    found = [finding for line in draft.lines for finding in _line(prescription, line)]
    if draft.lines and not found:
        found.append(Finding("ok", "drugs_as_prescribed", "药品和数量都在处方之内。"))
    yield from found


def _line(prescription: Prescription, line: BasketLine) -> Iterator[Finding]:
    drug = line.drug
    exact = [each for each in prescription.lines if each.drug == drug.code]
    named = [each for each in prescription.lines if _is_named(each, drug.generic_name)]
    matching = exact or named
    if not matching:
        if drug.prescription_only:
            text = f"处方上没有{drug.generic_name}，不能代替别的药卖。请从篮里拿掉，或补处方。"
            yield Finding("refused", "drug_not_prescribed", text)
        else:
            text = f"{drug.generic_name}不在处方上，是非处方药，可以另外买。请告诉参保人。"
            yield Finding("attention", "drug_beside_prescription", text)
        return
    if not exact and any(each.drug for each in named):
        text = f"处方上的{drug.generic_name}是另一规格或厂家。请核对规格和用法再卖。"
        yield Finding("attention", "another_pack", text)
    prescribed = sum(each.quantity for each in matching)
    if line.packs > prescribed:
        text = (
            f"{drug.generic_name}处方开了 {prescribed} {drug.unit}，篮里有 {line.quantity} {line.unit}。"
            f"请减到 {prescribed} {drug.unit}。"
        )
        yield Finding("refused", "more_than_prescribed", text)


def _is_named(line: PrescribedLine, generic_name: str) -> bool:
    return line.name.replace(" ", "") == generic_name.replace(" ", "")


def _diagnosis(
    prescription: Prescription, person: Person | None, day: date, answer: Answer | None
) -> Iterator[Finding]:
    by_law = _by_law(answer, _DIAGNOSIS, severity="attention")
    yield from by_law
    if person is None:
        return
    filed = sorted(prescription.diseases & diseases_filed_on(person, day))
    if filed:
        names = "、".join(disease_name(key, person.filings) for key in filed)
        yield Finding("ok", "diagnosis_filed", f"诊断与备案相符：{names}。")
    elif person.filings and not by_law:
        text = "处方的诊断里没有已备案的病种。请核对诊断；确实不符的，按自费或请参保人先办备案。"
        yield Finding("attention", "diagnosis_not_filed", text)


def _said(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"
