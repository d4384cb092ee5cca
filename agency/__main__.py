"""``python -m agency``: the reference agency in processes of its own."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from agency import by_hand, serving, sweeping
from agency.errors import AgencyTrouble

TROUBLE = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 3 and a sentence on stderr where it cannot serve."""
    args = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # Its warnings name addresses.
    try:
        return int(args.run(args))
    except AgencyTrouble as trouble:
        sys.stderr.write(f"{trouble.text}\n")
        return TROUBLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agency", description="参考经办端")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="启动经办端")
    serving.add_arguments(serve)
    serve.set_defaults(run=serving.serve)
    by_hand.add_commands(commands)
    sweeping.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
