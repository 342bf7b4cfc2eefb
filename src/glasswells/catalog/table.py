"""A table for those who have no pandas: columns by name."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHOWN_ROWS = 10
"""Of a table when it is printed."""


class Columns(Mapping[str, NDArray[Any]]):
    """Columns of equal length by name; `len` is the number of rows, as in pandas.

    Parameters
    ----------
    columns
        Values by name.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = {name: np.array(values) for name, values in columns.items()}
        for array in self._columns.values():
            array.setflags(write=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names."""
        return tuple(self._columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __repr__(self) -> str:
        shown = [
            "  ".join(str(column[k]) for column in self._columns.values())
            for k in range(min(len(self), SHOWN_ROWS))
        ]
        rest = [f"... {len(self)} rows"] if len(self) > SHOWN_ROWS else []
        return "\n".join(["  ".join(self._columns), *shown, *rest])


def table_of(columns: Mapping[str, Sequence[Any]]) -> Any:
    """A table of these columns: a pandas DataFrame if pandas is installed, else `Columns`."""
    if importlib.util.find_spec("pandas") is None:
        return Columns(columns)
    return importlib.import_module("pandas").DataFrame(dict(columns))
