"""What a claim comes to: settlements with their derivation, and refusals; all amounts in fen."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from engine.money import BasisPoints, Fen

Payer: TypeAlias = Literal["patient", "fund", "assistance"]
Rule: TypeAlias = Literal[
    "over_standard",
    "first_self_pay",
    "deductible",
    "own_share",
    "over_limit",
    "fund_share",
    "assistance",
    "self_pay",
]


class Clause(Struct, frozen=True, gc=False):
    """Where the law says it: the document's name and the section as printed there."""

    document: str
    section: str


class Step(Struct, frozen=True, gc=False):
    """One step of a derivation: ``payer`` bears ``amount`` because ``clause`` says so."""

    rule: Rule
    payer: Payer
    amount: Fen
    clause: Clause | None
    text: str


class Settlement(Struct, frozen=True, gc=False):
    """The share of one disease (or of all self-paid lines); field meanings in contract/quote."""

    benefit: str
    disease: str | None
    lines: tuple[str, ...]
    total: Fen
    over_standard: Fen
    first_self_pay: Fen
    in_scope: Fen
    deductible: Fen
    ratio_bp: BasisPoints
    fund: Fen
    over_limit: Fen
    assistance: Fen
    patient: Fen
    steps: tuple[Step, ...]


class Refusal(Struct, frozen=True, gc=False):
    """Why a line, or the whole claim (``line`` None), is not paid; ``message`` says what to do next."""

    line: str | None
    code: str
    clause: Clause | None
    message: str


class Answer(Struct, frozen=True, gc=False):
    """The answer to one claim; ``policy`` is the pack's id, None where none is in force."""

    policy: str | None
    settlements: tuple[Settlement, ...]
    refusals: tuple[Refusal, ...]
    total: Fen
    fund: Fen
    assistance: Fen
    patient: Fen


def self_pay(lines: tuple[str, ...], total: Fen, clause: Clause | None, text: str) -> Settlement:
    """Return the settlement of lines that nothing is paid of; its one step says why."""
    return Settlement(
        benefit="self_pay",
        disease=None,
        lines=lines,
        total=total,
        over_standard=0,
        first_self_pay=0,
        in_scope=0,
        deductible=0,
        ratio_bp=0,
        fund=0,
        over_limit=0,
        assistance=0,
        patient=total,
        steps=(Step("self_pay", "patient", total, clause, text),),
    )
