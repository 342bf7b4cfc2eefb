"""The steepest-descent (intrinsic) path from a saddle into a minimum.

dx/ds = -g/|g| in the arc length s: the limit of a band with infinitely many images. It is followed
in the time t of the flow dx/dt = -g, which neither the saddle nor the minimum makes singular.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.model.precision import derivatives_are_exact
from glasswells.paths.chebyshev import Flow
from glasswells.paths.curve import Arc, CurvePoint
from glasswells.paths.ending import ending, quadratic_rest
from glasswells.paths.manifold import UnstableManifold, unstable_manifold
from glasswells.paths.newton import StationaryPoint, newton
from glasswells.paths.saddle import INDEX_TOLERANCE, Saddle
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

SAFETY, ERROR_ORDER = 0.75, 4.0
"""The usual control of the step by the estimated error, which is of order h^4. With 0.85 a fifth of
the steps is rejected; with 0.7 as many forces are needed as with 0.75."""
LARGEST_GROWTH, SMALLEST_CUT = 2.0, 0.1
"""Limits of the change of the step from one to the next."""
LATE_CUT = 0.6
"""A rejected step is shortened at least by this."""
ENERGY_NOISE = 1e-12
"""Relative rounding of the total energy, with a margin: near the minimum it hides the descent."""
CROSSING = 1e-9
"""Relative margin within which a distance may have passed a mark; the curve then tells."""
STRAY_CUT = 0.2
"""After a vain search for a minimum the force must fall by this factor before the next."""
ENTRY_CUT = 0.4
"""After the end of a path was sought in vain, the distance at which it is sought next."""
LOOSE_TOLERANCE = 1e-3
"""Of the steps of a fall into a basin."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Descent:
    """A steepest-descent path from a saddle to a minimum."""

    points: tuple[CurvePoint, ...]
    """The saddle, the steps, and the last point before the minimum."""
    arcs: tuple[Arc, ...]
    """The curves between these points."""
    length: float
    """Arc length from the saddle to the minimum."""
    target: int | None
    """Which of the given minima was reached; None for another one."""
    minimum: Array
    """(N, 3), on the periodic image that the path enters."""
    energy: float
    """Total energy of the minimum."""
    marks: dict[float, Array]
    """For each distance rho from the minimum reached, the point (N, 3) of the path there."""
    evaluations: int
    outcome: Outcome

    @property
    def arc_length(self) -> Array:
        """(K,) from the saddle to each of the points."""
        return np.concatenate([[0.0], np.cumsum([arc.length for arc in self.arcs])])


@dataclass(slots=True)
class _Trail:
    """What has been gathered on the way."""

    points: list[CurvePoint]
    arcs: list[Arc] = field(default_factory=list)
    evaluations: int = 0
    steps: int = 0

    def add(self, point: CurvePoint) -> Arc:
        arc = Arc(self.points[-1], point)
        self.points.append(point)
        self.arcs.append(arc)
        return arc

    def may_go_on(self, settings: PathSettings) -> bool:
        """Whether steps and evaluations are left."""
        few = self.steps < settings.path_steps
        return few and self.evaluations < settings.path_evaluations

    @property
    def length(self) -> float:
        return sum(arc.length for arc in self.arcs)


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    """The surface at one point of the path."""

    point: CurvePoint
    energy: float
    force: Array


def descend(
    surface: Surface,
    saddle: Saddle,
    sign: int,
    targets: Sequence[Array],
    rhos: Sequence[float],
    settings: PathSettings,
    manifold: UnstableManifold | None = None,
) -> Descent:
    """Follow the steepest-descent path from a saddle along +mode or -mode to its minimum.

    Parameters
    ----------
    targets
        Minima (N, 3), converged to rounding, that the path may end in; on the saddle's image of
        the periodic box, so that their distance is that of the plain positions.
    rhos
        Distances from the minimum at which to record the point of the path.
    manifold
        That of the saddle in the direction of its mode, which both sides share; by default it is
        computed.
    """
    fields, from_saddle = _offsets(surface, saddle.positions, targets)
    trail = _Trail([CurvePoint(saddle.positions, sign * saddle.mode)])
    half = manifold or unstable_manifold(surface, saddle, settings)
    half = half if sign > 0 else half.reversed()
    amplitude = half.start(surface, settings.first_fraction * min(from_saddle), settings)
    marks: list[dict[float, Array]] = [{} for _ in targets]
    away = from_saddle
    for start in half.points(amplitude, settings.first_spacing):
        arc = trail.add(start)
        offsets, distances = _offsets(surface, start.positions, targets)
        _mark(marks, rhos, arc, fields, away, distances)
        fields, away = offsets, distances
    here = _look(surface, trail.points[-1].positions)
    flow = Flow(surface, settings.stiffness_margin * saddle.highest_eigenvalue)
    duration = settings.first_duration / abs(saddle.negative_eigenvalue)
    entry = min([settings.entry_distance, *((1 - 2 * CROSSING) * rho for rho in rhos)])
    last = min(settings.last_distance, entry)
    slowing, stray_force = False, settings.stray_force
    while trail.may_go_on(settings):
        k = int(np.argmin(away))
        if away[k] <= min(entry, settings.last_fraction * from_saddle[k]):
            is_last = away[k] <= last
            rest = _enter(surface, here, fields[k], trail, settings, is_last=is_last)
            if rest is not None:
                minimum, energy = here.point.positions - fields[k], surface.energy(targets[k])
                return _result(trail, minimum, energy, k, marks[k], rest, Outcome.CONVERGED)
            entry = max(ENTRY_CUT * away[k], last)
        if away[k] > settings.stray_distance and slowing and _largest(here.force) < stray_force:
            end = bottom_below(surface, here.point.positions, here.energy, settings)
            if end is not None and _is_elsewhere(surface, end, targets, settings):
                rest = surface.distance(here.point.positions, end.positions)
                return _result(
                    trail, end.positions, end.energy, None, {}, rest, Outcome.LEFT_THE_PAIR
                )
            stray_force *= STRAY_CUT
        tolerance = settings.path_tolerance * min(1.0, away[k] / settings.stray_distance)
        there, duration = _advance(surface, flow, here, duration, tolerance, trail, settings)
        if there is None:
            continue
        arc = trail.add(there.point)
        offsets, distances = _offsets(surface, there.point.positions, targets)
        _mark(marks, rhos, arc, fields, away, distances)
        fields, away = offsets, distances
        slowing = float(np.linalg.norm(there.force)) < float(np.linalg.norm(here.force))
        here = there
    return _result(trail, here.point.positions, here.energy, None, {}, 0.0, Outcome.STEP_LIMIT)


def _mark(
    marks: Sequence[dict[float, Array]],
    rhos: Sequence[float],
    arc: Arc,
    fields: Sequence[Array],
    away: Sequence[float],
    distances: Sequence[float],
) -> None:
    """Note where an arc passes a distance rho from a target, being `away` first and then nearer."""
    for j, found in enumerate(marks):
        for rho in rhos:
            if away[j] < (1 - CROSSING) * rho or distances[j] > (1 + CROSSING) * rho:
                continue
            u = arc.where_distance(fields[j], rho)
            if u is not None:
                found[rho] = arc.point(u)


def _offsets(
    surface: Surface, positions: Array, targets: Sequence[Array]
) -> tuple[list[Array], list[float]]:
    """The fields (N, 3) from each target to a point of the path, and their norms."""
    fields = [surface.without_drift(positions - t) for t in targets]
    return fields, [float(np.linalg.norm(f)) for f in fields]


def _look(surface: Surface, positions: Array) -> _Here:
    energy, force = surface.interactions.energy_and_forces(positions)
    force = surface.without_drift(force)
    return _Here(CurvePoint(positions, force / np.linalg.norm(force)), float(energy), force)


def _largest(force: Array) -> float:
    return float(np.abs(force).max())


def _advance(
    surface: Surface,
    flow: Flow,
    here: _Here,
    duration: float,
    tolerance: float,
    trail: _Trail,
    settings: PathSettings,
) -> tuple[_Here | None, float]:
    """One step of the flow, None if it must be repeated, and the next duration."""
    positions, duration = here.point.positions, min(duration, flow.longest)
    step = flow.step(positions, here.force, duration)
    trail.evaluations += step.evaluations + 1
    trail.steps += 1
    if not np.isfinite(step.positions).all():
        return None, SMALLEST_CUT * duration
    there = _look(surface, step.positions)
    t = there.point.tangent
    # An error along the path is an error of the time, which does not matter.
    error = float(np.linalg.norm(step.error - np.vdot(step.error, t) * t))
    length = float(np.linalg.norm(step.positions - positions))
    factor = LARGEST_GROWTH
    if error > 0:
        factor = min(factor, SAFETY * (tolerance / error) ** (1 / ERROR_ORDER))
    is_good = error <= tolerance and length <= 1.5 * settings.longest_step
    noise = max(ENERGY_NOISE * abs(here.energy), surface.energy_noise)
    is_lower = there.energy < here.energy + noise
    # On a straight path nothing else would stop a step from passing the minimum.
    is_forward = float(np.vdot(here.point.tangent, t)) > 0
    if not (is_good and is_lower and is_forward):
        return None, duration * max(min(factor, LATE_CUT), SMALLEST_CUT)
    return there, duration * max(min(factor, settings.longest_step / length), SMALLEST_CUT)


def _enter(
    surface: Surface,
    here: _Here,
    offset: Array,
    trail: _Trail,
    settings: PathSettings,
    *,
    is_last: bool,
) -> float | None:
    """Add the end of the path, near its minimum, and return the length that is left.

    None if its error is too large; the last one is taken as quadratic then. Where derivatives are
    differences of forces, their noise would be all that the span of many of them tells.
    """
    origin = here.point.positions - offset
    if derivatives_are_exact(surface.interactions):
        end = ending(surface, origin, offset, settings)
        trail.evaluations += end.evaluations
        if end.error <= settings.entry_error:
            for point in end.points:
                trail.add(point)
            return end.rest
    return quadratic_rest(surface, origin, offset, settings) if is_last else None


def _is_elsewhere(
    surface: Surface, end: StationaryPoint, targets: Sequence[Array], settings: PathSettings
) -> bool:
    return all(surface.distance(t, end.positions) > settings.same_displacement for t in targets)


def bottom_below(
    surface: Surface, positions: Array, energy: float, settings: PathSettings
) -> StationaryPoint | None:
    """The minimum that Newton steps reach from `positions`, None if they reach another thing.

    A stationary point counts if it is lower than where the steps began and its lowest eigenvalue
    is positive.
    """
    end = newton(surface, positions, settings)
    if not (end.outcome.converged and end.energy < energy):
        return None
    expansion = surface.expansion(end.positions)
    lowest, _ = expansion.softest(settings.mode_products, INDEX_TOLERANCE)
    return end if lowest > 0 else None


def fall(surface: Surface, positions: Array, settings: PathSettings) -> StationaryPoint | None:
    """The minimum that the steepest-descent path from `positions` (N, 3) leads to.

    The path is followed loosely: which basin it lies in matters, not where it runs.
    """
    stiffest = 1.5 * settings.stiffness_margin * surface.expansion(positions).highest()
    trail, here, flow = _Trail([]), _look(surface, positions), Flow(surface, stiffest)
    duration, force = 10.0 / stiffest, settings.stray_force
    while trail.may_go_on(settings):
        if _largest(here.force) < force:
            end = bottom_below(surface, here.point.positions, here.energy, settings)
            if end is not None:
                return end
            force *= STRAY_CUT
        there, duration = _advance(surface, flow, here, duration, LOOSE_TOLERANCE, trail, settings)
        here = there or here
    return None


def _result(
    trail: _Trail,
    minimum: Array,
    energy: float,
    target: int | None,
    marks: dict[float, Array],
    rest: float,
    outcome: Outcome,
) -> Descent:
    return Descent(
        points=tuple(trail.points),
        arcs=tuple(trail.arcs),
        length=trail.length + rest,
        target=target,
        minimum=minimum,
        energy=energy,
        marks=marks,
        evaluations=trail.evaluations,
        outcome=outcome,
    )
