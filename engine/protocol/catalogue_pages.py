"""The agency's catalogue as a platform tells it: 1301's file, and the pages of 1312, 1316, 1318 and 1319."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from engine.protocol.catalogue_rows import ListProfile, PageKind, Rows, rows_of
from engine.protocol.wire import decode, encode

PAGES: tuple[PageKind, ...] = ("1312", "1316", "1318", "1319")
DOWNLOAD = "1301"
PAGE_SIZE = 500
_STAMP = (2000, 1, 1, 0, 0, 0)


class Page(Struct, frozen=True, kw_only=True):
    """One page as read, and where it stands among ``last`` pages with ``records`` rows in all."""

    number: int
    last: int
    records: int
    rows: Rows


class PageRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of a request for a page: everything changed on or after ``updt_time``."""

    updt_time: date
    page_num: Annotated[int, Meta(ge=1, le=1_000_000)]
    page_size: Annotated[int, Meta(ge=1, le=5_000)] = PAGE_SIZE
    insu_admdvs: str = ""


class _PageIn(Struct, frozen=True):
    data: PageRequest


class _VersionData(Struct, frozen=True):
    ver: str = "0"


class _VersionIn(Struct, frozen=True):
    data: _VersionData


class FileOffered(Struct, frozen=True, kw_only=True):
    """The answer to 1301: the file to fetch by 9102, and how many rows are in it."""

    file_qury_no: str
    filename: str
    dld_end_time: str
    data_cnt: int


def page_input(updated: date, number: int, size: int = PAGE_SIZE) -> str:
    """Return the ``input`` that asks for a page."""
    return encode(_PageIn(PageRequest(updt_time=updated, page_num=number, page_size=size)))


def read_page_request(raw: Raw) -> PageRequest:
    """Return a request for a page as read; raise ProtocolError."""
    return decode(_PageIn, raw, "交易输入 input").data


def version_input(version: str) -> str:
    """Return the ``input`` of a 1301."""
    return encode(_VersionIn(_VersionData(version)))


def read_version(raw: Raw) -> str:
    """Return from which version on a 1301 wants to hear; raise ProtocolError."""
    return decode(_VersionIn, raw, "交易输入 input").data.ver


def offered_output(file: FileOffered) -> str:
    """Return the ``output`` of a 1301."""
    return encode(file)


def read_offered(raw: Raw) -> FileOffered:
    """Return what a 1301 offers; raise ProtocolError."""
    return decode(FileOffered, raw, "目录下载应答")


def page_output(rows: Sequence[Mapping[str, Any]], request: PageRequest, records: int) -> str:
    """Return the ``output`` of a page."""
    pages = max(1, -(-records // request.page_size))
    start = (request.page_num - 1) * request.page_size
    return encode(
        {
            "firstPage": request.page_num == 1,
            "lastPage": request.page_num >= pages,
            "size": len(rows),
            "startRow": start + 1 if rows else 0,
            "pageSize": request.page_size,
            "pageNum": request.page_num,
            "recordCounts": records,
            "pages": pages,
            "data": rows,
        }
    )


def catalogue_file(rows: Iterable[Mapping[str, str]], profile: ListProfile) -> bytes:
    """Return 1301's file: a zip with one text of tabs, columns in the profile's order, without a heading."""
    text = "\n".join("\t".join(_cell(row.get(name, "")) for name in profile.columns) for row in rows)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("1301.txt", _STAMP), text.encode(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read_page(raw: Raw, kind: PageKind, profile: ListProfile) -> Page:
    """Return a page, each row read for itself; raise ProtocolError for what is no page."""
    told = decode(_PageOut, raw, "目录查询应答")
    return Page(
        number=told.pageNum,
        last=told.pages,
        records=told.recordCounts,
        rows=rows_of(told.data, kind, profile),
    )


class _PageOut(Struct, frozen=True):
    data: list[dict[str, Any]]
    pageNum: int = 1
    pages: int = 1
    recordCounts: int = 0


def _cell(text: str) -> str:
    return text.replace("\t", " ").replace("\r", " ").replace("\n", " ")
