"""Mode following: to a saddle of index one from where plain Newton steps lead elsewhere.

Newton steps go to the next stationary point, whatever its index, and wander where an eigenvalue
nears zero. Here the softest mode is followed uphill, and every other direction downhill (Cerjan &
Miller, J. Chem. Phys. 75, 2800 (1981); Munro & Wales, Phys. Rev. B 59, 3969 (1999)).
"""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array
from glasswells.curvature.operator import Operator
from glasswells.paths.newton import OVERLAP
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

LOOSE_MODE = 0.05
"""Relative residual of the softest mode: it is followed, not reported."""
LEAST_STIFFNESS = 0.1
"""Eigenvalues of smaller magnitude count as this: a Newton step along them would go anywhere."""
DESCENT_TOLERANCE = 0.02
"""Residual of the solve downhill, relative to the force: the step is an estimate anyhow."""
SHORTENING, LENGTHENING = 0.5, 1.2
"""Changes of the longest step after one that raised and one that lowered the force."""
TOLERATED_RISE = 1.5
"""The force may rise on the way along a ridge, by so much in one step."""


def climb(surface: Surface, positions: Array, tangent: Array, settings: PathSettings) -> Array:
    """A point (N, 3) near a saddle of index one, with forces below `climb_force`.

    Starts from `positions` (N, 3) in the direction of the `tangent` (N, 3). Where it does not get
    there within `climb_steps`, the place with the least force.
    """
    mode = tangent.ravel() / np.linalg.norm(tangent)
    random = np.random.default_rng(positions.size).standard_normal(positions.size)
    random /= np.linalg.norm(random)
    x, longest = positions.copy(), settings.newton_step
    force = surface.interactions.energy_and_forces(x)[1]
    size = float(np.abs(force).max())
    best = (size, x)
    for _ in range(settings.climb_steps):
        if not settings.climb_force < size < OVERLAP:
            break
        expansion = surface.expansion(x)
        right = expansion.project(force.ravel().copy())
        value, mode = expansion.softest(settings.mode_products, LOOSE_MODE, mode + 0.01 * random)
        along = float(right @ mode)
        across = expansion.across(mode)
        move = downhill(across, right - along * mode, settings.climb_products)
        move -= along / max(abs(value), LEAST_STIFFNESS) * mode
        farthest = float(np.sqrt((move.reshape(-1, 3) ** 2).sum(axis=1).max()))
        if not 0 < farthest < np.inf:
            break
        x = x + move.reshape(-1, 3) * min(1.0, longest / farthest)
        force = surface.interactions.energy_and_forces(x)[1]
        before, size = size, float(np.abs(force).max())
        longest *= SHORTENING if size > TOLERATED_RISE * before else LENGTHENING
        longest = min(longest, settings.newton_step)
        if size < best[0]:
            best = (size, x)
    return best[1]


def downhill(across: Operator, force: Array, most: int) -> Array:
    """The step |M|^-1 f (3N,) in the space of an operator, by the Lanczos recursion.

    |M| has the eigenvectors of M and the magnitudes of its eigenvalues: a Newton step that goes
    downhill along directions of negative curvature too.
    """
    space = across.krylov(force, most)
    check, coefficients = 16, np.zeros(1)
    while space.can_grow:
        space.step()
        if space.size < check and space.can_grow:
            continue
        check = int(1.5 * space.size)
        values, vectors = space.ritz()
        stiffness = np.maximum(np.abs(values), LEAST_STIFFNESS)
        coefficients = space.norm * (vectors @ (vectors[0] / stiffness))
        if abs(float(space.off_diagonal[-1] * coefficients[-1])) <= DESCENT_TOLERANCE * space.norm:
            break
    return space.combine(coefficients) if space.size else force
