"""Two minima, the saddle between them and the two steepest-descent paths; or what is there instead.

The fast route stops a band early, polishes its highest point by Newton steps and follows the path
down from there. A saddle counts only if its paths end in the two minima, so that a band stopped
too early costs time, never correctness. Each failure continues the band to a smaller force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Report, silent
from glasswells.core.records import Array
from glasswells.paths.band import Band, BandRelaxation
from glasswells.paths.descent import Descent, descend, fall
from glasswells.paths.manifold import unstable_manifold
from glasswells.paths.saddle import Saddle, find_saddle
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

Quench = Callable[[Array], Array]
"""Positions (N, 3) to those of the minimum below."""

TOP_SAMPLES = 8
"""Energies taken between the highest image and each neighbor: a barrier much narrower than the
spacing of the images shows."""

SAME_TOP = 1e-8
"""Two saddles are taken as one if their energies agree to this."""
LARGEST_RHO_FRACTION = 0.5
"""rho is reduced to this fraction of the distance from minimum to saddle, if that is less."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pathway:
    """A double well as a path."""

    saddle: Saddle
    descent_a: Descent
    descent_b: Descent
    rho: float
    """Distance from both minima at which a point of the path is marked."""
    route: str
    """`fast` or `band`."""
    settings: PathSettings

    def reversed(self) -> Pathway:
        """The same from B to A."""
        return replace(self, descent_a=self.descent_b, descent_b=self.descent_a)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NoPathway:
    """Why a pair is no double well."""

    outcome: Outcome
    message: str
    top: float
    """Highest energy met: of a saddle, or NaN."""
    minima: tuple[Array, ...] = ()
    """New minima (N, 3), in order from A to B."""

    def reversed(self) -> NoPathway:
        """The same from B to A."""
        return replace(self, minima=self.minima[::-1])


def find_pathway(
    surface: Surface,
    minimum_a: Array,
    minimum_b: Array,
    rho: float,
    images: int,
    settings: PathSettings,
    method: str = "fast",
    quench: Quench | None = None,
    report: Report = silent,
) -> Pathway | NoPathway:
    """The saddle and the steepest-descent paths that join two minima (N, 3), converged both.

    `rho`: distance from the minima at which the path is marked. `method` is `fast`, or `band` to
    go to the full climbing-image band at once.
    """
    # Where particles overlap on the way, numbers overflow: results are asked for being finite.
    with np.errstate(over="ignore", invalid="ignore"):
        targets = (minimum_a, minimum_b)
        return _find(surface, targets, rho, images, settings, method, quench, report)


def _find(
    surface: Surface,
    targets: tuple[Array, Array],
    rho: float,
    images: int,
    settings: PathSettings,
    method: str,
    quench: Quench | None,
    report: Report,
) -> Pathway | NoPathway:
    minimum_a, minimum_b = targets
    relaxation = BandRelaxation(surface, minimum_a, minimum_b, images, settings)
    strays: list[Array] = []
    result: Pathway | NoPathway | None = None
    if method == "fast":
        for force in settings.loose_forces:
            report(1, f"band of {images} images to a force of {force:g}")
            band = relaxation.relax(force, settings.loose_iterations)
            report(1, "saddle, and the paths down from it")
            before, result = result, _attempt(surface, band, targets, rho, settings, strays)
            if isinstance(result, Pathway):
                return result
            if _is_settled(before, result) and _new_minima(surface, targets, strays, settings):
                return _split(surface, band, targets, strays, result, settings, quench)
        dips = _below_dips(surface, band, targets, settings, quench)
        if dips and isinstance(result, NoPathway):
            return _split(surface, band, targets, strays, result, settings, quench, dips)
    report(1, f"climbing band of {images} images to a force of {settings.band_force:g}")
    relaxation.relax(settings.climb_below, settings.band_iterations)
    band = relaxation.relax(settings.band_force, settings.band_iterations, climb=True)
    result = _attempt(surface, band, targets, rho, settings, strays, route="band")
    if isinstance(result, Pathway):
        return result
    return _split(surface, band, targets, strays, result, settings, quench)


def _attempt(
    surface: Surface,
    band: Band,
    targets: tuple[Array, Array],
    rho: float,
    settings: PathSettings,
    strays: list[Array],
    route: str = "fast",
) -> Pathway | NoPathway:
    """Saddle and paths from the top of a band; minima that are neither A nor B join `strays`."""
    if band.outcome is Outcome.NOT_FINITE:
        return NoPathway(
            outcome=Outcome.NOT_FINITE, message="an image of the band overlaps", top=np.nan
        )
    top = highest_point(surface, band)
    if top is None:
        return NoPathway(
            outcome=Outcome.FLAT_PROFILE,
            message="the energy nowhere rises above that of the higher minimum",
            top=np.nan,
        )
    saddle = find_saddle(surface, *top, settings)
    if saddle.outcome is Outcome.NOT_FINITE:
        return NoPathway(outcome=saddle.outcome, message="particles overlap on the way", top=np.nan)
    if not saddle.outcome.converged:
        return NoPathway(
            outcome=saddle.outcome,
            message=f"the stationary point at the top of the path has force {saddle.max_force:.1e} "
            f"and lowest eigenvalues {saddle.negative_eigenvalue:.3g} and "
            f"{saddle.next_eigenvalue:.3g}",
            top=saddle.energy,
        )
    higher = float(max(band.energies[0], band.energies[-1]))
    if saddle.energy - higher < settings.smallest_barrier:
        return NoPathway(
            outcome=Outcome.FLAT_PROFILE,
            message=f"the saddle is {saddle.energy - higher:.1e} above the higher minimum, below "
            f"the smallest barrier {settings.smallest_barrier:.1e}",
            top=saddle.energy,
        )
    towards_b = 1 if float((saddle.mode * top[1]).sum()) > 0 else -1
    rho = min(rho, *(LARGEST_RHO_FRACTION * surface.distance(t, saddle.positions) for t in targets))
    manifold = unstable_manifold(surface, saddle, settings)
    sides = [
        descend(surface, saddle, sign, targets, (rho,), settings, manifold)
        for sign in (-towards_b, towards_b)
    ]
    ends = [side.target for side in sides]
    if set(ends) == {0, 1}:
        first, second = sides if ends == [0, 1] else sides[::-1]
        return Pathway(
            saddle=saddle,
            descent_a=first,
            descent_b=second,
            rho=rho,
            route=route,
            settings=settings,
        )
    strays += [side.minimum for side in sides if side.outcome is Outcome.LEFT_THE_PAIR]
    stuck = [side.outcome for side in sides if side.outcome is Outcome.STEP_LIMIT]
    names = {0: "A", 1: "B", None: "another minimum"}
    return NoPathway(
        outcome=stuck[0] if stuck else Outcome.LEFT_THE_PAIR,
        message=f"the paths from the saddle end in {names[ends[0]]} and {names[ends[1]]}",
        top=saddle.energy,
    )


def highest_point(surface: Surface, band: Band) -> tuple[Array, Array] | None:
    """The highest point of a band (N, 3) and the tangent (N, 3) there; None if it is an end.

    Energies are taken on the straight pieces around the highest image.
    """
    k = int(np.argmax(band.energies))
    pieces = [j for j in (k - 1, k) if 0 <= j < len(band.energies) - 1]
    best = (float(band.energies[k]), band.positions[k]) if 0 < k < len(band.energies) - 1 else None
    floor = float(max(band.energies[0], band.energies[-1]))
    for j in pieces:
        step = band.positions[j + 1] - band.positions[j]
        for u in np.arange(1, TOP_SAMPLES) / TOP_SAMPLES:
            x = band.positions[j] + u * step
            energy = surface.energy(x)
            if np.isfinite(energy) and energy > (best[0] if best else floor):
                best = (energy, x)
    if best is None:
        return None
    before, after = max(k - 1, 0), min(k + 1, len(band.energies) - 1)
    return best[1], band.positions[after] - band.positions[before]


def _is_settled(before: Pathway | NoPathway | None, now: NoPathway) -> bool:
    """Whether two attempts in a row met the same saddle."""
    return isinstance(before, NoPathway) and abs(before.top - now.top) <= SAME_TOP


def is_same_minimum(
    surface: Surface, first: Array, second: Array, energies: tuple[float, float], s: PathSettings
) -> bool:
    """Whether two minima are one inherent structure: energy and displacement, both."""
    if abs(energies[0] - energies[1]) > s.same_energy * len(first):
        return False
    moves = np.linalg.norm(surface.plain(surface.displacement(first, second)), axis=1)
    return float(moves.max()) < s.same_displacement


def _new_minima(
    surface: Surface, known: tuple[Array, ...], found: list[Array], settings: PathSettings
) -> list[Array]:
    """Those of `found` that are neither among `known` nor repeated."""
    kept = list(known)
    energies = [surface.energy(x) for x in kept]
    for x in found:
        energy = surface.energy(x)
        if not any(
            is_same_minimum(surface, y, x, (e, energy), settings)
            for y, e in zip(kept, energies, strict=True)
        ):
            kept.append(x)
            energies.append(energy)
    return kept[len(known) :]


def _below_dips(
    surface: Surface,
    band: Band,
    targets: tuple[Array, Array],
    settings: PathSettings,
    quench: Quench | None,
) -> list[Array]:
    """New minima below the interior minima of a band."""
    found = []
    for k in interior_minima(band.energies):
        x = band.positions[k].copy()
        if quench is not None:
            found.append(quench(x))
        else:
            bottom = fall(surface, x, settings)
            found += [] if bottom is None else [bottom.positions]
    return _new_minima(surface, targets, found, settings)


def _split(
    surface: Surface,
    band: Band,
    targets: tuple[Array, Array],
    strays: list[Array],
    failure: NoPathway,
    settings: PathSettings,
    quench: Quench | None,
    dips: list[Array] | None = None,
) -> NoPathway:
    """The failure with the minima between A and B: below the band's dips and where paths ended."""
    if dips is None:
        dips = _below_dips(surface, band, targets, settings, quench)
    minima = dips + _new_minima(surface, (*targets, *dips), strays, settings)
    minima.sort(key=lambda x: _place(surface, band, x))
    if not minima:
        return failure
    return NoPathway(
        outcome=Outcome.INTERMEDIATE_MINIMUM if dips else Outcome.LEFT_THE_PAIR,
        message=f"{len(minima)} other minima on the way; {failure.message}",
        top=failure.top,
        minima=tuple(minima),
    )


def interior_minima(energies: Array) -> list[int]:
    """Images lower than both neighbors."""
    e = energies
    return [k for k in range(1, len(e) - 1) if e[k] < e[k - 1] and e[k] <= e[k + 1]]


def _place(surface: Surface, band: Band, positions: Array) -> int:
    """The image nearest to a minimum."""
    return int(np.argmin([surface.distance(image, positions) for image in band.positions]))
