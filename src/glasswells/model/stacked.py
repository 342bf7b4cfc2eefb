"""Energies and forces of many configurations of one glass at once, such as the images of a band.

In configurations close to each other the same pairs interact, so one list serves them all and each
of its entries is read once: the index of the configuration is the SIMD lane. Suffixes: n particle,
c Cartesian, b configuration, p pair.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.geometry import wrap
from glasswells.core.records import Array
from glasswells.model.interactions import PairInteractions
from glasswells.model.law import PairLaw
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.neighbors import PairList, empty_pair_list
from glasswells.model.pair_model import Interactions

FEWEST_LANES = 24
"""Below this number the compiled loop does not pay for its vector set-up: pad up to it."""
SKIN = 0.1
"""The list holds a pair if any configuration has it within cutoff + skin. Images of a band move
little per iteration, so a thin skin, a quarter of that of dynamics, pays."""


class StackedEnergies(Protocol):
    """Energies and forces of many configurations of one set of particles."""

    order: NDArray[np.intp]
    """(N,): place k of the arrays belongs to particle order[k]."""

    def lanes(self, configurations: int) -> int:
        """How many lanes to allocate for a number of configurations."""
        ...

    def __call__(self, r_ncb: Array, force_ncb: Array, energy_b: Array) -> None:
        """Fill the forces (N, 3, lanes) and the energies (lanes,)."""
        ...


def stacked_energies(interactions: Interactions, positions: Array) -> StackedEnergies:
    """The fastest implementation for these interactions; all will lie near `positions`."""
    if isinstance(interactions, PairInteractions):
        return StackedPairEnergies(interactions, positions)
    if isinstance(interactions, MassWeighted):
        return StackedWeightedEnergies(interactions, positions)
    return SeparateEnergies(interactions, positions)


class SeparateEnergies:
    """Any energies, one configuration after the other."""

    def __init__(self, interactions: Interactions, positions: Array) -> None:
        self._interactions = interactions
        self.order = np.arange(len(positions), dtype=np.intp)

    def lanes(self, configurations: int) -> int:
        """No padding."""
        return configurations

    def __call__(self, r_ncb: Array, force_ncb: Array, energy_b: Array) -> None:
        """Fill the forces (N, 3, configurations) and the energies (configurations,)."""
        for b in range(r_ncb.shape[2]):
            positions = np.ascontiguousarray(r_ncb[:, :, b])
            energy_b[b], force_ncb[:, :, b] = self._interactions.energy_and_forces(positions)


class StackedWeightedEnergies:
    """Energies in mass-weighted coordinates, from those in plain ones."""

    def __init__(self, interactions: MassWeighted, positions: Array) -> None:
        w = interactions.weights
        self._plain = stacked_energies(interactions.plain, positions / w)
        self.order = self._plain.order
        self._weights_n11 = w[self.order][:, :, None]

    def lanes(self, configurations: int) -> int:
        """As for the plain energies."""
        return self._plain.lanes(configurations)

    def __call__(self, r_ncb: Array, force_ncb: Array, energy_b: Array) -> None:
        """Fill the forces (N, 3, lanes) over the weights, and the energies (lanes,)."""
        self._plain(r_ncb / self._weights_n11, force_ncb, energy_b)
        force_ncb /= self._weights_n11


class StackedPairEnergies:
    """A pair model, all configurations in one loop over pairs.

    A wide list is built in the middle of them and thinned to the pairs that some configuration has
    within its list cutoff; it serves until a particle of some configuration has moved by half the
    skin. Particles are sorted by place, which keeps the rows of partners in the cache.
    """

    def __init__(self, interactions: PairInteractions, positions: Array) -> None:
        self._box = interactions.box
        self._constants = interactions.constants
        self.order = spatial_order(positions, interactions.box)
        diameters = np.ascontiguousarray(interactions.diameters[self.order])
        self._builder = interactions.list_builder(diameters)
        self._forces = lane_kernel(interactions.model.law)
        self._reference: Array | None = None
        self._pairs: PairList | None = None

    def lanes(self, configurations: int) -> int:
        """Padded so that the loop over configurations is compiled for long vectors."""
        return max(FEWEST_LANES, configurations)

    def __call__(self, r_ncb: Array, force_ncb: Array, energy_b: Array) -> None:
        """Fill the forces (N, 3, lanes) and the energies (lanes,)."""
        pairs = self.pairs(r_ncb)
        self._forces(r_ncb, self._box, pairs, self._constants, force_ncb, energy_b)

    def pairs(self, r_ncb: Array) -> PairList:
        """A list that holds every pair that interacts in any of the configurations."""
        if (
            self._pairs is None
            or self._reference is None
            or self._reference.shape != r_ncb.shape
            or not largest_lane_displacement2(r_ncb, self._reference) < (0.5 * SKIN) ** 2
        ):
            self._pairs = self._build(r_ncb)
            self._reference = r_ncb.copy()
        return self._pairs

    def _build(self, r_ncb: Array) -> PairList:
        middle = 0.5 * (r_ncb.min(axis=2) + r_ncb.max(axis=2))
        # Both particles of a pair may be closer to each other in one lane, each by `farthest`.
        farthest = np.sqrt(largest_lane_displacement2(r_ncb, middle[:, :, None]))
        wide = self._builder.build(middle, SKIN + 2 * farthest)
        pairs = empty_pair_list(len(middle), int(wide.start[-1]))
        cutoff = np.sqrt(self._constants.cutoff2)
        thin_list(r_ncb, self._box, wide, cutoff, SKIN, pairs)
        return pairs


def spatial_order(positions: Array, box: Array) -> NDArray[np.intp]:
    """An order of the particles in which neighbors in space are mostly neighbors in memory.

    Cells of about unit edge are run through in a zigzag.
    """
    cells = np.maximum(1, np.rint(box))
    x, y, z = np.floor(wrap(positions, box) / box * cells).astype(np.int64).T
    y = np.where(x % 2 == 0, y, -y)
    z = np.where(y % 2 == 0, z, -z)
    return np.lexsort((z, y, x))


@lean_kernel
def largest_lane_displacement2(r_ncb, reference_ncb):  # type: ignore[no-untyped-def]
    """Square of the largest distance of a particle of any lane from its reference.

    A reference with a single lane serves all lanes.
    """
    lanes = r_ncb.shape[2]
    common = reference_ncb.shape[2] == 1
    largest = 0.0
    for i in range(r_ncb.shape[0]):
        for b in range(lanes):
            d = 0 if common else b
            x = r_ncb[i, 0, b] - reference_ncb[i, 0, d]
            y = r_ncb[i, 1, b] - reference_ncb[i, 1, d]
            z = r_ncb[i, 2, b] - reference_ncb[i, 2, d]
            largest = max(largest, x * x + y * y + z * z)
    return largest


@lean_kernel
def thin_list(r_ncb, box_c, wide, cutoff, skin, pairs):  # type: ignore[no-untyped-def]
    """Keep the pairs of a wide list that at least one lane has within cutoff + skin."""
    found = 0
    lanes = r_ncb.shape[2]
    bx, by, bz = box_c[0], box_c[1], box_c[2]
    for i in range(r_ncb.shape[0]):
        pairs.start[i] = found
        for p in range(wide.start[i], wide.start[i + 1]):
            j = wide.partner[p]
            list_cutoff = cutoff / np.sqrt(wide.inverse_range2[p]) + skin
            nearest2 = np.inf
            for b in range(lanes):
                x = r_ncb[j, 0, b] - r_ncb[i, 0, b]
                y = r_ncb[j, 1, b] - r_ncb[i, 1, b]
                z = r_ncb[j, 2, b] - r_ncb[i, 2, b]
                x -= bx * np.rint(x / bx)
                y -= by * np.rint(y / by)
                z -= bz * np.rint(z / bz)
                nearest2 = min(nearest2, x * x + y * y + z * z)
            if nearest2 < list_cutoff * list_cutoff:
                pairs.partner[found] = j
                pairs.inverse_range2[found] = wide.inverse_range2[p]
                pairs.strength[found] = wide.strength[p]
                found += 1
    pairs.start[r_ncb.shape[0]] = found


@cache
def lane_kernel(law: PairLaw) -> Any:
    """(r_ncb, box_c, pairs, k, force_ncb, energy_b): forces and energies of one pair law."""
    slope = law.slope

    @lean_kernel
    def lane_forces(r_ncb, box_c, pairs, k, force_ncb, energy_b):  # type: ignore[no-untyped-def]
        lanes = r_ncb.shape[2]
        bx, by, bz = box_c[0], box_c[1], box_c[2]
        ix, iy, iz = 1.0 / bx, 1.0 / by, 1.0 / bz
        force_ncb[:] = 0.0
        energy_b[:] = 0.0
        for i in range(r_ncb.shape[0]):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                j = pairs.partner[p]
                inverse_range2 = pairs.inverse_range2[p]
                strength = pairs.strength[p]
                for b in range(lanes):
                    x = r_ncb[j, 0, b] - r_ncb[i, 0, b]
                    y = r_ncb[j, 1, b] - r_ncb[i, 1, b]
                    z = r_ncb[j, 2, b] - r_ncb[i, 2, b]
                    x -= bx * np.rint(x * ix)
                    y -= by * np.rint(y * iy)
                    z -= bz * np.rint(z * iz)
                    x2 = (x * x + y * y + z * z) * inverse_range2
                    u, u_1 = slope(x2, 1.0 / x2, k)
                    # A selection instead of a branch keeps the loop in vector registers.
                    inside = x2 < k.cutoff2
                    w = strength * inverse_range2 * u_1 if inside else 0.0
                    energy_b[b] += strength * u if inside else 0.0
                    force_ncb[i, 0, b] += w * x
                    force_ncb[i, 1, b] += w * y
                    force_ncb[i, 2, b] += w * z
                    force_ncb[j, 0, b] -= w * x
                    force_ncb[j, 1, b] -= w * y
                    force_ncb[j, 2, b] -= w * z

    return lane_forces
