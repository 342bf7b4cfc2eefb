"""Plans as they are given to a start or an estimate: the file, and what it stands for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasswells.core.errors import InputError
from glasswells.store.bounded import read_bounded
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import StoreReader

MAX_BYTES = 1_000_000
"""Of a plan file; more is no plan."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenPlan:
    """A plan as it was given to a start."""

    text: str
    """Of the file, with what it leaves out, to read."""
    complete: str
    """What is stored: with the contents of the files that it names."""
    plan: Any


def given_plan(plan_file: Path, pipeline: Pipeline, like: str | None = None) -> GivenPlan:
    """The plan in a file; what it leaves out is as in the campaign whose stored text `like` is."""
    text = pipeline.spell_out(read_text(plan_file), like)
    complete = pipeline.complete_plan(text, plan_file.parent)
    return GivenPlan(text=text, complete=complete, plan=pipeline.read_plan(complete))


def own_defaults(plan_file: Path, directory: Path, pipeline: Pipeline) -> list[str]:
    """In which settings that a plan file leaves out its campaign is not as one of today would be.

    Returns
    -------
    list
        One sentence, or none if there is no such setting.
    """
    text = read_text(plan_file)
    with StoreReader(directory, pipeline.codec) as store:
        kept = pipeline.spell_out(text, store.property("plan"))
    found = pipeline.differences(pipeline.read_plan(text), pipeline.read_plan(kept))
    if not found:
        return []
    return [
        f"what {plan_file} leaves out is as it was when the campaign began (here), not as by "
        f"default today (there): {'; '.join(found)}"
    ]


def read_plan_file(plan_file: Path, pipeline: Pipeline) -> Any:
    """The plan in a file, with the contents of the files that it names; nothing is made.

    Raises
    ------
    InputError
        For a plan with errors.
    """
    return pipeline.read_plan(pipeline.complete_plan(read_text(plan_file), plan_file.parent))


def read_text(path: Path) -> str:
    """The text of a plan file.

    Raises
    ------
    InputError
        If there is no such file, or it is no text.
    """
    try:
        content = read_bounded(path, MAX_BYTES, "a plan file")
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text file, expected TOML in UTF-8") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): write one with `glasswells init`"
        ) from None
