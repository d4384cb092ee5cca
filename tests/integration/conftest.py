"""What many of these tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench
from tests.fakes.import_shop import ImportShop
from tests.fakes.stocked_shelves import free_drug


@pytest.fixture
def drug(bench: Bench) -> Drug:
    """A drug of the open counter's catalogue that needs no prescription."""
    return free_drug(bench)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ImportShop]:
    """A shop with an empty catalogue, and a folder of files to import."""
    made = ImportShop(tmp_path)
    yield made
    made.close()
