"""Every text in the window can be read on the ground that it stands on."""

from __future__ import annotations

import re

import pytest

from ui.tokens import DARK, LIGHT, TEXT_ON_GROUND, TOUCH, Palette, style_sheet


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_stands_out_from_its_ground(palette: Palette, text: str, ground: str) -> None:
    assert _contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


def test_the_measure_of_contrast_knows_black_and_white() -> None:
    assert round(_contrast("#000000", "#FFFFFF")) == 21


def test_the_style_sheet_takes_every_colour_from_the_table() -> None:
    sheet = style_sheet(DARK)
    used = set(re.findall(r"#[0-9A-F]{6}\b", sheet))
    assert used
    assert used <= set(DARK)


def test_what_a_finger_presses_is_high_enough() -> None:
    assert TOUCH >= 40
