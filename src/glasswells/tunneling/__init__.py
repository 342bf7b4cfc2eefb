"""Tunneling on an energy profile: units, continuations, levels and splittings.

This room never sees a particle: it needs arc lengths, energies and end curvatures only.
"""

from glasswells.tunneling.continuation import CONTINUATIONS, Potential, continued
from glasswells.tunneling.mesh import Resolution, Survey, survey
from glasswells.tunneling.profile import SmoothProfile, smooth_profile
from glasswells.tunneling.reduction import TwoLevels, two_levels
from glasswells.tunneling.schroedinger import Solution, solve_modal, solve_nodal
from glasswells.tunneling.splitting import solve_splitting
from glasswells.tunneling.units import (
    ARGON,
    ARGON_PUBLISHED,
    METAL,
    NIP,
    NIP_PUBLISHED,
    SILICON,
    UNIT_SETS,
    UnitSystem,
)

__all__ = [
    "ARGON",
    "ARGON_PUBLISHED",
    "CONTINUATIONS",
    "METAL",
    "NIP",
    "NIP_PUBLISHED",
    "SILICON",
    "UNIT_SETS",
    "Potential",
    "Resolution",
    "SmoothProfile",
    "Solution",
    "Survey",
    "TwoLevels",
    "UnitSystem",
    "continued",
    "smooth_profile",
    "solve_modal",
    "solve_nodal",
    "solve_splitting",
    "survey",
    "two_levels",
]
