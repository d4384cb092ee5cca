"""The line to the agency: one call, one verdict; whatever is no sound answer counts as no answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Raw, Struct

from app.clock import Clock
from app.sync.line import Line, Unreachable
from engine.calendar import business_day
from engine.protocol.batch import MOST_MESSAGES, batch_input, read_answers
from engine.protocol.device import Enrolled, Enrolment, enrolment_input, read_enrolled
from engine.protocol.envelope import (
    QUERY_SERIALS,
    SERIALS,
    Response,
    Sender,
    decode_answer,
    encode_request,
    message_id,
    proves,
)
from engine.protocol.journal import JournalHead, read_head
from engine.protocol.profile import Credentials, Profile, headers
from engine.protocol.settled import Settled, read_settled
from engine.protocol.signin import read_signed_in, sign_in_input
from engine.protocol.signing import from_text
from engine.protocol.wire import ProtocolError

if TYPE_CHECKING:
    import httpx

__all__ = ["Accepted", "AgencyClient", "Question", "Rejected", "Reply", "Unreachable", "Voice"]

_OK = 200
_ZIP = b"PK"
_NOBODYS_FAULT = ("device_signature", "bad_signature", "wrong_epoch", "not_enrolled", "signature", "stale")
"""Refusals of the caller, not of the message: it keeps waiting until the till is enrolled as it should be."""

_OF_LEASES = ("SY01", "SY05")  # There they are the answer itself.


class Voice(Struct, frozen=True, kw_only=True):
    """How an enrolled till speaks: ``device`` is its ``dev_safe_info``, ``private`` its raw key.

    Only what the raw public ``agency_key`` signed is believed; None before the enrolment's own answer.
    """

    device: str
    private: bytes
    agency_key: bytes | None


class Accepted(Struct, frozen=True):
    """The agency took the message: ``answer`` is its output, JSON text, ``proof`` its signature.

    ``settled`` is a settlement's answer as it was read when it was checked.
    """

    answer: str
    proof: str | None = None
    settled: Settled | None = None

    @property
    def output(self) -> Raw:
        return Raw(self.answer.encode())


class Rejected(Struct, frozen=True):
    """The agency refused the message for ``text``; ``code`` is ours and may be empty."""

    code: str
    text: str
    proof: str | None = None


Reply = Accepted | Rejected


class Question(Struct, frozen=True, kw_only=True):
    """One message to send: an outbox row or a query."""

    id: str
    infno: str
    input: str
    admdvs: str | None = None


_SOUND: dict[str, Callable[[Raw, str], Settled | JournalHead]] = {
    "2101": lambda output, _id: read_settled(output, expected_id=None),
    "2102": lambda output, id_: read_settled(output, expected_id=id_),
    "2103": lambda output, _id: read_settled(output, expected_id=None),
    "SY03": lambda output, _id: read_head(output),
}
"""What an answer must hold to be believed, beside its envelope."""


class AgencyClient:
    """Calls one agency. Not for several threads: each has its own client.

    Signs in by itself before a shop's first call of a day. Keeps no personal data and logs nothing.
    ``voice`` tells how the till speaks for a provider, None while it is not enrolled there.
    """

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        clock: Clock,
        profile: Profile | None = None,
        timeout: httpx.Timeout | None = None,
        transport: httpx.BaseTransport | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.profile = profile or Profile()
        self.batches = self.profile.batches
        self.batch_size = MOST_MESSAGES
        self.voice: Callable[[str], Voice | None] = lambda _provider: None
        self._credentials = credentials
        self._clock = clock
        address = url.rstrip("/") + self.profile.path
        self._line = Line(address, timeout=timeout, transport=transport, ca_file=ca_file)
        self._signed_in: dict[tuple[str, str], tuple[date, str]] = {}
        self._serial = secrets.randbelow(SERIALS - QUERY_SERIALS)

    def close(self) -> None:
        """Drop the line."""
        self._line.close()

    def ask(self, infno: str, input_json: str, sender: Sender, admdvs: str | None = None) -> Reply:
        """Send a query under a fresh message id; else as ``call``."""
        question = Question(id=self.fresh_id(sender), infno=infno, input=input_json, admdvs=admdvs)
        return self.call(question, sender)

    def call(self, question: Question, sender: Sender) -> Reply:
        """Send ``question`` under its own id and return the verdict; raise Unreachable for anything else."""
        voice = self.voice(sender.provider)
        reply = self._exchange(question, sender, self._sign_in(sender, voice), voice)
        return believed(question, reply)

    def call_all(self, questions: Sequence[Question], sender: Sender) -> list[Reply | Unreachable]:
        """Send all ``questions`` in one call (SY06); return the verdict on each, in order.

        Raises Unreachable where there is no sound answer at all. An agency that knows no batches is sent
        none any more; then, and where it refuses this one, the list is empty.
        """
        voice = self.voice(sender.provider)
        sign_no = self._sign_in(sender, voice)
        bodies = [self._encode(each, sender, sign_no, voice) for each in questions]
        batch = Question(id=self.fresh_id(sender), infno="SY06", input=batch_input(bodies))
        reply = self._at_a_fitting_size(lambda: self._exchange(batch, sender, sign_no, voice))
        if isinstance(reply, Rejected):
            self.batches = self.batches and reply.code != "unknown_infno"
            return []
        try:
            answers = read_answers(reply.output)
        except ProtocolError as error:
            raise Unreachable(error.text) from error
        if len(answers) != len(questions):
            raise Unreachable("医保中心的批量应答与发送的条数不符，没有采用，会自动重试。")
        pairs = zip(questions, answers, strict=True)
        return [read_reply(question, answer, voice) for question, answer in pairs]

    def enrol(self, asked: Enrolment, voice: Voice, sender: Sender) -> Enrolled | Rejected:
        """Make this till known to the agency (SY00), and return the agency's own keys, or its refusal.

        The answer proves itself by the key that it brings; where ``voice`` has one already, by that one.
        Raises Unreachable without a sound answer.
        """
        question = Question(id=self.fresh_id(sender), infno="SY00", input=enrolment_input(asked))
        status, body = self._post(self._encode(question, sender, None, voice))
        response = _decoded(status, body)
        if status == _OK and not response.accepted:
            if voice.agency_key is not None and not _proven(response, voice.agency_key, question):
                # Believed, it would end every further attempt, and anybody can write a refusal.
                raise Unreachable("医保中心的登记应答签名不对，没有采用。请联系医保中心核对。")
            return Rejected(response.err_code, response.err_msg)
        reply = _verdict(status, response)
        try:
            told = read_enrolled(reply.output if isinstance(reply, Accepted) else Raw(b"{}"))
            key = from_text(told.agency_key)
        except (ProtocolError, ValueError) as error:
            raise Unreachable("医保中心的登记应答不完整，没有采用，会自动重试。") from error
        if voice.agency_key not in (None, key) or not _proven(response, key, question):
            raise Unreachable("医保中心的登记应答签名不对，没有采用。请联系医保中心核对。")
        return told

    def fresh_id(self, sender: Sender) -> str:
        """Return the id of a message that was never sent."""
        self._serial = (self._serial + 1) % (SERIALS - QUERY_SERIALS)
        return message_id(sender.provider, self._clock.now(), QUERY_SERIALS + self._serial)

    def _sign_in(self, sender: Sender, voice: Voice | None) -> str:
        today = business_day(self._clock.now())
        key = (sender.provider, sender.operator)
        day, sign_no = self._signed_in.get(key, (None, ""))
        if day == today:
            return sign_no
        question = Question(id=self.fresh_id(sender), infno="9001", input=sign_in_input(sender.operator))
        reply = self._exchange(question, sender, None, voice)
        if isinstance(reply, Rejected):
            raise Unreachable(f"向医保中心签到没有成功：{reply.text}")
        try:
            sign_no = read_signed_in(reply.output).sign_no
        except ProtocolError as error:
            raise Unreachable(error.text) from error
        self._signed_in[key] = (today, sign_no)
        return sign_no

    def _at_a_fitting_size(self, exchange: Callable[[], Reply]) -> Reply:
        """Make batches smaller while nobody answers in time, and larger again when somebody does."""
        try:
            reply = exchange()
        except Unreachable as error:
            if error.line_dead and error.sent:
                self.batch_size = max(1, self.batch_size // 2)
            raise
        self.batch_size = min(MOST_MESSAGES, self.batch_size * 2)
        return reply

    def fetch(self, infno: str, input_json: str, sender: Sender) -> bytes:
        """Return the file that a 9102 asks for; raise Unreachable where no file came."""
        voice = self.voice(sender.provider)
        question = Question(id=self.fresh_id(sender), infno=infno, input=input_json)
        status, body = self._post(self._encode(question, sender, self._sign_in(sender, voice), voice))
        if status == _OK and body.startswith(_ZIP):
            return body
        reply = _told(question, _decoded(status, body), voice, status)
        raise Unreachable(reply.text if isinstance(reply, Rejected) else "医保中心没有给出文件，请稍后再试。")

    def _exchange(
        self, question: Question, sender: Sender, sign_no: str | None, voice: Voice | None
    ) -> Reply:
        status, body = self._post(self._encode(question, sender, sign_no, voice))
        return _told(question, _decoded(status, body), voice, status)

    def _encode(self, question: Question, sender: Sender, sign_no: str | None, voice: Voice | None) -> bytes:
        return envelope_of(self.profile, question, sender, at=self._clock.now(), sign_no=sign_no, voice=voice)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        stamp = int(self._clock.now().timestamp())
        return self._line.post(body, headers(self.profile, self._credentials, stamp, secrets.token_hex(16)))


def envelope_of(
    profile: Profile,
    question: Question,
    sender: Sender,
    *,
    at: datetime,
    voice: Voice | None,
    sign_no: str | None = None,
) -> bytes:
    """Return ``question`` in its envelope, signed where there is a ``voice``."""
    return encode_request(
        profile=profile,
        sender=sender,
        infno=question.infno,
        msgid=question.id,
        input_json=question.input,
        at=at,
        insuplc_admdvs=question.admdvs,
        sign_no=sign_no,
        device=voice.device if voice else None,
        private=voice.private if voice else None,
    )


def believed(question: Question, reply: Reply) -> Reply:
    """Return ``reply`` where it is one that ``question`` may get; raise Unreachable otherwise."""
    if isinstance(reply, Accepted) and question.infno in _SOUND:
        try:
            read = _SOUND[question.infno](reply.output, question.id)
        except ProtocolError as error:
            raise Unreachable(error.text) from error
        if isinstance(read, Settled):
            return Accepted(reply.answer, reply.proof, read)
    return reply


def read_reply(question: Question, answer: bytes, voice: Voice | None) -> Reply | Unreachable:
    """Return what ``answer``, a whole envelope, says to ``question``, however it came here."""
    try:
        return believed(question, _told(question, _decoded(_OK, answer), voice, _OK))
    except Unreachable as error:
        return error


def _decoded(status: int, body: bytes) -> Response:
    try:
        return decode_answer(body)
    except ProtocolError as error:
        raise Unreachable(_unreadable(status)) from error


def _told(question: Question, response: Response, voice: Voice | None, status: int) -> Reply:
    """Return the verdict of an answer that is the agency's own; raise Unreachable for any other."""
    reply = _verdict(status, response)
    if isinstance(reply, Rejected) and reply.code in _NOBODYS_FAULT and question.infno not in _OF_LEASES:
        raise Unreachable(reply.text)
    key = voice.agency_key if voice else None
    if key is not None and not _proven(response, key, question):
        raise Unreachable("医保中心的应答没有签名或签名不对，没有采用，会自动重试。")
    return reply


def _proven(response: Response, key: bytes, question: Question) -> bool:
    return proves(response, key, msgid=question.id, content=question.input.encode())


def _verdict(status: int, response: Response) -> Reply:
    if status != _OK:
        # Signature, clock or the agency's own trouble: no fault of this message, so it keeps waiting.
        raise Unreachable(response.err_msg or _unreadable(status))
    proof = response.signature or None
    if response.accepted:
        return Accepted(bytes(response.output).decode(), proof)
    return Rejected(response.err_code, response.err_msg or "医保中心没有说明原因，请联系医保中心。", proof)


def _unreadable(status: int) -> str:
    detail = "" if status == _OK else f"（{status}）"
    return f"医保中心的应答不是规范的报文{detail}，没有采用，会自动重试。"


def provider_sender(provider: str, operator: str) -> Sender:
    """Return a caller of whom only the provider number is known: before the first download."""
    return Sender(provider=provider, name=provider, region=provider[1:7], operator=operator)
