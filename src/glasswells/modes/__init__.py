"""Normal modes, nonlinear modes, and their overlaps with a displacement field."""

from glasswells.core.fields import participation_number, participation_ratio
from glasswells.modes.known_modes import KnownModes, known_modes
from glasswells.modes.largest_overlap import max_overlap
from glasswells.modes.nonlinear_modes import cubic_mode, pseudo_harmonic_mode, quartic_mode
from glasswells.modes.overlaps import mobility_overlap, mobility_overlaps, overlap, overlaps
from glasswells.modes.spectrum import normal_modes, quasilocalized, vibrational_density
from glasswells.modes.stiffness import Stiffness
from glasswells.modes.straight_line import energy_along, is_double_well

__all__ = [
    "KnownModes",
    "Stiffness",
    "cubic_mode",
    "energy_along",
    "is_double_well",
    "known_modes",
    "max_overlap",
    "mobility_overlap",
    "mobility_overlaps",
    "normal_modes",
    "overlap",
    "overlaps",
    "participation_number",
    "participation_ratio",
    "pseudo_harmonic_mode",
    "quartic_mode",
    "quasilocalized",
    "vibrational_density",
]
