"""How many particles a field moves: participation number and ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import float64_array
from glasswells.core.errors import InputError
from glasswells.core.records import Array


def participation_number(field: ArrayLike) -> float:
    """Participation number (sum u^2)^2 / sum u^4 of a field (N, 3), u = |field_i|; in [1, N].

    The PR_DW of the paper's displacement fields: 1 if one particle moves, N if all move equally.

    Raises
    ------
    InputError
        For another shape, NaN, or a field that is zero everywhere.
    """
    checked = nonzero_field("field", field)
    return float(participation_numbers(checked[None])[0])


def participation_ratio(field: ArrayLike) -> float:
    """Participation ratio (paper, eq. 4) of a field (N, 3), whatever its norm; in [1/N, 1].

    1 / (N sum |v_i|^4) for a field of unit norm: the participation number divided by N.

    Raises
    ------
    InputError
        As for `participation_number`.
    """
    return participation_number(field) / len(np.asarray(field))


def participation_numbers(fields: Array) -> Array:
    """Participation numbers (modes,) of fields (modes, N, 3), none of them zero; unchecked."""
    largest = np.abs(fields).max(axis=(1, 2), keepdims=True)
    scaled = fields / largest  # so that fourth powers of tiny fields do not underflow
    square = np.einsum("mnc,mnc->mn", scaled, scaled)
    numbers: Array = square.sum(axis=1) ** 2 / np.einsum("mn,mn->m", square, square)
    return np.clip(numbers, 1.0, fields.shape[1])


def nonzero_field(
    name: str, field: ArrayLike, n_particles: int | None = None, *, several: bool = False
) -> Array:
    """`field` as a checked (N, 3) array, or with `several` (modes, N, 3), none of them zero.

    Raises
    ------
    InputError
        For another shape, NaN, or a field that is zero everywhere.
    """
    shape: tuple[int | None, ...] = (n_particles, 3)
    array = float64_array(name, field, (None, *shape) if several else shape)
    if array.size == 0:
        raise InputError(f"{name} has shape {array.shape}, expected at least one particle")
    moves = np.abs(array).max(axis=(-2, -1))
    if np.min(moves) == 0:
        where = f"{name}[{int(np.argmin(moves))}]" if several else name
        raise InputError(f"{where} is zero everywhere, expected a field that moves particles")
    return array
