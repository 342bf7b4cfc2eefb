"""Compiled loops of molecular dynamics: integration, thermostat noise, lists kept up to date.

Two lists are kept. A tight one serves the forces; when a particle has moved half its skin, it is
made anew from a wide one, which costs about as much as one force evaluation; the wide one is made
from scratch some ten times less often. The tight list, and with it the order of summation, depends
only on the positions at which it was made.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.random import next_normal_pair
from glasswells.core.records import Array
from glasswells.model.kernels import force_kernel
from glasswells.model.law import PairLaw
from glasswells.model.neighbors import (
    PairList,
    Screen,
    empty_pair_list,
    empty_screen,
    pair_list_kernel,
    prune_pair_list,
)


class Motion(NamedTuple):
    """What the integrator changes in place; all (N, 3)."""

    positions: Array
    velocities: Array
    forces: Array
    noise: Array
    """Workspace of the thermostat."""


class Lists(NamedTuple):
    """The two lists and where the particles were when each was made."""

    wide: PairList
    wide_reference: Array
    tight: PairList
    tight_reference: Array
    screen: Screen


class Settings(NamedTuple):
    """Numbers that stay fixed during a run."""

    time_step: float
    decay: float
    """Of velocities in one step under friction: exp(-friction time_step)."""
    noise: float
    """Standard deviation of the velocity noise of one step at m = 1."""
    stochastic: bool
    tight_skin: float
    wide_skin: float
    farthest2: float
    """Square of a distance that no sane step covers: half the shortest box edge."""


class InertiaKernels(NamedTuple):
    """How forces and noise change velocities; velocities, forces, noise and 1/m are flat (3N,)."""

    kick: Any
    """(velocity, duration, force, inverse_mass): v += duration f/m."""
    shake: Any
    """(velocity, decay, amplitude, noise, inverse_mass): v -> decay v + amplitude noise/sqrt(m),
    the exact step of an Ornstein-Uhlenbeck process."""
    kinetic_energy: Any
    """(velocity, inverse_mass) -> sum of m v^2/2."""
    drift: Any
    """(motion, random, settings, inverse_mass): half a kick and a drift."""


class MotionKernels(NamedTuple):
    """Compiled molecular dynamics of one pair law."""

    make_lists: Any
    """(r_nc, diameter_n, box_c, k, settings, lists) -> lists, with a tight list made at r_nc."""
    run: Any
    """(steps, before, interval, motion, random, diameter_n, box_c, k, settings, lists,
    inverse_mass, samples) -> (steps done, potential energy, lists); fewer steps
    than asked for: the next one blew up."""


@kernel
def draw_normals(random, out_nc):  # type: ignore[no-untyped-def]
    """Fill an array (N, 3) with standard normal numbers."""
    out = out_nc.reshape(-1)
    size = out.shape[0]
    for i in range(0, size - 1, 2):
        out[i], out[i + 1] = next_normal_pair(random)
    if size % 2 == 1:
        out[size - 1], _ = next_normal_pair(random)


@lean_kernel
def add_multiple(target, factor, source):  # type: ignore[no-untyped-def]
    """Target += factor source; flat arrays."""
    for i in range(target.shape[0]):
        target[i] += factor * source[i]


@lean_kernel
def copy_to(target, source):  # type: ignore[no-untyped-def]
    """Target = source; flat arrays. A slice assignment would compile seconds of error texts."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@lean_kernel
def has_strayed(r_nc, reference_nc, distance2):  # type: ignore[no-untyped-def]
    """Whether a particle is at least sqrt(distance2) from its reference, or nowhere (NaN)."""
    strayed = 0
    for i in range(r_nc.shape[0]):
        x = r_nc[i, 0] - reference_nc[i, 0]
        y = r_nc[i, 1] - reference_nc[i, 1]
        z = r_nc[i, 2] - reference_nc[i, 2]
        strayed += not x * x + y * y + z * z < distance2
    return strayed > 0


@lean_kernel
def kick_unit(velocity, duration, force, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.kick`, for m = 1."""
    add_multiple(velocity, duration, force)


@lean_kernel
def kick(velocity, duration, force, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.kick`."""
    for i in range(velocity.shape[0]):
        velocity[i] += duration * inverse_mass[i] * force[i]


@lean_kernel
def shake_unit(velocity, decay, amplitude, noise, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.shake`, for m = 1."""
    for i in range(velocity.shape[0]):
        velocity[i] = decay * velocity[i] + amplitude * noise[i]


@lean_kernel
def shake(velocity, decay, amplitude, noise, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.shake`."""
    for i in range(velocity.shape[0]):
        velocity[i] = decay * velocity[i] + amplitude * np.sqrt(inverse_mass[i]) * noise[i]


@lean_kernel
def kinetic_energy_unit(velocity, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.kinetic_energy`, for m = 1."""
    total = 0.0
    for i in range(velocity.shape[0]):
        total += velocity[i] * velocity[i]
    return 0.5 * total


@lean_kernel
def kinetic_energy(velocity, inverse_mass):  # type: ignore[no-untyped-def]
    """See `InertiaKernels.kinetic_energy`."""
    total = 0.0
    for i in range(velocity.shape[0]):
        total += velocity[i] * velocity[i] / inverse_mass[i]
    return 0.5 * total


@cache
def inertia_kernels(has_masses: bool) -> InertiaKernels:
    """The kernels for masses of their own, or for all masses 1, which ignore `inverse_mass`.

    The masses are settled at compile time: where all are 1, no loop reads them.
    """
    kick_by = kick if has_masses else kick_unit
    shake_by = shake if has_masses else shake_unit

    @kernel
    def drift(motion, random, settings, inverse_mass):  # type: ignore[no-untyped-def]
        r, v = motion.positions.reshape(-1), motion.velocities.reshape(-1)
        kick_by(v, 0.5 * settings.time_step, motion.forces.reshape(-1), inverse_mass)
        if settings.stochastic:
            # With a thermostat the drift is cut in two by its noise.
            draw_normals(random, motion.noise)
            add_multiple(r, 0.5 * settings.time_step, v)
            noise = motion.noise.reshape(-1)
            shake_by(v, settings.decay, settings.noise, noise, inverse_mass)
            add_multiple(r, 0.5 * settings.time_step, v)
        else:
            add_multiple(r, settings.time_step, v)

    energy = kinetic_energy if has_masses else kinetic_energy_unit
    return InertiaKernels(kick_by, shake_by, energy, drift)


@cache
def motion_kernels(law: PairLaw, has_masses: bool) -> MotionKernels:
    """Compiled molecular dynamics for one pair law, with all masses 1 or not."""
    energy_and_forces = force_kernel(law)
    make_lists = _list_maker(law)
    kick_by, _, kinetic, drift = inertia_kernels(has_masses)

    @kernel
    def run(  # type: ignore[no-untyped-def]
        steps,
        before,
        interval,
        motion,
        random,
        diameter_n,
        box_c,
        k,
        settings,
        lists,
        inverse_mass,
        samples,
    ):
        velocity = motion.velocities.reshape(-1)
        quarter2 = 0.25 * settings.tight_skin * settings.tight_skin
        potential = 0.0
        for step in range(steps):
            drift(motion, random, settings, inverse_mass)
            if has_strayed(motion.positions, lists.tight_reference, quarter2):
                if has_strayed(motion.positions, lists.tight_reference, settings.farthest2):
                    return step, potential, lists
                lists = make_lists(motion.positions, diameter_n, box_c, k, settings, lists)
            potential = energy_and_forces(motion.positions, box_c, lists.tight, k, motion.forces)
            kick_by(velocity, 0.5 * settings.time_step, motion.forces.reshape(-1), inverse_mass)
            if not np.isfinite(potential):
                return step, potential, lists
            number = before + step + 1
            if number % interval == 0:
                row = number // interval - before // interval - 1
                samples[row, 0] = kinetic(velocity, inverse_mass)
                samples[row, 1] = potential
        return steps, potential, lists

    return MotionKernels(make_lists, run)


def _list_maker(law: PairLaw) -> Any:
    fill = pair_list_kernel(law)

    @kernel
    def make_lists(r_nc, diameter_n, box_c, k, settings, lists):  # type: ignore[no-untyped-def]
        wide, tight = lists.wide, lists.tight
        margin = 0.5 * (settings.wide_skin - settings.tight_skin)
        if has_strayed(r_nc, lists.wide_reference, margin * margin):
            capacity = wide.partner.shape[0]
            while True:  # one place that calls: each is compiled again
                found = fill(r_nc, diameter_n, box_c, k, settings.wide_skin, lists.screen, wide)
                if found <= capacity:
                    break
                capacity = found + found // 8
                wide = _room(wide, capacity)
                tight = _room(tight, capacity)
            copy_to(lists.wide_reference.reshape(-1), r_nc.reshape(-1))
        prune_pair_list(r_nc, box_c, k, settings.tight_skin, wide, tight)
        copy_to(lists.tight_reference.reshape(-1), r_nc.reshape(-1))
        return Lists(wide, lists.wide_reference, tight, lists.tight_reference, lists.screen)

    return make_lists


@kernel
def _room(pairs, capacity):  # type: ignore[no-untyped-def]
    """An empty list of more capacity."""
    return PairList(
        pairs.start.copy(),
        np.empty(capacity, dtype=np.uint32),
        np.empty(capacity),
        np.empty(capacity),
    )


def empty_lists(n: int, over_mean: float) -> Lists:
    """Lists that were made nowhere: the first `make_lists` makes both; see `Screen`."""
    nowhere = np.full((2, n, 3), np.nan)
    return Lists(
        wide=empty_pair_list(n, 0),
        wide_reference=nowhere[0],
        tight=empty_pair_list(n, 0),
        tight_reference=nowhere[1],
        screen=empty_screen(n, over_mean),
    )
