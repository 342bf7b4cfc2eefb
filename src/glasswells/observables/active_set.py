"""The energy of a double well as a function of few coordinates: those of the particles that move.

The coordinates are the displacements of an active set of particles, and beside them those
collective ones along which the path itself moves all others. So minima, saddle and path lie in the
space whatever the number of particles, and every length in it is that of all particles; with more
of them it becomes the whole space.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count
from glasswells.core.errors import InputError
from glasswells.core.masses import mass_weights
from glasswells.core.records import Array, DoubleWell, EnergyProfile
from glasswells.curvature.expansion import expand
from glasswells.model.functions import checked_interactions
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Interactions, Model
from glasswells.observables.instanton import BEADS, Instanton, instanton_between
from glasswells.paths.images import path_images
from glasswells.tunneling.profile import Curve, smooth_profile

PARTICLES = 20
"""[default] In the active set."""
IMAGES = 11
"""Of the path, which span the directions of the particles outside of the active set."""
SMALLEST = 1e-4
"""Of the distance of A and B: directions of the others along which the path moves less are left
out, because their energy is 1e-8 of the rest."""


class ActiveSet:
    """V of some particles' mass-weighted displacements from A and of some collective ones.

    Parameters
    ----------
    model, double_well
        Result of `find_double_well`.
    particles
        How many are active: those that the path moves farthest. Fewer than there are.
    """

    def __init__(self, model: Model, double_well: DoubleWell, particles: int) -> None:
        start = double_well.minimum_a
        self._interactions: Interactions = checked_interactions(model, start)
        weights = mass_weights(start)
        scale = np.ones((start.n_particles, 1)) if weights is None else weights
        if weights is not None:
            self._interactions = MassWeighted(self._interactions, weights)
        self._origin = scale * start.positions
        images = path_images(model, double_well, IMAGES)
        fields = np.array([scale * image.positions - self._origin for image in images])
        farthest = np.linalg.norm(fields, axis=2).max(axis=0)
        self.particles = np.sort(np.argsort(farthest)[::-1][:particles])
        """Numbers of the active particles."""
        others = fields.copy()
        others[:, self.particles] = 0.0
        _, sizes, directions = np.linalg.svd(others.reshape(IMAGES, -1), full_matrices=False)
        self._others = directions[sizes > SMALLEST * np.linalg.norm(fields[-1])]
        self.path = self._coordinates(fields)
        """(K, f), the images of the path."""

    def _coordinates(self, fields: Array) -> Array:
        active = fields[:, self.particles].reshape(len(fields), -1)
        return np.hstack([active, fields.reshape(len(fields), -1) @ self._others.T])

    def positions(self, place: Array) -> Array:
        """Those of all particles (N, 3), mass-weighted, at coordinates (f,)."""
        active = 3 * len(self.particles)
        moved = (place[active:] @ self._others).reshape(-1, 3)
        moved[self.particles] += place[:active].reshape(-1, 3)
        positions: Array = self._origin + moved
        return positions

    def energies(self, places: Array) -> tuple[Array, Array]:
        """V (K,) and its gradient (K, f)."""
        found = [self._interactions.energy_and_forces(self.positions(p)) for p in places]
        return np.array([e for e, _ in found]), -self._coordinates(np.array([f for _, f in found]))

    def curvatures(self, places: Array) -> Array:
        """The second derivatives (K, f, f)."""
        return np.array([self._curvature(place) for place in places])

    def _curvature(self, place: Array) -> Array:
        expansion = expand(self._interactions, self.positions(place), translations=False)
        rows = (3 * self.particles[:, None] + np.arange(3)).ravel()
        columns = expansion.matrix[:, rows]
        active, coupled = columns[rows].toarray(), (columns.T @ self._others.T)
        pushed = np.array([expansion.product(field) for field in self._others])
        alone = pushed.reshape(self._others.shape) @ self._others.T
        return np.block([[active, coupled], [coupled.T, (alone + alone.T) / 2]])


class AlongPath:
    """V(s) of a profile, continued beyond its ends by the parabolas of their curvatures."""

    def __init__(self, profile: EnergyProfile) -> None:
        smooth = smooth_profile(profile)
        self._curve: Curve = smooth.curve
        self._length, self._bends = smooth.length, (smooth.curvature_a, smooth.curvature_b)

    def energies(self, places: Array) -> tuple[Array, Array]:
        """V (K,) and its slope (K, 1)."""
        s, beyond = self._inside(places)
        bend = np.where(beyond < 0, *self._bends)
        energy = self._curve.spline(s) + bend * beyond**2 / 2
        return energy, (self._curve.spline(s, 1) + bend * beyond)[:, None]

    def curvatures(self, places: Array) -> Array:
        """V'' (K, 1, 1)."""
        s, _ = self._inside(places)
        curvatures: Array = self._curve.spline(s, 2)[:, None, None]
        return curvatures

    def _inside(self, places: Array) -> tuple[Array, Array]:
        s = np.clip(places[:, 0], 0.0, self._length)
        return s, places[:, 0] - s


def profile_instanton(profile: EnergyProfile, *, beads: int = BEADS) -> Instanton:
    """The instanton of a profile: of one particle along the path alone.

    Raises
    ------
    InputError
        As for `smooth_profile`, and for ends that are no minima.
    """
    places = np.linspace(0.0, float(np.ptp(profile.arc_length)), 41)[:, None]
    return instanton_between(AlongPath(profile), places, beads=beads)


@expects(model=Model, double_well=DoubleWell)
def find_instanton(
    model: Model, double_well: DoubleWell, *, particles: int = PARTICLES, beads: int = BEADS
) -> Instanton:
    """The instanton of a double well among its most mobile particles.

    The others move as far as the path moves them, along its own directions. See `instanton_between`
    for what is computed; the matrix element is `amplitude(reduced_hbar)`.

    Parameters
    ----------
    model, double_well
        Result of `find_double_well`.
    particles
        In the active set, from 0 to one less than there are.
    beads
        Steps of imaginary time, even.

    Raises
    ------
    InputError
        For numbers out of range.
    ConvergenceError
        If the path does not end in both minima.
    """
    n, most = count("particles", particles, minimum=0), double_well.minimum_a.n_particles - 1
    if n > most:
        raise InputError(f"particles is {n}, expected at most {most}: one at least stays behind")
    landscape = ActiveSet(model, double_well, n)
    return instanton_between(landscape, landscape.path, beads=beads)
