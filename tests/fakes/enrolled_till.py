"""A till that enrolled: it signs what it says, keeps a journal, and checks that the agency answered it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.journal import GENESIS, Entry, seal
from engine.protocol.batch import batch_input, read_answers
from engine.protocol.device import Device, Enrolment, device_text, enrolment_input, new_epoch_text
from engine.protocol.envelope import (
    Sender,
    decode_answer,
    decode_request,
    encode_request,
    message_id,
    proves,
)
from engine.protocol.journal import journal_input
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.sealing import box_key
from engine.protocol.signing import from_text, public_key, sign, to_text
from tests.fakes.agency_line import PROFILE, Bureau, Said, store


class EnrolledTill:
    """Till ``till`` of a shop, which calls the bureau's agency directly; its keys are made from ``seed``.

    ``enrol`` has to be called before anything else. ``entries`` is its journal; it never grows by itself.
    """

    def __init__(
        self, bureau: Bureau, provider: str | None = None, till: str = "01", seed: str = "x"
    ) -> None:
        self.bureau = bureau
        self.provider = provider or bureau.provider
        self.till = till
        self.epoch = 1
        self.after: tuple[int, str] = (0, GENESIS)
        self.entries: list[Entry] = []
        self.agency_key = b""
        self.agency_box_key = b""
        self._seed = seed

    @property
    def private(self) -> bytes:
        return hashlib.sha256(f"sign {self._seed} {self.provider} {self.till} {self.epoch}".encode()).digest()

    @property
    def box_private(self) -> bytes:
        return hashlib.sha256(f"box {self._seed} {self.provider} {self.till} {self.epoch}".encode()).digest()

    @property
    def head(self) -> tuple[int, str]:
        return (self.entries[-1].number, self.entries[-1].hash) if self.entries else (0, GENESIS)

    @property
    def chain(self) -> str:
        """The hash of the epoch's first entry."""
        return next((each.hash for each in self.entries if each.number == self.after[0] + 1), "")

    def asked(self, code: str | None = None, old: EnrolledTill | None = None) -> Enrolment:
        """Return what this till asks at its enrolment; ``old``, the epoch before, vouches for it."""
        asked = Enrolment(
            till=self.till,
            epoch=self.epoch,
            public_key=to_text(public_key(self.private)),
            box_key=to_text(box_key(self.box_private)),
            number=self.after[0],
            hash=self.after[1],
            code=code,
        )
        if old is None:
            return asked
        return replace(asked, old_signature=sign(old.private, new_epoch_text(asked, self.provider)))

    def enrol(self, code: str | None = None, old: EnrolledTill | None = None) -> Said:
        """Send SY00; with neither ``code`` nor ``old``, the demonstration's code goes along."""
        shown = code or (None if old else f"DEMO-{self.provider}")
        said = self.send(self.body("SY00", enrolment_input(self.asked(shown, old))))
        if not said.refused:
            self.agency_key = from_text(said.output["enrolled"]["agency_key"])
            self.agency_box_key = from_text(said.output["enrolled"]["agency_box_key"])
        return said

    def copy(self) -> EnrolledTill:
        """Return a till of the same disk: what a clone, or a backup taken now, is."""
        other = EnrolledTill(self.bureau, self.provider, self.till, self._seed)
        other.epoch, other.after, other.entries = self.epoch, self.after, list(self.entries)
        other.agency_key, other.agency_box_key = self.agency_key, self.agency_box_key
        return other

    def next_epoch(self) -> EnrolledTill:
        """Return this till in its next epoch, which goes on after the present head and is not enrolled."""
        other = self.copy()
        other.epoch, other.after = self.epoch + 1, self.head
        body = f'{{"epoch":{other.epoch},"after":{self.head[0]},"hash":"{self.head[1]}"}}'
        other.write("epoch", body)
        return other

    def write(self, kind: str = "sale", body: str = "{}", at: datetime | None = None) -> Entry:
        """Add an entry to the journal."""
        number, previous = self.head
        moment = at or self.bureau.clock.at
        self.entries.append(seal(number=number + 1, at=moment, kind=kind, body=body, previous=previous))
        return self.entries[-1]

    def device(self) -> Device:
        number, hash_ = self.head
        return Device(till=self.till, epoch=self.epoch, chain=self.chain, number=number, hash=hash_)

    def fresh_id(self) -> str:
        number = self.bureau.fresh_id()[-4:]  # Copies of a till must not name two messages alike.
        return message_id(self.provider, self.bureau.clock.at, int(number))

    def body(
        self,
        infno: str,
        input_json: str,
        msgid: str | None = None,
        *,
        device: Device | None = None,
        private: bytes | None = None,
        at: datetime | None = None,
        **changes: Any,
    ) -> bytes:
        """Return a signed message; ``changes`` are made to its envelope after it was signed."""
        body = encode_request(
            profile=PROFILE,
            sender=Sender(provider=self.provider, name="演示药店", region=self.provider[1:7], operator="01"),
            infno=infno,
            msgid=msgid or self.fresh_id(),
            input_json=input_json,
            at=at or self.bureau.clock.at,
            device=device_text(device or self.device()),
            private=private or self.private,
        )
        return changed(body, **changes)

    def send(self, body: bytes) -> Said:
        """Send a message; an answer that is signed must hold."""
        return self._said(body)[0]

    def _said(self, body: bytes) -> tuple[Said, bytes]:
        signed = headers(PROFILE, DEMONSTRATION, int(self.bureau.clock.at.timestamp()), "nonce")
        answer = self.bureau.agency.answer(signed, body)
        said = Said(answer.status, msgspec.json.decode(answer.text))
        if self.agency_key and "cainfo" in said.envelope:
            assert self.proven(answer.text.encode(), body)
        return said, answer.text.encode()

    def proven(self, answer: bytes, body: bytes) -> bool:
        """Tell whether ``answer`` is the agency's own answer to the message ``body``."""
        request = decode_request(body)
        return proves(
            decode_answer(answer), self.agency_key, msgid=request.msgid, content=bytes(request.input)
        )

    def call(self, infno: str, input_json: str, msgid: str | None = None, **more: Any) -> Said:
        """Send a signed message, and insist on a signed answer."""
        said = self.send(self.body(infno, input_json, msgid, **more))
        assert "cainfo" in said.envelope, said
        return said

    def upload(self, entries: Sequence[Entry] | None = None) -> Said:
        """Send the journal, or some entries of it, by SY03."""
        shop = replace(store(self.provider), till=self.till)
        return self.call("SY03", journal_input(shop, self.entries if entries is None else entries))

    def send_all(self, bodies: Sequence[bytes]) -> list[Said]:
        """Send whole messages in one SY06."""
        said, text = self._said(self.body("SY06", batch_input(bodies)))
        assert said.refused == "", said
        answers = read_answers(decode_answer(text).output)
        decoded = [Said(200, msgspec.json.decode(each)) for each in answers]
        pairs = zip(bodies, answers, decoded, strict=True)
        assert all(self.proven(text, body) for body, text, one in pairs if "cainfo" in one.envelope)
        return decoded


def changed(body: bytes, **changes: Any) -> bytes:
    """Return a message in whose envelope some parts are others; all the rest stays to the letter."""
    parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**parts, **changes}) if changes else body
