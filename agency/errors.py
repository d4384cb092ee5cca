"""What the person who runs the agency may be told; any exception of another type is a bug."""

from __future__ import annotations


class AgencyTrouble(Exception):
    """The world failed and the person can act: ``text`` says in Chinese what happened and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotNow(AgencyTrouble):
    """Nothing of a call was applied; the same call may be sent again later."""


class Again(NotNow):
    """Two transactions got in each other's way; this one applied nothing and may be tried again at once."""
