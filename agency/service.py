"""The agency at work: a call is authenticated, read, carried out once, answered in the national envelope."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from agency import batches, enrolment, reconciliation, tills
from agency.calls import Call
from agency.clock import Clock
from agency.errors import Again, NotNow
from agency.keyring import Keys, open_keys
from agency.lanes import person_of
from agency.law import Law
from agency.purchase import FUTURE
from agency.storage import (
    counters,
    dispensed,
    messages,
    persons,
    prescriptions,
    registry,
    settlements,
    sums,
    write_offs,
)
from agency.storage import leases as kept_leases
from agency.storage.connection import Connection, Database, transaction, undone_by
from agency.tills import Fork, Speaker
from agency.transactions import CHANGE_NOTHING, TRANSACTIONS
from engine.protocol.batch import batch_output
from engine.protocol.envelope import Request, encode_answer, sign_answer
from engine.protocol.profile import Credentials, Profile, signature
from engine.protocol.wire import ProtocolError, same_content
from engine.sale import Store

T = TypeVar("T")

_MOVING = ("2102", "2103")
"""What the sums in an answer are about."""

_LONGEST_TIMESTAMP = 11
_KEPT = timedelta(days=1)
_SWEEPING = ("9001", "2101")
"""Who sends these has time; with them the lane's old answers go."""
_ATTEMPTS = 5

OK, UNAUTHORIZED, UNAVAILABLE = 200, 401, 503
GOOD = ("accepted", "repeated")
"""Verdicts of a message that was not refused."""

_log = logging.getLogger("agency")


class Answer(Struct, frozen=True, kw_only=True):
    """What goes back: ``text`` is the envelope; ``infno`` and ``verdict`` are for the log, without names.

    Where there is a ``file``, it goes back alone (9102).
    """

    status: int
    text: str
    infno: str = "-"
    verdict: str = "accepted"
    file: bytes | None = None


class Agency:
    """The transactions over one database; calls may come from several threads and processes."""

    def __init__(
        self,
        *,
        database: Database,
        law: Law,
        clock: Clock,
        profile: Profile,
        credentials: Credentials,
    ) -> None:
        self._database = database
        self._law = law
        self._clock = clock
        self._profile = profile
        self._credentials = credentials
        self._keys = open_keys(database)
        self._serials = itertools.count(1)

    @property
    def path(self) -> str:
        return self._profile.path

    @property
    def keys(self) -> Keys:
        return self._keys

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer to one call; nothing but a bug gets out as an exception."""
        received = self._clock.now()
        try:
            self._authenticate(headers, received)
        except ProtocolError as error:
            return self.refusal(error, received, status=UNAUTHORIZED)
        return self.answer_signed(body, received)

    def answer_signed(self, body: bytes, received: datetime) -> Answer:
        """Return the answer to a message of a caller who may call."""
        try:
            request = batches.read_message(body)
        except ProtocolError as error:
            return self.refusal(error, received)
        try:
            return self._carry_out(request, received)
        except ProtocolError as error:
            return self.refusal(error, received, infno=request.infno, region=request.mdtrtarea_admvs)
        except NotNow as error:
            trouble = ProtocolError(error.text, "not_now")
            return self.refusal(trouble, received, infno=request.infno, status=UNAVAILABLE)

    def answer_carried(self, messages_: Sequence[batches.Message], received: datetime) -> list[Answer]:
        """Return the answers to messages that came by hand, all carried out in one transaction.

        Raises NotNow: then nothing of any was applied.
        """
        return self._at_last(lambda db: self._each(db, messages_, received))

    def ask(self, request: Request) -> str:
        """Return the output of a question that the agency itself puts for a shop; nothing is remembered.

        Raises ProtocolError or NotNow.
        """
        return self._at_last(
            lambda db: TRANSACTIONS[request.infno](self._call(db, request, None, self._clock.now()))
        )

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Tell whether the headers are of a caller who may call at all."""
        try:
            self._authenticate(headers, self._clock.now())
        except ProtocolError:
            return False
        return True

    def refusal(
        self,
        error: ProtocolError,
        received: datetime | None = None,
        *,
        status: int = OK,
        infno: str = "-",
        region: str = "",
    ) -> Answer:
        """Return the envelope that says why a call was refused."""
        text = self._envelope(region, received or self._clock.now(), err_msg=error.text, err_code=error.code)
        return Answer(status=status, text=text, infno=infno, verdict=error.code)

    def _authenticate(self, headers: Mapping[str, str], received: datetime) -> None:
        timestamp, nonce = headers.get("x-tif-timestamp", ""), headers.get("x-tif-nonce", "")
        if not (
            timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP and nonce
        ):
            raise ProtocolError("缺少 x-tif-timestamp 或 x-tif-nonce，请按接口规范填写请求头。", "signature")
        expected = signature(self._profile, self._credentials.secret, timestamp, nonce)
        given = headers.get("x-tif-signature", "")
        right_app = headers.get("x-tif-paasid", "") == self._credentials.paasid
        if not (right_app and hmac.compare_digest(expected.encode(), given.encode())):
            raise ProtocolError("签名校验不通过，请核对应用编号、密钥和签名大小写。", "signature")
        if abs(int(received.timestamp()) - int(timestamp)) > self._profile.clock_tolerance_s:
            raise ProtocolError("请求时间与医保中心相差太大，请校准收银机的时钟后重试。", "stale")

    def _carry_out(self, request: Request, received: datetime) -> Answer:
        step = self._batch if request.infno == batches.INFNO else self._once
        return self._at_last(lambda db: step(db, request, received))

    def _at_last(self, step: Callable[[Connection], T]) -> T:
        """Run a step as one transaction, again where another one got in its way; raise NotNow."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._database.connection() as db, transaction(db):
                    return step(db)
            except Again:
                # The other one has committed by now; a repeated message finds its first answer.
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _batch(self, db: Connection, request: Request, received: datetime) -> Answer:
        self._caller(db, request)
        speaker = tills.authenticate(db, request)
        try:
            told = self._each(db, batches.read(request), received)
            output = batch_output([each.text for each in told])
            text = self._envelope(request.mdtrtarea_admvs, received, output=output)
            answer = Answer(status=OK, text=text, infno=request.infno)
        except ProtocolError as error:
            answer = self.refusal(error, received, infno=request.infno, region=request.mdtrtarea_admvs)
        return self._signed(answer, request, speaker)

    def _each(self, db: Connection, read: Sequence[batches.Message], received: datetime) -> list[Answer]:
        """Carry out messages, each as if it came alone, all made durable together."""
        people = batches.people_of(read)
        persons.lock_all(db, people)
        _read_ahead(db, sorted(people), read)
        told = [self._one_of(db, each, received) for each in read]
        for each in told:
            if each.verdict not in GOOD:
                _log.info("%s %s among others", each.infno, each.verdict)
        return told

    def _one_of(self, db: Connection, message: batches.Message, received: datetime) -> Answer:
        if isinstance(message, ProtocolError):
            return self.refusal(message, received)
        try:
            if message.infno == reconciliation.DOWNLOAD:
                raise ProtocolError("9102 要单独发送，不能放在批量报文里。", "invalid")
            return self._once(db, message, received)
        except ProtocolError as error:
            return self.refusal(error, received, infno=message.infno, region=message.mdtrtarea_admvs)

    def _once(self, db: Connection, request: Request, received: datetime) -> Answer:
        """Answer one message; raise ProtocolError where nobody is known to have sent it."""
        if request.infno == enrolment.INFNO:
            enrolment.authenticate(request)
            speaker = None
        else:
            speaker = tills.authenticate(db, request)
        call = self._call(db, request, speaker, received)
        try:
            answer = self._known(call)
        except ProtocolError as error:
            answer = self.refusal(error, received, infno=request.infno, region=request.mdtrtarea_admvs)
        return self._signed(answer, request, speaker)

    def _known(self, call: Call) -> Answer:
        db, request = call.db, call.request
        if request.infno == reconciliation.DOWNLOAD:
            return Answer(status=OK, text="", infno=request.infno, file=reconciliation.download(call))
        transact = TRANSACTIONS.get(request.infno)
        if transact is None:
            raise ProtocolError(f"不支持交易 {request.infno}，请核对交易编号。", "unknown_infno")
        psn_no = person_of(request)
        lane = psn_no or request.fixmedins_code
        if psn_no is not None:
            persons.lock(db, psn_no)
        first = messages.answered(db, lane, request.msgid)
        if call.speaker is not None:
            known = first is not None and first.digest == _digest(request)
            tills.observe(db, call.speaker, request, call.now, known=known)
        digest = _digest(request)
        if first is not None:
            if psn_no is not None and request.infno in _MOVING:
                # Its first answer is from earlier: without this the till would take its sums for today's.
                sums.tell(db, psn_no)
            return self._again(first, digest, request)
        verdict, text = self._first_answer(transact, call)
        if verdict == FUTURE:
            return Answer(status=OK, text=text, infno=request.infno, verdict=verdict)
        now = self._clock.now()
        messages.remember(db, lane, request.msgid, request.infno, messages.Answered(digest, text), at=now)
        if request.infno in _SWEEPING:
            messages.forget(db, lane, CHANGE_NOTHING, now - _KEPT)
        return Answer(status=OK, text=text, infno=request.infno, verdict=verdict)

    def _signed(self, answer: Answer, request: Request, speaker: Speaker | None) -> Answer:
        """Sign for those who can check it. What is kept is unsigned: the same bytes come out each time."""
        if answer.file is not None or (speaker is None and request.infno != enrolment.INFNO):
            return answer
        return replace(answer, text=sign_answer(answer.text, request, self._keys.signing))

    def _again(self, first: messages.Answered, digest: str, request: Request) -> Answer:
        if first.digest == messages.CANCELLED:
            raise ProtocolError(
                "这份报文已用 2601 冲正，不再办理；需要办理的请用新的 msgid 发送。", "cancelled"
            )
        if first.digest != digest:
            raise ProtocolError(
                "这个 msgid 已用于另一份内容不同的报文，没有办理，请换新的 msgid。", "msgid_conflict"
            )
        return Answer(status=OK, text=first.answer, infno=request.infno, verdict="repeated")

    def _first_answer(self, transact: Callable[[Call], str], call: Call) -> tuple[str, str]:
        """Carry the call out; a refusal undoes its own effects only, and is remembered like any answer."""
        region = call.request.mdtrtarea_admvs
        try:
            with undone_by(call.db, ProtocolError):
                output = transact(call)
        except ProtocolError as error:
            if isinstance(error, Fork):
                tills.report(call.db, call.speaker, call.request.fixmedins_code, error, call.now)
            return error.code, self._envelope(region, call.now, err_msg=error.text, err_code=error.code)
        return "accepted", self._envelope(region, call.now, output=output)

    def _call(self, db: Connection, request: Request, speaker: Speaker | None, now: datetime) -> Call:
        return Call(
            db=db,
            law=self._law,
            request=request,
            store=self._caller(db, request),
            now=now,
            keys=self._keys,
            speaker=speaker,
        )

    def _caller(self, db: Connection, request: Request) -> Store:
        store = registry.store(db, request.fixmedins_code)
        if store is None:
            raise ProtocolError("没有这个定点医药机构，请核对机构编号 fixmedins_code。", "unknown_provider")
        return store

    def _envelope(
        self,
        region: str,
        received: datetime,
        *,
        output: str | None = None,
        err_msg: str = "",
        err_code: str = "",
    ) -> str:
        return encode_answer(
            region=region if region.isdigit() else "",
            serial=next(self._serials),
            received=received,
            answered=self._clock.now(),
            output=output,
            err_msg=err_msg,
            err_code=err_code,
        )


def _read_ahead(db: Connection, people: Sequence[str], read: Sequence[batches.Message]) -> None:
    """Read together what messages will ask for one by one; the people are locked."""
    for table in (persons, sums, kept_leases, settlements):
        table.read_ahead(db, people)
    messages.read_ahead(db, batches.lanes_of(read))
    prescriptions.read_ahead(db, batches.prescriptions_of(read))
    used = batches.uses_of(read)
    if used:
        dispensed.read_ahead(db, used)
        write_offs.read_ahead(db, used)
        prescriptions.read_withdrawals_ahead(db, used)
    settled = sum(each.infno in batches.SETTLING for each in read if not isinstance(each, ProtocolError))
    counters.take_ahead(db, "settlement", settled)


def _digest(request: Request) -> str:
    # The envelope's time, operator and sign-in differ when a till sends again; what is asked does not.
    asked = "\n".join((request.infno, request.fixmedins_code, same_content(request.input)))
    return hashlib.sha256(asked.encode()).hexdigest()
