"""Any energy as a function of mass-weighted coordinates."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from glasswells.core.records import Array
from glasswells.model.pair_model import Derivatives, Interactions
from glasswells.model.precision import Precision, derivatives_are_exact, precision_of


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

    @property
    def derivatives_are_exact(self) -> bool:
        """Whether those of the plain energies are."""
        return derivatives_are_exact(self.plain)

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy, and forces (N, 3) over the weights, at Q (N, 3)."""
        energy, forces = self.plain.energy_and_forces(positions / self.weights)
        return energy, forces / self.weights

    def derivatives(self, positions: Array) -> WeightedDerivatives:
        """The derivatives by Q at Q (N, 3)."""
        return WeightedDerivatives(self.plain.derivatives(positions / self.weights), self.weights)


def weights_of(interactions: Interactions) -> Array | None:
    """W (N, 1) of `MassWeighted` interactions; None for others, whose weights are 1."""
    return interactions.weights if isinstance(interactions, MassWeighted) else None


class WeightedDerivatives:
    """Derivatives by Q from those by positions: each index over its weight; see `Derivatives`."""

    def __init__(self, plain: Derivatives, weights: Array) -> None:
        self._plain = plain
        self._weights = weights

    def product(self, field: Array) -> Array:
        """M_ij / (w_i w_j) times a field (N, 3)."""
        w = self._weights
        product: Array = self._plain.product(field / w) / w
        return product

    def third(self, field: Array) -> tuple[Array, float]:
        """The third derivatives contracted with a field (N, 3) twice and three times."""
        contraction, scalar = self._plain.third(field / self._weights)
        return contraction / self._weights, scalar

    def fourth(self, field: Array) -> tuple[Array, float]:
        """The fourth derivatives contracted with a field (N, 3) three and four times."""
        contraction, scalar = self._plain.fourth(field / self._weights)
        return contraction / self._weights, scalar

    def matrix(self) -> scipy.sparse.csc_array:
        """M_ij / (w_i w_j) (3N, 3N), in the pattern of M."""
        matrix = scipy.sparse.csc_array(self._plain.matrix())
        inverse = np.repeat(1.0 / self._weights[:, 0], 3)
        columns = np.repeat(inverse, np.diff(matrix.indptr))
        return scipy.sparse.csc_array(
            (matrix.data * (inverse[matrix.indices] * columns), matrix.indices, matrix.indptr),
            shape=matrix.shape,
        )
