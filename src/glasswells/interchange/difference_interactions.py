"""Energies of which only energy and forces are known: derivatives by finite differences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import scipy.sparse

from glasswells.core.records import Array
from glasswells.interchange.difference_steps import (
    FIRST,
    SECOND,
    THIRD,
    Forces,
    Stencil,
    dense_hessian,
    directional,
)


class DifferenceInteractions(ABC):
    """Derivatives from differences of forces, for any energy; see `Interactions`.

    Parameters
    ----------
    force_noise
        Rounding noise of a force component relative to curvature times `anharmonic_length`.
    anharmonic_length
        Length over which the curvature of the energy changes by its own size.
    """

    derivatives_are_exact = False
    """As `model.precision.derivatives_are_exact`."""

    def __init__(self, force_noise: float, anharmonic_length: float) -> None:
        self.force_noise, self.anharmonic_length = force_noise, anharmonic_length
        self._steps = {
            s.order: anharmonic_length * s.step(force_noise) for s in (FIRST, SECOND, THIRD)
        }

    @abstractmethod
    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3)."""

    def derivatives(self, positions: Array) -> DifferenceDerivatives:
        """The second to fourth derivatives at positions (N, 3), by differences."""
        return DifferenceDerivatives(self._forces, positions, self._steps)

    def _forces(self, positions: Array) -> Array:
        return self.energy_and_forces(positions)[1]


class DifferenceDerivatives:
    """Contractions from differences of forces around one place; see `Derivatives`."""

    def __init__(self, forces: Forces, positions: Array, steps: Mapping[int, float]) -> None:
        self._forces, self._steps = forces, steps
        self._positions = np.array(positions)

    def product(self, field: Array) -> Array:
        """M:z (N, 3) for a field z (N, 3), from two evaluations."""
        return -self._along(field, FIRST)

    def third(self, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz, from five evaluations."""
        contraction = -self._along(field, SECOND)
        return contraction, float(np.vdot(contraction, field))

    def fourth(self, field: Array) -> tuple[Array, float]:
        """T:zzz (N, 3) and T:zzzz, from six evaluations."""
        contraction = -self._along(field, THIRD)
        return contraction, float(np.vdot(contraction, field))

    def matrix(self) -> scipy.sparse.csc_array:
        """The Hessian (3N, 3N) from 6N evaluations of the forces, without exact zeros."""
        return scipy.sparse.csc_array(
            dense_hessian(self._forces, self._positions, self._steps[FIRST.order])
        )

    def _along(self, field: Array, stencil: Stencil) -> Array:
        step = self._steps[stencil.order]
        return directional(self._forces, self._positions, field, stencil, step)
