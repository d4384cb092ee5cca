"""Binary floating point touches no money: neither a float nor a true division where amounts are reckoned."""

from __future__ import annotations

import ast

import pytest
from tree import modules, parsed

# The whole engine reckons money; outside it, the modules that carry or store amounts do.
MONEY = modules("engine", "agency/storage", "app/usecases", "app/storage", "app/commands")


def floats(tree: ast.AST) -> list[str]:
    """Return where ``tree`` writes a float, calls float() or divides truly; a path's ``/`` is no division."""
    found = []
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        named = isinstance(node, ast.Name) and node.id == "float"
        divided = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not joins_path(node)
        if literal or named or divided:
            found.append(f"{node.lineno}: {ast.unparse(node)}")  # type: ignore[attr-defined]
    return found


def joins_path(node: ast.BinOp) -> bool:
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return any(isinstance(part.value, str) for part in parts)


def test_no_float_comes_near_money_in_the_engine() -> None:
    found = {path: floats(parsed(path)) for path in MONEY if path.startswith("engine/")}

    assert not {path: places for path, places in found.items() if places}


def test_no_amount_is_divided_truly_outside_the_engine() -> None:
    found = {path: floats(parsed(path)) for path in MONEY if not path.startswith("engine/")}
    divided = {
        path: [text for text in places if " / " in text and "fen" in text] for path, places in found.items()
    }

    assert not {path: places for path, places in divided.items() if places}


@pytest.mark.parametrize("text", ["fund * 0.15", "fund / 2", "float(fund)"])
def test_the_check_sees_a_float(text: str) -> None:
    assert floats(ast.parse(text))


def test_the_check_lets_a_path_be_joined() -> None:
    assert not floats(ast.parse("folder / 'sales.db'"))
