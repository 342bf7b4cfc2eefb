"""How an energy answers a homogeneous deformation: the seam, and the notation of strains.

A strain e takes every position r to (1 + e) r, and with it the edges of the box. The six numbers of
Voigt's notation, xx yy zz yz xz xy, multiply the unit strains `UNIT_STRAINS`: a shear of number 1
is the engineering strain, e_yz = e_zy = 1/2, so that derivatives by it are components of tensors.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Array

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""The tensor component of each of the six numbers."""


def _unit_strains() -> Array:
    strains = np.zeros((6, 3, 3))
    for k, (a, b) in enumerate(VOIGT):
        strains[k, a, b] += 0.5
        strains[k, b, a] += 0.5
    strains.setflags(write=False)
    return strains


UNIT_STRAINS = _unit_strains()
"""(6, 3, 3), symmetric."""


class StrainDerivatives(NamedTuple):
    """First and second derivatives of V((1 + e) r) by the six strains, at e = 0."""

    gradient: Array
    """(6,), dV/de_k: the volume times the stress, tensile positive."""
    curvature: Array
    """(6, 6), d2V/de_k de_l at fixed reduced coordinates (affine displacements)."""
    mixed: Array
    """(6, N, 3), d/de_k of dV/dr, the gradient in the deformed frame; minus the non-affine forces
    of Lemaitre & Maloney, J. Stat. Phys. 123, 415 (2006)."""


@runtime_checkable
class Stressed(Protocol):
    """Interactions that know their stress exactly."""

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,)."""
        ...


@runtime_checkable
class Strained(Stressed, Protocol):
    """Interactions that know their second derivatives by strain, too."""

    def strain_derivatives(self, positions: Array) -> StrainDerivatives:
        """First and second derivatives by strains."""
        ...


class StrainedBlocks(NamedTuple):
    """How M changes with the six strains: with pairs (i, j) of particles, P of them.

    The block of a pair is added to M at (i, i) and (j, j) and subtracted at (i, j) and (j, i).
    """

    first: NDArray[np.int64]
    """(P,), i."""
    second: NDArray[np.int64]
    """(P,), j."""
    blocks: Array
    """(6, P, 3, 3), symmetric."""


@runtime_checkable
class StrainedHessian(Protocol):
    """Interactions that know how their second derivatives by positions change with strain."""

    def strained_blocks(self, positions: Array, moves: Array) -> StrainedBlocks:
        """dM/de_k, with `moves` (6, N, 3), the displacements per strain beyond the affine ones."""
        ...


class Energies(Protocol):
    """What a deformed box is asked for."""

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3) at positions (N, 3)."""
        ...


@runtime_checkable
class Deformable(Protocol):
    """Interactions that can be asked for those of a deformed, in general tilted, box."""

    def deformed(self, strain: Array) -> Energies:
        """The energy in the box with the edges (1 + strain) h, as a function of positions there."""
        ...


def voigt_tensor(numbers: Array) -> Array:
    """The symmetric tensor (3, 3) of six components."""
    tensor = np.empty((3, 3))
    for number, (a, b) in zip(numbers, VOIGT, strict=True):
        tensor[a, b] = tensor[b, a] = number
    return tensor


def voigt_numbers(tensor: Array) -> Array:
    """The six components of a symmetric tensor (3, 3)."""
    return np.array([tensor[a, b] for a, b in VOIGT])
