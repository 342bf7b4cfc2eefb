"""A campaign's products as tables and arrays that any program reads: CSV and npz."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.campaign.errors import DamagedStoreError, StoreError
from glasswells.campaign.reader import StoredRecord, StoreReader

SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
"""Kinds and glasses become file names, and a store may come from a stranger."""
SOURCE = ("row", "stage", "glass", "number", "position", "chain")
"""Columns of every table before the record's own."""


def export_campaign(store: StoreReader, directory: Path) -> list[Path]:
    """Write each kind of product as `KIND.csv`, and its arrays as `KIND.GLASS.npz`.

    A row of the table has the numbers and names of one record, nested ones as `outer.inner`, in
    17 digits; an array `R/outer.inner` in the npz file belongs to row R. Nothing is pickled.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return [path for kind in store.kinds() for path in _export_kind(store, kind, directory)]
    except OSError as error:
        if isinstance(error, StoreError) or error.strerror is None:
            raise
        raise StoreError(
            f"{directory} cannot be written ({error.strerror}): check free space and permissions"
        ) from error


def _export_kind(store: StoreReader, kind: str, directory: Path) -> Iterator[Path]:
    columns = _columns(store, kind)
    table = directory / f"{_safe(kind)}.csv"
    glass, arrays = "", dict[str, Any]()
    written = []
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*SOURCE, *columns], restval="")
        writer.writeheader()
        for row, item in enumerate(store.records(kind)):
            if arrays and item.glass != glass:
                written.append(_write_arrays(directory / f"{kind}.{_safe(glass)}.npz", arrays))
                arrays = {}
            glass = item.glass
            values = dict(_flat(item.record))
            arrays |= {f"{row}/{k}": v for k, v in values.items() if isinstance(v, np.ndarray)}
            writer.writerow(_source(row, item) | _scalars(values))
    if arrays:
        written.append(_write_arrays(directory / f"{kind}.{_safe(glass)}.npz", arrays))
    yield table
    yield from written


def _safe(name: str) -> str:
    if not SAFE_NAME.fullmatch(name):
        raise DamagedStoreError(f"the store has the name {name!r}, which is no file name")
    return name


def _columns(store: StoreReader, kind: str) -> list[str]:
    """Names of all numbers that records of this kind have, in order of appearance."""
    names: dict[str, None] = {}
    for item in store.records(kind):
        names |= dict.fromkeys(_scalars(dict(_flat(item.record))))
    return list(names)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
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
        yield from _flat(item, f"{name}.{key}" if name else str(key))


def _source(row: int, item: StoredRecord) -> dict[str, Any]:
    values = (row, item.stage, item.glass, item.number, item.position, item.chain)
    return dict(zip(SOURCE, values, strict=True))


def _scalars(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.name.lower() if isinstance(value, Enum) else value
        for name, value in values.items()
        if not isinstance(value, np.ndarray)
    }


def _write_arrays(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path
