"""How a generic name is taken apart: its form, its salt, and the ingredients that it spells out.

苯磺酸氨氯地平片 is 氨氯地平 with a salt before and a form behind; 厄贝沙坦氢氯噻嗪片 spells two ingredients.
Codes say the same less well: class and name of a national code are one for each salt, and shops have drugs
whose codes are their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from engine.knowledge.entries import Route

_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]").sub
_SHORTEST_STEM = 2


class Words(Struct, frozen=True, kw_only=True):
    """Form words by route, salts that stand before and behind, and words that say nothing of the drug."""

    routes: dict[Route, tuple[str, ...]]
    salts_before: tuple[str, ...]
    salts_after: tuple[str, ...]
    fillers: tuple[str, ...]


class Parts(Struct, frozen=True):
    """A name taken apart: ``base`` is the name without its form, ``stem`` without its salt as well."""

    name: str
    base: str
    stem: str
    form: str
    route: Route | None


class Reader:
    """Takes names apart by ``words``; names in ``known`` are whole and lose no salt (硝酸甘油 is none)."""

    def __init__(self, words: Words, known: Iterable[str]) -> None:
        forms = [(form, route) for route, names in words.routes.items() for form in names]
        self._forms = sorted(forms, key=lambda each: -len(each[0]))
        self._before = sorted(words.salts_before, key=len, reverse=True)
        self._after = sorted(words.salts_after, key=len, reverse=True)
        self._fillers = sorted(words.fillers, key=len, reverse=True)
        self._known = frozenset(known)

    def parts(self, written: str) -> Parts:
        """Return what ``written`` says."""
        name = plain(written)
        bare = _BRACKETS("", name) or name
        base, form, route = self._without_form(bare)
        return Parts(name, base, self._without_salts(base), form, route)

    def route_of(self, form: str) -> Route | None:
        """Return the route of a form as a catalogue writes it (片剂, 吸入粉雾剂); None for an unknown one."""
        text = plain(form)
        found = next((route for word, route in self._forms if text.endswith(word)), None)
        return found or next((route for word, route in self._forms if word in text), None)

    def _without_form(self, name: str) -> tuple[str, str, Route | None]:
        said = self._route_in_front(name)
        for form, route in self._forms:
            if name.endswith(form) and len(name) - len(form) >= _SHORTEST_STEM:
                return self._without_filler(name[: -len(form)]), form, said or route
        return self._without_filler(name), "", said

    @staticmethod
    def _route_in_front(name: str) -> Route | None:
        """Return the route that a name begins with, where its form may mean another: 吸入用…混悬液."""
        if name.startswith("吸入"):
            return "nebulised" if name.startswith("吸入用") else "inhaled"
        return "injection" if name.startswith("注射用") else None

    def _without_filler(self, name: str) -> str:
        for filler in self._fillers:
            if name.startswith(filler) and len(name) - len(filler) >= _SHORTEST_STEM:
                return name[len(filler) :]
        return name

    def _without_salts(self, base: str) -> str:
        stem = base
        while stem not in self._known:
            shorter = self._one_salt_less(stem)
            if shorter == stem:
                return stem
            stem = shorter
        return stem

    def _one_salt_less(self, stem: str) -> str:
        for salt in self._before:
            if stem.startswith(salt) and len(stem) - len(salt) >= _SHORTEST_STEM:
                return stem[len(salt) :]
        for salt in self._after:
            if stem.endswith(salt) and len(stem) - len(salt) > _SHORTEST_STEM:
                return stem[: -len(salt)]
        return stem


def plain(written: str) -> str:
    """Return a name in one spelling: half-width, without blanks, ``-`` for every dash."""
    text = unicodedata.normalize("NFKC", written).replace("—", "-")
    return "".join(text.split())


def spelled_out(name: str, ids: Mapping[str, str], longest: int) -> tuple[str, ...]:
    """Return the ingredients that ``name`` spells out, in order; ``ids`` maps names to them.

    The longest name at a place is taken: 罗红霉素 is not 红霉素, and 沙库巴曲缬沙坦 are two.
    """
    found: list[str] = []
    place = 0
    while place < len(name):
        for length in range(min(longest, len(name) - place), 1, -1):
            known = ids.get(name[place : place + length])
            if known is not None:
                if known not in found:
                    found.append(known)
                place += length
                break
        else:
            place += 1
    return tuple(found)


def any_within(text: str, words: Sequence[str]) -> bool:
    """Tell whether ``text`` contains one of ``words``."""
    return any(word in text for word in words)
