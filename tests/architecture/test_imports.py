"""Who may know whom (docs/architecture.md, "Import directions"), read from the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable

from tree import PACKAGES, calls, imported, modules, parsed

OURS = set(PACKAGES) | {"tests"}
MAY_KNOW = {
    "engine": ("engine",),
    "agency": ("agency", "engine"),
    "app": ("app", "engine"),
    "ui": ("ui", "app.bootstrap", "app.usecases", "app.errors", "engine"),
}
PURE = {
    "__future__", "abc", "array", "base64", "bisect", "calendar", "collections", "contextlib", "copy",
    "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "hmac",
    "itertools", "json", "math", "msgspec", "operator", "re", "string", "struct", "tomllib", "types",
    "typing", "unicodedata", "zlib",
}  # fmt: skip
ARCHIVES = (
    "engine/protocol/statement.py",
    "engine/protocol/catalogue_pages.py",
)  # Zips in memory: values in, values out.
SIGNATURES = ("engine/protocol/signing.py", "engine/protocol/sealing.py")  # Values in, values out.
SPOKEN = (".execute", ".executemany", "db.write")
STORAGE = ("app/storage/", "agency/storage/")
SQL_LIBRARIES = {"sqlite3", "sqlcipher3", "sqlite_utils", "pysqlite3", "psycopg", "psycopg_pool"}
CLOCKS = ("app/clock.py", "agency/clock.py")
CLOCK_CALLS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns")
CATCH_ALL = ("ui/problems.py", "app/sync/worker.py", "app/cli.py")
CONCRETE = (
    "app.devices.",
    "app.sync.",
    "app.documents.",
    "app.embedded_agency",
    "app.import_process",
    "app.clock.SystemClock",
)
WIRED_BY = ("app/bootstrap.py", "app/cli.py", "app/commands/", "app/devices/", "app/sync/", "app/documents/")
HOUSE = modules("engine", "app", "ui", "agency")


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def roots(path: str) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


def offences(paths: list[str], find: Callable[[str], Iterable[object]]) -> dict[str, list[object]]:
    """Return what ``find`` finds in each module, without those where it finds nothing."""
    found = {path: list(find(path)) for path in paths}
    return {path: things for path, things in found.items() if things}


def test_a_module_knows_only_what_its_room_may() -> None:
    def strangers(path: str) -> set[str]:
        known = MAY_KNOW[path.split("/", maxsplit=1)[0]]
        return {name for name in imported(path) if name.split(".")[0] in OURS and not is_in(name, known)}

    assert not offences(HOUSE, strangers)


def test_no_module_needs_one_that_needs_it() -> None:
    known = {
        path: {name.replace(".", "/") for full in imported(path) for name in (full, full.rpartition(".")[0])}
        for path in HOUSE
    }
    needs = {path: {each for each in HOUSE if each[:-3] in names} for path, names in known.items()}
    users = {path: {each for each, others in needs.items() if path in others} for path in needs}
    in_circles = without_ends(needs).keys() & without_ends(users).keys()

    assert not {path: needs[path] & in_circles for path in in_circles}


def without_ends(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what stands in a circle or leads into one."""
    while ends := {path for path, others in needs.items() if not others & needs.keys()}:
        needs = {path: others for path, others in needs.items() if path not in ends}
    return needs


def test_the_engine_touches_no_disk_clock_network_or_chance() -> None:
    def impure(path: str) -> set[str]:
        more = (
            {"cryptography"}
            if path in SIGNATURES
            else {"io", "lzma", "zipfile"}
            if path in ARCHIVES
            else set()
        )
        return roots(path) - PURE - {"engine"} - more

    assert not offences(modules("engine"), impure)


def test_only_the_window_knows_qt() -> None:
    assert not offences(
        modules("engine", "app", "agency"), lambda path: roots(path) & {"PySide6", "shiboken6"}
    )


def test_sql_is_spoken_in_storage_only() -> None:
    def spoken(path: str) -> list[object]:
        statements = [call for call in calls(path) if call[1].endswith(SPOKEN)]
        return [*statements, *(roots(path) & SQL_LIBRARIES)]

    assert not offences([path for path in HOUSE if not path.startswith(STORAGE)], spoken)


def test_only_the_clock_asks_the_computer_for_the_time() -> None:
    def asked(path: str) -> list[object]:
        return [call for call in calls(path) if call[1].endswith(CLOCK_CALLS)]

    assert not offences([path for path in HOUSE if path not in CLOCKS], asked)


def test_only_the_bootstrap_names_concrete_parts() -> None:
    paths = [path for path in modules("app") if not path.startswith(WIRED_BY)]

    assert not offences(paths, lambda path: [name for name in imported(path) if name.startswith(CONCRETE)])


def test_a_bug_is_swallowed_at_the_crash_boundary_only() -> None:
    def swallowed(path: str) -> list[object]:
        handlers = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler)]
        return [handler.lineno for handler in handlers if catches_all(handler) and not goes_on(handler)]

    assert not offences([path for path in HOUSE if path not in CATCH_ALL], swallowed)


def catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


def goes_on(handler: ast.ExceptHandler) -> bool:
    """Tell whether the handler only cleans up and raises again what it caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_the_house_imports_nothing_that_is_not_locked() -> None:
    known = {
        "PySide6", "barcode", "cryptography", "httpx", "msgspec", "platformdirs", "psycopg", "pypinyin",
        "psycopg_pool", "python_calamine", "reportlab", "sqlcipher3", "sqlite_utils",
        "starlette", "structlog", "uvicorn",
    }  # fmt: skip
    known |= OURS | set(sys.stdlib_module_names)

    assert not offences(HOUSE, lambda path: roots(path) - known)
