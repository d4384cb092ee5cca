"""How long the agency waits for a caller: long enough for a mountain's line, not for one that drips.

The server closes a connection that does not come to the end of its headers; a body has to keep a slowest
pace. Others are served meanwhile: nobody waits for a slow caller but the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol


class Patience(Struct, frozen=True, kw_only=True):
    """Limits in seconds, and the slowest pace of a body in bytes a second."""

    headers_s: float = 10
    start_s: float = 10
    slowest: int = 8 * 1024


PATIENCE = Patience()
_BEGIN = 200  # Bytes of a body that tell what it is.


class TooLarge(Exception):
    """A body is over its limit; no more of it was kept than that."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection whose headers do not arrive."""

    patience = PATIENCE
    _given_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect_headers()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        """Begin to wait where headers are due; what drips in does not begin the wait anew."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._given_up is None:
            self._given_up = self.loop.call_later(self.patience.headers_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None

    def _give_up(self) -> None:
        self._given_up = None
        if not self.transport.is_closing():
            self.transport.abort()


async def read_body(
    request: Request, patience: Patience, largest: int, grant: Callable[[bytes], Awaitable[int]]
) -> bytes:
    """Return the body. When it passes ``largest``, ``grant`` is asked once, with its begin, for a new limit.

    Raises TooLarge, or TimeoutError for a caller that falls behind the slowest pace.
    """
    loop = asyncio.get_running_loop()
    began, body, asked = loop.time(), bytearray(), False
    async with asyncio.timeout(patience.start_s) as limit:
        async for chunk in request.stream():
            if len(body) + len(chunk) > largest and not asked:
                largest, asked = await grant(bytes((body + chunk)[:_BEGIN])), True
            if len(body) + len(chunk) > largest:
                raise TooLarge
            body += chunk
            limit.reschedule(began + patience.start_s + len(body) / patience.slowest)
    return bytes(body)
