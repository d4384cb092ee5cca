"""Diagnoses to pick from, and what stands in the field after a pick. No Qt here."""

from __future__ import annotations

from engine.prescription import Diagnosis
from ui.items import Page, Tile, Tiles

END = "；"
"""Stands after a diagnosis: the next one may be typed."""


def hits_page(found: tuple[Diagnosis, ...], at: int) -> Page:
    """Return the diagnoses found, each with its code; the one at ``at`` is chosen."""
    return tuple(
        Tiles(
            (
                Tile(
                    key=str(number),
                    title=each.name,
                    detail="",
                    figure=each.code,
                    selected=number == at,
                    framed=False,
                ),
            )
        )
        for number, each in enumerate(found)
    )


def being_typed(text: str) -> str:
    """Return the diagnosis at the end of ``text`` that is not finished yet."""
    return text.replace(";", END).rpartition(END)[2].strip()


def with_picked(text: str, picked: Diagnosis) -> str:
    """Return ``text`` with what was being typed of a diagnosis put in full, ready for the next."""
    before, sign, _typed = text.replace(";", END).rpartition(END)
    return f"{before}{sign}{picked.name}{END}"
