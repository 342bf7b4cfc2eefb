"""Arrays inside the texts of records, by the digest of their bytes, and what stands for itself."""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import numpy as np

from glasswells.store.errors import CodecError
from glasswells.store.packing import Packed

ARRAY_TYPES = frozenset({"<f8", "<f4", "<i8", "<i4", "<u8", "<u4", "|u1", "|i1", "|b1"})
"""Little-endian numbers and truth values; never objects, whose bytes would be pickles."""

TEXT = json.JSONEncoder(allow_nan=False, separators=(",", ":"), ensure_ascii=True)
"""How texts are written; part of the store's format, as their digests are names."""
DIGEST = re.compile('"array":"([0-9a-f]{64})"')
"""An array in a text that a codec wrote; inside of a text in such a text quotes are escaped."""

Found = TypeVar("Found")
SharedArrays = dict[tuple[str, str, str], np.ndarray[Any, Any]]
"""Arrays by digest, type and shape."""


class ArraysAtHand(NamedTuple):
    """Makes the arrays of records, equal ones once."""

    bytes_of: Callable[[str], bytes]
    made: SharedArrays

    def array(self, digest: str, kind: str, shape: list[Any]) -> np.ndarray[Any, Any]:
        """The array of a digest."""
        key = (digest, kind, repr(shape))
        if key not in self.made:
            self.made[key] = _decode_array(self.bytes_of(digest), kind, shape)
        return self.made[key]


class ArraysInFile(Mapping[str, Found]):
    """Arrays of a record by their digests: each is read when somebody asks for it, and not kept."""

    __slots__ = ("_digests", "_read")

    def __init__(self, digests: Collection[str], read: Callable[[str], Found]) -> None:
        self._digests = frozenset(digests)
        self._read = read

    def __getitem__(self, digest: str) -> Found:
        if digest not in self._digests:
            raise KeyError(digest)
        return self._read(digest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


class ArraysMet:
    """The arrays of a record that is being encoded.

    Parameters
    ----------
    keep
        Packs an array, or gives None for one that the store has; None: they are kept as they are.
    wanted
        Digests of those that are kept; None: all but those of records that wait to be read, which
        the store has.
    """

    def __init__(
        self,
        keep: Callable[[str, bytes], Packed | None] | None = None,
        wanted: Collection[str] | None = None,
    ) -> None:
        self._keep = keep
        self._wanted = None if wanted is None else frozenset(wanted)
        self.arrays: dict[str, bytes] = {}
        self.packed: dict[str, Packed] = {}
        self.known: set[str] = set()

    def meet(self, digest: str, data: bytes) -> None:
        """Take in an array, once."""
        if digest in self.arrays or digest in self.packed:
            return
        if self._wanted is not None and digest not in self._wanted:
            return
        if self._keep is None:
            self.arrays[digest] = data
            return
        packed = self._keep(digest, data)
        if packed is None:
            self.known.add(digest)
        else:
            self.packed[digest] = packed

    def asks_for(self, source: str) -> bool:
        """Whether a record that waits, of this text, has to be read for one of its arrays."""
        digests = _digests_in_source(source)
        if self._wanted is not None:
            return not self._wanted.isdisjoint(digests)
        self.known.update(digests)
        return False


def encode_array(value: np.ndarray[Any, Any], met: ArraysMet, where: str) -> dict[str, Any]:
    """What stands for an array in a text; `met` hears of its bytes."""
    little = value.dtype.newbyteorder("<")
    if little.str not in ARRAY_TYPES:
        raise CodecError(f"{where} has dtype {value.dtype}, expected one of {sorted(ARRAY_TYPES)}")
    data = np.ascontiguousarray(value, dtype=little).tobytes()
    digest = sha256(data)
    met.meet(digest, data)
    return {"array": digest, "type": little.str, "shape": list(value.shape)}


def text_of_scalar(value: Any) -> str | None:
    """The JSON text of a number, a text, a truth value or nothing; None for anything else."""
    if value is None or isinstance(value, bool | np.bool_):
        return "null" if value is None else str(bool(value)).lower()
    if type(value) is str:
        return TEXT.encode(value)
    if isinstance(value, int | np.integer) and not isinstance(value, Enum):
        return str(int(value))
    if type(value) in (float, np.float64):
        # Every finite double is read back exactly from its shortest text.
        text = repr(float(value))
        return text if math.isfinite(value) else f'{{"float":"{text}"}}'
    return None


def array_digests(body: str) -> set[str]:
    """Digests of the arrays that the text of a record refers to.

    Raises
    ------
    CodecError
        For a text that no codec wrote.
    """
    try:
        left = [json.loads(body)]
    except (ValueError, RecursionError) as error:
        raise CodecError(f"the text of a record is no JSON: {error}") from None
    found: set[str] = set()
    while left:
        tree = left.pop()
        if isinstance(tree, dict):
            if isinstance(tree.get("array"), str) and "shape" in tree:
                found.add(tree["array"])
            left += tree.values()
        elif isinstance(tree, list):
            left += tree
    return found


def _digests_in_source(source: str) -> list[str]:
    """The same of a record that waits; those of many records are one text where they are equal."""
    return [sys.intern(digest) for digest in DIGEST.findall(source)]


def shapes_in(fields: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays that are fields of a record, by their names."""
    return {
        name: tuple(field["shape"])
        for name, field in fields.items()
        if isinstance(field, dict) and isinstance(field.get("shape"), list)
    }


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def _decode_array(data: bytes, kind: str, shape: list[Any]) -> np.ndarray[Any, Any]:
    if kind not in ARRAY_TYPES or not all(type(n) is int and n >= 0 for n in shape):
        raise CodecError(f"an array of type {kind!r} and shape {shape} was never written")
    dtype = np.dtype(kind)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise CodecError(f"an array of shape {shape} is saved in {len(data)} bytes")
    return np.frombuffer(data, dtype=dtype).reshape(shape)
