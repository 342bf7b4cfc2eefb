"""Places of the library's double wells: kept on a grid in the file, exact in the records.

Hundreds of configurations in double precision are more than a package should weigh, and all but
their first digits follow from the potential energy: they are where the forces vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from glasswells.core.configuration import Configuration
from glasswells.core.geometry import displacement
from glasswells.core.records import Array, DoubleWell
from glasswells.model.pair_model import Model
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths.double_well import surface_of
from glasswells.paths.newton import newton
from glasswells.paths.settings import PathSettings
from glasswells.store.errors import CodecError

MODEL = SoftSpheres()
"""The potential energy of all double wells of the library."""
PLACE_STEP = 2.0**-20
"""Of positions in the file, in sigma: off by 4.8e-7 at most, which is a force of some 1e-4. Two
Newton steps lead back to where it was, to the rounding of the forces: 1e-10 sigma."""
TANGENT_STEP = 2.0**-18
"""Of the components of tangents, unit vectors of all particles: off by 1e-4 in all at most, where
overlaps with modes are told to 1e-3."""
FARTHEST = 1e-4
"""From a place on the grid to the stationary point that it stands for, the norm over all particles,
in sigma: five times what rounding does to 1500 of them."""


def on_grid(well: DoubleWell) -> DoubleWell:
    """A double well as the file keeps it."""
    kept = replace(
        well,
        tangent_a=rounded(well.tangent_a, TANGENT_STEP),
        tangent_b=rounded(well.tangent_b, TANGENT_STEP),
    )
    return _with_places(kept, lambda place: place.moved_to(rounded(place.positions, PLACE_STEP)))


def settled(model: Model, well: DoubleWell) -> DoubleWell:
    """A double well of the file with A, saddle and B where the forces vanish.

    Parameters
    ----------
    model
        The potential energy.
    well
        What the file keeps.

    Raises
    ------
    CodecError
        If there is no stationary point next to a place.
    """
    return _with_places(well, partial(_stationary, model))


def rounded(values: Array, step: float) -> Array:
    """The nearest multiples of a step."""
    multiples: Array = np.rint(values / step) * step
    return multiples


def _stationary(model: Model, place: Configuration) -> Configuration:
    surface = surface_of(model, place)
    start = surface.weighted(place.positions)
    end = newton(surface, start, PathSettings())
    if not end.outcome.converged or surface.distance(start, end.positions) > FARTHEST:
        raise CodecError(
            f"no stationary point is next to a place of the library (force {end.max_force:.3g}): "
            f"install the package again"
        )
    return place.moved_to(surface.plain(end.positions))


def _with_places(well: DoubleWell, place: Callable[[Configuration], Configuration]) -> DoubleWell:
    """The double well with A, saddle and B elsewhere, and the displacements between them."""
    a, saddle, b = place(well.minimum_a), place(well.saddle), place(well.minimum_b)
    return replace(
        well,
        minimum_a=a,
        saddle=saddle,
        minimum_b=b,
        displacement_as=displacement(a.positions, saddle.positions, a.box),
        displacement_ab=displacement(a.positions, b.positions, a.box),
    )
