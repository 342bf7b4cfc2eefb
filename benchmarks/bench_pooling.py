"""Memory of coordinator and worker while minima of a glass are pooled and paired, made-up places.

Run `python benchmarks/bench_pooling.py`. Four trajectories of 1500 particles, in one task, go on in
chunks of 250 quenches each, of which every one meets another minimum, at multiples of 2^-12; then
the stage `library` pools them as in any campaign, on one worker, and `pairs` looks at those that
were linked, and at the ten next to each in energy. No path is searched. Peak resident memory, with
two numbers of minima: what grows with them is set against what a library of the largest campaign so
far would take. `python benchmarks/bench_pooling.py MINIMA` gives both peaks of another number.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.core.geometry import to_multiples
from glasswells.core.records import InherentStructure, Transition
from glasswells.landscape.close import Close
from glasswells.landscape.places import PLACE
from glasswells.landscape.trajectory import ExplorationState
from glasswells.plan.explore import ExploreSection
from glasswells.plan.model import build_model
from glasswells.stages.explore import exploration_settings, join_trajectories, states_before
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.tasks import TaskInput, TaskOutput
from rows import Row

SIZES = (5000, 20_000)
"""Minima of all trajectories together; with fewer, what stays at hand still fills its room."""
WARM = 8
TRAJECTORIES = 4
CHUNK = 250
"""Quenches of each trajectory between two checkpoints: their minima are held by the worker."""
SPACING = Close().max_energy_difference / 10
"""Mean difference of neighboring energies of all minima."""
PAPER = 53_000
"""Minima of the largest library so far."""
MUST, AIM = 1.0, 0.3
"""GB."""
PLAN = """
[campaign]
name = "pooling"
seed = 1
[glasses]
source = "shipped"
preparation_temperatures = [0.07]
counts = [1]
[explore]
trajectories = {trajectories}
lanes = {trajectories}
quenches = {quenches}
chunk_quenches = {chunk}
[pairs]
rules = ["linked", "close"]
min_transitions = 1
max_pairs = 5
[modes]
enabled = false
"""


def met(task: TaskInput) -> TaskOutput:
    """A chunk of all trajectories, a minimum in each quench."""
    section = ExploreSection(**task.parameters["explore"])
    model = build_model(task.parameters["model"])
    before = states_before(task, model, exploration_settings(section))
    generator = np.random.default_rng(task.seed)
    done = before[0].quenches
    left = max(0, section.quenches - done - section.chunk_quenches)
    states = [longer(state, section.quenches, section.quenches - done - left, generator)
              for state in before]  # fmt: skip
    if left:
        chunks = -(-left // section.chunk_quenches)
        return TaskOutput(state=join_trajectories(states), chunks_left=chunks)
    return TaskOutput(products=tuple(("trajectory", state) for state in states))


def longer(
    before: ExplorationState, whole: int, quenches: int, generator: np.random.Generator
) -> ExplorationState:
    """A trajectory with so many more minima; `whole` in the end."""
    start = before.dynamics.configuration()
    shape, done = start.positions.shape, before.quenches
    new = tuple(
        InherentStructure(
            index=k,
            configuration=start.moved_to(
                to_multiples(start.positions + generator.normal(0, 0.02, shape), PLACE)
            ),
            energy=float(generator.uniform(0, TRAJECTORIES * whole * SPACING)),
        )
        for k in range(done, done + quenches)
    )
    last = done + quenches - 1
    return replace(
        before,
        structures=(*before.structures, *new),
        transitions=tuple(Transition(i=k, j=k + 1, count=1) for k in range(last)),
        last=last,
        quenches=last + 1,
    )


def no_path(task: TaskInput) -> TaskOutput:
    """The search between two minima that are at random places."""
    return TaskOutput()


RUNS = {"explore": met, "paths": no_path}
STAGES = tuple(replace(s, run=RUNS.get(s.name, s.run)) for s in PIPELINE.stages)


def pool(minima: int) -> tuple[float, float]:
    """Peak memory in GB of this process, the coordinator, and of its one worker."""
    with tempfile.TemporaryDirectory(prefix="glasswells-") as name:
        plan = Path(name) / "plan.toml"
        quenches = minima // TRAJECTORIES
        plan.write_text(PLAN.format(trajectories=TRAJECTORIES, quenches=quenches, chunk=CHUNK))
        pipeline = replace(PIPELINE, stages=STAGES)
        directory = start_campaign(plan, Path(name) / "pooling", pipeline)
        if not run_campaign(directory, pipeline, workers=1).is_finished:
            raise RuntimeError("the library was not made")
    own, worker = (
        resource.getrusage(who).ru_maxrss * 1024 / 1e9
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own, worker


def main() -> list[Row]:
    peaks = []
    for minima in (WARM, *SIZES):  # the first compiles what is not kept yet
        words = [sys.executable, __file__, str(minima)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        peaks.append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for k, who in enumerate(("coordinator, which pools", "worker, which explores and pairs")):
        low, high = peaks[1][k], peaks[2][k]
        each = (high - low) / (SIZES[1] - SIZES[0])
        whole = high + each * (PAPER - SIZES[1])
        rows.append(
            Row(
                work=f"memory of the {who}, by its growth from {SIZES[0]} to {SIZES[1]} minima",
                measured=f"{1e6 * each:.0f} kB a minimum, {whole:.1f} GB with {PAPER}",
                must=f"{MUST:g} GB, flat",
                aim=f"{AIM:g} GB",
                meets_must=whole <= MUST,
                meets_aim=whole <= AIM,
            )
        )
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(pool(int(sys.argv[1]))))
    else:
        from rows import print_rows

        print_rows(main())
