"""Bundles (``.syb``): what would go by wire goes by hand, on a stick, between one till and the agency.

A file is a signed sheet, the chunks, and the sheet again. The sheet names the sender, the sender's own serial
and every chunk by its digest; it is readable by anybody and tells nothing about people. The chunks are sealed
to the reader, each for itself, so that a bad sector costs the chunks that lie on it and no other; what was in
those is asked for again, because nothing is taken as delivered without the other side's own answer.
Nothing here raises for a bad file: ``read`` says what became of it, and returns no item that nobody wrote.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from engine.protocol import signing
from engine.protocol.blocks import AROUND, CHUNK, FORMAT, ID_LENGTH, MARK, SHEET, Block, block, blocks_in
from engine.protocol.sealing import Seal, box_key
from engine.protocol.wire import LARGEST_NUMBER, encode

Kind = Literal["message", "answer", "news", "trip", "catalogue"]
"""``message``: a whole signed envelope. ``answer``: a whole envelope, ``ref`` is the msgid that it answers.
``news``: the output of an SY04, ``ref`` is the ``place_of`` what it follows. ``trip``: the output of an SY05,
``ref`` is its msgid. ``catalogue``: a page of the catalogue, ``ref`` as for news."""

Verdict = Literal[
    "intact", "cut", "damaged", "foreign", "bad_signature", "newer_format", "not_a_bundle"
]  # intact, cut and damaged come with what could be read; the others with nothing.

_PURPOSE = b"shanyao bundle 1"
_PLAIN = 56 * 1024  # Bodies in a chunk before they are compressed; what cannot be compressed still fits.
_INFLATED = 128 * 1024
_AROUND_PIECE = 128
_SIGNATURE = 88  # Base64 of an Ed25519 signature.


_Count = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]


class Header(Struct, frozen=True, kw_only=True):
    """Who wrote a bundle for whom, and which one it is.

    ``up`` goes from the till to the agency, ``down`` back. ``serial`` grows with each bundle that a till
    makes; a bundle down bears the serial of the one that it answers. ``cursor`` and ``mailbox`` are the
    till's place in the news (SY04): up, how far it has read; down, how far it has once it took what the
    bundle brings.
    """

    direction: Literal["up", "down"]
    provider: str
    till: str
    epoch: Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)]
    serial: _Count
    made_at: datetime
    cursor: _Count = 0
    mailbox: _Count = 0
    format: int = FORMAT


class Item(Struct, frozen=True):
    """One thing that a bundle carries; ``body`` is JSON."""

    kind: Kind
    body: bytes
    ref: str = ""


class Reading(Struct, frozen=True, kw_only=True):
    """What could be read of a bundle.

    ``missing`` are the numbers (from 0) of the chunks that are lost, of ``chunks``; the first ``sound`` items
    have no lost one before or between them. ``marred``: the file is not as it was written, though perhaps
    nothing is lost.
    """

    verdict: Verdict
    header: Header | None = None
    items: tuple[Item, ...] = ()
    missing: tuple[int, ...] = ()
    chunks: int = 0
    sound: int = 0
    marred: bool = False


class _Sheet(Struct, frozen=True, kw_only=True):
    header: Header
    bundle_key: str  # The public key made for this bundle alone.
    reader: str  # The box key that it is sealed to.
    chunks: tuple[tuple[int, str], ...]  # Length and SHA-256 of each sealed chunk.


class _Piece(Struct, frozen=True, array_like=True):
    """A part of item ``place``: ``part`` of ``parts``."""

    place: int
    part: int
    parts: int
    kind: Kind
    ref: str
    body: bytes


class _Candidate(Struct, frozen=True, kw_only=True):
    sheet: _Sheet
    bundle: bytes
    size: int
    content: bytes


_CHUNK = msgspec.msgpack.Decoder(tuple[_Piece, ...])


def write(header: Header, items: Iterable[Item], *, private: bytes, to: bytes, fresh: bytes) -> bytes:
    """Return the bundle's file, signed with ``private`` and sealed to the box key ``to``.

    ``fresh`` are 32 random bytes that are used for this one bundle.
    """
    seal, key = Seal(fresh, to, _PURPOSE), box_key(fresh)
    bundle = _bundle_id(key)
    sealed = [
        seal.close(number, zlib.compress(msgspec.msgpack.encode(pieces)), bundle)
        for number, pieces in enumerate(_packed(items))
    ]
    sheet = encode(
        _Sheet(
            header=header,
            bundle_key=signing.to_text(key),
            reader=signing.to_text(to),
            chunks=tuple((len(each), hashlib.sha256(each).hexdigest()) for each in sealed),
        )
    )
    signed = block(SHEET, bundle, 0, (signing.sign(private, _said(sheet)) + sheet).encode())
    chunks = (block(CHUNK, bundle, number, each) for number, each in enumerate(sealed))
    return b"".join((signed, *chunks, signed))


def read(data: bytes, *, private: bytes, key_of: Callable[[Header], bytes | None]) -> Reading:
    """Return what could be read of a file with the reader's box key ``private``.

    ``key_of`` returns the key with which whoever the header names signs; None for one that is not known, or
    whose bundles are not for this reader: the verdict is foreign then.
    """
    found = tuple(blocks_in(data))
    candidates = _candidates(found)
    if not candidates:
        return Reading(verdict=_without_sheet(data, found), marred=True)
    sheet = _fullest(candidates, found)
    refused = _refused(sheet, box_key(private), key_of)
    if refused is not None:
        return Reading(verdict=refused, header=sheet.sheet.header, chunks=len(sheet.sheet.chunks))
    return _reading(sheet, _contents(sheet, found, private), len(data))


def look(data: bytes) -> Reading:
    """Return how much of a file is there, and its header, unproven, as anybody may see it without a key."""
    found = tuple(blocks_in(data))
    candidates = _candidates(found)
    if not candidates:
        return Reading(verdict=_without_sheet(data, found), marred=True)
    sheet = _fullest(candidates, found)
    return _reading(sheet, {number: () for number in _chunks_of(sheet, found)}, len(data))


def peek(data: bytes) -> Header | None:
    """Return the header of a file, unproven; None where there is none to be found."""
    return look(data).header


def place_of(cursor: int, mailbox: int) -> str:
    """Return how a till's place in the news is written in an item's ``ref``."""
    return f"{cursor}.{mailbox}"


def follows(ref: str, cursor: int, mailbox: int) -> bool:
    """Tell whether news with ``ref`` leaves nothing out for a till at ``cursor`` and ``mailbox``."""
    parts = ref.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return False
    return int(parts[0]) <= cursor and int(parts[1]) <= mailbox


def _said(sheet: str) -> str:
    return f"bundle\n{sheet}"


def _bundle_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:ID_LENGTH]


def _packed(items: Iterable[Item]) -> Iterator[list[_Piece]]:
    """Yield the items in chunks, in order; an item that is too large for one is cut into pieces."""
    waiting: list[_Piece] = []
    size = 0
    for piece in chain.from_iterable(_pieces(place, item) for place, item in enumerate(items)):
        more = len(piece.body) + len(piece.ref) + _AROUND_PIECE
        if waiting and size + more > _PLAIN:
            yield waiting
            waiting, size = [], 0
        waiting.append(piece)
        size += more
    if waiting:
        yield waiting


def _pieces(place: int, item: Item) -> Iterator[_Piece]:
    longest = _PLAIN - _AROUND_PIECE
    parts = max(1, -(-len(item.body) // longest))
    for part in range(parts):
        body = item.body[part * longest : (part + 1) * longest]
        yield _Piece(place, part, parts, item.kind, item.ref, body)


def _candidates(found: Sequence[Block]) -> list[_Candidate]:
    """Return the different sheets among the blocks, in the order in which they lie."""
    sheets: dict[bytes, _Candidate] = {}
    for each in found:
        if each.kind == SHEET and each.format == FORMAT and each.content not in sheets:
            sheet = _sheet_of(each)
            if sheet is not None:
                sheets[each.content] = sheet
    return list(sheets.values())


def _sheet_of(found: Block) -> _Candidate | None:
    try:
        sheet = msgspec.json.decode(found.content[_SIGNATURE:], type=_Sheet)
        key = signing.from_text(sheet.bundle_key)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if sheet.header.made_at.tzinfo is None or _bundle_id(key) != found.bundle:
        return None
    size = sum(AROUND + length for length, _digest in sheet.chunks) + 2 * (AROUND + len(found.content))
    return _Candidate(sheet=sheet, bundle=found.bundle, size=size, content=found.content)


def _without_sheet(data: bytes, found: Sequence[Block]) -> Verdict:
    if any(each.format > FORMAT for each in found):
        return "newer_format"
    if data and (MARK.startswith(data) or (data.startswith(MARK) and not found)):
        return "cut"
    return "damaged" if found or MARK in data else "not_a_bundle"


def _fullest(candidates: Sequence[_Candidate], found: Sequence[Block]) -> _Candidate:
    """Return the sheet of which the most chunks are there: a file may bear the sheet of another one."""
    return max(candidates, key=lambda each: len(_chunks_of(each, found)))


def _chunks_of(sheet: _Candidate, found: Sequence[Block]) -> dict[int, bytes]:
    """Return the chunks that are there to the letter as the sheet names them, by number."""
    named = sheet.sheet.chunks
    return {
        each.number: each.content
        for each in found
        if each.kind == CHUNK
        and each.bundle == sheet.bundle
        and each.number < len(named)
        and named[each.number] == (len(each.content), hashlib.sha256(each.content).hexdigest())
    }


def _refused(
    candidate: _Candidate, reader: bytes, key_of: Callable[[Header], bytes | None]
) -> Verdict | None:
    sheet = candidate.sheet
    if sheet.header.format > FORMAT:
        return "newer_format"
    key = key_of(sheet.header)
    if key is None or sheet.reader != signing.to_text(reader):
        return "foreign"
    signature, said = candidate.content[:_SIGNATURE], candidate.content[_SIGNATURE:]
    good = signing.verify(
        key, _said(said.decode(errors="replace")), signature.decode("ascii", errors="replace")
    )
    return None if good else "bad_signature"


def _reading(sheet: _Candidate, opened: Mapping[int, Sequence[_Piece]], size: int) -> Reading:
    count = len(sheet.sheet.chunks)
    missing = tuple(number for number in range(count) if number not in opened)
    before = missing[0] if missing else count
    return Reading(
        verdict=_verdict(missing, count, size < sheet.size),
        header=sheet.sheet.header,
        items=_joined(opened[number] for number in sorted(opened)),
        missing=missing,
        chunks=count,
        sound=len(_joined(opened[number] for number in range(before))),
        marred=size != sheet.size or bool(missing),
    )


def _contents(sheet: _Candidate, found: Sequence[Block], private: bytes) -> dict[int, tuple[_Piece, ...]]:
    """Return what the chunks that are there hold, by number."""
    try:
        seal = Seal(private, signing.from_text(sheet.sheet.bundle_key), _PURPOSE)
    except ValueError:  # A key that no honest writer makes: nothing in the file can be opened.
        return {}
    return {
        number: pieces
        for number, content in _chunks_of(sheet, found).items()
        if (pieces := _unpacked(seal.open(number, content, sheet.bundle))) is not None
    }


def _verdict(missing: Sequence[int], count: int, short: bool) -> Verdict:
    if not missing:
        return "intact"
    to_the_end = list(missing) == list(range(missing[0], count))
    return "cut" if short and to_the_end else "damaged"


def _unpacked(plain: bytes | None) -> tuple[_Piece, ...] | None:
    """Return the pieces in a chunk; None for what no writer of ours made, however it was sealed."""
    if plain is None:
        return None
    inflate = zlib.decompressobj()
    try:
        inflated = inflate.decompress(plain, _INFLATED)
        return _CHUNK.decode(inflated) if inflate.eof else None
    except (zlib.error, msgspec.DecodeError):
        return None


def _joined(chunks: Iterable[Sequence[_Piece]]) -> tuple[Item, ...]:
    """Return the items of which every piece is there, in order."""
    parts: dict[int, list[_Piece]] = {}
    for piece in chain.from_iterable(chunks):
        parts.setdefault(piece.place, []).append(piece)
    return tuple(
        Item(pieces[0].kind, b"".join(piece.body for piece in pieces), pieces[0].ref)
        for _place, pieces in sorted(parts.items())
        if len(pieces) == pieces[0].parts and [each.part for each in pieces] == list(range(len(pieces)))
    )
