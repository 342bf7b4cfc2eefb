"""Rows from the pages of a damaged SQLite file, without SQLite.

SQLite walks from page to page and stops at the first bad one. Here every page is looked at by
itself (https://www.sqlite.org/fileformat2.html), so that what a page holds does not depend on
others; only long values are followed over their overflow pages. Nothing that is found is to be
trusted: old versions of rows lie about in free pages, and damaged ones look like rows. Whoever
calls checks seals and digests.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from glasswells.store.schema import PAGE_SIZES

TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR = 0x0D, 0x0A, 0x02
FILE_HEADER = 100
"""Bytes before the content of the first page."""
LOG_HEADER, FRAME_HEADER = 32, 24
"""Bytes at the start of a write-ahead log and before each page in it."""
MAX_COLUMNS = 64
MAGIC = b"SQLite format 3\0"
SIZE_IN_FILE, SIZE_IN_LOG = 16, 8
"""Where a file and a log say how large their pages are."""
KINDS = (0x02, 0x05, 0x0A, 0x0D)
"""First bytes of pages of trees."""


class Place(NamedTuple):
    """Where a row is."""

    page: int
    offset: int
    kind: int
    """Of the page."""


class Cell(NamedTuple):
    """A row that has not been read."""

    place: Place
    rowid: int | None
    """None in tables without."""
    columns: int


class Row(NamedTuple):
    """A row, perhaps."""

    rowid: int | None
    values: tuple[Any, ...]
    """Of the types that SQLite has; texts that are no UTF-8 become None."""


class PageFile:
    """A store's file, with the committed pages of its log laid over it."""

    def __init__(self, path: Path) -> None:
        self._size = path.stat().st_size
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b""
        log = path.with_name(path.name + "-wal")
        self._log = log.read_bytes() if log.exists() else b""
        self.page_size = _page_size(self._data, self._log)
        self._frames = _committed_frames(self._log, self.page_size)
        in_file = -(-self._size // self.page_size)
        self.count = max([in_file, *self._frames])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()

    def cells(self) -> Iterator[Cell]:
        """Everything that looks like a row."""
        for number in range(1, self.count + 1):
            page = self._page(number)
            start = FILE_HEADER if number == 1 else 0
            kind = page[start]
            if kind not in (TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR):
                continue
            (n_cells,) = struct.unpack_from(">H", page, start + 3)
            header = 12 if kind == INDEX_INTERIOR else 8
            n_cells = min(n_cells, (self.page_size - start - header) // 2)
            for offset in struct.unpack_from(f">{n_cells}H", page, start + header):
                place = Place(number, offset, kind)
                try:
                    rowid, _, local, _ = self._parts(place)
                    yield Cell(place, rowid, len(_header(local)[0]))
                except (IndexError, ValueError, struct.error):
                    continue

    def row(self, place: Place) -> Row | None:
        """The row at a place; None if it is no row."""
        try:
            rowid, length, local, overflow = self._parts(place)
            return Row(rowid, _decode(self._whole(length, local, overflow)))
        except (IndexError, ValueError, struct.error):
            return None

    def first(self, place: Place) -> Any:
        """The first column of a row, without reading the rest of it."""
        try:
            _, _, local, _ = self._parts(place)
            types, start = _header(local)
            return _value(types[0], local, start)[0]
        except (IndexError, ValueError, struct.error):
            return None

    def _page(self, number: int) -> bytes:
        if number in self._frames:
            start = self._frames[number]
            return self._log[start : start + self.page_size]
        start = (number - 1) * self.page_size
        return self._data[start : start + self.page_size].ljust(self.page_size, b"\0")

    def _parts(self, place: Place) -> tuple[int | None, int, bytes, int]:
        """Row number, length, what is in the page, first page of the rest."""
        page = self._page(place.page)
        offset = place.offset + (4 if place.kind == INDEX_INTERIOR else 0)
        length, offset = _varint(page, offset)
        rowid = None
        if place.kind == TABLE_LEAF:
            rowid, offset = _varint(page, offset)
            limit = self.page_size - 35
        else:
            limit = (self.page_size - 12) * 64 // 255 - 23
        if not 0 < length <= self.count * self.page_size:
            raise ValueError("longer than the file")
        if length <= limit:
            return rowid, length, page[offset : offset + length], 0
        least = (self.page_size - 12) * 32 // 255 - 23
        kept = least + (length - least) % (self.page_size - 4)
        kept = kept if kept <= limit else least
        (overflow,) = struct.unpack_from(">I", page, offset + kept)
        return rowid, length, page[offset : offset + kept], overflow

    def _whole(self, length: int, local: bytes, overflow: int) -> bytes:
        parts, missing = [local], length - len(local)
        while missing > 0:
            if not 1 < overflow <= self.count:
                raise ValueError("a value ends before its length")
            page = self._page(overflow)
            (overflow,) = struct.unpack_from(">I", page)
            parts.append(page[4 : 4 + missing])
            missing -= self.page_size - 4
        return b"".join(parts)


def _page_size(data: mmap.mmap | bytes, log: bytes) -> int:
    """Of a store's file, also where its head is lost.

    Then the log tells. Otherwise pages of a size are those of the file if the places where these
    begin look much more like beginnings than the places between, where only the next smaller ones
    do.
    """
    said = [
        int.from_bytes(data[SIZE_IN_FILE : SIZE_IN_FILE + 2], "big") * (data[:16] == MAGIC),
        int.from_bytes(log[SIZE_IN_LOG : SIZE_IN_LOG + 4], "big"),
    ]
    for size in said:
        if size in PAGE_SIZES:
            return size
    for small, large in reversed(list(pairwise(sorted(PAGE_SIZES)))):
        looks = [data[start] in KINDS for start in range(0, len(data), small)]
        step = large // small
        at, between = looks[::step], [look for k, look in enumerate(looks) if k % step]
        if sum(at) * len(between) > 2 * sum(between) * len(at):
            return large
    return min(PAGE_SIZES)


def _committed_frames(log: bytes, page_size: int) -> dict[int, int]:
    """Where the newest version of each page lies in a log, up to its last commit.

    Frames of earlier rounds, which lie after the end of this one, have other salts.
    """
    salts = log[16:24]
    committed: dict[int, int] = {}
    since: dict[int, int] = {}
    step = FRAME_HEADER + page_size
    for start in range(LOG_HEADER, len(log) - step + 1, step):
        number, size = struct.unpack_from(">II", log, start)
        if log[start + 8 : start + 16] != salts or not number:
            break
        since[number] = start + FRAME_HEADER
        if size:
            committed |= since
            since = {}
    return committed


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for k in range(8):
        byte = data[offset + k]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + k + 1
    return _signed(value << 8 | data[offset + 8]), offset + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _header(record: bytes) -> tuple[list[int], int]:
    """Types of the columns, and where the first value is."""
    size, offset = _varint(record, 0)
    types: list[int] = []
    while offset < size:
        if len(types) == MAX_COLUMNS:
            raise ValueError("too many columns")
        kind, offset = _varint(record, offset)
        types.append(kind)
    if offset != size or not types:
        raise ValueError("no header")
    return types, offset


def _decode(record: bytes) -> tuple[Any, ...]:
    types, offset = _header(record)
    values = []
    for kind in types:
        value, offset = _value(kind, record, offset)
        values.append(value)
    if offset != len(record):
        raise ValueError("values and lengths do not agree")
    return tuple(values)


def _value(kind: int, record: bytes, offset: int) -> tuple[Any, int]:
    sizes = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
    size = sizes[kind] if kind in sizes else (kind - 12) // 2
    data = record[offset : offset + size]
    if kind in (10, 11) or kind < 0 or len(data) != size:
        raise ValueError("no value")
    offset += size
    if kind == 0:
        return None, offset
    if kind < 7:
        return int.from_bytes(data, "big", signed=True), offset
    if kind == 7:
        return struct.unpack(">d", data)[0], offset
    if kind < 10:
        return kind - 8, offset
    if kind % 2 == 0:
        return data, offset
    try:
        return data.decode(), offset
    except UnicodeDecodeError:
        return None, offset
