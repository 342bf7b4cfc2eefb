"""How double wells relate to the vibrations of their minima."""

from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.tangents import tangent_study
from glasswells.vibrations.well import well_vibrations

__all__ = ["minimum_vibrations", "tangent_study", "well_vibrations"]
