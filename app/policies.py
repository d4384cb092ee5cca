"""The policy packs that come with the program, read from disk; the engine judges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.errors import UserError
from app.resources import resource
from engine.equivalents import Sameness
from engine.equivalents_file import load_sameness
from engine.policy.packs import Library, load_library
from engine.price import PriceRules
from engine.price_file import load_price_rules
from engine.ranges import Ranges
from engine.ranges_file import OwnRow, load_ranges, read_own


class ReadingUnclear(UserError):
    """``--reading`` was given in a form that says nothing."""

    what = "看不懂“{given}”。"
    advice = "请写成 政策包.问题=答案，例如 shaoxing-2019.filing=asked。"


def policy_texts() -> dict[str, str]:
    """Return the text of every policy file that comes with the program, by file name."""
    files = resource("policies").glob("*.toml")
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def read_library(readings: Mapping[str, Mapping[str, str]] | None = None) -> Library:
    """Return the packs that come with the program; raise PackError where one cannot be used.

    ``readings`` maps a pack's id to the answers that this agency takes instead of the recorded ones.
    """
    return load_library(policy_texts(), readings)


def read_ranges(library: Library, own: Iterable[OwnRow] = ()) -> Ranges:
    """Return the chronic drug ranges that come with the program; raise PackError where one cannot be used.

    A region's ``own`` list takes their place for its diseases; rows for policies that are no more do nothing.
    """
    texts = {file.name: file.read_text(encoding="utf-8") for file in resource("ranges").iterdir()}
    known = [row for row in own if library.pack(row.policy) and row.disease in library.disease_names]
    return load_ranges(texts, library).with_own(read_own(known, library))


def read_price_rules() -> PriceRules:
    """Return the price rules that come with the program; raise PackError where one cannot be used."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in resource("pricing").iterdir()}
    return load_price_rules(texts)


def read_sameness() -> Sameness:
    """Return what counts as the same drug; raise PackError where the file cannot be used."""
    file = resource("equivalents/equivalents.toml")
    return load_sameness(file.name, file.read_text(encoding="utf-8"))


def parse_readings(given: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the readings named like ``shaoxing-2019.filing=asked``; raise ReadingUnclear otherwise."""
    readings: dict[str, dict[str, str]] = {}
    for one in given:
        pack, dot, rest = one.partition(".")
        reading, equals, answer = rest.partition("=")
        if not (dot and equals and pack and reading and answer):
            raise ReadingUnclear(given=one)
        readings.setdefault(pack, {})[reading] = answer
    return readings
