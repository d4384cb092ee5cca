"""The names that bench/names/ writes down in short, read out in full: generic names, makers, trade names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from msgspec import Struct

_NAMES = Path(__file__).parent / "names"

_FORMS: dict[str, tuple[tuple[str, str, str, int], ...]] = {
    "o": (
        ("{}片", "片剂", "片", 60),
        ("{}胶囊", "胶囊剂", "粒", 36),
        ("{}分散片", "片剂", "片", 12),
        ("{}缓释片", "缓释控释剂型", "片", 12),
        ("{}颗粒", "颗粒剂", "袋", 10),
        ("{}肠溶片", "肠溶片", "片", 8),
        ("{}缓释胶囊", "缓释控释剂型", "粒", 8),
        ("{}软胶囊", "软胶囊", "粒", 8),
        ("{}口崩片", "口腔崩解片", "片", 5),
        ("{}咀嚼片", "片剂", "片", 5),
        ("{}肠溶胶囊", "肠溶胶囊", "粒", 5),
        ("{}控释片", "缓释控释剂型", "片", 4),
        ("{}滴丸", "滴丸剂", "丸", 4),
        ("{}泡腾片", "片剂", "片", 3),
    ),
    "l": (
        ("{}口服溶液", "口服液体剂", "瓶", 20),
        ("{}糖浆", "口服液体剂", "瓶", 10),
        ("{}干混悬剂", "干混悬剂", "袋", 8),
        ("{}混悬液", "口服液体剂", "瓶", 6),
        ("{}滴剂", "口服液体剂", "瓶", 4),
    ),
    "i": (
        ("{}注射液", "注射剂", "支", 40),
        ("注射用{}", "注射剂", "支", 36),
        ("{}氯化钠注射液", "注射剂", "瓶", 10),
        ("{}葡萄糖注射液", "注射剂", "瓶", 6),
    ),
    "t": (
        ("{}乳膏", "软膏剂", "支", 24),
        ("{}软膏", "软膏剂", "支", 14),
        ("{}凝胶", "凝胶剂", "支", 10),
        ("{}搽剂", "外用液体剂", "瓶", 6),
        ("{}溶液", "外用液体剂", "瓶", 5),
        ("{}贴剂", "贴剂", "贴", 4),
    ),
    "e": (
        ("{}滴眼液", "滴眼剂", "支", 28),
        ("{}眼膏", "眼膏剂", "支", 6),
        ("{}滴耳液", "滴耳剂", "支", 5),
        ("{}眼用凝胶", "眼用凝胶", "支", 4),
    ),
    "r": (
        ("吸入用{}溶液", "吸入剂", "支", 14),
        ("{}吸入粉雾剂", "吸入剂", "支", 10),
        ("{}吸入气雾剂", "吸入剂", "瓶", 8),
        ("{}鼻喷雾剂", "鼻喷雾剂", "瓶", 8),
    ),
    "s": (("{}栓", "栓剂", "粒", 12), ("{}阴道片", "片剂", "片", 5), ("{}灌肠液", "灌肠剂", "支", 3)),
    "patent": (
        ("{}胶囊", "胶囊剂", "粒", 40),
        ("{}颗粒", "颗粒剂", "袋", 40),
        ("{}片", "片剂", "片", 40),
        ("{}丸", "丸剂", "丸", 30),
        ("{}口服液", "合剂", "支", 20),
        ("{}软胶囊", "软胶囊", "粒", 10),
        ("{}糖浆", "糖浆剂", "瓶", 8),
        ("{}合剂", "合剂", "瓶", 8),
        ("{}滴丸", "滴丸剂", "丸", 6),
        ("{}浓缩丸", "浓缩丸", "丸", 8),
        ("{}水蜜丸", "水蜜丸", "丸", 6),
        ("{}分散片", "片剂", "片", 5),
        ("{}咀嚼片", "片剂", "片", 3),
        ("{}散", "散剂", "袋", 6),
    ),
}
"""By route: the name's pattern, the insurance's form, what is counted in a pack, how often it is made."""


class Kind(Struct, frozen=True):
    """A generic name: ``head`` begins its national codes, ``weight`` says how often it is made."""

    name: str
    ingredient: str
    klass: str
    head: str
    form: str
    counted: str
    weight: int

    @property
    def western(self) -> bool:
        return self.head.startswith("X")


def kinds() -> list[Kind]:
    """Return the generic names with their forms, each once."""
    found: dict[str, Kind] = {}
    for kind in (*_western(), *_patent()):
        found.setdefault(kind.name, kind)
    return list(found.values())


def makers() -> list[str]:
    """Return the makers' full names."""
    lines = dict(line.split(" ", 1) for line in _lines("makers.txt"))
    places, ends = lines["places"].split(), lines["ends"].split()
    made = [
        f"{place}{stem}{ends[(number + turn) % len(ends)]}"
        for turn in range(9)
        for number, stem in enumerate(dict.fromkeys(lines["stems"].split()))
        for place in (places[(number * 7 + turn * 31) % len(places)],)
    ]
    return list(dict.fromkeys(made))


def brands() -> tuple[dict[str, str], list[str]]:
    """Return the known trade names by ingredient, and others to be had."""
    known: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    for line in _lines("brands.txt"):
        first, *rest = line.split()
        if first in ("first", "second"):
            parts[first] = rest
        else:
            known.update(pair.split("=") for pair in rest)
    first, second = parts["first"], parts["second"]
    two = [one + other for other in second for one in first if one != other]
    three = [one + other + third for third in second[::7] for other in second for one in first[::2]]
    return known, two + three


def _western() -> Iterator[Kind]:
    for line in _lines("western.txt"):
        klass, *ingredients = line.split()
        for number, entry in enumerate(ingredients, 1):
            written, routes = entry.rsplit(":", 1)
            ingredient, _, salts = written.partition("/")
            for place, salt in enumerate(salts.split(",")):
                # A sulfate and a hydrochloride of one ingredient have name codes of their own.
                head = f"X{klass}{chr(65 + place)}{number:03d}"
                yield from _of_form(salt + ingredient, ingredient, klass, head, routes)


def _of_form(name: str, ingredient: str, klass: str, head: str, routes: str) -> Iterator[Kind]:
    for route in dict.fromkeys(routes):
        for number, (pattern, form, counted, weight) in enumerate(_FORMS[route]):
            if number > 1 and crc32(f"{name}{pattern}".encode()) % 100 >= _KEPT[route]:
                continue
            made = _pattern(name, pattern)
            code = f"{'ABCDEFGHIJ'['oliters'.index(route)]}{number + 1:03d}"
            yield Kind(made, ingredient, klass, head + code, form, counted, weight)


_KEPT = {"o": 44, "l": 60, "i": 60, "t": 70, "e": 60, "r": 80, "s": 50}
"""Percent of the rarer forms that a name comes in."""


def _patent() -> Iterator[Kind]:
    for line in _lines("patent.txt"):
        klass, *names = line.split()
        for number, name in enumerate(names, 1):
            letter = name.encode("gb18030")[0] % 26
            for place, (pattern, form, counted, weight) in enumerate(_FORMS["patent"], 1):
                if place > 3 and crc32(f"{name}{pattern}".encode()) % 100 >= 52:
                    continue
                head = f"Z{klass}AA{chr(65 + letter)}{number:04d}{place:02d}"
                yield Kind(_pattern(name, pattern), name, klass, head, form, counted, weight)


def _pattern(name: str, pattern: str) -> str:
    end = pattern.removeprefix("{}")
    return name if name.endswith(end) else pattern.format(name)


def _lines(file: str) -> list[str]:
    text = (_NAMES / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
