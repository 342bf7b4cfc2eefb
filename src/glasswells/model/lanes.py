"""Sixteen configurations of one glass as SIMD lanes, in single precision: forces.

Coordinates are 32-bit integers in units of box/2^32, so that differences are exact minimum images
and no more is lost than the rounding of a pair vector, 1e-7 of its length. What a lane gets does
not depend on the other lanes: its pairs are summed in the order of the particles, and those that
the list holds for the sake of other lanes add zeros. Arrays are flat: component by component,
particle by particle, lanes innermost.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.model.lane_vectors import BLOCK, BLOCK_PAIRS, LANES, add_pair, difference
from glasswells.model.law import PairLaw

WHOLE = 2.0**32
"""Units along an edge of the box."""
ZERO, ONE = np.float32(0.0), np.float32(1.0)
ENERGY_NOISE = 1e-6
"""Times sqrt(N): differences of energies below it are rounding; five times their scatter."""


class LanePairs(NamedTuple):
    """Pairs (i, j), i < j, in the order of i and then j, with room for more."""

    used: NDArray[np.int64]
    """(1,): pairs in use."""
    first: NDArray[np.uint32]
    """(P,): i."""
    second: NDArray[np.uint32]
    """(P,): j."""
    inverse_range: NDArray[np.float32]
    """(P,), 1 / range_ij."""
    strength: NDArray[np.float32]
    """(P,), strength_ij."""


def empty_lane_pairs(capacity: int) -> LanePairs:
    """Room for pairs."""
    return LanePairs(
        used=np.zeros(1, dtype=np.int64),
        first=np.zeros(capacity, dtype=np.uint32),
        second=np.zeros(capacity, dtype=np.uint32),
        inverse_range=np.zeros(capacity, dtype=np.float32),
        strength=np.zeros(capacity, dtype=np.float32),
    )


def fixed_point(positions: Array, box: Array) -> NDArray[np.int64]:
    """Positions (N, 3) in units of box/2^32, not wrapped."""
    return np.rint(positions / box * WHOLE).astype(np.int64)


def floating_point(units: NDArray[np.int64], box: Array) -> Array:
    """Positions (N, 3) from units of box/2^32; `fixed_point` gives the same units back."""
    positions: Array = units * (box / WHOLE)
    return positions


def low_half(units: NDArray[np.int64]) -> NDArray[np.int32]:
    """Units modulo 2^32, as 32-bit integers: an image inside the box."""
    return units.astype(np.uint32).view(np.int32)


def lane_units(box: Array) -> tuple[np.float32, np.float32, np.float32]:
    """Length of a unit along each edge."""
    x, y, z = (np.float32(edge / WHOLE) for edge in box)
    return x, y, z


@cache
def lane_force_kernel(law: PairLaw) -> Any:
    """(r, pairs, unit, k, block, force): forces and energies of one pair law.

    `force` has a fourth component: the energy of the pairs in which a particle is the first.
    """
    evaluate = _block_kernel(law)

    @lean_kernel
    def lane_forces(r, pairs, unit, k, block, force):  # type: ignore[no-untyped-def]
        stride = r.shape[0] // 3
        for d in range(force.shape[0]):
            force[d] = ZERO
        begin, end = 0, pairs.used[0]
        while begin < end:
            size = min(BLOCK_PAIRS, end - begin)
            for slot in range(size):
                p = np.uint64(begin + slot)
                inverse = pairs.inverse_range[p]
                scaled = unit[0] * inverse, unit[1] * inverse, unit[2] * inverse
                i, j = np.int64(pairs.first[p]), np.int64(pairs.second[p])
                difference(r, stride, i, j, scaled, slot, block)
            evaluate(block, pairs.strength, begin, k)
            for slot in range(size):
                p = np.uint64(begin + slot)
                i, j = np.int64(pairs.first[p]), np.int64(pairs.second[p])
                add_pair(force, stride, i, j, pairs.inverse_range[p], slot, block)
            begin += size

    return lane_forces


def _block_kernel(law: PairLaw) -> Any:
    """(block, strength, begin, k): vectors in units of the range become their u'/x multiples.

    All slots are done, also those that hold no pair: with a fixed number of turns there is no
    rest of the loop that the compiler could round in another way.
    """
    slope, uniform = law.slope, law.uniform_strength

    @lean_kernel
    def evaluate(block, strength, begin, k):  # type: ignore[no-untyped-def]
        x, y, z = block[0:BLOCK], block[BLOCK : 2 * BLOCK], block[2 * BLOCK : 3 * BLOCK]
        energy = block[3 * BLOCK : 4 * BLOCK]
        cutoff2 = np.float32(k.cutoff2)
        for e in range(BLOCK):
            x2 = x[e] * x[e] + y[e] * y[e] + z[e] * z[e]
            inside = ONE if x2 < cutoff2 else ZERO
            u, u_1 = slope(x2, ONE / x2, k)
            w = inside * np.float32(u_1)
            energy[e] = inside * np.float32(u)
            x[e] *= w
            y[e] *= w
            z[e] *= w
        if not uniform:
            last = strength.shape[0] - 1
            for slot in range(BLOCK_PAIRS):
                factor = strength[min(begin + slot, last)]
                for e in range(slot * LANES, (slot + 1) * LANES):
                    x[e] *= factor
                    y[e] *= factor
                    z[e] *= factor
                    energy[e] *= factor

    return evaluate
