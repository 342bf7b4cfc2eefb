"""Records as rows: dotted names, numbers in columns, arrays by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.store.errors import DamagedStoreError
from glasswells.store.reader import StoredRecord, StoreReader

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Kinds and glasses become file names, and a store may come from a stranger."""
SOURCE = ("row", "stage", "glass", "number", "position", "chain")
"""Columns of every table before the record's own."""
BOOLEAN, INTEGER, REAL, TEXT = "boolean", "integer", "real", "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One record."""

    glass: str
    scalars: dict[str, Any]
    """Source and own columns: numbers, truth values, texts and None."""
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What the records of one kind have, in order of appearance, source columns first."""

    scalars: dict[str, str]
    """BOOLEAN, INTEGER, REAL or TEXT by name."""
    incomplete: frozenset[str]
    """Those scalars that some record lacks or that are None."""
    arrays: dict[str, np.dtype[Any]]
    """Common type by name."""


def safe_name(name: str) -> str:
    """A kind or glass that may become part of a file name.

    Raises
    ------
    DamagedStoreError
        If it may not.
    """
    if not SAFE_NAME.fullmatch(name):
        raise DamagedStoreError(f"the store has the name {name!r}, which is no file name")
    return name


def rows(store: StoreReader, kind: str) -> Iterator[Row]:
    """All products of a kind, by stage, glass, number, chunk and position."""
    for number, item in enumerate(store.records(kind)):
        leaves = dict(_leaves(item.record))
        arrays = {k: v for k, v in leaves.items() if isinstance(v, np.ndarray)}
        scalars = {
            k: v.name.lower() if isinstance(v, Enum) else v
            for k, v in leaves.items()
            if k not in arrays
        }
        yield Row(glass=item.glass, scalars=_source(number, item) | scalars, arrays=arrays)


def survey(store: StoreReader, kind: str) -> Columns:
    """The columns of a kind: one pass over its records."""
    scalars: dict[str, str] = {}
    arrays: dict[str, np.dtype[Any]] = {}
    present: dict[str, int] = {}
    count = 0
    for row in rows(store, kind):
        count += 1
        for name, value in row.scalars.items():
            if value is not None:
                present[name] = present.get(name, 0) + 1
                scalars[name] = _common(scalars.get(name), _kind(value))
            else:
                scalars.setdefault(name, "")
        for name, array in row.arrays.items():
            known = arrays.get(name)
            arrays[name] = array.dtype if known is None else np.result_type(known, array.dtype)
    return Columns(
        # A column of nothing but None holds numbers that were not measured.
        scalars={name: found or REAL for name, found in scalars.items()},
        incomplete=frozenset(name for name in scalars if present.get(name, 0) < count),
        arrays=arrays,
    )


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a record with their dotted names."""
    if dataclasses.is_dataclass(value):
        items: Any = [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, tuple | list):
        items = enumerate(value)
    else:
        yield name, value
        return
    for key, item in items:
        yield from _leaves(item, f"{name}.{key}" if name else str(key))


def _source(row: int, item: StoredRecord) -> dict[str, Any]:
    values = (row, item.stage, item.glass, item.number, item.position, item.chain)
    return dict(zip(SOURCE, values, strict=True))


def _kind(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return BOOLEAN
    if isinstance(value, int | np.integer):
        return INTEGER
    return REAL if isinstance(value, float | np.floating) else TEXT


def _common(known: str | None, new: str) -> str:
    if not known or known == new:
        return new
    return REAL if {known, new} == {INTEGER, REAL} else TEXT
