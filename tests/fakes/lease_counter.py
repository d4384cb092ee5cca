"""A counter that sells with leases and without, by the law on what it knows; it delivers when told to."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agency.books import Books, open_books
from agency.storage import persons, registry, sums
from agency.storage.connection import transaction
from engine.calendar import business_day, insurance_year
from engine.catalogue import Drug
from engine.lease import NOTHING, Lease, LeaseUse, Spend, covers, spend_of
from engine.person import Person
from engine.policy.answer import Settlement
from engine.policy.claim import Accumulators, Claim
from engine.protocol.lease import (
    Closing,
    ClosingRequest,
    LeaseAsk,
    LeaseRequest,
    SignedLease,
    closing_input,
    lease_input,
    read_lease,
)
from engine.protocol.reversal import UndoRequest, undo_input
from engine.protocol.settlement import basket_input, reversal_input, settlement_input
from engine.quota import after
from engine.sale import BasketLine, Draft, make_claim
from tests.fakes.agency_line import Bureau, Said, benefit_of, demonstration, law, prescription_of
from tests.fakes.enrolled_till import EnrolledTill

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
_numbers = count(1)


class Sold(Struct, frozen=True, kw_only=True):
    """A sale on paper: its settlement as printed, and the message that tells the agency of it."""

    msgid: str
    input: str
    printed: Settlement
    at: datetime
    lease: str | None = None


def newcomer(bureau: Bureau, like: Person, **changes: object) -> Person:
    """Register somebody like a person of the demonstration, with sums of their own."""
    number = next(_numbers)
    made = replace(like, psn_no=f"88{number:018d}", cert_no=f"{number:018d}", card_no=None, **changes)
    benefit = benefit_of(made)
    snapshot = made.snapshot
    with transaction(bureau.db):
        persons.save(bureau.db, [made])
        sums.begin(bureau.db, made.psn_no, snapshot.year, benefit, snapshot.accumulators)
    return made


def books_of(bureau: Bureau, whose: Person) -> Books:
    """Return a person's books as the agency has them."""
    year = insurance_year(business_day(bureau.clock.at))
    return open_books(bureau.db, whose.psn_no, year, benefit_of(whose))


class Counter:
    """One person at one enrolled till: which lease it holds, and what it sold."""

    def __init__(self, till: EnrolledTill, whose: Person, provider: str | None = None) -> None:
        self.till = till
        self.bureau = till.bureau
        self.whose = whose
        self.provider = provider or till.provider
        self.lease: Lease | None = None
        self.used = NOTHING
        self.sold: list[Sold] = []
        self.beside: dict[str, Settlement] = {}
        self.answered: set[str] = set()
        self._under: list[Settlement] = []
        self._drug = demonstration_drug(whose)
        shop = registry.store(self.bureau.db, self.provider)
        assert shop is not None
        self._store = shop

    def draft(self, quantity: int) -> Draft:
        """Return a basket of boxes of the first drug on the person's prescription."""
        line = BasketLine(id="1", drug=self._drug, quantity=quantity, unit_price=self._drug.price)
        day = business_day(self.bureau.clock.at)
        prescription = replace(
            prescription_of(like(self.whose)), psn_no=None, number="PAPER", issued=day, valid_until=day
        )
        return Draft(person=self.whose, prescription=prescription, lines=(line,))

    def claim(self, draft: Draft, known: Accumulators, at: datetime | None = None) -> Claim:
        day = business_day(at or self.bureau.clock.at)
        return make_claim(draft, self._store.provider, known, day)

    def ask(self, want: int | None = None, span: timedelta = 3 * DAYS) -> Said:
        """Ask by SY01 for what is left, and keep what is granted."""
        asked = LeaseRequest(until=self.bureau.clock.at + span, asks=(self._ask(want),))
        said = self.till.call("SY01", lease_input(asked))
        if not said.refused:
            for each in said.output["granted"]["leases"]:
                self.keep(each)
        return said

    def ask_for(self, quantity: int, want: int | None = None, *, lost: bool = False) -> Said:
        """Ask by 2101 for what a basket needs, and keep what is granted, if the answer is not ``lost``."""
        draft = self.draft(quantity)
        claim = self.claim(draft, self.known())
        said = self.till.call(
            "2101",
            basket_input(
                made_at=self.bureau.clock.at,
                draft=draft,
                claim=claim,
                answer=law().answer(claim),
                ask=self._ask(want),
            ),
        )
        if not said.refused and not lost:
            told = msgspec.json.decode(said.output["setlinfo"]["expContent"])["lease"]
            if told is not None:
                self.keep(told)
        return said

    def keep(self, told: dict[str, str]) -> None:
        """Hold a lease from now on; another one than before begins with nothing used."""
        lease = read_lease(SignedLease(**told), self.till.agency_key)
        if self.lease is None or lease.id != self.lease.id:
            self.used, self._under = NOTHING, []
        self.lease = lease
        # What was answered before the grant is in its sums, and off what it reserves.
        self.beside = {msgid: each for msgid, each in self.beside.items() if msgid not in self.answered}

    def known(self) -> Accumulators:
        """Return the sums to compute on under the lease; without one, those of the person's first day."""
        if self.lease is None:
            return self.whose.snapshot.accumulators
        own = [*self._under, *self.beside.values()]
        return after(self.lease.accumulators, own, self.whose.snapshot.parameters)

    def sell_beside(self, quantity: int) -> Sold | None:
        """Sell offline without naming the lease; what that may take of it, the till counts as gone."""
        sold = self.sell(quantity, leased=False)
        if sold is not None:
            self.beside[sold.msgid] = sold.printed
        return sold

    def sell(self, quantity: int, *, leased: bool = True, honest: bool = True) -> Sold | None:
        """Sell boxes offline; None where the lease does not cover them, or nothing is insured.

        A till that is not ``honest`` sells under its lease whatever is left of it.
        """
        draft, at = self.draft(quantity), self.bureau.clock.at
        lease = self.lease if leased else None
        if leased and (lease is None or at >= lease.use_until):
            return None
        known = self.known() if leased else self.whose.snapshot.accumulators
        claim = self.claim(draft, known)
        answer = law().answer(claim)
        printed = [each for each in answer.settlements if each.benefit != "self_pay"]
        if not printed:
            return None
        spent = spend_of(printed, claim.parameters)
        if lease is not None:
            taken = self.used.plus(spend_of(self.beside.values(), claim.parameters))
            if honest and not covers(lease, taken, spent):
                return None
            self.used = self.used.plus(spent)
            self._under += printed
        sold = self._sold(draft, claim, printed[0], lease)
        self.sold.append(sold)
        return sold

    def _sold(self, draft: Draft, claim: Claim, printed: Settlement, lease: Lease | None) -> Sold:
        at = self.bureau.clock.at
        use = None
        if lease is not None:
            left = lease.reserved.less(self.used).fund
            use = LeaseUse(id=lease.id, version=lease.version, left=left, use_until=lease.use_until)
        text = settlement_input(
            sale_number=f"S{next(_numbers)}",
            made_at=at,
            draft=draft,
            claim=claim,
            settlement=printed,
            policy_hash=law().pack_hash(claim),
            lease=use,
            accumulators=claim.accumulators,
        )
        return Sold(
            msgid=self.till.fresh_id(), input=text, printed=printed, at=at, lease=lease.id if lease else None
        )

    def deliver(self, sold: Sold) -> Said:
        """Send a sale's message, for the first time or again."""
        self.answered.add(sold.msgid)
        return self.till.call("2102", sold.input, sold.msgid)

    def close(self, used: Spend | None = None) -> Said:
        """State by SY02 what was used, and hold the lease no more."""
        assert self.lease is not None
        closing = Closing(lease=self.lease.id, psn_no=self.whose.psn_no, used=used or self.used)
        self.lease = None
        return self.till.call(
            "SY02", closing_input(ClosingRequest(psn_no=self.whose.psn_no, closings=(closing,)))
        )

    def take_back(self, said: Said) -> Said:
        """Reverse by 2103 what a 2102 settled."""
        info = said.output["setlinfo"]
        return self.till.call(
            "2103", reversal_input(psn_no=info["psn_no"], mdtrt_id=info["mdtrt_id"], setl_id=info["setl_id"])
        )

    def undo(self, sold: Sold) -> Said:
        """Take back by 2601 whatever a sale's message did."""
        asked = UndoRequest(psn_no=self.whose.psn_no, omsgid=sold.msgid, oinfno="2102")
        return self.till.call("2601", undo_input(asked))

    def again(self, sold: Sold) -> Sold:
        """Keep a sale under a new message, in the place of its old one."""
        fresh = replace(sold, msgid=self.till.fresh_id())
        self.sold[self.sold.index(sold)] = fresh
        return fresh

    def _ask(self, want: int | None) -> LeaseAsk:
        return LeaseAsk(
            psn_no=self.whose.psn_no,
            lease=self.lease.id if self.lease else None,
            used=self.used if self.lease else NOTHING,
            want=want,
        )


def like(whose: Person) -> Person:
    """Return the person of the demonstration whom a newcomer is like."""
    return next(each for each in demonstration().people if each.name == whose.name)


def demonstration_drug(whose: Person) -> Drug:
    """Return the first drug on the prescription of whom a newcomer is like."""
    code = prescription_of(like(whose)).lines[0].drug
    return next(each for each in demonstration().drugs if each.code == code)
