"""Per-particle neighbor lists of swap Monte Carlo, edited in place and never rebuilt as a whole.

Coordinates are fixed point: an int32 counts units of box/2^32, so that the periodic wrap is
integer overflow and differences are exact. The list of i holds every j with

    |reference_i - reference_j| < x_c sigma_ij + skin,

where the reference of a particle is where it was when its list was last made, and no particle
strays farther than half the skin from it. This is a property of pairs: j is in the list of i if
and only if i is in the list of j, and each edit keeps it so.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.model.law import PairLaw

OVERFLOW = -1
"""Returned in place of a count when a row is too short: start again with longer rows."""

SLACK = np.float32(1e-5)
"""Added to the skin: single precision distances in a list test are wrong by less than this."""


class SwapState(NamedTuple):
    """Everything a swap Monte Carlo run needs to go on exactly as if it had not been cut.

    The lists belong to it: their order sets the order of summation, and with it the last bits.
    """

    records: NDArray[np.int32]
    """(4 N,): x, y, z in fixed point and the bits of the single precision diameter."""
    labels: NDArray[np.int64]
    """(N,): which of the original diameters each particle holds."""
    reference: NDArray[np.int32]
    """(3, M): fixed-point reference positions, M = N rounded up to a multiple of 16."""
    diameters: NDArray[np.float32]
    """(M,): diameters, zero beyond N."""
    neighbors: NDArray[np.uint32]
    """(N * capacity,): neighbor rows, padded with the particle itself."""
    counts: NDArray[np.int64]
    """(N,): lengths of the rows."""
    random: NDArray[np.uint64]
    """(4,): generator state."""
    capacity: int
    """Length of a neighbor row, a multiple of 16."""


class ListKernels(NamedTuple):
    """Compiled operations on the lists of one pair law."""

    scan: Any
    """(i, state, scale, skin, k, mask, row) -> count; the list that i should have, into `row`."""
    install: Any
    """(i, row, count, state, mark) -> 0 or OVERFLOW; replace the list of i, edit its neighbors'."""
    trim: Any
    """(i, state, scale, skin, k); drop those beyond the list cutoffs of an i that has shrunk."""


@lean_kernel
def remove_neighbor(i, j, state):  # type: ignore[no-untyped-def]
    """Take j out of the list of i, keeping the padding."""
    neighbors = state.neighbors
    start = i * state.capacity
    last = start + state.counts[i] - 1
    for slot in range(start, last + 1):
        if neighbors[slot] == j:
            neighbors[slot] = neighbors[last]
            neighbors[last] = i
            state.counts[i] -= 1
            return


@lean_kernel
def compress_mask(mask, row, n, i):  # type: ignore[no-untyped-def]
    """Write the marked particles other than i into `row`, padded with i; return their number."""
    words = mask.view(np.uint64)
    capacity = row.shape[0]
    count = 0
    for word in range(words.shape[0]):
        if words[word] == 0:
            continue
        for j in range(8 * word, min(8 * word + 8, n)):
            if mask[j] != 0 and j != i:
                if count == capacity:
                    return OVERFLOW
                row[count] = j
                count += 1
    for slot in range(count, capacity):
        row[slot] = i
    return count


@cache
def list_kernels(law: PairLaw) -> ListKernels:
    """The list operations for one pair law."""
    mix = law.mix

    @lean_kernel
    def scan(i, state, scale, skin, k, mask, row):  # type: ignore[no-untyped-def]
        x, y, z = state.reference[0], state.reference[1], state.reference[2]
        diameters = state.diameters
        cutoff = np.sqrt(k.cutoff2)
        xi, yi, zi, di = x[i], y[i], z[i], diameters[i]
        for j in range(x.shape[0]):
            dx = np.float32(np.int32(x[j] - xi)) * scale[0]
            dy = np.float32(np.int32(y[j] - yi)) * scale[1]
            dz = np.float32(np.int32(z[j] - zi)) * scale[2]
            sigma, _ = mix(di, diameters[j], k)
            list_cutoff = cutoff * sigma + skin
            mask[j] = dx * dx + dy * dy + dz * dz < list_cutoff * list_cutoff
        return compress_mask(mask, row, state.counts.shape[0], i)

    @lean_kernel
    def install(i, row, count, state, mark):  # type: ignore[no-untyped-def]
        neighbors, counts, capacity = state.neighbors, state.counts, state.capacity
        start = i * capacity
        for slot in range(count):
            mark[row[slot]] = 1
        for slot in range(start, start + counts[i]):
            j = np.int64(neighbors[slot])
            if mark[j] == 0:
                remove_neighbor(j, i, state)
            mark[j] = 2
        status = 0
        for slot in range(count):
            j = np.int64(row[slot])
            if mark[j] == 1:
                if counts[j] == capacity:
                    status = OVERFLOW
                else:
                    neighbors[j * capacity + counts[j]] = i
                    counts[j] += 1
        for slot in range(start, start + counts[i]):
            mark[neighbors[slot]] = 0
        for slot in range(capacity):
            mark[row[slot]] = 0
            neighbors[start + slot] = row[slot]
        counts[i] = count
        return status

    @lean_kernel
    def trim(i, state, scale, skin, k):  # type: ignore[no-untyped-def]
        reference, diameters, counts = state.reference, state.diameters, state.counts
        cutoff = np.sqrt(k.cutoff2)
        slot = 0
        while slot < counts[i]:
            j = np.int64(state.neighbors[i * state.capacity + slot])
            dx = np.float32(np.int32(reference[0, j] - reference[0, i])) * scale[0]
            dy = np.float32(np.int32(reference[1, j] - reference[1, i])) * scale[1]
            dz = np.float32(np.int32(reference[2, j] - reference[2, i])) * scale[2]
            sigma, _ = mix(diameters[i], diameters[j], k)
            list_cutoff = cutoff * sigma + skin
            if dx * dx + dy * dy + dz * dz < list_cutoff * list_cutoff:
                slot += 1
            else:
                remove_neighbor(j, i, state)
                remove_neighbor(i, j, state)

    return ListKernels(scan, install, trim)
