"""``python -m tests.simulation --first SEED --seeds N``: thousands of bad weeks, each from a seed."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence

from tests.simulation.faults import FAULTS
from tests.simulation.plan import DAYS
from tests.simulation.shrink import run, shortest

_SHOWN = 3
"""Failing seeds that are shortened and told; the others are only named."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds; 0 when everything held, 1 when not. The last line is one JSON object."""
    args = _parser().parse_args(arguments)
    if args.list_faults:
        for name, fault in FAULTS.items():
            _say(f"{name}: {(fault.__doc__ or '').strip()}")
        return 0
    only = {int(number) for number in args.only.split(",")} if args.only else None
    total: Counter[str] = Counter()
    injected: Counter[str] = Counter()
    failed: list[int] = []
    for seed in range(args.first, args.first + args.seeds):
        outcome = run(seed, days=args.days, fault=args.fault, only=only)
        total.update(sales=outcome.sales, messages=outcome.messages, violations=len(outcome.violations))
        total["minutes"] += round(outcome.days * 1440)
        injected += outcome.injected
        if outcome.violations:
            failed.append(seed)
            if only is not None:
                _tell(seed, sorted(only), outcome.violations, outcome.story, args)
            elif len(failed) <= _SHOWN:
                _tell_shortest(seed, args)
            else:
                _say(f"seed {seed}: {outcome.violations[0]}")
    summary = {
        "seeds": args.seeds,
        "simulated_days": round(total["minutes"] / 1440, 1),
        "sales": total["sales"],
        "messages": total["messages"],
        "faults": dict(sorted(injected.items())),
        "violations": total["violations"],
        "failed_seeds": failed[:20],
    }
    _say(json.dumps(summary))
    return int(bool(failed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--days", type=float, default=DAYS, help="how long a storm lasts at most")
    parser.add_argument("--fault", choices=FAULTS, help="put in a deliberate fault")
    parser.add_argument("--only", help="live through these events of the plan alone, by number: 3,7,12")
    parser.add_argument("--list-faults", action="store_true", help="say which faults there are")
    return parser


def _tell_shortest(seed: int, args: argparse.Namespace) -> None:
    numbers, outcome = shortest(seed, days=args.days, fault=args.fault)
    _tell(seed, numbers, outcome.violations, outcome.story, args)


def _tell(
    seed: int, numbers: list[int], violations: list[str], story: list[str], args: argparse.Namespace
) -> None:
    _say(f"seed {seed} fails; the shortest history that was found:")
    for line in story:
        _say(f"    {line}")
    for found in violations[:5]:
        _say(f"  {found}")
    command = f"python -m tests.simulation --first {seed} --seeds 1 --only {','.join(map(str, numbers))}"
    command += f" --days {args.days:g}" if args.days != DAYS else ""
    command += f" --fault {args.fault}" if args.fault else ""
    _say(f"  again: {command}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
