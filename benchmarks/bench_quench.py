"""Quench of molecular dynamics snapshots: `minimize` against SciPy's L-BFGS-B, same forces.

Run `python benchmarks/bench_quench.py [GLASS.npz]`; the file holds positions, diameters, box. By
default the first shipped glass of preparation temperature 0.07.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import scipy.optimize

import glasswells as gw
from glasswells.core.records import Array, Configuration
from glasswells.minimization import Descent, MinimizerSettings, minimize_positions
from glasswells.model.pair_model import Interactions
from glasswells.model.soft_spheres import SoftSpheres
from rows import Row, pinned, print_rows

SNAPSHOTS = 24
INTERVAL = 50
THERMALIZATION = 400
TIME_STEP = 0.01
EXPLORATION_TEMPERATURE = 0.04
MAX_FORCE = 1e-10
T = TypeVar("T")


def glass(path: str | None) -> Configuration:
    if path is None:
        return gw.glass(0.07, 0).configuration
    with np.load(path) as data:
        return Configuration(**{name: data[name] for name in ("positions", "diameters", "box")})


def snapshots(interactions: Interactions, start: Array) -> list[Array]:
    """Positions along a constant-energy trajectory, velocities rescaled at first."""
    generator = np.random.default_rng(1)
    r, temperature = start.copy(), EXPLORATION_TEMPERATURE
    v = np.sqrt(temperature) * generator.normal(size=r.shape)
    v -= v.mean(axis=0)
    force = interactions.energy_and_forces(r)[1]
    taken = []
    for step in range(THERMALIZATION + SNAPSHOTS * INTERVAL):
        if step < THERMALIZATION and step % 50 == 0:
            v *= np.sqrt(temperature / np.mean(v**2))
        elif step >= THERMALIZATION and step % INTERVAL == 0:
            taken.append(r.copy())
        v += 0.5 * TIME_STEP * force
        r += TIME_STEP * v
        force = interactions.energy_and_forces(r)[1]
        v += 0.5 * TIME_STEP * force
    return taken


def scipy_quench(interactions: Interactions, start: Array) -> tuple[float, float, int]:
    """Energy, largest force component and evaluations of SciPy at its tightest settings."""

    def energy_and_gradient(flat: Array) -> tuple[float, Array]:
        energy, forces = interactions.energy_and_forces(flat.reshape(-1, 3))
        return energy, -forces.ravel()

    end = scipy.optimize.minimize(
        energy_and_gradient,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxcor": 10, "gtol": MAX_FORCE, "ftol": 0.0, "maxiter": 5000, "maxfun": 5000},
    )
    return end.fun, float(np.abs(end.jac).max()), end.nfev


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Thread CPU milliseconds, and the result."""
    begin = time.thread_time()
    result = call()
    return 1e3 * (time.thread_time() - begin), result


@pinned()
def main(path: str | None = None) -> list[Row]:
    """Print the details, and give the row of the default method."""
    configuration = glass(path)
    interactions = SoftSpheres().interactions(configuration)
    starts = snapshots(interactions, configuration.positions)
    routes = {
        "newton finish": MinimizerSettings(max_force=MAX_FORCE),
        "L-BFGS alone": MinimizerSettings(max_force=MAX_FORCE, newton_below=0.0),
    }
    for settings in routes.values():
        minimize_positions(interactions, starts[0], settings)  # compiles
    ours: dict[str, list[tuple[float, Descent]]] = {name: [] for name in routes}
    theirs = []
    evaluation = []
    for start in starts:
        for name, settings in routes.items():
            ours[name].append(
                timed(lambda s=settings, r=start: minimize_positions(interactions, r, s))
            )
        theirs.append(timed(lambda r=start: scipy_quench(interactions, r)))
        many = timed(lambda r=start: [interactions.energy_and_forces(r) for _ in range(20)])
        evaluation.append(many[0] / 20)
    scipy_ms = np.median([ms for ms, _ in theirs])
    print(
        f"quench, N = {configuration.n_particles}, {len(starts)} snapshots at T = "
        f"{EXPLORATION_TEMPERATURE}, thread CPU, medians (largest in brackets); "
        f"one force evaluation {1e3 * np.median(evaluation):.0f} us"
    )
    for name, runs in ours.items():
        ms = np.array([t for t, _ in runs])
        evaluations = np.array([d.evaluations for _, d in runs])
        products = np.array([d.hessian_products for _, d in runs])
        same = sum(
            abs(d.energy - end[0]) < 1e-6 for (_, d), (_, end) in zip(runs, theirs, strict=True)
        )
        ratio = np.median([t for t, _ in theirs] / ms)
        print(
            f"  {name}: {np.median(ms):.1f} ms ({ms.max():.1f}), "
            f"{np.median(evaluations):.0f} evaluations ({evaluations.max()}), "
            f"{np.median(products):.0f} Hessian products, "
            f"converged {sum(d.outcome.converged for _, d in runs)}/{len(runs)}, "
            f"SciPy's minimum {same}/{len(runs)}, {ratio:.2f}x faster than SciPy"
        )
    row = quench_row(ours["newton finish"], np.array([t for t, _ in theirs]))
    reached = [force for _, (_, force, _) in theirs]
    print(
        f"  SciPy L-BFGS-B: {scipy_ms:.1f} ms, "
        f"{np.median([n for _, (_, _, n) in theirs]):.0f} evaluations, "
        f"max force reached {np.median(reached):.1e} (worst {max(reached):.1e})"
    )
    return [row]


def quench_row(runs: list[tuple[float, Descent]], scipy_ms: Array) -> Row:
    """One line for the table; a Hessian product costs half an evaluation."""
    ms = np.array([t for t, _ in runs])
    evaluations = float(np.median([d.evaluations for _, d in runs]))
    products = float(np.median([d.hessian_products for _, d in runs]))
    return Row(
        work="quench of a T = 0.04 snapshot to 1e-10",
        measured=f"{np.median(ms):.1f} ms, {evaluations:.0f} evaluations + {products:.0f} products",
        baseline=f"{np.median(scipy_ms):.1f} ms (SciPy L-BFGS-B)",
        ratio=f"{np.median(scipy_ms / ms):.2f}",
        must="<= 35 ms, 300 evaluations",
        meets_must=bool(np.median(ms) <= 35 and evaluations + 0.5 * products <= 300),
    )


if __name__ == "__main__":
    print_rows(main(*sys.argv[1:2]))
