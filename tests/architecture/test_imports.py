"""Who may know whom (docs/architecture.md, "Import directions"), read from the source."""

from __future__ import annotations

import ast
import sys

import pytest
from tree import PACKAGES, calls, imported, modules, parsed

OURS = set(PACKAGES) | {"tests"}
MAY_KNOW = {
    "engine": ("engine",),
    "agency": ("agency", "engine"),
    "app": ("app", "engine"),
    "ui": ("ui", "app.bootstrap", "app.usecases", "app.errors", "engine"),
}
PURE = {
    "__future__", "abc", "base64", "bisect", "calendar", "collections", "contextlib", "copy", "dataclasses",
    "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "hmac", "itertools", "json", "math",
    "msgspec", "operator", "re", "string", "tomllib", "types", "typing", "unicodedata",
}  # fmt: skip
STORAGE = ("app/storage/", "agency/storage/")
CLOCKS = ("app/clock.py", "agency/clock.py")
CLOCK_CALLS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns")
CATCH_ALL = ("ui/problems.py", "app/sync/worker.py", "app/cli.py")
CONCRETE = ("app.devices.", "app.sync.", "app.documents.", "app.embedded_agency", "app.clock.SystemClock")
WIRED_BY = ("app/bootstrap.py", "app/cli.py", "app/commands/", "app/devices/", "app/sync/", "app/documents/")
HOUSE = modules("engine", "app", "ui", "agency")


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("path", HOUSE)
def test_a_module_knows_only_what_its_room_may(path: str) -> None:
    room = path.split("/", maxsplit=1)[0]

    ours = {name for name in imported(path) if name.split(".")[0] in OURS}

    assert not {name for name in ours if not is_in(name, MAY_KNOW[room])}


@pytest.mark.parametrize("path", modules("engine"))
def test_the_engine_touches_no_disk_clock_network_or_chance(path: str) -> None:
    roots = {name.split(".")[0] for name in imported(path)}

    assert roots <= PURE | {"engine"}


@pytest.mark.parametrize("path", modules("engine", "app", "agency"))
def test_only_the_window_knows_qt(path: str) -> None:
    roots = {name.split(".")[0] for name in imported(path)}

    assert not roots & {"PySide6", "shiboken6"}


@pytest.mark.parametrize("path", [path for path in HOUSE if not path.startswith(STORAGE)])
def test_sql_is_spoken_in_storage_only(path: str) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    spoken = [(line, name) for line, name in calls(path) if name.endswith((".execute", ".executemany"))]

    assert not roots & {"sqlite3", "sqlcipher3", "sqlite_utils", "pysqlite3"}
    assert not spoken


@pytest.mark.parametrize("path", [path for path in HOUSE if path not in CLOCKS])
def test_only_the_clock_asks_the_computer_for_the_time(path: str) -> None:
    asked = [(line, name) for line, name in calls(path) if name.endswith(CLOCK_CALLS)]

    assert not asked


@pytest.mark.parametrize("path", [path for path in modules("app") if not path.startswith(WIRED_BY)])
def test_only_the_bootstrap_names_concrete_parts(path: str) -> None:
    assert not [name for name in imported(path) if name.startswith(CONCRETE)]


@pytest.mark.parametrize("path", [path for path in HOUSE if path not in CATCH_ALL])
def test_a_bug_is_swallowed_at_the_crash_boundary_only(path: str) -> None:
    handlers = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler)]
    swallowed = [handler.lineno for handler in handlers if catches_all(handler) and not goes_on(handler)]

    assert not swallowed


def catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


def goes_on(handler: ast.ExceptHandler) -> bool:
    """Tell whether the handler only cleans up and raises again what it caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_the_house_imports_nothing_that_is_not_locked() -> None:
    known = {
        "PySide6", "barcode", "httpx", "msgspec", "platformdirs", "reportlab", "sqlcipher3", "sqlite_utils",
        "starlette", "structlog", "uvicorn",
    }  # fmt: skip
    roots = {name.split(".")[0] for path in HOUSE for name in imported(path)}

    assert roots - OURS - set(sys.stdlib_module_names) <= known
