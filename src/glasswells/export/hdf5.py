"""A campaign's products in one HDF5 file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.optional import require
from glasswells.core.version import __version__
from glasswells.export.records import (
    BOOLEAN,
    INTEGER,
    REAL,
    TEXT,
    Columns,
    Row,
    Table,
)
from glasswells.store.forgiving_file import ForgivingFile

FILE_NAME = "campaign.h5"
LAYOUT = 2
"""Raise it with any change to the groups below."""


def export_hdf5(found: Iterable[Table], directory: Path) -> list[Path]:
    """Write `campaign.h5`: `/TABLE/columns/NAME` (rows,) and `/TABLE/arrays/ROW/NAME`.

    Columns are float64, int64, truth values or UTF-8 texts; where numbers are missing, the column
    is float64 with NaN. Arrays keep their type.

    Raises
    ------
    InputError
        If h5py is not installed.
    OSError
        If the disk is full.
    """
    h5py = require("h5py", "hdf5")
    path = directory / FILE_NAME
    with ForgivingFile(path) as disk, h5py.File(disk, "w", track_order=True) as file:
        file.attrs["layout"] = LAYOUT
        file.attrs["glasswells"] = __version__
        for table in found:
            group = file.create_group(_name(table.name), track_order=True)
            _write_table(table, group, disk)
    disk.check()
    return [path]


def _write_table(source: Table, group: Any, disk: ForgivingFile) -> None:
    columns = source.columns
    values: dict[str, list[Any]] = {name: [] for name in columns.scalars}
    arrays = group.create_group("arrays", track_order=True)
    for number, row in enumerate(source.rows()):
        for name, column in values.items():
            column.append(row.scalars.get(name))
        _write_arrays(arrays, number, row)
        disk.check()
    table = group.create_group("columns", track_order=True)
    for name, column in values.items():
        data = _column(column, columns, name)
        if columns.scalars[name] == TEXT:
            table.create_dataset(_name(name), data=data, dtype=_text_type())
        else:
            table.create_dataset(_name(name), data=data)


def _write_arrays(group: Any, number: int, row: Row) -> None:
    if row.arrays:
        place = group.create_group(str(number), track_order=True)
        for name, array in row.arrays.items():
            place.create_dataset(_name(name), data=array, dtype=array.dtype)


def _column(values: list[Any], columns: Columns, name: str) -> Any:
    kind = columns.scalars[name]
    if kind == TEXT:
        return ["" if value is None else str(value) for value in values]
    if kind == REAL or name in columns.incomplete:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values, dtype={BOOLEAN: np.bool_, INTEGER: np.int64}[kind])


def _text_type() -> Any:
    return require("h5py", "hdf5").string_dtype("utf-8")


def _name(name: str) -> str:
    """A name that makes no groups of its own."""
    return name.replace("/", "_").strip(".") or "_"
