"""The hits under the entry field: asked for while typing, the latest question wins. No Qt here."""

from __future__ import annotations

from typing import Protocol

from app.usecases.state import Choice
from ui.desk import Desk
from ui.items import Page, Tile, Tiles, sub
from ui.words import CLASS, joined, yuan

_MOST = 8
PRICE = "售价"
"""What a price begins with in the field, so that it is taken for nothing else."""

_PRICE_HINT = "选中的药的本店售价：输入金额再按 Enter 改，例如 12.60；只按 Enter 看各种价格；Esc 放弃。"


class SearchView(Protocol):
    """Where hits are shown; an empty page hides them."""

    def show_hits(self, page: Page) -> None: ...


class SearchPresenter:
    """Keeps the hits of the text in the field, and which of them is chosen."""

    def __init__(self, view: SearchView, desk: Desk) -> None:
        self._view = view
        self._desk = desk
        self._text = ""
        self._hits: tuple[Choice, ...] = ()
        self._hits_of = ""  # The text that the hits are of: a later one may still wait for its own.
        self._at = 0

    def typed(self, text: str) -> None:
        """Ask for hits of ``text`` as it stands in the field now."""
        self._text = text
        words = text.strip()
        if not words:
            self.closed()
            return
        if words.startswith(PRICE):
            self._hits = ()
            self._view.show_hits((sub(_PRICE_HINT),))
            return
        self._desk.ask(
            lambda counter: counter.search(words) if text == self._text else None,  # Nobody waits for it.
            lambda hits: self._found(text, hits),
        )

    def moved(self, steps: int) -> bool:
        """Choose the hit above or below; tell whether there are hits at all."""
        if not self._hits:
            return False
        self._at = min(max(self._at + steps, 0), len(self._hits) - 1)
        self._view.show_hits(self._page())
        return True

    def taken(self, text: str) -> str | None:
        """Return the key of the chosen hit if the hits are those of ``text``; close them."""
        hit = self._hits[self._at].key if self._hits and text == self._hits_of else None
        self.closed()
        return hit

    def closed(self) -> bool:
        """Hide the hits; tell whether there were any."""
        had = bool(self._hits)
        self._text, self._hits, self._at = "", (), 0
        self._view.show_hits(())
        return had

    def _found(self, text: str, hits: tuple[Choice, ...] | None) -> None:
        if hits is None or text != self._text:
            return
        self._hits, self._hits_of, self._at = hits[:_MOST], text, 0
        self._view.show_hits(
            self._page() if self._hits else (sub(f"没有找到「{text.strip()}」。请核对，或直接扫药盒。"),)
        )

    def _page(self) -> Page:
        return tuple(Tiles((_tile(hit, number == self._at),)) for number, hit in enumerate(self._hits))


def _tile(hit: Choice, selected: bool) -> Tile:
    kind = "处方药" if hit.prescription_only else "非处方药"
    return Tile(
        key=hit.key,
        title=hit.title,
        detail=hit.detail,
        figure="未定价" if hit.price is None else yuan(hit.price),
        note=joined("处方所开" if hit.asked else "", CLASS[hit.klass], kind),
        selected=selected,
        framed=False,
    )
