"""Terms of one kind (names, makers, packs, …) in one long text each way they are written, to be scanned.

A term may be found by its characters, by the initials of its syllables, and by its syllables in full, where
what is sought begins with a syllable: ``an`` is in 安宫 and not in 片 (pian).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from engine.search.parts import Part, kept_numbers, numbers
from engine.search.text import Syllables, is_spelled

WHOLE, BEGINS, INSIDE = range(3)
"""How near a word is to a term: it is all of it, begins it, is in it."""
_LAST = "\U0010ffff"


class Term(Struct, frozen=True):
    """A term as written (folded), and its syllables; none where it is not found by pinyin."""

    text: str
    syllables: Syllables = ()


def kept_terms(name: str, terms: Sequence[Term]) -> dict[str, bytes]:
    """Return ``terms`` as they are kept, in their order, as parts under ``name``.

    They are written by their characters and, where they have syllables, by initials and in full pinyin, whose
    ``marks`` have a bit for each character: it begins a syllable. ``heads`` are all syllables, each once.
    """
    parts = _written(f"{name}.chars", [term.text for term in terms])
    if any(term.syllables for term in terms):
        initials = ["".join(syllable[0] for syllable in term.syllables) for term in terms]
        parts |= _written(f"{name}.initials", initials)
        parts |= _written(f"{name}.full", ["".join(term.syllables) for term in terms])
        parts[f"{name}.marks"] = _marks(terms)
        parts[f"{name}.heads"] = " ".join(
            sorted({each for term in terms for each in term.syllables})
        ).encode()
    return parts


class Terms:
    """Terms to be searched; each is known by its number."""

    def __init__(self, part: Part, name: str) -> None:
        self._chars = _Lines(part, f"{name}.chars")
        heads = part(f"{name}.heads").decode()
        self._initials = _Lines(part, f"{name}.initials") if heads else None
        self._full = _Syllables(part, f"{name}.full", part(f"{name}.marks"), heads) if heads else None

    def __len__(self) -> int:
        return len(self._chars)

    def text(self, number: int) -> str:
        """Return the term's characters."""
        return self._chars.line(number)

    def pinyin(self, number: int) -> str:
        """Return the term's syllables in one; empty where it has none."""
        return self._full.line(number) if self._full else ""

    def begun(self, word: str) -> dict[int, int]:
        """Return the terms that ``word`` is or begins, and how near it is to them."""
        found: dict[int, int] = {}
        for lines in self._ways(word):
            found |= lines.begun(word) | {number: WHOLE for number, level in found.items() if level == WHOLE}
        return found

    def levels(self, word: str) -> dict[int, int]:
        """Return the terms that ``word`` is in, and how near it is to them."""
        first, *others = self._ways(word)
        found = dict(first.levels(word))
        for lines in others:
            for number, level in lines.levels(word):
                if found.get(number, level) >= level:
                    found[number] = level
        return found

    def level(self, number: int, word: str) -> int | None:
        """Return how near ``word`` is to one term; None where it is not in it."""
        levels = [level for lines in self._ways(word) if (level := lines.level(number, word)) is not None]
        return min(levels, default=None)

    def _ways(self, word: str) -> Iterator[_Lines]:
        # Letters and figures of a name are in its initials, too.
        if self._initials is None or self._full is None or not is_spelled(word):
            yield self._chars
        else:
            yield self._initials
            if len(word) > 1:  # The initials hold every single letter that begins a syllable.
                yield self._full


class _Lines:
    """A text of lines, each known by its number; it begins and ends with the end of a line."""

    def __init__(self, part: Part, name: str) -> None:
        self._text = part(f"{name}.text").decode()
        # Where each line begins, and where one after the last would.
        self._starts = array("I", accumulate(numbers(part(f"{name}.lengths")), initial=1))
        self._sorted = numbers(part(f"{name}.sorted"))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def line(self, number: int) -> str:
        return self._text[self._starts[number] : self._starts[number + 1] - 1]

    def begun(self, word: str) -> dict[int, int]:
        first = bisect_left(self._sorted, word, key=self.line)
        end = bisect_left(self._sorted, word + _LAST, key=self.line)
        found = dict.fromkeys(self._sorted[first:end], BEGINS)
        while first < end and self.line(self._sorted[first]) == word:
            found[self._sorted[first]] = WHOLE
            first += 1
        return found

    def levels(self, word: str) -> Iterator[tuple[int, int]]:
        text, starts = self._text, self._starts
        at = text.find(word)
        while at >= 0:
            number = bisect_right(starts, at) - 1
            yield number, self._begins(number, word) if at == starts[number] else INSIDE
            at = text.find(word, starts[number + 1])

    def level(self, number: int, word: str) -> int | None:
        if self._text.startswith(word, self._starts[number]):
            return self._begins(number, word)
        return INSIDE if self._is_in(number, word) else None

    def _begins(self, number: int, word: str) -> int:
        """Return how near a word is that begins the line."""
        return WHOLE if self._starts[number] + len(word) == self._starts[number + 1] - 1 else BEGINS

    def _is_in(self, number: int, word: str) -> bool:
        return self._text.find(word, self._starts[number], self._starts[number + 1] - 1) >= 0


class _Syllables(_Lines):
    """Lines of full pinyin: a match within a line begins with a syllable."""

    def __init__(self, part: Part, name: str, marks: bytes, heads: str) -> None:
        super().__init__(part, name)
        self._marks = marks
        self._heads = heads.split(" ")

    def levels(self, word: str) -> Iterator[tuple[int, int]]:
        if not any(head.startswith(word) or word.startswith(head) for head in self._heads):
            return  # No syllable begins so.
        text, starts, marks = self._text, self._starts, self._marks
        at = text.find(word)
        while at >= 0:
            if marks[at >> 3] >> (at & 7) & 1:
                number = bisect_right(starts, at) - 1
                yield number, self._begins(number, word) if at == starts[number] else INSIDE
                at = text.find(word, starts[number + 1])
            else:
                at = text.find(word, at + 1)

    def _is_in(self, number: int, word: str) -> bool:
        end = self._starts[number + 1] - 1
        at = self._text.find(word, self._starts[number], end)
        while at >= 0 and not self._marks[at >> 3] >> (at & 7) & 1:
            at = self._text.find(word, at + 1, end)
        return at >= 0


def _written(name: str, lines: Sequence[str]) -> dict[str, bytes]:
    """Return lines as they are kept: their text, how long each is, their numbers in alphabetical order."""
    return {
        f"{name}.text": "".join(("\n", *(f"{line}\n" for line in lines))).encode(),
        f"{name}.lengths": kept_numbers(len(line) + 1 for line in lines),
        f"{name}.sorted": kept_numbers(sorted(range(len(lines)), key=lines.__getitem__)),
    }


def _marks(terms: Sequence[Term]) -> bytes:
    """Return a bit for each character of the lines of full pinyin, set where a syllable begins."""
    at, places = 1, []
    for term in terms:
        for syllable in term.syllables:
            places.append(at)
            at += len(syllable)
        at += 1
    marks = bytearray((at >> 3) + 1)
    for place in places:
        marks[place >> 3] |= 1 << (place & 7)
    return bytes(marks)
