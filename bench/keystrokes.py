"""What is typed into the counter's field to find a drug, key by key, as people do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from string import ascii_lowercase

from app.pinyin import read_speller
from engine.catalogue import Drug


def keystrokes(drugs: Sequence[Drug], count: int, seed: int = 1) -> list[str]:
    """Return what stands in the field after each of ``count`` keystrokes, in words about ``drugs``.

    Every way of looking for a drug has its share: initials, full pinyin, syllables apart, the name, a
    fragment of it, the trade name, name and maker, name and pack, pieces of codes; and each of a to z alone
    and in twos, which are the shortest and the widest.
    """
    random, spell = Random(seed), read_speller().spell
    short = [*ascii_lowercase, *(one + other for one in ascii_lowercase for other in ascii_lowercase)]
    typed = random.sample(short, min(len(short), count // 10))
    while len(typed) < count:
        drug = random.choice(drugs)
        syllables = spell(drug.generic_name)[0]
        typed += _keys(random.choice(list(_ways(random, drug, syllables))))
    random.shuffle(typed)
    return typed[:count]


def _ways(random: Random, drug: Drug, syllables: tuple[str, ...]) -> Iterator[str]:
    name = drug.generic_name
    initials = "".join(syllable[0] for syllable in syllables)
    at = random.randrange(max(1, len(name) - 2))
    yield initials
    yield initials[:4]
    yield "".join(syllables)
    yield " ".join(syllables[:5])
    yield name
    yield name[at : at + 3]
    yield drug.trade_name or name[:2]
    yield f"{name[:4]} {drug.maker[2:5]}"
    yield f"{initials[:5]} {drug.spec[:4]}"
    yield drug.maker[2:5]
    yield drug.code
    yield drug.approval[4:]
    yield drug.approval[-5:]
    yield drug.barcode or ""
    yield (drug.barcode or "")[-6:]
    yield drug.standard_code or ""


def _keys(text: str) -> list[str]:
    return [text[:end] for end in range(1, len(text) + 1)]
