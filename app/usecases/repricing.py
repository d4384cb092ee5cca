"""The shop's own price of a drug, seen and set at the counter: ``售价`` and ``售价 12.60`` in the field."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from app.errors import UserError
from app.storage import items, journal
from app.storage.connection import Connection, transaction
from app.storage.items import Item
from app.usecases import basket, shelf
from app.usecases.desk import Desk
from app.usecases.show import open_store
from engine.catalogue import Drug, price_on
from engine.ids import Scan
from engine.money import Fen, format_yuan, parse_yuan
from engine.price import NAMES
from engine.sale import reprice

_MOST: Fen = 100_000_000
"""A million yuan for a pack: the digits of a barcode that was scanned into a price are more."""

PRICE_KIND = "price_set"
"""Of the journal's entries."""


class PriceUnclear(UserError):
    what = "看不懂售价「{text}」，没有改动。"
    advice = "请写大于 0 的金额（元），例如 12.60。"


class PriceSet(Struct, frozen=True, kw_only=True):
    """What the journal keeps of it: who set the price of what, in fen; ``before`` is None for the first."""

    drug: str
    name: str
    spec: str
    before: Fen | None
    price: Fen
    operator: str


def set_price(desk: Desk, scan: Scan) -> None:
    """Give the drug at hand the price that was typed; without one, say what it costs here and elsewhere.

    At hand is what was scanned last and has no price yet, else the chosen line. What lies on the desk costs
    the new price at once. Raises PriceUnclear.
    """
    drug = _at_hand(desk)
    if drug is None:
        advice = "请先扫药盒或选中一行，再按 Ctrl 3 输入售价。"
        desk.say("attention", "没有选中的药，没有改动售价。", advice)
        return
    if not scan.value:
        now = "还没有售价" if drug.price is None else f"售价 {format_yuan(drug.price)} 元"
        what = f"{drug.generic_name} {drug.spec}（{drug.maker}）：{now}。"
        desk.say("info", what, f"{_others(desk, drug)}要改，按 Ctrl 3 输入售价。")
        return
    price = _fen(scan.value)
    waiting, before, at = desk.unpriced, drug.price, desk.now()
    body = PriceSet(
        drug=drug.code,
        name=drug.generic_name,
        spec=drug.spec,
        before=before,
        price=price,
        operator=desk.settings.operator,
    )

    def record() -> None:
        with transaction(desk.db):
            keep_price(desk.db, drug, price, at)
            journal.append(desk.db, PRICE_KIND, msgspec.json.encode(body).decode(), at)

    try:
        desk.restate(lambda draft: reprice(draft, drug.code, price), record)
    except ValueError as error:  # A piece of an opened pack would cost less than a fen.
        raise PriceUnclear(text=scan.value) from error
    if waiting is not None:
        basket.add(desk, items.with_shop_s_word(desk.db, drug), waiting[1])
    was = "定为" if before is None else f"从 {format_yuan(before)} 元改为"
    what = f"{drug.generic_name} {drug.spec}的售价已{was} {format_yuan(price)} 元，以后都按这个价。"
    desk.say("done", what, f"{_others(desk, drug)}输错了，按 Ctrl 3 再输入一次。")


def keep_price(books: Connection, drug: Drug, price: Fen, at: datetime) -> None:
    """Keep what the shop asks for a pack of ``drug``, in the caller's transaction."""
    items.put(books, Item(code=drug.code, price=price, name=drug.generic_name), at)


def _at_hand(desk: Desk) -> Drug | None:
    if desk.unpriced is not None:
        return shelf.by_code(desk, desk.unpriced[0])
    return next((line.drug for line in desk.draft.lines if line.id == desk.selected), None)


def _fen(text: str) -> Fen:
    try:
        price = parse_yuan(text)
    except ValueError as error:
        raise PriceUnclear(text=text) from error
    if not 0 < price <= _MOST:
        raise PriceUnclear(text=text)
    return price


def _others(desk: Desk, drug: Drug) -> str:
    """Return the prices of it that others set here, as one sentence; nothing where there are none."""
    region, day = open_store(desk).provider.region, desk.today()
    found = [(NAMES[kind], price_on(drug, kind, day, region)) for kind in NAMES]
    told = [f"{name} {format_yuan(price.fen)} 元" for name, price in found if price is not None]
    return f"{'，'.join(told)}。" if told else ""
