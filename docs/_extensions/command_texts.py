"""What the command line says of itself, as records: read from the program, not written by hand."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from typer.models import OptionInfo

from glasswells.cli import app


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """An argument or an option of a command."""

    names: str
    """As it is typed, with the kind of value that it takes."""
    default: str
    """Empty if there is none to tell."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command."""

    name: str
    usage: str
    text: str
    """What it does, in full."""
    parameters: tuple[Parameter, ...]


def commands() -> list[Command]:
    """All commands, in the order in which `glasswells --help` lists them.

    Read from the functions and their annotations, which are what typer reads.
    """
    return [
        _command(info.name or info.callback.__name__, info.callback)
        for info in app.registered_commands
        if info.callback is not None and not info.hidden
    ]


def _command(name: str, function: Callable[..., Any]) -> Command:
    parameters = inspect.signature(function).parameters
    hints = typing.get_type_hints(function, include_extras=True)
    found = [_parameter(each, hints[each.name]) for each in parameters.values()]
    shown = [each for each in found if each is not None]
    arguments = [each.names for each in shown if not each.names.startswith("-")]
    return Command(
        name=name,
        usage=" ".join(["glasswells", name, "[OPTIONS]", *arguments]),
        text=inspect.cleandoc(function.__doc__ or ""),
        parameters=tuple(shown),
    )


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter | None:
    """What is told of a parameter; None if it is hidden."""
    kind, info = typing.get_args(hint)[:2]
    if info.hidden:
        return None
    default = info.show_default if isinstance(info.show_default, str) else parameter.default
    default = getattr(default, "value", default)
    told = isinstance(default, str | int | float | Path) and not isinstance(default, bool)
    names = info.metavar or parameter.name.upper()
    if isinstance(info, OptionInfo):
        # In annotations the first declaration stands where older code has the default.
        given = [d for d in (info.default, *(info.param_decls or ())) if isinstance(d, str)]
        names = ", ".join(given or [f"--{parameter.name.replace('_', '-')}"])
        names += "" if kind is bool else f" {info.metavar or _value(kind)}"
    elif default is not inspect.Parameter.empty:
        names = f"[{names}]"
    return Parameter(names=names, default=str(default) if told else "", text=info.help or "")


def _value(kind: Any) -> str:
    """The kind of value that an option takes, or what it may be."""
    kind = next((k for k in typing.get_args(kind) if k is not type(None)), kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(member.value for member in kind)
    return {"Path": "PATH", "int": "INTEGER", "float": "NUMBER"}.get(kind.__name__, "TEXT")
