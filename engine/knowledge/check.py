"""Whether facts hold together: every name known, nothing said twice, nothing said two ways."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.knowledge.entries import Group
from engine.knowledge.parse import KnowledgeFile
from engine.policy.problems import Problem

_ATC = re.compile(r"[A-Z](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?").fullmatch
_NEEDED = {"quantity": ("ordinary", "emergency", "drugs"), "long_term": ("usual", "longest")}
_GROUPED = ("sex", "age", "pregnancy", "breastfeeding", "long_term_ban", "ephedrine", "special")
_ONE_VOICE = ("pregnancy", "breastfeeding")
_BARRING = ("ephedrine",)

Placed = tuple[str, str, Any]
"""File, place and fact."""


def check_files(files: Sequence[KnowledgeFile]) -> Iterator[Problem]:
    """Yield what is wrong within and between ``files``."""
    known = {family: list(_placed(files, family)) for family in _families(files)}
    ids = {fact.id for family in ("ingredient", "class") for _, _, fact in known.get(family, ())}
    yield from _check_ids(known)
    yield from _check_names(known)
    yield from _check_atc(known)
    yield from _check_members(known)
    yield from _check_interactions(known, ids)
    yield from _check_doses(known)
    yield from _check_groups(known, ids)
    yield from _check_figures(known)
    yield from _check_codes(known)
    worded = [file.file for file in files if file.words is not None]
    for file in worded[1:]:
        yield Problem(file, "routes", f"剂型和酸根的词表已经在 {worded[0]} 里")
    if files and not worded:
        yield Problem("names.toml", "routes", "缺少剂型和酸根的词表")


def _families(files: Iterable[KnowledgeFile]) -> set[str]:
    return {family for file in files for family in file.facts}


def _placed(files: Iterable[KnowledgeFile], family: str) -> Iterator[Placed]:
    for file in files:
        for made in file.facts.get(family, ()):
            yield file.file, made.place, made.fact


def _check_ids(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for family in ("ingredient", "compound", "class"):
        for file, place, fact in known.get(family, ()):
            if fact.id in seen:
                yield Problem(file, f"{place}.id", f"id“{fact.id}”重复，已用在 {seen[fact.id]}")
            seen.setdefault(fact.id, place)


def _check_names(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    for family in ("ingredient", "compound"):
        owners: dict[str, str] = {}
        for file, place, fact in known.get(family, ()):
            for name in sorted(fact.names):
                if name in owners:
                    yield Problem(file, f"{place}.names", f"“{name}”已是 {owners[name]} 的名字")
                owners.setdefault(name, fact.id)


def _check_atc(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    for file, place, fact in known.get("ingredient", ()):
        if fact.atc and not _ATC(fact.atc):
            yield Problem(file, f"{place}.atc", f"“{fact.atc}”不是 ATC 代码")
    for file, place, fact in known.get("class", ()):
        for prefix in fact.atc:
            if not _ATC(prefix):
                yield Problem(file, f"{place}.atc", f"“{prefix}”不是 ATC 代码的前几位")


def _check_members(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    ingredients = {fact.id for _, _, fact in known.get("ingredient", ())}
    for file, place, fact in known.get("class", ()):
        for key, members in (("members", fact.members), ("except", fact.excepted)):
            for unknown in sorted(members - ingredients):
                yield Problem(file, f"{place}.{key}", f"没有成分“{unknown}”")
        if not (fact.atc or fact.members or fact.named):
            yield Problem(file, place, "没有说哪些药属于这一类（atc、members 或 named）")
    for file, place, fact in known.get("compound", ()):
        for unknown in sorted(set(fact.contains) - ingredients):
            yield Problem(file, f"{place}.contains", f"没有成分“{unknown}”")


def _check_interactions(known: dict[str, list[Placed]], ids: set[str]) -> Iterator[Problem]:
    seen: dict[frozenset[str], tuple[str, str]] = {}
    for file, place, fact in known.get("interaction", ()):
        for key in ("a", "b"):
            if getattr(fact, key) not in ids:
                yield Problem(file, f"{place}.{key}", f"没有成分或类别“{getattr(fact, key)}”")
        pair = frozenset((fact.a, fact.b))
        if pair in seen:
            before, gravity = seen[pair]
            reason = f"与 {before} 说的是同一对药"
            yield Problem(file, place, reason if gravity == fact.gravity else f"{reason}，严重程度却不同")
        seen.setdefault(pair, (place, fact.gravity))


def _check_doses(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    ingredients = {fact.id for _, _, fact in known.get("ingredient", ())}
    seen: dict[tuple[str, str, int], str] = {}
    for file, place, fact in known.get("dose", ()):
        if fact.of not in ingredients:
            yield Problem(file, f"{place}.of", f"没有成分“{fact.of}”")
        key = (fact.of, fact.route, fact.from_age)
        if key in seen:
            yield Problem(file, place, f"与 {seen[key]} 说的是同一成分、同一途径、同一年龄")
        seen.setdefault(key, place)


def _check_groups(known: dict[str, list[Placed]], ids: set[str]) -> Iterator[Problem]:
    for family in _GROUPED:
        for file, place, fact in known.get(family, ()):
            for key, named in (("of", fact.group.of), ("except", fact.group.excepted)):
                for unknown in sorted(named - ids):
                    yield Problem(file, f"{place}.{key}", f"没有成分或类别“{unknown}”")
            if family in _BARRING and not fact.source.verified:
                yield Problem(file, f"{place}.verified", "没有核对过原文的规定不能用来禁止销售")
    for file, place, fact in known.get("allergy", ()):
        for unknown in sorted((fact.of | fact.cross) - ids):
            yield Problem(file, f"{place}.of", f"没有成分或类别“{unknown}”")
    yield from _check_one_sex(known.get("sex", ()))
    for family in _ONE_VOICE:
        yield from _check_one_voice(known.get(family, ()))


def _check_one_sex(limits: Iterable[Placed]) -> Iterator[Problem]:
    only: dict[str, str] = {}
    for file, place, fact in limits:
        for subject in sorted(_subjects(fact.group)):
            if only.setdefault(subject, fact.only) != fact.only:
                yield Problem(file, place, f"“{subject}”既限男性又限女性")


def _check_one_voice(limits: Iterable[Placed]) -> Iterator[Problem]:
    said: dict[str, tuple[str, str]] = {}
    for file, place, fact in limits:
        for subject in sorted(_subjects(fact.group)):
            if subject in said:
                before, severity = said[subject]
                other = "" if severity == fact.severity else "，严重程度却不同"
                yield Problem(file, place, f"“{subject}”在 {before} 已经说过{other}")
            said.setdefault(subject, (place, fact.severity))


def _subjects(group: Group) -> set[str]:
    return {*group.of, *group.named, *group.containing}


def _check_figures(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    for family, needed in _NEEDED.items():
        found: dict[str, int] = defaultdict(int)
        for file, place, fact in known.get(family, ()):
            found[fact.id] += 1
            if fact.id not in needed:
                yield Problem(file, f"{place}.id", f"不认识“{fact.id}”，可用：{'、'.join(needed)}")
            elif found[fact.id] > 1:
                yield Problem(file, f"{place}.id", f"“{fact.id}”写了两次")
        for missing in needed:
            if not found[missing]:
                yield Problem("dispensing.toml", family, f"缺少“{missing}”")


def _check_codes(known: dict[str, list[Placed]]) -> Iterator[Problem]:
    for family in ("basis", "override"):
        seen: dict[str, str] = {}
        for file, place, fact in known.get(family, ()):
            for code in sorted(fact.codes):
                if code in seen:
                    yield Problem(file, f"{place}.codes", f"“{code}”在 {seen[code]} 已经写过")
                seen.setdefault(code, place)
    if "ingredient" in known and not known.get("refusal"):
        yield Problem("reasons.toml", "refusal", "缺少拒绝调配的理由")
