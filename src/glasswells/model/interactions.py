"""Energies of one set of particles as a function of their positions, list kept up to date."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.kernels import largest_displacement2, pair_kernels
from glasswells.model.neighbors import ListBuilder, PairList
from glasswells.model.nested_lists import NestedBuilder
from glasswells.model.strain import StrainDerivatives
from glasswells.model.strain_kernels import strain_derivatives_kernel, strain_gradient_kernel

if TYPE_CHECKING:
    from glasswells.model.pair_model import PairModel

DEFAULT_SKIN = 0.4
"""Lists stay valid while no particle moves farther than half of this; 0.3 to 0.5 is the flat
optimum for a glass of 1500 particles."""


class PairInteractions:
    """Pair energies of one model with fixed diameters and box; see `Interactions`.

    Holds a neighbor list that it rebuilds when a particle has moved farther than half the skin.
    The results do not depend on where the list was built, except for the order of summation.

    Raises
    ------
    InputError
        If the model cannot describe the configuration.
    """

    def __init__(
        self, model: PairModel, configuration: Configuration, skin: float = DEFAULT_SKIN
    ) -> None:
        model.check(configuration)
        self.model = model
        self.diameters = configuration.diameters
        self.box = configuration.box
        self.constants = model.constants
        self.kernels = pair_kernels(model.law)
        self._skin = skin
        self._builder: ListBuilder | NestedBuilder = self.list_builder(self.diameters)
        self._nested: NestedBuilder | None = None
        self._reference: Array | None = None
        self._pairs: PairList | None = None
        self._pattern: HessianPattern | None = None

    def afresh(self) -> PairInteractions:
        """The same energy with no list yet, made from a wider one that all of these share.

        What it answers depends on where it is asked first, not on what was asked of others.
        """
        if self._nested is None:
            self._nested = NestedBuilder(
                self.list_builder(self.diameters), self.box, self.constants
            )
        other = copy(self)
        other._builder = self._nested
        other._reference = other._pairs = other._pattern = None
        return other

    def list_builder(self, diameters: Array) -> ListBuilder:
        """A builder of lists for these particles, in the order of `diameters`."""
        over_mean = self.model.ranges(diameters).over_mean
        return ListBuilder(self.model.law, self.constants, diameters, self.box, over_mean)

    def pairs(self, positions: Array) -> PairList:
        """A list that holds every interacting pair at these positions (and some more).

        Raises
        ------
        InputError
            For positions that are not finite: they would drop out of the list, and the energy of
            the others would look sound.
        """
        if (
            self._pairs is None
            or self._reference is None
            or not largest_displacement2(positions, self._reference) < (0.5 * self._skin) ** 2
        ):
            if not np.isfinite(positions).all():
                raise InputError("positions hold NaN or infinity: find out where they were made")
            self._pairs = self._builder.build(positions, self._skin)
            self._reference = positions.copy()
            self._pattern = None
        return self._pairs

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3)."""
        forces = np.empty_like(positions)
        energy = self.kernels.energy_and_forces(
            positions, self.box, self.pairs(positions), self.constants, forces
        )
        return energy, forces

    def hessian(self, positions: Array) -> scipy.sparse.csc_array:
        """The Hessian (3N, 3N); its pattern stays the same while the list does."""
        pairs = self.pairs(positions)
        if self._pattern is None:
            self._pattern = hessian_pattern(pairs)
        pattern = self._pattern
        data = np.empty(len(pattern.indices))
        self.kernels.hessian(positions, self.box, pairs, self.constants, pattern.slots, data)
        matrix = scipy.sparse.csc_array(
            (data, pattern.indices, pattern.indptr), shape=(positions.size, positions.size)
        )
        matrix.has_sorted_indices = True
        return matrix

    def hessian_product(self, positions: Array, field: Array) -> Array:
        """M:z (N, 3) for a field z (N, 3), by one loop over the pairs."""
        product = np.empty_like(field)
        self.kernels.hessian_product(
            positions, self.box, self.pairs(positions), self.constants, field, product
        )
        return product

    def third_order(self, positions: Array, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz for a field z (N, 3)."""
        contraction = np.empty_like(field)
        scalar = self.kernels.third_order(
            positions, self.box, self.pairs(positions), self.constants, field, contraction
        )
        return contraction, scalar

    def fourth_order(self, positions: Array, field: Array) -> float:
        """T:zzzz for a field z (N, 3)."""
        return float(
            self.kernels.fourth_order(
                positions, self.box, self.pairs(positions), self.constants, field
            )
        )

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,) for the strains of `strain`: sum (v'/r) r_a r_b over the pairs."""
        gradient = np.empty(6)
        strain_gradient_kernel(self.model.law)(
            positions, self.box, self.pairs(positions), self.constants, gradient
        )
        return gradient

    def strain_derivatives(self, positions: Array) -> StrainDerivatives:
        """First and second derivatives by strains, by one loop over the pairs."""
        found = StrainDerivatives(np.empty(6), np.empty((6, 6)), np.empty((6, *positions.shape)))
        strain_derivatives_kernel(self.model.law)(
            positions, self.box, self.pairs(positions), self.constants, *found
        )
        return found

    def closest_pair(self, positions: Array) -> tuple[int, int, float]:
        """The two closest particles and their distance; (-1, -1, inf) if none interact."""
        i, j, r = self.kernels.closest(positions, self.box, self.pairs(positions))
        return int(i), int(j), float(r)


class HessianSlots(NamedTuple):
    """Where the 3 x 3 blocks of each pair live in the data array; rows are `stride` apart."""

    upper: NDArray[np.int64]
    lower: NDArray[np.int64]
    diagonal: NDArray[np.int64]
    stride: NDArray[np.int64]


class HessianPattern(NamedTuple):
    """The fixed sparsity of the Hessian of one pair list (symmetric: CSR and CSC at once)."""

    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]
    slots: HessianSlots


def hessian_pattern(pairs: PairList) -> HessianPattern:
    """Pattern of 3 x 3 blocks on the diagonal and at (i, j), (j, i) of every listed pair."""
    n = len(pairs.start) - 1
    first = np.repeat(np.arange(n), np.diff(pairs.start))
    second = pairs.partner[: pairs.start[n]].astype(np.int64)
    rows = np.concatenate([np.arange(n), first, second])
    columns = np.concatenate([np.arange(n), second, first])
    order = np.lexsort((columns, rows))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    blocks_per_row = np.bincount(rows, minlength=n)
    block_start = np.concatenate([[0], np.cumsum(blocks_per_row)])
    stride = 3 * blocks_per_row
    # Block number b of row i starts at 9 block_start[i] + 3 b in the first of its three rows.
    slot = 9 * block_start[rows] + 3 * (place - block_start[rows])
    scalar_columns = (3 * columns[order][:, None] + np.arange(3)).ravel()
    per_block_row = np.split(scalar_columns, 3 * block_start[1:-1])
    indices = np.concatenate([np.tile(row, 3) for row in per_block_row]).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.repeat(stride, 3))]).astype(np.int32)
    m = len(first)
    slots = HessianSlots(
        upper=slot[n : n + m], lower=slot[n + m :], diagonal=slot[:n], stride=stride
    )
    return HessianPattern(indices, indptr, slots)
