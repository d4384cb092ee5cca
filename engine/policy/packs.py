"""The law as a library: packs loaded, checked, and the one in force found by city, insurance and day."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from engine.diseases import NAMES
from engine.policy.check import check_files, taken_answers
from engine.policy.parse import NATIONAL, PolicyFile, parse_file
from engine.policy.problems import PackError, Problem
from engine.policy.provisions import Provision, under
from engine.policy.ruling import Key, Ruling

__all__ = ["Library", "Pack", "PackError", "Problem", "load_library"]

_NO_CODES: frozenset[str] = frozenset()


class Pack:
    """One city's rules in one version, under the readings taken. ``hash`` changes with any of them."""

    def __init__(self, file: PolicyFile, national: PolicyFile, taken: Mapping[str, str], digest: str) -> None:
        self.id = file.id
        self.title = file.title
        self.document = file.document
        self.documents = frozenset({file.document, national.document}) | file.also_cites
        self.city = file.city
        self.insurances = file.insurances
        self.begins = file.begins
        self.ends = file.ends
        self.draft = file.draft
        self.benefit = file.benefit
        self.by_disease = file.by_disease
        self.readings = file.readings
        self.taken = dict(taken)
        self.hash = digest
        self.provisions = tuple(under(file.provisions, taken))
        self._national = tuple(under(national.provisions, taken))
        self._families: dict[tuple[str, str], list[Provision]] = defaultdict(list)
        for provision in self.provisions:
            self._families[provision.family, provision.subject].append(provision)
        diseases = self._families.get(("diseases", ""))
        self.diseases_provision = diseases[0] if diseases else None
        covered = self.diseases_provision.value if self.diseases_provision else None
        self.diseases: frozenset[str] | None = covered if isinstance(covered, frozenset) else None
        self.groups_named = self._named("groups")
        self.filed_named = self._named("filed_all")
        self.diseases_named = self._named("disease")
        self._rulings: dict[Key, Ruling] = {}

    def ruling(self, key: Key) -> Ruling:
        """Return what this pack says to the claims of ``key``."""
        found = self._rulings.get(key)
        if found is None:
            found = self._rulings[key] = Ruling(self._families, self._national, key)
        return found

    def _named(self, condition: str) -> frozenset[str]:
        named = [allowed for p in self.provisions for field, allowed in p.when if field == condition]
        return _NO_CODES.union(*named)


class Library:
    """All packs; ``in_force`` picks one. ``disease_names`` maps disease keys to Chinese names."""

    def __init__(
        self,
        packs: Sequence[Pack],
        national: PolicyFile,
        disease_names: Mapping[str, str],
        nationwide: Sequence[Provision],
    ) -> None:
        self.packs = tuple(packs)
        self.national = national
        self.nationwide = tuple(nationwide)  # The national provisions, under the readings taken.
        self.disease_names = dict(disease_names)
        self._by_city: dict[tuple[str, str], list[Pack]] = defaultdict(list)
        for pack in packs:
            for insurance in pack.insurances:
                self._by_city[pack.city, insurance].append(pack)

    def in_force(self, region: str, insurance: str, day: date) -> Pack | None:
        """Return the pack of ``region`` (six digits) for ``insurance`` on ``day``, or None."""
        for pack in self._by_city.get((region[:4], insurance), ()):
            if pack.begins <= day and (pack.ends is None or day <= pack.ends):
                return pack
        return None

    def pack(self, pack_id: str) -> Pack | None:
        """Return the pack called ``pack_id``, or None."""
        return next((pack for pack in self.packs if pack.id == pack_id), None)

    def disease_name(self, disease: str) -> str:
        """Return the Chinese name of ``disease``, or its key where no file names it."""
        return self.disease_names.get(disease, disease)


def load_library(
    texts: Mapping[str, str], readings: Mapping[str, Mapping[str, str]] | None = None
) -> Library:
    """Return the library that ``texts`` (by file name) make; raise PackError listing all that is wrong.

    ``readings`` maps a pack's id (or ``national``) to the answers to take instead of the packs' own.
    """
    problems: list[Problem] = []
    parsed = [parse_file(name, texts[name], problems) for name in sorted(texts)]
    files = [file for file in parsed if file is not None]
    # A file that does not read as it should would only be found wrong a second time.
    broken = {problem.file for problem in problems}
    problems += check_files([file for file in files if file.file not in broken])
    national = [file for file in files if file.id == NATIONAL]
    if len(national) != 1:
        problems.append(Problem(f"{NATIONAL}.toml", "", '全国规则（id = "national"）应有且只有一份'))
    taken = _take(files, readings or {}, problems)
    if problems:
        raise PackError(tuple(sorted(set(problems))))
    packs = [_pack(file, national[0], taken, texts) for file in files if file.id != NATIONAL]
    names = dict(NAMES)
    for file in files:
        names |= file.disease_names
    return Library(packs, national[0], names, under(national[0].provisions, taken[NATIONAL]))


def _take(
    files: Sequence[PolicyFile], readings: Mapping[str, Mapping[str, str]], problems: list[Problem]
) -> dict[str, dict[str, str]]:
    taken = {}
    for file in files:
        taken[file.id], wrong = taken_answers(file.readings, dict(readings.get(file.id, {})), file.file)
        problems += wrong
    problems += [Problem(unknown, "", "没有这个政策包") for unknown in sorted(readings.keys() - taken.keys())]
    return taken


def _pack(
    file: PolicyFile, national: PolicyFile, taken: Mapping[str, Mapping[str, str]], texts: Mapping[str, str]
) -> Pack:
    answers = {**taken[NATIONAL], **taken[file.id]}
    content = json.dumps([texts[file.file], texts[national.file], sorted(answers.items())])
    return Pack(file, national, answers, hashlib.sha256(content.encode()).hexdigest())
