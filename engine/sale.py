"""From basket to sale: the draft at the counter, the claim it makes, and the sale once it is settled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.catalogue import Drug, Listing, ListingOn, listing_on
from engine.lease import LeaseUse
from engine.money import Fen
from engine.person import Buyer, Person, as_patient, diseases_filed_on
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Accumulators, Claim, Line, Provider
from engine.prescription import Prescription, as_claimed
from engine.signoff import SignOff
from engine.stock import LotUse, piece_price

Certainty: TypeAlias = Literal["confirmed", "guaranteed", "provisional"]
"""How sure a share is (design, "A sale"); ``guaranteed`` needs a lease."""


class Store(Struct, frozen=True, kw_only=True):
    """The shop that sells: its provider entry and its names."""

    provider: Provider
    name: str
    till: str  # Two digits, unique in the shop.
    region_name: str


class Replaced(Struct, frozen=True, kw_only=True):
    """What stood in a line before a cheaper equivalent took its place, for the record."""

    code: str
    generic_name: str
    spec: str
    maker: str
    quantity: int
    unit_price: Fen


class BasketLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Boxes of one drug in the basket; at most one trace code a box.

    A ``split`` line (拆零) counts smallest units of an opened pack, whose code may be sold under again.
    ``lots`` are what the line is taken from, known as it is settled. ``instead_of`` is the drug that the
    patient chose an equivalent for. ``prescribed_as`` is what the prescription calls it, known as it is
    settled, where neither its code nor its generic name stands there.
    """

    id: str
    drug: Drug
    quantity: int
    unit_price: Fen
    trace_codes: tuple[str, ...] = ()
    split: bool = False
    lots: tuple[LotUse, ...] = ()
    instead_of: Replaced | None = None
    prescribed_as: str = ""

    @property
    def name_on_prescription(self) -> str:
        """The name by which it is found on a prescription."""
        return self.prescribed_as or self.drug.generic_name

    @property
    def amount(self) -> Fen:
        return self.quantity * self.unit_price

    @property
    def boxes(self) -> int:
        """How many boxes its trace codes are of: pieces come from one opened pack."""
        return 1 if self.split else self.quantity

    @property
    def packs(self) -> int:
        """How many packs it comes to, begun ones counted whole."""
        size = self.drug.pack_size or 1
        return -(-self.quantity // size) if self.split else self.quantity

    @property
    def unit(self) -> str:
        """What its quantity counts."""
        return (self.drug.pack_unit or "片") if self.split else self.drug.unit


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The sale being made; every change returns a new one."""

    person: Person | None = None
    prescription: Prescription | None = None
    lines: tuple[BasketLine, ...] = ()
    tendered: Fen | None = None
    buyer: Buyer | None = None  # Who is registered for it without insurance: compounds of ephedrine.
    signed: SignOff | None = None  # The pharmacist's, as long as it covers what is on the desk.

    @property
    def total(self) -> Fen:
        return sum(line.amount for line in self.lines)


class Sale(Struct, frozen=True, kw_only=True):
    """A sale as it goes into the journal, once and for ever.

    ``claim`` is None for a sale to somebody who showed no credential: then ``answer`` is one self-paid sum.
    ``bound`` is the most that a provisional patient share may later be corrected by, in fen.
    """

    number: str
    made_at: datetime
    store: Store
    operator: str
    draft: Draft
    claim: Claim | None
    answer: Answer
    certainty: Certainty
    bound: Fen
    tendered: Fen
    policy_hash: str | None  # Of the pack's text, so that an old sale can be recomputed.
    message_ids: tuple[str, ...]  # One for each settlement that the fund pays in, fixed before sending.
    lease: LeaseUse | None = None  # Set exactly when it is guaranteed as it is recorded.
    advice: str = ""  # What the receipt tells the patient to do: where to claim what was paid in full.

    @property
    def change(self) -> Fen:
        return self.tendered - self.answer.patient


def as_recorded(draft: Draft, *, claimed: bool, day: date, region: str) -> Draft:
    """Return ``draft`` as the journal keeps it: each drug as sold on ``day``, not its whole shelf card.

    What a line was listed as stands in the claim; without one, the row in force stays with the drug.
    """
    lines = []
    for line in draft.lines:
        rows = (
            ()
            if claimed
            else tuple(row for row in (listing_on(line.drug, day, region),) if row in line.drug.listings)
        )
        drug = replace(line.drug, listings=rows, prices=(), pinyin="", trace_prefix=None)
        lines.append(replace(line, drug=drug))
    return replace(draft, lines=tuple(lines))


def insured_settlements(answer: Answer) -> tuple[Settlement, ...]:
    """Return the settlements that the agency must hear of: those under a benefit, even where the fund pays
    nothing, because they use up the deductible."""
    return tuple(each for each in answer.settlements if each.benefit != "self_pay")


def add_box(draft: Draft, drug: Drug, trace_code: str | None = None) -> Draft:
    """Return ``draft`` with one more box of ``drug``; a trace code first fills a box that still lacks one.

    Raises ValueError for a drug without a price.
    """
    if drug.price is None:
        raise ValueError("a drug without a price cannot be sold")
    for line in draft.lines:
        if line.drug.code == drug.code and not line.split:
            if trace_code is None:
                changed = replace(line, quantity=line.quantity + 1)
            else:
                codes = (*line.trace_codes, trace_code)
                changed = replace(line, quantity=max(line.quantity, len(codes)), trace_codes=codes)
            return replace(draft, lines=tuple(changed if each is line else each for each in draft.lines))
    number = 1 + max((int(line.id) for line in draft.lines), default=0)
    codes = () if trace_code is None else (trace_code,)
    line = BasketLine(id=str(number), drug=drug, quantity=1, unit_price=drug.price, trace_codes=codes)
    return replace(draft, lines=(*draft.lines, line))


def set_quantity(draft: Draft, line_id: str, quantity: int) -> Draft:
    """Return ``draft`` with ``quantity`` boxes on a line; none removes it, and its surplus trace codes go."""
    lines = []
    for line in draft.lines:
        if line.id != line_id:
            lines.append(line)
        elif quantity > 0:
            lines.append(replace(line, quantity=quantity, trace_codes=line.trace_codes[:quantity]))
    return replace(draft, lines=tuple(lines))


def replace_drug(draft: Draft, line_id: str, drug: Drug, packs: int) -> Draft:
    """Return ``draft`` with ``packs`` of ``drug`` in the place of what a line holds, which is noted in it.

    The boxes scanned so far were of the other drug. Raises ValueError for a drug without a price.
    """
    if drug.price is None:
        raise ValueError("a drug without a price cannot be sold")
    lines = []
    for line in draft.lines:
        if line.id != line_id:
            lines.append(line)
            continue
        before = line.instead_of or Replaced(
            code=line.drug.code,
            generic_name=line.drug.generic_name,
            spec=line.drug.spec,
            maker=line.drug.maker,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
        lines.append(
            BasketLine(
                id=line.id,
                drug=drug,
                quantity=packs,
                unit_price=drug.price,
                instead_of=before if before.code != drug.code else None,
            )
        )
    return replace(draft, lines=tuple(lines))


def split_line(draft: Draft, line_id: str) -> Draft:
    """Return ``draft`` with a line of one pack sold by pieces instead, one to begin with; or whole again.

    Raises ValueError for a line of several packs, and for a pack that cannot be split.
    """
    lines = []
    for line in draft.lines:
        if line.id != line_id:
            lines.append(line)
            continue
        price = line.drug.price if line.split else piece_price(line.drug.price or 0, line.drug.pack_size or 1)
        if price is None or (not line.split and line.quantity > 1):
            raise ValueError("this line cannot be split")
        lines.append(replace(line, split=not line.split, quantity=1, unit_price=price))
    return replace(draft, lines=tuple(lines))


def add_pieces(draft: Draft, drug: Drug, trace_code: str) -> Draft:
    """Return ``draft`` with one more piece of the opened pack that has ``trace_code``.

    Raises ValueError for a drug that cannot be split.
    """
    for line in draft.lines:
        if line.split and line.trace_codes == (trace_code,):
            return set_quantity(draft, line.id, line.quantity + 1)
    price = piece_price(drug.price or 0, drug.pack_size or 1)
    if price is None:
        raise ValueError("this drug cannot be split")
    number = 1 + max((int(line.id) for line in draft.lines), default=0)
    line = BasketLine(
        id=str(number), drug=drug, quantity=1, unit_price=price, trace_codes=(trace_code,), split=True
    )
    return replace(draft, lines=(*draft.lines, line))


def reprice(draft: Draft, code: str, price: Fen) -> Draft:
    """Return ``draft`` with the drug of the national ``code`` at ``price`` a pack.

    Raises ValueError where pieces of it would cost less than a fen.
    """
    lines = []
    for line in draft.lines:
        if line.drug.code != code:
            lines.append(line)
            continue
        each = piece_price(price, line.drug.pack_size or 1) if line.split else price
        if each is None:
            raise ValueError("a piece would cost less than a fen")
        lines.append(replace(line, drug=replace(line.drug, price=price), unit_price=each))
    return replace(draft, lines=tuple(lines))


def disease_treated(
    listing: Listing, person: Person, prescription: Prescription | None, day: date
) -> str | None:
    """Return the disease that a line treats: prescribed and filed before filed before merely in range.

    Ties are broken by name, so that counter and agency choose alike.
    """
    filed = diseases_filed_on(person, day)
    prescribed = prescription.diseases if prescription else frozenset()
    ranked = sorted(
        listing.diseases, key=lambda disease: (disease not in prescribed, disease not in filed, disease)
    )
    return ranked[0] if ranked else None


def standard_of(standard: Fen | None, size: int | None) -> Fen | None:
    """Return the payment standard of what a line counts: of a pack, or of a piece of one of ``size``.

    As with the price of a piece, any part of a fen is dropped, so that a split pack costs the fund no more
    than a whole one.
    """
    return standard // size if standard is not None and size else standard


def make_claim(
    draft: Draft,
    provider: Provider,
    accumulators: Accumulators,
    day: date,
    listed: ListingOn = listing_on,
) -> Claim:
    """Return the claim that ``draft`` makes on ``day``; raise ValueError without a person or a line.

    ``listed`` finds the row in force of a drug; the law's also says which diseases' range names it.
    """
    person = draft.person
    if person is None or not draft.lines:
        raise ValueError("a claim needs a person and at least one line")
    return Claim(
        day=day,
        patient=as_patient(person, day),
        provider=provider,
        prescription=as_claimed(draft.prescription) if draft.prescription else None,
        accumulators=accumulators,
        parameters=person.snapshot.parameters,
        lines=tuple(_claim_line(line, person, draft.prescription, day, listed) for line in draft.lines),
    )


def _claim_line(
    line: BasketLine, person: Person, prescription: Prescription | None, day: date, listed: ListingOn
) -> Line:
    listing = listed(line.drug, day, person.region, person.insurance)
    size = line.drug.pack_size if line.split else None
    return Line(
        id=line.id,
        drug=line.drug.code,
        quantity=line.quantity,
        unit_price=line.unit_price,
        klass=listing.klass,
        in_scope=listing.in_scope,
        first_self_pay_bp=listing.first_self_pay_bp,
        payment_standard=standard_of(listing.payment_standard, size),
        disease=disease_treated(listing, person, prescription, day),
        negotiated=listing.negotiated,
    )
