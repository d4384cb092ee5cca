"""All knowledge, ready to be asked: what a drug is, what it does with another, who may not take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.codes import atc_of
from engine.knowledge import entries
from engine.knowledge.entries import Group, Interaction, Route
from engine.knowledge.names import Parts, Reader, Words, spelled_out
from engine.policy.answer import Clause

_KEPT = 4_096
"""Drugs whose identity is kept: more than lie on any desk and in any history."""
_GRAVER = {"contraindicated": 0, "serious": 1, "moderate": 2}


class Identity(Struct, frozen=True, kw_only=True):
    """What a drug is to medicine: the parts of its name, its ingredients and their classes.

    ``groups`` are both together, by which facts are found; ``compound`` names the entry that knows it whole.
    """

    parts: Parts
    ingredients: tuple[str, ...]
    classes: frozenset[str]
    groups: frozenset[str]
    route: Route
    compound: str = ""

    @property
    def systemic(self) -> bool:
        """Whether it reaches the whole body."""
        return self.route != "local"

    @property
    def key(self) -> tuple[object, ...]:
        """What packs of one and the same drug have in common, whatever their salt, maker and strength."""
        return (self.compound, self.ingredients or self.parts.stem, self.route)


class Knowledge:
    """The facts of all files. ``hash`` changes with any of them."""

    def __init__(self, told: Mapping[str, Sequence[Any]], words: Words, digest: str) -> None:
        self.hash = digest
        self._names: dict[str, str] = {fact.id: fact.name for fact in (*told["ingredient"], *told["class"])}
        self._facts = {family: tuple(map(self._titled, facts)) for family, facts in told.items()}
        self._ingredients = {fact.id: fact for fact in self._facts["ingredient"]}
        self._by_name = {name: fact.id for fact in self._facts["ingredient"] for name in fact.names}
        self._longest = max(map(len, self._by_name), default=0)
        self._compounds = {name: fact for fact in self._facts["compound"] for name in fact.names}
        self.classes: dict[str, entries.DrugClass] = {fact.id: fact for fact in self._facts["class"]}
        self._reader = Reader(words, [*self._by_name, *self._compounds])
        self._pairs = _by_pair(self._facts["interaction"])
        self._identities: dict[tuple[str, str, str], Identity] = {}
        self._basis = {code: fact.source.clause for fact in self._facts["basis"] for code in fact.codes}
        self._reasons = {code: fact for fact in self._facts["override"] for code in fact.codes}
        self._doses: dict[tuple[str, Route], list[entries.MostADay]] = {}
        for dose in self._facts["dose"]:
            self._doses.setdefault((dose.of, dose.route), []).append(dose)

    def facts(self, family: str) -> tuple[Any, ...]:
        """Return the facts of a family, such as ``sex`` or ``condition``, in the files' order."""
        return self._facts[family]

    def name_of(self, id: str) -> str:
        """Return the Chinese name of an ingredient or class."""
        return self._names[id]

    def identify(self, name: str, code: str = "", form: str = "") -> Identity:
        """Return what a drug is: by its generic name, by its national code where that is unknown."""
        key = (name, code, form)
        found = self._identities.get(key)
        if found is None:
            if len(self._identities) >= _KEPT:
                self._identities.clear()
            found = self._identities[key] = self._identified(name, code, form)
        return found

    def amounts(self, identity: Identity) -> Mapping[str, Any]:
        """Return the milligrams of each ingredient in a unit, where the drug's entry knows them."""
        compound = self._compounds.get(identity.compound)
        return compound.mg if compound else {}

    def interaction(self, one: Identity, other: Identity) -> Interaction | None:
        """Return the gravest of what two drugs do together; None where nothing is known."""
        found: list[Interaction] = []
        for a in one.groups:
            of_a = self._pairs.get(a)
            if of_a:
                found += [of_a[b] for b in other.groups if b in of_a]
        return min(found, key=self._rank, default=None)

    def most_a_day(self, ingredient: str, route: Route, age: int | None) -> entries.MostADay | None:
        """Return the largest daily amount for a person of ``age`` (None: an adult); None for unknown."""
        years = age if age is not None else 18
        known = [each for each in self._doses.get((ingredient, route), ()) if each.from_age <= years]
        return max(known, key=lambda each: each.from_age, default=None)

    def figure(self, family: str, id: str) -> entries.Figure:
        """Return a number of law; every one that is asked for was seen to be there when loading."""
        found: entries.Figure = next(fact for fact in self._facts[family] if fact.id == id)
        return found

    def basis(self, code: str) -> Clause | None:
        """Return the law behind findings of ``code``."""
        return self._basis.get(code)

    def cited(self, source: entries.Source, identity: Identity) -> Clause:
        """Return where a fact about several drugs stands for this one: its own label, not the first one's."""
        if not source.label_of or source.label_of in identity.groups:
            return source.clause
        return Clause(f"{identity.parts.stem}说明书", source.clause.section)

    def reasons(self, code: str) -> entries.Reasons | None:
        """Return the lawful reasons for passing a finding of ``code``."""
        return self._reasons.get(code)

    def _rank(self, fact: Interaction) -> tuple[int, int, str, str]:
        classes = (fact.a in self.classes) + (fact.b in self.classes)
        return _GRAVER[fact.gravity], classes, fact.a, fact.b

    def _identified(self, name: str, code: str, form: str) -> Identity:
        parts = self._reader.parts(name)
        compound = next(
            (each for each in (parts.name, parts.base, parts.stem) if each in self._compounds), ""
        )
        if compound:
            ingredients = self._compounds[compound].contains
        else:
            ingredients = spelled_out(parts.base, self._by_name, self._longest)
        atc = atc_of(code) if not ingredients else ""
        classes = frozenset(
            each.id for each in self.classes.values() if self._belongs(each, parts, ingredients, atc)
        )
        route = (self._reader.route_of(form) if form else None) or parts.route or "oral"
        if parts.route in {"inhaled", "nebulised", "injection", "local"}:
            route = parts.route
        return Identity(
            parts=parts,
            ingredients=ingredients,
            classes=classes,
            groups=classes | set(ingredients),
            route=route,
            compound=compound,
        )

    def _belongs(
        self, drug_class: entries.DrugClass, parts: Parts, ingredients: tuple[str, ...], atc: str
    ) -> bool:
        if {parts.base, parts.stem, parts.name} & drug_class.named:
            return True
        if atc and atc.startswith(drug_class.atc):
            return True
        return any(
            each in drug_class.members
            or (each not in drug_class.excepted and self._ingredients[each].atc.startswith(drug_class.atc))
            for each in ingredients
        )

    def _titled(self, fact: Any) -> Any:
        """Return ``fact`` with the label of its drug called by name."""
        source = fact.source
        if not source.label_of:
            return fact
        title = f"{self._names.get(source.label_of, source.label_of)}说明书"
        return replace(fact, source=replace(source, clause=Clause(title, source.clause.section)))


def concerns(group: Group, identity: Identity) -> bool:
    """Tell whether a fact about ``group`` is about the drug."""
    if group.excepted & identity.groups:
        return False
    if group.of & identity.groups and identity.systemic:
        return True
    parts = identity.parts
    if {parts.base, parts.stem, parts.name} & group.named:
        return True
    return any(word in parts.name for word in group.containing)


def _by_pair(interactions: Iterable[Interaction]) -> dict[str, dict[str, Interaction]]:
    pairs: dict[str, dict[str, Interaction]] = {}
    for fact in interactions:
        pairs.setdefault(fact.a, {})[fact.b] = fact
        pairs.setdefault(fact.b, {})[fact.a] = fact
    return pairs
