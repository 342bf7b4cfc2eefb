"""Glasses of your own: their files are read once, when a campaign begins, into its plan.

Tasks are pure functions of their parameters, and a resumed campaign plants its tasks again from
the plan in the store. So the contents must be where the plan is: reading at parse time would make
the same text mean different things on different days, and a digest alone could only notice that a
file has changed, not go on without it. `complete_plan` appends the contents to the plan's text
before it is stored; from there they enter the parameters, and with them the name, of the task.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glasswells.core.errors import InputError
from glasswells.interchange.assembly import MissingOptionError
from glasswells.interchange.configurations import FORMATS, read_configuration
from glasswells.interchange.elements import elements_of
from glasswells.model.pair_model import Model
from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan, toml_value
from glasswells.plan.glasses import StoredGlass, of_particles
from glasswells.plan.model import CALCULATORS, LAMMPS, check_configuration
from glasswells.plan.model_trial import stored_model_table, try_model
from glasswells.plan.plan import Plan

TABLE = "one number for all, or a table such as { 1 = 1.0, 2 = 0.88 } by type or species"
WORDS = {
    "format": f"one of {', '.join(FORMATS)}, if all files are of that format",
    "atom_style": 'such as atom_style = "full" or "hybrid sphere charge", as in LAMMPS',
    "diameters": TABLE,
    "masses": TABLE,
}
"""What a plan may say where Python would pass an option of `read_configuration`."""
MODEL_MARK = "# Contents of model.commands, read when the campaign began. Do not edit.\n"
MARK = "# Contents of glasses.files, read when the campaign began. Do not edit.\n"


def complete_plan(text: str, folder: Path, read: Callable[[str], Plan] = parse_plan) -> str:
    """A plan's text with the contents of its files; as it is if it names none.

    A calculator is tried.

    Parameters
    ----------
    text
        TOML.
    folder
        Relative names of files start here.
    read
        What makes a plan of a text.

    Raises
    ------
    PlanError
        For a plan with errors, and with all files that cannot be used; for a calculator that
        cannot compute the first glass.
    """
    plan = read(text)
    if plan.model.kind == LAMMPS and plan.stored_model is None:
        text = _appended(text, MODEL_MARK, stored_model_table(plan.model.commands, folder))
        plan = read(text)
    if plan.glasses.source == "files" and not plan.stored_glasses:
        text = _appended(text, MARK, _glass_tables(plan, folder))
        plan = read(text)
    if plan.model.kind in CALCULATORS:
        try_model(plan)
    return text


def _glass_tables(plan: Plan, folder: Path) -> str:
    """The contents of all files of glasses."""
    try:
        model = plan.build_model()
    except InputError as error:
        text = str(error)
        raise PlanError(
            "the plan", [text if text.startswith("model.") else f"model: {text}"]
        ) from None
    problems, tables = [], []
    for name in plan.glasses.files:
        try:
            tables.append(_table(_stored(plan, model, folder, name)))
        except MissingOptionError as error:
            problems.append(
                f"glasses.files: {error.fact}: set {error.option} in [glasses], "
                f"{WORDS[error.option]}"
            )
        except InputError as error:
            problems.append(f"glasses.files: {error}")
    if problems:
        hint = "(a campaign that has begun needs no files: go on by `glasswells resume`)"
        raise PlanError("the plan", problems, hint)
    return "\n".join(tables)


def _appended(text: str, mark: str, tables: str) -> str:
    return "\n".join([text.rstrip("\n"), "", mark + tables])


def contents_in(text: str) -> str:
    """What `complete_plan` has appended to a plan's text, from the first mark to the end."""
    places = [text.find(mark) for mark in (MODEL_MARK, MARK)]
    first = min((place for place in places if place >= 0), default=len(text))
    return text[first:]


def readable_plan(text: str) -> str:
    """A completed plan without the contents of files."""
    return text.removesuffix(contents_in(text)).rstrip("\n") + "\n"


def _stored(plan: Plan, model: Model, folder: Path, name: str) -> StoredGlass:
    # Explorations start from the glass and quench it: single precision will do.
    section = plan.glasses
    configuration = read_configuration(
        folder / name,
        None if section.format == "by_extension" else section.format,
        diameters=of_particles(section.diameters),
        masses=of_particles(section.masses),
        atom_style=section.atom_style or None,
        single_precision=True,
    )
    masses = plan.model.element_masses
    try:
        if plan.model.is_material:
            elements_of(configuration, masses)
    except InputError as error:
        raise InputError(
            f"{folder / name}: {error}: write masses = {toml_value(masses)} in [glasses], by the "
            f"file's own types or species"
        ) from None
    try:
        check_configuration(model, configuration)
    except InputError as error:
        raise InputError(f"{folder / name}: {error}") from None
    return StoredGlass.of(name, configuration)


def _table(glass: StoredGlass) -> str:
    fields = glass.model_dump(exclude_defaults=True)
    rows = [f"{key} = {toml_value(value)}" for key, value in fields.items()]
    return "\n".join(["[[stored_glasses]]", *rows, ""])
