"""A drug and its listing on a day: what may be sold, at what class, and what the law pays for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.money import BasisPoints, Fen
from engine.policy.claim import Class, Insurance

PriceKind: TypeAlias = Literal["platform", "agreed", "procurement", "ceiling"]
"""Listed on the provincial platform (挂网价), agreed with the agency (协议价), won in centralised procurement
(集采中选价), highest that is counted (医保限价, 1318)."""


class Listing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dated row of the reimbursement list; ``region`` is a prefix of 0, 2, 4 or 6 digits.

    ``insurance`` None: the row is for both. ``diseases`` are the chronic diseases whose drug range names the
    drug; ``in_scope`` is false where the limited payment scope excludes what a pharmacy sells it for;
    ``scope`` is that limited payment scope (限定支付范围) as printed. A negotiated drug's row begins and ends
    with its agreement.
    """

    begins: date
    ends: date | None  # Inclusive; None while nothing newer is known.
    klass: Class
    region: str = ""
    first_self_pay_bp: BasisPoints = 0
    payment_standard: Fen | None = None
    diseases: frozenset[str] = frozenset()
    in_scope: bool = True
    negotiated: bool = False
    insurance: Insurance | None = None
    scope: str = ""
    procured: bool = False  # Won in centralised procurement (集采中选).


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dated price of one pack that is not the shop's own, in fen; ``document`` says where it stands."""

    kind: PriceKind
    fen: Fen
    begins: date
    ends: date | None = None  # Inclusive.
    region: str = ""
    document: str = ""


class Drug(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pack as shelved; ``code`` is the national code (医疗目录编码), ``price`` the shop's, in fen.

    ``price`` is None until the shop has set one. ``pack_size`` counts the smallest units (``pack_unit``: 片,
    粒, 支) in a pack, for which ``strength`` is given.
    """

    code: str
    generic_name: str
    form: str
    spec: str
    maker: str
    approval: str
    price: Fen | None = None
    unit: str = "盒"
    trade_name: str | None = None
    barcode: str | None = None
    trace_prefix: str | None = None  # First seven digits of its trace codes (a regional profile's reading).
    prescription_only: bool = True
    pinyin: str = ""  # Initials of the generic name, lower case: "alpp".
    listings: tuple[Listing, ...] = ()
    strength: str = ""
    pack_size: int | None = None
    pack_unit: str = ""
    standard_code: str | None = None  # 药品本位码.
    shop_code: str | None = None  # The shop's own number of it (medins_list_codg).
    on_market: bool = True
    prices: tuple[Price, ...] = ()


ListingOn: TypeAlias = Callable[["Drug", date, str, Insurance | None], Listing]
"""Finds the row in force: ``listing_on``, or one that also knows the chronic drug ranges."""

NOT_LISTED = Listing(begins=date.min, ends=None, klass="C", in_scope=False)


def listing_on(drug: Drug, day: date, region: str, insurance: Insurance | None = None) -> Listing:
    """Return the row in force on ``day`` where and how the person is insured; NOT_LISTED where there is none.

    The row of the narrowest region wins: a city's over a province's over the nation's; then that of the very
    insurance over one for both; then the one that began last.
    """
    in_force = [
        row
        for row in drug.listings
        if row.insurance in (None, insurance) and _covers(row.begins, row.ends, row.region, day, region)
    ]
    return max(
        in_force,
        key=lambda row: (len(row.region), row.insurance is not None, row.begins),
        default=NOT_LISTED,
    )


def price_on(drug: Drug, kind: PriceKind, day: date, region: str) -> Price | None:
    """Return the price of ``kind`` in force on ``day`` in ``region``, the narrowest; None without one."""
    in_force = [
        row
        for row in drug.prices
        if row.kind == kind and _covers(row.begins, row.ends, row.region, day, region)
    ]
    return max(in_force, key=lambda row: (len(row.region), row.begins), default=None)


def _covers(begins: date, ends: date | None, row_region: str, day: date, region: str) -> bool:
    return begins <= day and (ends is None or day <= ends) and region.startswith(row_region)
