"""The counter's own window as bench/counter_window.py opens it, and a drug looked for in it: for `memory`.

Prints ``found`` once hits are shown, after ``ready``. Arguments are those of `python -m ui`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer

import ui.__main__ as entry
from bench.counter_window import watched_frame, watched_program
from ui.items import Page

TYPED = ("a", "an", "anl", "anlv")


def _searching(make_program: Callable[..., Any]) -> Callable[..., Any]:
    def make(*arguments: Any) -> Any:
        program = make_program(*arguments)
        show, show_hits = program.show, program.window.show_hits

        def show_and_type(pages: Any) -> None:
            program.show = show
            show(pages)
            QTimer.singleShot(0, lambda: [program.search.typed(text) for text in TYPED])

        def show_and_say(page: Page) -> None:
            show_hits(page)
            if page:
                print("found", flush=True)

        program.show = show_and_type
        program.window.show_hits = show_and_say
        return program

    return make


if __name__ == "__main__":
    entry.show_first_frame = watched_frame(entry.show_first_frame)
    entry.make_program = _searching(watched_program(entry.make_program))
    sys.exit(entry.main(sys.argv[1:]))
