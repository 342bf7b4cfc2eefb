"""Configurations as npz: arrays positions, diameters and box, never pickled objects."""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.assembly import Found, Given, assemble
from glasswells.interchange.precision import shortest_decimals

MOST_COMPRESSED = 64
"""Coordinates hardly compress: what unpacks to more than this many times its size is a bomb."""
SMALL = 4096
"""Bytes below which the ratio is not looked at."""
MAX_MEMBERS = 1000
MAX_HEADER = 4096
"""Bytes of an array's header; 118 are usual."""
HEADER = re.compile(
    r"\{'descr': '([<>|=][A-Za-z][0-9]{0,4})', 'fortran_order': (True|False), "
    r"'shape': \(((?:[0-9]{1,15},? ?){0,4})\),? ?\} {0,256}\n"
)
UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    RuntimeError,
)
"""What zipfile raises on damage, as found by damaging files; it documents the first only."""
KNOWN_TYPES = ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")
Shape = tuple[int, ...]


def read_npz(path: Path, given: Given) -> Configuration:
    """The arrays `positions` (N, 3), `box` (3,) and, unless given, `diameters`, `masses` (N,).

    A file without masses has masses 1.

    Raises
    ------
    InputError
        For missing arrays, objects, claims larger than the file, anything that is no numbers.
    """
    asked = {"diameters": given.diameters is None, "masses": given.masses is None}
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            if len(members) > MAX_MEMBERS:
                raise InputError(f"{path} holds {len(members)} arrays, expected a few")
            loaded = {name: _array(path, archive, members, name) for name in ("positions", "box")}
            loaded |= {
                name: _array(path, archive, members, name)
                for name, is_asked in asked.items()
                if is_asked and f"{name}.npy" in members
            }
    except InputError:
        raise
    except UNSOUND as error:
        raise InputError(f"{path} is no sound npz file: {str(error)[:200]}") from None
    if given.rounded:
        loaded = {
            name: values.astype(np.float64) if values.dtype.kind == "f" else values
            for name, values in loaded.items()
            if name not in asked
        } | {name: _widened(values) for name, values in loaded.items() if name in asked}
    return assemble(
        str(path),
        loaded["positions"],
        loaded["box"],
        given=given,
        found=Found(diameters=loaded.get("diameters"), masses=loaded.get("masses")),
    )


def write_npz(configuration: Configuration, path: Path) -> None:
    """The arrays positions, diameters and box, not compressed; masses unless all are 1."""
    arrays = {
        "positions": configuration.positions,
        "diameters": configuration.diameters,
        "box": configuration.box,
    }
    if (configuration.masses != 1).any():
        arrays["masses"] = configuration.masses
    with path.open("wb") as file:  # np.savez would add an ending to the name
        np.savez(file, allow_pickle=False, **arrays)


def _widened(values: NDArray[Any]) -> NDArray[Any]:
    """Sizes or masses in single precision, as the decimals that were meant."""
    if values.dtype.kind != "f" or values.dtype.itemsize > 4 or values.ndim != 1:
        return values
    return shortest_decimals(values)


def _array(
    path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str
) -> NDArray[Any]:
    info = members.get(f"{name}.npy")
    if info is None:
        known = ", ".join(sorted(members)[:20]) or "none"
        raise InputError(
            f"{path} has no array {name!r}, expected positions, diameters and box: it has {known}"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{path}: {name} is compressed in an unknown way: write it with np.savez")
    if info.file_size > MOST_COMPRESSED * info.compress_size + SMALL:
        raise InputError(
            f"{path}: {name} unpacks from {info.compress_size} to {info.file_size} bytes, expected "
            f"numbers, which hardly compress: do not use this file"
        )
    with archive.open(info) as stream:
        dtype, fortran, shape = _header(path, name, stream)
        size = math.prod(shape) * dtype.itemsize
        if size > info.file_size:
            raise InputError(
                f"{path}: {name} claims shape {shape}, {size} bytes, but has {info.file_size}: the "
                f"file is damaged"
            )
        data = stream.read(size)
        if len(data) != size:
            raise InputError(f"{path}: {name} ends after {len(data)} of {size} bytes: it was cut")
        if stream.read(1):
            raise InputError(f"{path}: {name} is longer than its shape {shape} says")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran else "C")


def _header(path: Path, name: str, stream: IO[bytes]) -> tuple[np.dtype[Any], bool, Shape]:
    """Type, order and shape of an array; by a pattern, since NumPy evaluates this text."""
    start = stream.read(8)
    width = {b"\x93NUMPY\x01\x00": 2, b"\x93NUMPY\x02\x00": 4}.get(start)
    if width is not None:
        length = int.from_bytes(stream.read(width), "little")
        text = stream.read(min(length, MAX_HEADER)).decode("latin-1")
        found = HEADER.fullmatch(text)
        if found is not None:
            kind, fortran, numbers = found.groups()
            shape = tuple(int(n) for n in numbers.replace(",", " ").split())
            if kind[1:] in KNOWN_TYPES:
                return np.dtype(kind), fortran == "True", shape
            raise InputError(
                f"{path}: {name} has dtype {kind!r}, expected float64: objects are never loaded"
            )
    raise InputError(f"{path}: {name} is no sound array of numbers: write it with np.savez")
