"""A campaign's products as Parquet tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.optional import require
from glasswells.core.whole_file import sync
from glasswells.export.records import (
    BOOLEAN,
    INTEGER,
    REAL,
    TEXT,
    Columns,
    Row,
    Table,
)

ROWS_AT_ONCE = 64
"""A double well of 1500 particles has some 300 kB of arrays: 20 MB in memory."""


def export_parquet(found: Iterable[Table], directory: Path) -> list[Path]:
    """Write `TABLE.parquet` for each table.

    Numbers, truth values and texts are columns of their own, null where a record has none. An
    array is a list in C order, in its own type, with its shape in the column `NAME.shape`.

    Raises
    ------
    InputError
        If pyarrow is not installed.
    """
    arrow, parquet = require("pyarrow", "parquet"), require("pyarrow.parquet", "parquet")
    paths = []
    for table in found:
        path = directory / f"{table.name}.parquet"
        columns = table.columns
        schema = _schema(arrow, columns)
        rows = table.rows()
        with parquet.ParquetWriter(path, schema) as writer:
            while batch := list(islice(rows, ROWS_AT_ONCE)):
                writer.write_table(_table(arrow, schema, columns, batch))
        sync(path)
        paths.append(path)
    return paths


def _schema(arrow: Any, columns: Columns) -> Any:
    types = {
        BOOLEAN: arrow.bool_(),
        INTEGER: arrow.int64(),
        REAL: arrow.float64(),
        TEXT: arrow.string(),
    }
    fields = [(name, types[kind]) for name, kind in columns.scalars.items()]
    for name, dtype in columns.arrays.items():
        fields.append((name, arrow.list_(arrow.from_numpy_dtype(dtype))))
        fields.append((f"{name}.shape", arrow.list_(arrow.int64())))
    return arrow.schema(fields)


def _table(arrow: Any, schema: Any, columns: Columns, batch: Iterable[Row]) -> Any:
    values: dict[str, list[Any]] = {field.name: [] for field in schema}
    for row in batch:
        for name, kind in columns.scalars.items():
            value = row.scalars.get(name)
            values[name].append(str(value) if kind == TEXT and value is not None else value)
        for name in columns.arrays:
            array = row.arrays.get(name)
            values[name].append(None if array is None else np.ravel(array))
            values[f"{name}.shape"].append(None if array is None else list(array.shape))
    return arrow.table(values, schema=schema)
