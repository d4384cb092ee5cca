"""The real agency with a clock that stands still, a till that speaks plainly, and a line that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import uvicorn
from msgspec import Struct
from msgspec.structs import replace
from starlette.applications import Starlette

from agency.bootstrap import seed
from agency.law import Law, read_law
from agency.patience import PatientProtocol
from agency.resources import read_texts
from agency.service import Agency
from agency.storage import sums
from agency.storage.connection import transaction
from agency.storage.opening import open_database
from engine.calendar import business_day
from engine.demonstration import Demonstration, parse_demonstration
from engine.person import Person
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Accumulators, Claim
from engine.prescription import Prescription
from engine.protocol.envelope import Sender, encode_request, message_id
from engine.protocol.profile import DEMONSTRATION, Profile, headers
from engine.protocol.settlement import settlement_input
from engine.sale import BasketLine, Draft, Store, make_claim

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PROFILE = Profile()
SHAOXING, EZHOU, LIAOCHENG, WUXI = "P33068100001", "P42070000001", "P37150000001", "P32020000001"


def books(folder: Path) -> Path | str:
    """Return where a new agency keeps its books: in ``folder``, unless a test puts something else here."""
    return folder


class StillClock:
    """A clock that moves only when told; agency and till may share it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta) -> None:
        self.at += span


class RunningClock:
    """Begins at NOW and runs on, so that no test depends on the day on which it is run."""

    def __init__(self) -> None:
        self._began = monotonic()

    @property
    def at(self) -> datetime:
        return self.now()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=monotonic() - self._began)


class Said(Struct, frozen=True):
    """An answer as a till sees it, decoded."""

    status: int
    envelope: dict[str, Any]

    @property
    def refused(self) -> str:
        """The agency's code for why it refused; empty when it accepted."""
        return str(self.envelope["err_code"]) if self.envelope["infcode"] == -1 else ""

    @property
    def output(self) -> Any:
        return self.envelope["output"]


@cache
def demonstration() -> Demonstration:
    return parse_demonstration(read_texts("demonstration"), NOW)


@cache
def law() -> Law:
    return read_law(read_texts("policies"), read_texts("ranges"))


def person(name: str) -> Person:
    return next(each for each in demonstration().people if each.name == name)


def benefit_of(whose: Person) -> str:
    return law().benefit(whose.region, whose.insurance, business_day(NOW))


def as_told(whose: Person) -> Person:
    """Return a person of the demonstration as the agency tells of them before any settlement."""
    return replace(whose, snapshot=replace(whose.snapshot, benefit=benefit_of(whose)))


def prescription_of(whose: Person) -> Prescription:
    return next(each for each in demonstration().prescriptions if each.psn_no == whose.psn_no)


def store(provider: str) -> Store:
    return next(each for each in demonstration().stores if each.provider.id == provider)


def draft_of(whose: Person) -> Draft:
    """Return the basket of exactly what a person's demonstration prescription says."""
    prescription = prescription_of(whose)
    drugs = {drug.code: drug for drug in demonstration().drugs}
    lines = tuple(
        BasketLine(
            id=str(place),
            drug=drugs[line.drug],
            quantity=line.quantity,
            unit_price=drugs[line.drug].price or 0,
        )
        for place, line in enumerate(prescription.lines, 1)
        if line.drug is not None
    )
    return Draft(person=whose, prescription=prescription, lines=lines)


def claim_of(draft: Draft, provider: str, day: date | None = None) -> tuple[Claim, Answer]:
    """Return what the till computes for a basket, from the person's snapshot."""
    whose = draft.person
    assert whose is not None
    at = day or business_day(NOW)
    claim = make_claim(draft, store(provider).provider, whose.snapshot.accumulators, at)
    return claim, law().answer(claim)


def paid_by_law(draft: Draft, provider: str = SHAOXING) -> list[tuple[Settlement, str]]:
    """Return a basket's insured settlements, each with the input of its 2102."""
    claim, answer = claim_of(draft, provider)
    return [
        (
            each,
            settlement_input(
                sale_number="S1", made_at=NOW, draft=draft, claim=claim, settlement=each, policy=answer.policy
            ),
        )
        for each in answer.settlements
        if each.benefit != "self_pay"
    ]


class Bureau:
    """An agency with the demonstration in its books, and a till of one shop that calls it directly."""

    def __init__(self, folder: Path, provider: str = SHAOXING, clock: Any = None) -> None:
        self.clock = clock or StillClock()
        self.database = open_database(books(folder))
        self.db = self.database.connect()
        seed(self.db, demonstration(), law(), NOW)
        self.under(law())
        self.provider = provider
        self._serial = 0

    def close(self) -> None:
        self.db.close()
        self.database.close()

    def under(self, law: Law) -> None:
        """Have the agency answer under ``law`` from now on."""
        self.agency = Agency(
            database=self.database, law=law, clock=self.clock, profile=PROFILE, credentials=DEMONSTRATION
        )

    def sums(self, name: str, year: int = 2026) -> Accumulators:
        """Return a person's sums of a year under the benefit that counts in the demonstration."""
        return sums.read(self.db, person(name).psn_no, year, benefit_of(person(name)))

    def set_sums(self, name: str, accumulators: Accumulators, year: int = 2026) -> None:
        """Set a person's sums, as if settlements elsewhere had brought them there."""
        with transaction(self.db):
            sums.write(self.db, person(name).psn_no, year, benefit_of(person(name)), accumulators)

    def start_at(self, at: datetime) -> None:
        """Set the clock to another time, at which message numbers begin anew."""
        self.clock.at, self._serial = at, 0

    def fresh_id(self) -> str:
        self._serial += 1
        return message_id(self.provider, self.clock.at, self._serial)

    def body(self, infno: str, input_json: str, msgid: str | None = None, **changes: Any) -> bytes:
        sender = Sender(provider=self.provider, name="演示药店", region=self.provider[1:7], operator="01")
        body = encode_request(
            profile=PROFILE,
            sender=sender,
            infno=infno,
            msgid=msgid or self.fresh_id(),
            input_json=input_json,
            at=self.clock.at,
        )
        if not changes:
            return body
        return msgspec.json.encode({**msgspec.json.decode(body), **changes})

    def send(self, body: bytes, **header: str) -> Said:
        signed = headers(PROFILE, DEMONSTRATION, int(self.clock.at.timestamp()), "nonce")
        answer = self.agency.answer({**signed, **header}, body)
        return Said(answer.status, msgspec.json.decode(answer.text))

    def call(self, infno: str, input_json: str, msgid: str | None = None, **changes: Any) -> Said:
        return self.send(self.body(infno, input_json, msgid, **changes))


class Line:
    """An agency on a real socket, which can be cut and joined again at the same address."""

    def __init__(self, web: Starlette, protocol: type[PatientProtocol] = PatientProtocol) -> None:
        self._web = web
        self._protocol = protocol
        self._port = 0
        self._stop: contextlib.ExitStack | None = None
        self.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def join(self) -> None:
        listening = socket.create_server(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        stack = contextlib.ExitStack()
        stack.enter_context(_serving(self._web, listening, self._protocol))
        self._stop = stack

    def cut(self) -> None:
        if self._stop is not None:
            self._stop.close()
            self._stop = None


@contextlib.contextmanager
def _serving(web: Starlette, listening: socket.socket, protocol: type[PatientProtocol]) -> Iterator[None]:
    config = uvicorn.Config(
        web, lifespan="off", access_log=False, log_config=None, loop="asyncio", http=protocol, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
        assert not thread.is_alive()


@contextlib.contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Serve the raw ``answers``, one a connection, the last one again and again; yield the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        served = 0
        while not ended.is_set():
            try:
                line, _peer = listening.accept()
            except TimeoutError:
                continue
            with line:
                line.settimeout(1)
                with contextlib.suppress(OSError):
                    _read_request(line)
                    line.sendall(answers[min(served, len(answers) - 1)])
            served += 1

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        thread.join(10)
        listening.close()


def _read_request(line: socket.socket) -> None:
    read = b""
    while b"\r\n\r\n" not in read:
        read += line.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += line.recv(65536)


def http(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """Return a raw HTTP answer."""
    head = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
