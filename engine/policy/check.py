"""Whether packs answer every claim, and every claim once: the finite domain of conditions, walked through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations, product
from typing import Any

from engine.policy import vocabulary
from engine.policy.parse import NATIONAL, PolicyFile, Reading
from engine.policy.problems import Problem
from engine.policy.provisions import Provision, standing, under

_OTHER = "other"  # Stands for every disease that no condition names.
_WORDS = {
    "local": "参保地",
    "offsite": "备案地",
    "retail_pharmacy": "零售药店",
    "primary": "基层",
    "secondary": "二级",
    "tertiary": "其他医疗机构",
    "resident": "居民",
    "employee": "职工",
    "active": "在职",
    "retired": "退休",
    _OTHER: "其他病种",
}


def check_files(files: Sequence[PolicyFile]) -> Iterator[Problem]:
    """Yield what is wrong within each file and between them."""
    for file in files:
        yield from _check_names(file)
        yield from _check_conflicts(file)
        yield from _check_national_gaps(file) if file.id == NATIONAL else _check_gaps(file)
    yield from _check_overlaps(files)


def _check_names(file: PolicyFile) -> Iterator[Problem]:
    answers = {reading.id: reading.answers for reading in file.readings}
    if len(answers) < len(file.readings):
        yield Problem(file.file, "reading", "有两个 reading 用了同一个 id")
    earlier: dict[tuple[str, str], set[str]] = defaultdict(set)
    for provision in file.provisions:
        family = earlier[provision.family, provision.subject]
        for unknown in sorted(provision.overrides - family):
            reason = f"本类条款中，前面没有 id 为“{unknown}”的条款"
            yield Problem(file.file, f"{provision.key}.overrides", reason)
        if provision.id in family:
            yield Problem(file.file, f"{provision.key}.id", f"id“{provision.id}”重复")
        if provision.id:
            family.add(provision.id)
        for reading, answer in provision.reading:
            if answer not in answers.get(reading, {}):
                reason = f"没有“{reading} = {answer}”这种读法"
                yield Problem(file.file, f"{provision.key}.reading", reason)


def _check_conflicts(file: PolicyFile) -> Iterator[Problem]:
    families: dict[tuple[str, str], list[Provision]] = defaultdict(list)
    for provision in file.provisions:
        families[provision.family, provision.subject].append(provision)
    for provisions in families.values():
        found: set[tuple[str, str]] = set()
        for taken, situation in _domain(file, provisions):
            answers = standing(under(provisions, taken), situation)
            for one, other in combinations(answers, 2):
                if (one.value, one.clause) != (other.value, other.clause):
                    found.add((one.key, other.key))
        for one_key, other_key in sorted(found):
            yield Problem(file.file, other_key, f"与 {one_key} 对同一笔结算给出不同的答案")


def _check_gaps(file: PolicyFile) -> Iterator[Problem]:
    families: dict[str, list[Provision]] = defaultdict(list)
    for provision in file.provisions:
        families[provision.family].append(provision)
    asked = [p for p in families["requires"] if p.subject == "prescription"]
    coverage = families["coverage"]
    for basis in sorted(vocabulary.BASES - {p.subject for p in families["basis"]}):
        yield Problem(file.file, "basis", f"没有条款说明“{basis}”的依据")
    if file.by_disease and not families["diseases"]:
        yield Problem(file.file, "diseases", "按病种结算，却没有病种范围")
    yield from _gap(file, "coverage", coverage, coverage, [])
    for family in ("ratio", "deductible", "limit"):
        yield from _gap(file, family, families[family], coverage, [])
    yield from _gap(file, "sources", families["sources"], coverage, asked)


def _gap(
    file: PolicyFile,
    family: str,
    provisions: list[Provision],
    coverage: list[Provision],
    asked: list[Provision],
) -> Iterator[Problem]:
    """Yield the first situation that stands and that no provision of ``family`` answers."""
    for taken, situation in _domain(file, [*coverage, *provisions, *asked]):
        covering = standing(under(coverage, taken), situation)
        if provisions is not coverage and not (covering and covering[0].value):
            continue
        if family == "sources" and not any(p.value for p in standing(under(asked, taken), situation)):
            continue
        if not standing(under(provisions, taken), situation):
            words = "、".join(_describe(situation)) or "任何一笔结算"
            yield Problem(file.file, family, f"没有条款回答：{words}")
            return


def _check_national_gaps(file: PolicyFile) -> Iterator[Problem]:
    for taken, situation in _domain(file, file.provisions):
        if not standing(under(file.provisions, taken), situation):
            words = "、".join(_describe(situation)) or "处方"
            yield Problem(file.file, "good_for", f"没有条款回答：{words}")
            return


def _describe(situation: dict[str, Any]) -> Iterator[str]:
    for field, value in situation.items():
        if isinstance(value, frozenset):
            if value:
                yield f"{field} = {'、'.join(sorted(value))}"
        elif isinstance(value, bool):
            yield f"{field} = {str(value).lower()}"
        elif value is not None:
            yield _WORDS.get(value, value)


def _domain(
    file: PolicyFile, provisions: Sequence[Provision]
) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield each way to take the readings with each situation that ``provisions`` can tell apart."""
    named = {reading for provision in provisions for reading, _ in provision.reading}
    readings = [reading for reading in file.readings if reading.id in named]
    situations = list(_situations(file, provisions))
    for answers in product(*(reading.answers for reading in readings)):
        taken = dict(zip((reading.id for reading in readings), answers, strict=True))
        for situation in situations:
            yield taken, situation


def _situations(file: PolicyFile, provisions: Sequence[Provision]) -> Iterator[dict[str, Any]]:
    conditions: dict[str, list[frozenset[Any]]] = defaultdict(list)
    for provision in provisions:
        for field, allowed in provision.when:
            conditions[field].append(allowed)
    axes: list[list[dict[str, Any]]] = [
        _places(file, conditions),
        _providers(conditions),
        _persons(file, conditions),
        [{"groups": groups} for groups in _unions(conditions["groups"])],
        [{"filed": filed} for filed in _unions(conditions["filed_all"])],
        [{"travel": travel} for travel in (False, True)] if conditions["travel"] else [{}],
        [{"source": source} for source in sorted(vocabulary.SOURCES)]
        if conditions["source"] or file.id == NATIONAL
        else [{}],
        _diseases(file, conditions),
    ]
    for parts in product(*axes):
        yield {field: value for part in parts for field, value in part.items()}


def _places(file: PolicyFile, conditions: dict[str, list[frozenset[Any]]]) -> list[dict[str, Any]]:
    if file.id == NATIONAL:
        return [{}]
    return [{"place": "local"}, {"place": "offsite"}] if conditions["place"] else [{"place": None}]


def _providers(conditions: dict[str, list[frozenset[Any]]]) -> list[dict[str, Any]]:
    if not (conditions["kind"] or conditions["agreed"]):
        return [{}]
    kinds: list[dict[str, Any]] = [{"kind": kind, "agreed": False} for kind in sorted(vocabulary.KINDS)]
    # Only a primary institution can be the agreed one.
    return [*kinds, {"kind": "primary", "agreed": True}] if conditions["agreed"] else kinds


def _persons(file: PolicyFile, conditions: dict[str, list[frozenset[Any]]]) -> list[dict[str, Any]]:
    if not (conditions["insurance"] or conditions["status"]):
        return [{}]
    everyone = (("resident", None), ("employee", "active"), ("employee", "retired"))
    return [{"insurance": who, "status": status} for who, status in everyone if who in file.insurances]


def _diseases(file: PolicyFile, conditions: dict[str, list[frozenset[Any]]]) -> list[dict[str, Any]]:
    if not (conditions["disease"] or conditions["disease_class"]):
        return [{}]
    if not file.by_disease:
        return [{"disease": None, "disease_class": None}]
    named = sorted(frozenset[str]().union(*conditions["disease"]))
    by_class = any(p.family == "diseases" and isinstance(p.value, str) for p in file.provisions)
    classes = ("A", "B") if by_class else (None,)
    return [{"disease": d, "disease_class": c} for d in [*named, _OTHER] for c in classes]


def _unions(conditions: list[frozenset[Any]]) -> list[frozenset[Any]]:
    """Return one set for each way in which sets of codes can meet ``conditions``."""
    atoms: dict[tuple[bool, ...], set[Any]] = defaultdict(set)
    for code in frozenset[Any]().union(*conditions):
        atoms[tuple(code in condition for condition in conditions)].add(code)
    parts = [frozenset(atom) for atom in atoms.values()]
    chosen = (combinations(parts, size) for size in range(len(parts) + 1))
    return [frozenset[Any]().union(*some) for same_size in chosen for some in same_size]


def _check_overlaps(files: Sequence[PolicyFile]) -> Iterator[Problem]:
    for one, other in combinations(files, 2):
        if one.id and one.id == other.id:
            yield Problem(other.file, "id", f"与 {one.file} 的 id 相同：{one.id}")
        if one.city and one.city == other.city and one.insurances & other.insurances:
            begins = max(one.begins, other.begins)
            if begins <= min(one.ends or date.max, other.ends or date.max):
                reason = f"与 {one.file} 的施行期间重叠（自 {begins} 起，同一城市、同一险种）"
                yield Problem(other.file, "validity", reason)


def taken_answers(
    readings: Iterable[Reading], chosen: dict[str, str], file: str
) -> tuple[dict[str, str], list[Problem]]:
    """Return the answer to take for each reading, and what is wrong with the ``chosen`` ones."""
    taken = {reading.id: reading.taken for reading in readings}
    answers = {reading.id: reading.answers for reading in readings}
    problems = [
        Problem(file, f"reading.{reading}", f"没有“{reading} = {answer}”这种读法")
        for reading, answer in chosen.items()
        if answer not in answers.get(reading, {})
    ]
    return taken | chosen, problems
