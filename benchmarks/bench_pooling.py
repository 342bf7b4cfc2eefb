"""Memory of coordinator and worker while minima of a glass are pooled and paired, made-up places.

Run `python benchmarks/bench_pooling.py`. Four trajectories of 1500 particles come back with minima
at multiples of 2^-12 which are all different; then the stage `library` pools them as in any
campaign, on one worker, and `pairs` looks at those that were linked, and at the ten next to each in
energy. No path is searched. Peak resident memory, with two numbers of minima: what grows with them
is set against what a library of the largest campaign so far would take.
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

import glasswells as gw
from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.core.geometry import to_multiples
from glasswells.core.outcomes import Outcome
from glasswells.core.records import InherentStructure, Transition
from glasswells.landscape.close import Close
from glasswells.landscape.places import PLACE
from glasswells.landscape.trajectory import ExplorationState
from glasswells.sampling.molecular_dynamics import Integrator
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.tasks import TaskInput, TaskOutput
from rows import Row

SIZES = (1200, 5000)
"""Minima in all trajectories together."""
WARM = 8
TRAJECTORIES = 4
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
lanes = 1
quenches = {quenches}
chunk_quenches = {quenches}
[pairs]
rules = ["linked", "close"]
min_transitions = 1
max_pairs = 5
[modes]
enabled = false
"""


def met(task: TaskInput) -> TaskOutput:
    """A trajectory, a minimum in each quench."""
    ((glass,),) = task.inputs
    start, generator = glass.configuration, np.random.default_rng(task.seed)
    shape = start.positions.shape
    quenches = task.parameters["explore"]["quenches"]
    structures = tuple(
        InherentStructure(
            index=k,
            configuration=start.moved_to(
                to_multiples(start.positions + generator.normal(0, 0.02, shape), PLACE)
            ),
            energy=float(generator.uniform(0, TRAJECTORIES * quenches * SPACING)),
        )
        for k in range(quenches)
    )
    integrator = Integrator(gw.SoftSpheres().interactions(start), start, 0.04)
    state = ExplorationState(
        dynamics=integrator.start(start.positions, task.seed),
        structures=structures,
        transitions=tuple(Transition(i=k, j=k + 1, count=1) for k in range(quenches - 1)),
        last=quenches - 1,
        quenches=quenches,
        evaluations=0,
        recognized=0,
        failures=0,
        outcome=Outcome.COMPLETED,
    )
    return TaskOutput(products=(("trajectory", state),))


def no_path(task: TaskInput) -> TaskOutput:
    """The search between two minima that are at random places."""
    return TaskOutput()


RUNS = {"explore": met, "paths": no_path}
STAGES = tuple(replace(s, run=RUNS.get(s.name, s.run)) for s in PIPELINE.stages)


def pool(minima: int) -> tuple[float, float]:
    """Peak memory in GB of this process, the coordinator, and of its one worker."""
    with tempfile.TemporaryDirectory(prefix="glasswells-") as name:
        plan = Path(name) / "plan.toml"
        plan.write_text(PLAN.format(trajectories=TRAJECTORIES, quenches=minima // TRAJECTORIES))
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
