"""Masses as the densities of spheres, by which LAMMPS's files of atom style sphere tell them."""

from __future__ import annotations

import math

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array

DIGITS = 14
"""Of a mass that went through a density: in the cube of the diameter the last two are lost, once
more where LAMMPS has written the file again."""


def masses_of(densities: Array, diameters: Array) -> Array:
    """Masses density pi d^3 / 6 (N,), to 14 digits; of a point, d = 0, the density is the mass.

    That is how LAMMPS reads the column `density` of the atom style sphere (its manual, read_data).
    """
    # What is not finite is refused where a configuration is made of it.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        masses = np.where(diameters > 0, densities * math.pi * diameters**3 / 6, densities)
    return np.array([float(f"{m:.{DIGITS}g}") for m in masses])


def densities_of(masses: Array, diameters: Array) -> Array:
    """The inverse of `masses_of`.

    Raises
    ------
    InputError
        For a sphere so small or large that its density is no normal float64.
    """
    with np.errstate(all="ignore"):
        densities: Array = 6.0 * masses / (math.pi * diameters**3)
        lost = ~(np.abs(masses_of(densities, diameters) - masses) <= 1e-13 * masses)
    if lost.any():
        k = int(np.argmax(lost))
        raise InputError(
            f"particle {k} (counted from 0) of diameter {diameters[k]} and mass {masses[k]} has no "
            f"density that a LAMMPS data file could hold: choose another format"
        )
    return densities
