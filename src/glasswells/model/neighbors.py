"""Neighbor list with one cutoff per pair: which pairs may interact while nobody moves far."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel
from glasswells.core.records import Array
from glasswells.model.law import PairLaw


class PairList(NamedTuple):
    """Pairs (i, j), i < j, that are closer than cutoff_ij + skin: partners of i in one row."""

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]]."""
    partner: NDArray[np.uint32]
    """(P,), ascending within a row."""
    inverse_range2: Array
    """(P,), 1 / range_ij^2."""
    strength: Array
    """(P,), strength_ij."""


SINGLE_PRECISION_SLACK = 1e-5
"""Distances are screened in single precision; in boxes of up to some 50 diameters their rounding
error is below this length, by which every reach is widened so that no pair is missed."""


@kernel
def screen_row(i, xyz, diameter, box, cutoff, skin, mask):  # type: ignore[no-untyped-def]
    """Mark in `mask` the particles j > i that may be within reach of i; all single precision."""
    x, y, z = xyz[0], xyz[1], xyz[2]
    one = np.float32(1.0)
    bx, by, bz = box[0], box[1], box[2]
    ix, iy, iz = one / bx, one / by, one / bz
    xi, yi, zi, di = x[i], y[i], z[i], diameter[i]
    half_cutoff = cutoff * np.float32(0.5)
    for j in range(i + 1, x.shape[0]):
        dx = x[j] - xi
        dy = y[j] - yi
        dz = z[j] - zi
        dx -= bx * np.rint(dx * ix)
        dy -= by * np.rint(dy * iy)
        dz -= bz * np.rint(dz * iz)
        reach = half_cutoff * (di + diameter[j]) + skin
        mask[j] = dx * dx + dy * dy + dz * dz < reach * reach


@cache
def pair_list_kernel(law: PairLaw) -> Any:
    """The kernel that fills a pair list for one pair law; it returns the number of pairs needed.

    Every row is screened in single precision, eight lanes at a time, and the few that pass are
    tested in double precision. Up to some thousands of particles this beats linked cells: with
    a box of ten diameters only five cells fit an edge.
    """
    mix = law.mix

    @kernel
    def fill_pair_list(r_nc, diameter_n, box_c, k, skin, xyz, d_single, mask, pairs):  # type: ignore[no-untyped-def]
        n = r_nc.shape[0]
        cutoff = np.sqrt(k.cutoff2)
        for i in range(n):
            d_single[i] = diameter_n[i]
            for c in range(3):
                xyz[c, i] = r_nc[i, c] - box_c[c] * np.floor(r_nc[i, c] / box_c[c])
        box = (np.float32(box_c[0]), np.float32(box_c[1]), np.float32(box_c[2]))
        widened = np.float32(skin + SINGLE_PRECISION_SLACK)
        mask[:] = 0
        words = mask.view(np.uint64)
        capacity = pairs.partner.shape[0]
        found = 0
        for i in range(n):
            pairs.start[i] = found
            mask[i] = 0
            screen_row(i, xyz, d_single, box, np.float32(cutoff), widened, mask)
            for word in range(i // 8, words.shape[0]):
                if words[word] == 0:
                    continue
                for j in range(8 * word, 8 * word + 8):
                    if mask[j] == 0:
                        continue
                    r2 = 0.0
                    for c in range(3):
                        d = r_nc[j, c] - r_nc[i, c]
                        d -= box_c[c] * np.rint(d / box_c[c])
                        r2 += d * d
                    sigma, strength = mix(diameter_n[i], diameter_n[j], k)
                    reach = cutoff * sigma + skin
                    if r2 < reach * reach:
                        if found < capacity:
                            pairs.partner[found] = j
                            pairs.inverse_range2[found] = 1.0 / (sigma * sigma)
                            pairs.strength[found] = strength
                        found += 1
        pairs.start[n] = found
        return found

    return fill_pair_list


class ListBuilder:
    """Builds pair lists for one set of particles, with workspaces kept between builds."""

    def __init__(self, law: PairLaw, constants: Any, diameters: Array, box: Array) -> None:
        n = len(diameters)
        self._fill = pair_list_kernel(law)
        self._constants = constants
        self._diameters = diameters
        self._box = box
        self._xyz = np.empty((3, n), dtype=np.float32)
        self._single_diameters = np.empty(n, dtype=np.float32)
        self._mask = np.zeros(-(-n // 8) * 8, dtype=np.uint8)
        self._pairs = empty_pair_list(n, 8 * n)

    def build(self, positions: Array, skin: float) -> PairList:
        """The pairs within cutoff_ij + skin; a later call may overwrite the arrays returned."""
        while True:
            found = self._fill(
                positions,
                self._diameters,
                self._box,
                self._constants,
                skin,
                self._xyz,
                self._single_diameters,
                self._mask,
                self._pairs,
            )
            if found <= len(self._pairs.partner):
                return self._pairs
            self._pairs = empty_pair_list(len(self._diameters), int(1.2 * found) + 8)


def empty_pair_list(n: int, capacity: int) -> PairList:
    """Room for the pairs of n particles; `start[n]` will hold their number."""
    return PairList(
        start=np.zeros(n + 1, dtype=np.int64),
        partner=np.zeros(capacity, dtype=np.uint32),
        inverse_range2=np.zeros(capacity),
        strength=np.zeros(capacity),
    )
