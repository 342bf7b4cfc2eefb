"""Two ways to step: one compiled loop for pair models, step by step for anything else."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Array
from glasswells.model.interactions import PairInteractions
from glasswells.model.kernels import force_kernel
from glasswells.model.pair_model import Interactions
from glasswells.sampling.md_kernels import (
    Lists,
    Motion,
    Settings,
    empty_lists,
    inertia_kernels,
    motion_kernels,
)


class Stepper(Protocol):
    """Moves the particles of one system."""

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3), summed in the order of a list made at these positions."""
        ...

    def run(
        self,
        steps: int,
        before: int,
        interval: int,
        motion: Motion,
        random: NDArray[np.uint64],
        reference: Array,
        samples: Array,
    ) -> tuple[int, float, Array]:
        """Move `motion` and `random` in place by `steps` >= 1.

        `before` steps were done earlier; `reference` is where the list in use was made. Kinetic
        and potential energies after multiples of `interval` go to the rows of `samples`.

        Returns
        -------
        The steps that went well (fewer than asked for: the next one blew up, and what is in
        `motion` is of no use), the last potential energy, the new reference.
        """
        ...


class PairStepper:
    """Steps in one compiled call, and keeps the lists for the next."""

    def __init__(
        self, interactions: PairInteractions, settings: Settings, inverse_mass: Array
    ) -> None:
        law = interactions.model.law
        self._kernels = motion_kernels(law, len(inverse_mass) > 0)
        self._inverse_mass = inverse_mass
        self._force = force_kernel(law)
        self._system = interactions.diameters, interactions.box, interactions.constants
        self._settings = settings
        over_mean = interactions.model.ranges(interactions.diameters).over_mean
        self._lists = empty_lists(len(interactions.diameters), over_mean)

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3), summed in the order of a list made at these positions."""
        _, box, constants = self._system
        self._make_lists(positions)
        forces = np.empty(positions.shape)
        # a copy is writable, as in the compiled loop: one signature to compile
        energy = self._force(positions.copy(), box, self._lists.tight, constants, forces)
        return energy, forces

    def run(
        self,
        steps: int,
        before: int,
        interval: int,
        motion: Motion,
        random: NDArray[np.uint64],
        reference: Array,
        samples: Array,
    ) -> tuple[int, float, Array]:
        """See `Stepper`."""
        if not np.array_equal(self._lists.tight_reference, reference):
            self._make_lists(reference)
        done, potential, lists = self._kernels.run(
            steps,
            before,
            interval,
            motion,
            random,
            *self._system,
            self._settings,
            self._lists,
            self._inverse_mass,
            samples,
        )
        self._lists = Lists(*lists)
        return done, potential, self._lists.tight_reference.copy()

    def _make_lists(self, positions: Array) -> None:
        lists = self._kernels.make_lists(
            positions.copy(), *self._system, self._settings, self._lists
        )
        self._lists = Lists(*lists)


class AnyStepper:
    """Steps one by one through the `Interactions` of any material."""

    def __init__(self, interactions: Interactions, settings: Settings, inverse_mass: Array) -> None:
        self._interactions = interactions
        self._settings = settings
        self._drift = inertia_kernels(len(inverse_mass) > 0).drift
        self._inverse_mass = inverse_mass

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3)."""
        energy, forces = self._interactions.energy_and_forces(positions)
        return float(energy), np.array(forces, dtype=np.float64)

    def run(
        self,
        steps: int,
        before: int,
        interval: int,
        motion: Motion,
        random: NDArray[np.uint64],
        reference: Array,
        samples: Array,
    ) -> tuple[int, float, Array]:
        """See `Stepper`."""
        potential = np.nan
        positions, velocities = motion.positions, motion.velocities
        flat = self._inverse_mass
        inverse = flat.reshape(positions.shape) if len(flat) else np.ones((1, 1))
        for step in range(steps):
            start = positions.copy()
            self._drift(motion, random, self._settings, flat)
            if not np.square(positions - start).sum(axis=1).max() < self._settings.farthest2:
                return step, potential, reference
            potential, motion.forces[:] = self.energy_and_forces(positions)
            if not np.isfinite(potential):
                return step, potential, reference
            velocities += 0.5 * self._settings.time_step * motion.forces * inverse
            row, rest = divmod(before + step + 1, interval)
            if rest == 0:
                kinetic = 0.5 * (np.square(velocities) / inverse).sum()
                samples[row - before // interval - 1] = kinetic, potential
        return steps, potential, reference
