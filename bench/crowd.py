"""Many callers at once over HTTP/1.1, each on its own line, and how long each answer took.

The least client that will do: it shares two cores with the server that it measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter
from urllib.parse import urlsplit

_IDLE_S = 3.0


class Caller:
    """One line to a server; calls follow one another on it."""

    def __init__(self, url: str, path: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n"
        self.seconds: dict[str, list[float]] = {}

    async def open(self) -> None:
        """Make the line."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._last = perf_counter()

    async def close(self) -> None:
        """Drop the line."""
        self._writer.close()
        await self._writer.wait_closed()

    async def post(self, what: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return the answer to ``body``, and note its time under ``what``; raise AssertionError for none."""
        if perf_counter() - self._last > _IDLE_S:  # The server lets go of a line after five seconds.
            self._writer.close()
            await self.open()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{self._head}{lines}Content-Length: {len(body)}\r\n\r\n".encode()
        begin = perf_counter()
        self._writer.write(head + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answered.split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        self._last = perf_counter()
        self.seconds.setdefault(what, []).append(self._last - begin)
        if b" 200 " not in answered[:16]:
            raise AssertionError(f"{answered!r} {answer!r}")
        return answer


def percentile(seconds: list[float], of_hundred: int) -> float:
    """Return the time that ``of_hundred`` of a hundred calls were answered in."""
    return sorted(seconds)[max(0, -(-len(seconds) * of_hundred // 100) - 1)]
