"""SY01, SY02 and SY05: leases are granted and closed, and a whole trip is made ready.

A lease travels as the JSON text that the agency signed, so that a till can show who promised what.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.lease import Lease, Spend
from engine.person import Person
from engine.prescription import Prescription
from engine.prescription_use import Standing
from engine.protocol import signing
from engine.protocol.wire import ProtocolError, decode, encode

MOST_PEOPLE = 200
"""People in one SY01 or SY05; a trip of thousands is asked for page by page."""

_Id = Annotated[str, Meta(min_length=1, max_length=50)]


class SignedLease(Struct, frozen=True, kw_only=True):
    """``body`` is the JSON text of a ``Lease``, ``signature`` the agency's, in base64."""

    body: str
    signature: str


class LeaseAsk(Struct, frozen=True, kw_only=True):
    """What a till asks to have reserved for one person; in SY01 and, for a basket, inside a 2101.

    ``lease`` is the lease that the till already holds for the person's year, ``used`` all that it has settled
    under it, sent or not: a renewal is granted on top of it. ``want`` bounds the grant in fen; None asks
    for what the basket needs (2101), or for all that is left, up to the agency's own ceiling (SY01, SY05).
    """

    psn_no: _Id
    lease: str | None = None
    used: Spend = Spend()
    want: Annotated[int, Meta(ge=0)] | None = None


class NotGranted(Struct, frozen=True, kw_only=True):
    """Why there is no lease for a person: ``code`` for programs, ``text`` for people."""

    psn_no: str
    code: str
    text: str


class LeaseRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of SY01; ``until`` (aware) is wished, the agency may set it earlier."""

    until: datetime
    asks: Annotated[tuple[LeaseAsk, ...], Meta(min_length=1, max_length=MOST_PEOPLE)]


class Granted(Struct, frozen=True, kw_only=True):
    """Node ``granted`` of SY01."""

    leases: tuple[SignedLease, ...] = ()
    refused: tuple[NotGranted, ...] = ()


class Closing(Struct, frozen=True, kw_only=True):
    """A till's statement that it settles nothing more under ``lease``; ``used`` is all that it ever did."""

    lease: _Id
    psn_no: _Id
    used: Spend


class ClosingRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of SY02: all of one person, so that it travels in that person's lane."""

    psn_no: _Id
    closings: Annotated[tuple[Closing, ...], Meta(min_length=1, max_length=20)]


class Closed(Struct, frozen=True, kw_only=True):
    """Node ``closed`` of SY02: the leases that are closed now, without unknown ones and those of others."""

    leases: tuple[str, ...]


class TripRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of SY05: the people of a trip (psn_no or resident id), one page of them."""

    until: datetime
    people: Annotated[tuple[_Id, ...], Meta(min_length=1, max_length=MOST_PEOPLE)]


class Dispensed(Struct, frozen=True, kw_only=True):
    """A drug dispensed to a person before, here or elsewhere (5205): ``days`` of supply where known.

    ``quantity`` counts packs; where a pack was split, smallest units, of which a pack has ``pack_size``.
    ``rxno`` is the number of the prescription it was dispensed on, ``sale`` that of the sale.
    """

    psn_no: str
    at: datetime
    provider: str
    drug: str
    quantity: int
    days: int | None = None
    rxno: str | None = None
    sale: str = ""
    pack_size: int = 1

    @property
    def packs(self) -> int:
        """How many packs it comes to, begun ones counted whole."""
        return -(-self.quantity // max(1, self.pack_size))


class TripPack(Struct, frozen=True, kw_only=True):
    """Node ``trip`` of SY05: all that is needed of these people without the network."""

    people: tuple[Person, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    history: tuple[Dispensed, ...] = ()
    leases: tuple[SignedLease, ...] = ()
    refused: tuple[NotGranted, ...] = ()
    standings: tuple[Standing, ...] = ()


class _LeaseIn(Struct, frozen=True):
    data: LeaseRequest


class _LeaseOut(Struct, frozen=True):
    granted: Granted


class _CloseIn(Struct, frozen=True):
    data: ClosingRequest


class _CloseOut(Struct, frozen=True):
    closed: Closed


class _TripIn(Struct, frozen=True):
    data: TripRequest


class _TripOut(Struct, frozen=True):
    trip: TripPack


def signed_lease(private: bytes, lease: Lease) -> SignedLease:
    """Return ``lease`` as the agency signs it."""
    body = encode(lease)
    return SignedLease(body=body, signature=signing.sign(private, f"lease\n{body}"))


def read_lease(signed: SignedLease, agency_key: bytes) -> Lease:
    """Return the lease; raise ProtocolError where the agency's signature does not hold."""
    if not signing.verify(agency_key, f"lease\n{signed.body}", signed.signature):
        raise ProtocolError("额度凭据的签名不对，没有采用。请联系医保中心。", "lease_signature")
    return decode(Lease, signed.body, "额度凭据")


def lease_input(asked: LeaseRequest) -> str:
    """Return the ``input`` of an SY01."""
    return encode(_LeaseIn(asked))


def read_lease_request(raw: Raw) -> LeaseRequest:
    """Return an SY01 as read; raise ProtocolError."""
    return decode(_LeaseIn, raw, "交易输入 input").data


def granted_output(told: Granted) -> str:
    """Return the ``output`` of an SY01."""
    return encode(_LeaseOut(told))


def read_granted(raw: Raw) -> Granted:
    """Return the answer to an SY01; raise ProtocolError."""
    return decode(_LeaseOut, raw, "额度应答").granted


def closing_input(asked: ClosingRequest) -> str:
    """Return the ``input`` of an SY02."""
    return encode(_CloseIn(asked))


def read_closing(raw: Raw) -> ClosingRequest:
    """Return an SY02 as read; raise ProtocolError."""
    return decode(_CloseIn, raw, "交易输入 input").data


def closed_output(told: Closed) -> str:
    """Return the ``output`` of an SY02."""
    return encode(_CloseOut(told))


def read_closed(raw: Raw) -> Closed:
    """Return the answer to an SY02; raise ProtocolError."""
    return decode(_CloseOut, raw, "额度应答").closed


def trip_input(asked: TripRequest) -> str:
    """Return the ``input`` of an SY05."""
    return encode(_TripIn(asked))


def read_trip_request(raw: Raw) -> TripRequest:
    """Return an SY05 as read; raise ProtocolError."""
    return decode(_TripIn, raw, "交易输入 input").data


def trip_output(told: TripPack) -> str:
    """Return the ``output`` of an SY05."""
    return encode(_TripOut(told))


def read_trip(raw: Raw) -> TripPack:
    """Return the answer to an SY05; raise ProtocolError."""
    return decode(_TripOut, raw, "出行包应答").trip
