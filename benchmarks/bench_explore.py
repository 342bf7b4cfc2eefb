"""Explorations in lanes against one trajectory after the other, of this build or of another one.

    python benchmarks/bench_explore.py [--baseline PYTHON] [--quenches 320] [--repeats 3]

CPU time of a quench with its dynamics, N = 1500, T_MD = 0.04, a quench each 50 steps of 0.01; and
the time that molecular dynamics covers per CPU hour with a quench each 100 steps of 0.02 in lanes,
as the examples have it, beside one by one as above. Programs take turns on one core; medians.
`--baseline` is the interpreter of an environment that has an earlier build; by default the double
precision route of this one.
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
INTERVAL, TIME_STEP = 50, 0.01
LONG_INTERVAL, LONG_TIME_STEP = 100, 0.02
LANES = 16
MUST_COVER, AIM_COVER = 6.0, 15.0
"""Times as much time of molecular dynamics per CPU hour."""
BEGIN = 3
"""Quenches of each trajectory that are not timed: compilation, and the way into the glass."""
VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def one_by_one(temperature: float, glass: int, quenches: int) -> float:
    """CPU milliseconds of a quench, in double precision; any build since the first has this."""
    import glasswells as gw
    from glasswells.landscape.explore import continue_exploration, start_exploration

    model, start = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    settings = gw.ExplorationSettings(interval=INTERVAL, time_step=TIME_STEP)
    spent = 0.0
    trajectories = 4
    for seed in range(trajectories):
        state = start_exploration(model, start, settings, seed)
        state = continue_exploration(model, state, settings, BEGIN)
        began = time.process_time()
        continue_exploration(model, state, settings, quenches // trajectories)
        spent += time.process_time() - began
    return 1e3 * spent / (trajectories * (quenches // trajectories))


def side_by_side(
    temperature: float,
    glass: int,
    quenches: int,
    interval: int = INTERVAL,
    time_step: float = TIME_STEP,
) -> float:
    """The same in lanes."""
    import glasswells as gw
    from glasswells.landscape.explore import continue_explorations, start_exploration

    model, start = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    settings = gw.ExplorationSettings(interval=interval, time_step=time_step, lanes=LANES)
    states = [start_exploration(model, start, settings, seed) for seed in range(LANES)]
    states = continue_explorations(model, states, settings, BEGIN)
    began = time.process_time()
    continue_explorations(model, states, settings, quenches // LANES)
    return 1e3 * (time.process_time() - began) / (LANES * (quenches // LANES))


def farther(temperature: float, glass: int, quenches: int) -> float:
    """In lanes, with longer steps and intervals."""
    return side_by_side(temperature, glass, quenches, LONG_INTERVAL, LONG_TIME_STEP)


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
    """Two rows for each preparation temperature."""
    with pinned():
        return [row for t in WORKS for row in _rows(t, baseline, quenches, repeats)]


def _rows(temperature: float, baseline: str, quenches: int, repeats: int) -> list[Row]:
    glass, must, aim = WORKS[temperature]
    ours, theirs, far = [], [], []
    for _ in range(repeats):
        theirs.append(measured(baseline, "one_by_one", temperature, quenches))
        ours.append(measured(sys.executable, "side_by_side", temperature, quenches))
        far.append(measured(sys.executable, "farther", temperature, quenches))
        print(
            f"# T_f = {temperature:g}: {theirs[-1]:.2f} {ours[-1]:.2f} {far[-1]:.2f} ms", flush=True
        )
    ratio = median(theirs) / median(ours)
    per_hour = 3.6e6 * INTERVAL * TIME_STEP / median(theirs)
    covered = 3.6e6 * LONG_INTERVAL * LONG_TIME_STEP / median(far)
    place = f"T_f = {temperature:g}, glass {glass}"
    return [
        Row(
            work=f"quench with its dynamics in lanes, {place}",
            measured=f"{median(ours):.2f} ms",
            baseline=f"{median(theirs):.2f} ms one by one",
            ratio=f"{ratio:.2f}",
            must=f"{must:g}x",
            aim=f"{aim:g}x",
            meets_must=ratio >= must,
            meets_aim=ratio >= aim,
        ),
        Row(
            work=f"MD time per CPU hour, {LONG_INTERVAL} steps of {LONG_TIME_STEP:g}, {place}",
            measured=f"{covered:.3g}",
            baseline=f"{per_hour:.3g} one by one, {INTERVAL} steps of {TIME_STEP:g}",
            ratio=f"{covered / per_hour:.2f}",
            must=f"{MUST_COVER:g}x",
            aim=f"{AIM_COVER:g}x",
            meets_must=covered >= MUST_COVER * per_hour,
            meets_aim=covered >= AIM_COVER * per_hour,
        ),
    ]


def be_measured(way: str, temperature: str, glass: str, quenches: str) -> None:
    """One of the programs."""
    ways = {"one_by_one": one_by_one, "side_by_side": side_by_side, "farther": farther}
    print(json.dumps(ways[way](float(temperature), int(glass), int(quenches))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        be_measured(*sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--baseline", default=sys.executable)
        parser.add_argument("--quenches", type=int, default=320)
        parser.add_argument("--repeats", type=int, default=3)
        print_rows(main(**vars(parser.parse_args())))
