"""The steepest-descent (intrinsic) path from a saddle into a minimum.

dx/ds = -g/|g| in the arc length s. It is followed in the time of the flow dx/dt = -g, in which
leaving the saddle and entering the minimum, where everything is linear, take long easy steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.paths.curve import Arc, CurvePoint
from glasswells.paths.exponential import exponential_step
from glasswells.paths.krylov import Lanczos, Projector, solve
from glasswells.paths.newton import StationaryPoint, drift_projector, newton
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Product, Surface


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Saddle:
    """A stationary point with exactly one negative eigenvalue."""

    point: StationaryPoint
    negative_eigenvalue: float
    mode: Array
    """(N, 3), unit eigenvector of the negative eigenvalue."""
    next_eigenvalue: float
    """The softest of the others, translations excluded; positive."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Descent:
    """A path from a saddle down to a minimum, as points with energies and derivatives."""

    arc_length: Array
    """(K,), 0 in the saddle, increasing; the last point is the minimum."""
    energy: Array
    """(K,), total energies."""
    slope: Array
    """(K,): dV/ds = -|g|."""
    curvature: Array
    """(K,): d2V/ds2 = t.M.t."""
    target: int | None
    """Which of the given minima was reached; None for another one."""
    minimum: Array
    """(N, 3), on the same image as the path."""
    marks: dict[float, Array]
    """For each distance rho from the minimum reached, the point (N, 3) of the path there."""
    steps: int
    products: int
    outcome: Outcome


@dataclass(slots=True)
class _Trail:
    """What has been gathered on the way."""

    arc_length: list[float] = field(default_factory=list)
    energy: list[float] = field(default_factory=list)
    slope: list[float] = field(default_factory=list)
    curvature: list[float] = field(default_factory=list)
    products: int = 0
    steps: int = 0

    def add(self, s: float, energy: float, slope: float, curvature: float) -> None:
        self.arc_length.append(s)
        self.energy.append(energy)
        self.slope.append(slope)
        self.curvature.append(curvature)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Here:
    """The surface at one point of the path."""

    point: CurvePoint
    energy: float
    force: Array
    product: Product
    slope: float
    curvature: float


def _look(surface: Surface, positions: Array) -> _Here:
    energy, force = surface.interactions.energy_and_forces(positions)
    force = surface.without_drift(force)
    size = float(np.linalg.norm(force))
    product = surface.hessian_product(positions)
    tangent = force / size
    stiff = product(tangent.ravel()).reshape(-1, 3)
    curvature = float((tangent * stiff).sum())
    bending = (curvature * tangent - stiff) / size
    return _Here(
        point=CurvePoint(positions, tangent, bending),
        energy=float(energy),
        force=force,
        product=product,
        slope=-size,
        curvature=curvature,
    )


def leave_saddle(
    surface: Surface, saddle: Saddle, sign: int, distance: float, settings: PathSettings
) -> tuple[Array, float]:
    """The point at amplitude `distance` on the unstable manifold, and the arc length to it.

    x(a) = S + a v + a^2 c/2 with (M - 2 lambda) c = -(U:vv without its part along v), lambda < 0:
    what stays on the manifold of the flow to second order.
    """
    project, v = drift_projector(surface), sign * saddle.mode.ravel()
    product = surface.hessian_product(saddle.point.positions)
    bent, _ = surface.interactions.third_order(saddle.point.positions, v.reshape(-1, 3))
    right = project(-bent.ravel())
    right -= v * (v @ right)

    def shifted(z: Array) -> Array:
        w = product(z) - 2 * saddle.negative_eigenvalue * z
        w -= v * (v @ w)
        return w

    c, _ = solve(shifted, right, project, 1e-4, settings.newton_products)
    a = distance
    move = a * v + 0.5 * a**2 * c
    return saddle.point.positions + move.reshape(-1, 3), a + float(c @ c) * a**3 / 6


def descend(
    surface: Surface,
    saddle: Saddle,
    sign: int,
    targets: Sequence[Array],
    rhos: Sequence[float],
    settings: PathSettings,
) -> Descent:
    """Follow the steepest-descent path from a saddle along +mode or -mode to its minimum.

    Parameters
    ----------
    targets
        Minima (N, 3), converged to rounding, that the path may end in.
    rhos
        Distances from the minimum at which to record the point of the path.
    """
    project, trail = drift_projector(surface), _Trail()
    origin = saddle.point.positions
    trail.add(0.0, saddle.point.energy, 0.0, saddle.negative_eigenvalue)
    nearest = min(surface.distance(t, origin) for t in targets)
    a = min(settings.first_distance, 0.02 * nearest)
    x, s = leave_saddle(surface, saddle, sign, a, settings)
    here = _look(surface, x)
    trail.add(s, here.energy, here.slope, here.curvature)
    marks: list[dict[float, Array]] = [{} for _ in targets]
    duration = 1.0 / abs(saddle.negative_eigenvalue)
    closest = settings.last_distance
    while trail.steps < settings.path_steps:
        fields = [surface.displacement(t, here.point.positions) for t in targets]
        away = [float(np.linalg.norm(f)) for f in fields]
        k = int(np.argmin(away))
        if away[k] <= closest:
            return _enter(surface, here, targets[k], k, fields[k], marks[k], s, trail, settings)
        if np.abs(here.force).max() < settings.stray_force and away[k] > settings.stray_distance:
            break
        tolerance = settings.path_tolerance * min(1.0, away[k] / settings.stray_distance)
        there, duration_next = _advance(surface, project, here, duration, tolerance, trail, settings)
        if there is None:
            duration = duration_next
            continue
        arc = Arc(here.point, there.point)
        for f, found in zip(fields, marks, strict=True):
            for rho in rhos:
                u = arc.where_distance(f, rho)
                if u is not None:
                    found[rho] = arc.point(u)
        s += arc.length
        duration, here = duration_next, there
        trail.add(s, here.energy, here.slope, here.curvature)
    return _stray(surface, here, trail, settings)


def _advance(
    surface: Surface,
    project: Projector,
    here: _Here,
    duration: float,
    tolerance: float,
    trail: _Trail,
    settings: PathSettings,
) -> tuple[_Here | None, float]:
    """One step of the flow, None if it must be repeated, and the next duration."""
    step = exponential_step(
        surface,
        here.product,
        project,
        (here.point.positions, here.force),
        duration,
        0.1 * tolerance,
        settings.krylov_most,
    )
    trail.products += step.products
    trail.steps += 1
    if not np.isfinite(step.positions).all():
        return None, 0.2 * duration
    there = _look(surface, step.positions)
    t = there.point.tangent
    # An error along the path is a change of the time, which does not matter.
    across = step.error - (step.error * t).sum() * t
    error = float(np.linalg.norm(across))
    length = float(np.linalg.norm(step.positions - here.point.positions))
    factor = min(0.9 * (tolerance / error) ** 0.25 if error > 0 else 3.0, 3.0)
    too_long = length > 1.3 * settings.longest_step
    if error > tolerance or too_long or not there.energy < here.energy:
        return None, duration * max(min(factor, 0.6), 0.1)
    return there, duration * max(min(factor, settings.longest_step / length), 0.2)


def _enter(
    surface: Surface,
    here: _Here,
    minimum: Array,
    target: int,
    offset: Array,
    marks: dict[float, Array],
    s: float,
    trail: _Trail,
    settings: PathSettings,
) -> Descent:
    """The last bit, on the quadratic surface around the minimum: its length is an integral."""
    project = drift_projector(surface)
    on_path = here.point.positions - offset
    y = project(offset.ravel().copy())
    space = Lanczos(surface.hessian_product(minimum), y, project, settings.krylov_most)
    while space.can_grow:
        space.step()
    values, vectors = space.ritz()
    length = quadratic_length(values, space.norm * vectors[0])
    energy = surface.energy(minimum)
    trail.add(s + length, energy, 0.0, here.curvature)
    return _result(trail, target, on_path, marks, Outcome.CONVERGED)


def quadratic_length(stiffness: Array, amplitude: Array) -> float:
    """Arc length from amplitudes y_k on eigenvalues k_k to the minimum of a quadratic surface.

    L = integral_0^infinity sqrt(sum k^2 y^2 e^(-2 k t)) dt, by Gauss quadrature on intervals
    that double, until the softest amplitude has died.
    """
    k = np.maximum(stiffness, 1e-8 * stiffness.max())
    points, weights = np.polynomial.legendre.leggauss(8)
    total, left, width = 0.0, 0.0, 1.0 / k.max()
    while True:
        t = left + 0.5 * width * (points + 1)
        speed = np.sqrt(((k * amplitude) ** 2 * np.exp(-2 * np.outer(t, k))).sum(axis=1))
        part = 0.5 * width * float(weights @ speed)
        total += part
        left += width
        width *= 1.5
        if speed[-1] * width <= 1e-9 * total:
            return total


def _stray(surface: Surface, here: _Here, trail: _Trail, settings: PathSettings) -> Descent:
    """The path ends elsewhere: find the minimum there."""
    end = newton(surface, here.point.positions, settings)
    outcome = Outcome.LEFT_THE_PAIR if end.outcome.converged else end.outcome
    if trail.steps >= settings.path_steps:
        outcome = Outcome.STEP_LIMIT
    else:
        trail.add(
            trail.arc_length[-1] + surface.distance(here.point.positions, end.positions),
            end.energy,
            0.0,
            here.curvature,
        )
    return _result(trail, None, end.positions, {}, outcome)


def _result(
    trail: _Trail, target: int | None, minimum: Array, marks: dict[float, Array], outcome: Outcome
) -> Descent:
    return Descent(
        arc_length=np.array(trail.arc_length),
        energy=np.array(trail.energy),
        slope=np.array(trail.slope),
        curvature=np.array(trail.curvature),
        target=target,
        minimum=minimum,
        marks=marks,
        steps=trail.steps,
        products=trail.products,
        outcome=outcome,
    )
