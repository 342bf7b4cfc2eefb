"""The nudged elastic band between two configurations at minima."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.paths.band_kernels import ROWS, band_forces
from glasswells.paths.lanes import BandEnergies, band_energies, largest_lane_displacement2
from glasswells.paths.lbfgs import Directions
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Band:
    """A chain of images from A to B."""

    positions: Array
    """(images, N, 3); the first and the last are A and an image of B without drift."""
    energies: Array
    """(images,), total energies."""
    max_force: float
    """Largest component of the force perpendicular to the band, and of the whole force on the
    climbing image."""
    iterations: int
    outcome: Outcome

    @property
    def arc_length(self) -> Array:
        """(images,): sum of |R_{k+1} - R_k| up to each image."""
        steps = np.diff(self.positions, axis=0).reshape(len(self.positions) - 1, -1)
        return np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])


class BandRelaxation:
    """A band on its way to the minimum energy path; may be stopped and continued.

    Parameters
    ----------
    surface
        The energies.
    start, end
        (N, 3): positions of minima A and B; B is taken at its minimum image, drift removed.
    images
        N_b, both ends included.
    settings
        Spring constant, memory, largest step.
    """

    def __init__(
        self, surface: Surface, start: Array, end: Array, images: int, settings: PathSettings
    ) -> None:
        step = surface.displacement(start, end)
        self._energies: BandEnergies = band_energies(surface.interactions, start + 0.5 * step)
        order = self._energies.order
        self._back = np.argsort(order)
        self._settings = settings
        self._last = images - 1
        lanes = self._energies.lanes(images)
        fraction = np.minimum(np.arange(lanes) / self._last, 1.0)
        self._r = start[order][:, :, None] + step[order][:, :, None] * fraction
        size, shape = 3 * len(start), self._r.shape
        self._force, self._band_force = np.empty(shape), np.empty(shape)
        self._energy, self._residual = np.empty(lanes), np.empty(lanes)
        self._sums = np.empty((ROWS, lanes))
        self._directions = Directions(
            settings.band_memory, size * lanes, 1 / settings.first_stiffness
        )
        self._climbing = 0
        self.iterations = 0

    def relax(self, max_force: float, max_iterations: int, climb: bool = False) -> Band:
        """Go on until the perpendicular force is below `max_force`.

        L-BFGS without a line search: the forces of a band are no gradient. A step moves no
        particle farther than `settings.band_step`.
        """
        self._evaluate(climb)
        end = self.iterations + max_iterations
        while not self.max_force <= max_force and self.iterations < end:
            if not np.isfinite(self.max_force):
                return self._band(Outcome.NOT_FINITE)
            self._step(climb)
        done = self.max_force <= max_force
        return self._band(Outcome.CONVERGED if done else Outcome.STEP_LIMIT)

    @property
    def max_force(self) -> float:
        """Largest component of the residual force over the images."""
        return float(self._residual[1 : self._last].max())

    def _step(self, climb: bool) -> None:
        force = self._band_force.ravel().copy()
        step = self._directions.direction(force)
        if step @ force <= 0:
            self._directions.forget()
            step = self._directions.direction(force)
        moves = step.reshape(self._r.shape)
        longest = np.sqrt(largest_lane_displacement2(moves, np.zeros((len(moves), 3, 1))))
        if longest > self._settings.band_step:
            step *= self._settings.band_step / longest
        self._r += moves
        climbing = self._climbing
        self._evaluate(climb)
        if self._climbing != climbing:
            self._directions.forget()
        else:
            self._directions.remember(step, force - self._band_force.ravel())
        self.iterations += 1

    def _evaluate(self, climb: bool) -> None:
        self._energies(self._r, self._force, self._energy)
        last = self._last
        self._climbing = 0
        if climb:
            top = int(np.argmax(self._energy[: last + 1]))
            self._climbing = top if 0 < top < last else 0
        flat = (-1, self._r.shape[2])
        band_forces(
            self._r.reshape(flat),
            self._force.reshape(flat),
            self._energy,
            last,
            self._climbing,
            self._settings.spring_constant,
            self._sums,
            self._residual,
            self._band_force.reshape(flat),
        )

    def _band(self, outcome: Outcome) -> Band:
        images = self._last + 1
        return Band(
            positions=np.ascontiguousarray(np.moveaxis(self._r[self._back, :, :images], 2, 0)),
            energies=self._energy[:images].copy(),
            max_force=self.max_force,
            iterations=self.iterations,
            outcome=outcome,
        )
