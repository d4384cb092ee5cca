"""The counter's own window, opened by its own entry; it says when it has painted: for `start` and `memory`.

Prints ``frame`` when the first frame is painted, and ``ready`` when the opened counter is; closes when
standard input does. Arguments are those of `python -m ui`.
"""

from __future__ import annotations

import sys
from typing import Any

import ui.__main__ as entry
from bench.bare_window import FirstFrame, close_with_input


def watched_frame(show_first_frame: Any) -> Any:
    def show(window: Any) -> None:
        window.input_end = close_with_input()
        show_first_frame(window)
        print("frame", flush=True)

    return show


def watched_program(make_program: Any) -> Any:
    def make(*arguments: Any) -> Any:
        program = make_program(*arguments)
        show = program.show

        def show_and_say(pages: Any) -> None:
            program.show = show
            show(pages)
            program.window.counter.first_frame = FirstFrame(program.window.counter, "ready")

        program.show = show_and_say
        return program

    return make


if __name__ == "__main__":
    entry.show_first_frame = watched_frame(entry.show_first_frame)
    entry.make_program = watched_program(entry.make_program)
    sys.exit(entry.main(sys.argv[1:]))
