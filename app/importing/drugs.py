"""Rows of drugs: the national database's workbook and the agency's download (1301) come down to the same.

Rows are worked on column by column, since 300,000 of them must not take a shop's morning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from itertools import compress
from operator import itemgetter
from typing import Any

from msgspec import Struct

from app.importing.cells import code_of, fold, text_of, whole_of
from app.importing.columns import Columns, Memo, folded
from app.importing.grid import Batch, Grid
from app.importing.headings import Found, body
from app.importing.intake import Intake
from app.importing.sounds import initials
from app.storage import intake as kept
from app.storage import listings, search
from engine.codes import all_national_codes, is_approval_number, is_national_code
from engine.ids import is_drug_standard_code

CLASSES = {
    "甲": "A",
    "甲类": "A",
    "乙": "B",
    "乙类": "B",
    "丙": "C",
    "丙类": "C",
    "A": "A",
    "B": "B",
    "C": "C",
}
_COLUMNS = (
    "code",
    "generic_name",
    "trade_name",
    "form",
    "spec",
    "strength",
    "pack_size",
    "pack_unit",
    "unit",
    "maker",
    "approval",
    "standard_code",
    "pinyin",
    "on_market",
    "origin",
)
_OFF = re.compile("注销|停|撤|吊|失效|无效|退市|未上市|不上市|下架")
_PREFIX = re.compile("^(?:进口)?(?:药品)?(?:注册证)(?:号)?[:：]?")
_SHOWN_DELISTED = 2_000


class Edition(Struct, frozen=True, kw_only=True):
    """An edition of the national list: from which day it holds, to which; None: to the next one."""

    year: int
    begins: date
    ends: date | None


class DrugFile(Struct, frozen=True, kw_only=True):
    """What a file of drugs is: ``origin`` as kept, whether it is ``whole``, and the list it tells of."""

    origin: str
    whole: bool
    edition: Edition | None = None
    market: Callable[[Any], int] = lambda cell: 0 if _OFF.search(folded(cell)) else 1
    otc: Callable[[Any], int] | None = None  # Of the file's column of that name: 1 prescription only.


def take_drugs(intake: Intake, grid: Grid, found: Found, file: DrugFile) -> None:
    """Bring the rows of ``grid`` into the catalogue."""
    before = kept.on_market(intake.drugs, file.origin) if file.whole else {}
    held = kept.count_drugs(intake.drugs)
    reading = _Reading(intake, found, file)
    columns = reading.columns
    touched = taken = 0
    if grid.total <= search.MOST_RECENT:  # Few enough for the index to follow.
        batches = list(body(grid, found))
        rows = [row for batch in batches for row in reading.rows_of(batch)]
        with search.following(intake.drugs, [row[0] for row in rows]):
            touched, taken = kept.put_drugs(intake.drugs, columns, rows), len(rows)
        intake.count(sum(len(batch.rows) for batch in batches))
    else:
        many = grid.total > 2 * held
        with kept.indexed_afterwards(intake.drugs) if many else nullcontext():
            for batch in body(grid, found):
                rows = reading.rows_of(batch)
                touched += kept.put_drugs(intake.drugs, columns, rows)
                taken += len(rows)
                intake.count(len(batch.rows))
        intake.searched_changed = intake.searched_changed or touched > 0
    intake.settle(touched, kept.count_drugs(intake.drugs) - held, taken)
    kept.put_former(intake.drugs, reading.former)
    if file.edition is not None:
        _put_entries(intake, file.edition, reading)
        _part(intake, file.edition, before, reading)
    if file.whole:
        _delist(intake, before, reading, file.edition)


class _Reading:
    """What was read so far: codes seen, the list's entries, doubts."""

    def __init__(self, intake: Intake, found: Found, file: DrugFile) -> None:
        self._intake, self._file = intake, file
        self._cells = Columns(found.columns)
        self.seen: dict[str, int] = {}
        self._lines: dict[str, int] = {}
        self.entries: dict[str, tuple[str, str]] = {}
        self.on_market: set[str] = set()
        self.hanging: dict[str, str] = {}  # Of what hangs on an entry: code to key.
        self.former: list[tuple[str, str]] = []
        self._sounds = Memo(initials)
        self._lists = file.edition is not None
        self.columns = (
            *_COLUMNS,
            *(("listing_key",) if self._lists else ()),
            *(("prescription_only",) if file.otc and self._cells.has("otc") else ()),
        )

    def rows_of(self, batch: Batch) -> list[tuple[Any, ...]]:
        """Return the rows of ``batch`` to be kept, in the order of ``columns``."""
        cells = self._cells
        cells.take(batch)
        names = [own or other for own, other in zip(cells.texts("name"), cells.texts("name2"), strict=True)]
        strengths = _first_of(cells, "strength", "spec")
        sizes, units, packs = cells.memo("size", _size), cells.texts("pack_unit"), cells.texts("unit")
        codes = cells.codes("code")
        market = cells.memo("market", self._file.market)
        rows = zip(
            codes,
            names,
            [text or None for text in cells.texts("trade_name")],
            _first_of(cells, "form", "form2"),
            map(_spec, strengths, sizes, units, packs),
            strengths,
            sizes,
            units,
            [text or "盒" for text in packs],
            _first_of(cells, "maker", "maker2", "maker3"),
            cells.each("approval", _approval),
            [code or None for code in cells.codes("standard_code")],
            [self._sounds[name] for name in names],
            market,
            [self._file.origin] * len(names),
            *self._more(codes, names),
            strict=True,
        )
        made = list(rows)
        if self._all_sound(batch, codes, made):
            self._take_former()
            return made
        return list(self._sound(batch, iter(made)))

    def _all_sound(self, batch: Batch, codes: list[str], rows: list[tuple[Any, ...]]) -> bool:
        """Tell whether nothing is to be said about any row, and take note of them all at once if so."""
        names, approvals, standards = (list(map(itemgetter(at), rows)) for at in (1, 10, 11))
        sound = (
            all_national_codes(codes)
            and all(names)
            and len(set(codes)) == len(codes)
            and self._lines.keys().isdisjoint(codes)
            and all(map(is_drug_standard_code, filter(None, standards)))
            and all(map(is_approval_number, filter(None, approvals)))
        )
        if sound:
            self._lines.update(zip(codes, batch.lines, strict=True))
            self.seen.update(zip(codes, map(hash, rows), strict=True))
            self.on_market.update(compress(codes, map(itemgetter(13), rows)))
            if self._lists:
                at = self.columns.index("listing_key")
                self.hanging.update((row[0], row[at]) for row in rows if row[at])
        return sound

    def _more(self, codes: Sequence[str], names: Sequence[str]) -> Iterator[Sequence[Any]]:
        if self._lists:
            yield self._keys(codes, names)
        if "prescription_only" in self.columns and self._file.otc is not None:
            yield self._cells.memo("otc", self._file.otc)

    def _keys(self, codes: Sequence[str], names: Sequence[str]) -> list[str]:
        cells = self._cells
        told = zip(
            codes,
            names,
            cells.texts("list_name"),
            cells.texts("list_form"),
            cells.memo("klass", lambda cell: CLASSES.get(folded(cell), "")),
            cells.texts("remark"),
            strict=True,
        )
        return [self._key(*each) for each in told]

    def _key(  # noqa: PLR0917
        self, code: str, name: str, list_name: str, form: str, klass: str, remark: str
    ) -> str:
        """Return the entry that a drug hangs on; where its class is not its like's, one of its own."""
        if code.startswith("T"):
            return f"T:{name}"
        if not list_name or not klass:
            return ""
        key = entry_key(list_name, form)
        said = (klass, remark if remark.startswith("限") else "")
        first = self.entries.setdefault(key, said)
        if first[0] != klass:
            key = f"{key}|{klass}"
            self.entries.setdefault(key, said)
        return key

    def _sound(self, batch: Batch, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that may be kept, once each; say what is wrong with the others."""
        seen, lines = self.seen, batch.lines
        hung = self.columns.index("listing_key") if self._lists else None
        for place, row in enumerate(rows):
            code, approval, standard = row[0], row[10], row[11]
            if not (row[1] and is_national_code(code)):
                self._say_unfit(lines[place], row)
                continue
            said = hash(row)
            first = seen.setdefault(code, said)
            if code in self._lines:
                if first != said:
                    where = f"和第 {self._lines[code]} 行编码相同而内容不同，用了前一行。"
                    self._intake.doubt(lines[place], _label(row), where)
                continue
            self._lines[code] = lines[place]
            kept_row = row
            if standard is not None and not is_drug_standard_code(standard):
                self._intake.doubt(
                    lines[place], _label(row), f"药品本位码 {standard} 的校验位不对，没有采用。"
                )
                kept_row = (*row[:11], None, *row[12:])
            if approval and not is_approval_number(approval.partition("(")[0]):
                self._intake.doubt(lines[place], _label(row), f"批准文号「{approval}」不合写法，照原样记下。")
            if row[13]:
                self.on_market.add(code)
            if hung is not None and row[hung]:
                self.hanging[code] = row[hung]
            yield kept_row
        self._take_former()

    def _take_former(self) -> None:
        if not self._cells.has("former"):
            return
        codes = self._cells.codes("code")
        for code, cell in zip(codes, self._cells.plain("former"), strict=True):
            if cell:
                others = re.split(r"[,;，；、\s]+", text_of(cell))
                self.former += [(code_of(each), code) for each in others if is_national_code(code_of(each))]

    def _say_unfit(self, line: int, row: tuple[Any, ...]) -> None:
        if not row[0]:
            self._intake.refuse(line, _label(row), "没有药品代码，这一行没有导入。")
        elif not is_national_code(row[0]):
            why = f"药品代码「{row[0]}」有 {len(row[0])} 位，不是 23、20 或 10 位的国家编码，这一行没有导入。"
            self._intake.refuse(line, _label(row), why)
        else:
            self._intake.refuse(line, row[0], "没有药品名称，这一行没有导入。")


def entry_key(name: str, form: str) -> str:
    """Return the key of an entry of the national list: name and form as printed, whatever edition."""
    return f"N:{name}|{form}"


def _put_entries(intake: Intake, edition: Edition, reading: _Reading) -> None:
    source = f"workbook:{edition.year}"
    begins, ends = edition.begins.isoformat(), listings.end_text(edition.ends)
    told = set()
    for key, (klass, scope) in reading.entries.items():
        told.add((key, "", begins))
        if listings.put_entry(intake.drugs, (key, source, "", begins, ends, klass, scope, 0, 0)):
            intake.keys.add(key)
    gone = listings.entries_of(intake.drugs, source) - told
    if gone and not intake.options.part:
        for key, region, first in gone:
            listings.drop(intake.drugs, "entry", (key, source, region, first))
            intake.keys.add(key)


def _part(intake: Intake, edition: Edition, before: dict[str, str], reading: _Reading) -> None:
    """Keep what drugs hung on before this edition, where that is another entry: its days are not over.

    What hung on none is newly listed; that it was not before counts where the edition is still to come.
    """
    to_come = edition.begins > intake.today
    parted = [
        (code, key)
        for code, key in before.items()
        if code in reading.seen and reading.hanging.get(code, "") != key and (key or to_come)
    ]
    listings.part(intake.drugs, parted, edition.begins - timedelta(days=1))


def _delist(intake: Intake, before: dict[str, str], reading: _Reading, edition: Edition | None) -> None:
    """Take off the market what the file lacks, and say so of each; where that is much, ask first."""
    missing = [code for code in before if code not in reading.seen]
    stopped = [code for code in before if code in reading.seen and code not in reading.on_market]
    dropped = [
        code
        for code, key in before.items()
        if edition and key and code in reading.on_market and code not in reading.hanging
    ]
    gone = len(stopped) + len(dropped) + (0 if intake.options.part else len(missing))
    if gone * 2 >= len(before) > 0:
        intake.allow_delisting(gone, len(before), "在售或在医保目录内的药品")
    if missing and not intake.options.part:
        kept.take_off(intake.drugs, missing)
        intake.searched_changed = True
        _say_gone(intake, missing, "新文件里没有，已标为停售；库存和旧账不动。")
    _say_gone(intake, stopped, "文件里写明不再上市，已标为停售；库存和旧账不动。")
    _say_gone(intake, dropped, _dropped_words(intake, edition))


def _dropped_words(intake: Intake, edition: Edition | None) -> str:
    if edition is not None and edition.begins > intake.today:
        return f"新目录里没有，从 {edition.begins.isoformat()} 起按目录外；那天以前照旧。"
    return "文件里不再列入医保目录，从现在起按目录外。"


def _say_gone(intake: Intake, codes: Sequence[str], why: str) -> None:
    for code in codes[:_SHOWN_DELISTED]:
        intake.delist(f"{kept.name_of(intake.drugs, code)} {code}", why)
    rest = len(codes) - _SHOWN_DELISTED
    if rest > 0:
        intake.counts.delisted += rest
        intake.note(0, f"另有 {rest} 种", why)


def _first_of(cells: Columns, *fields: str) -> list[str]:
    """Return for each row the first of ``fields`` that says anything."""
    texts = [cells.texts(field) for field in fields if cells.has(field)]
    if len(texts) == 1:
        return texts[0]
    if not texts:
        return cells.texts(fields[0])
    return [next(filter(None, row), "") for row in zip(*texts, strict=True)]


def _approval(cell: Any) -> str:
    text = text_of(cell)
    if is_approval_number(text):
        return text
    text = code_of(text)
    return text if text.startswith("国药准字") or not text else _PREFIX.sub("", text)


def _size(cell: Any) -> int | None:
    return whole_of(text_of(cell))


def _spec(strength: str, size: int | None, unit: str, pack: str) -> str:
    """Return a pack as people write it: ``10mg×7片/盒``."""
    if size is None or not unit:
        return strength
    counted = f"{size}{unit}/{pack}" if pack else f"{size}{unit}"
    return f"{strength}×{counted}" if strength else counted


def _label(row: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in (row[0], fold(str(row[1]))) if part)
