"""What the architecture tests look at: our own modules, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "app", "ui", "agency", "bench")


def modules(*packages: str) -> list[str]:
    """Return the paths of the modules of ``packages``, relative to the root, with slashes."""
    return [
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


@cache
def parsed(path: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=path)


def imported(path: str) -> Iterator[str]:
    """Yield the full name of every module that ``path`` imports; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            if node.level:
                raise AssertionError(f"{path}:{node.lineno}: imports are absolute")
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(path: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every call; ``self.db.execute(…)`` gives ``self.db.execute``."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
