"""Records as rows: dotted names, numbers in columns, arrays by name, lists as long tables."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.described import field_text
from glasswells.store.errors import DamagedStoreError
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import StoredRecord, StoreReader

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Kinds and glasses become file names, and a store may come from a stranger."""
SOURCE = {
    "row": "number of the row, from 0; arrays in npz and HDF5 stand under it",
    "of_row": "number of the row in the table of what this is an entry of",
    "entry": "which of the entries, from 0",
    "key": "the double well that this is about, named as in every table and for "
    "`glasswells extract`",
    "stage": "stage of the campaign that made it",
    "glass": "name of the glass in its campaign, `all` for what concerns all",
    "task": "number of the task among those of its stage and glass",
    "item": "which of the products of this kind that the task made, from 0",
    "chain": "name of the task by all that its results depend on",
}
"""Columns before the record's own, with their meanings; those that say nothing are left out."""
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
    """What the records of one table have, in order of appearance, source columns first."""

    scalars: dict[str, str]
    """BOOLEAN, INTEGER, REAL or TEXT by name."""
    incomplete: frozenset[str]
    """Those scalars that some record lacks or that are None."""
    arrays: dict[str, np.dtype[Any]]
    """Common type by name."""


class Leaf(NamedTuple):
    """A part of a record."""

    name: str
    value: Any
    owner: type
    """The record that has it."""
    field: str
    """Its field there."""


class Survey(NamedTuple):
    """What one pass over a table tells."""

    columns: Columns
    lists: tuple[str, ...]
    places: dict[str, tuple[type, str]]
    """For each column the record that has it, and the field there."""


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """The records of one kind, or the entries of one list that they hold."""

    store: StoreReader
    kind: str
    list_name: str
    """Dotted name of the list; empty for the records themselves."""
    key_of: Callable[[StoredRecord, int], str | None]

    @property
    def name(self) -> str:
        """Of the table: `KIND` or `KIND.LIST`."""
        return safe_name(f"{self.kind}.{self.list_name}" if self.list_name else self.kind)

    def rows(self) -> Iterator[Row]:
        """All of them, by stage, glass, number, chunk and position."""
        for row, _ in self._read():
            yield row

    @property
    def lists(self) -> tuple[str, ...]:
        """Lists of records inside the records, which are tables of their own."""
        return self._survey.lists

    @property
    def columns(self) -> Columns:
        """What the rows have."""
        return self._survey.columns

    def guide(self, units: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
        """Name, type, unit and meaning of each column and array.

        The meanings are the texts of the fields in the code; `units` are those of fields by name.
        """
        columns, places = self.columns, self._survey.places
        types = columns.scalars | {k: f"array {dtype}" for k, dtype in columns.arrays.items()}
        guide = []
        for name, found in types.items():
            if name not in places:
                guide.append((name, found, "", SOURCE.get(name, "")))
                continue
            owner, field = places[name]
            unit = unit_of(name, owner, field, units) if found == REAL or "float" in found else ""
            guide.append((name, found, unit, " ".join(field_text(owner, field).split())))
        return guide

    @cached_property
    def _survey(self) -> Survey:
        """One pass over all rows."""
        scalars: dict[str, str] = {}
        arrays: dict[str, np.dtype[Any]] = {}
        lists: dict[str, None] = {}
        places: dict[str, tuple[type, str]] = {}
        present: Counter[str] = Counter()
        count = 0
        for row, leaves in self._read():
            count += 1
            places |= {leaf.name: (leaf.owner, leaf.field) for leaf in leaves}
            lists |= {leaf.name: None for leaf in leaves if _is_list(leaf)}
            for name, value in row.scalars.items():
                if value is not None:
                    present[name] += 1
                    scalars[name] = _common(scalars.get(name), _kind(value))
                else:
                    scalars.setdefault(name, "")
            for name, array in row.arrays.items():
                known = arrays.get(name)
                arrays[name] = array.dtype if known is None else np.result_type(known, array.dtype)
        columns = Columns(
            # A column of nothing but None holds numbers that were not measured.
            scalars={name: found or REAL for name, found in scalars.items()},
            incomplete=frozenset(name for name in scalars if present[name] < count),
            arrays=arrays,
        )
        return Survey(columns, tuple(lists), places)

    def _read(self) -> Iterator[tuple[Row, list[Leaf]]]:
        for source, glass, record in self._sources():
            leaves = list(_leaves(record, splits=not self.list_name))
            arrays = {x.name: x.value for x in leaves if isinstance(x.value, np.ndarray)}
            scalars = {
                x.name: x.value.name.lower() if isinstance(x.value, Enum) else x.value
                for x in leaves
                if x.name not in arrays and not _is_list(x)
            }
            yield Row(glass=glass, scalars=source | scalars, arrays=arrays), leaves

    def _sources(self) -> Iterator[tuple[dict[str, Any], str, Any]]:
        """Source columns, glass and record of each row."""
        items: Counter[str] = Counter()
        row = 0
        for of_row, stored in enumerate(self.store.records(self.kind)):
            item = items[stored.chain]
            items[stored.chain] += 1
            origin = {
                "key": self.key_of(stored, item),
                "stage": stored.stage,
                "glass": stored.glass,
                "task": stored.number,
                "item": item,
                "chain": stored.chain,
            }
            origin = {name: value for name, value in origin.items() if value is not None}
            if not self.list_name:
                yield {"row": of_row, **origin}, stored.glass, stored.record
                continue
            for entry, record in enumerate(_list_in(stored.record, self.list_name)):
                yield {"row": row, "of_row": of_row, "entry": entry, **origin}, stored.glass, record
                row += 1


def unit_of(name: str, owner: type, field: str, units: Mapping[str, str]) -> str:
    """The unit of a column: by the last two parts of its name, by record and field, or by field."""
    tail = ".".join(name.split(".")[-2:])
    known = (units.get(key) for key in (tail, f"{owner.__name__}.{field}", field))
    return next((unit for unit in known if unit is not None), "")


def tables(store: StoreReader, pipeline: Pipeline | None = None) -> Iterator[Table]:
    """All tables of a campaign: each kind of product, then the lists in its records.

    A list of records, such as the transitions of an exploration, is a table of its own, with a row
    for each entry; `of_row` is the row of the record that holds the list.
    """
    key_of = _no_key if pipeline is None else pipeline.keys(store)
    for kind in store.product_counts():
        table = Table(store=store, kind=kind, list_name="", key_of=key_of)
        yield table
        for name in table.lists:
            yield Table(store=store, kind=kind, list_name=name, key_of=key_of)


def _no_key(_record: StoredRecord, _item: int) -> None:
    return None


def _is_list(leaf: Leaf) -> bool:
    return isinstance(leaf.value, tuple | list)


def _list_in(record: Any, name: str) -> tuple[Any, ...]:
    return next((x.value for x in _leaves(record, splits=True) if x.name == name), ())


def _leaves(record: Any, *, splits: bool) -> Iterator[Leaf]:
    """The leaves of a record with their dotted names.

    With `splits` a list of records is one leaf; otherwise its entries are numbered.
    """
    if not dataclasses.is_dataclass(record):
        yield from _parts(Leaf("value", record, type(record), ""), splits)
        return
    for item in dataclasses.fields(record):
        leaf = Leaf(item.name, getattr(record, item.name), type(record), item.name)
        yield from _parts(leaf, splits)


def _parts(leaf: Leaf, splits: bool) -> Iterator[Leaf]:
    value = leaf.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for part in _leaves(value, splits=splits):
            yield part._replace(name=f"{leaf.name}.{part.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _parts(leaf._replace(name=f"{leaf.name}.{key}", value=item), splits)
    elif not isinstance(value, tuple | list) or (splits and _holds_records(value)):
        yield leaf
    else:
        for number, item in enumerate(value):
            yield from _parts(leaf._replace(name=f"{leaf.name}.{number}", value=item), splits)


def _holds_records(value: tuple[Any, ...] | list[Any]) -> bool:
    return any(dataclasses.is_dataclass(item) for item in value)


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
