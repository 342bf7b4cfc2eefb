"""The moves of swap Monte Carlo: energies in single precision, sixteen neighbors at a time."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.core.random import next_uint64
from glasswells.model.law import PairLaw
from glasswells.sampling.lanes import LANES, gather_records
from glasswells.sampling.swap_lists import OVERFLOW, ListKernels, list_kernels

UNIT = 1.0 / 2.0**53
"""Spacing of the random numbers in [0, 1)."""
ZERO, ONE = np.float32(0.0), np.float32(1.0)
"""In the precision of the moves: a double would turn the loops double."""


class SwapSettings(NamedTuple):
    """The numbers of a run; `float32` ones keep the loops in single precision."""

    moves: int
    temperature: float
    swap_threshold: int
    """A move is a swap if 32 random bits are below this."""
    half_span: tuple[int, int, int]
    """Largest displacement of each component in fixed-point units."""
    partner_window: np.float32
    """A swap is proposed only if the diameters differ by less; else it counts as rejected."""
    scale: tuple[np.float32, np.float32, np.float32]
    """Length of one fixed-point unit along each axis."""
    skin: np.float32
    half_skin2: np.float32


class Workspace(NamedTuple):
    """Scratch arrays of the kernel."""

    buffer: Any
    """(64,) int32: sixteen transposed records."""
    lengths: Any
    """The same memory as float32, for the diameters."""
    mask: Any
    mark: Any
    row: Any


class SwapTally(NamedTuple):
    """What a run of moves did."""

    status: int
    """0, or OVERFLOW: the state is spoiled, start again with longer rows."""
    energy_change: float
    """Sum of the accepted energy changes."""
    displacements: int
    displacements_accepted: int
    swaps: int
    swaps_accepted: int


class SwapKernels(NamedTuple):
    """Compiled functions of one pair law."""

    run: Any
    """(state, settings, k, workspace) -> SwapTally; advances the state in place."""
    make_lists: Any
    """(state, settings, k, workspace) -> 0 or OVERFLOW; all lists from the references."""


@lean_kernel
def uniform_offset(bits, half_span):  # type: ignore[no-untyped-def]
    """Uniform integer in [-half_span, half_span] from 32 random bits.

    Symmetric but for one of the 2^32 values: the span is odd.
    """
    span = np.uint64(2 * half_span + 1)
    return np.int32(np.int64((bits * span) >> np.uint64(32)) - half_span)


@lean_kernel
def trial_position(i, state, settings):  # type: ignore[no-untyped-def]
    """Where a displacement would move i; the wrap into the box is integer overflow."""
    records, half_span = state.records, settings.half_span
    low, high = np.uint64(0xFFFFFFFF), np.uint64(32)
    bits = next_uint64(state.random)
    more = next_uint64(state.random)
    return (
        np.int32(records[4 * i] + uniform_offset(bits & low, half_span[0])),
        np.int32(records[4 * i + 1] + uniform_offset(bits >> high, half_span[1])),
        np.int32(records[4 * i + 2] + uniform_offset(more & low, half_span[2])),
    )


@lean_kernel
def is_inside(records, reference, i, x, y, z, settings):  # type: ignore[no-untyped-def]
    """Whether (x, y, z) is within half the skin of the reference of i."""
    dx = np.float32(np.int32(x - reference[0, i])) * settings.scale[0]
    dy = np.float32(np.int32(y - reference[1, i])) * settings.scale[1]
    dz = np.float32(np.int32(z - reference[2, i])) * settings.scale[2]
    return dx * dx + dy * dy + dz * dz < settings.half_skin2


@cache
def swap_kernels(law: PairLaw) -> SwapKernels:
    """The moves for one purely repulsive pair law."""
    lists = list_kernels(law)
    energy_changes = energy_change_kernels(law)
    displace = displacement_move(lists, energy_changes)
    swap = swap_move(lists, energy_changes)
    scan = lists.scan

    @lean_kernel
    def run(state, settings, k, workspace):  # type: ignore[no-untyped-def]
        n = np.uint64(state.counts.shape[0])
        low = np.uint64(0xFFFFFFFF)
        high = np.uint64(32)
        total = 0.0
        displacements, displacements_accepted, swaps, swaps_accepted = 0, 0, 0, 0
        status = 0
        for _ in range(settings.moves):
            bits = next_uint64(state.random)
            i = np.int64(((bits & low) * n) >> high)
            # -T ln u bounds the energy change of an accepted move; u in (0, 1]
            u = (np.float64(next_uint64(state.random) >> np.uint64(11)) + 1.0) * UNIT
            bound = -settings.temperature * np.log(u)
            if np.int64(bits >> high) < settings.swap_threshold:
                j = np.int64(((next_uint64(state.random) & low) * n) >> high)
                status, change = swap(i, j, bound, state, settings, k, workspace)
                swaps += 1
                if status == 1:
                    swaps_accepted += 1
            else:
                x, y, z = trial_position(i, state, settings)
                status, change = displace(i, x, y, z, bound, state, settings, k, workspace)
                displacements += 1
                if status == 1:
                    displacements_accepted += 1
            if status == OVERFLOW:
                break
            total += change
        return SwapTally(
            min(status, 0),
            total,
            displacements,
            displacements_accepted,
            swaps,
            swaps_accepted,
        )

    @lean_kernel
    def make_lists(state, settings, k, workspace):  # type: ignore[no-untyped-def]
        for i in range(state.counts.shape[0]):
            count = scan(i, state, settings.scale, settings.skin, k, workspace.mask, workspace.row)
            if count == OVERFLOW:
                return OVERFLOW
            state.counts[i] = count
            for slot in range(state.capacity):
                state.neighbors[i * state.capacity + slot] = workspace.row[slot]
        return 0

    return SwapKernels(run, make_lists)


class EnergyChanges(NamedTuple):
    """Compiled energy changes of one particle, summed over its neighbor row."""

    displaced: Any
    """Energy change of i on moving to (x, y, z)."""
    resized: Any
    """Energy change of i on taking another diameter, without its pair with `other`."""


@cache
def energy_change_kernels(law: PairLaw) -> EnergyChanges:
    """The energy changes of one pair law, in single precision.

    A law whose literals are double precision makes its sums double: slower, not wrong.
    """
    mix, value, uniform = law.mix, law.value, law.uniform_strength

    @lean_kernel
    def displaced(i, x, y, z, state, scale, k, buffer, lengths):  # type: ignore[no-untyped-def]
        records = state.records
        neighbors = state.neighbors
        start = i * state.capacity
        count = state.counts[i]
        x_old, y_old, z_old = records[4 * i], records[4 * i + 1], records[4 * i + 2]
        diameter = state.diameters[i]
        old, new = ZERO, ZERO
        for base in range(0, count, LANES):
            gather_records(records, neighbors, start + base, buffer)
            inside = count - base
            for lane in range(LANES):
                xj, yj, zj = buffer[lane], buffer[LANES + lane], buffer[2 * LANES + lane]
                sigma, strength = mix(diameter, lengths[3 * LANES + lane], k)
                inverse_sigma2 = ONE / (sigma * sigma)
                dx = np.float32(np.int32(xj - x_old)) * scale[0]
                dy = np.float32(np.int32(yj - y_old)) * scale[1]
                dz = np.float32(np.int32(zj - z_old)) * scale[2]
                x2_old = (dx * dx + dy * dy + dz * dz) * inverse_sigma2
                dx = np.float32(np.int32(xj - x)) * scale[0]
                dy = np.float32(np.int32(yj - y)) * scale[1]
                dz = np.float32(np.int32(zj - z)) * scale[2]
                x2_new = (dx * dx + dy * dy + dz * dz) * inverse_sigma2
                u_old = value(x2_old, ONE / x2_old, k)
                u_new = value(x2_new, ONE / x2_new, k)
                if not uniform:
                    u_old *= strength
                    u_new *= strength
                valid = lane < inside
                old += u_old if valid & (x2_old < k.cutoff2) else ZERO
                new += u_new if valid & (x2_new < k.cutoff2) else ZERO
        return new - old

    @lean_kernel
    def resized(i, sizes, other, row, records, scale, k, buffer, lengths):  # type: ignore[no-untyped-def]
        d_old, d_new = sizes
        neighbors, start, count = row
        x, y, z = records[4 * i], records[4 * i + 1], records[4 * i + 2]
        old, new = ZERO, ZERO
        for base in range(0, count, LANES):
            gather_records(records, neighbors, start + base, buffer)
            inside = count - base
            for lane in range(LANES):
                dx = np.float32(np.int32(buffer[lane] - x)) * scale[0]
                dy = np.float32(np.int32(buffer[LANES + lane] - y)) * scale[1]
                dz = np.float32(np.int32(buffer[2 * LANES + lane] - z)) * scale[2]
                r2 = dx * dx + dy * dy + dz * dz
                dj = lengths[3 * LANES + lane]
                s_old, strength_old = mix(d_old, dj, k)
                s_new, strength_new = mix(d_new, dj, k)
                x2_old = r2 / (s_old * s_old)
                x2_new = r2 / (s_new * s_new)
                u_old = value(x2_old, ONE / x2_old, k)
                u_new = value(x2_new, ONE / x2_new, k)
                if not uniform:
                    u_old *= strength_old
                    u_new *= strength_new
                valid = (lane < inside) & (np.int64(neighbors[start + base + lane]) != other)
                old += u_old if valid & (x2_old < k.cutoff2) else ZERO
                new += u_new if valid & (x2_new < k.cutoff2) else ZERO
        return new - old

    return EnergyChanges(displaced, resized)


@cache
def displacement_move(lists: ListKernels, energy_changes: EnergyChanges) -> Any:
    """Move i to (x, y, z) if that raises the energy by at most `bound`.

    Gives (1: accepted, 0: rejected or OVERFLOW, energy change).
    """
    scan, install = lists.scan, lists.install
    displaced = energy_changes.displaced

    @lean_kernel
    def displace(i, x, y, z, bound, state, settings, k, workspace):  # type: ignore[no-untyped-def]
        records, reference = state.records, state.reference
        if not is_inside(records, reference, i, x, y, z, settings):
            # The list is made anew around where the particle is now, so that it covers the trial
            for c in range(3):
                reference[c, i] = records[4 * i + c]
            count = scan(i, state, settings.scale, settings.skin, k, workspace.mask, workspace.row)
            if count == OVERFLOW or install(i, workspace.row, count, state, workspace.mark) < 0:
                return OVERFLOW, 0.0
        change = np.float64(
            displaced(i, x, y, z, state, settings.scale, k, workspace.buffer, workspace.lengths)
        )
        if not change <= bound:
            return 0, 0.0
        records[4 * i] = x
        records[4 * i + 1] = y
        records[4 * i + 2] = z
        return 1, change

    return displace


@cache
def swap_move(lists: ListKernels, energy_changes: EnergyChanges) -> Any:
    """Exchange the diameters of i and j if that raises the energy by at most `bound`.

    Gives (1: accepted, 0: rejected or OVERFLOW, energy change).
    """
    scan, install, trim = lists.scan, lists.install, lists.trim
    resized = energy_changes.resized

    @lean_kernel
    def swap(i, j, bound, state, settings, k, workspace):  # type: ignore[no-untyped-def]
        records, diameters = state.records, state.diameters
        neighbors, counts = state.neighbors, state.counts
        scale, buffer, lengths = settings.scale, workspace.buffer, workspace.lengths
        if i == j or not abs(diameters[i] - diameters[j]) < settings.partner_window:
            return 0, 0.0
        small, large = (i, j) if diameters[i] < diameters[j] else (j, i)
        d_small, d_large = diameters[small], diameters[large]
        capacity = state.capacity
        growth, shrinkage = (d_small, d_large), (d_large, d_small)
        row = (neighbors, small * capacity, counts[small])
        grown = resized(small, growth, large, row, records, scale, k, buffer, lengths)
        row = (neighbors, large * capacity, counts[large])
        shrunk = resized(large, shrinkage, small, row, records, scale, k, buffer, lengths)
        # The grown particle's list is too short, and what it lacks can only raise the energy
        if not np.float64(grown) + np.float64(shrunk) <= bound:
            return 0, 0.0
        diameters[small], diameters[large] = d_large, d_small
        count = scan(small, state, scale, settings.skin, k, workspace.mask, workspace.row)
        if count == OVERFLOW:
            return OVERFLOW, 0.0
        row = (workspace.row, np.int64(0), count)
        grown = resized(small, growth, large, row, records, scale, k, buffer, lengths)
        change = np.float64(grown) + np.float64(shrunk)
        if not change <= bound:
            diameters[small], diameters[large] = d_small, d_large
            return 0, 0.0
        if install(small, workspace.row, count, state, workspace.mark) == OVERFLOW:
            return OVERFLOW, 0.0
        labels = state.labels
        records[4 * small + 3], records[4 * large + 3] = (
            records[4 * large + 3],
            records[4 * small + 3],
        )
        labels[small], labels[large] = labels[large], labels[small]
        trim(large, state, scale, settings.skin, k)
        return 1, change

    return swap
