"""How long a module, a function and a class may be. There is no exemption list."""

from __future__ import annotations

import ast

import pytest
from tree import PACKAGES, ROOT, modules, parsed

MODULE_LINES = 400
FUNCTION_LINES = 60
PUBLIC_METHODS = 12
MODULES = modules(*PACKAGES, "tests")
# A protocol lists what its users may ask; it is read as a table, and holds no code.
PROTOCOL_BASES = ("Protocol",)


@pytest.mark.parametrize("path", MODULES)
def test_a_module_fits_in_one_reading(path: str) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())

    assert lines <= MODULE_LINES


@pytest.mark.parametrize("path", MODULES)
def test_a_function_fits_on_one_screen(path: str) -> None:
    functions = [
        node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    too_long = [f"{node.name}:{node.lineno}" for node in functions if length(node) > FUNCTION_LINES]

    assert not too_long


@pytest.mark.parametrize("path", modules(*PACKAGES))
def test_a_class_has_few_public_methods(path: str) -> None:
    classes = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    too_wide = [f"{node.name}:{node.lineno}" for node in classes if public_methods(node) > PUBLIC_METHODS]

    assert not too_wide


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def public_methods(node: ast.ClassDef) -> int:
    if any(ast.unparse(base) in PROTOCOL_BASES for base in node.bases):
        return 0
    return sum(isinstance(item, ast.FunctionDef) and not item.name.startswith("_") for item in node.body)
