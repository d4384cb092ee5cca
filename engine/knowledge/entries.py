"""Facts about drugs, as knowledge files state them: what each is about, what it says, where it stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.policy.answer import Clause
from engine.prescription import Severity

Route: TypeAlias = Literal["oral", "sublingual", "inhaled", "nebulised", "injection", "patch", "local"]
"""How a form reaches the body; ``local`` works where it is put (skin, eye, nose) and counts for nothing
else; a nebuliser takes many times what a spray holds."""
Gravity: TypeAlias = Literal["contraindicated", "serious", "moderate"]


class Source(Struct, frozen=True, kw_only=True):
    """Where a fact stands; ``verified`` is false until a person has compared it with the printed text.

    ``label_of`` is the ingredient or class whose drug label (药品说明书) says it, empty for other documents.
    """

    clause: Clause
    checked_on: date
    verified: bool = True
    note: str = ""
    label_of: str = ""


class Ingredient(Struct, frozen=True, kw_only=True):
    """An active ingredient: the stem of its generic name, other names, its ATC code (some end early)."""

    id: str
    name: str
    names: frozenset[str]
    atc: str
    source: Source


class Compound(Struct, frozen=True, kw_only=True):
    """A drug whose generic name does not spell out all that it contains; ``mg`` in each smallest unit."""

    id: str
    names: frozenset[str]
    contains: tuple[str, ...]
    mg: dict[str, Decimal]
    source: Source


class DrugClass(Struct, frozen=True, kw_only=True):
    """A therapeutic class: by ATC prefix, by ingredient, and by the names of patent drugs.

    ``duplicate`` is how grave two of it together are (None: nothing is said of it), ``why`` the reason.
    """

    id: str
    name: str
    atc: tuple[str, ...]
    members: frozenset[str]
    named: frozenset[str]
    excepted: frozenset[str]
    duplicate: Severity | None
    why: str
    source: Source


class Interaction(Struct, frozen=True, kw_only=True):
    """What two ingredients or classes do together, and what to do about it."""

    a: str
    b: str
    gravity: Gravity
    effect: str
    advice: str
    source: Source


class Group(Struct, frozen=True, kw_only=True):
    """Whom a fact is about: ingredients or classes, patent drugs by name, or names containing a word."""

    of: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    containing: tuple[str, ...] = ()
    excepted: frozenset[str] = frozenset()


class SexLimit(Struct, frozen=True, kw_only=True):
    """For one sex only: 男 or 女."""

    group: Group
    only: str
    severity: Severity
    why: str
    source: Source


class AgeLimit(Struct, frozen=True, kw_only=True):
    """For whole years from ``lowest`` to ``highest``, both inclusive; None: without end."""

    group: Group
    lowest: int | None
    highest: int | None
    severity: Severity
    why: str
    source: Source


class StateLimit(Struct, frozen=True, kw_only=True):
    """Not in pregnancy, or not while breastfeeding."""

    group: Group
    severity: Severity
    why: str
    source: Source


class Allergy(Struct, frozen=True, kw_only=True):
    """How an allergy is written (``words``), what it forbids (``of``), and what may cross (``cross``)."""

    name: str
    words: tuple[str, ...]
    of: frozenset[str]
    cross: frozenset[str]
    source: Source


class MostADay(Struct, frozen=True, kw_only=True):
    """The largest daily amount of an ingredient by one route, in milligrams, from an age on (years)."""

    of: str
    mg: Decimal
    route: Route
    from_age: int
    source: Source


class Condition(Struct, frozen=True, kw_only=True):
    """A disease that a limited payment scope names by ``words``: codes that begin so, or names, answer it."""

    words: tuple[str, ...]
    icd: tuple[str, ...]
    named: tuple[str, ...]
    source: Source


class ScopeLimit(Struct, frozen=True, kw_only=True):
    """What else a limited payment scope asks for where it says one of ``words``.

    ``lower`` are marks of issuers that cannot be meant; age and sex bound whom it is paid for.
    """

    id: str
    words: tuple[str, ...]
    severity: Severity
    text: str
    advice: str
    lower: tuple[str, ...]
    lowest: int | None
    highest: int | None
    sex: str
    source: Source


class Specialty(Struct, frozen=True, kw_only=True):
    """Which departments are the specialists that a scope with ``words`` means."""

    words: tuple[str, ...]
    departments: tuple[str, ...]
    source: Source


class Figure(Struct, frozen=True, kw_only=True):
    """A number of law, by its id: days of supply, drugs on one prescription."""

    id: str
    number: int
    source: Source


class Ban(Struct, frozen=True, kw_only=True):
    """What may not be on a long prescription (长期处方)."""

    name: str
    group: Group
    source: Source


class EphedrineRule(Struct, frozen=True, kw_only=True):
    """How compounds of ephedrine are sold: packs at once; above so much in a unit on prescription only."""

    group: Group
    packs: int
    rx_above_mg: Decimal
    again_days: int
    source: Source


class SpecialRule(Struct, frozen=True, kw_only=True):
    """Drugs under special control that a retail shop may sell: days a prescription, adults only."""

    id: str
    name: str
    group: Group
    days: int
    adults_only: bool
    why: str
    source: Source


class RepeatRule(Struct, frozen=True, kw_only=True):
    """How many places within how many days are worth a warning, for people insured in ``region``."""

    region: str
    days: int
    places: int
    source: Source


class Duty(Struct, frozen=True, kw_only=True):
    """Findings under which a prescription is refused and reported, and to whom.

    ``asked``: the clause itself asks for the report; else it only forbids to dispense, and who can clear the
    matter up is told.
    """

    region: str
    dual_channel: bool
    codes: frozenset[str]
    to: tuple[str, ...]
    source: Source
    asked: bool = True


class Basis(Struct, frozen=True, kw_only=True):
    """The law behind findings that have no clause of their own."""

    codes: frozenset[str]
    source: Source


class Reasons(Struct, frozen=True, kw_only=True):
    """Lawful reasons for passing findings of ``codes``; with no codes, for refusing a prescription."""

    codes: frozenset[str]
    choices: tuple[str, ...]
    source: Source
