"""Consecutive quenches in lanes against the same quenches one by one, in double precision.

    python benchmarks/same_minima.py --rounds 20

Sixteen trajectories of a glass move in lanes at T_MD = 0.04, and each of their snapshots, 50 steps
of 0.01 apart, is quenched twice. As a scale, the quench in double precision is asked once more
from a start with every coordinate moved by `SHIFT`, which is less than single precision resolves.
Prints how many end in another minimum, with intervals of 95 % (Clopper and Pearson).
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

import glasswells as gw
from basins import INTERVAL, MODEL, SETTINGS, TEMPERATURES, bottom, differ, fraction
from glasswells.landscape.explore import start_exploration
from glasswells.minimization.lane_descent import LaneDescents
from glasswells.minimization.lane_newton import Landing, LaneEnds
from glasswells.model.interactions import PairInteractions
from glasswells.model.lanes import floating_point
from glasswells.sampling.lane_dynamics import LaneTrajectories

LANES = 16
SHIFT = 1e-8
SKIN = 0.1


def count_glass(temperature: float, number: int, rounds: int, total: Counter[str]) -> None:
    """Add the quenches of one glass to the total, and print it after each round."""
    glass = gw.glass(temperature, number).configuration
    settings = gw.ExplorationSettings(interval=INTERVAL, lanes=LANES)
    states = [start_exploration(MODEL, glass, settings, seed) for seed in range(LANES)]
    interactions = MODEL.interactions(glass)
    assert isinstance(interactions, PairInteractions)  # noqa: S101 (of this model)
    motion = LaneTrajectories(interactions, [s.dynamics for s in states], settings.time_step)
    descents, ends = LaneDescents(interactions, SETTINGS), LaneEnds(interactions, SETTINGS)
    motion.advance(4 * INTERVAL)
    rng = np.random.default_rng(number)
    for _ in range(rounds):
        motion.advance(INTERVAL)
        starts = [motion.units(b) for b in range(LANES)]
        landings = []
        for arrival in descents.descend(starts):
            own = interactions.apart(SKIN)
            energy, forces = own.energy_and_forces(arrival.positions)
            landings.append(Landing(own, arrival.positions, energy, forces))
        for start, landing, end in zip(starts, landings, ends.finish(landings), strict=True):
            positions = floating_point(start, glass.box)
            full = bottom(interactions.afresh(), positions)
            lanes = (
                bottom(interactions.afresh(), landing.positions) if end is None else end.positions
            )
            shifted = positions + SHIFT * rng.choice([-1.0, 1.0], positions.shape)
            total["quenches"] += 1
            total["lanes"] += differ(glass, full, bottom(interactions.afresh(), lanes))
            total["shifted"] += differ(glass, full, bottom(interactions.afresh(), shifted))
        print(f"# {temperature:g} glass {number}: {dict(total)}", flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="of sixteen quenches, each glass")
    parser.add_argument("--glasses", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--temperatures", type=float, nargs="+", default=TEMPERATURES)
    arguments = parser.parse_args()
    totals = {temperature: Counter[str]() for temperature in arguments.temperatures}
    for number in arguments.glasses:
        for temperature, total in totals.items():
            count_glass(temperature, number, arguments.rounds, total)
    for temperature, total in totals.items():
        of = total["quenches"]
        found = "; ".join(f"{n} {fraction(total[n], of)}" for n in ("lanes", "shifted"))
        print(f"T_f = {temperature:g}: {found}", flush=True)


if __name__ == "__main__":
    main()
