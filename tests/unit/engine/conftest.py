from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.demonstration import Demonstration, parse_demonstration
from engine.policy.packs import Library, load_library

RESOURCES = Path(__file__).parents[3] / "resources"
NOW = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)


def texts_in(folder: str) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in (RESOURCES / folder).iterdir()}


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def demonstration_texts() -> dict[str, str]:
    return texts_in("demonstration")


@pytest.fixture(scope="session")
def demonstration(demonstration_texts: dict[str, str]) -> Demonstration:
    return parse_demonstration(demonstration_texts, NOW)


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library(texts_in("policies"))
