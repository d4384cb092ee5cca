"""What a review is made from: the sale on the desk, law, knowledge, and what the person had before."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property

from msgspec import Struct

from engine.calendar import age_on
from engine.catalogue import Drug
from engine.knowledge.library import Identity, Knowledge
from engine.knowledge.strength import parse_strength, same_strength
from engine.policy.answer import Answer, Clause
from engine.policy.asked import Asked
from engine.prescription import Finding, PrescribedLine, Prescription, Severity
from engine.sale import BasketLine, Draft


class Dispensing(Struct, frozen=True, kw_only=True):
    """A drug handed to the person before, ``here`` or elsewhere; ``days`` of supply where they were told."""

    day: date
    drug: str
    name: str
    quantity: int
    provider: str
    here: bool
    days: int | None = None
    form: str = ""
    prescription_only: bool = True


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that a review may look at; what is not in here has no say.

    ``asked`` is what the law asks of the prescription (None without one), ``answer`` the share as computed
    (None: not yet). ``told_until`` is the day up to which other shops' history is known, None for unknown.
    ``authentic`` tells whether an electronic prescription is as the platform signed it (None: unknown, or not
    electronic). ``provider`` is the shop that sells, ``dual_channel`` what kind it is.
    """

    day: date
    draft: Draft
    knowledge: Knowledge
    asked: Asked | None = None
    answer: Answer | None = None
    history: tuple[Dispensing, ...] = ()
    told_until: date | None = None
    authentic: bool | None = None
    provider: str = ""
    region: str = ""
    dual_channel: bool = False


class Item(Struct, frozen=True, kw_only=True):
    """A drug under review: in the basket (``line``), on the prescription (``prescribed``), or both."""

    name: str
    code: str
    identity: Identity
    line: BasketLine | None = None
    prescribed: PrescribedLine | None = None

    @property
    def subject(self) -> str:
        """What tells findings about this drug from those about another."""
        return self.code or self.name

    @property
    def drug(self) -> Drug | None:
        """The box, where there is one."""
        return self.line.drug if self.line else None


class InUse(Struct, frozen=True, kw_only=True):
    """What the person should still have of one drug: the last time it was handed out, and days left of it."""

    last: Dispensing
    identity: Identity
    left: int


class View:
    """The facts with what several rules need of them, each worked out once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.day, self.knowledge, self.draft = facts.day, facts.knowledge, facts.draft
        self.person, self.prescription = facts.draft.person, facts.draft.prescription

    @cached_property
    def age(self) -> int | None:
        """The person's age in whole years; None where nobody is known."""
        return age_on(self.day, self.person.birth) if self.person else None

    @cached_property
    def basket(self) -> tuple[Item, ...]:
        """What lies in the basket, each with the prescribed line that it answers."""
        return tuple(self._of_line(line) for line in self.draft.lines)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All drugs under review: the basket's, then those prescribed and not in it yet."""
        taken = {item.identity.key for item in self.basket}
        rest = [
            self._of_prescribed(line)
            for line in (self.prescription.lines if self.prescription else ())
            if not any(item.prescribed is line for item in self.basket)
        ]
        return (*self.basket, *(item for item in rest if item.identity.key not in taken))

    @cached_property
    def in_use(self) -> tuple[InUse, ...]:
        """What the person should still have, by drug: supplies that overlap are used one after the other."""
        usual = self.knowledge.figure("long_term", "usual").number
        short = self.knowledge.figure("quantity", "ordinary").number
        ends: dict[tuple[object, ...], tuple[date, Dispensing, Identity]] = {}
        for each in sorted(self.facts.history, key=lambda each: each.day):
            identity = self.knowledge.identify(each.name, each.drug, each.form)
            days = each.days or (usual if each.prescription_only else short)
            before = ends.get(identity.key)
            begins = max(before[0], each.day) if before else each.day
            ends[identity.key] = (begins + timedelta(days=days), each, identity)
        return tuple(
            InUse(last=last, identity=identity, left=(end - self.day).days)
            for end, last, identity in ends.values()
            if end > self.day
        )

    def left_of(self, item: Item) -> InUse | None:
        """Return what the person should still have of the same drug."""
        return next((each for each in self.in_use if each.identity.key == item.identity.key), None)

    def days_of(self, item: Item) -> int | None:
        """Return the days that the drug is prescribed for; None where nobody prescribed it."""
        if item.prescribed is None or self.prescription is None:
            return None
        return item.prescribed.days or self.prescription.supply_days

    def _of_line(self, line: BasketLine) -> Item:
        drug = line.drug
        identity = self.knowledge.identify(drug.generic_name, drug.code, drug.form)
        lines = self.prescription.lines if self.prescription else ()
        exact = next((each for each in lines if each.drug == drug.code), None)
        naming = [] if exact else [each for each in lines if self.names(each, identity)]
        return Item(
            name=drug.generic_name,
            code=drug.code,
            identity=identity,
            line=line,
            # A drug that is prescribed in two strengths is the one that the box has.
            prescribed=exact or min(naming, key=lambda each: _differs(each, drug), default=None),
        )

    def _of_prescribed(self, line: PrescribedLine) -> Item:
        identity = self.knowledge.identify(line.name, line.drug or "", line.form)
        return Item(name=line.name, code=line.drug or "", identity=identity, prescribed=line)

    def names(self, line: PrescribedLine, identity: Identity) -> bool:
        """Tell whether a prescribed line means the drug: by its name, salt and form aside."""
        named = self.knowledge.identify(line.name, line.drug or "", line.form)
        if named.parts.name == identity.parts.name:
            return True
        same_drug = named.parts.stem == identity.parts.stem or (
            bool(named.ingredients)
            and (named.compound, named.ingredients) == (identity.compound, identity.ingredients)
        )
        return same_drug and (named.route == identity.route or not named.parts.form)


def _differs(line: PrescribedLine, drug: Drug) -> bool:
    """Tell whether a line is prescribed in another strength than a box has, as far as both can be read."""
    theirs, ours = parse_strength(line.strength), parse_strength(drug.strength or drug.spec)
    return theirs is None or ours is None or not same_strength(theirs, ours)


def found(
    view: View,
    severity: Severity,
    code: str,
    text: str,
    *,
    clause: Clause | None = None,
    advice: str = "",
    subject: str = "",
    may_override: bool = False,
    bars: bool = False,
) -> Finding:
    """Return a finding; where it has no clause of its own it cites the law behind its kind."""
    return Finding(
        severity=severity,
        code=code,
        text=text,
        clause=clause or view.knowledge.basis(code),
        advice=advice,
        subject=subject,
        may_override=may_override,
        bars=bars,
    )


def said(day: date) -> str:
    """Return a day as people say it."""
    return f"{day.month} 月 {day.day} 日"


def prescription_of(view: View) -> Prescription:
    """Return the prescription; raise ValueError where a rule about prescriptions is asked without one."""
    if view.prescription is None:
        raise ValueError("this rule is about a prescription")
    return view.prescription
