"""Whole campaigns of the real stages on glasses of 150 particles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.pipeline import Pipeline

_TEMPLATE = """
[campaign]
name = "small"
seed = 3
[glasses]
preparation_temperatures = [0.1]
counts = [{glasses}]
[prepare]
n_particles = 150
melt_sweeps = 200
burn_in = 50
sweeps = {sweeps}
chunk_sweeps = 500
[explore]
exploration_temperature = 0.05
trajectories = {trajectories}
quenches = {quenches}
chunk_quenches = 20
interval = 40
time_step = 0.01
lanes = 1
[pairs]
rules = ["linked", "close"]
min_transitions = {min_transitions}
batch = 2
[pairs.close]
max_energy_difference = 0.05
min_distance = 0.1
max_distance = 1.0
[modes]
images = [6, 9]
"""

SMALL_PLAN = _TEMPLATE.format(
    glasses=1, sweeps=1500, trajectories=2, quenches=40, min_transitions=2
)
"""Some 20 tasks, seconds."""

VIBRATIONS_PLAN = (
    _TEMPLATE.format(glasses=1, sweeps=1500, trajectories=2, quenches=80, min_transitions=1)
    + "count = 40\nrhos = [0.05, 0.01]\n"
)
"""Some ten double wells. How many it is depends on the processor, whose rounding decides where a
trajectory goes: a test may count on a few, no more."""

LONGER_PLAN = _TEMPLATE.format(
    glasses=3, sweeps=6000, trajectories=4, quenches=200, min_transitions=1
)
"""Some 480 tasks in all stages, less than a minute on one core."""


def finished_campaign(
    folder: Path,
    text: str,
    reuse: Path | None = None,
    pipeline: Pipeline = PIPELINE,
    **settings: Any,
) -> Path:
    """The campaign of a plan, run to its end; in this process unless the settings say otherwise."""
    plan = folder / "plan.toml"
    plan.write_text(text, encoding="utf-8")
    directory = start_campaign(plan, folder / "campaign", pipeline, reuse)
    settings = {"workers": 1, "make_executor": InlineExecutor, **settings}
    assert run_campaign(directory, pipeline, **settings).is_finished
    return directory
