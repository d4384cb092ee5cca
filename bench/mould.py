"""Rows cast from a row that the program itself wrote: the same to the letter, but for what names the sale."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

Values = Sequence[Any]
"""What a cast puts in, by slot."""


class Mould:
    """A text in which each of ``tokens`` is a hole, to be filled with the value of its slot."""

    def __init__(self, text: str, tokens: Mapping[str, int]) -> None:
        longest_first = sorted(tokens, key=len, reverse=True)
        pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text)
        self._text = "%s".join(piece.replace("%", "%%") for piece in pieces[::2])
        self._fill = _picker([tokens[piece] for piece in pieces[1::2]])

    def cast(self, values: Values) -> str:
        """Return the text with its holes filled."""
        return self._text % self._fill(values)


def _picker(slots: list[int]) -> Callable[[Values], tuple[Any, ...]]:
    if not slots:
        return lambda _values: ()
    if len(slots) == 1:
        only = slots[0]
        return lambda values: (values[only],)
    return itemgetter(*slots)


class RowMould:
    """A table's row: ``own`` columns take a slot's value as it is, texts are moulds, the rest stays."""

    def __init__(self, row: Mapping[str, Any], own: Mapping[str, int], tokens: Mapping[str, int]) -> None:
        self._row = list(row.values())
        self._own: list[tuple[int, int]] = []
        self._moulds: list[tuple[int, Mould]] = []
        for place, (column, value) in enumerate(row.items()):
            if value is None:
                continue
            if column in own:
                self._own.append((place, own[column]))
            elif isinstance(value, str) and any(token in value for token in tokens):
                self._moulds.append((place, Mould(value, tokens)))

    def cast(self, values: Values) -> list[Any]:
        """Return the row of the sale that ``values`` tell of."""
        row = self._row.copy()
        for place, slot in self._own:
            row[place] = values[slot]
        for place, mould in self._moulds:
            row[place] = mould.cast(values)
        return row
