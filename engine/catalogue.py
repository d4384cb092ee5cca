"""A drug and its listing on a day: what may be sold, at what class, and what the law pays for."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from engine.money import BasisPoints, Fen
from engine.policy.claim import Class


class Listing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dated row of the reimbursement list; ``region`` is a prefix of 0, 2, 4 or 6 digits.

    ``diseases`` are the chronic diseases whose drug range names the drug; ``in_scope`` is false where the
    limited payment scope (限定支付范围) excludes what a pharmacy sells it for.
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


class Drug(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pack as shelved; ``code`` is the national code (医疗目录编码), ``price`` the shop's, in fen."""

    code: str
    generic_name: str
    form: str
    spec: str
    maker: str
    approval: str
    price: Fen
    unit: str = "盒"
    trade_name: str | None = None
    barcode: str | None = None
    trace_prefix: str | None = None  # First seven digits of its trace codes (a regional profile's reading).
    prescription_only: bool = True
    pinyin: str = ""  # Initials of the generic name, lower case: "alpp".
    listings: tuple[Listing, ...] = ()


NOT_LISTED = Listing(begins=date.min, ends=None, klass="C", in_scope=False)


def listing_on(drug: Drug, day: date, region: str) -> Listing:
    """Return the row in force on ``day`` where the person is insured; NOT_LISTED where there is none.

    The row of the narrowest region wins: a city's over a province's over the nation's.
    """
    in_force = [
        row
        for row in drug.listings
        if row.begins <= day and (row.ends is None or day <= row.ends) and region.startswith(row.region)
    ]
    return max(in_force, key=lambda row: (len(row.region), row.begins), default=NOT_LISTED)
