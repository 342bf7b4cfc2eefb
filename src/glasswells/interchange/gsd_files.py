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
from glasswells.core.optional import require
from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import VALUES, Found, Given, MissingOptionError, assemble
from glasswells.interchange.precision import shortest_decimals
from glasswells.interchange.text_lines import frame_number

MAGIC = 0x65DF65DF65DF65DF
HEADER = struct.Struct("<QQQQQII64s64s80s")
ENTRY = struct.Struct("<QQqIHBB")
NAME_BYTES = 64
TYPES = dict(
    enumerate(("u1", "<u2", "<u4", "<u8", "i1", "<i2", "<i4", "<i8", "<f4", "<f8", "i1"), start=1)
)
"""NumPy types by their number in the index."""
COUNT, TYPES_OF_FILE = "particles/N", "particles/types"
TYPE, MASS = "particles/typeid", "particles/mass"
MAX_NAMES_BYTES = 65_536 * NAME_BYTES
"""Names are numbered by 16 bits."""


class _Chunk(NamedTuple):
    """One array of one frame."""

    kind: int
    rows: int
    columns: int
    location: int


def read_gsd(path: Path, frame: int, given: Given) -> Configuration:
    """One frame of a GSD file.

    What a frame does not store is that of the first frame, or, by the schema, a default if its
    number of particles is another one. Default sizes are never taken: they were rarely meant.

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
        n = reader.count(number)
        positions = reader.array("particles/position", number, (None, 3))
        if len(positions) != n:
            reader.fail(f"particles/N is {n}, but there are {len(positions)} positions")
        if positions.dtype != np.float64 and not given.rounded:
            reader.fail(
                "positions are in single precision, expected double: a minimum rounded to 24 bits "
                "is none; pass single_precision=True if that suffices, and minimize again"
            )
        found = _found(reader, number, n)
        if reader.has(MASS, 0) and found.masses is None and given.masses is None:
            raise MissingOptionError(f"{path}: holds no masses{found.why}", "masses", VALUES)
    return assemble(
        str(path),
        positions.astype(np.float64),
        box[:3].astype(np.float64),
        given=given,
        found=found,
    )


def write_gsd(configuration: Configuration, path: Path) -> None:
    """One frame in double precision. Positions are kept as they are, also those outside the box."""
    fl = require("gsd.fl", "gsd")
    n = configuration.n_particles
    chunks: dict[str, NDArray[Any]] = {
        "configuration/step": np.zeros(1, dtype=np.uint64),
        "configuration/box": np.concatenate([configuration.box, np.zeros(3)]),
        COUNT: np.array([n], dtype=np.uint32),
        TYPES_OF_FILE: np.frombuffer(b"A\0", dtype=np.int8).reshape(1, 2),
        TYPE: np.zeros(n, dtype=np.uint32),
        "particles/diameter": configuration.diameters,
        "particles/position": configuration.positions,
    }
    if (configuration.masses != 1).any():  # 1 is what the schema says where there are none
        chunks[MASS] = configuration.masses
    with fl.open(
        name=str(path),
        mode="w",
        application="glasswells",
        schema="hoomd",
        schema_version=[2, 0],
    ) as file:
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
        """Whether the frame has the chunk, or the first one for it."""
        return self._chunk(name, frame) is not None

    def array(self, name: str, frame: int, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """The chunk of the frame, or that of the first frame if this stands for it."""
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

    def count(self, frame: int) -> int:
        """The number of particles of a frame."""
        return int(self.integers(COUNT, frame, (1,))[0])

    def _chunk(self, name: str, frame: int) -> _Chunk | None:
        """As the schema says, the first frame stands for others as far as it can."""
        found = self._chunks.get((frame, name))
        is_by_particle = name.startswith("particles/") and name not in (COUNT, TYPES_OF_FILE)
        if found is None and not (is_by_particle and self.count(frame) != self.count(0)):
            found = self._chunks.get((0, name))
        return found

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


def _found(reader: _GsdReader, frame: int, n: int) -> Found:
    """What the file says about the particles of a frame."""
    first = reader.count(0)
    other = (
        f" (frame {frame} has {n} particles and frame 0 has {first}: by the schema such a frame "
        f"has sizes 1, masses 1 and one type, unless it stores its own)"
    )
    return Found(
        diameters=_quantity(reader, "particles/diameter", frame, n),
        masses=_quantity(reader, MASS, frame, n),
        species=_species(reader, frame, n),
        why="" if n == first else other,
    )


def _quantity(reader: _GsdReader, name: str, frame: int, n: int) -> Array | None:
    """One number per particle; single precision as its shortest decimals."""
    if not reader.has(name, frame):
        return None
    values = reader.array(name, frame, (n,))
    return shortest_decimals(values) if values.dtype == np.float32 else values.astype(np.float64)


def _species(reader: _GsdReader, frame: int, n: int) -> list[str] | None:
    """The type of each particle; None for a frame that has lost those of the first one."""
    names = ["A"]
    if reader.has(TYPES_OF_FILE, frame):
        table = reader.integers(TYPES_OF_FILE, frame, (None, None))
        raw = [bytes(row.astype(np.uint8)).partition(b"\0")[0] for row in table]
        names = [name.decode("utf-8", "replace") for name in raw] or names
    if not reader.has(TYPE, frame):
        return None if reader.has(TYPE, 0) else [names[0]] * n
    numbers = reader.integers(TYPE, frame, (n,))
    if n and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(names):
        reader.fail(f"particles/typeid reaches {int(numbers.max())}, expected below {len(names)}")
    return [names[int(k)] for k in numbers]
