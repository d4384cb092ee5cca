"""One table of a policy file, read key by key; what is wrong becomes a finding and reading goes on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from engine.money import BasisPoints, Fen, parse_ratio, parse_yuan
from engine.policy.problems import Problem

is_disease_key = re.compile(r"[a-z][a-z0-9_]*").fullmatch

ABSENT = object()


class Table:
    """A TOML table at ``path`` of ``file``; every reader returns a harmless value after a finding."""

    def __init__(self, file: str, path: str, content: object, problems: list[Problem]) -> None:
        self._file = file
        self._path = path
        self._problems = problems
        self._content: dict[str, Any] = {}
        self._read: set[str] = set()
        if isinstance(content, dict):
            self._content = content
        else:
            self.report("", "应为一个表（table）")

    def report(self, key: str, reason: str) -> None:
        """Note that ``key`` of this table is wrong."""
        self._problems.append(Problem(self._file, ".".join(filter(None, (self._path, key))), reason))

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def has(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str, *, missing: str = "缺少此项", optional: bool = False) -> str:
        """Return a non-empty text; with ``optional`` an absent one is ``""``."""
        value = self.value(key, missing, optional)
        if value is ABSENT:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.report(key, "应为非空文字")
            return ""
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false; without a ``default`` the key must be there."""
        value = self.value(key, "缺少此项", default is not None)
        if value is ABSENT:
            return bool(default)
        if not isinstance(value, bool):
            self.report(key, "应为 true 或 false")
            return False
        return value

    def day(self, key: str, *, missing: str = "缺少此项", optional: bool = False) -> date | None:
        """Return a TOML date (without a time)."""
        value = self.value(key, missing, optional)
        if value is ABSENT:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.report(key, "应为日期，例如 2024-01-01（不加引号）")
            return None
        return value

    def one_of(self, key: str, words: frozenset[str]) -> str:
        """Return one of ``words``."""
        value = self.text(key)
        if value and value not in words:
            self.report(key, f"不认识“{value}”，可用：{'、'.join(sorted(words))}")
            return ""
        return value

    def codes(self, key: str, words: frozenset[Any] | None) -> frozenset[Any]:
        """Return one code or a list of them as a set; ``words`` None asks for disease keys."""
        value = self.value(key)
        if value is ABSENT:
            return frozenset()
        codes = value if isinstance(value, list) else [value]
        if not codes:
            self.report(key, "不能是空列表")
        for code in codes:
            if words is None:
                if not (isinstance(code, str) and is_disease_key(code)):
                    self.report(key, f"{code!r} 不是病种代码（小写字母、数字、下划线，以字母开头）")
                    return frozenset()
            elif not isinstance(code, str | bool) or code not in words:
                self.report(key, f"不认识 {code!r}，可用：{'、'.join(sorted(map(str, words)))}")
                return frozenset()
        return frozenset(codes)

    def names(self, key: str) -> frozenset[str]:
        """Return a text or a list of texts as a set; an absent one is empty."""
        value = self.value(key, "", True)
        if value is ABSENT:
            return frozenset()
        names = value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) and name for name in names):
            self.report(key, "应为非空文字，或非空文字的列表")
            return frozenset()
        return frozenset(names)

    def within(self, key: str) -> Table:
        """Return the table under ``key``; an absent one reads as empty."""
        self._read.add(key)
        path = ".".join(filter(None, (self._path, key)))
        return Table(self._file, path, self._content.get(key, {}), self._problems)

    def rows(self, key: str) -> list[tuple[str, Table]]:
        """Return the tables of the list under ``key``, each with its place such as ``ratio[2]``."""
        value = self.value(key, "", True)
        if value is ABSENT:
            return []
        if not isinstance(value, list):
            self.report(key, f"应写成 [[{key}]]")
            return []
        places = [f"{key}[{index}]" for index in range(len(value))]
        return [(p, Table(self._file, p, row, self._problems)) for p, row in zip(places, value, strict=True)]

    def finish(self) -> None:
        """Report every key that nothing has read."""
        for key in self._content:
            if key not in self._read:
                self.report(key, "不认识的键")

    def value(self, key: str, missing: str = "缺少此项", optional: bool = False) -> Any:
        """Return what stands under ``key``, ABSENT (a finding unless ``optional``) where nothing does."""
        self._read.add(key)
        value = self._content.get(key, ABSENT)
        if value is ABSENT and not optional:
            self.report(key, missing)
        return value


def read_table(file: str, text: str, problems: list[Problem]) -> Table | None:
    """Return the whole of a file; None where its ``text`` is no TOML, which is then a finding."""
    try:
        return Table(file, "", tomllib.loads(text), problems)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.append(Problem(file, "", f"不是正确的 TOML：{error}"))
        return None


def count(table: Table, key: str) -> int | None:
    """Return a whole number from 1 to 366."""
    value = table.value(key)
    if value is ABSENT:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 366:
        table.report(key, "应为 1 至 366 的整数")
        return None
    return value


def ratio(table: Table, key: str) -> BasisPoints:
    """Return a ratio, written as a text such as ``"0.15"`` so that no binary fraction is involved."""
    value = table.value(key)
    if value is ABSENT:
        return 0
    try:
        return parse_ratio(value)
    except (TypeError, ValueError):
        table.report(key, '比例应写成 0 至 1 之间、至多四位小数的文字，例如 "0.15"')
        return 0


def yuan(table: Table, key: str) -> Fen:
    """Return an amount of yuan, written as a text such as ``"50"``."""
    try:
        return parse_yuan(table.value(key))
    except (TypeError, ValueError):
        table.report(key, '金额应写成至多两位小数的文字，单位元，例如 "50.00"')
        return 0


def texts(table: Table) -> dict[str, str]:
    """Return all of the table, key by key, as texts."""
    return {key: table.text(key) for key in table}
