"""Overlaps of a field with modes: the paper's c (eq. 7) and a (eq. 8).

Both fields are mass-weighted, like those of `normal_modes`: a displacement u enters as
sqrt(m_i) u_i (`core.masses.mass_weighted`), else the squares over all modes would not add up to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.errors import InputError
from glasswells.core.fields import nonzero_field
from glasswells.core.records import Array


def overlap(field: ArrayLike, mode: ArrayLike) -> float:
    """Overlap c = |r . v| / (|r| |v|) of two fields (N, 3) (paper, eq. 7); in [0, 1].

    Where masses differ, both are mass-weighted: see `mass_weighted` for displacements.

    Raises
    ------
    InputError
        For other shapes, different N, NaN, or a field that is zero everywhere.
    """
    r, modes = _checked(field, np.asarray(mode)[None])
    return float(overlaps(r, modes)[0])


def mobility_overlap(field: ArrayLike, mode: ArrayLike) -> float:
    """Overlap a of the particles' mobilities in two fields (N, 3) (paper, eq. 8); in [0, 1].

    a = sum |r_i| |v_i| / sqrt(sum |r_i|^2 sum |v_i|^2): it ignores the polarization. a >= c.
    Where masses differ, both are mass-weighted, as for `overlap`.

    Raises
    ------
    InputError
        As for `overlap`.
    """
    r, modes = _checked(field, np.asarray(mode)[None])
    return float(mobility_overlaps(r, modes)[0])


def overlaps(field: ArrayLike, modes: ArrayLike) -> Array:
    """Overlaps c (modes,) of one field (N, 3) with each of several modes (modes, N, 3)."""
    r, v = _checked(field, modes)
    c: Array = np.abs(v.reshape(len(v), -1) @ r.ravel()) / np.linalg.norm(v, axis=(1, 2))
    return np.minimum(c, 1.0)  # only rounding exceeds 1


def mobility_overlaps(field: ArrayLike, modes: ArrayLike) -> Array:
    """Overlaps a (modes,) of one field (N, 3) with each of several modes (modes, N, 3)."""
    r, v = _checked(field, modes)
    mobility = np.sqrt(np.einsum("mnc,mnc->mn", v, v))
    a: Array = mobility @ np.linalg.norm(r, axis=1) / np.linalg.norm(mobility, axis=1)
    return np.minimum(a, 1.0)


def _checked(field: ArrayLike, modes: ArrayLike) -> tuple[Array, Array]:
    r = nonzero_field("field", field)
    v = nonzero_field("mode", modes, several=True)
    if len(r) != v.shape[1]:
        raise InputError(
            f"field has {len(r)} particles and mode {v.shape[1]}, expected the same number"
        )
    r /= np.abs(r).max()  # so that the norms of tiny fields do not underflow
    v /= np.abs(v).max(axis=(1, 2), keepdims=True)
    return r / np.linalg.norm(r), v
