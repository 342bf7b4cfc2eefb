"""What a plan's calculator needs before its campaign begins: its commands, and one energy."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.errors import GlasswellsError, InputError
from glasswells.core.records import Configuration
from glasswells.interchange.potential_files import potential_digests
from glasswells.plan.errors import PlanError
from glasswells.plan.file import toml_value
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.store.bounded import read_bounded

MAX_BYTES = 100_000
"""Of a file of commands; potential files are not part of it."""
NO_LIMIT = 600.0
"""Seconds of a trial where tasks have no limit."""


def stored_model_table(name: str, folder: Path) -> str:
    """The table that keeps LAMMPS' commands in a plan: text, and digests of potential files.

    Raises
    ------
    PlanError
        For a file that cannot be read, and for potential files that are not there.
    """
    path = folder / name
    try:
        commands = read_bounded(path, MAX_BYTES, "a file of commands").decode()
        potentials = potential_digests(commands)
    except OSError as error:
        raise _error(f"model.commands: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _error(f"model.commands: {path} is no text file") from None
    except InputError as error:
        raise _error(f"model.commands: {error}") from None
    rows = {"commands": commands, "potentials": potentials}
    lines = [f"{key} = {toml_value(value)}" for key, value in rows.items()]
    return "\n".join(["[stored_model]", *lines, ""])


def try_model(plan: Plan) -> None:
    """Compute the energy of the first glass in a process of its own.

    Code that is not ours may end or hang its process: here it can, at no cost to a campaign.

    Raises
    ------
    PlanError
        With what the calculator said, or that it ended its process or did not answer in time.
    """
    limit = plan.model.task_limit or NO_LIMIT
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context)
    try:
        future = pool.submit(_energy, plan.model_parameters, _first_glass(plan))
        said = future.result(timeout=limit)
    except TimeoutError:
        said = f"the energy of the first glass took more than {limit:g} s (model.task_limit)"
    except BrokenProcessPool:
        said = "the energy of the first glass ended its process"
    finally:
        for process in (pool._processes or {}).values():  # a hanging one would be waited for
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
    if said:
        raise _error(said if said.startswith("model.") else f"model: {said}")


def _first_glass(plan: Plan) -> Configuration:
    if plan.stored_glasses:
        return plan.stored_glasses[0].configuration()
    start = np.random.SeedSequence(plan.campaign.seed)
    return plan.melt_quench.start(plan.model.element_masses, start)


def _energy(parameters: Mapping[str, Any], configuration: Configuration) -> str:
    """What went wrong; empty if nothing did."""
    try:
        interactions = build_model(parameters).interactions(configuration)
        energy, forces = interactions.energy_and_forces(configuration.positions)
    except GlasswellsError as error:
        return str(error)
    except Exception as error:  # of code that is not ours
        return f"the calculator failed with {type(error).__name__}: {error}"
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        return f"the energy of the first glass is {energy}, expected a number"
    return ""


def _error(problem: str) -> PlanError:
    return PlanError("the plan", [problem])
