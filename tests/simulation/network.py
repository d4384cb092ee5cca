"""The line between a till and the agency: it loses, repeats, delays and spoils what it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Protocol

import httpx
import msgspec
from msgspec import Raw, Struct

from engine.protocol.batch import batch_output, read_batch
from tests.simulation.office import Fell

Answering = Callable[[dict[str, str], bytes], tuple[int, bytes]]


class Weather(Struct, frozen=True, kw_only=True):
    """How likely each mishap of a call is; ``dead``: nothing gets through at all."""

    dead: bool = False
    lost: float = 0.0  # The question never arrives.
    unanswered: float = 0.0  # It arrives, the answer does not.
    twice: float = 0.0
    late: float = 0.0  # It arrives after the till gave up, and after what was sent later.
    cut: float = 0.0  # Half of the question arrives.
    spoilt: float = 0.0  # The answer arrives with something else in it.
    forged: float = 0.0  # Somebody else answers, in the agency's form and without its signature.


FINE = Weather()
DEAD = Weather(dead=True)
POOR = Weather(lost=0.12, unanswered=0.15, twice=0.08, late=0.08, cut=0.04, spoilt=0.05, forged=0.04)
AWFUL = Weather(lost=0.3, unanswered=0.3, twice=0.1, late=0.1, cut=0.05, spoilt=0.08, forged=0.07)
WEATHERS = {"fine": FINE, "dead": DEAD, "poor": POOR, "awful": AWFUL}


class Sky(Protocol):
    """What the world gives the lines: its counters, its passing time, and what is late."""

    injected: Counter[str]
    messages: int

    def pass_by(self, seconds: float) -> None: ...
    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]: ...
    def hold(self, headers: dict[str, str], body: bytes) -> None: ...
    def release(self) -> None: ...


class Wire(httpx.BaseTransport):
    """One till's line; ``chance`` is the present event's, so that events can be left out of a history."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self.weather = FINE
        self.chance = Random(0)
        self.before_answer: Callable[[bytes, bytes], bytes] | None = None  # A deliberate fault's way in.

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sky, weather, chance = self._sky, self.weather, self.chance
        body = request.read()
        # Names as the agency's own server hands them on.
        headers = {name.lower(): value for name, value in request.headers.items()}
        sky.messages += 1
        sky.pass_by(0.05 + chance.random())
        if weather.dead:
            raise httpx.ConnectError("no line", request=request)
        fate = chance.random()
        fates = ("lost", "unanswered", "twice", "late", "cut", "spoilt", "forged")
        happens = "carried"
        for name in fates:
            fate -= getattr(weather, name)
            if fate < 0:
                happens = name
                sky.injected[name] += 1
                break
        if chance.random() < 0.5:
            sky.release()
        return self._carry(happens, request, headers, body)

    def _carry(
        self, happens: str, request: httpx.Request, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        sky, chance = self._sky, self.chance
        if happens in ("lost", "cut"):  # A server drops what does not arrive whole.
            raise httpx.ReadTimeout("lost", request=request)
        if happens == "forged":
            return httpx.Response(200, content=forge(body), request=request)
        if happens == "late":
            sky.hold(headers, body)
            raise httpx.ReadTimeout("late", request=request)
        try:
            status, answer = sky.answer(headers, body)
            if happens == "twice":
                status, answer = sky.answer(headers, body)
        except Fell as down:
            raise httpx.ReadError("the agency went down", request=request) from down
        if happens == "unanswered":
            raise httpx.ReadTimeout("unanswered", request=request)
        if happens == "spoilt":
            answer = spoil(answer, chance)
        return httpx.Response(status, content=answer, request=request)


def spoil(data: bytes, chance: Random) -> bytes:
    """Return ``data`` cut short, or with a byte that no text of ours holds."""
    place = chance.randrange(len(data))
    if chance.random() < 0.5:
        return data[:place]
    return data[:place] + b"\xff" + data[place + 1 :]


def forge(question: bytes) -> bytes:
    """Return a refusal of each message in ``question`` as the agency would write it, but unsigned."""
    refused = Raw(
        b'{"infcode":-1,"inf_refmsgid":"420704202611220000000000000001","refmsg_time":"20261122000000000",'
        b'"respond_time":"20261122000000000","err_msg":"\xe6\x9c\xaa\xe5\x8a\x9e\xe7\x90\x86",'
        b'"err_code":"forged","output":{}}'
    )
    asked = msgspec.json.decode(question, type=_Asked)
    if asked.infno != "SY06":
        return bytes(refused)
    answers = batch_output([bytes(refused).decode()] * len(read_batch(asked.input)))
    return bytes(refused).replace(b'"infcode":-1', b'"infcode":0').replace(b"{}", answers.encode())


class _Asked(Struct):
    infno: str
    input: Raw
