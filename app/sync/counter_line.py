"""The counter's own line to the agency: for what a person waits for anyway, on the counter's thread."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Raw

from app.clock import Clock
from app.errors import AgencyNotReached, AgencyRefused, EnrolmentRefused
from app.storage.connection import Connection
from app.sync.client import AgencyClient, Rejected, Unreachable
from app.sync.deliver import sender_of
from app.sync.enrol import enrol, introduce


class CounterLine:
    """An ``AgencyLine`` and ``Registrar``; its client is made when it is needed first."""

    def __init__(
        self, *, db: Connection, open_client: Callable[[], AgencyClient], clock: Clock, operator: str
    ) -> None:
        self._db, self._open_client, self._clock, self._operator = db, open_client, clock, operator
        self._client: AgencyClient | None = None

    def ask(self, infno: str, input_json: str, provider: str) -> Raw:
        """Return the agency's output; raise AgencyNotReached or AgencyRefused."""
        sender = sender_of(self._db, provider, self._operator)
        try:
            reply = self._line().ask(infno, input_json, sender)
        except Unreachable as error:
            raise AgencyNotReached(trouble=error.trouble) from error
        if isinstance(reply, Rejected):
            raise AgencyRefused(why=reply.text)
        return reply.output

    def fetch(self, infno: str, input_json: str, provider: str) -> bytes:
        """Return a file (9102); raise AgencyNotReached where none came."""
        sender = sender_of(self._db, provider, self._operator)
        try:
            return self._line().fetch(infno, input_json, sender)
        except Unreachable as error:
            raise AgencyNotReached(trouble=error.trouble) from error

    def enrol(self, provider: str, code: str | None) -> None:
        """Make this till known to the agency of ``provider``; raise AgencyNotReached or EnrolmentRefused."""
        sender = sender_of(self._db, provider, self._operator)
        try:
            told = enrol(self._db, self._line(), self._clock, sender=sender, code=code)
        except Unreachable as error:
            raise AgencyNotReached(trouble=error.trouble) from error
        if told.trouble:
            raise EnrolmentRefused(why=told.trouble)

    def close(self) -> None:
        """Drop the line."""
        if self._client is not None:
            self._client.close()

    def _line(self) -> AgencyClient:
        if self._client is None:
            self._client = self._open_client()
            introduce(self._db, self._client)
        return self._client
