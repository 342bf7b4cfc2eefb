"""The potential energy surface that a path runs on, and its curvature as a linear operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core import geometry
from glasswells.core.compiler import kernel
from glasswells.core.records import Array
from glasswells.model.interactions import PairInteractions
from glasswells.model.kernels import pair_vector
from glasswells.model.law import PairLaw
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Interactions
from glasswells.model.precision import precision_of

Product = Callable[[Array], Array]
"""z (3N,) -> M z (3N,)."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Surface:
    """Energies of one set of particles, with the symmetry that paths must know of.

    Where masses differ, a path runs in the coordinates Q_i = w_i r_i, w_i the square root of the
    mass over the mean mass: what the files of this room call positions, displacements and forces
    are those of Q then, and all distances are lengths, as in `PathSettings`. `weighted` and `plain`
    lead there and back.

    Attributes
    ----------
    interactions
        Energy, forces and Hessian products as functions of the positions (N, 3); `MassWeighted`
        ones make the surface one of Q.
    box
        (3,), edges of the periodic box; None for open space.
    translations
        Whether a common translation of all particles leaves the energy unchanged: then it is
        removed from displacements, and its zero modes from the Hessian.
    """

    interactions: Interactions
    box: Array | None = None
    translations: bool = True

    @property
    def weights(self) -> Array | None:
        """W (N, 1); None if all are 1."""
        return self.interactions.weights if isinstance(self.interactions, MassWeighted) else None

    def weighted(self, field: Array) -> Array:
        """Q (N, 3) of positions r, or the same of displacements."""
        return field if self.weights is None else self.weights * field

    def plain(self, field: Array) -> Array:
        """Positions r (N, 3) of Q, or the same of displacements."""
        return field if self.weights is None else field / self.weights

    @property
    def energy_noise(self) -> float:
        """Noise of the total energy beyond the rounding of double precision."""
        return precision_of(self.interactions).energy

    def displacement(self, start: Array, end: Array) -> Array:
        """The field (N, 3) from `start` to `end`: minimum image, center of mass at rest."""
        w = self.weights
        if w is not None:
            return w * self._displacement(start / w, end / w, w[:, 0] ** 2)
        return self._displacement(start, end, None)

    def _displacement(self, start: Array, end: Array, masses: Array | None) -> Array:
        if self.box is not None and self.translations:
            return geometry.displacement(start, end, self.box, masses)
        field = end - start
        if self.box is not None:
            field = geometry.minimum_image(field, self.box)
        return geometry.remove_drift(field, masses) if self.translations else field

    def distance(self, start: Array, end: Array) -> float:
        """|displacement|, Euclidean over all particles."""
        return float(np.linalg.norm(self.displacement(start, end)))

    def without_drift(self, field: Array) -> Array:
        """The field (N, 3) without its translation, where translations are a symmetry."""
        w = self.weights
        if w is None or not self.translations:
            return geometry.remove_drift(field) if self.translations else field
        return w * geometry.remove_drift(field / w, w[:, 0] ** 2)

    def energy(self, positions: Array) -> float:
        """Total energy."""
        return float(self.interactions.energy_and_forces(positions)[0])

    def hessian_product(self, positions: Array) -> Product:
        """The map z -> M z at these positions, on flat fields (3N,).

        For pair models the pair blocks are computed once, which makes a product three times
        cheaper than a loop over the pair law.
        """
        return _product(self.interactions, positions)


def _product(interactions: Interactions, positions: Array) -> Product:
    if isinstance(interactions, PairInteractions):
        return _frozen_product(interactions, positions)
    if isinstance(interactions, MassWeighted):
        plain = _product(interactions.plain, positions / interactions.weights)
        inverse = np.repeat(1.0 / interactions.weights[:, 0], 3)
        return lambda z_d: inverse * plain(inverse * z_d)

    def product(z_d: Array) -> Array:
        return interactions.hessian_product(positions, z_d.reshape(-1, 3)).ravel()

    return product


class FrozenBlocks(NamedTuple):
    """Pair blocks K = v'' n n + (v'/r)(1 - n n) of the interacting pairs at one place."""

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]], all above i."""
    partner: NDArray[np.uint32]
    block_pf: Array
    """(P, 6), in the order xx, yy, zz, xy, xz, yz."""


def _frozen_product(interactions: PairInteractions, positions: Array) -> Product:
    pairs = interactions.pairs(positions)
    n = len(positions)
    most = int(pairs.start[n])
    blocks = FrozenBlocks(
        np.zeros(n + 1, dtype=np.int64), np.zeros(most, dtype=np.uint32), np.empty((most, 6))
    )
    _freezing_kernel(interactions.model.law)(
        positions, interactions.box, pairs, interactions.constants, blocks
    )

    def product(z_d: Array) -> Array:
        out_d = np.empty_like(z_d)
        multiply_blocks(blocks, z_d, out_d)
        return out_d

    return product


@cache
def _freezing_kernel(law: PairLaw) -> Any:
    derivatives = law.derivatives

    @kernel
    def freeze_blocks(r_nc, box_c, pairs, k, blocks):  # type: ignore[no-untyped-def]
        found = 0
        for i in range(r_nc.shape[0]):
            blocks.start[i] = found
            for p in range(pairs.start[i], pairs.start[i + 1]):
                x, y, z, r2 = pair_vector(r_nc, box_c, i, pairs.partner[p])
                inverse_range2 = pairs.inverse_range2[p]
                x2 = r2 * inverse_range2
                if x2 >= k.cutoff2:
                    continue
                u_1, u_2, _, _ = derivatives(x2, 1.0 / x2, k)
                b = pairs.strength[p] * inverse_range2 * u_1
                d = (pairs.strength[p] * inverse_range2 * u_2 - b) / r2
                block = blocks.block_pf[found]
                block[0] = d * x * x + b
                block[1] = d * y * y + b
                block[2] = d * z * z + b
                block[3] = d * x * y
                block[4] = d * x * z
                block[5] = d * y * z
                blocks.partner[found] = pairs.partner[p]
                found += 1
        blocks.start[r_nc.shape[0]] = found

    return freeze_blocks


@kernel
def multiply_blocks(blocks, z_d, out_d):  # type: ignore[no-untyped-def]
    """Fill M z (3N,) by one loop over the frozen pair blocks."""
    out_d[:] = 0.0
    for i in range(blocks.start.shape[0] - 1):
        a = 3 * i
        xi, yi, zi = z_d[a], z_d[a + 1], z_d[a + 2]
        fx, fy, fz = 0.0, 0.0, 0.0
        for p in range(blocks.start[i], blocks.start[i + 1]):
            c = 3 * np.int64(blocks.partner[p])
            x = z_d[c] - xi
            y = z_d[c + 1] - yi
            z = z_d[c + 2] - zi
            block = blocks.block_pf[p]
            wx = block[0] * x + block[3] * y + block[4] * z
            wy = block[3] * x + block[1] * y + block[5] * z
            wz = block[4] * x + block[5] * y + block[2] * z
            out_d[c] += wx
            out_d[c + 1] += wy
            out_d[c + 2] += wz
            fx += wx
            fy += wy
            fz += wz
        out_d[a] -= fx
        out_d[a + 1] -= fy
        out_d[a + 2] -= fz
