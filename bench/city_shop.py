"""A shop of a city: its enrolled till, and what it says to the agency for one customer after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from agency.law import Law
from bench.crowd import Caller
from engine.calendar import business_day
from engine.catalogue import Drug
from engine.journal import GENESIS
from engine.lease import LeaseUse, spend_of
from engine.person import Person
from engine.policy.claim import Claim
from engine.prescription import Prescription
from engine.protocol.device import Device, Enrolment, device_text, enrolment_input
from engine.protocol.envelope import Sender, encode_request, message_id
from engine.protocol.lease import LeaseAsk, SignedLease, read_lease
from engine.protocol.profile import DEMONSTRATION, Profile, headers
from engine.protocol.sealing import box_key
from engine.protocol.settlement import basket_input, settlement_input
from engine.protocol.signing import from_text, public_key, to_text
from engine.sale import BasketLine, Draft, Store, make_claim

PROFILE = Profile()


class Customer(Struct, frozen=True):
    """Somebody with a prescription, of which the first drug is bought."""

    person: Person
    prescription: Prescription
    drug: Drug

    def draft(self) -> Draft:
        """Return the basket: one box."""
        line = BasketLine(id="1", drug=self.drug, quantity=1, unit_price=self.drug.price)
        return Draft(person=self.person, prescription=self.prescription, lines=(line,))


class Shop:
    """A shop whose till enrolled; ``settled`` counts what the agency accepted, in settlements and fen."""

    def __init__(self, store: Store, customers: Sequence[Customer], law: Law) -> None:
        self._store, self._law = store, law
        self._customers: Iterator[Customer] = iter(customers)
        self._private = hashlib.sha256(f"sign {store.provider.id}".encode()).digest()
        self._box = hashlib.sha256(f"box {store.provider.id}".encode()).digest()
        self._agency_key = b""
        self._serial = 0
        self._device = device_text(Device(till=store.till, epoch=1, chain="", number=0, hash=GENESIS))
        self._sender = Sender(
            provider=store.provider.id, name=store.name, region=store.provider.region, operator="01"
        )
        self._last = b"", b""
        self.settled = self.fund = self.unleased = 0
        self.refused: list[str] = []

    async def enrol(self, caller: Caller) -> None:
        """Make the till known, with the code that everybody knows."""
        asked = Enrolment(
            till=self._store.till,
            epoch=1,
            public_key=to_text(public_key(self._private)),
            box_key=to_text(box_key(self._box)),
            number=0,
            hash=GENESIS,
            code=f"DEMO-{self._store.provider.id}",
        )
        told = await self._call(caller, "SY00", enrolment_input(asked))
        self._agency_key = from_text(told["output"]["enrolled"]["agency_key"])

    async def serve(self, caller: Caller) -> None:
        """Serve the next customer: the basket and its lease, then the settlement under it."""
        customer = next(self._customers)
        draft, made_at = customer.draft(), datetime.now(UTC)
        claim = make_claim(
            draft, self._store.provider, customer.person.snapshot.accumulators, business_day(made_at)
        )
        asked = LeaseAsk(psn_no=customer.person.psn_no)
        answer = self._law.answer(claim)
        basket = basket_input(made_at=made_at, draft=draft, claim=claim, answer=answer, ask=asked)
        told = await self._call(caller, "2101", basket)
        if told["infcode"] != 0:
            self.refused.append(told["err_msg"])
            return
        lease = msgspec.json.decode(told["output"]["setlinfo"]["expContent"])["lease"]
        text = self._settlement(draft, claim, made_at, SignedLease(**lease) if lease else None)
        told = await self._call(caller, "2102", text)
        if told["infcode"] != 0:
            self.refused.append(told["err_msg"])
            return
        self.settled += 1
        self.fund += round(100 * told["output"]["setlinfo"]["hifp_pay"])

    async def repeat(self, caller: Caller) -> bool:
        """Send the last settlement again, to the letter; return whether the answer is the same again."""
        body, answer = self._last
        return await caller.post("again", body, self._headers()) == answer

    def _settlement(self, draft: Draft, claim: Claim, at: datetime, signed: SignedLease | None) -> str:
        use = None
        if signed is not None:
            lease = read_lease(signed, self._agency_key)
            claim = msgspec.structs.replace(claim, accumulators=lease.accumulators)
        answer = self._law.answer(claim)
        if signed is None:
            self.unleased += 1
        else:
            spent = spend_of(answer.settlements, claim.parameters)
            left = lease.reserved.less(spent).fund
            use = LeaseUse(id=lease.id, version=lease.version, left=left, use_until=lease.use_until)
        return settlement_input(
            sale_number=f"01-{self._serial:06d}",
            made_at=at,
            draft=draft,
            claim=claim,
            settlement=answer.settlements[0],
            policy=answer.policy,
            policy_hash=self._law.pack_hash(claim),
            lease=use,
            accumulators=claim.accumulators,
        )

    async def _call(self, caller: Caller, infno: str, text: str) -> Any:
        self._serial += 1
        now = datetime.now(UTC)
        body = encode_request(
            profile=PROFILE,
            sender=self._sender,
            infno=infno,
            msgid=message_id(self._store.provider.id, now, self._serial),
            input_json=text,
            at=now,
            device=self._device,
            private=self._private,
        )
        answer = await caller.post(infno, body, self._headers())
        self._last = body, answer
        return msgspec.json.decode(answer)

    @staticmethod
    def _headers() -> dict[str, str]:
        return headers(PROFILE, DEMONSTRATION, int(datetime.now(UTC).timestamp()), "nonce")
