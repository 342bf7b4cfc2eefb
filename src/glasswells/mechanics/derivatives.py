"""Derivatives by strain of any energy: exact where the model has them, else finite differences."""

from __future__ import annotations

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.model.pair_model import Interactions
from glasswells.model.strain import (
    UNIT_STRAINS,
    Deformable,
    StrainDerivatives,
    Strained,
    Stressed,
)

STEP = 1e-3
"""Strain of the finite differences. Energies change over strains of about 0.1, so that the
truncation, (1e-3/0.1)^4, equals the rounding of a second difference, 1e-16/STEP^2, within a few."""
PLACES = (-2, -1, 1, 2)
FIRST = (1 / 12, -2 / 3, 2 / 3, -1 / 12)
"""Weights of f'(0) h at `PLACES`."""
SECOND = (-1 / 12, 4 / 3, 4 / 3, -1 / 12)
"""Weights of f''(0) h^2 at `PLACES`; that of f(0) is `SECOND_HERE`."""
SECOND_HERE = -5 / 2


def strain_gradient(interactions: Interactions, positions: Array) -> Array:
    """dV/de_k (6,) for the strains of `model.strain`.

    Raises
    ------
    InputError
        If the interactions know nothing of strains.
    """
    if isinstance(interactions, Stressed):
        return interactions.strain_gradient(positions)
    return np.array(
        [
            np.dot(FIRST, [e for e, _ in _along(interactions, positions, strain)]) / STEP
            for strain in UNIT_STRAINS
        ]
    )


def strain_derivatives(interactions: Interactions, positions: Array) -> StrainDerivatives:
    """First and second derivatives by the strains of `model.strain`.

    Raises
    ------
    InputError
        If the interactions know nothing of strains.
    """
    if isinstance(interactions, Strained):
        return interactions.strain_derivatives(positions)
    here = interactions.energy_and_forces(positions)[0]
    gradient, curvature = np.empty(6), np.empty((6, 6))
    mixed = np.empty((6, *positions.shape))
    for k in range(6):
        found = _along(interactions, positions, UNIT_STRAINS[k])
        energies = [e for e, _ in found]
        gradient[k] = np.dot(FIRST, energies) / STEP
        curvature[k, k] = _second(energies, here)
        # The gradient of V is minus the force.
        mixed[k] = -np.tensordot(FIRST, [f for _, f in found], axes=1) / STEP
    for k in range(6):
        for m in range(k):
            both = _along(interactions, positions, UNIT_STRAINS[k] + UNIT_STRAINS[m])
            sum_of_four = _second([e for e, _ in both], here)
            curvature[k, m] = 0.5 * (sum_of_four - curvature[k, k] - curvature[m, m])
            curvature[m, k] = curvature[k, m]
    return StrainDerivatives(gradient, curvature, mixed)


def _second(energies: list[float], here: float) -> float:
    return float(np.dot(SECOND, energies) + SECOND_HERE * here) / STEP**2


def _along(
    interactions: Interactions, positions: Array, strain: Array
) -> list[tuple[float, Array]]:
    """Energies and forces where everything is strained by `STEP` strain at each of the places."""
    if not isinstance(interactions, Deformable):
        raise InputError(
            f"{type(interactions).__name__} cannot be strained, expected interactions with "
            f"strain_gradient and strain_derivatives, or with deformed(strain)"
        )
    found = []
    for place in PLACES:
        e = place * STEP * strain
        found.append(interactions.deformed(e).energy_and_forces(positions + positions @ e))
    return found
