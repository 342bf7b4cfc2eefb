"""Newton steps to a stationary point: a saddle near the top of a band, or a minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

OVERLAP = 1e50
"""A larger force is that of particles on one another: its square would overflow."""
LOOSEST_SOLVE = 0.1
"""Relative residual of a solve far from the stationary point; closer, it falls with the force,
which keeps the convergence nearly quadratic."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StationaryPoint:
    """The end of a Newton iteration."""

    positions: Array
    energy: float
    max_force: float
    """Largest absolute force component."""
    steps: int
    products: int
    outcome: Outcome


def newton(surface: Surface, positions: Array, settings: PathSettings) -> StationaryPoint:
    """The stationary point next to `positions`, of whatever index.

    Each step solves M d = f by MINRES, loosely at first and to a relative residual of the order
    of the force near the end, which keeps the convergence quadratic; a step moves no particle
    farther than `newton_step`. Ends when the force stops falling below `max_force`: what remains
    is rounding noise.
    """
    x = positions.copy()
    energy, force = surface.interactions.energy_and_forces(x)
    largest = _largest(force)
    best = (largest, x, energy)
    products, steps, idle = 0, 0, 0
    while largest < OVERLAP and steps < settings.newton_steps:
        if best[0] <= settings.rounding_force or (best[0] <= settings.max_force and idle):
            break
        enough = 0.3 * settings.rounding_force / largest
        tolerance = max(min(LOOSEST_SOLVE, LOOSEST_SOLVE * largest), enough)
        step, spent = surface.expansion(x).minres(
            force.ravel(), tolerance, settings.newton_products
        )
        products += spent
        move = step.reshape(-1, 3)
        if not np.isfinite(move).all():
            largest = np.inf
            break
        longest = float(np.sqrt((move**2).sum(axis=1).max()))
        x = x + move * min(1.0, settings.newton_step / longest if longest > 0 else 1.0)
        energy, force = surface.interactions.energy_and_forces(x)
        largest = _largest(force)
        steps += 1
        idle = 0 if largest < 0.5 * best[0] else idle + 1
        if largest < best[0]:
            best = (largest, x, energy)
        if idle > settings.newton_patience:
            break
    outcome = Outcome.CONVERGED if best[0] <= settings.max_force else Outcome.STEP_LIMIT
    if not largest < OVERLAP:
        outcome = Outcome.NOT_FINITE
    return StationaryPoint(
        positions=best[1],
        energy=float(best[2]),
        max_force=float(best[0]),
        steps=steps,
        products=products,
        outcome=outcome,
    )


def _largest(force: Array) -> float:
    return float(np.abs(force).max())
