"""What the person at the counter may be told. An exception of any other type is a bug, and says so."""

from __future__ import annotations


class UserError(Exception):
    """A problem that the person at the counter can act on; the log keeps ``__cause__``.

    Every subclass says in Chinese what happened (``what``, with whether a sale was recorded where one was at
    stake) and what to do (``advice``); both may carry ``{fields}`` filled from the arguments.
    """

    what = ""
    advice = ""

    def __init__(self, **fields: object) -> None:
        self.what = type(self).what.format(**fields)
        self.advice = type(self).advice.format(**fields)
        super().__init__(f"{self.what} {self.advice}")
