"""SY00: a till becomes known with a one-time code, and begins a new epoch after a restored backup."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from agency.calls import Call
from agency.storage import enrolment_codes, heads, journals, tills
from agency.storage.connection import Connection
from agency.storage.tills import ACTIVE, FORKED, Till
from agency.tills import Fork
from engine.journal import GENESIS
from engine.protocol.device import Enrolled, Enrolment, enrolled_output, new_epoch_text, read_enrolment
from engine.protocol.envelope import Request, signed_by
from engine.protocol.signing import KEY_LENGTH, from_text, to_text, verify
from engine.protocol.wire import ProtocolError

INFNO = "SY00"
CODE_LASTS = timedelta(days=7)
_TASK_DONE = "task_done"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # Nothing that is mistaken for something else on paper.
_GROUPS, _IN_GROUP = 3, 4


class _Done(Struct):
    task: str


class Code(Struct, frozen=True, kw_only=True):
    """A one-time code as it is handed to a shop."""

    code: str
    expires_at: datetime


def give_code(db: Connection, provider: str, till: str, now: datetime) -> Code:
    """Make a one-time code for a shop's till, inside the caller's transaction; only its digest is kept."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
    made = Code(code="-".join(groups), expires_at=now + CODE_LASTS)
    enrolment_codes.keep(db, provider, till, made.code, made.expires_at)
    return made


def allow_demonstration(db: Connection, provider: str, now: datetime) -> None:
    """Let any till of a shop of the demonstration enrol with a code that everybody knows."""
    enrolment_codes.keep(db, provider, enrolment_codes.ANY_TILL, f"DEMO-{provider}", now)


def authenticate(request: Request) -> None:
    """Raise ProtocolError where an SY00 is not signed with the very key that it is to enrol.

    So whoever enrols a key holds it, and nothing that is asked with it was changed on its way.
    """
    asked = read_enrolment(request.input)
    _check_keys(asked)
    if not signed_by(request, from_text(asked.public_key)):
        raise ProtocolError(
            "登记报文的签名与登记的公钥不符，没有登记。请检查网络和软件后重新登记。", "device_signature"
        )


def enrol(call: Call) -> str:
    """SY00: take a till's new keys; told again, it is answered again."""
    asked = read_enrolment(call.request.input)
    provider = call.request.fixmedins_code
    known = tills.epoch(call.db, provider, asked.till, asked.epoch)
    latest = tills.latest(call.db, provider, asked.till)
    before = latest if latest is not None and latest.epoch != tills.UNENROLLED else None
    if known is not None:
        if (known.public_key, known.box_key) != (asked.public_key, asked.box_key):
            raise ProtocolError("这一期已用别的密钥登记过，请换下一期后重新登记。", "wrong_epoch")
        if known.state == FORKED:
            _check_right(call, asked, known)  # Refused as a whole here, the code stays good for what follows.
            _check_order(asked, known)
    else:
        _check_order(asked, before)
        _check_right(call, asked, before)
        _check_place(call.db, asked, before)
        _begin(call, asked)
    return enrolled_output(
        Enrolled(
            till=asked.till,
            epoch=asked.epoch,
            agency_key=to_text(call.keys.public),
            agency_box_key=to_text(call.keys.box),
            lost=_lost(call.db, asked, before if known is None else _before(call, asked)),
            done=_done(call, asked),
        )
    )


def _check_keys(asked: Enrolment) -> None:
    try:
        sizes = {len(from_text(key)) for key in (asked.public_key, asked.box_key)}
    except ValueError:
        sizes = set()
    if sizes != {KEY_LENGTH}:
        raise ProtocolError("登记的公钥不是 32 字节的 base64 文本，请检查软件后重新登记。")


def _check_order(asked: Enrolment, before: Till | None) -> None:
    if before is not None and asked.epoch <= before.epoch:
        raise ProtocolError(
            f"这台收银机已登记到第 {before.epoch} 期，请用第 {before.epoch + 1} 期登记。", "wrong_epoch"
        )


def _check_right(call: Call, asked: Enrolment, before: Till | None) -> None:
    """A code gives the right to enrol; so does the key before, while nothing speaks against its till."""
    if before is not None and before.state == ACTIVE and asked.old_signature is not None:
        said = new_epoch_text(asked, before.provider)
        if verify(from_text(before.public_key), said, asked.old_signature):
            return
    provider = call.request.fixmedins_code
    if asked.code is None or not enrolment_codes.use(call.db, provider, asked.till, asked.code, call.now):
        raise ProtocolError(
            "登记码不对、已用过或已过期。请向医保中心申请新的登记码后重新登记。", "enrolment_code"
        )


def _check_place(db: Connection, asked: Enrolment, before: Till | None) -> None:
    """Where a new epoch goes on must not contradict what is known of the one before."""
    if before is None or (asked.number, asked.hash) in (
        (0, GENESIS),
        (before.begins_after, before.begins_hash),
    ):
        return
    held = journals.hash_at(db, before.chain, asked.number)
    if asked.number == before.seen_number:
        held = held or before.seen_hash
    if held not in (None, asked.hash):
        raise Fork(asked.number, asked.till)


def _begin(call: Call, asked: Enrolment) -> None:
    provider = call.request.fixmedins_code
    heads.close_before(call.db, provider, asked.till, asked.epoch)
    tills.save(
        call.db,
        Till(
            provider=provider,
            till=asked.till,
            epoch=asked.epoch,
            state=ACTIVE,
            public_key=asked.public_key,
            box_key=asked.box_key,
            begins_after=asked.number,
            begins_hash=asked.hash,
            seen_number=asked.number,
            seen_hash=asked.hash,
            seen_at=call.now,
            enrolled_at=call.now,
        ),
    )


def _before(call: Call, asked: Enrolment) -> Till | None:
    earlier = [
        each
        for each in tills.of_shop(call.db, call.request.fixmedins_code)
        if each.till == asked.till and tills.UNENROLLED < each.epoch < asked.epoch
    ]
    return earlier[-1] if earlier else None


def _done(call: Call, asked: Enrolment) -> tuple[str, ...]:
    """Return the tasks that were done by entries which are no longer on the till's disk.

    It would hear of them again, or find them undone, and hand the same money over twice.
    """
    done: list[str] = []
    last = asked.number
    for each in reversed(tills.of_shop(call.db, call.request.fixmedins_code)):
        if each.till == asked.till and tills.UNENROLLED < each.epoch < asked.epoch:
            told = journals.bodies(call.db, each.chain, _TASK_DONE, last) if each.chain else []
            done += [task for body in reversed(told) if (task := _task_in(body)) is not None]
            last = min(last, each.begins_after)
    return tuple(dict.fromkeys(reversed(done)))


def _task_in(body: str) -> str | None:
    try:
        return msgspec.json.decode(body, type=_Done).task
    except msgspec.MsgspecError:
        return None  # What a till writes into its journal is its own.


def _lost(db: Connection, asked: Enrolment, before: Till | None) -> int:
    """Return how many entries of the epoch before are known here that the new one does not go on from."""
    if before is None:
        return 0
    held = journals.head(db, before.chain)[0] if before.chain else 0
    return max(0, held - asked.number, before.seen_number - asked.number)
