"""The demonstration as a newcomer meets it: its own agency in its own process, over a real socket."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app import errors
from app.bootstrap import build_counter
from tests.fakes.signing import reasons_for


def test_first_sale_with_the_embedded_agency_is_confirmed_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHANYAO_ANSWER_WAIT_S", "10")  # A slow machine is no reason to be unsure here.
    counter = build_counter(data=tmp_path, demonstration=True)
    try:
        arrived = threading.Event()
        counter.subscribe(arrived.set)
        counter.start()
        first = counter.tour()[0].group
        for stop in counter.tour():
            if stop.group == first:
                counter.demonstrate(stop)
        while counter.refresh().draft.person is None:
            assert arrived.wait(10)
            arrived.clear()

        counter.sign(reasons_for(counter.refresh()))
        settled = counter.settle().settled

        assert settled is not None
        assert settled.pdf_path is not None
        assert Path(settled.pdf_path).read_bytes().startswith(b"%PDF")
        assert settled.certainty == "confirmed"
        with pytest.raises(errors.CounterAlreadyOpen):
            build_counter(data=tmp_path, demonstration=True)
    finally:
        counter.close()


def test_counter_without_agency_or_shop_says_what_to_do(tmp_path: Path) -> None:
    counter = build_counter(data=tmp_path, demonstration=False)
    try:
        with pytest.raises(errors.NoStore, match="同步"):
            counter.start()
    finally:
        counter.close()
