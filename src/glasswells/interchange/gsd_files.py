"""GSD files of the schema `hoomd`: read by a parser of our own, written by the package gsd.

The layout is that of the file layer of GSD 1.0 to 2.x: a header, an index of chunks, a list of
names. Every offset and size is checked against the file before anything is read or allocated.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.assembly import Diameters, assemble
from glasswells.interchange.optional import require
from glasswells.interchange.text_lines import frame_number

MAGIC = 0x65DF65DF65DF65DF
HEADER = struct.Struct("<QQQQQII64s64s80s")
ENTRY = struct.Struct("<QQqIHBB")
NAME_BYTES = 64
TYPES = dict(
    enumerate(("u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f4", "<f8", "i1"), start=1)
)
"""NumPy types by their number in the index."""
MAX_NAMES_BYTES = 65_536 * NAME_BYTES
"""Names are numbered by 16 bits."""


class _Chunk(NamedTuple):
    """One array of one frame."""

    kind: int
    rows: int
    columns: int
    location: int


def read_gsd(path: Path, frame: int, diameters: Diameters, single_precision: bool) -> Configuration:
    """One frame of a GSD file.

    Raises
    ------
    InputError
        For whatever does not fit, and for positions in single precision unless they are welcome.
    """
    with _GsdReader(path) as reader:
        number = frame_number(path, frame, reader.frames)
        box = reader.array("configuration/box", number, (6,))
        if box[3:].any():
            reader.fail(
                f"the box has tilt factors {box[3:].tolist()}, expected an orthorhombic one: "
                f"convert it before"
            )
        positions = reader.array("particles/position", number, (None, 3))
        n = int(reader.integers("particles/N", number, (1,))[0])
        if len(positions) != n:
            reader.fail(f"particles/N is {n}, but there are {len(positions)} positions")
        sizes = None
        if reader.has("particles/diameter", number):
            sizes = reader.array("particles/diameter", number, (n,))
        if positions.dtype != np.float64 and not single_precision:
            reader.fail(
                "positions are in single precision, expected double: a minimum rounded to 24 bits "
                "is none; pass single_precision=True if that suffices, and minimize again"
            )
        species = _species(reader, number, n)
    return assemble(
        str(path),
        positions.astype(np.float64),
        box[:3].astype(np.float64),
        given=diameters,
        in_file=None if sizes is None else sizes.astype(np.float64),
        species=species,
    )


def write_gsd(configuration: Configuration, path: Path) -> None:
    """One frame in double precision. Positions are kept as they are, also those outside the box."""
    fl = require("gsd.fl", "gsd")
    n = configuration.n_particles
    with fl.open(
        name=str(path),
        mode="w",
        application="glasswells",
        schema="hoomd",
        schema_version=[2, 0],
    ) as file:
        chunks: dict[str, NDArray[Any]] = {
            "configuration/step": np.zeros(1, dtype=np.uint64),
            "configuration/box": np.concatenate([configuration.box, np.zeros(3)]),
            "particles/N": np.array([n], dtype=np.uint32),
            "particles/types": np.frombuffer(b"A\0", dtype=np.int8).reshape(1, 2),
            "particles/typeid": np.zeros(n, dtype=np.uint32),
            "particles/diameter": configuration.diameters,
            "particles/position": configuration.positions,
        }
        for name, data in chunks.items():
            file.write_chunk(name, np.array(data))
        file.end_frame()


class _GsdReader:
    """The chunks of a GSD file by frame and name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
            self._size = path.stat().st_size
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}): check the name") from None
        try:
            self._read_index()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> _GsdReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fail(self, message: str) -> NoReturn:
        """Raise `InputError` about this file."""
        raise InputError(f"{self.path}: {message}")

    def has(self, name: str, frame: int) -> bool:
        """Whether the frame, or else the first one, has the chunk."""
        return self._chunk(name, frame) is not None

    def array(self, name: str, frame: int, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """The chunk of the frame; as the format says, that of the first frame if it has none."""
        chunk = self._chunk(name, frame)
        if chunk is None:
            self.fail(f"frame {frame} has no {name}, expected particles in a box")
        found = (chunk.rows,) if chunk.columns == 1 and len(shape) == 1 else chunk[1:3]
        if len(found) != len(shape) or any(
            n is not None and n != m for n, m in zip(shape, found, strict=True)
        ):
            expected = tuple("N" if n is None else n for n in shape)
            self.fail(f"{name} has shape {found}, expected {expected}")
        dtype = np.dtype(TYPES[chunk.kind])
        data = self._bytes(chunk.location, chunk.rows * chunk.columns * dtype.itemsize, name)
        return np.frombuffer(data, dtype=dtype).reshape(found)

    def integers(self, name: str, frame: int, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """The same of a chunk that must hold integers."""
        found = self.array(name, frame, shape)
        if found.dtype.kind not in "iu":
            self.fail(f"{name} has the type {found.dtype}, expected integers: it is damaged")
        return found

    def _chunk(self, name: str, frame: int) -> _Chunk | None:
        return self._chunks.get((frame, name)) or self._chunks.get((0, name))

    def _read_index(self) -> None:
        fields = HEADER.unpack(self._bytes(0, HEADER.size, "the header"))
        magic, index_at, index_room, names_at, names_room, schema_version, version = fields[:7]
        schema = fields[8].partition(b"\0")[0]
        if magic != MAGIC or not 1 << 16 <= version < 3 << 16:
            self.fail("is no GSD file of version 1 or 2")
        if schema != b"hoomd" or not 1 << 16 <= schema_version < 3 << 16:
            self.fail(f"has the schema {schema[:64]!r}, expected hoomd of version 1 or 2")
        if names_room * NAME_BYTES > MAX_NAMES_BYTES:
            self.fail("has more names than a GSD file can: it is damaged")
        names = self._names(self._bytes(names_at, names_room * NAME_BYTES, "names"), version)
        index = self._bytes(index_at, index_room * ENTRY.size, "the index")
        self._chunks: dict[tuple[int, str], _Chunk] = {}
        self.frames = 0
        for entry in ENTRY.iter_unpack(index):
            frame, rows, location, columns, name, kind, flags = entry
            if location == 0:
                break
            if (
                name >= len(names)
                or kind not in TYPES
                or columns == 0
                or flags
                or (frame >= index_room)
            ):
                self.fail(f"has a bad entry in its index ({entry}): it is damaged")
            self._chunks[frame, names[name]] = _Chunk(kind, rows, columns, location)
            self.frames = max(self.frames, frame + 1)

    def _names(self, data: bytes, version: int) -> list[str]:
        if version < 2 << 16:  # fields of fixed width
            parts = [data[k : k + NAME_BYTES] for k in range(0, len(data), NAME_BYTES)]
            raw = [part.partition(b"\0")[0] for part in parts]
        else:
            raw = data.split(b"\0")
        return [name.decode("utf-8", "replace") for name in raw if name]

    def _bytes(self, start: int, size: int, what: str) -> bytes:
        if start < 0 or size < 0 or start + size > self._size:
            self.fail(
                f"says that {what} has {size} bytes at {start}, but the file has {self._size}: it "
                f"was cut, or is no GSD file"
            )
        self._file.seek(start)
        return self._file.read(size)


def _species(reader: _GsdReader, frame: int, n: int) -> list[str] | None:
    if not (reader.has("particles/types", frame) and reader.has("particles/typeid", frame)):
        return None
    table = reader.integers("particles/types", frame, (None, None))
    names = [
        bytes(row.astype(np.uint8)).partition(b"\0")[0].decode("utf-8", "replace") for row in table
    ]
    numbers = reader.integers("particles/typeid", frame, (n,))
    if n and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(names):
        reader.fail(f"particles/typeid reaches {int(numbers.max())}, expected below {len(names)}")
    return [names[int(k)] for k in numbers]
