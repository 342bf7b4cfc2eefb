"""Minimum energy paths between inherent structures."""

from glasswells.paths.band import Band, BandRelaxation
from glasswells.paths.chain import find_double_wells
from glasswells.paths.diagnosis import diagnose_pair
from glasswells.paths.double_well import find_double_well
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface
from glasswells.paths.tangents import PathTangents, band_tangent, tangents

__all__ = [
    "Band",
    "BandRelaxation",
    "PathSettings",
    "PathTangents",
    "Surface",
    "band_tangent",
    "diagnose_pair",
    "find_double_well",
    "find_double_wells",
    "tangents",
]
