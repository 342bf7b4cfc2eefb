"""Molecular dynamics at constant energy of up to sixteen trajectories of one glass, as SIMD lanes.

Velocity Verlet with forces and velocities in single precision and positions as integers in units of
box/2^32. What a trajectory gets does not depend on the others beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.geometry import Array, to_multiples
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_lists import LaneLists, has_strayed
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import WHOLE, fixed_point, floating_point, lane_force_kernel, low_half
from glasswells.model.law import PairLaw, single_precision
from glasswells.sampling.molecular_dynamics import POSITION, DynamicsCheckpoint

BEGIN, DRIFTED, MOVE = 0, 1, 2
"""What the compiled loop is to do first: forces alone, forces and the second half of a kick, a
whole step."""


class LaneTrajectories:
    """Trajectories of one set of particles, all of mass 1, that move side by side.

    Parameters
    ----------
    interactions
        Of these particles.
    states
        Where they begin, at most sixteen. Positions are rounded to the grid of the integers and
        velocities to single precision; checkpoints that were made here are on both already.
    time_step
        h, in sqrt(m sigma^2/epsilon).
    """

    def __init__(
        self,
        interactions: PairInteractions,
        states: Sequence[DynamicsCheckpoint],
        time_step: float,
    ) -> None:
        self._box = interactions.box
        self._constants = single_precision(interactions.constants)
        self._run = lane_motion_kernel(interactions.model.law)
        self._lists = LaneLists(interactions)
        self._states = states
        self._step = np.float32(time_step)
        x, y, z = (np.float32(time_step * WHOLE / edge) for edge in self._box)
        self._drift = x, y, z
        self._fastest = 0.5 * float(self._box.min()) / time_step
        n = len(interactions.diameters)
        self._whole = [fixed_point(state.positions, self._box) for state in states]
        self._r = np.empty((3, n, LANES), dtype=np.int32)
        self._v = np.zeros((3, n, LANES), dtype=np.float32)
        self._force = np.zeros((4, n, LANES), dtype=np.float32)
        for b in range(LANES):
            # Lanes to spare begin as the first trajectory without velocities; nobody reads them.
            self._r[:, :, b] = low_half(self._whole[b if b < len(states) else 0].T)
            if b < len(states):
                self._v[:, :, b] = states[b].velocities.T
        self._begin = BEGIN
        self._steps = 0
        self._ended: dict[int, DynamicsCheckpoint] = {}

    def advance(self, steps: int) -> None:
        """Move all trajectories that have not blown up by `steps` >= 1."""
        before = self._r.copy(), self._v.copy(), self._force.copy()
        self._lists.make(self._r.reshape(-1))
        done, first = 0, self._begin
        while True:
            done, first = self._run(
                done,
                steps,
                first,
                self._r.reshape(-1),
                self._v.reshape(-1),
                self._force.reshape(-1),
                self._lists.pairs,
                self._lists.surroundings,
                self._step,
                self._drift,
                self._constants,
            )
            self._stop_blown(*before)
            if done == steps:
                break
            self._lists.make(self._r.reshape(-1))
        self._begin = MOVE
        self._steps += steps
        for b, whole in enumerate(self._whole):
            whole += self._r[:, :, b].T - low_half(whole)

    def is_blown(self, trajectory: int) -> bool:
        """Whether a trajectory blew up; it is then where the run that blew up began."""
        return trajectory in self._ended

    def units(self, trajectory: int) -> NDArray[np.int64]:
        """Positions (N, 3) in units of box/2^32, continuous in time."""
        return self._whole[trajectory].copy()

    def checkpoint(self, trajectory: int) -> DynamicsCheckpoint:
        """To go on from: bit for bit as if it had not been cut."""
        if trajectory in self._ended:
            return self._ended[trajectory]
        return self._checkpoint(trajectory, self._v, self._force)

    def _stop_blown(
        self, r: NDArray[np.int32], v: NDArray[np.float32], force: NDArray[np.float32]
    ) -> None:
        """End trajectories that cover half the box in a step, and read their lanes no more."""
        fastest = np.abs(self._v).max(axis=(0, 1))
        for b in range(len(self._states)):
            if b not in self._ended and not fastest[b] < self._fastest:
                self._ended[b] = self._checkpoint(b, v, force)
            if not fastest[b] < self._fastest:
                self._r[:, :, b] = r[:, :, b]
                self._v[:, :, b] = self._force[:, :, b] = 0

    def _checkpoint(
        self, b: int, v: NDArray[np.float32], force: NDArray[np.float32]
    ) -> DynamicsCheckpoint:
        state = self._states[b]
        positions = binary_positions(self._whole[b], self._box)
        velocities = v[:, :, b].T.astype(np.float64)
        if self._begin == BEGIN:  # forces are those of the state that was given
            return replace(
                state, positions=positions, velocities=velocities, list_reference=positions
            )
        return replace(
            state,
            positions=positions,
            velocities=velocities,
            forces=force[:3, :, b].T.astype(np.float64),
            potential_energy=float(force[3, :, b].sum(dtype=np.float64)),
            list_reference=positions,
            steps=state.steps + self._steps,
        )


def binary_positions(units: NDArray[np.int64], box: Array) -> Array:
    """Positions (N, 3) from units of box/2^32, `fixed_point` of which gives the same units.

    In boxes above 1 in each direction multiples of `POSITION` are such, which take less room.
    """
    positions = floating_point(units, box)
    nearest = to_multiples(positions, POSITION)
    return nearest if np.array_equal(fixed_point(nearest, box), units) else positions


@cache
def lane_motion_kernel(law: PairLaw) -> Any:
    """(done, steps, first, r, v, force, pairs, around, step, drift, k) -> (done, first).

    Velocity Verlet with the list `pairs`, up to `steps`, or until it no longer holds.
    """
    forces = lane_force_kernel(law)

    @kernel
    def run(done, steps, first, r, v, force, pairs, around, step, drift, k):  # type: ignore[no-untyped-def]
        half = np.float32(0.5) * step
        size = v.shape[0] // 3
        while True:
            if first == MOVE:
                kick(v, half, force)
                for c in range(3):
                    move(r[c * size : (c + 1) * size], drift[c], v[c * size : (c + 1) * size])
                first = DRIFTED
            if has_strayed(r, around.reference, around.unit, around.farthest2):
                return done, first
            forces(r, pairs, around.unit, k, around.block, force)
            if first == DRIFTED:
                kick(v, half, force)
                done += 1
            first = MOVE
            if done == steps:
                return done, first

    return run


@lean_kernel
def kick(v, duration, force):  # type: ignore[no-untyped-def]
    """V += duration f."""
    for d in range(v.shape[0]):
        v[d] += duration * force[d]


@lean_kernel
def move(r, drift, v):  # type: ignore[no-untyped-def]
    """R += v times the step, rounded to whole units."""
    for d in range(r.shape[0]):
        r[d] += np.int32(np.rint(drift * v[d]))
