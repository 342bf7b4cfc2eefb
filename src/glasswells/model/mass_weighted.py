"""Any energy as a function of mass-weighted coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from glasswells.core.records import Array
from glasswells.model.pair_model import Interactions
from glasswells.model.precision import Precision, precision_of


class MassWeighted:
    """The energy V(Q), Q_i = w_i r_i, of the same particles; see `Interactions`.

    Forces are F_i / w_i, the Hessian is M_ij / (w_i w_j). With w_i = sqrt(m_i) a steepest descent
    in Q is the intrinsic reaction coordinate of particles of these masses (Fukui, J. Phys. Chem.
    74, 4161, 1970), and the distance along it is that of their Schroedinger equation.

    Parameters
    ----------
    plain
        The energy as a function of positions.
    weights
        (N, 1), w.
    """

    def __init__(self, plain: Interactions, weights: Array) -> None:
        self.plain = plain
        self.weights = weights

    @property
    def precision(self) -> Precision:
        """That of the plain energies, with the forces over the least weight."""
        plain = precision_of(self.plain)
        return Precision(plain.force / float(self.weights.min()), plain.energy)

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy, and forces (N, 3) over the weights, at Q (N, 3)."""
        energy, forces = self.plain.energy_and_forces(positions / self.weights)
        return energy, forces / self.weights

    def hessian(self, positions: Array) -> Any:
        """M_ij / (w_i w_j) as a SciPy sparse array (3N, 3N)."""
        inverse = scipy.sparse.diags_array(np.repeat(1.0 / self.weights[:, 0], 3))
        return scipy.sparse.csc_array(
            inverse @ self.plain.hessian(positions / self.weights) @ inverse
        )

    def hessian_product(self, positions: Array, field: Array) -> Array:
        """The same times a field (N, 3)."""
        w = self.weights
        product: Array = self.plain.hessian_product(positions / w, field / w) / w
        return product

    def third_order(self, positions: Array, field: Array) -> tuple[Array, float]:
        """The third derivatives by Q contracted with a field (N, 3) twice and three times."""
        w = self.weights
        contraction, scalar = self.plain.third_order(positions / w, field / w)
        return contraction / w, scalar

    def fourth_order(self, positions: Array, field: Array) -> float:
        """The fourth derivative of the energy along a field (N, 3) of Q."""
        return self.plain.fourth_order(positions / self.weights, field / self.weights)
