"""A run without a display says what it sold, and nothing of its own platform."""

from __future__ import annotations

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning

from ui.offscreen_sale import keep_terminal_clean


def test_only_the_platforms_own_complaint_is_kept_out_of_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = qInstallMessageHandler(None)
    try:
        keep_terminal_clean()
        qWarning("This plugin does not support propagateSizeHints()")
        qWarning("something else")
    finally:
        qInstallMessageHandler(before)

    assert capsys.readouterr().err == "something else\n"
