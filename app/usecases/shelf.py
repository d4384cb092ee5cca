"""The shelf: the catalogue's drugs with what the shop itself says of them, found by any code on a box.

This is the one place where both come together: whoever sells, matches or looks up a drug asks here.
"""

from __future__ import annotations

from app.storage import catalogue, items
from app.storage.connection import Connection
from app.usecases.desk import Desk
from engine.catalogue import Drug

TRACE_PREFIX_LENGTH = 7


def by_barcode(desk: Desk, barcode: str) -> Drug | None:
    """Return the drug with an EAN: the shop's word on barcodes goes before the catalogue's."""
    code = items.code_of_barcode(desk.db, barcode)
    if code is not None:
        found = by_code(desk, code)
        if found is not None:
            return found
    return with_item(desk.db, catalogue.by_barcode(desk.catalogue, barcode))


def by_code(desk: Desk, code: str) -> Drug | None:
    """Return the drug with a national code, a former one included, or with a drug standard code."""
    return with_item(desk.db, catalogue.by_code(desk.catalogue, code))


def by_trace_code(desk: Desk, trace_code: str) -> Drug | None:
    """Return the drug that a box is of, by the first digits of its trace code."""
    return with_item(desk.db, catalogue.by_trace_prefix(desk.catalogue, trace_code[:TRACE_PREFIX_LENGTH]))


def by_shop_code(desk: Desk, number: str) -> Drug | None:
    """Return the drug that the shop has its own number for."""
    code = items.code_of_number(desk.db, number)
    return by_code(desk, code) if code is not None else None


def of_same_ingredient(desk: Desk, code: str, limit: int) -> list[Drug]:
    """Return packs on sale here of the ingredient that the national ``code`` names, the cheapest first."""
    known = {drug.code: drug for drug in catalogue.of_same_ingredient(desk.catalogue, code, limit)}
    for other in items.of_same_ingredient(desk.db, code, limit):
        drug = known.get(other) or catalogue.by_code(desk.catalogue, other)
        if drug is not None and drug.on_market:
            known[other] = drug
    found = [items.with_shop_s_word(desk.db, drug) for drug in known.values()]
    return sorted(found, key=lambda drug: (drug.price or 0, drug.code))[:limit]


def named(books: Connection, drugs: Connection, code: str) -> Drug | None:
    """Return the drug that ``code`` is on, in whatever way: for who has the databases and no desk."""
    known = items.code_of_number(books, code) or items.code_of_barcode(books, code) or code
    return with_item(books, catalogue.by_code(drugs, known) or catalogue.by_barcode(drugs, known))


def with_item(books: Connection, drug: Drug | None) -> Drug | None:
    """Return ``drug`` as this shop has it; None for none."""
    return None if drug is None else items.with_shop_s_word(books, drug)
