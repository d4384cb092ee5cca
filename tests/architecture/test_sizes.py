"""How long a module, a function and a class may be. There is no exemption list."""

from __future__ import annotations

import ast
from typing import TypeVar

from tree import PACKAGES, ROOT, modules, parsed

MODULE_LINES = 400
FUNCTION_LINES = 60
PUBLIC_METHODS = 12
OURS = modules(*PACKAGES)
MODULES = modules(*PACKAGES, "tests")
Node = TypeVar("Node", ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# A protocol lists what its users may ask; it is read as a table, and holds no code.
PROTOCOL_BASES = ("Protocol",)


def test_a_module_fits_in_one_reading() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert not {path: count for path, count in lines.items() if count > MODULE_LINES}


def test_a_function_fits_on_one_screen() -> None:
    functions = {**found(MODULES, ast.FunctionDef), **found(MODULES, ast.AsyncFunctionDef)}

    assert not {place: length(node) for place, node in functions.items() if length(node) > FUNCTION_LINES}


def test_a_class_has_few_public_methods() -> None:
    counts = {place: public_methods(node) for place, node in found(OURS, ast.ClassDef).items()}

    assert not {place: count for place, count in counts.items() if count > PUBLIC_METHODS}


def found(paths: list[str], kind: type[Node]) -> dict[str, Node]:
    """Return every node of ``kind`` by its place."""
    return {
        f"{path}:{node.lineno} {node.name}": node
        for path in paths
        for node in ast.walk(parsed(path))
        if isinstance(node, kind)
    }


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def public_methods(node: ast.ClassDef) -> int:
    if any(ast.unparse(base) in PROTOCOL_BASES for base in node.bases):
        return 0
    return sum(isinstance(item, ast.FunctionDef) and not item.name.startswith("_") for item in node.body)
