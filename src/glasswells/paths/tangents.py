"""The direction of a path at a minimum: of the exact path at any distance, and of a finite band."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.arguments import expects
from glasswells.core.checks import count, float64_array
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.masses import mass_weights, mean_mass
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, DoubleWell, freeze
from glasswells.model.pair_model import Model
from glasswells.paths.band import Band, BandRelaxation
from glasswells.paths.descent import Descent, descend
from glasswells.paths.double_well import FEWEST_IMAGES, chord_and_curvature, surface_of
from glasswells.paths.manifold import unstable_manifold
from glasswells.paths.saddle import find_saddle
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PathTangents:
    """The direction of a path seen from a minimum, as a function of the distance from it."""

    distances: Array
    """(K,), rho in sigma: mass-weighted, over the square root of the mean mass."""
    directions: Array
    """(K, N, 3), mass-weighted, unit: the chord from the minimum to the path point there."""
    curvatures: Array
    """(K,), t.M.t at the minimum along each chord t, M mass-weighted, in epsilon/(m sigma^2)."""

    def __post_init__(self) -> None:
        freeze(
            self,
            distances=self.distances,
            directions=self.directions,
            curvatures=self.curvatures,
        )


@expects(model=Model, double_well=DoubleWell)
def tangents(
    model: Model,
    double_well: DoubleWell,
    distances: ArrayLike,
    *,
    side: Literal["a", "b"] = "a",
    **further_settings: Any,
) -> PathTangents:
    """Chord direction and curvature of the exact path as functions of the distance rho.

    As rho -> 0 the path enters the minimum along the softest mode that it overlaps, but in a glass
    only at tiny distances; a band of N_b images sees rho of about path length / N_b.

    Parameters
    ----------
    model
        The potential energy.
    double_well
        Result of `find_double_well`.
    distances
        (K,), rho: distances from the minimum, below its distance to the saddle; mass-weighted, over
        the square root of the mean mass. Rounding of the forces limits them to about 1e-8.
    side
        The minimum, `a` or `b`.
    further_settings
        Fields of `PathSettings`.

    Raises
    ------
    InputError
        For distances that are not positive or reach the saddle, or another side.
    ConvergenceError
        If the path does not end in both minima with these settings.
    """
    settings = PathSettings(**further_settings)
    rhos = float64_array("distances", distances, (None,))
    if side not in ("a", "b"):
        raise InputError(f"side is {side!r}, expected 'a' or 'b'")
    minimum = double_well.minimum_a if side == "a" else double_well.minimum_b
    surface = surface_of(model, minimum)
    ends = (surface.weighted(c.positions) for c in (minimum, double_well.saddle))
    to_saddle = surface.distance(*ends)
    if len(rhos) == 0 or rhos.min() <= 0 or rhos.max() >= to_saddle:
        raise InputError(
            f"distances are {rhos}, expected at least one, above 0 and below the distance of the "
            f"saddle, {to_saddle:g}"
        )
    sides = steepest_descents(surface, double_well, tuple(rhos), settings)
    descent = sides["ab".index(side)]
    found = [chord_and_curvature(surface, descent.minimum, descent.marks[rho]) for rho in rhos]
    return PathTangents(
        distances=rhos,
        directions=np.array([chord for chord, _ in found]),
        curvatures=np.array([curvature for _, curvature in found]) / mean_mass(minimum),
    )


@expects(model=Model, double_well=DoubleWell)
def band_tangent(
    model: Model,
    double_well: DoubleWell,
    *,
    images: int = 40,
    max_force: float = 1e-4,
    side: Literal["a", "b"] = "a",
    **further_settings: Any,
) -> tuple[PathTangents, Band]:
    """r_12 of a real band of `images` images: the step from the minimum to its neighbor image.

    The band starts from the exact path, images equally spaced, and is relaxed as it would be
    without knowing it.

    Parameters
    ----------
    images
        N_b, both ends included.
    max_force
        Largest perpendicular force component of the relaxed band.

    Returns
    -------
    PathTangents
        With a single distance |r_12|.
    Band
        The band from A to B, with its outcome.

    Raises
    ------
    InputError, ConvergenceError
        As for `tangents`; for fewer than five images.
    """
    settings = PathSettings(**further_settings)
    images = count("images", images, minimum=FEWEST_IMAGES)
    if side not in ("a", "b"):
        raise InputError(f"side is {side!r}, expected 'a' or 'b'")
    surface = surface_of(model, double_well.minimum_a)
    first, second = steepest_descents(surface, double_well, (), settings)
    path = equally_spaced(first, second, images)
    relaxation = BandRelaxation(surface, path[0], path[-1], images, settings, path)
    band = relaxation.relax(max_force, settings.band_iterations)
    ends = (0, 1) if side == "a" else (-1, -2)
    chord, curvature = chord_and_curvature(surface, *(band.positions[k] for k in ends))
    distance = surface.distance(*(band.positions[k] for k in ends))
    found = PathTangents(
        distances=np.array([distance]),
        directions=chord[None],
        curvatures=np.array([curvature]) / mean_mass(double_well.minimum_a),
    )
    positions = np.array([surface.plain(image) for image in band.positions])
    weights = mass_weights(double_well.minimum_a)
    return found, replace(band, positions=positions, weights=weights)


def equally_spaced(first: Descent, second: Descent, images: int) -> Array:
    """Points (images, N, 3) at equal arc lengths from the minimum of one side to that of the other.

    All are on the periodic image in which the path is continuous.
    """
    total = first.length + second.length
    points = []
    for s in np.linspace(0, total, images):
        side, from_saddle = (
            (first, first.length - s) if s < first.length else (second, s - first.length)
        )
        nodes = side.arc_length
        if from_saddle >= nodes[-1]:
            fraction = (from_saddle - nodes[-1]) / (side.length - nodes[-1])
            last = side.points[-1].positions
            points.append(last + min(fraction, 1.0) * (side.minimum - last))
            continue
        k = int(np.searchsorted(nodes, from_saddle, side="right")) - 1
        points.append(side.arcs[k].point((from_saddle - nodes[k]) / side.arcs[k].length))
    return np.array(points)


def steepest_descents(
    surface: Surface, double_well: DoubleWell, rhos: tuple[float, ...], settings: PathSettings
) -> tuple[Descent, Descent]:
    """The steepest-descent paths from the saddle to A and to B, all in the image around A."""
    start = np.array(surface.weighted(double_well.minimum_a.positions))
    r_ab = surface.weighted(double_well.displacement_ab)
    top = start + surface.weighted(double_well.displacement_as)
    targets = (start, start + r_ab)
    saddle = find_saddle(surface, top, r_ab, settings)
    towards_b = 1 if float((saddle.mode * r_ab).sum()) > 0 else -1
    manifold = unstable_manifold(surface, saddle, settings)
    sides = [
        descend(surface, saddle, sign, targets, rhos, settings, manifold)
        for sign in (-towards_b, towards_b)
    ]
    sides.sort(key=lambda side: str(side.target))
    if [side.target for side in sides] != [0, 1]:
        outcomes = [side.outcome for side in sides if not side.outcome.converged]
        outcome = outcomes[0] if outcomes else Outcome.LEFT_THE_PAIR
        outcome.raise_unless_converged("the path from the saddle of this double well")
    return sides[0], sides[1]
