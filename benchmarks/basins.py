"""In which basin of the energy landscape a snapshot lies, and which quenches end in another one.

    python benchmarks/basins.py --snapshots 100 --check 5 --keep FOLDER

The basin of a snapshot is that of the minimum to which the steepest descent dx/dt = f(x) leads.
Here the flow is followed by stabilized explicit steps of fourth order with a local error of at most
`TOLERANCE`; SciPy's Runge-Kutta method of order eight does the first `--check` snapshots of each
temperature once more. Then each quench is asked: L-BFGS with its Newton finish, FIRE, and lanes.
Prints a row for each preparation temperature, with intervals of 95 % (Clopper and Pearson).

The flow takes most of the time. `--keep` writes where it led, a file for each twenty snapshots;
what is there already is not followed again, so that a run that was stopped goes on, and quenches of
another build are asked on the same snapshots.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import scipy.integrate
import scipy.sparse.linalg
import scipy.stats

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.core.records import Array
from glasswells.minimization import minimize_positions
from glasswells.minimization.lane_descent import LaneDescents
from glasswells.model.interactions import PairInteractions
from glasswells.model.lanes import fixed_point, floating_point
from glasswells.paths.chebyshev import Flow
from glasswells.paths.surface import Surface
from glasswells.sampling.molecular_dynamics import Integrator

TEMPERATURES = (0.062, 0.07, 0.092)
MODEL = gw.SoftSpheres()
SETTINGS = gw.MinimizerSettings()
TOLERANCE = 1e-6
"""Of the norm of the error of a step, length, where minima lie 0.1 and more apart."""
SMALL_FORCE = 1e-3
"""Largest force component at which the flow has entered the harmonic region of its minimum."""
SAME = 1e-3
"""Largest displacement of a particle between two ends that are one minimum, length."""
INTERVAL, EXPLORATION_TEMPERATURE = 50, 0.04
PER_GLASS = 20
"""Snapshots of a glass in a row."""


def snapshots(glass: gw.Configuration, count: int, seed: int) -> list[Array]:
    """Positions along a trajectory, on the grid of the lanes, so that all start from the same."""
    integrator = Integrator(MODEL.interactions(glass), glass, EXPLORATION_TEMPERATURE)
    state = integrator.advance(integrator.start(glass.positions, seed), 400, 400).state
    taken = []
    for _ in range(count):
        state = integrator.advance(state, INTERVAL, INTERVAL).state
        taken.append(floating_point(fixed_point(state.positions, glass.box), glass.box))
    return taken


def bottom(interactions: PairInteractions, positions: Array) -> Array:
    """The minimum of the harmonic region that holds these positions."""
    return minimize_positions(interactions, positions, SETTINGS).positions


def flow_down(interactions: PairInteractions, start: Array) -> Array:
    """The minimum below `start` (N, 3), by our own steps."""
    hessian = interactions.derivatives(start).matrix()
    highest = scipy.sparse.linalg.eigsh(
        hessian, 1, which="LA", return_eigenvectors=False, tol=1e-2, v0=np.ones(start.size)
    )
    flow = Flow(Surface(interactions=interactions), 1.3 * float(highest[0]))
    here, force = start, interactions.energy_and_forces(start)[1]
    duration = 1e-3
    while np.abs(force).max() > SMALL_FORCE:
        duration = min(duration, flow.longest)
        step = flow.step(here, force, duration)
        error = float(np.linalg.norm(step.error))
        if not error <= TOLERANCE:  # also where a stage has left its list
            cut = 0.8 * (TOLERANCE / error) ** 0.25 if np.isfinite(error) else 0.0
            duration *= max(0.2, cut)
            continue
        here = step.positions
        force = interactions.energy_and_forces(here)[1]
        duration *= min(2.0, 0.9 * (TOLERANCE / max(error, 1e-300)) ** 0.25)
    return bottom(interactions, here)


def integrate_down(interactions: PairInteractions, start: Array) -> Array:
    """The same by SciPy."""

    def force(_: float, x: Array) -> Array:
        return interactions.energy_and_forces(x.reshape(-1, 3))[1].ravel()

    def is_small(t: float, x: Array) -> float:
        return float(np.abs(force(t, x)).max()) - SMALL_FORCE

    is_small.terminal = True  # type: ignore[attr-defined]
    run = scipy.integrate.solve_ivp(
        force, (0, 1e3), start.ravel(), method="DOP853", rtol=1e-7, atol=1e-8, events=is_small
    )
    return bottom(interactions, np.ascontiguousarray(run.y[:, -1]).reshape(-1, 3))


def differ(glass: gw.Configuration, one: Array, other: Array) -> bool:
    """Whether two ends are different minima."""
    moved = displacement(one, other, glass.box)
    return bool(np.linalg.norm(moved, axis=1).max() > SAME)


def followed(
    glass: gw.Configuration, count: int, seed: int, kept: Path | None
) -> tuple[list[Array], list[Array]]:
    """Snapshots of a glass and the minima below them, from the file `kept` if it is there."""
    if kept is not None and kept.exists():
        with np.load(kept) as known:
            if len(known["starts"]) >= count:
                return list(known["starts"][:count]), list(known["minima"][:count])
    starts = snapshots(glass, count, seed)
    minima = [flow_down(_interactions(glass), start) for start in starts]
    if kept is not None:
        unfinished = kept.with_suffix(".part.npz")
        np.savez(unfinished, starts=starts, minima=minima)
        unfinished.replace(kept)
    return starts, minima


def count_glass(
    glass: gw.Configuration, starts: list[Array], minima: list[Array], check: int
) -> Counter[str]:
    """How many of the quenches of one glass end elsewhere."""
    interactions = _interactions(glass)
    arrivals = LaneDescents(interactions, SETTINGS).descend(
        [fixed_point(start, glass.box) for start in starts]
    )
    found = Counter(snapshots=len(starts))
    fire = gw.MinimizerSettings(method="fire")
    for start, true, arrival in zip(starts, minima, arrivals, strict=True):
        lbfgs = bottom(interactions, start)
        lanes = bottom(interactions, arrival.positions)
        by_fire = minimize_positions(interactions, start, fire).positions
        found["lbfgs"] += differ(glass, true, lbfgs)
        found["fire"] += differ(glass, true, by_fire)
        found["lanes"] += differ(glass, true, lanes)
        found["lanes against lbfgs"] += differ(glass, lbfgs, lanes)
    for start, true in islice(zip(starts, minima, strict=True), check):
        found["checked"] += 1
        found["checked and other"] += differ(glass, true, integrate_down(interactions, start))
    return found


def _interactions(glass: gw.Configuration) -> PairInteractions:
    interactions = MODEL.interactions(glass)
    assert isinstance(interactions, PairInteractions)  # noqa: S101 (of this model)
    return interactions


def fraction(count: int, of: int) -> str:
    """A fraction with its interval."""
    low, high = scipy.stats.binomtest(count, of).proportion_ci()
    return f"{count}/{of} = {count / of:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", type=int, default=500, help="of each temperature")
    parser.add_argument("--check", type=int, default=5, help="of these by SciPy as well")
    parser.add_argument("--temperatures", type=float, nargs="+", default=TEMPERATURES)
    parser.add_argument("--keep", type=Path, help="folder for the minima below the snapshots")
    arguments = parser.parse_args()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    totals = {temperature: Counter[str]() for temperature in arguments.temperatures}
    for k in range(-(-arguments.snapshots // PER_GLASS)):
        for temperature, total in totals.items():
            count = min(PER_GLASS, arguments.snapshots - total["snapshots"])
            glass = gw.glass(temperature, k % 10).configuration
            kept = arguments.keep and arguments.keep / f"{temperature:g}_{k}.npz"
            starts, minima = followed(glass, count, k, kept)
            check = max(0, arguments.check - total["checked"])
            total += count_glass(glass, starts, minima, check)
            print(f"# {temperature:g} {dict(total)}", flush=True)
    names = ("lbfgs", "fire", "lanes", "lanes against lbfgs")
    for temperature, total in totals.items():
        fractions = "; ".join(
            f"{name} {fraction(total[name], total['snapshots'])}" for name in names
        )
        print(f"T_f = {temperature:g}: {fractions}", flush=True)


if __name__ == "__main__":
    main()
