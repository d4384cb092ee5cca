"""The agency at work: a call is authenticated, read, carried out once, answered in the national envelope."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from agency import identity, settling, uploads
from agency.calls import Call
from agency.clock import Clock
from agency.errors import NotNow
from agency.law import Law
from agency.storage import ledger, registry
from agency.storage.connection import Connection, transaction, undone_by
from engine.protocol.envelope import Request, decode_request, encode_answer
from engine.protocol.profile import Credentials, Profile, signature
from engine.protocol.wire import ProtocolError, same_content
from engine.sale import Store

TRANSACTIONS: Mapping[str, Callable[[Call], str]] = {
    "9001": identity.sign_in,
    "1101": identity.person_information,
    "5301": identity.filings,
    "5206": identity.year_so_far,
    "2101": settling.presettle,
    "2102": settling.settle,
    "2103": settling.reverse,
    "SY03": uploads.journal,
    "SY04": uploads.news,
}
_CHANGE_NOTHING = ("9001", "1101", "5301", "5206", "2101", "SY04")
_LONGEST_TIMESTAMP = 11
_KEPT = timedelta(days=1)

OK, UNAUTHORIZED, UNAVAILABLE = 200, 401, 503


class Answer(Struct, frozen=True, kw_only=True):
    """What goes back: ``text`` is the envelope; ``infno`` and ``verdict`` are for the log, without names."""

    status: int
    text: str
    infno: str = "-"
    verdict: str = "accepted"


class Agency:
    """The nine transactions over one database; calls may come from several threads."""

    def __init__(
        self,
        *,
        db: Connection,
        law: Law,
        clock: Clock,
        profile: Profile,
        credentials: Credentials,
    ) -> None:
        self._db = db
        self._law = law
        self._clock = clock
        self._profile = profile
        self._credentials = credentials
        self._one_at_a_time = threading.Lock()
        self._serials = itertools.count(1)

    @property
    def path(self) -> str:
        return self._profile.path

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer to one call; nothing but a bug gets out as an exception."""
        received = self._clock.now()
        try:
            self._authenticate(headers, received)
        except ProtocolError as error:
            return self.refusal(error, received, status=UNAUTHORIZED)
        try:
            request = decode_request(body)
        except ProtocolError as error:
            return self.refusal(error, received)
        try:
            return self._carry_out(request, received)
        except ProtocolError as error:
            return self.refusal(error, received, infno=request.infno, region=request.mdtrtarea_admvs)
        except NotNow as error:
            trouble = ProtocolError(error.text, "not_now")
            return self.refusal(trouble, received, infno=request.infno, status=UNAVAILABLE)

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
        transact = TRANSACTIONS.get(request.infno)
        if transact is None:
            raise ProtocolError(f"不支持交易 {request.infno}，请核对交易编号。", "unknown_infno")
        with self._one_at_a_time, transaction(self._db):
            store = self._caller(request)
            digest = _digest(request)
            first = ledger.answered(self._db, request.msgid)
            if first is not None:
                return self._again(first, digest, request)
            verdict, text = self._first_answer(transact, request, store, received)
            now = self._clock.now()
            ledger.remember(self._db, request.msgid, request.infno, ledger.Answered(digest, text), now)
            if request.infno == "9001":
                ledger.forget(self._db, _CHANGE_NOTHING, now - _KEPT)
        return Answer(status=OK, text=text, infno=request.infno, verdict=verdict)

    def _again(self, first: ledger.Answered, digest: str, request: Request) -> Answer:
        if first.digest != digest:
            raise ProtocolError(
                "这个 msgid 已用于另一份内容不同的报文，没有办理，请换新的 msgid。", "msgid_conflict"
            )
        return Answer(status=OK, text=first.answer, infno=request.infno, verdict="repeated")

    def _first_answer(
        self, transact: Callable[[Call], str], request: Request, store: Store, received: datetime
    ) -> tuple[str, str]:
        """Carry the call out; a refusal undoes its own effects only, and is remembered like any answer."""
        call = Call(db=self._db, law=self._law, request=request, store=store, now=received)
        try:
            with undone_by(self._db, ProtocolError):
                output = transact(call)
        except ProtocolError as error:
            region = request.mdtrtarea_admvs
            return error.code, self._envelope(region, received, err_msg=error.text, err_code=error.code)
        return "accepted", self._envelope(request.mdtrtarea_admvs, received, output=output)

    def _caller(self, request: Request) -> Store:
        store = registry.store(self._db, request.fixmedins_code)
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


def _digest(request: Request) -> str:
    # The envelope's time, operator and sign-in differ when a till sends again; what is asked does not.
    asked = "\n".join((request.infno, request.fixmedins_code, same_content(request.input)))
    return hashlib.sha256(asked.encode()).hexdigest()
