"""The potential energy surface that a path runs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core import geometry
from glasswells.core.records import Array
from glasswells.curvature.drift import subtract_mean, subtract_translation
from glasswells.curvature.expansion import Expansion, expand
from glasswells.model.mass_weighted import weights_of
from glasswells.model.pair_model import Interactions
from glasswells.model.precision import precision_of


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Surface:
    """Energies of one set of particles, with the symmetry that paths must know of.

    Where masses differ, a path runs in the coordinates Q_i = w_i r_i, w_i the square root of the
    mass over the mean mass: what the files of this room call positions, displacements and forces
    are those of Q then, and all distances are lengths, as in `PathSettings`. `weighted` and `plain`
    lead there and back.

    Attributes
    ----------
    interactions
        Energy and derivatives as functions of the positions (N, 3); `MassWeighted`
        ones make the surface one of Q.
    box
        (3,), edges of the periodic box; None for open space.
    translations
        Whether a common translation of all particles leaves the energy unchanged: then it is
        removed from displacements, and its zero modes from the Hessian.
    """

    interactions: Interactions
    box: Array | None = None
    translations: bool = True

    @property
    def weights(self) -> Array | None:
        """W (N, 1); None if all are 1."""
        return weights_of(self.interactions)

    def weighted(self, field: Array) -> Array:
        """Q (N, 3) of positions r, or the same of displacements."""
        return field if self.weights is None else self.weights * field

    def plain(self, field: Array) -> Array:
        """Positions r (N, 3) of Q, or the same of displacements."""
        return field if self.weights is None else field / self.weights

    @property
    def energy_noise(self) -> float:
        """Noise of the total energy beyond the rounding of double precision."""
        return precision_of(self.interactions).energy

    def displacement(self, start: Array, end: Array) -> Array:
        """The field (N, 3) from `start` to `end`: minimum image, center of mass at rest."""
        w = self.weights
        if w is not None:
            return w * self._displacement(start / w, end / w, w[:, 0] ** 2)
        return self._displacement(start, end, None)

    def _displacement(self, start: Array, end: Array, masses: Array | None) -> Array:
        if self.box is not None and self.translations:
            return geometry.displacement(start, end, self.box, masses)
        field = end - start
        if self.box is not None:
            field = geometry.minimum_image(field, self.box)
        return geometry.remove_drift(field, masses) if self.translations else field

    def distance(self, start: Array, end: Array) -> float:
        """|displacement|, Euclidean over all particles."""
        return float(np.linalg.norm(self.displacement(start, end)))

    def without_drift(self, field: Array) -> Array:
        """The field (N, 3) without its translation, where translations are a symmetry."""
        if not self.translations:
            return field
        rest = np.array(field, order="C")
        if self.weights is None:
            subtract_mean(rest)
        else:
            subtract_translation(rest, self.weights)
        return rest

    def energy(self, positions: Array) -> float:
        """Total energy."""
        return float(self.interactions.energy_and_forces(positions)[0])

    def expansion(self, positions: Array) -> Expansion:
        """The energy around these positions (N, 3)."""
        return expand(self.interactions, positions, translations=self.translations)
