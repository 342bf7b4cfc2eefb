"""Averages of squared couplings over the directions and polarizations of sound waves."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array


def longitudinal_square(tensors: Array) -> Array:
    """<(n.g n)^2> over all directions n, of symmetric tensors (..., 3, 3).

    (1/5) sum g_aa^2 + (2/15) sum_{a<b} g_aa g_bb + (4/15) sum_{a<b} g_ab^2, from
    <n_a n_b n_c n_d> = (1/15) (d_ab d_cd + d_ac d_bd + d_ad d_bc).
    """
    diagonal2, products, shears2 = _invariants(tensors)
    average: Array = diagonal2 / 5 + 2 * products / 15 + 4 * shears2 / 15
    return average


def transverse_square(tensors: Array) -> Array:
    """<(n.g m)^2> over all directions n and polarizations m across them, of tensors (..., 3, 3).

    (1/15) sum g_aa^2 - (1/15) sum_{a<b} g_aa g_bb + (1/5) sum_{a<b} g_ab^2. The strain of the
    wave is the slope du_m/dn of its displacement, the angle of shear, and not half of it.
    """
    diagonal2, products, shears2 = _invariants(tensors)
    average: Array = diagonal2 / 15 - products / 15 + shears2 / 5
    return average


def _invariants(g: Array) -> tuple[Array, Array, Array]:
    xx, yy, zz = (g[..., a, a] for a in range(3))
    diagonal2 = xx**2 + yy**2 + zz**2
    products = xx * yy + xx * zz + yy * zz
    shears2 = np.asarray(g[..., 0, 1] ** 2 + g[..., 0, 2] ** 2 + g[..., 1, 2] ** 2)
    return diagonal2, products, shears2
