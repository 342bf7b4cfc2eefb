"""Records as a campaign keeps them: places and fields to a grid, numbers in full.

Places of 3N coordinates and fields of 3N components are nearly all that a store holds, and their
last digits are noise to whatever compresses them. So each is kept as the nearest multiple of a
power of two, fine enough for all that is computed from it. What the same stage tells of it in
numbers, energies, barriers, frequencies, participation ratios, overlaps, is computed before.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glasswells.core.geometry import displacement, to_multiples
from glasswells.core.masses import relative_masses
from glasswells.core.records import Array, Configuration, DoubleWell
from glasswells.minimization.newton import Freezable
from glasswells.model.pair_model import Model
from glasswells.vibrations.records import MinimumVibrations, ProfiledMode, WellVibrations

POINTS = (2.0**-32, 2.0**-36, 2.0**-40)
"""Units of the coordinates of minima and saddles of double wells, length. Off by half of the first,
1.2e-10, soft spheres have forces of 3e-8 at most, and an energy that is off by less than it is
rounded."""
STILL = 9e-7
"""Largest force at a place that is kept: below what still counts as a minimum, 1e-6. Where forces
grow faster, places are kept to a finer unit."""
TANGENT = 2.0**-24
"""Unit of the components of tangents, which is 6e-8: a chord of the length rho is known to some
1e-10 over 0.01 at best."""
FIELD = 2.0**-24
"""Unit of the components of modes: they are off by 3e-8 at most, a mode of 1500 particles by
1.2e-6 in norm, its overlap with another unit field by some 2e-8."""


def kept_double_well(model: Model, found: DoubleWell) -> DoubleWell:
    """A double well with its places and tangents as they are kept.

    Its displacements are those between these places. Of energies that are no sum over pairs, whose
    evaluations are dear and may jump, places are kept in full.

    Parameters
    ----------
    model
        Of the energy.
    found
        Of that energy.
    """
    kept = replace(
        found,
        tangent_a=to_multiples(found.tangent_a, TANGENT),
        tangent_b=to_multiples(found.tangent_b, TANGENT),
    )
    interactions = model.interactions(found.minimum_a)
    if not isinstance(interactions, Freezable):
        return kept
    for unit in POINTS:
        kept = _at_multiples(kept, found, unit)
        points = (kept.minimum_a, kept.saddle, kept.minimum_b)
        forces = [interactions.energy_and_forces(point.positions)[1] for point in points]
        if all(np.abs(force).max() <= STILL for force in forces):
            break
    return kept


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


def _at_multiples(well: DoubleWell, found: DoubleWell, unit: float) -> DoubleWell:
    """The double well with the places of another, as multiples of a unit."""
    a, saddle, b = (
        point.moved_to(to_multiples(point.positions, unit))
        for point in (found.minimum_a, found.saddle, found.minimum_b)
    )
    return replace(
        well,
        minimum_a=a,
        saddle=saddle,
        minimum_b=b,
        displacement_as=_displacement(a, saddle),
        displacement_ab=_displacement(a, b),
    )


def _displacement(start: Configuration, end: Configuration) -> Array:
    return displacement(start.positions, end.positions, start.box, relative_masses(start))


def _kept_mode(item: ProfiledMode) -> ProfiledMode:
    field = to_multiples(item.mode.field, FIELD)
    return replace(item, mode=replace(item.mode, field=field))
