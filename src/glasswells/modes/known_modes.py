"""Normal modes at hand whose numbers in the full spectrum are proven."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.records import Array, MaxOverlap, NormalModes
from glasswells.curvature.spectral_measure import SAME_LEVEL
from glasswells.modes.stiffness import Stiffness

MOST_MODES = 200
"""More take longer to project on than the Lanczos steps that they save."""
SHARPNESS = 1e-10
"""Residual of a mode over the distance to the next eigenvalue, at most: the error of its vector,
and of its overlaps."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KnownModes:
    """Some of the softest normal modes, without translations; see `known_modes`."""

    eigenvalues: Array
    """(n,), ascending."""
    fields: Array
    """(n, N, 3), orthonormal."""
    numbers: NDArray[np.int64]
    """(n,), of each in the full spectrum, translations 1 to 3."""
    candidates: tuple[MaxOverlap, ...] = ()
    """What other fields led to: these may be combinations of the modes of a degenerate level."""

    def components(self, field: Array) -> Array:
        """(n,): e . z for a field z (N, 3)."""
        return self.fields.reshape(-1, field.size) @ field.ravel()

    def joined(self, found: MaxOverlap | None) -> KnownModes:
        """With the mode that one field was found to overlap most, for the next field to try.

        The fields of one double well often overlap the same mode most.
        """
        if found is None or not found.certified or found.mode <= 3:
            return self
        return replace(self, candidates=(*self.candidates, found))

    def rest(self, field: Array, components: Array) -> Array:
        """The field (N, 3) without these components."""
        return field - (components @ self.fields.reshape(-1, field.size)).reshape(-1, 3)


def no_modes(stiffness: Stiffness) -> KnownModes:
    """None of them."""
    return KnownModes(
        eigenvalues=np.empty(0),
        fields=np.empty((0, stiffness.n_particles, 3)),
        numbers=np.empty(0, dtype=np.int64),
    )


def known_modes(stiffness: Stiffness, modes: NormalModes) -> KnownModes:
    """Those of the softest normal modes that nobody has to look at again.

    One factorization of M - shift, for a shift between the last two eigenvalues, counts all modes
    below (Sylvester's law of inertia). If there are as many as are at hand, none was missed, and
    their numbers are those of the full spectrum. Of these the ones are kept whose vectors are
    good to `SHARPNESS`; members of a degenerate level never are. None are kept if the count
    differs, or cannot be had.

    Parameters
    ----------
    stiffness
        Of the configuration.
    modes
        Its `normal_modes`, the softest or all.
    """
    fields = modes.fields[modes.n_translations : MOST_MODES]
    products = np.array([stiffness.product(field) for field in fields])
    eigenvalues = np.einsum("anc,anc->a", fields, products)
    gaps = np.diff(eigenvalues)
    same = SAME_LEVEL * stiffness.scale
    if len(gaps) < 1 or modes.n_translations < 3 or not gaps[-1] > 2 * same:
        return no_modes(stiffness)
    shift = float(eigenvalues[-1] - 0.5 * gaps[-1])
    if _count_below(stiffness, shift) != len(gaps) + (modes.n_translations if shift > 0 else 0):
        return no_modes(stiffness)
    rest = products - eigenvalues[:, None, None] * fields
    residuals = np.linalg.norm(rest.reshape(len(fields), -1), axis=1)[:-1]
    nearest = np.minimum(gaps, np.concatenate([[np.inf], gaps[:-1]]))
    kept = np.flatnonzero((residuals <= SHARPNESS * nearest) & (nearest > 2 * same))
    return KnownModes(
        eigenvalues=eigenvalues[kept],
        fields=fields[kept],
        numbers=kept + modes.n_translations + 1,
    )


def _count_below(stiffness: Stiffness, shift: float) -> int | None:
    """How many eigenvalues lie below a shift; None if it cannot be told."""
    try:
        return stiffness.below(shift).negative_count()
    except InputError:
        return None
