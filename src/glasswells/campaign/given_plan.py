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

    file: Path
    """Where it was read."""
    text: str
    """Of the file, with what it leaves out, to read."""
    complete: str
    """What is stored: with the contents of the files that it names."""
    plan: Any


def given_plan(plan_file: Path, pipeline: Pipeline, like: str | None = None) -> GivenPlan:
    """The plan in a file; what it leaves out is as in the campaign whose stored text `like` is."""
    text = pipeline.spell_out(read_text(plan_file), like)
    complete = pipeline.complete_plan(text, plan_file.parent)
    plan = pipeline.read_plan(complete)
    return GivenPlan(file=plan_file, text=text, complete=complete, plan=plan)


def own_defaults(
    plan_file: Path, directory: Path, pipeline: Pipeline, reuse: Path | None = None
) -> list[str]:
    """In which settings that a plan file leaves out its campaign is not as one of today would be.

    Parameters
    ----------
    plan_file, directory, pipeline
        The plan, the folder of its campaign and the stages.
    reuse
        Folder of the campaign that this one was to begin with.

    Returns
    -------
    list
        One sentence, or none if there is no such setting.
    """
    text = read_text(plan_file)
    kept = pipeline.read_plan(_spelled_out_as(directory, text, pipeline))
    places = f"in {directory}", "by default today"
    found = pipeline.differences(kept, pipeline.read_plan(text), places=places)
    if not found:
        return []
    origin = f"it was when the campaign in {directory} began"
    if reuse is not None and pipeline.read_plan(_spelled_out_as(reuse, text, pipeline)) == kept:
        origin = f"in {reuse}, whose work is taken over"
    return [f"what {plan_file} leaves out is as {origin}, not as by default: {'; '.join(found)}"]


def _spelled_out_as(directory: Path, text: str, pipeline: Pipeline) -> str:
    """The text of a plan file with what it leaves out as it is in a campaign."""
    with StoreReader(directory, pipeline.codec) as store:
        return pipeline.spell_out(text, store.property("plan"))


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
