"""Records as a campaign keeps them: places and fields to a grid, numbers in full.

Places of 3N coordinates and fields of 3N components are nearly all that a store holds, and their
last digits are noise to whatever compresses them. So each is kept as the nearest multiple of a
power of two, fine enough for all that is computed from it. Energies, barriers, frequencies,
participation ratios, overlaps are those of the exact places and fields.
"""

from __future__ import annotations

from dataclasses import replace

from glasswells.core.geometry import displacement
from glasswells.core.masses import relative_masses
from glasswells.core.records import Array, Configuration, DoubleWell
from glasswells.landscape.places import to_multiples
from glasswells.vibrations.records import MinimumVibrations, ProfiledMode, WellVibrations

POINT = 2.0**-28
"""Unit of the coordinates of minima and saddles of double wells, length: they are off by 1.9e-9 at
most, where forces are some 1e-7 and the energy of 1500 particles is off by some 1e-13."""
TANGENT = 2.0**-24
"""Unit of the components of tangents, which is 6e-8: a chord of the length rho is known to some
1e-10 over 0.01 at best."""
FIELD = 2.0**-20
"""Unit of the components of modes: they are off by 4.8e-7 at most, a mode of 1500 particles by
1.8e-5 in norm, its overlap with another unit field by some 3e-7."""


def kept_double_well(found: DoubleWell) -> DoubleWell:
    """A double well with its places and tangents as they are kept.

    Its displacements are those between these places.
    """
    a, saddle, b = (_kept_point(c) for c in (found.minimum_a, found.saddle, found.minimum_b))
    return replace(
        found,
        minimum_a=a,
        saddle=saddle,
        minimum_b=b,
        displacement_as=_displacement(a, saddle),
        displacement_ab=_displacement(a, b),
        tangent_a=to_multiples(found.tangent_a, TANGENT),
        tangent_b=to_multiples(found.tangent_b, TANGENT),
    )


def kept_minimum_vibrations(found: MinimumVibrations) -> MinimumVibrations:
    """The vibrations of a minimum with their fields as they are kept."""
    return replace(
        found,
        softest=to_multiples(found.softest, FIELD),
        softest_localized=to_multiples(found.softest_localized, FIELD),
        cubic_modes=tuple(_kept_mode(item) for item in found.cubic_modes),
    )


def kept_well_vibrations(found: WellVibrations) -> WellVibrations:
    """The vibrations of a double well with their fields as they are kept."""
    return replace(
        found,
        linear_field=to_multiples(found.linear_field, FIELD),
        cubic_field=to_multiples(found.cubic_field, FIELD),
    )


def _kept_point(point: Configuration) -> Configuration:
    return point.moved_to(to_multiples(point.positions, POINT))


def _displacement(start: Configuration, end: Configuration) -> Array:
    return displacement(start.positions, end.positions, start.box, relative_masses(start))


def _kept_mode(item: ProfiledMode) -> ProfiledMode:
    field = to_multiples(item.mode.field, FIELD)
    return replace(item, mode=replace(item.mode, field=field))
