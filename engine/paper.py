"""A paper prescription as typed at the counter: every field checked, all findings at once, then a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Protocol

from engine.catalogue import Drug
from engine.policy.claim import Source
from engine.prescription import Diagnosis, Finding, PrescribedLine, Prescription
from engine.scan import cleaned
from engine.usage import parse_usage

MOST_DAYS = 366
"""Days' supply beyond which a typing slip is likelier than a prescription."""
LONGEST_USAGE = 200
MOST_PACKS = 999
"""Packs of one drug beyond which a barcode was likely scanned into the field."""

_DAY = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))").fullmatch
_NONE = frozenset({"无", "没有", "否认", "-"})
_COUNT = re.compile(r"[0-9]{1,7}").fullmatch


class PaperForm(Protocol):
    """The form as typed; ``lines`` are (drug name or code, number of packs, usage)."""

    @property
    def number(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def issuer(self) -> str: ...
    @property
    def issuer_designated(self) -> bool: ...
    @property
    def doctor(self) -> str: ...
    @property
    def diagnosis(self) -> str: ...
    @property
    def diseases(self) -> frozenset[str]: ...
    @property
    def issued(self) -> str: ...
    @property
    def valid_until(self) -> str: ...
    @property
    def supply_days(self) -> str: ...
    @property
    def travel(self) -> bool: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def long_term(self) -> bool: ...
    @property
    def pregnant(self) -> bool: ...
    @property
    def breastfeeding(self) -> bool: ...
    @property
    def allergies(self) -> str: ...
    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]: ...


def check_paper(form: PaperForm, day: date) -> tuple[Finding, ...]:
    """Return what is amiss or right in ``form`` on ``day``; where nothing is "refused" it can be read."""
    return tuple((*_origin(form), *_dates(form, day), *_supply(form), *_lines(form), *_usages(form)))


def read_paper(
    form: PaperForm,
    drugs: Mapping[str, Drug],
    known: Callable[[str], Diagnosis | None] = lambda _name: None,
) -> Prescription:
    """Return the prescription that ``form`` says; ``drugs`` finds a drug by what was typed for it.

    ``known`` finds a diagnosis by its name.
    Raises ValueError for a form in which check_paper refuses something.
    """
    issued, supply_days = parse_day(form.issued), parse_count(form.supply_days)
    if issued is None or supply_days is None:
        raise ValueError("a form must be checked before it is read")
    return Prescription(
        number=cleaned(form.number),
        source=form.source,
        issuer=form.issuer.strip(),
        issuer_designated=form.issuer_designated,
        doctor=form.doctor.strip(),
        diagnosis=form.diagnosis.strip(),
        issued=issued,
        supply_days=supply_days,
        lines=tuple(_prescribed(*line, drugs) for line in form.lines if line[0].strip()),
        valid_until=parse_day(form.valid_until),
        diseases=form.diseases,
        travel=form.travel,
        confirmed=form.confirmed,
        diagnoses=tuple(diagnoses_in(form.diagnosis, known)),
        pregnant=form.pregnant,
        breastfeeding=form.breastfeeding,
        allergies=tuple(each for each in _parted(form.allergies, ";；、，,\n") if each not in _NONE),
        long_term=form.long_term,
    )


def diagnoses_in(text: str, known: Callable[[str], Diagnosis | None]) -> Iterator[Diagnosis]:
    """Yield the diagnoses that ``text`` names; one that nobody knows has no code.

    A semicolon parts them. So do commas where no whole name is known: some names have them inside.
    """
    for part in _parted(text, ";；\n"):
        whole = known(part)
        if whole is not None:
            yield whole
        else:
            yield from (known(name) or Diagnosis("", name) for name in _parted(part, "、，,"))


def _parted(text: str, signs: str) -> Iterator[str]:
    for part in re.split(f"[{signs}]", text):
        if part.strip():
            yield part.strip()


def parse_day(text: str) -> date | None:
    """Return the day that ``text`` writes: 2026-11-22, 2026/11/22, 2026.11.22, 20261122, 2026年11月22日."""
    match = _DAY(cleaned(text).replace(" ", ""))
    if match is None:
        return None
    year, *parts = (part for part in match.groups() if part)
    try:
        return date(int(year), int(parts[0]), int(parts[1]))
    except ValueError:
        return None


def parse_count(text: str) -> int | None:
    """Return the positive whole number that ``text`` writes, full-width digits too; else None."""
    match = _COUNT(cleaned(text))
    return int(match[0]) or None if match else None


def _prescribed(name: str, packs: str, usage: str, drugs: Mapping[str, Drug]) -> PrescribedLine:
    quantity = parse_count(packs)
    if quantity is None:
        raise ValueError("a form must be checked before it is read")
    drug = drugs.get(name)
    return PrescribedLine(
        name=drug.generic_name if drug else name.strip(),
        quantity=quantity,
        drug=drug.code if drug else None,
        dose=parse_usage(usage),
        usage=" ".join(usage.split())[:LONGEST_USAGE],
    )


def _origin(form: PaperForm) -> Iterator[Finding]:
    missing = [
        what
        for what, text in (
            ("处方编号", form.number),
            ("开方机构", form.issuer),
            ("医师", form.doctor),
            ("诊断", form.diagnosis),
        )
        if not text.strip()
    ]
    if missing:
        yield Finding("refused", "paper_incomplete", f"还缺{'、'.join(missing)}。请照处方补上。")
    else:
        yield Finding("ok", "paper_complete", "编号、机构、医师、诊断齐全。")
    if not form.issuer_designated:
        text = "开方机构没有勾选“定点”，医保可能不付。请核对是不是定点医疗机构。"
        yield Finding("attention", "issuer_not_designated", text)


def _dates(form: PaperForm, day: date) -> Iterator[Finding]:
    issued, until = parse_day(form.issued), parse_day(form.valid_until)
    sound = True
    if issued is None:
        sound = False
        yield Finding("refused", "paper_issued", "开具日期看不懂。请写成 2026-11-22 这样的日期。")
    elif issued > day:
        sound = False
        yield Finding("refused", "paper_issued", "开具日期在今天之后。请核对处方上的日期。")
    if form.valid_until.strip() and until is None:
        sound = False
        text = "有效期看不懂。请写成 2026-11-24 这样的日期；处方没有注明就留空。"
        yield Finding("refused", "paper_valid_until", text)
    elif issued and until and until < issued:
        sound = False
        yield Finding("refused", "paper_valid_until", "有效期早于开具日期。请核对这两个日期。")
    if sound:
        rest = "" if until else "；没有注明有效期，只在当天有效"
        yield Finding("ok", "paper_dates", f"日期没有问题{rest}。")


def _supply(form: PaperForm) -> Iterator[Finding]:
    days = parse_count(form.supply_days)
    if days is None or days > MOST_DAYS:
        text = f"用量天数要是 1 到 {MOST_DAYS} 的整数。请照处方填写。"
        yield Finding("refused", "paper_supply", text)
    else:
        yield Finding("ok", "paper_supply", f"用量 {days} 天。")


def _lines(form: PaperForm) -> Iterator[Finding]:
    lines = [(name.strip(), packs) for name, packs, _usage in form.lines if name.strip()]
    if not lines:
        yield Finding("refused", "paper_lines", "还没有药。请至少填一种药和盒数。")
        return
    wrong = [name for name, packs in lines if not _is_sound(packs)]
    for name in wrong:
        text = f"{name}的数量要是 1 到 {MOST_PACKS} 的整数。请照处方填写。"
        yield Finding("refused", "paper_quantity", text)
    if not wrong:
        yield Finding("ok", "paper_lines", f"共 {len(lines)} 种药。")


def _usages(form: PaperForm) -> Iterator[Finding]:
    """Yield of which drugs the dose cannot be checked: a silent form would look as if it had been."""
    named = [(name.strip(), usage) for name, _packs, usage in form.lines if name.strip()]
    unread = "、".join(name for name, usage in named if usage.strip() and parse_usage(usage) is None)
    blank = "、".join(name for name, usage in named if not usage.strip())
    if unread:
        text = f"{unread}的用法看不懂，剂量没有核对。请写成「5mg 每日2次」或「1片 bid」，或自己核对。"
        yield Finding("attention", "paper_usage", text)
    if blank:
        text = f"没有填{blank}的用法，剂量没有核对。请照处方填上，或自己核对。"
        yield Finding("attention", "paper_usage_blank", text)


def _is_sound(packs: str) -> bool:
    quantity = parse_count(packs)
    return quantity is not None and quantity <= MOST_PACKS
