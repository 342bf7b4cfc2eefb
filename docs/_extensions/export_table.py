"""The directive `export-tables`: the tables of an export, from the records that campaigns save.

Names, units and meanings are those of `columns.csv` beside an export, so that the page cannot say
something else. An asterisk stands for the numbers of entries, or for the names of unit sets.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from node_tables import node_table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from glasswells.core.described import field_text
from glasswells.export.records import unit_of
from glasswells.stages.pipeline import FIELD_UNITS, PIPELINE

COLUMNS = (("column", 30), ("unit", 18), ("what it is", 52))
Line = tuple[str, str, str]


def tables_of(kind: str) -> dict[str, list[Line]]:
    """Column, unit and meaning by table: that of a kind of product, and of the lists in it."""
    tables: dict[str, list[Line]] = {kind: []}
    for name, hint, owner, field in _fields(PIPELINE.products[kind]):
        entry = _record_in_list(hint)
        if entry is None:
            tables[kind].append(_line(name, owner, field))
        else:
            parts = _fields(entry)
            tables[f"{kind}.{name}"] = [_line(n, o, f) for n, _, o, f in parts]
    return tables


def _line(name: str, owner: type, field: str) -> Line:
    unit = unit_of(name, owner, field, FIELD_UNITS)
    return name, "" if unit == "1" else unit, " ".join(field_text(owner, field).split())


def _fields(record: type, prefix: str = "") -> Iterator[tuple[str, Any, type, str]]:
    hints = typing.get_type_hints(record)
    for item in dataclasses.fields(record):
        name, hint = f"{prefix}{item.name}", _without_none(hints[item.name])
        origin = typing.get_origin(hint)
        if dataclasses.is_dataclass(hint):
            yield from _fields(hint, f"{name}.")
        elif _is_mapping(hint):
            value = typing.get_args(hint)[1]
            if dataclasses.is_dataclass(value):
                yield from _fields(value, f"{name}.*.")
            else:
                yield f"{name}.*", value, record, item.name
        elif origin is tuple and _record_in_list(hint) is None:
            yield f"{name}.*", hint, record, item.name
        else:
            yield name, hint, record, item.name


def _is_mapping(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        found = [part for part in typing.get_args(hint) if part is not type(None)]
        return found[0]
    return hint


def _record_in_list(hint: Any) -> type | None:
    if typing.get_origin(hint) is not tuple:
        return None
    first = typing.get_args(hint)[0]
    return first if dataclasses.is_dataclass(first) else None


class ExportTables(SphinxDirective):
    """A section with a table for each table of an export."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        found: list[nodes.Node] = []
        for kind in PIPELINE.products:
            for name, lines in tables_of(kind).items():
                section = nodes.section(ids=[nodes.make_id(f"table-{name}")])
                section += nodes.title("", "", nodes.literal(text=name))
                record = PIPELINE.products[kind]
                if name == kind:
                    summary = (record.__doc__ or "").split("\n")[0]
                    section += nodes.paragraph(text=summary)
                section += node_table(
                    COLUMNS,
                    (
                        [nodes.literal(text=column), nodes.Text(unit), nodes.Text(meaning)]
                        for column, unit, meaning in lines
                    ),
                )
                found.append(section)
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("export-tables", ExportTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
