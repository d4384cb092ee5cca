"""The counter does not wait for its agency, except where it has no shop to open without it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from app import errors
from app.bootstrap import build_counter

FALSE = shutil.which("false")
pytestmark = pytest.mark.skipif(FALSE is None, reason="no program that ends at once on this system")


def test_a_first_opening_without_the_agency_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", FALSE)

    with pytest.raises(errors.AgencyDidNotStart):
        build_counter(data=tmp_path, demonstration=True)


def test_a_shop_that_is_known_opens_though_the_agency_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_counter(data=tmp_path, demonstration=True).close()
    monkeypatch.setattr(sys, "executable", FALSE)

    counter = build_counter(data=tmp_path, demonstration=True)
    try:
        assert counter.start().store.name
        assert counter.world().online is not True
    finally:
        counter.close()


def test_an_agency_folder_that_cannot_be_used_is_said_and_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "agency-3").write_text("not a folder", encoding="utf-8")

    with pytest.raises(errors.AgencyDidNotStart, match="文件夹"):
        build_counter(data=tmp_path, demonstration=True)

    (tmp_path / "agency-3").unlink()
    build_counter(data=tmp_path, demonstration=True).close()
