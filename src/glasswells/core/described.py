"""Records that describe themselves: help on their fields, short texts, tables in notebooks.

What a field means stands once, in the text below it in the source. That text is read when somebody
asks for it, so that importing the package costs nothing more.
"""

from __future__ import annotations

import ast
import dataclasses
import html
import importlib
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import numpy as np

WIDTH = 88
"""Characters of a line; longer records take a line for each field."""
SHOWN = 4
"""Entries of an array, a tuple or a mapping that are shown one by one; more are counted."""

R = TypeVar("R")


class FieldTexts(dict[str, str]):
    """`__slots__` of a record: Python's `help` shows its values beside the names of the fields.

    Parameters
    ----------
    record
        The class, whose own slots are taken over.
    """

    def __init__(self, record: type) -> None:
        super().__init__(dict.fromkeys(record.__dict__["__slots__"], ""))
        self._place = (record.__module__, record.__name__)

    def __getitem__(self, name: str) -> str:
        module, record = self._place
        return _texts_in(module).get(record, {}).get(name, "")

    def get(self, name: str, default: Any = None) -> Any:
        """The text of a field, for programs that make documentation."""
        found = name in self
        return self[name] if found else default


def explained(record: type[R]) -> type[R]:
    """A decorator above `@dataclass(slots=True)`: `help` and notebooks say what fields mean."""
    changed: Any = record
    changed.__slots__ = FieldTexts(record)
    changed._repr_html_ = _html
    return record


def described(record: type[R]) -> type[R]:
    """As `explained`, and the repr is short: six digits, arrays by their shapes.

    For what computations return. Settings and models keep all their digits in their texts, from
    which they can be made again.
    """
    changed: Any = explained(record)
    changed.__repr__ = _text
    return record


def field_text(record: type, name: str) -> str:
    """What a field of a record means, by the text below it; empty if nothing tells."""
    for base in record.__mro__:
        text = _texts_in(base.__module__).get(base.__name__, {}).get(name)
        if text:
            return text
    return ""


@cache
def _texts_in(module: str) -> dict[str, dict[str, str]]:
    """The texts below the fields of all classes of a module; none where there is no source."""
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError):
        return {}
    return {
        node.name: dict(_field_texts(node)) for node in tree.body if isinstance(node, ast.ClassDef)
    }


def _field_texts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(item, ast.AnnAssign)
            and isinstance(item.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            yield item.target.id, inspect.cleandoc(after.value.value)


def _text(record: Any) -> str:
    """On one line if that is short enough, else a line for each field."""
    items = [f"{name}={brief(value)}" for name, value in _fields(record)]
    name = type(record).__name__
    line = f"{name}({', '.join(items)})"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {item}," for item in items), ")"])


def _html(record: Any) -> str:
    """A table of fields, values and meanings."""
    rows = "".join(
        f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(brief(value))}</td>"
        f'<td style="text-align:left">{html.escape(field_text(type(record), name))}</td></tr>'
        for name, value in _fields(record)
    )
    return (
        f"<table><caption><b>{html.escape(type(record).__name__)}</b></caption>"
        f"<thead><tr><th>field</th><th>value</th><th>meaning</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _fields(record: Any) -> list[tuple[str, Any]]:
    return [(item.name, getattr(record, item.name)) for item in dataclasses.fields(record)]


def brief(value: Any) -> str:
    """A value in a few words: numbers in six digits, what is large by its size."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return _brief_array(value)
    if isinstance(value, Mapping):
        shown = [f"{key}: {brief(item)}" for key, item in value.items()]
        return f"{{{', '.join(shown)}}}" if len(shown) <= SHOWN else f"{len(shown)} entries"
    if isinstance(value, tuple | list):
        return _brief_sequence(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        particles = getattr(value, "n_particles", None)
        inside = "..." if particles is None else f"{particles} particles"
        return f"{type(value).__name__}({inside})"
    return repr(value)


def _brief_array(value: np.ndarray[Any, Any]) -> str:
    if value.ndim == 1 and value.size <= SHOWN:
        return f"[{', '.join(brief(item) for item in value)}]"
    return f"array {value.shape}"


def _brief_sequence(value: tuple[Any, ...] | list[Any]) -> str:
    if len(value) <= SHOWN and not any(dataclasses.is_dataclass(item) for item in value):
        return f"({', '.join(brief(item) for item in value)}{',' * (len(value) == 1)})"
    kinds = Counter(type(item).__name__ for item in value)
    return ", ".join(f"{number} x {kind}" for kind, number in kinds.items())
