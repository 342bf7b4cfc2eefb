"""Names of units: of reduced ones, and of the same quantities of a material."""

from __future__ import annotations

import re

OF_MATERIAL = {"epsilon": "eV", "sigma": "angstrom", "m": "u"}
"""What stands for the units of energy, length and mass where the model is a material."""
REDUCED = re.compile(r"(?<![A-Za-z_])(epsilon|sigma|m)(?![A-Za-z_])")


def unit_of_material(unit: str) -> str:
    """A unit such as `sqrt(epsilon/m)/sigma` for a material: `sqrt(eV/u)/angstrom`."""
    return REDUCED.sub(lambda found: OF_MATERIAL[found[1]], unit)
