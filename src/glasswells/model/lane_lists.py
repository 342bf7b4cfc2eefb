"""One list of pairs for sixteen lanes, kept right while all of them move.

A wide list is made around a reference, with a distance for each particle that covers where it is in
the lanes; it is thinned to the pairs that some lane has within cutoff + skin, and serves until a
particle of some lane has moved by half the skin. It is right however far lanes are apart, but short
only where particles stay in their cages.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_vectors import BLOCK, LANES, is_near
from glasswells.model.lanes import (
    ZERO,
    empty_lane_pairs,
    fixed_point,
    floating_point,
    lane_units,
)

SKIN = 0.3
"""Of the list that serves the forces; flat optimum."""
ROAMING, CAGE = np.float32(0.2), np.float32(0.4)
"""How much farther from its reference a particle may go before the wide list is made anew, and how
far it may go in any case: few leave their cages."""
FARTHER = np.float32(0.6)
"""The same where a particle has left its cage already."""
MEMORY = np.float32(0.95)
"""Of what a particle was allowed before, it is allowed this much: who left its cage in one
trajectory will do so in the next."""
SLACK = 1e-4
"""Subtracted from distances that single precision compares."""


class Surroundings(NamedTuple):
    """What compiled loops over lanes need besides the list."""

    unit: tuple[np.float32, np.float32, np.float32]
    """Length of a unit along each edge of the box."""
    reference: NDArray[np.int32]
    """Where the list was made."""
    farthest2: np.float32
    """Square of the distance from there up to which it holds."""
    block: NDArray[np.float32]
    """Workspace of the forces."""


class LaneLists:
    """The lists of one set of particles in all lanes."""

    def __init__(self, interactions: PairInteractions) -> None:
        self._box = interactions.box
        self._cutoff = float(np.sqrt(interactions.constants.cutoff2))
        self._builder = interactions.list_builder(interactions.diameters)
        self._n = len(interactions.diameters)
        self.pairs = empty_lane_pairs(0)
        """The pairs that some lane has within the list cutoff."""
        self.surroundings = Surroundings(
            unit=lane_units(self._box),
            reference=np.zeros(3 * self._n * LANES, dtype=np.int32),
            farthest2=np.float32((0.5 * SKIN - SLACK) ** 2),
            block=np.ones(4 * BLOCK, dtype=np.float32),
        )
        self._wide = empty_lane_pairs(0)
        self._list_cutoff2 = np.empty(0, dtype=np.float32)
        self._middle = np.zeros(3 * self._n, dtype=np.int32)
        self._allowed = np.full(self._n, -1.0, dtype=np.float32)
        self._roamed = np.empty(self._n, dtype=np.float32)

    def make(self, r: NDArray[np.int32]) -> None:
        """A list for these positions of all lanes."""
        unit, reference = self.surroundings.unit, self.surroundings.reference
        largest_deviations(r, self._middle, unit, self._roamed)
        if not (self._roamed <= self._allowed).all():
            self._make_wide(r)
        thin_lane_pairs(r, self._wide, self._list_cutoff2, unit, self.pairs)
        reference[:] = r

    def _make_wide(self, r: NDArray[np.int32]) -> None:
        lanes = r.reshape(3, self._n, LANES)
        apart = (lanes - lanes[:, :, :1]).astype(np.float64).mean(axis=2)
        middle = lanes[:, :, 0] + apart.astype(np.int64)
        positions = np.ascontiguousarray(floating_point(middle.T, self._box))
        self._middle = np.ascontiguousarray(fixed_point(positions, self._box).T).astype(np.uint32)
        self._middle = self._middle.view(np.int32).reshape(-1)
        largest_deviations(r, self._middle, self.surroundings.unit, self._roamed)
        least = np.maximum(np.maximum(CAGE, self._roamed + ROAMING), MEMORY * self._allowed)
        left = self._roamed > CAGE
        self._allowed = np.where(left, np.maximum(self._roamed + FARTHER, least), least)
        built = self._builder.build(positions, SKIN + 2 * (float(self._allowed.max()) + SLACK))
        if len(self._wide.first) < built.start[-1]:
            capacity = int(1.2 * built.start[-1])
            self._wide, self.pairs = empty_lane_pairs(capacity), empty_lane_pairs(capacity)
            self._list_cutoff2 = np.empty(capacity, dtype=np.float32)
        widen_lane_pairs(
            positions, self._box, self._cutoff, built, self._allowed, self._wide, self._list_cutoff2
        )


@lean_kernel
def widen_lane_pairs(r_nc, box_c, cutoff, built, allowed_n, wide, list_cutoff2):  # type: ignore[no-untyped-def]
    """Keep the pairs that may come within cutoff + skin while both go as far as they may."""
    found = 0
    for i in range(r_nc.shape[0]):
        for p in range(built.start[i], built.start[i + 1]):
            j = built.partner[p]
            x = r_nc[j, 0] - r_nc[i, 0]
            y = r_nc[j, 1] - r_nc[i, 1]
            z = r_nc[j, 2] - r_nc[i, 2]
            x -= box_c[0] * np.rint(x / box_c[0])
            y -= box_c[1] * np.rint(y / box_c[1])
            z -= box_c[2] * np.rint(z / box_c[2])
            inverse = np.sqrt(built.inverse_range2[p])
            list_cutoff = cutoff / inverse + SKIN
            farthest = list_cutoff + allowed_n[i] + allowed_n[j] + SLACK
            wide.first[found] = i
            wide.second[found] = j
            wide.inverse_range[found] = inverse
            wide.strength[found] = built.strength[p]
            list_cutoff2[found] = list_cutoff * list_cutoff
            found += x * x + y * y + z * z < farthest * farthest
    wide.used[0] = found


@lean_kernel
def thin_lane_pairs(r, wide, list_cutoff2, unit, pairs):  # type: ignore[no-untyped-def]
    """Keep the pairs of a wide list that some lane has within its list cutoff."""
    stride = r.shape[0] // 3
    found = 0
    for turn in range(wide.used[0]):
        p, to = np.uint64(turn), np.uint64(found)
        i, j = np.int64(wide.first[p]), np.int64(wide.second[p])
        pairs.first[to] = wide.first[p]
        pairs.second[to] = wide.second[p]
        pairs.inverse_range[to] = wide.inverse_range[p]
        pairs.strength[to] = wide.strength[p]
        found += is_near(r, stride, i, j, unit, list_cutoff2[p])
    pairs.used[0] = found


@lean_kernel
def largest_deviations(r, middle, unit, out_n):  # type: ignore[no-untyped-def]
    """Largest distance over the lanes of each particle from one place (3N,)."""
    n = out_n.shape[0]
    stride = n * LANES
    for i in range(n):
        largest = ZERO
        for b in range(LANES):
            e = i * LANES + b
            x = np.float32(np.int32(r[e] - middle[i])) * unit[0]
            y = np.float32(np.int32(r[stride + e] - middle[n + i])) * unit[1]
            z = np.float32(np.int32(r[2 * stride + e] - middle[2 * n + i])) * unit[2]
            largest = max(largest, x * x + y * y + z * z)
        out_n[i] = np.sqrt(largest)


@lean_kernel
def has_strayed(r, reference, unit, farthest2):  # type: ignore[no-untyped-def]
    """Whether a particle of some lane is at least sqrt(farthest2) from its reference."""
    stride = r.shape[0] // 3
    x, y, z = r[0:stride], r[stride : 2 * stride], r[2 * stride : 3 * stride]
    x0, y0, z0 = (
        reference[0:stride],
        reference[stride : 2 * stride],
        reference[2 * stride : 3 * stride],
    )
    strayed = 0
    for e in range(stride):
        dx = np.float32(np.int32(x[e] - x0[e])) * unit[0]
        dy = np.float32(np.int32(y[e] - y0[e])) * unit[1]
        dz = np.float32(np.int32(z[e] - z0[e])) * unit[2]
        strayed += dx * dx + dy * dy + dz * dz >= farthest2
    return strayed > 0
