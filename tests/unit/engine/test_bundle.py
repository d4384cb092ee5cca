"""A bundle says what is left of it and never says more: whatever happened to the stick."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol import bundle, signing
from engine.protocol.blocks import AROUND, MARK, blocks_in
from engine.protocol.bundle import Header, Item, Reading, peek, read, write
from engine.protocol.sealing import Seal, box_key

TILL, AGENCY, OTHER = b"t" * 32, b"a" * 32, b"o" * 32
HEADER = Header(
    direction="up",
    provider="P33068100001",
    till="01",
    epoch=1,
    serial=7,
    made_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    cursor=41,
)
SECTOR = 4096
HARMLESS = ("not_a_bundle", "newer_format", "cut", "damaged", "foreign", "bad_signature")


def written(items: list[Item], fresh: bytes = b"f" * 32, header: Header = HEADER) -> bytes:
    return write(header, items, private=TILL, to=box_key(AGENCY), fresh=fresh)


def opened(data: bytes, private: bytes = AGENCY) -> Reading:
    return read(data, private=private, key_of=lambda _header: signing.public_key(TILL))


def messages(count: int, size: int = 2000, seed: int = 5) -> list[Item]:
    # Half of it cannot be compressed, so that there are chunks enough to lose some.
    chance = random.Random(seed)
    return [
        Item("message", f'{{"n":{n},"x":"{chance.randbytes(size // 4).hex()}"}}'.encode(), f"id{n}")
        for n in range(count)
    ]


MANY = messages(300)
FILE = written(MANY)


def check(data: bytes, items: list[Item]) -> Reading:
    """Hold the one rule: intact means exactly what was written; else only whole items of it, in order."""
    reading = opened(data)
    if reading.verdict == "intact":
        assert list(reading.items) == items
    else:
        assert reading.verdict in HARMLESS
        places = [items.index(each) for each in reading.items]
        assert places == sorted(set(places))
    assert list(reading.items[: reading.sound]) == items[: reading.sound]
    return reading


@given(
    st.lists(
        st.builds(
            Item,
            st.sampled_from(["message", "answer", "news", "trip", "catalogue"]),
            st.binary(max_size=200_000) | st.integers(0, 400_000).map(lambda size: b"\0" * size),
            st.text(max_size=40),
        ),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_to_the_letter(items: list[Item]) -> None:
    reading = opened(written(items))

    assert (reading.verdict, list(reading.items), reading.header) == ("intact", items, HEADER)
    assert (reading.missing, reading.marred, reading.sound) == ((), False, len(items))


@given(st.integers(0, len(FILE) - 1))
@settings(max_examples=150, deadline=None)
def test_a_bundle_cut_anywhere_gives_what_came_before(end: int) -> None:
    reading = check(FILE[:end], MANY)

    assert reading.verdict in ("cut", "intact") or end == 0
    assert reading.marred


@given(st.integers(0, len(FILE) * 8 - 1))
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_costs_one_chunk_at_most(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8

    reading = check(bytes(data), MANY)

    assert len(reading.missing) <= 1
    assert reading.verdict == ("damaged" if reading.missing else "intact")


@given(st.integers(0, len(FILE) // SECTOR))
@settings(max_examples=80, deadline=None)
def test_a_lost_sector_costs_the_chunks_that_lie_on_it_alone(sector: int) -> None:
    data = bytearray(FILE)
    lost = slice(sector * SECTOR, min(len(data), (sector + 1) * SECTOR))
    data[lost] = bytes(lost.stop - lost.start)

    reading = check(bytes(data), MANY)

    assert reading.verdict in ("damaged", "intact")
    assert len(reading.missing) <= 2
    assert len(reading.items) >= len(MANY) - 2 * 60


def test_chunks_in_another_order_are_put_right() -> None:
    blocks = split(FILE)
    chance = random.Random(3)
    for _ in range(10):
        chance.shuffle(blocks)
        assert opened(b"".join(blocks)).verdict == "intact"
        check(b"".join(blocks), MANY)


def test_of_two_bundles_in_one_file_one_is_read_and_nothing_is_mixed() -> None:
    fewer = messages(200, seed=6)
    other = written(fewer, b"g" * 32)

    for data in (FILE + other, other + FILE, FILE + b"\0" * 999 + other):
        reading = opened(data)
        assert list(reading.items) == MANY
        assert (reading.verdict, reading.marred) == ("intact", True)


def test_the_sheet_of_another_bundle_brings_no_wrong_item() -> None:
    other = written(messages(250, seed=6), b"g" * 32)
    sheet, theirs = split(FILE)[0], split(other)[0]

    assert list(opened(theirs + FILE[len(sheet) :]).items) == MANY
    middle = b"".join(split(FILE)[1:-1])
    both = opened(theirs + middle + theirs)
    assert (both.verdict, both.items) == ("damaged", ())


def test_a_chunk_of_another_bundle_in_its_place_is_a_lost_chunk() -> None:
    ours, theirs = split(FILE), split(written(MANY, b"g" * 32))
    ours[2] = theirs[2]

    reading = check(b"".join(ours), MANY)

    assert (reading.verdict, reading.missing) == ("damaged", (1,))


def test_the_numbers_of_lost_chunks_are_told_and_where_the_gap_begins() -> None:
    blocks = split(FILE)
    blocks[3] = bytes(len(blocks[3]))
    blocks[5] = bytes(len(blocks[5]))

    reading = check(b"".join(blocks), MANY)

    assert (reading.verdict, reading.missing, reading.chunks) == ("damaged", (2, 4), len(blocks) - 2)
    assert 0 < reading.sound < len(reading.items) < len(MANY)


def test_a_bundle_for_another_reader_or_of_nobody_known_is_foreign() -> None:
    assert opened(FILE, OTHER).verdict == "foreign"
    nobody = read(FILE, private=AGENCY, key_of=lambda _header: None)
    assert (nobody.verdict, nobody.header, nobody.items) == ("foreign", HEADER, ())


def test_a_bundle_that_somebody_else_signed_is_refused() -> None:
    forged = write(HEADER, MANY[:3], private=OTHER, to=box_key(AGENCY), fresh=b"f" * 32)

    reading = opened(forged)

    assert (reading.verdict, reading.items) == ("bad_signature", ())


def test_a_changed_header_under_the_old_signature_is_refused() -> None:
    sheet = next(blocks_in(FILE))
    changed = sheet.content.replace(b'"serial":7', b'"serial":9')
    from engine.protocol.blocks import SHEET, block

    again = block(SHEET, sheet.bundle, 0, changed)

    assert opened(again + b"".join(split(FILE)[1:-1]) + again).verdict == "bad_signature"


def test_a_newer_format_is_told_from_damage() -> None:
    import struct
    import zlib

    head = struct.pack(">8sBB16sII", MARK, 2, 0, b"i" * 16, 0, 4)
    newer = head + struct.pack(">I", zlib.crc32(b"what", zlib.crc32(head))) + b"what"

    assert opened(newer).verdict == "newer_format"
    assert peek(newer) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 a zip file", bytes(SECTOR), b"\x89PNG\r\n\x1a\n" * 9])
def test_another_file_is_no_bundle(data: bytes) -> None:
    assert opened(data).verdict == "not_a_bundle"
    assert peek(data) is None


@given(st.binary(max_size=3000), st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_noise_is_never_an_exception(noise: bytes, marks: int) -> None:
    for data in (MARK * marks + noise, noise + MARK + noise, FILE[:200] + noise):
        assert opened(data).items == ()


def test_a_file_of_nothing_but_marks_is_given_up_soon() -> None:
    began = time.perf_counter()

    assert opened(MARK * 2_000_000).verdict in ("cut", "damaged")
    assert time.perf_counter() - began < 5


def test_a_chunk_that_swells_without_end_is_a_lost_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_PLAIN", 40 * 1024 * 1024)
    swollen = written([Item("message", bytes(30 * 1024 * 1024))])
    assert len(swollen) < 64 * 1024

    reading = opened(swollen)

    assert (reading.verdict, reading.missing, reading.items) == ("damaged", (0,), ())


def test_an_item_that_claims_parts_without_end_is_left_out() -> None:
    from engine.protocol.bundle import _joined, _Piece

    endless = _Piece(0, 0, 2**60, "message", "", b"x")

    assert _joined([[endless, _Piece(1, 0, 1, "message", "", b"y")]]) == (Item("message", b"y"),)


def test_the_file_shows_its_sender_and_nothing_of_its_messages() -> None:
    secret = Item("message", b'{"psn_name":"SOMEBODY"}' * 50)
    data = written([secret])

    assert peek(data) == HEADER
    assert b"SOMEBODY" not in data
    assert b"psn_name" not in data


def test_a_sealed_part_opens_under_its_own_number_and_purpose_alone() -> None:
    ours, theirs = Seal(TILL, box_key(AGENCY), b"one"), Seal(AGENCY, box_key(TILL), b"one")
    sealed = ours.close(3, b"plain", b"about")

    assert theirs.open(3, sealed, b"about") == b"plain"
    assert theirs.open(4, sealed, b"about") is None
    assert theirs.open(3, sealed, b"other") is None
    assert Seal(AGENCY, box_key(TILL), b"two").open(3, sealed, b"about") is None
    assert Seal(OTHER, box_key(TILL), b"one").open(3, sealed, b"about") is None


def test_ten_thousand_messages_are_packed_and_opened_in_seconds() -> None:
    row = {"name": "苯磺酸氨氯地平片", "code": "XC08CAA189A001010100001", "count": 1.0, "sumamt": 12.30}
    body = msgspec.json.encode({"input": [row] * 16})
    items = [Item("message", body + str(n).encode(), f"P330681000012026112210{n:08d}") for n in range(10_000)]
    assert sum(len(item.body) for item in items) > 15_000_000
    began = time.perf_counter()

    data = written(items)
    reading = opened(data)

    assert list(reading.items) == items
    assert time.perf_counter() - began < 8


def split(data: bytes) -> list[bytes]:
    """Return the file's blocks, each with its frame."""
    parts, place = [], 0
    for each in blocks_in(data):
        size = AROUND + len(each.content)
        parts.append(data[place : place + size])
        place += size
    assert b"".join(parts) == data
    return parts
