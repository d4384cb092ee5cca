"""The review of what is on the desk, with all that this till knows of the person's history."""

from __future__ import annotations

from datetime import timedelta

from app.storage import catalogue, dispensed
from app.usecases.desk import Desk
from app.usecases.quote import Quote
from app.usecases.signing_state import ReasonAsked, SigningShown
from engine.calendar import business_day
from engine.knowledge.library import Knowledge
from engine.person import Person, as_patient
from engine.prescription import Finding, as_claimed
from engine.protocol.lease import Dispensed
from engine.review import (
    Dispensing,
    Facts,
    bars,
    digest_of_review,
    needing_reason,
    needs_signature,
    review,
)
from engine.sale import Draft, Store

LOOK_BACK = timedelta(days=100)
"""Longer than the longest supply that any policy allows: three months."""


def reviewed(
    desk: Desk, store: Store, draft: Draft, quoted: Quote | None, authentic: bool | None = None
) -> tuple[Finding, ...]:
    """Return what review finds in ``draft``; ``authentic`` tells of an electronic prescription's signature.

    What other shops dispensed is known as of the last time that the agency told.
    """
    if not draft.lines and draft.prescription is None:
        return ()
    return review(facts_of(desk, store, draft, quoted, authentic))


def facts_of(
    desk: Desk, store: Store, draft: Draft, quoted: Quote | None, authentic: bool | None = None
) -> Facts:
    """Return all that a review of ``draft`` may look at."""
    person, day = draft.person, desk.today()
    told = dispensed.known_as_of(desk.db, person.psn_no) if person else None
    asked = None
    if draft.prescription is not None:
        patient = as_patient(person, day) if person else None
        asked = desk.law.asked(patient, store.provider, as_claimed(draft.prescription), day)
    return Facts(
        day=day,
        draft=draft,
        knowledge=desk.knowledge,
        asked=asked,
        answer=quoted.answer if quoted else None,
        history=history_of(desk, store, person) if person else (),
        told_until=business_day(told) if told else None,
        authentic=authentic,
        provider=store.provider.id,
        region=store.provider.region,
        dual_channel=store.provider.dual_channel,
    )


def history_of(desk: Desk, store: Store, person: Person) -> tuple[Dispensing, ...]:
    """Return what the person was handed within ``LOOK_BACK``: by this shop's own books, and as it was told.

    A sale of this shop that the agency told of again is taken from the books.
    """
    since = desk.now() - LOOK_BACK
    shop = store.provider.id
    here = dispensed.here(desk.db, person.psn_no, business_day(since), shop)
    known = {(each.provider, each.day, each.drug) for each in here}
    elsewhere = [
        each
        for each in dispensed.since(desk.db, person.psn_no, since)
        if (each.provider, business_day(each.at), each.drug) not in known
    ]
    names = catalogue.names_of(desk.catalogue, {each.drug for each in elsewhere})
    return (*here, *(_told(each, names.get(each.drug), store) for each in elsewhere))


def _told(each: Dispensed, known: catalogue.Named | None, store: Store) -> Dispensing:
    return Dispensing(
        day=business_day(each.at),
        drug=each.drug,
        name=known.generic_name if known else "",
        form=known.form if known else "",
        quantity=each.quantity,
        provider=each.provider,
        here=each.provider == store.provider.id,
        days=each.days,
        prescription_only=known.prescription_only if known else True,
    )


def signing_of(desk: Desk, draft: Draft, findings: tuple[Finding, ...]) -> SigningShown:
    """Return how far the review is signed, and what it takes to sign it."""
    if not draft.lines:
        return SigningShown()
    knowledge = desk.knowledge
    signed = draft.signed
    holds = signed is not None and signed.covers == digest_of_review(draft, findings)
    return SigningShown(
        needed=needs_signature(draft, findings),
        signed=signed if holds else None,
        void=signed if signed is not None and not holds else None,
        asked=tuple(_asked(knowledge, finding) for finding in needing_reason(findings)),
        barring=tuple(finding.text for finding in barring(draft, findings)),
    )


def barring(draft: Draft, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return what nobody can sign away: what bars prescription drugs, if there are any, and what bars all."""
    needing = any(line.drug.prescription_only for line in draft.lines)
    without = tuple(each for each in findings if each.code == "prescription_needed")
    unfit = bars(findings) if needing else ()
    return (*without, *unfit, *(each for each in findings if each.bars and each not in unfit))


def _asked(knowledge: Knowledge, finding: Finding) -> ReasonAsked:
    known = knowledge.reasons(finding.code)
    return ReasonAsked(
        code=finding.code,
        subject=finding.subject,
        text=finding.text,
        advice=finding.advice,
        clause=known.source.clause if known else finding.clause,
        reasons=known.choices if known else (),
    )
