"""Stress, elastic moduli, and how strain shifts the two minima of a double well."""

from glasswells.mechanics.coupling import deformation_potential
from glasswells.mechanics.moduli import elastic_moduli
from glasswells.mechanics.stress import stress

__all__ = ["deformation_potential", "elastic_moduli", "stress"]
