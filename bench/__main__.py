"""`python -m bench`: measure, print a table, write build/bench.json; 1 when a budget is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import msgspec

from bench.result import Result

ENTRIES = (
    "claim",
    "quote_cli",
    "commit",
    "review",
    "growth",
    "delivery_sqlite",
    "delivery_postgresql",
    "stores_500",
    "trip_pack_http",
    "trip_pack_stick",
    "start",
    "memory",
    "import",
    "search",
    "scan_to_paint",
)
_MODULES = {"import": "importing"}
"""Where the module that measures an entry is called otherwise: some names are words of the language."""

RESULTS = Path("build/bench.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the entries named, or all, and return 1 when one of them misses its budget."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=ENTRIES, metavar="NAME", help="one of: " + ", ".join(ENTRIES)
    )
    chosen = parser.parse_args(arguments).only or ENTRIES
    results = [_measure(name) for name in chosen]
    _print_table(results)
    _write(results)
    missed = [result.name for result in results if not result.met]
    if missed:
        print(f"budget missed: {', '.join(missed)}")
    return 1 if missed else 0


def _measure(name: str) -> Result:
    print(f"{name} …", flush=True, file=sys.stderr)
    result: Result = import_module(module_of(name)).measure()
    return result


def module_of(name: str) -> str:
    """Return the module that measures an entry."""
    return f"bench.{_MODULES.get(name, name)}"


def _print_table(results: Sequence[Result]) -> None:
    rows = [("name", "value", "baseline", "ratio", "unit", "met", "budget"), *map(_row, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    for result in results:
        for note in result.notes:
            print(f"  {result.name}: {note}")


def _row(result: Result) -> tuple[str, ...]:
    baseline = "" if result.baseline is None else _number(result.baseline)
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    met = "yes" if result.met else "NO"
    return (result.name, _number(result.value), baseline, ratio, result.unit, met, result.budget)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _write(results: Sequence[Result]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    text = msgspec.json.encode([result.entry() for result in results])
    RESULTS.write_bytes(msgspec.json.format(text, indent=2) + b"\n")
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    sys.exit(main())
