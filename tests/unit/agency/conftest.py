"""Whatever is true of the agency is true on SQLite and on PostgreSQL: each test here runs on both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.both_databases import on_postgres
from tests.fakes.postgres import Server


@pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "sqlite":
        yield
        return
    server: Server = request.getfixturevalue("postgres")
    with on_postgres(server):
        yield
