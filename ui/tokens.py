"""The one table of colours, type sizes and spaces, and the style sheet made from it."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Tone: TypeAlias = Literal["ink", "sub", "mount", "sea", "ochre", "red"]
"""What a colour means: text, second text, fund and right, network, the patient's money, refused."""

TINY, SMALL, BODY, LARGE, HEAD, FIGURE = 11, 12, 14, 16, 20, 44
"""The type scale, in pixels."""

GRID = 4
GAP, PAD, EDGE = 3 * GRID, 4 * GRID, 4 * GRID
ROUND = 2 * GRID
TOUCH = 10 * GRID
"""The least height of anything that a finger may press."""

FAMILY = "Noto Sans SC"


class Palette(NamedTuple):
    """One column of the table; a name ending in ``_ground`` is what lies under the colour of that name."""

    ground: str
    card: str
    ink: str
    sub: str
    line: str
    mount: str
    mount_ground: str
    sea: str
    sea_ground: str
    ochre: str
    ochre_ground: str
    red: str
    red_ground: str
    on_mount: str  # Text on the act, which is filled with mount.


LIGHT = Palette(
    ground="#F3F5F3",
    card="#FFFFFF",
    ink="#18211D",
    sub="#5E6B65",
    line="#DDE3DF",
    mount="#1D6B52",
    mount_ground="#E3F1EB",
    sea="#1F5F8B",
    sea_ground="#E4EEF6",
    ochre="#A35800",
    ochre_ground="#FBF0DF",
    red="#B3261E",
    red_ground="#FBE9E7",
    on_mount="#FFFFFF",
)
DARK = Palette(
    ground="#121715",
    card="#1B2220",
    ink="#E8EEEA",
    sub="#98A69F",
    line="#2D3733",
    mount="#58C79F",
    mount_ground="#17362B",
    sea="#7DB8E5",
    sea_ground="#16293A",
    ochre="#F0B35A",
    ochre_ground="#3A2A12",
    red="#FF8A80",
    red_ground="#3E1B19",
    on_mount="#121715",
)

TEXT_ON_GROUND = tuple(
    (text, ground)
    for text, grounds in {
        "ink": ("ground", "card", "mount_ground", "sea_ground", "ochre_ground", "red_ground"),
        "sub": ("ground", "card", "mount_ground"),
        "mount": ("ground", "card", "mount_ground"),
        "sea": ("card", "sea_ground"),
        "ochre": ("card", "ochre_ground", "mount_ground"),
        "red": ("card", "red_ground"),
        "on_mount": ("mount",),
    }.items()
    for ground in grounds
)
"""Every pair of text and ground that the window uses; a test holds each to 4.5 : 1."""


def style_sheet(palette: Palette) -> str:
    """Return the style sheet of the whole window, to be set once."""
    sizes = {"tiny": TINY, "small": SMALL, "body": BODY, "large": LARGE, "head": HEAD}
    return _SHEET.format(**palette._asdict(), **sizes, round=ROUND, touch=TOUCH)


_SHEET = """
#window {{ background: {ground}; }}
#bar, #rail, #foot {{ background: {card}; border: 0 solid {line}; }}
#bar {{ border-bottom-width: 1px; }}
#foot {{ border-top-width: 1px; }}
#rail {{ border-right-width: 1px; }}
QLabel {{ color: {ink}; background: transparent; }}
QLabel[role="sub"] {{ color: {sub}; font-size: {small}px; }}
QLabel[role="note"] {{ color: {sub}; font-size: {tiny}px; }}
QLabel[role="name"] {{ font-size: {large}px; font-weight: 700; }}
#card {{ background: {card}; border: 1px solid {line}; border-radius: {round}px; }}
QLineEdit {{
    background: {ground}; color: {ink}; border: 1px solid {line}; border-radius: 6px;
    padding: 0 8px; min-height: 38px; font-size: {body}px;
    placeholder-text-color: {sub}; selection-background-color: {mount}; selection-color: {on_mount};
}}
QLineEdit:focus {{ border: 2px solid {mount}; padding: 0 7px; min-height: 36px; }}
QPlainTextEdit {{
    background: {ground}; color: {ink}; border: 1px solid {line}; border-radius: 6px; padding: 4px;
    font-size: {body}px; selection-background-color: {mount}; selection-color: {on_mount};
}}
QPlainTextEdit:focus {{ border: 2px solid {mount}; padding: 3px; }}
QFileDialog, QFileDialog QAbstractItemView, QFileDialog QHeaderView::section, QFileDialog QComboBox {{
    background: {card}; color: {ink}; border: 1px solid {line}; font-size: {body}px;
    selection-background-color: {mount}; selection-color: {on_mount};
}}
#entry {{ border: 2px solid {line}; border-radius: {round}px; padding: 0 14px; min-height: 36px; }}
#entry:focus {{ border-color: {mount}; }}
#tender {{ background: transparent; border: 2px solid transparent; font-size: {head}px; padding: 0; }}
#tender:hover {{ border-color: {line}; }}
#tender:focus {{ border-color: {mount}; padding: 0; }}
#tender:disabled {{ color: {ink}; }}
#hits {{ background: {card}; border: 1px solid {mount}; border-radius: {round}px; }}
QPushButton {{
    background: {card}; color: {mount}; border: 1px solid {mount}; border-radius: 6px;
    min-height: {touch}px; padding: 0 16px; font-size: {body}px; font-weight: 500;
}}
QPushButton:hover {{ background: {mount_ground}; }}
QPushButton:pressed {{ background: {mount_ground}; }}
QPushButton:focus {{ border: 2px solid {mount}; padding: 0 15px; }}
QPushButton:disabled {{ color: {sub}; border-color: {line}; background: {ground}; }}
QPushButton[armed="true"] {{ color: {on_mount}; background: {mount}; }}
QPushButton[role="quiet"] {{ color: {sub}; border-color: {line}; font-weight: 400; padding: 0 12px; }}
QPushButton[role="quiet"]:hover {{ color: {ink}; background: {ground}; }}
QPushButton[role="plain"] {{ color: {ink}; border-color: {line}; font-weight: 400; padding: 0 8px; }}
QPushButton[role="plain"]:hover {{ border-color: {mount}; }}
QPushButton[role="plain"]:focus {{ border: 2px solid {mount}; padding: 0 7px; }}
QPushButton[role="plain"]:disabled {{ color: {sub}; border-color: {line}; }}
QPushButton[role="choice"] {{ color: {ink}; border-color: {line}; font-weight: 400; padding: 0 8px; }}
QPushButton[role="choice"]:checked {{
    color: {mount}; border: 2px solid {mount}; background: {mount_ground}; font-weight: 500; padding: 0 7px;
}}
QScrollArea, QScrollArea > QWidget {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {line}; border-radius: 4px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {sub}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {ink}; color: {card}; border: 0; padding: 4px 8px; font-size: {small}px; }}
QDialog {{ background: {card}; }}
"""
