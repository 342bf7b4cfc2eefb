"""Calibrations kept in the user's cache folder, and refused where they were made otherwise."""

from __future__ import annotations

import dataclasses
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from glasswells.core.whole_file import write_whole
from glasswells.estimation.records import Known, Rate
from glasswells.estimation.sizes import groups
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.prepare import LENGTHS
from glasswells.store.codec import sha256
from glasswells.store.provenance import provenance
from glasswells.store.tasks import canonical

MACHINE = ("system", "processor", "packages")
"""What a calibration is of, besides the plan: parts of the provenance of a run."""
NAME_LENGTH = 16


def cache_folder() -> Path:
    """`glasswells` in `XDG_CACHE_HOME`, or in `.cache` of the home folder.

    Raises
    ------
    FileNotFoundError
        If the user has no home folder, as in some containers.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from None
    return base / "glasswells"


def depends_on(plan: Plan) -> dict[str, Any]:
    """All of a plan that decides what a task costs, but not how many there are."""
    amounts = {"trajectories", "quenches", "chunk_quenches"}
    return {
        "model": plan.model_parameters,
        "source": plan.glasses.source,
        "temperatures": list(plan.preparations),
        "first": list(plan.glasses.first),
        "files": [glass.sha256 for glass in plan.stored_glasses],
        "prepare": plan.prepare.model_dump(mode="json", exclude={*LENGTHS, "chunk_sweeps"}),
        "explore": plan.explore.model_dump(mode="json", exclude=amounts),
        "lanes": [group.lanes for group in groups(plan)],
        "searched": bool(plan.pairs.rules),
        "paths": plan.paths.model_dump(mode="json", exclude={"max_intermediates"}),
        "splittings": plan.splittings.model_dump(mode="json"),
        "units": {name: own.model_dump(mode="json") for name, own in plan.units.items()},
        "modes": plan.modes.model_dump(mode="json"),
        "formats": {stage.name: stage.code_format for stage in PIPELINE.stages},
    }


def machine() -> dict[str, Any]:
    """Versions and type of processor: on others a calibration says nothing."""
    found = provenance()
    return {key: found[key] for key in MACHINE}


def load_calibration(plan: Plan, folder: Path | None = None) -> Known | None:
    """The calibration that was kept for such a plan on such a machine; None if there is none."""
    try:
        path = _path(plan, folder or cache_folder())
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["machine"] != machine() or kept["depends_on"] != depends_on(plan):
            return None
        rates = {(name, temperature): Rate(**rate) for name, temperature, rate in kept["rates"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # what cannot be read is measured again
    return Known(rates=rates)


def keep_calibration(plan: Plan, known: Known, folder: Path | None = None) -> None:
    """Write a calibration for later estimates; where that cannot be done it is not kept."""
    kept = {
        "machine": machine(),
        "depends_on": depends_on(plan),
        "rates": [[*key, dataclasses.asdict(rate)] for key, rate in known.rates.items()],
    }
    with suppress(OSError):
        path = _path(plan, folder or cache_folder())
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(kept, indent=1))


def _path(plan: Plan, folder: Path) -> Path:
    return folder / f"costs-{sha256(canonical(depends_on(plan)).encode())[:NAME_LENGTH]}.json"
