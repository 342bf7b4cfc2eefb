"""Arrays inside the texts of records: by the digest of their bytes, their type and shape."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from glasswells.store.errors import CodecError
from glasswells.store.packing import Packed

ARRAY_TYPES = frozenset({"<f8", "<f4", "<i8", "<i4", "<u8", "<u4", "|u1", "|i1", "|b1"})
"""Little-endian numbers and truth values; never objects, whose bytes would be pickles."""

SharedArrays = dict[tuple[str, str, str], np.ndarray[Any, Any]]
"""Arrays by digest, type and shape."""


class ArraysAtHand(NamedTuple):
    """Makes the arrays of records, equal ones once."""

    bytes_of: Callable[[str], bytes]
    made: SharedArrays
    are_late: bool = False
    """Whether records that can wait are read when somebody looks at them."""

    def array(self, digest: str, kind: str, shape: list[Any]) -> np.ndarray[Any, Any]:
        """The array of a digest."""
        key = (digest, kind, repr(shape))
        if key not in self.made:
            self.made[key] = _decode_array(self.bytes_of(digest), kind, shape)
        return self.made[key]


class ArraysMet:
    """The arrays of a record that is being encoded.

    Parameters
    ----------
    keep
        Packs an array, or gives None for one that the store has; None: they are kept as they are.
    """

    def __init__(self, keep: Callable[[str, bytes], Packed | None] | None = None) -> None:
        self._keep = keep
        self.arrays: dict[str, bytes] = {}
        self.packed: dict[str, Packed] = {}
        self.known: set[str] = set()

    def meet(self, digest: str, data: bytes) -> None:
        """Take in an array, once."""
        if digest in self.arrays or digest in self.packed:
            return
        if self._keep is None:
            self.arrays[digest] = data
            return
        packed = self._keep(digest, data)
        if packed is None:
            self.known.add(digest)
        else:
            self.packed[digest] = packed


def encode_array(value: np.ndarray[Any, Any], met: ArraysMet, where: str) -> dict[str, Any]:
    """What stands for an array in a text; `met` hears of its bytes."""
    little = value.dtype.newbyteorder("<")
    if little.str not in ARRAY_TYPES:
        raise CodecError(f"{where} has dtype {value.dtype}, expected one of {sorted(ARRAY_TYPES)}")
    data = np.ascontiguousarray(value, dtype=little).tobytes()
    digest = sha256(data)
    met.meet(digest, data)
    return {"array": digest, "type": little.str, "shape": list(value.shape)}


def array_digests(body: str) -> set[str]:
    """Digests of the arrays that the text of a record refers to.

    Raises
    ------
    CodecError
        For a text that no codec wrote.
    """
    try:
        return digests_in([json.loads(body)])
    except (ValueError, RecursionError) as error:
        raise CodecError(f"the text of a record is no JSON: {error}") from None


def digests_in(trees: Iterable[Any]) -> set[str]:
    """The same for what such texts hold."""
    found: set[str] = set()
    left = list(trees)
    while left:
        tree = left.pop()
        if isinstance(tree, dict):
            if isinstance(tree.get("array"), str) and "shape" in tree:
                found.add(tree["array"])
            left += tree.values()
        elif isinstance(tree, list):
            left += tree
    return found


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
