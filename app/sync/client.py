"""The line to the agency: one call, one verdict; whatever is no sound answer counts as no answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import Raw, Struct

from app.clock import Clock
from engine.calendar import business_day
from engine.protocol.envelope import (
    QUERY_SERIALS,
    SERIALS,
    Response,
    Sender,
    decode_answer,
    encode_request,
    message_id,
)
from engine.protocol.journal import read_head
from engine.protocol.profile import Credentials, Profile, headers
from engine.protocol.settled import read_settled
from engine.protocol.signin import read_signed_in, sign_in_input
from engine.protocol.wire import ProtocolError

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER = 32 * 1024 * 1024
_OK = 200
_TIMEOUT_S, _CONNECT_S = 10.0, 3.0


class Accepted(Struct, frozen=True):
    """The agency took the message; ``answer`` is its output, a JSON object's text."""

    answer: str

    @property
    def output(self) -> Raw:
        return Raw(self.answer.encode())


class Rejected(Struct, frozen=True):
    """The agency refused the message for ``text``; ``code`` is ours and may be empty."""

    code: str
    text: str


Reply = Accepted | Rejected


class Unreachable(Exception):
    """No sound answer came; ``trouble`` says so in Chinese; ``line_dead``: nobody answered at all."""

    def __init__(self, trouble: str, *, line_dead: bool = False) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.line_dead = line_dead


class Question(Struct, frozen=True, kw_only=True):
    """One message to send: an outbox row or a query."""

    id: str
    infno: str
    input: str
    admdvs: str | None = None


_SOUND: dict[str, Callable[[Raw, str], object]] = {
    "2101": lambda output, _id: read_settled(output, expected_id=None),
    "2102": lambda output, id_: read_settled(output, expected_id=id_),
    "2103": lambda output, _id: read_settled(output, expected_id=None),
    "SY03": lambda output, _id: read_head(output),
}
"""What an answer must hold to be believed, beside its envelope."""


class AgencyClient:
    """Calls one agency. Not for several threads: each has its own client.

    Signs in by itself before a shop's first call of a day. Keeps no personal data and logs nothing.
    """

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        clock: Clock,
        profile: Profile | None = None,
        timeout: httpx.Timeout | None = None,
    ) -> None:
        import httpx  # noqa: PLC0415 - heavy; loads on the courier's thread, behind the open counter

        self._profile = profile or Profile()
        self._credentials = credentials
        self._clock = clock
        self._address = url.rstrip("/") + self._profile.path
        # A shop's proxy settings must not lead the insured's data elsewhere.
        timeout = timeout or httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
        self._http = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False)
        self._signed_in: dict[tuple[str, str], tuple[date, str]] = {}
        self._serial = secrets.randbelow(SERIALS - QUERY_SERIALS)

    def close(self) -> None:
        """Drop the line."""
        self._http.close()

    def ask(self, infno: str, input_json: str, sender: Sender, admdvs: str | None = None) -> Reply:
        """Send a query under a fresh message id; else as ``call``."""
        question = Question(id=self._fresh_id(sender), infno=infno, input=input_json, admdvs=admdvs)
        return self.call(question, sender)

    def call(self, question: Question, sender: Sender) -> Reply:
        """Send ``question`` under its own id and return the verdict; raise Unreachable for anything else."""
        sign_no = self._sign_in(sender)
        reply = self._exchange(question, sender, sign_no)
        if isinstance(reply, Accepted) and question.infno in _SOUND:
            try:
                _SOUND[question.infno](reply.output, question.id)
            except ProtocolError as error:
                raise Unreachable(error.text) from error
        return reply

    def _sign_in(self, sender: Sender) -> str:
        today = business_day(self._clock.now())
        key = (sender.provider, sender.operator)
        day, sign_no = self._signed_in.get(key, (None, ""))
        if day == today:
            return sign_no
        question = Question(id=self._fresh_id(sender), infno="9001", input=sign_in_input(sender.operator))
        reply = self._exchange(question, sender, None)
        if isinstance(reply, Rejected):
            raise Unreachable(f"向医保中心签到没有成功：{reply.text}")
        try:
            sign_no = read_signed_in(reply.output).sign_no
        except ProtocolError as error:
            raise Unreachable(error.text) from error
        self._signed_in[key] = (today, sign_no)
        return sign_no

    def _exchange(self, question: Question, sender: Sender, sign_no: str | None) -> Reply:
        now = self._clock.now()
        body = encode_request(
            profile=self._profile,
            sender=sender,
            infno=question.infno,
            msgid=question.id,
            input_json=question.input,
            at=now,
            insuplc_admdvs=question.admdvs,
            sign_no=sign_no,
        )
        status, answer = self._post(body, now)
        try:
            response = decode_answer(answer)
        except ProtocolError as error:
            raise Unreachable(_unreadable(status)) from error
        return _verdict(status, response)

    def _post(self, body: bytes, now: datetime) -> tuple[int, bytes]:
        import httpx  # noqa: PLC0415 - as above

        signed = headers(self._profile, self._credentials, int(now.timestamp()), secrets.token_hex(16))
        try:
            with self._http.stream("POST", self._address, content=body, headers=signed) as response:
                return response.status_code, _read_all(response)
        except httpx.TimeoutException as error:
            raise Unreachable("医保中心没有及时应答，会自动重试。", line_dead=True) from error
        except (httpx.ConnectError, httpx.NetworkError) as error:
            raise Unreachable("连不上医保中心，会自动重试。", line_dead=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable("医保中心的应答不是规范的报文，没有采用，会自动重试。") from error

    def _fresh_id(self, sender: Sender) -> str:
        self._serial = (self._serial + 1) % (SERIALS - QUERY_SERIALS)
        return message_id(sender.provider, self._clock.now(), QUERY_SERIALS + self._serial)


def _read_all(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unreachable("医保中心的应答过大，没有采用，会自动重试。")
    return bytes(body)


def _verdict(status: int, response: Response) -> Reply:
    if status != _OK:
        # Signature, clock or the agency's own trouble: no fault of this message, so it keeps waiting.
        raise Unreachable(response.err_msg or _unreadable(status))
    if response.accepted:
        return Accepted(bytes(response.output).decode())
    return Rejected(response.err_code, response.err_msg or "医保中心没有说明原因，请联系医保中心。")


def _unreadable(status: int) -> str:
    detail = "" if status == _OK else f"（{status}）"
    return f"医保中心的应答不是规范的报文{detail}，没有采用，会自动重试。"


def provider_sender(provider: str, operator: str) -> Sender:
    """Return a caller of whom only the provider number is known: before the first download."""
    return Sender(provider=provider, name=provider, region=provider[1:7], operator=operator)
