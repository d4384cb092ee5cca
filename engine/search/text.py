"""What is compared with what: texts and queries folded alike, and names by which a drug goes as well."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import Struct

Syllables: TypeAlias = tuple[str, ...]
Spell: TypeAlias = Callable[[str], Sequence[Syllables]]
"""Return how a name is read, each way as syllables of a to z and figures; the right one first."""

MOST_WORDS = 8
SHORTEST_CODE = 4
"""Characters of the shortest piece of a code that is looked for: less is in almost all of them."""

_ALIKE = {ord("×"): "*", ord("✕"): "*", **dict.fromkeys(map(ord, "·•'’"))}
_SPACES = {code: None for code in (*range(0x21), 0x7F, 0xA0, 0x200B, 0xFEFF)}
_APPROVED = ("国药准字", "药准字", "准字", "字")


class Parts(Struct, frozen=True):
    """What generic names have around their ingredient, each longest first (resources/names.toml)."""

    beginnings: tuple[str, ...]
    endings: tuple[str, ...]
    bases: tuple[str, ...]


def fold(text: str) -> str:
    """Return ``text`` as it is compared: half width, lower case, without spaces, × as *."""
    return unicodedata.normalize("NFKC", text).lower().translate(_ALIKE).translate(_SPACES)


def query_words(text: str) -> tuple[str, ...]:
    """Return the words of a query, folded; what no text contains leaves nothing."""
    words = (fold(word) for word in unicodedata.normalize("NFKC", text).split())
    return tuple(word for word in words if word)[:MOST_WORDS]


def code_word(word: str) -> str:
    """Return what of ``word`` may be a piece of a code; empty for none, or one too short to tell."""
    for beginning in _APPROVED:
        if word.startswith(beginning):
            word = word[len(beginning) :]
            break
    plain = word.isascii() and word.isalnum() and not word.isalpha()
    return word if plain and len(word) >= SHORTEST_CODE else ""


def is_spelled(word: str) -> bool:
    """Tell whether ``word`` may be pinyin: a to z and figures alone."""
    return word.isascii() and word.isalnum()


def other_names(name: str, parts: Parts) -> tuple[str, ...]:
    """Return what a folded generic name is called without salt and form; nothing where that is all of it."""
    bare = name
    stripped = True
    while stripped:
        bare, stripped = _without(bare, parts.beginnings, str.removeprefix)
    bare, _ = _without(bare, parts.endings, str.removesuffix)
    base, _ = _without(bare, parts.bases, str.removesuffix, shortest=3)
    return tuple(dict.fromkeys(other for other in (bare, base) if other != name))


def _without(
    name: str, pieces: tuple[str, ...], remove: Callable[[str, str], str], shortest: int = 2
) -> tuple[str, bool]:
    for piece in pieces:
        rest = remove(name, piece)
        if rest != name and len(rest) >= shortest:
            return rest, True
    return name, False
