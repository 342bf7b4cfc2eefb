"""From the top of a band to the saddle, and the proof that it is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.paths.climb import climb
from glasswells.paths.newton import OVERLAP, StationaryPoint, newton
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

MODE_TOLERANCE = 1e-6
"""Relative residual of the negative eigenvalue; its error is the square."""
INDEX_TOLERANCE = 0.2
"""The next eigenvalue need only be known to be positive."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Saddle:
    """A stationary point and the lowest eigenvalues of the Hessian there."""

    positions: Array
    """(N, 3)."""
    energy: float
    """Total energy."""
    max_force: float
    """Largest absolute force component."""
    negative_eigenvalue: float
    """The lowest eigenvalue; negative at a saddle."""
    mode: Array
    """(N, 3), its unit eigenvector."""
    next_eigenvalue: float
    """The second lowest, translations excluded; positive at a saddle of index one."""
    highest_eigenvalue: float
    outcome: Outcome


def find_saddle(
    surface: Surface, positions: Array, tangent: Array, settings: PathSettings
) -> Saddle:
    """The saddle near the top of a band, with exactly one negative eigenvalue if converged.

    Newton steps from `positions` (N, 3); if they end at no saddle of index one, the softest mode
    is followed uphill first, from the band's `tangent` (N, 3).
    """
    found = _at_end_of_newton(surface, positions, tangent, settings)
    if found.outcome.converged or found.outcome is Outcome.NOT_FINITE:
        return found
    near = climb(surface, positions, tangent, settings)
    followed = _at_end_of_newton(surface, near, tangent, settings)
    return followed if followed.outcome.converged else found


def _at_end_of_newton(
    surface: Surface, positions: Array, tangent: Array, settings: PathSettings
) -> Saddle:
    """The next stationary point, and whether it is a saddle of index one.

    The lowest eigenvalue is sought from the band's tangent, and the lowest of what is orthogonal
    to its mode from a random start, which has a component along every eigenvector. Translations are
    excluded.
    """
    point = newton(surface, positions, settings)
    if not point.max_force < OVERLAP:
        return _nowhere(point, tangent)
    expansion, most = surface.expansion(point.positions), settings.mode_products
    random = expansion.random_field()
    start = tangent.ravel() / np.linalg.norm(tangent)
    start = start + 0.01 * random / np.linalg.norm(random)
    lowest, mode = expansion.softest(most, MODE_TOLERANCE, start)
    following, _ = expansion.across(mode).softest(most, INDEX_TOLERANCE)
    outcome = point.outcome
    if outcome.converged and not lowest < 0 < following:
        outcome = Outcome.NOT_A_SADDLE
    return Saddle(
        positions=point.positions,
        energy=point.energy,
        max_force=point.max_force,
        negative_eigenvalue=lowest,
        mode=mode.reshape(-1, 3),
        next_eigenvalue=following,
        highest_eigenvalue=expansion.highest(),
        outcome=outcome,
    )


def _nowhere(point: StationaryPoint, tangent: Array) -> Saddle:
    """What Newton steps from an overlap give: nothing can be said of the Hessian there."""
    return Saddle(
        positions=point.positions,
        energy=point.energy,
        max_force=point.max_force,
        negative_eigenvalue=np.nan,
        mode=tangent,
        next_eigenvalue=np.nan,
        highest_eigenvalue=np.nan,
        outcome=Outcome.NOT_FINITE,
    )
