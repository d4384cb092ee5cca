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

from engine.search.text import Syllables, is_spelled

WHOLE, BEGINS, INSIDE = range(3)
"""How near a word is to a term: it is all of it, begins it, is in it."""
_LAST = "\U0010ffff"


class Term(Struct, frozen=True):
    """A term as written (folded), and its syllables; none where it is not found by pinyin."""

    text: str
    syllables: Syllables = ()


class Written(Struct, frozen=True, kw_only=True):
    """Terms written in one way: a line each, and their numbers (four bytes each) in alphabetical order."""

    text: str
    sorted: bytes


class Spelled(Struct, frozen=True, kw_only=True):
    """Terms as they are kept: by their characters, by initials, and in full pinyin.

    ``marks`` has a bit for each character in full pinyin: it begins a syllable. ``heads`` are the syllables
    that there are, each once.
    """

    chars: Written
    initials: Written | None = None
    full: Written | None = None
    marks: bytes = b""
    heads: str = ""


def spelled(terms: Sequence[Term]) -> Spelled:
    """Return ``terms`` in the form in which they are kept, in their order."""
    chars = _written([term.text for term in terms])
    if not any(term.syllables for term in terms):
        return Spelled(chars=chars)
    return Spelled(
        chars=chars,
        initials=_written(["".join(syllable[0] for syllable in term.syllables) for term in terms]),
        full=_written(["".join(term.syllables) for term in terms]),
        marks=_marks(terms),
        heads=" ".join(sorted({syllable for term in terms for syllable in term.syllables})),
    )


class Terms:
    """Terms to be searched; each is known by its number."""

    def __init__(self, kept: Spelled) -> None:
        self._chars = _Lines(kept.chars)
        self._initials = _Lines(kept.initials) if kept.initials else None
        self._full = _Syllables(kept.full, kept.marks, kept.heads) if kept.full else None

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

    def __init__(self, written: Written) -> None:
        self._text = written.text
        self._starts = array(
            "I", accumulate((len(line) + 1 for line in self._text[1:].split("\n")), initial=1)
        )
        del self._starts[-1]  # What follows the last end of line is no line.
        self._sorted = numbers(written.sorted)

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

    def __init__(self, written: Written, marks: bytes, heads: str) -> None:
        super().__init__(written)
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


def numbers(kept: bytes) -> array[int]:
    """Return kept numbers, in two bytes each where none needs more."""
    wide = array("I", kept)
    return array("H", wide) if not wide or max(wide) < 1 << 16 else wide


def _written(lines: Sequence[str]) -> Written:
    order = array("I", sorted(range(len(lines)), key=lines.__getitem__))
    return Written(text="\n" + "".join(f"{line}\n" for line in lines), sorted=order.tobytes())


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
