"""How the names of drugs and of diagnoses are read: 多音字 as pharmacists read them (resources/pinyin.toml).

Only where names are taken over is anything spelled, never at a keystroke: pypinyin's table costs 12 MB.
"""

from __future__ import annotations

import os
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app.resources import resource
from engine.search.text import Parts, Syllables, fold

_MARKS = {ord("ü"): "v", ord("ê"): "e"}


class Speller:
    """Reads names aloud; what it knows of single characters it keeps while it lives."""

    def __init__(self, characters: Mapping[str, str], phrases: Mapping[str, tuple[Syllables, ...]]) -> None:
        self._known = dict(characters)
        self._phrases = phrases
        self._longest = max(map(len, phrases), default=0)
        self._begin = frozenset(phrase[0] for phrase in phrases)

    @property
    def known(self) -> Mapping[str, str]:
        """How single characters are read that were met so far."""
        return self._known

    def spell(self, name: str) -> tuple[Syllables, ...]:
        """Return how ``name`` is read, the right way first; letters and figures stand for themselves."""
        pieces = list(self._pieces(fold(name)))
        usual = _joined(pieces, {})
        others = (
            _joined(pieces, {at: way}) for at, piece in enumerate(pieces) for way in range(1, len(piece))
        )
        return tuple(dict.fromkeys((usual, *others)))

    def initials(self, name: str) -> str:
        """Return the first letters of ``name`` as it is rightly read."""
        return "".join(syllable[0] for syllable in self.spell(name)[0])

    def _pieces(self, text: str) -> Iterator[tuple[Syllables, ...]]:
        at = 0
        while at < len(text):
            phrase = self._phrase(text, at)
            if phrase:
                yield self._phrases[phrase]
                at += len(phrase)
                continue
            character = text[at]
            at += 1
            if character.isascii():
                if character.isalnum():
                    yield ((character,),)
            elif reading := self._read(character):
                yield ((reading,),)

    def _phrase(self, text: str, at: int) -> str:
        if text[at] in self._begin:
            for length in range(min(self._longest, len(text) - at), 1, -1):
                if text[at : at + length] in self._phrases:
                    return text[at : at + length]
        return ""

    def _read(self, character: str) -> str:
        reading = self._known.get(character)
        if reading is None:
            reading = self._known[character] = _common_reading(character)
        return reading


@cache
def read_names() -> Parts:
    """Return what generic names have around their ingredient."""
    table = tomllib.loads(resource("names.toml").read_text(encoding="utf-8"))
    pieces = (
        sorted(map(fold, table[key]), key=len, reverse=True) for key in ("beginnings", "endings", "bases")
    )
    return Parts(*(tuple(each) for each in pieces))


def read_speller(known: Mapping[str, str] | None = None, *, diagnoses: bool = False) -> Speller:
    """Return a speller of drugs' names, or of diagnoses; ``known`` are common readings met before."""
    table = tomllib.loads(resource("pinyin.toml").read_text(encoding="utf-8"))
    own = table["diagnoses"] if diagnoses else {"characters": {}, "phrases": {}}
    phrases = {**table["phrases"], **own["phrases"]}
    return Speller(
        {**(known or {}), **table["characters"], **own["characters"]},
        {phrase: _ways(ways) for phrase, ways in phrases.items()},
    )


def _ways(written: Any) -> tuple[Syllables, ...]:
    return tuple(tuple(way.split()) for way in ([written] if isinstance(written, str) else written))


def _joined(pieces: list[tuple[Syllables, ...]], ways: Mapping[int, int]) -> Syllables:
    return tuple(syllable for at, piece in enumerate(pieces) for syllable in piece[ways.get(at, 0)])


def _common_reading(character: str) -> str:
    """Return the most common reading of ``character``; empty where it has none."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # Its phrases cost 45 MB more, and know few drugs.
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415

    return _without_tone(PINYIN_DICT.get(ord(character), "").split(",")[0])


def _without_tone(syllable: str) -> str:
    apart = unicodedata.normalize("NFD", syllable)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign == "\u0308")
    return unicodedata.normalize("NFC", plain).translate(_MARKS)
