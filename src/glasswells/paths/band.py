"""The nudged elastic band between two configurations at minima."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.described import described
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.model.stacked import StackedEnergies, largest_lane_displacement2, stacked_energies
from glasswells.paths.band_kernels import band_forces, empty_sums
from glasswells.paths.lbfgs import Directions
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

RUNAWAY = 20.0
"""A band whose force has grown by this factor over its least is running away: on the way down the
force may grow a few times before it falls on."""
LENGTHENING = 1.2
"""Growth of the longest step, per iteration, after it was cut in half."""
CLIMBING_TERM = 25
"""Iterations between two elections of the climbing image: at each iteration two images of nearly
the same height would take turns and spoil the history."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Band:
    """A chain of images from A to B."""

    positions: Array
    """(images, N, 3); the first and the last are A and an image of B, center of mass at rest."""
    energies: Array
    """(images,), total energies in epsilon."""
    max_force: float
    """Largest component of the force perpendicular to the band, and of the whole force on the
    climbing image, in epsilon/sigma; where masses differ, of the forces over sqrt(m_i / mean m)."""
    iterations: int
    """Steps of all images together."""
    outcome: Outcome
    """How the iteration ended."""
    weights: Array | None = None
    """(N, 1), square roots of the masses; None if all are 1."""

    @property
    def arc_length(self) -> Array:
        """(images,): sum of |Q_{k+1} - Q_k| up to each image, mass-weighted."""
        steps = np.diff(self.positions, axis=0)
        if self.weights is not None:
            steps = steps * self.weights
        steps = steps.reshape(len(steps), -1)
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
    path
        (images, N, 3): the images to start from instead of the straight line.
    """

    def __init__(
        self,
        surface: Surface,
        start: Array,
        end: Array,
        images: int,
        settings: PathSettings,
        path: Array | None = None,
    ) -> None:
        step = surface.displacement(start, end)
        self._energies: StackedEnergies = stacked_energies(surface.interactions, start + 0.5 * step)
        order = self._energies.order
        self._back = np.argsort(order)
        self._settings = settings
        self._last = images - 1
        lanes = self._energies.lanes(images)
        fraction = np.minimum(np.arange(lanes) / self._last, 1.0)
        if path is None:
            self._r = start[order][:, :, None] + step[order][:, :, None] * fraction
        else:
            padded = np.minimum(np.arange(lanes), self._last)
            self._r = np.ascontiguousarray(np.moveaxis(path[padded][:, order], 0, 2))
        size, shape = 3 * len(start), self._r.shape
        self._force, self._band_force = np.empty(shape), np.empty(shape)
        self._energy, self._residual = np.empty(lanes), np.empty(lanes)
        self._sums = empty_sums(lanes)
        self._directions = Directions(
            settings.band_memory, size * lanes, 1 / settings.first_stiffness
        )
        self._climbing = 0
        self._longest = settings.band_step
        self._best = (np.inf, self._r.copy())
        self.iterations = 0

    def relax(self, max_force: float, max_iterations: int, climb: bool = False) -> Band:
        """Go on until the perpendicular force is below `max_force`.

        L-BFGS without a line search: the forces of a band are no gradient. A step moves no
        particle farther than `settings.band_step`. A band that runs away is taken back to its
        best place, and goes on in shorter steps.
        """
        self._elect(climb)
        end = self.iterations + max_iterations
        while not self.max_force <= max_force and self.iterations < end:
            if not np.isfinite(self._best[0]):
                return self._band(Outcome.NOT_FINITE)
            if climb and self.iterations % CLIMBING_TERM == 0:
                self._elect(climb)
            self._step()
        done = self.max_force <= max_force
        return self._band(Outcome.CONVERGED if done else Outcome.STEP_LIMIT)

    @property
    def max_force(self) -> float:
        """Largest component of the residual force over the images."""
        # A largest component passes over NaN, the sum of the energies does not.
        return float(self._residual[1 : self._last].max() + 0.0 * self._energy.sum())

    def _elect(self, climb: bool) -> None:
        """Choose the climbing image; with another one the history is of other forces."""
        before, self._climbing = self._climbing, 0
        self._evaluate()
        if climb:
            top = int(np.argmax(self._energy[: self._last + 1]))
            self._climbing = top if 0 < top < self._last else 0
            self._evaluate()
        if self._climbing != before or self.iterations == 0:
            self._directions.forget()
            self._best = (np.inf, self._r)
            self._keep_best()

    def _keep_best(self) -> bool:
        """Note the place if it is the best; False if the band has run away from there."""
        size = float(np.linalg.norm(self._band_force)) + 0.0 * float(self._energy.sum())
        if size < self._best[0]:
            self._best = (size, self._r.copy())
        return bool(size <= RUNAWAY * self._best[0])

    def _step(self) -> None:
        force = self._band_force.ravel().copy()
        step = self._directions.direction(force)
        if step @ force <= 0:
            self._directions.forget()
            step = self._directions.direction(force)
        moves = step.reshape(self._r.shape)
        longest = np.sqrt(largest_lane_displacement2(moves, np.zeros((len(moves), 3, 1))))
        if longest > self._longest:
            step *= self._longest / longest
        self._r += moves
        self._evaluate()
        self.iterations += 1
        if self._keep_best():
            self._directions.remember(step, force - self._band_force.ravel())
            self._longest = min(LENGTHENING * self._longest, self._settings.band_step)
            return
        self._r[:] = self._best[1]
        self._longest *= 0.5
        self._directions.forget()
        self._evaluate()

    def _evaluate(self) -> None:
        self._energies(self._r, self._force, self._energy)
        flat = (-1, self._r.shape[2])
        band_forces(
            self._r.reshape(flat),
            self._force.reshape(flat),
            self._energy,
            self._last,
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
