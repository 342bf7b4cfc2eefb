"""The public names: complete, the same for readers of code and for programs."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import glasswells as gw

FUNCTIONS = [name for name in gw.__all__ if inspect.isfunction(getattr(gw, name))]


def classes(hint: Any) -> Iterator[type]:
    """All classes of this package in a type."""
    for part in typing.get_args(hint):
        yield from classes(part)
    if isinstance(hint, type) and hint.__module__.startswith("glasswells."):
        yield hint


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_public_function_returns_has_a_public_name(name: str) -> None:
    found = set(classes(typing.get_type_hints(getattr(gw, name))["return"]))
    assert {each.__name__ for each in found} <= set(gw.__all__)
    assert all(getattr(gw, each.__name__) is each for each in found)


def test_each_public_name_loads_and_type_checkers_see_the_same() -> None:
    tree = ast.parse(Path(gw.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in imports for alias in node.names}
    loaded = {name: f"glasswells.{room}" for room, names in gw._ROOMS.items() for name in names}
    assert seen == loaded
    assert all(getattr(gw, name) is not None for name in gw.__all__)
    assert set(gw.__all__) <= set(dir(gw))


def test_every_field_of_a_public_record_says_what_it_is() -> None:
    """Meaning, shape and unit stand in a text below each field."""
    silent = []
    for name in gw.__all__:
        record = getattr(gw, name)
        if not (isinstance(record, type) and dataclasses.is_dataclass(record)):
            continue
        body = ast.parse(inspect.getsource(record)).body[0].body  # type: ignore[attr-defined]
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign):
                text = after.value if isinstance(after, ast.Expr) else None
                if not isinstance(text, ast.Constant):
                    silent.append(f"{name}.{ast.unparse(node.target)}")
    assert silent == []
