"""The files of a reconciliation: each side's settlements row by row, and how they compare.

A file is a zip with one text, its columns separated by tabs, without a header (facts, section 1.13).
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.money import Fen
from engine.protocol.wire import ProtocolError, signed_fen, yuan

LARGEST_FILE = 8 * 1024 * 1024
MOST_ROWS = 100_000
_STAMP = (2000, 1, 1, 0, 0, 0)

Difference: TypeAlias = Literal["", "agency_lacks", "shop_lacks", "amounts_differ", "reversed"]
"""Empty where both sides agree."""

REASONS: dict[Difference, str] = {
    "": "",
    "agency_lacks": "医保中心没有这笔结算，请补传原报文后再对账。",
    "shop_lacks": "医保中心有这笔结算，药店没有，请核对收银机的销售记录。",
    "amounts_differ": "两边金额不一致，请按医保中心的金额办理更正。",
    "reversed": "这笔结算只有一边已经撤销，请核对撤销是否送达。",
}


class Detail(Struct, frozen=True, kw_only=True):
    """A shop's own row: one settlement; ``setl_id`` empty where the shop never got an answer."""

    setl_id: str
    mdtrt_id: str
    psn_no: str
    total: Fen
    fund: Fen
    account: Fen = 0
    is_reversed: bool = False
    msgid: str = ""


class Compared(Struct, frozen=True, kw_only=True):
    """A row of the result: how both sides have one settlement. ``msgid`` is good for a 2601."""

    psn_no: str
    mdtrt_id: str
    setl_id: str
    msgid: str
    difference: Difference
    is_reversed: bool
    total: Fen
    fund: Fen

    @property
    def memo(self) -> str:
        """Return the reason in words."""
        return REASONS[self.difference]


def detail_file(rows: Iterable[Detail]) -> bytes:
    """Return a shop's detail file."""
    return _zipped("\n".join(_detail_row(row) for row in rows))


def read_detail_file(content: bytes) -> tuple[Detail, ...]:
    """Return the rows of a shop's detail file; raise ProtocolError for any other file.

    The message id in the last column is ours; a file without it is taken, too.
    """
    return tuple(_read_detail(cells) for cells in _rows(content, (7, 8)))


def compared_file(rows: Iterable[Compared]) -> bytes:
    """Return the result of a 3202 as the file that 9102 gives out."""
    return _zipped("\n".join(_compared_row(row) for row in rows))


def read_compared_file(content: bytes) -> tuple[Compared, ...]:
    """Return the rows of a result; raise ProtocolError for any other file."""
    return tuple(_read_compared(cells) for cells in _rows(content, (9,)))


def compare(ours: Iterable[Detail], theirs: Iterable[Detail]) -> tuple[Compared, ...]:
    """Return how the agency's rows (``ours``) and a shop's (``theirs``) agree, every one once, in order.

    Rows are matched by settlement id, else by message id. One that neither side counts any more agrees.
    """
    known = {row.setl_id: row for row in ours}
    by_message = {row.msgid: row for row in known.values() if row.msgid}
    found, seen = [], set()
    for row in theirs:
        match = known.get(row.setl_id) or by_message.get(row.msgid)
        if match is None or match.setl_id in seen:
            found.append(_compared(row, row, "" if row.is_reversed else "agency_lacks"))
            continue
        seen.add(match.setl_id)
        found.append(_compared(match, row, _difference(match, row)))
    left = [row for row in known.values() if row.setl_id not in seen]
    found += [_compared(row, row, "" if row.is_reversed else "shop_lacks") for row in left]
    return tuple(found)


def _difference(ours: Detail, theirs: Detail) -> Difference:
    if ours.is_reversed != theirs.is_reversed:
        return "reversed"
    same = (ours.total, ours.fund, ours.account) == (theirs.total, theirs.fund, theirs.account)
    return "" if same else "amounts_differ"


def _compared(ours: Detail, theirs: Detail, difference: Difference) -> Compared:
    return Compared(
        psn_no=ours.psn_no,
        mdtrt_id=ours.mdtrt_id,
        setl_id=ours.setl_id,
        msgid=ours.msgid or theirs.msgid,
        difference=difference,
        is_reversed=ours.is_reversed,
        total=ours.total,
        fund=ours.fund,
    )


def _zipped(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed stamp: the same rows make the same file.
        archive.writestr(zipfile.ZipInfo("detail.txt", _STAMP), text.encode(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _rows(content: bytes, columns: tuple[int, ...]) -> list[list[str]]:
    wrong = ProtocolError("对账文件不是规定的压缩文本，请重新生成后上传。", "bad_file")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (inside,) = archive.infolist()
            if inside.file_size > LARGEST_FILE:
                raise wrong
            with archive.open(inside) as opened:
                text = opened.read(LARGEST_FILE + 1).decode()
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        ValueError,
        NotImplementedError,
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise wrong from error
    except RuntimeError as error:  # An encrypted member.
        raise wrong from error
    rows = [line.split("\t") for line in text.splitlines() if line]
    if len(rows) > MOST_ROWS or any(len(row) not in columns for row in rows):
        raise wrong
    return rows


def _detail_row(row: Detail) -> str:
    flag = "1" if row.is_reversed else "0"
    amounts = (str(yuan(each)) for each in (row.total, row.fund, row.account))
    return "\t".join((row.setl_id, row.mdtrt_id, row.psn_no, *amounts, flag, row.msgid))


def _read_detail(cells: list[str]) -> Detail:
    return Detail(
        setl_id=cells[0],
        mdtrt_id=cells[1],
        psn_no=cells[2],
        total=_fen(cells[3]),
        fund=_fen(cells[4]),
        account=_fen(cells[5]),
        is_reversed=cells[6] == "1",
        msgid=cells[7] if len(cells) > 7 else "",
    )


def _compared_row(row: Compared) -> str:
    flag = "1" if row.is_reversed else "0"
    amounts = (str(yuan(row.total)), str(yuan(row.fund)))
    code = row.difference or "matched"
    return "\t".join((row.psn_no, row.mdtrt_id, row.setl_id, row.msgid, code, flag, row.memo, *amounts))


def _read_compared(cells: list[str]) -> Compared:
    code = "" if cells[4] == "matched" else cells[4]
    known: dict[str, Difference] = {each: each for each in REASONS}
    if code not in known:
        raise ProtocolError("对账结果里有无法识别的状态，没有采用。", "bad_file")
    return Compared(
        psn_no=cells[0],
        mdtrt_id=cells[1],
        setl_id=cells[2],
        msgid=cells[3],
        difference=known[code],
        is_reversed=cells[5] == "1",
        total=_fen(cells[7]),
        fund=_fen(cells[8]),
    )


def _fen(text: str) -> Fen:
    try:
        return signed_fen(Decimal(text), "对账文件的金额")
    except InvalidOperation as error:
        raise ProtocolError("对账文件的金额不是数字，请重新生成后上传。", "bad_file") from error
