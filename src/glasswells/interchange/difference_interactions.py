"""Interactions of which only energy and forces are known: the rest by finite differences."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import scipy.sparse

from glasswells.core.records import Array
from glasswells.interchange.difference_steps import (
    FIRST,
    SECOND,
    THIRD,
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

    def __init__(self, force_noise: float, anharmonic_length: float) -> None:
        self.force_noise, self.anharmonic_length = force_noise, anharmonic_length
        self._steps = {
            s.order: anharmonic_length * s.step(force_noise) for s in (FIRST, SECOND, THIRD)
        }

    @abstractmethod
    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3)."""

    def hessian(self, positions: Array) -> scipy.sparse.csc_array:
        """The Hessian (3N, 3N) from 6N evaluations of the forces, without exact zeros."""
        return scipy.sparse.csc_array(dense_hessian(self._forces, positions, self._steps[1]))

    def hessian_product(self, positions: Array, field: Array) -> Array:
        """M:z (N, 3) for a field z (N, 3), from two evaluations."""
        return -directional(self._forces, positions, field, FIRST, self._steps[1])

    def third_order(self, positions: Array, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz for a field z (N, 3), from five evaluations."""
        contraction = -directional(self._forces, positions, field, SECOND, self._steps[2])
        return contraction, float(np.vdot(contraction, field))

    def fourth_order(self, positions: Array, field: Array) -> float:
        """T:zzzz for a field z (N, 3), from six evaluations."""
        return -float(
            np.vdot(directional(self._forces, positions, field, THIRD, self._steps[3]), field)
        )

    def _forces(self, positions: Array) -> Array:
        return self.energy_and_forces(positions)[1]
