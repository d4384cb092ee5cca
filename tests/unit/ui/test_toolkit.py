"""The toolkit keeps None alive (docs/decisions/0041)."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QWidget

from ui.__main__ import make_application


def test_a_call_that_returns_nothing_costs_no_reference_to_none() -> None:
    make_application()
    widget = QWidget()
    before = sys.getrefcount(None)

    for _ in range(300):
        widget.update()

    assert sys.getrefcount(None) > before - 100
