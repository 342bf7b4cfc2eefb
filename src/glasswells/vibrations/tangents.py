"""The direction in which a path leaves a minimum, seen by its normal modes (paper, Fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count
from glasswells.core.errors import InputError
from glasswells.core.masses import mass_weighted, mean_mass
from glasswells.core.records import Array, DoubleWell, NormalModes
from glasswells.model.pair_model import Model
from glasswells.modes import overlaps
from glasswells.paths.double_well import FEWEST_IMAGES
from glasswells.paths.tangents import PathTangents, band_tangent, tangents
from glasswells.vibrations.attempts import attempt
from glasswells.vibrations.records import TangentStudy

RHOS = (0.1, 0.05, 0.02, 0.01, 0.003, 0.001, 3e-4, 1e-4, 3e-5, 1e-5)
"""[default] From beyond the first image of the coarsest band to where c of the softest mode has
passed 0.9 even in poorly annealed glasses."""
IMAGES = (40, 80, 160, 320, 600)
"""The paper's, from 40 to 600."""
BAND_FORCE = 1e-4
"""[default] A tenth of it moves the overlaps of r_12 by 0.001 and takes twice the time."""
BAND_ITERATIONS = 500
"""[default] Bands that converge at all take 90 to 420."""
CLOSEST_TO_SADDLE = 0.99
"""Distances are studied up to this part of the distance from A to the saddle."""


@expects(model=Model, double_well=DoubleWell)
def tangent_study(
    model: Model,
    double_well: DoubleWell,
    modes: NormalModes,
    *,
    rhos: Sequence[float] = RHOS,
    images: Sequence[int] = IMAGES,
    band_force: float = BAND_FORCE,
    band_iterations: int = BAND_ITERATIONS,
    **further_settings: Any,
) -> TangentStudy:
    """Overlaps of the path's direction at A with the normal modes of A.

    Of the exact path as a function of the distance rho, and of r_12 of bands as a function of
    their number of images N_b: a band of N_b images sees rho of about path length / N_b.

    Parameters
    ----------
    model, double_well
        Result of `find_double_well`.
    modes
        The softest normal modes of its minimum A, or all.
    rhos
        Distances from A; those beyond the saddle are left out.
    images
        N_b of the bands, both ends included.
    band_force
        Largest perpendicular force component at which a band counts as relaxed.
    band_iterations
        Most iterations of a band; one that needs more is kept as it is then, its force says so.
    further_settings
        Fields of `PathSettings`.

    Raises
    ------
    InputError
        For modes of another number of particles, fewer than five images, distances that are not
        positive or all beyond the saddle.
    ConvergenceError
        If the path does not end in both minima with these settings.
    """
    if modes.fields.shape[1] != double_well.minimum_a.n_particles:
        raise InputError(
            f"the modes move {modes.fields.shape[1]} particles, expected those of minimum A, "
            f"which has {double_well.minimum_a.n_particles}"
        )
    numbers = tuple(count("images", n, minimum=FEWEST_IMAGES) for n in images)
    a = double_well.minimum_a
    to_saddle = mass_weighted(a, double_well.displacement_as) / np.sqrt(mean_mass(a))
    limit = CLOSEST_TO_SADDLE * float(np.linalg.norm(to_saddle))
    distances = [rho for rho in rhos if rho < limit]
    settings = {**further_settings, "band_iterations": band_iterations}
    exact = tangents(model, double_well, distances, **settings)
    failures: list[str] = []
    bands: list[tuple[int, PathTangents, float]] = []
    for n in numbers:
        found = attempt(
            f"band of {n} images",
            partial(band_tangent, model, double_well, images=n, max_force=band_force, **settings),
            failures,
        )
        if found is not None:
            tangent, band = found
            bands.append((n, tangent, float(band.max_force)))
    chords = [tangent.directions[0] for _, tangent, _ in bands]
    return TangentStudy(
        frequencies=modes.frequencies.copy(),
        participation_ratios=modes.participation_ratios.copy(),
        distances=exact.distances,
        overlaps=_overlaps(exact.directions, modes),
        curvatures=exact.curvatures,
        images=tuple(n for n, _, _ in bands),
        image_distances=np.array([tangent.distances[0] for _, tangent, _ in bands]),
        image_overlaps=_overlaps(chords, modes),
        image_curvatures=np.array([tangent.curvatures[0] for _, tangent, _ in bands]),
        image_forces=np.array([force for _, _, force in bands]),
        failures=tuple(failures),
    )


def _overlaps(fields: Sequence[Array] | Array, modes: NormalModes) -> Array:
    """Overlaps (fields, modes) of each field with each mode."""
    each = [overlaps(field, modes.fields) for field in fields]
    return np.array(each).reshape(len(each), len(modes.frequencies))
