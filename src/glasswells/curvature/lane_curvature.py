"""Solutions of M d = f for sixteen configurations of one glass at once, in single precision.

Conjugate gradients, preconditioned by the particles' own blocks, on pairs that are frozen once. In
single precision a residual falls by five decades or so; whoever needs more asks again with
the force that is left, as Newton's method does.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.curvature.lane_products import (
    PAIR,
    SUMS,
    add_products,
    advance_particle,
    invert_own,
    keep_pair,
    turn,
)
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_lists import LaneLists, has_strayed
from glasswells.model.lane_vectors import BLOCK, BLOCK_PAIRS, LANES, difference
from glasswells.model.lanes import ONE, ZERO
from glasswells.model.law import PairLaw, single_precision


class LaneSystem(NamedTuple):
    """M of all lanes, as frozen pairs, and the vectors of the conjugate gradients."""

    used: NDArray[np.int64]
    """(1,): pairs that interact in some lane."""
    row: NDArray[np.int64]
    """(N + 1,): where the pairs of a particle with later ones begin."""
    second: NDArray[np.uint32]
    """(P,): j."""
    frozen: NDArray[np.float32]
    """(P PAIR,): as in `FrozenPairs.second_pf`, without the vectors."""
    block: NDArray[np.float32]
    """(5 BLOCK,): workspace of the freezing."""
    inverse: NDArray[np.float32]
    """(6 N LANES,): inverses of the own blocks."""
    solution: NDArray[np.float32]
    """(3 N LANES,), as the three below."""
    residual: NDArray[np.float32]
    direction: NDArray[np.float32]
    product: NDArray[np.float32]
    sums: NDArray[np.float32]
    """(SUMS LANES,)."""
    weight: NDArray[np.float32]
    """(LANES,): length of a step, or weight of the last direction."""
    square: Array
    """(LANES,): squares of the preconditioned residuals."""
    goal: Array
    """(LANES,): where each may stop."""
    products: NDArray[np.int64]
    """(LANES,): products spent; their negative where the last one met a negative direction."""


class LaneCurvature:
    """The Hessians of up to sixteen configurations of one set of particles."""

    def __init__(self, interactions: PairInteractions) -> None:
        self._n = len(interactions.diameters)
        self._constants = single_precision(interactions.constants)
        self._freeze = lane_freezing_kernel(interactions.model.law)
        self._lists = LaneLists(interactions)
        self.residual = np.zeros(3 * self._n * LANES, dtype=np.float32)
        """(3 N LANES,): what `solve_residual` is to solve for, and uses up."""
        self._system = _empty_system(self._n, 0, self.residual)

    def solve(
        self, r: NDArray[np.int32], force: Array, tolerance: Array, most_products: int
    ) -> tuple[Array, NDArray[np.int64]]:
        """Displacements that take the forces away, to first order.

        Parameters
        ----------
        r
            (3 N LANES,): positions in units of box/2^32.
        force
            (LANES, N, 3): lanes without forces are left out.
        tolerance
            (LANES,): factors by which the preconditioned residuals are to fall.
        most_products
            With the Hessian, of each lane.

        Returns
        -------
        displacement
            (LANES, N, 3).
        products
            (LANES,) spent. Negative where the last one met a direction of negative curvature, or
            numbers that are not finite: the displacement is then that of the products before.
        """
        residual = self.residual.reshape(3, self._n, LANES)
        residual[:] = force.transpose(2, 1, 0)
        system = self.solve_residual(r, tolerance, most_products)
        found = system.solution.reshape(3, self._n, LANES).transpose(2, 1, 0)
        return np.ascontiguousarray(found, dtype=np.float64), system.products.copy()

    def lists_at(self, r: NDArray[np.int32]) -> LaneLists:
        """Lists that hold at these positions."""
        lists = self._lists
        around = lists.surroundings
        if (
            has_strayed(r, around.reference, around.unit, around.farthest2)
            or not lists.pairs.used[0]
        ):
            lists.make(r)
        return lists

    def solve_residual(
        self, r: NDArray[np.int32], tolerance: Array, most_products: int
    ) -> LaneSystem:
        """The same for the forces that stand in `residual`; the answer stands in the system.

        Where the very first direction curves down the system's `direction` is the preconditioned
        force.
        """
        lists = self.lists_at(r)
        if len(self._system.second) < len(lists.pairs.first):
            self._system = _empty_system(self._n, len(lists.pairs.first), self.residual)
        system = self._system
        self._freeze(r, lists.pairs, lists.surroundings.unit, self._constants, system)
        system.goal[:] = tolerance * tolerance
        solve_lanes(r, lists.surroundings.unit, system, most_products)
        return system


def _empty_system(n: int, capacity: int, residual: NDArray[np.float32]) -> LaneSystem:
    single: Any = np.float32
    names = ("solution", "direction", "product")
    vectors = {name: np.zeros(3 * n * LANES, dtype=single) for name in names}
    return LaneSystem(
        used=np.zeros(1, dtype=np.int64),
        row=np.zeros(n + 1, dtype=np.int64),
        second=np.zeros(capacity, dtype=np.uint32),
        frozen=np.zeros(capacity * PAIR, dtype=single),
        block=np.ones(5 * BLOCK, dtype=single),
        inverse=np.zeros(6 * n * LANES, dtype=single),
        residual=residual,
        **vectors,
        sums=np.zeros(SUMS * LANES, dtype=single),
        weight=np.zeros(LANES, dtype=single),
        square=np.zeros(LANES),
        goal=np.zeros(LANES),
        products=np.zeros(LANES, dtype=np.int64),
    )


@cache
def lane_freezing_kernel(law: PairLaw) -> Any:
    """(r, pairs, unit, k, system): freeze the pairs that interact, and invert the own blocks."""
    derivatives = law.derivatives

    @lean_kernel
    def evaluate(block, k):  # type: ignore[no-untyped-def]
        x, y, z = block[0:BLOCK], block[BLOCK : 2 * BLOCK], block[2 * BLOCK : 3 * BLOCK]
        along, across = block[3 * BLOCK : 4 * BLOCK], block[4 * BLOCK : 5 * BLOCK]
        cutoff2 = np.float32(k.cutoff2)
        for e in range(BLOCK):
            x2 = x[e] * x[e] + y[e] * y[e] + z[e] * z[e]
            inside = ONE if x2 < cutoff2 else ZERO
            u_1, u_2, _, _ = derivatives(x2, ONE / x2, k)
            across[e] = inside * np.float32(u_1)
            along[e] = inside * np.float32(u_2 - u_1) / x2

    @lean_kernel
    def freeze(r, pairs, unit, k, system):  # type: ignore[no-untyped-def]
        block, own, stride = system.block, system.inverse, r.shape[0] // 3
        for d in range(own.shape[0]):
            own[d] = ZERO
        found, rows = 0, np.int64(0)
        begin, end = 0, pairs.used[0]
        while begin < end:
            size = min(BLOCK_PAIRS, end - begin)
            for slot in range(size):
                p = np.uint64(begin + slot)
                inverse = pairs.inverse_range[p]
                scaled = unit[0] * inverse, unit[1] * inverse, unit[2] * inverse
                i, j = np.int64(pairs.first[p]), np.int64(pairs.second[p])
                difference(r, stride, i, j, scaled, slot, block)
            evaluate(block, k)
            for slot in range(size):
                p = np.uint64(begin + slot)
                i, j = np.int64(pairs.first[p]), np.int64(pairs.second[p])
                while rows <= i:
                    system.row[rows] = found
                    rows += 1
                system.second[found] = pairs.second[p]
                square = pairs.inverse_range[p] * pairs.inverse_range[p]
                curvature = pairs.strength[p] * square
                found += keep_pair(
                    block, slot, curvature, square, found, system.frozen, stride, i, j, own
                )
            begin += size
        system.used[0] = found
        for later in range(rows, system.row.shape[0]):
            system.row[later] = found
        for particle in range(stride // LANES):
            invert_own(own, stride, particle)

    return freeze


@lean_kernel
def solve_lanes(r, unit, system, most_products):  # type: ignore[no-untyped-def]
    """Solve M d = f; on entry the residual holds f, and `goal` the squared tolerances."""
    s = system
    for d in range(s.solution.shape[0]):
        s.solution[d] = s.direction[d] = s.product[d] = ZERO
    for b in range(LANES):
        s.products[b] = 0
        s.weight[b] = ZERO
    advance_all(s)
    for b in range(LANES):
        s.square[b] = lane_sum(s.sums, b)
        s.goal[b] *= s.square[b]
        s.products[b] = 0 if np.isfinite(s.square[b]) else -1
    turn_all(s)
    for _ in range(most_products):
        going = 0
        for b in range(LANES):
            going += s.products[b] >= 0 and s.square[b] > s.goal[b]
        if going == 0:
            return
        multiply_all(r, unit, s)
        for b in range(LANES):
            s.weight[b] = ZERO
            if s.products[b] >= 0 and s.square[b] > s.goal[b]:
                curvature = lane_sum(s.sums, b)
                if curvature > 0.0:
                    s.products[b] += 1
                    s.weight[b] = s.square[b] / curvature
                else:
                    s.products[b] = -s.products[b] - 1
        advance_all(s)
        for b in range(LANES):
            if s.weight[b] != ZERO:
                square = lane_sum(s.sums, b)
                s.weight[b] = square / s.square[b]
                s.square[b] = square
        turn_all(s)


@lean_kernel
def lane_sum(sums, b):  # type: ignore[no-untyped-def]
    """Sum over the rows, of one lane."""
    total = 0.0
    for row in range(SUMS):
        total += np.float64(sums[row * LANES + b])
    return total


@lean_kernel
def multiply_all(r, unit, s):  # type: ignore[no-untyped-def]
    """-M times the direction, and the sums of d M d."""
    stride = s.product.shape[0] // 3
    for d in range(s.product.shape[0]):
        s.product[d] = ZERO
    for e in range(s.sums.shape[0]):
        s.sums[e] = ZERO
    for i in range(stride // LANES):
        add_products(r, unit, s.direction, s, stride, i, s.product)


@lean_kernel
def advance_all(s):  # type: ignore[no-untyped-def]
    """Advance all particles, and sum the squares of the residuals."""
    stride = s.product.shape[0] // 3
    for e in range(s.sums.shape[0]):
        s.sums[e] = ZERO
    for i in range(stride // LANES):
        advance_particle(
            s.solution, s.residual, s.direction, s.product, s.inverse, s.weight, stride, i, s.sums
        )


@lean_kernel
def turn_all(s):  # type: ignore[no-untyped-def]
    """Turn the directions."""
    for d in range(s.direction.shape[0] // LANES):
        turn(s.direction, s.product, s.weight, d * LANES)
