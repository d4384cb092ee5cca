"""How the till speaks to the agency once it is known there, and how it becomes known (SY00)."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from app.clock import Clock
from app.storage import device, epochs, findings, journal, outbox, stores
from app.storage.connection import Connection, transaction
from app.storage.device import Identity, Pinned
from app.sync.client import AgencyClient, Rejected, Unreachable, Voice
from app.usecases import tasks
from engine.protocol.device import Device, Enrolled, Enrolment, device_text, new_epoch_text
from engine.protocol.envelope import Sender
from engine.protocol.signing import from_text, sign, to_text
from engine.sale import Store

_REACHED = re.compile("第 ([0-9]{1,6}) 期").search


class Enrolling(Struct, frozen=True, kw_only=True):
    """What an enrolment came to: ``trouble`` is the agency's reason in Chinese, empty where it succeeded."""

    trouble: str = ""
    lost: int = 0


def voice_of(db: Connection, provider: str) -> Voice | None:
    """Return how this till speaks for ``provider`` now; None where it is not enrolled there.

    It speaks as the epoch that the agency knows: after a restored backup a new one is enrolled first.
    """
    known = device.pinned(db, provider)
    identity = device.of_epoch(db, known.epoch) if known else None
    if known is None or identity is None:
        return None
    told = _device(db, known.till, identity.epoch, known.after)
    return Voice(device=told, private=identity.private, agency_key=known.agency_key)


def introduce(db: Connection, client: AgencyClient) -> None:
    """Let ``client`` speak as this till; both belong to the calling thread.

    It is silent from a restored backup on until the new epoch is known: what the old one's key said now would
    look to the agency like a cloned disk.
    """

    def voice(provider: str) -> Voice | None:
        known = device.pinned(db, provider)
        if known is not None and known.epoch < device.current(db).epoch:
            raise Unreachable(
                device.trouble(db, provider) or "本机恢复过备份，正在重新登记。销售照常，消息稍后自动发送。"
            )
        return voice_of(db, provider)

    client.voice = voice


def ensure(
    db: Connection, client: AgencyClient, clock: Clock, *, sender: Sender, code: str | None = None
) -> bool:
    """Have the present epoch known at the sender's agency where it may be; return whether it is.

    Without a ``code`` only an epoch that follows an enrolled one is tried, and once: what was refused needs a
    code. Raises Unreachable without a sound answer.
    """
    known, present = device.pinned(db, sender.provider), device.current(db).epoch
    if known is not None and known.epoch == present:
        return True
    if code is None and (known is None or device.trouble(db, sender.provider)):
        return False
    return not enrol(db, client, clock, sender=sender, code=code).trouble


def enrol(
    db: Connection, client: AgencyClient, clock: Clock, *, sender: Sender, code: str | None
) -> Enrolling:
    """Make the till's present epoch known to the agency of the sender's provider, and keep its keys.

    A further epoch may do without a ``code``: the one before vouches for it. Raises Unreachable without a
    sound answer.
    """
    store = stores.by_provider(db, sender.provider)
    if store is None:
        return Enrolling(trouble="还没有本店的资料，不能登记，请先联网同步一次。")
    told = _exchange(db, client, store, sender, code)
    if isinstance(told, Rejected) and told.code == "wrong_epoch":
        # A lost epoch of this till was higher than what its restored database knows.
        with transaction(db):
            reached = _REACHED(told.text)
            epochs.follow(db, clock.now(), int(reached[1]) if reached else 0)
        told = _exchange(db, client, store, sender, code)
    identity = device.current(db)
    with transaction(db):
        device.set_trouble(db, sender.provider, told.text if isinstance(told, Rejected) else "")
        if isinstance(told, Rejected):
            return Enrolling(trouble=told.text)
        start = device.goes_on(db, device.pinned(db, sender.provider))
        device.pin(db, _pinned(store, identity, told, start))
        tasks.done_before(db, told.done, clock.now())
        if told.lost:
            text = f"恢复备份之前，医保中心已收到本机另外 {told.lost} 条流水。请核对那些销售的小票存根。"
            findings.note(db, "lost_entries", text, clock.now())
    return Enrolling(lost=told.lost)


def _exchange(
    db: Connection, client: AgencyClient, store: Store, sender: Sender, code: str | None
) -> Enrolled | Rejected:
    identity, known = device.current(db), device.pinned(db, sender.provider)
    start = device.goes_on(db, known)
    voice = Voice(
        device=_device(db, store.till, identity.epoch, start[0]),
        private=identity.private,
        agency_key=known.agency_key if known else None,
    )
    return client.enrol(_asked(db, store, identity, known, code), voice, sender)


def _asked(
    db: Connection,
    store: Store,
    identity: Identity,
    known: Pinned | None,
    code: str | None,
) -> Enrolment:
    start = device.goes_on(db, known)
    asked = Enrolment(
        till=store.till,
        epoch=identity.epoch,
        public_key=to_text(identity.public_key),
        box_key=to_text(identity.box_key),
        number=start[0],
        hash=start[1],
        code=code,
    )
    before = device.of_epoch(db, known.epoch) if known and known.epoch < identity.epoch else None
    if before is None:
        return asked
    signature = sign(before.private, new_epoch_text(asked, store.provider.id))
    return replace(asked, old_signature=signature)


def _pinned(store: Store, identity: Identity, told: Enrolled, start: journal.Head) -> Pinned:
    return Pinned(
        provider=store.provider.id,
        till=store.till,
        epoch=identity.epoch,
        agency_key=from_text(told.agency_key),
        agency_box_key=from_text(told.agency_box_key),
        after=start[0],
        hash=start[1],
    )


def _device(db: Connection, till: str, epoch: int, after: int) -> str:
    number, hash_ = journal.head(db)
    oldest = outbox.oldest_waiting(db)
    return device_text(
        Device(
            till=till,
            epoch=epoch,
            chain=device.chain_after(db, after),
            number=number,
            hash=hash_,
            waiting=outbox.backlog(db),
            oldest=oldest.isoformat() if oldest else None,
        )
    )
