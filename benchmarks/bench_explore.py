"""Explorations in lanes against one trajectory after the other, of this build or of another one.

    python benchmarks/bench_explore.py [--baseline PYTHON] [--quenches 320] [--repeats 3]

CPU time of a quench with its dynamics, N = 1500, T_MD = 0.04, a quench each 50 steps of 0.01. Two
programs take turns on one core; medians. `--baseline` is the interpreter of an environment that has
an earlier build; by default the double precision route of this one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from rows import Row, pinned, print_rows

WORKS = {0.062: (2, 2.5, 5.0), 0.07: (1, 2.5, 5.0), 0.092: (0, 1.8, 3.0)}
"""By preparation temperature: the shipped glass, the ratio to reach and the one hoped for."""
INTERVAL, LANES = 50, 16
BEGIN = 3
"""Quenches of each trajectory that are not timed: compilation, and the way into the glass."""
VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def one_by_one(temperature: float, glass: int, quenches: int) -> float:
    """CPU milliseconds of a quench, in double precision; any build since the first has this."""
    import glasswells as gw
    from glasswells.landscape.explore import continue_exploration, start_exploration

    model, start = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    settings = gw.ExplorationSettings(interval=INTERVAL)
    spent = 0.0
    trajectories = 4
    for seed in range(trajectories):
        state = start_exploration(model, start, settings, seed)
        state = continue_exploration(model, state, settings, BEGIN)
        began = time.process_time()
        continue_exploration(model, state, settings, quenches // trajectories)
        spent += time.process_time() - began
    return 1e3 * spent / (trajectories * (quenches // trajectories))


def side_by_side(temperature: float, glass: int, quenches: int) -> float:
    """The same in lanes."""
    import glasswells as gw
    from glasswells.landscape.explore import continue_explorations, start_exploration

    model, start = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    settings = gw.ExplorationSettings(interval=INTERVAL, lanes=LANES)
    states = [start_exploration(model, start, settings, seed) for seed in range(LANES)]
    states = continue_explorations(model, states, settings, BEGIN)
    began = time.process_time()
    continue_explorations(model, states, settings, quenches // LANES)
    return 1e3 * (time.process_time() - began) / (LANES * (quenches // LANES))


def measured(python: str, way: str, temperature: float, quenches: int) -> float:
    """What a fresh process of an interpreter measures."""
    glass = WORKS[temperature][0]
    command = [python, str(Path(__file__)), "--child", way, str(temperature), str(glass)]
    run = subprocess.run(
        [*command, str(quenches)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **VARIABLES, **({"PYTHONPATH": ""} if python != sys.executable else {})},
    )
    return float(json.loads(run.stdout.splitlines()[-1]))


def main(baseline: str = sys.executable, quenches: int = 320, repeats: int = 3) -> list[Row]:
    """One row for each preparation temperature."""
    with pinned():
        return [_row(temperature, baseline, quenches, repeats) for temperature in WORKS]


def _row(temperature: float, baseline: str, quenches: int, repeats: int) -> Row:
    glass, must, aim = WORKS[temperature]
    ours, theirs = [], []
    for _ in range(repeats):
        theirs.append(measured(baseline, "one_by_one", temperature, quenches))
        ours.append(measured(sys.executable, "side_by_side", temperature, quenches))
        print(f"# T_f = {temperature:g}: {theirs[-1]:.2f} {ours[-1]:.2f} ms", flush=True)
    ratio = median(theirs) / median(ours)
    return Row(
        work=f"quench with its dynamics in lanes, T_f = {temperature:g}, glass {glass}",
        measured=f"{median(ours):.2f} ms",
        baseline=f"{median(theirs):.2f} ms one by one",
        ratio=f"{ratio:.2f}",
        must=f"{must:g}x",
        aim=f"{aim:g}x",
        meets_must=ratio >= must,
        meets_aim=ratio >= aim,
    )


def be_measured(way: str, temperature: str, glass: str, quenches: str) -> None:
    """One of the two programs."""
    call = {"one_by_one": one_by_one, "side_by_side": side_by_side}[way]
    print(json.dumps(call(float(temperature), int(glass), int(quenches))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        be_measured(*sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--baseline", default=sys.executable)
        parser.add_argument("--quenches", type=int, default=320)
        parser.add_argument("--repeats", type=int, default=3)
        print_rows(main(**vars(parser.parse_args())))
