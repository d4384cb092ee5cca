"""What the index finds is what a plain scan of all drugs finds: the same drugs, in the same order."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.pinyin import read_speller
from bench.drugs import drugs
from engine.search import build, rank, segment
from engine.search.rank import Shelf, Tier, find
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
    typed: set[str] = set()
    near: Counter[int] = Counter()  # How many drugs were found in each tier.
    for number in range(QUERIES):
        # Both ways of looking for words that stand apart: of a few drugs, and of a great many.
        monkeypatch.setattr(rank, "_FEW", 2_000 if number % 2 else 8)
        text = typist.query()
        asked = ASKED if random.random() < 0.2 else frozenset()
        found = PLAIN.find(text, LIMIT, SOLD, asked)
        assert indexed(text, asked) == found, text
        answered += bool(found)
        typed.add(text)
        near.update(tier for _code, tier in found)
    assert answered > QUERIES / 2
    assert len(typed) > QUERIES * 3 / 4  # Some fragments are drawn twice: single letters above all.
    assert min(near[tier] for tier in Tier) > QUERIES / 10, near


def test_what_is_written_finds_every_drug_that_has_it_and_no_other() -> None:
    """Scan and index fold and cut texts alike; this asks neither of them what a drug's words are."""
    random = Random(14)
    written = {row.codes[0]: [_as_read(text) for text in _words_of(row)] for row in ROWS}
    seen: Counter[int] = Counter()
    for _ in range(1_500):
        text = random.choice(written[random.choice(CODES)])
        begin = random.randrange(len(text))
        piece = text[begin : begin + random.randrange(1, 7)]
        if piece.isascii():  # Letters may be pinyin of other drugs as well.
            continue
        having = {code for code, texts in written.items() if any(piece in each for each in texts)}
        found = {AT[hit.place] for hit in find(SHELF, query_words(piece), len(ROWS))}
        assert found == having, piece
        seen[min(len(having), 13)] += 1
    assert seen[1] > 50 < seen[13]  # Pieces of one drug alone, and of more than are shown.


def test_any_four_characters_of_any_code_and_any_syllables_of_a_name_find_the_drug() -> None:
    random = Random(15)
    for row in random.sample(ROWS, 120):
        code = random.choice([each for each in row.codes if each])
        begin = random.randrange(len(code) - 3)
        piece = code[begin : begin + 4].lower()
        if piece.isascii() and any(map(str.isdigit, piece)):
            assert row.codes[0] in {AT[hit.place] for hit in find(SHELF, query_words(piece), len(ROWS))}, (
                piece
            )
        syllables = read_speller().spell(row.name)[0]
        at = random.randrange(len(syllables))
        for typed in ("".join(syllables[at:]), "".join(each[0] for each in syllables[at:])):
            assert row.codes[0] in {AT[hit.place] for hit in find(SHELF, query_words(typed), len(ROWS))}, (
                typed
            )


def _words_of(row: Row) -> list[str]:
    return [text for text in (row.name, row.trade_name, row.maker, row.form, row.spec) if text]


def _as_read(text: str) -> str:
    """Return ``text`` as a person compares it: half width, small letters, no blanks, one sign for times."""
    half = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return half.lower().replace(" ", "").replace("×", "*").replace("·", "")


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
