"""What the index finds is what a plain scan of all drugs finds: the same drugs, in the same order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pinyin import read_speller
from bench.drugs import drugs
from engine.search import build, rank, segment
from engine.search.rank import Shelf, find
from engine.search.segment import Row
from engine.search.text import query_words
from tests.fakes.plain_search import PlainSearch, built_of, row_of, segment_of

QUERIES = 10_000
LIMIT = 12


def some_rows() -> list[Row]:
    """Return drugs of few names and many makers; some with initials of an agency, some off the market."""
    random = Random(4)
    every = list(drugs(60_000))
    names = {drug.generic_name for drug in random.sample(every, 100)}
    rows = [row_of(drug) for drug in every if drug.generic_name in names]
    kept = random.sample(rows, 240)
    return [_varied(row, random) for row in kept]


def _varied(row: Row, random: Random) -> Row:
    fields = {name: getattr(row, name) for name in Row.__struct_fields__}
    fields["standing"] = random.choice((0, 0, 1, 2))
    if random.random() < 0.1:
        fields["initials"] = "".join(random.choices("abcxyz", k=4))
    return Row(**fields)


ROWS = some_rows()
PLAIN = PlainSearch(ROWS)
BUILT = built_of(ROWS)
CODES = sorted(row.codes[0] or "" for row in ROWS)
AT = [CODES[row] for row in BUILT.order]
PLACE = {code: place for place, code in enumerate(AT)}
SOLD = {code: Random(5).randrange(1, 9) for code in Random(6).sample(AT, 50)}
ASKED = frozenset(Random(7).sample(AT, 12))
SHELF = Shelf(segment_of(BUILT), {PLACE[code]: times for code, times in SOLD.items()})


def indexed(text: str, asked: frozenset[str]) -> list[tuple[str, int]]:
    hits = find(SHELF, query_words(text), LIMIT, [PLACE[code] for code in asked])
    return [(AT[hit.place], int(hit.tier)) for hit in hits]


def test_ten_thousand_random_queries_find_what_a_scan_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    random, typist = Random(11), Typist(Random(12))
    answered = 0
    for number in range(QUERIES):
        # Both ways of looking for words that stand apart: of a few drugs, and of a great many.
        monkeypatch.setattr(rank, "_FEW", 2_000 if number % 2 else 8)
        text = typist.query()
        asked = ASKED if random.random() < 0.2 else frozenset()
        found = PLAIN.find(text, LIMIT, SOLD, asked)
        assert indexed(text, asked) == found, text
        answered += bool(found)
    assert answered > QUERIES / 2


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=20))
def test_any_text_at_all_finds_what_a_scan_finds(text: str) -> None:
    assert indexed(text, ASKED) == PLAIN.find(text, LIMIT, SOLD, ASKED)


@settings(max_examples=12, deadline=None)
@given(st.sets(st.sampled_from(AT), max_size=20), st.sampled_from(["a", "片", "胶囊", "6", "200", "药业 片"]))
def test_what_is_masked_is_found_no_more_and_all_else_moves_up(gone: set[str], text: str) -> None:
    masked = frozenset(PLACE[code] for code in gone)
    shelf = Shelf(SHELF.segment, SHELF.sold, masked)
    every = PLAIN.find(text, len(ROWS), SOLD)

    hits = [(AT[hit.place], int(hit.tier)) for hit in find(shelf, query_words(text), LIMIT)]

    assert hits == [hit for hit in every if hit[0] not in gone][:LIMIT]


def test_lists_of_many_bands_find_what_a_scan_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (segment, build):
        monkeypatch.setattr(module, "BAND", 5)  # 240 drugs lie in eight bands, as 500,000 do otherwise.
    shelf = Shelf(segment_of(built_of(ROWS)), SHELF.sold)
    typist = Typist(Random(13))
    for _ in range(400):
        text = typist.query()
        hits = find(shelf, query_words(text), LIMIT)
        assert [(AT[hit.place], int(hit.tier)) for hit in hits] == PLAIN.find(text, LIMIT, SOLD), text


class Typist:
    """Types fragments of what is known of drugs, in every way, and now and then beside the key."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._spell = read_speller().spell

    def query(self) -> str:
        random = self._random
        row = random.choice(ROWS)
        if random.random() < 0.05:
            return " ".join(random.choice(self._spell(row.name))[: random.randrange(2, 6)])
        text = " ".join(self._word(row) for _ in range(random.choice((1, 1, 1, 2, 2, 3))))
        return self._slipped(text) if text and random.random() < 0.08 else text

    def _word(self, row: Row) -> str:
        random = self._random
        name = random.choice((row.name, row.name, row.trade_name or row.name, row.maker))
        syllables = random.choice(self._spell(name))
        initials, full = "".join(syllable[0] for syllable in syllables), "".join(syllables)
        codes = [code for code in row.codes if code]
        ways = (
            lambda: self._fragment(name),
            lambda: name[: random.randrange(1, len(name) + 1)],
            lambda: initials[: random.randrange(1, 9)],
            lambda: full[: random.randrange(1, 20)],
            lambda: self._fragment(full),
            lambda: self._fragment(initials),
            lambda: self._fragment(random.choice(codes)),
            lambda: random.choice(codes)[: random.randrange(1, 24)],
            lambda: self._fragment(random.choice((row.spec, row.form))),
        )
        return random.choices(ways, (4, 3, 4, 4, 1, 1, 3, 2, 2))[0]()

    def _fragment(self, text: str) -> str:
        begin = self._random.randrange(len(text))
        return text[begin : begin + self._random.choice((1, 2, 3, 4, 8, 14))]

    def _slipped(self, text: str) -> str:
        at = self._random.randrange(len(text))
        return text[:at] + self._random.choice("abz药1 ") + text[at + 1 :]
