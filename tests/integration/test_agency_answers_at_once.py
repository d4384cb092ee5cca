"""A till that asks one thing after the other waits for the agency, and not for a timer of the network."""

from __future__ import annotations

import socket
import sys

import pytest

from agency import serving


@pytest.mark.skipif(sys.platform == "win32", reason="the timer is another there")
def test_the_end_of_an_answer_is_not_held_back() -> None:
    # asyncio turns the delay off for sockets that are named as TCP, and leaves it on for any other.
    with serving._bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
        with socket.create_connection(listening.getsockname()) as caller:
            accepted, _peer = listening.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
            assert caller
