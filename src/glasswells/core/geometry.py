"""Periodic orthorhombic geometry: minimum images, displacements without drift, grids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def minimum_image(vectors: Array, box: Array) -> Array:
    """The nearest periodic image of each vector (..., 3) in the box of edges `box` (3,)."""
    images: Array = vectors - box * np.rint(vectors / box)
    return images


def wrap(positions: Array, box: Array) -> Array:
    """The image of each position (N, 3) inside [0, box)."""
    wrapped: Array = np.mod(positions, box)  # exact, unlike x - box floor(x / box)
    wrapped[wrapped >= box] = 0.0  # -1e-20 % box rounds to box itself
    return wrapped


def remove_drift(field: Array, masses: Array | None = None) -> Array:
    """The field (N, 3) without the translation of its center of mass; None: equal masses (N,)."""
    drift = field.mean(axis=0) if masses is None else masses @ field / masses.sum()
    rest: Array = field - drift
    return rest


def displacement(start: Array, end: Array, box: Array, masses: Array | None = None) -> Array:
    """The displacement field (N, 3) from `start` to `end`: minimum image, drift removed.

    The drift, that of the center of mass for `masses` (N,), is removed twice: once so that a
    translated copy lands in the right image, once more because the images may have changed it.
    """
    raw = minimum_image(end - start, box)
    # A common translation of half a box would scatter the images: measure it against the
    # circular mean, which a translation only rotates.
    angle = np.angle(np.exp(2j * np.pi * raw / box).mean(axis=0))
    return remove_drift(minimum_image(raw - box * angle / (2 * np.pi), box), masses)


def to_multiples(values: Array, unit: float) -> Array:
    """The nearest multiples of a power of two, which is off by half of it at most."""
    nearest: Array = np.rint(values / unit) * unit + 0.0  # no -0
    return nearest
