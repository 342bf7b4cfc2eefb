"""`find_double_well`: from two inherent structures to a double well, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count, positive
from glasswells.core.errors import InputError
from glasswells.core.fields import participation_number
from glasswells.core.masses import mean_mass, relative_masses
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Progress, reporting
from glasswells.core.records import Array, Configuration, DoubleWell, PathFailure
from glasswells.model.functions import checked_interactions
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Model
from glasswells.model.precision import precision_of
from glasswells.paths.chebyshev import Listed
from glasswells.paths.diagnosis import differences, finding
from glasswells.paths.newton import newton
from glasswells.paths.pathway import NoPathway, Pathway, find_pathway, is_same_minimum
from glasswells.paths.profile import energy_profile, stretched
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

LARGEST_INPUT_FORCE = 1e-6
"""Above this a configuration is no minimum; below, Newton steps polish what is left."""
INPUT_MARGIN = 10.0
"""The same in units of the force that a minimum is to meet, if that is more."""
FEWEST_IMAGES = 5
"""A band needs neighbors on both sides of its top."""


RHO = 0.01
"""[default] Near the first image of a band of 40."""
IMAGES = 40
"""[default] The paper's; 600 for its Figs. 4 and 5."""


@expects(model=Model, a=Configuration, b=Configuration)
def find_double_well(
    model: Model,
    a: Configuration,
    b: Configuration,
    *,
    rho: float = RHO,
    images: int = IMAGES,
    method: Literal["fast", "band"] = "fast",
    quench: Callable[[Configuration], Configuration] | None = None,
    progress: Progress = False,
    **further_settings: Any,
) -> DoubleWell | PathFailure:
    """The double well that two inherent structures form, or why they do not.

    A band between them is stopped early and its top polished to the saddle by Newton steps; the
    steepest-descent paths from there must end in A and B. If that fails at every stage, the full
    climbing-image band is relaxed (`route="band"`). Where masses differ, band and paths run in
    mass-weighted coordinates: minima, saddle and barrier are the same, the path between them and
    its length are those of these particles. The pair is always worked from the lower
    minimum to the higher one, so that (a, b) and (b, a) give the same numbers.

    Parameters
    ----------
    model
        The potential energy.
    a, b
        Two minima of the same particles in the same box.
    rho
        Distance from a minimum at which tangents and frequencies are taken; it is reduced to half
        the distance from the minimum to the saddle if that is less. Like all lengths in
        `PathSettings` it is mass-weighted, over the square root of the mean mass.
    images
        N_b, images of the band, both ends included.
    method
        `fast`, or `band` for the full band at once.
    quench
        How minima on a split path are found from images of the band; by default along the
        steepest-descent path. Pass your minimizer to get the minima that it would find.
    progress
        True: what is being done is shown; or a function of the steps done, their number (None: it
        is not known before) and a text.
    further_settings
        Fields of `PathSettings`.

    Returns
    -------
    DoubleWell or PathFailure
        A failure's outcome is `SAME_MINIMUM`, `EXCHANGED_PARTICLES` or `TURNED_COPY` (found before
        a path is tried, see `diagnose_pair`), `INTERMEDIATE_MINIMUM` (the band passes another
        minimum), `LEFT_THE_PAIR` (the paths from the saddle end elsewhere; both with the new
        minima), `FLAT_PROFILE`, `NOT_A_SADDLE`, `STEP_LIMIT` or `NOT_FINITE`.

    Raises
    ------
    InputError
        For configurations of different particles or boxes, or that are no minima; for settings out
        of range.
    """
    settings = PathSettings(**further_settings)
    positive("rho", rho)
    count("images", images, minimum=FEWEST_IMAGES)
    if method not in ("fast", "band"):
        raise InputError(f"method is {method!r}, expected 'fast' or 'band'")
    check_pair(a, b)
    precision = precision_of(surface_of(model, a).interactions)
    settings = settings.within(precision, a.n_particles)
    polished = [_converged(model, c, name, settings) for c, name in ((a, "a"), (b, "b"))]
    swapped = polished[1][1] < polished[0][1]
    (first, energy_first), (second, energy_second) = polished[::-1] if swapped else polished
    surface = surface_of(model, first)
    energies = (energy_first, energy_second)
    start, end = (np.array(surface.weighted(c.positions)) for c in (first, second))
    if is_same_minimum(surface, start, end, energies, settings):
        distance = surface.distance(start, end)
        message = (
            f"the minima are {distance:.1e} apart and differ by {np.ptp(energies):.1e} in energy"
        )
        same = NoPathway(outcome=Outcome.SAME_MINIMUM, message=message, top=np.nan)
        return _failure(a, b, same, polished, surface)
    wrong = finding(model, polished[0][0], polished[1][0], polished[1][1])
    if wrong is not None:
        no_path = NoPathway(outcome=wrong.outcome, message=wrong.message, top=np.nan)
        return _failure(a, b, no_path, polished, surface)
    step = surface.displacement(start, end)

    def quench_positions(positions: Array) -> Array:
        found = quench(first.moved_to(surface.plain(positions))) if quench else first
        return np.array(surface.weighted(found.positions))

    with reporting(progress, "double well", None) as report:
        found = find_pathway(
            surface,
            start,
            start + step,
            rho,
            images,
            settings,
            method,
            quench_positions if quench else None,
            report,
        )
    if isinstance(found, NoPathway):
        return _failure(a, b, found if not swapped else found.reversed(), polished, surface)
    minima = (first, second)
    if swapped:
        found, minima = found.reversed(), (second, first)
    return _double_well(surface, minima, found)


def check_pair(a: Configuration, b: Configuration) -> None:
    """Raise `InputError` unless both hold the same particles in the same box."""
    found = differences(a, b)
    if found:
        raise InputError(
            f"{'; '.join(found)}; expected two configurations of the same particles in the same box"
        )


def surface_of(model: Model, configuration: Configuration) -> Surface:
    """The energy surface of these particles; in mass-weighted coordinates if masses differ.

    The weights are relative to the mean mass: lengths that come out still
    have to be multiplied by its square root.
    """
    interactions, masses = model.interactions(configuration), relative_masses(configuration)
    if isinstance(interactions, Listed):
        interactions = interactions.afresh()  # one wide list serves all lists of a path
    if masses is not None:
        interactions = MassWeighted(interactions, np.sqrt(masses)[:, None])
    return Surface(interactions=interactions, box=configuration.box)


def _converged(
    model: Model, configuration: Configuration, name: str, settings: PathSettings
) -> tuple[Configuration, float]:
    """The minimum to rounding, and its energy."""
    interactions = checked_interactions(model, configuration)
    energy, force = interactions.energy_and_forces(configuration.positions)
    largest, limit = float(np.abs(force).max()), INPUT_MARGIN * settings.max_force
    limit = max(limit, LARGEST_INPUT_FORCE)
    if largest > limit:
        raise InputError(
            f"the largest force in {name} is {largest:.3g}, expected at most {limit:.3g}: minimize "
            f"it first, for example with gw.minimize; the limit follows max_force, and the "
            f"force_noise of a calculator"
        )
    if largest <= settings.max_force:
        return configuration, float(energy)
    surface = Surface(interactions=interactions, box=configuration.box)
    end = newton(surface, np.array(configuration.positions), settings)
    moved = surface.distance(configuration.positions, end.positions)
    if not end.outcome.converged or moved > settings.same_displacement:
        raise InputError(
            f"{name} has the largest force {largest:.3g}, and Newton steps moved it by {moved:.3g} "
            f"and left a force of {end.max_force:.3g}, expected a minimum: minimize it first, for "
            f"example with gw.minimize"
        )
    return configuration.moved_to(end.positions), end.energy


def _double_well(
    surface: Surface, minima: tuple[Configuration, Configuration], pathway: Pathway
) -> DoubleWell:
    sides = (pathway.descent_a, pathway.descent_b)
    saddle, rho = pathway.saddle, pathway.rho
    chords, curvatures = [], []
    for side in sides:
        chord, curvature = chord_and_curvature(surface, side.minimum, side.marks[rho])
        chords.append(chord)
        curvatures.append(curvature)
    a, b = minima
    start, end = surface.weighted(a.positions), surface.weighted(b.positions)
    r_ab = surface.plain(surface.displacement(start, end))
    profile = energy_profile(
        surface, pathway, (chords[0], chords[1]), (curvatures[0], curvatures[1]), pathway.settings
    )
    unit = float(np.sqrt(mean_mass(a)))
    return DoubleWell(
        minimum_a=a,
        minimum_b=b,
        saddle=a.moved_to(surface.plain(saddle.positions)),
        barrier=saddle.energy - sides[0].energy,
        asymmetry=sides[1].energy - sides[0].energy,
        profile=stretched(profile, unit),
        displacement_ab=r_ab,
        displacement_as=surface.plain(surface.displacement(start, saddle.positions)),
        tangent_a=chords[0],
        frequency_a=float(np.sqrt(max(curvatures[0], 0.0))) / unit,
        tangent_b=chords[1],
        frequency_b=float(np.sqrt(max(curvatures[1], 0.0))) / unit,
        rho=rho,
        path_length=unit * (sides[0].length + sides[1].length),
        participation_number=participation_number(r_ab),
        negative_eigenvalue=saddle.negative_eigenvalue / unit**2,
        route=pathway.route,
    )


def chord_and_curvature(surface: Surface, minimum: Array, point: Array) -> tuple[Array, float]:
    """Unit chord t (N, 3) from a minimum to a point of the path, and t.M.t at the minimum."""
    chord = surface.displacement(minimum, point)
    chord = chord / np.linalg.norm(chord)
    stiff = surface.expansion(minimum).product(chord.ravel())
    return chord, float(chord.ravel() @ stiff)


def _failure(
    a: Configuration,
    b: Configuration,
    found: NoPathway,
    polished: list[tuple[Configuration, float]],
    surface: Surface,
) -> PathFailure:
    energy_a, energy_b = polished[0][1], polished[1][1]
    return PathFailure(
        minimum_a=a,
        minimum_b=b,
        outcome=found.outcome,
        message=found.message,
        asymmetry=energy_b - energy_a,
        barrier=found.top - energy_a,
        intermediates=tuple(a.moved_to(surface.plain(x)) for x in found.minima),
    )
