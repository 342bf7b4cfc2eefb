"""Minimum energy paths between inherent structures."""

from glasswells.paths.chain import find_double_wells
from glasswells.paths.double_well import find_double_well
from glasswells.paths.settings import PathSettings

__all__ = ["PathSettings", "find_double_well", "find_double_wells"]
