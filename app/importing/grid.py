"""A file as rows of cells with their line numbers, whatever it is: workbook, CSV, TSV, zipped text, JSON."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from app.importing.errors import FileUnreadable

LARGEST = 1024 * 1024 * 1024
BATCH = 4_096
_ZIP, _OLD_EXCEL = b"PK", b"\xd0\xcf\x11\xe0"
_WORKBOOK_PARTS = ("[Content_Types].xml", "mimetype", "xl/workbook.xml")
_DELIMITERS = ("\t", ",", ";", "|")
_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""All that the library says of a zip that is cut, overwritten or locked."""
_PROBED = 65_536
_DECLARED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
Cells = Sequence[Any]


class Batch(Struct):
    """Rows that follow each other, each with the number of the line that it begins on in the file."""

    lines: list[int]
    rows: list[Cells]


class Grid:
    """The rows of one sheet; ``total`` is about how many there are. May be read again and again.

    ``sheet`` is what a workbook calls it.
    """

    def __init__(self, name: str, total: int, sheet: str = "") -> None:
        self.name, self.total, self.sheet = name, total, sheet
        self._head: Batch | None = None

    def batches(self) -> Iterator[Batch]:
        """Yield all rows in order, blank ones left out."""
        raise NotImplementedError

    def head(self, count: int = 60) -> Batch:
        """Return the first rows."""
        if self._head is None:
            self._head = next(iter(self.batches()), Batch([], []))
        return Batch(self._head.lines[:count], self._head.rows[:count])


class TextGrid(Grid):
    """Rows of separated text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text.count("\n") + (not text.endswith("\n")))
        self._text = text
        self.delimiter = _delimiter(text[:_PROBED])

    def batches(self) -> Iterator[Batch]:
        reader = self._reader()
        line = 1
        while True:
            try:
                rows: list[Cells] = list(islice(reader, BATCH))
            except csv.Error as error:
                why = f"第 {self._broken_line()} 行起的引号没有配对，或一格太长。"
                raise FileUnreadable(name=self.name, why=why) from error
            if not rows:
                return
            lines, line = _lines(rows, line, reader.line_num + 1), reader.line_num + 1
            if all(map(any, rows)):
                yield Batch(lines, rows)
                continue
            said = [(at, row) for at, row in zip(lines, rows, strict=True) if any(row)]
            if said:
                yield Batch([at for at, _ in said], [row for _, row in said])

    def _reader(self) -> Any:
        """Return a reader from the beginning; a mark without its other half is refused, not read over.

        Read over, it would swallow the rows that follow as one cell. Tabs separate what never holds one, so
        a quotation mark beside them is a letter like any other.
        """
        lettered = io.StringIO(self._text, newline="")
        if self.delimiter == "\t":
            return csv.reader(lettered, delimiter="\t", quoting=csv.QUOTE_NONE)
        return csv.reader(lettered, delimiter=self.delimiter, strict=True)

    def _broken_line(self) -> int:
        """Return the line that the row begins on which cannot be read."""
        reader = self._reader()
        line = 1
        with suppress(csv.Error):
            for _row in reader:
                line = reader.line_num + 1
        return line


class SheetGrid(Grid):
    """Rows of a workbook's sheet; merged cells hold their value in each of their places."""

    def __init__(self, name: str, sheet: Any) -> None:
        super().__init__(name, sheet.height, sheet.name)
        self._sheet = sheet
        self._merged = _merged(sheet)

    def batches(self) -> Iterator[Batch]:
        lines: list[int] = []
        rows: list[Cells] = []
        held: dict[tuple[int, int], Any] = {}
        for line, row in enumerate(self._sheet.iter_rows(), 1):
            cells: Cells = self._filled(line, row, held) if self._merged else row
            if not _is_blank(cells):
                lines.append(line)
                rows.append(cells)
            if len(rows) == BATCH:
                yield Batch(lines, rows)
                lines, rows = [], []
        if rows:
            yield Batch(lines, rows)

    def _filled(self, line: int, row: Cells, held: dict[tuple[int, int], Any]) -> Cells:
        merged = self._merged.get(line)
        if merged is None:
            return row
        cells = list(row)
        for column, begin in merged:
            if column >= len(cells):
                continue
            if begin == (line, column):
                held[begin] = cells[column]
            else:
                cells[column] = held.get(begin, "")
        return cells


def read_bytes(path: Path) -> bytes:
    """Return a file's content; raise FileUnreadable."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise FileUnreadable(name=path.name, why="文件超过 1 GB，不像是一份目录。")
        if not size:
            raise FileUnreadable(name=path.name, why="文件是空的。")
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(name=path.name, why="没有这个文件，或没有读它的权限。") from error


def open_grids(name: str, content: bytes) -> list[Grid]:
    """Return the sheets of a file that hold anything; raise FileUnreadable for what is none."""
    if content.startswith(_OLD_EXCEL):
        return _workbook(name, content)
    if content.startswith(_ZIP):
        inside = _zipped(name, content)
        return _workbook(name, content) if inside is None else [TextGrid(name, text_of_bytes(name, inside))]
    return [TextGrid(name, text_of_bytes(name, content))]


def text_of_bytes(name: str, content: bytes) -> str:
    """Return text in UTF-8, UTF-8 or UTF-16 with a mark, or GB18030; raise FileUnreadable for any other.

    What is sound UTF-8 beyond ASCII is never GB18030 by accident: its continuation bytes give it away.
    """
    for mark, encoding in _DECLARED:
        if content.startswith(mark):
            return _decoded(name, content, encoding)
    if b"\x00" in content[:_PROBED]:
        raise FileUnreadable(name=name, why="它不是文本，也不是工作簿。")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(content) - 3 and not content[: error.start].isascii():
            raise FileUnreadable(name=name, why="文件在一个字的中间断了，没有存完整。") from error
    return _decoded(name, content, "gb18030")


def _decoded(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileUnreadable(name=name, why="认不出文字编码，请另存为 UTF-8 或 GB18030。") from error


def _zipped(name: str, content: bytes) -> bytes | None:
    """Return the one text in a zip; None where the zip is a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [each for each in archive.infolist() if not each.is_dir()]
            if any(each.filename in _WORKBOOK_PARTS for each in names):
                return None
            if len(names) != 1:
                raise FileUnreadable(name=name, why=f"压缩包里有 {len(names)} 个文件，应当只有一个。")
            if names[0].file_size > LARGEST:
                raise FileUnreadable(name=name, why="解开后超过 1 GB，不像是一份目录。")
            return archive.read(names[0])
    except _BROKEN_ZIP as error:
        raise FileUnreadable(name=name, why="压缩包不完整或加了密码。") from error


def _workbook(name: str, content: bytes) -> list[Grid]:
    from python_calamine import CalamineError, load_workbook  # noqa: PLC0415 - heavy, for workbooks only

    try:
        book = load_workbook(io.BytesIO(content))
        sheets = [book.get_sheet_by_index(place) for place in range(len(book.sheet_names))]
    except (CalamineError, ValueError, OSError) as error:
        raise FileUnreadable(name=name, why="工作簿不完整、加了密码，或不是表格文件。") from error
    grids: list[Grid] = [SheetGrid(name, sheet) for sheet in sheets if sheet.height]
    if not grids:
        raise FileUnreadable(name=name, why="工作簿里没有内容。")
    return grids


def _merged(sheet: Any) -> dict[int, list[tuple[int, tuple[int, int]]]]:
    """Return for each line its merged columns, each with the place where the value stands."""
    found: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    first_column = sheet.start[1] if sheet.start else 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        begin = (top + 1, left - first_column)
        for row in range(top, bottom + 1):
            columns = range(left - first_column, right - first_column + 1)
            found.setdefault(row + 1, []).extend((column, begin) for column in columns)
    return found


def _is_blank(cells: Cells) -> bool:
    return not any(cell != "" and cell is not None and str(cell).strip() for cell in cells)


def _lines(rows: Sequence[Cells], first: int, after: int) -> list[int]:
    """Return the line that each row begins on, from ``first`` to ``after``; a cell may hold line breaks."""
    if after - first == len(rows):
        return list(range(first, after))
    lines = []
    for row in rows:
        lines.append(first)
        first += 1 + sum(_breaks(cell) for cell in row)
    return lines


def _breaks(cell: str) -> int:
    return cell.count("\n") + cell.count("\r") - cell.count("\r\n")


def _delimiter(text: str) -> str:
    """Return what separates the cells: what most lines hold, tabs before commas."""
    lines = [line for line in text.splitlines() if line.strip()][:20]
    counts = {mark: sum(mark in line for line in lines) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: (counts[mark], sum(line.count(mark) for line in lines)))
    return best if counts[best] else ","
