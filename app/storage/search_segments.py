"""Segments of the drugs' index as the catalogue's database holds them (engine/search); ``db`` is that one."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby

import msgspec
from msgspec import Struct

from app.storage.connection import Connection
from engine.search.build import Built
from engine.search.codes import Blocks
from engine.search.segment import Segment

FORMAT = 2
"""What the parts look like; a segment of another is not read, but made anew."""
_PLACES, _READINGS, _LENGTHS = "by_code", "readings", "code_lengths"
_BUCKET = 56
"""Codes are hashed to 64 bits; the first eight say in which part their places are."""
_CACHED_BLOCKS = 64


class Version(Struct, frozen=True, kw_only=True):
    """A segment as it stands: its generation, and how many drugs are in it."""

    generation: int
    drugs: int
    format: int


def versions(db: Connection) -> dict[str, Version]:
    """Return the segments that there are."""
    rows = db.execute("SELECT segment, generation, drugs, format FROM search_segment").fetchall()
    return {row[0]: Version(generation=row[1], drugs=row[2], format=row[3]) for row in rows}


def put(db: Connection, name: str, built: Built, codes: list[str], masked: Iterable[int] = ()) -> None:
    """Keep a segment in place of the one of its name; ``codes`` are those of the rows that it was built of.

    ``masked`` are the places of the main segment that it stands for. In the caller's transaction.
    """
    generation = db.execute("SELECT coalesce(max(generation), 0) + 1 FROM search_segment").fetchone()[0]
    drop(db, name)
    db.execute(
        "INSERT INTO search_segment (segment, format, generation, drugs, masked) VALUES (?, ?, ?, ?, ?)",
        (name, FORMAT, generation, len(codes), array("I", masked).tobytes()),
    )
    lengths = msgspec.msgpack.encode(built.lengths)
    db.executemany(
        "INSERT INTO search_part (segment, part, body) VALUES (?, ?, ?)",
        [
            *((name, part, zlib.compress(body, 1)) for part, body in built.parts.items()),
            (name, _LENGTHS, lengths),
            *((name, part, body) for part, body in _places(built.order, codes)),
        ],
    )
    db.executemany(
        "INSERT INTO search_block (segment, number, body) VALUES (?, ?, ?)",
        [(name, number, body) for number, body in enumerate(built.blocks)],
    )
    db.executemany(
        "INSERT INTO search_piece (segment, piece, blocks) VALUES (?, ?, ?)",
        [(name, piece, blocks) for piece, blocks in sorted(built.pieces.items())],
    )


def drop(db: Connection, name: str) -> None:
    """Let go of a segment, in the caller's transaction."""
    for table in ("search_segment", "search_part", "search_block", "search_piece"):
        db.execute(f"DELETE FROM {table} WHERE segment = ?", (name,))


def read(db: Connection, name: str) -> Segment:
    """Return a segment; its codes are read from ``db`` as they are looked for."""

    def part(name_of_part: str) -> bytes:
        body = _part(db, name, name_of_part)
        return zlib.decompress(body) if body else b""

    lengths = msgspec.msgpack.decode(_part(db, name, _LENGTHS), type=frozenset[int])
    count = db.execute("SELECT count(*) FROM search_block WHERE segment = ?", (name,)).fetchone()[0]

    def with_piece(piece: str) -> bytes | None:
        row = db.execute(
            "SELECT blocks FROM search_piece WHERE segment = ? AND piece = ?", (name, piece)
        ).fetchone()
        return row[0] if row else None

    @lru_cache(_CACHED_BLOCKS)
    def text(number: int) -> str:
        row = db.execute(
            "SELECT body FROM search_block WHERE segment = ? AND number = ?", (name, number)
        ).fetchone()
        return zlib.decompress(row[0]).decode()

    segment = Segment(part, Blocks(count=count, lengths=lengths, with_piece=with_piece, text=text))
    db.execute("PRAGMA shrink_memory")  # The pages that it was read from are not read again.
    return segment


def masked(db: Connection, name: str) -> frozenset[int]:
    """Return the places of the main segment that another stands for."""
    row = db.execute("SELECT masked FROM search_segment WHERE segment = ?", (name,)).fetchone()
    return frozenset(array("I", row[0])) if row else frozenset()


def places_of(db: Connection, name: str, codes: Iterable[str]) -> dict[str, int]:
    """Return where in a segment the drugs with national ``codes`` are, those that are in it."""
    wanted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for code in codes:
        hashed = _hash(code)
        wanted[hashed >> _BUCKET].append((hashed, code))
    found = {}
    for bucket, sought in wanted.items():
        body = _part(db, name, f"{_PLACES}.{bucket}")
        count = len(body) // 12
        hashes, places = array("Q", body[: 8 * count]), array("I", body[8 * count :])
        for hashed, code in sought:
            at = bisect_left(hashes, hashed)
            if at < count and hashes[at] == hashed:
                found[code] = places[at]
    return found


def readings(db: Connection, name: str) -> dict[str, str]:
    """Return how single characters were read when a segment was made."""
    body = _part(db, name, _READINGS)
    return msgspec.msgpack.decode(body, type=dict[str, str]) if body else {}


def put_readings(db: Connection, name: str, known: Mapping[str, str]) -> None:
    """Keep how characters are read with a segment: the next drugs are spelled without a dictionary."""
    db.execute(
        "INSERT INTO search_part (segment, part, body) VALUES (?, ?, ?)",
        (name, _READINGS, msgspec.msgpack.encode(dict(known))),
    )


def _part(db: Connection, name: str, part: str) -> bytes:
    row = db.execute("SELECT body FROM search_part WHERE segment = ? AND part = ?", (name, part)).fetchone()
    body: bytes = row[0] if row else b""
    return body


def _places(order: list[int], codes: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield parts that tell places by codes: hashes of codes in order, and their places, in 256 buckets."""
    pairs = sorted((_hash(codes[row]), place) for place, row in enumerate(order))
    for bucket, group in groupby(pairs, key=lambda pair: pair[0] >> _BUCKET):
        hashes, places = zip(*group, strict=True)
        yield f"{_PLACES}.{bucket}", array("Q", hashes).tobytes() + array("I", places).tobytes()


def _hash(code: str) -> int:
    return int.from_bytes(blake2b(code.encode(), digest_size=8).digest(), "little")
