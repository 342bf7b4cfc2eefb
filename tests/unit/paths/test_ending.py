"""The end of a path in few directions: closed forms, SciPy, and the path followed by steps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.integrate
from path_surfaces import (
    PlaneInteractions,
    leps_oscillator,
    mueller_brown,
    plane_surface,
    real_pairs,
    stationary,
)

from glasswells.core.records import DoubleWell
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import find_double_well
from glasswells.paths.curve import Arc, CurvePoint
from glasswells.paths.descent import Descent
from glasswells.paths.double_well import surface_of
from glasswells.paths.ending import (
    RATIO,
    TURN,
    Ending,
    Integrator,
    ending,
    phi,
    quadratic_length,
    span_of,
    times_along,
)
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface
from glasswells.paths.tangents import steepest_descents

MODEL = SoftSpheres()
EXPLICIT = {"entry_error": 1e-300}
"""No end of a path is taken as found, so that steps go on to `last_distance`."""


def test_phi_functions_are_their_integrals() -> None:
    """phi_k(z) = integral_0^1 e^((1 - u) z) u^(k - 1) / (k - 1)! du."""
    z = -np.array([0.0, 1e-9, 1e-3, 0.3, 0.999, 1.001, 3.0, 40.0, 700.0])
    found = phi(z)
    assert found[0] == pytest.approx(np.exp(z), rel=1e-14)
    factorial = 1.0
    for k in range(1, 5):
        for value, expected in zip(found[k], z, strict=True):
            integral, _ = scipy.integrate.quad(
                lambda u, a=expected, k=k: np.exp((1 - u) * a) * u ** (k - 1),
                0,
                1,
                epsabs=1e-14,
                epsrel=1e-12,
                points=[0.9, 0.99, 0.999],
            )
            assert value == pytest.approx(integral / factorial, rel=1e-10)
        factorial *= k


def test_integrator_is_exact_for_cubic_forces() -> None:
    stiffness, times = np.array([0.0, 0.2, 3.0, 80.0]), np.array([0.0, 0.3, 0.5, 1.4, 2.0, 4.0])
    coefficients = np.random.default_rng(3).normal(size=(4, 4))

    def rest(t: float) -> np.ndarray:
        return coefficients @ np.array([1.0, t, t**2, t**3])

    start = np.array([1.0, -2.0, 0.5, 0.1])
    solved = scipy.integrate.solve_ivp(
        lambda t, z: rest(t) - stiffness * z,
        (0, times[-1]),
        start,
        t_eval=times,
        rtol=1e-11,
        atol=1e-12,
        method="Radau",
    )
    found = Integrator(stiffness, times)(start, np.array([rest(t) for t in times]))
    assert np.abs(found - solved.y.T).max() < 1e-8


def test_times_follow_the_distance_and_the_direction() -> None:
    stiffness, start = np.array([0.3, 2.0, 50.0]), np.array([0.006, 0.004, -0.005])
    for last in (1e-3, 0.5):
        times = times_along(stiffness, start, last)
        flow = start * np.exp(-np.outer(times, stiffness))
        away, slopes = np.linalg.norm(flow, axis=1), stiffness * flow
        slopes /= np.linalg.norm(slopes, axis=1)[:, None]
        turns = np.linalg.norm(np.diff(slopes, axis=0), axis=1)
        assert times[0] == 0
        assert len(times) >= 4
        assert (away[1:] / away[:-1]).min() > 0.99 * RATIO
        assert turns.max() < 1.01 * TURN
        # None is much shorter than it must be.
        assert (np.log(away[:-1] / away[1:]) / -np.log(RATIO) + turns / TURN)[:-1].min() > 0.7
        assert away[-1] == pytest.approx(min(last, RATIO**3 * away[0]), rel=2e-2)


def test_length_on_a_quadratic_surface() -> None:
    assert quadratic_length(np.array([3.0]), np.array([-0.2])) == pytest.approx(0.2, rel=1e-8)
    # Equal stiffness: a straight line. Two: y ~ x^(k2/k1), a parabola for a ratio of 2.
    line = quadratic_length(np.array([2.0, 2.0]), np.array([0.3, 0.4]))
    assert line == pytest.approx(0.5, rel=1e-8)
    x, y = 0.3, 0.2
    slope = 2 * y / x
    parabola = x / 2 * (np.sqrt(1 + slope**2) + np.arcsinh(slope) / slope)
    found = quadratic_length(np.array([1.0, 2.0]), np.array([x, y]))
    assert found == pytest.approx(parabola, rel=1e-8)


def length_of(surface: Surface, origin: np.ndarray, offset: np.ndarray, end: Ending) -> float:
    force = surface.interactions.energy_and_forces(origin + offset)[1]
    points = [CurvePoint(origin + offset, force / np.linalg.norm(force)), *end.points]
    arcs = [Arc(a, b) for a, b in pairwise(points)]
    return sum(arc.length for arc in arcs) + end.rest


@pytest.mark.parametrize(
    ("value", "minimum"),
    [(mueller_brown, (-0.558, 1.442)), (leps_oscillator, (0.742, 1.304))],
)
def test_end_on_a_plane_is_that_of_an_ode_solver(  # type: ignore[no-untyped-def]
    value, minimum, monkeypatch
) -> None:
    """The plane has two directions, so that nothing is left out.

    The flow begins across the valley, as paths that come from a saddle do not, and turns into it.
    """
    surface = plane_surface(value)
    interactions, settings = surface.interactions, PathSettings()
    assert isinstance(interactions, PlaneInteractions)
    bottom = stationary(value, *minimum)
    for angle in (0.3, 1.9, 3.5):
        offset = np.zeros_like(bottom)
        offset[0, :2] = 0.02 * np.cos(angle), 0.02 * np.sin(angle)
        solved = scipy.integrate.solve_ivp(
            lambda t, q: np.append(
                -interactions.gradient(q[:-1]), np.linalg.norm(interactions.gradient(q[:-1]))
            ),
            (0, 50.0),
            np.append(bottom + offset, 0.0),
            rtol=1e-11,
            atol=1e-13,
            method="LSODA",
        )
        expected = solved.y[-1, -1]
        quadratic = quadratic_length(*_eigen(surface, bottom, offset))
        assert abs(quadratic - expected) > 3e-6  # what the surface bends
        for turn, error in ((0.3, 2e-5), (0.1, 1e-6)):
            monkeypatch.setattr("glasswells.paths.ending.TURN", turn)
            end = ending(surface, bottom, offset, settings)
            assert end.error < 1e-12
            assert length_of(surface, bottom, offset, end) == pytest.approx(expected, abs=error)


def _eigen(
    surface: Surface, bottom: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    matrix = surface.expansion(bottom).matrix.toarray()[:2, :2]
    values, vectors = np.linalg.eigh(matrix)
    return values, offset[0, :2] @ vectors


@pytest.fixture(scope="module")
def well() -> DoubleWell:
    found = (find_double_well(MODEL, a, b) for a, b in real_pairs(12))
    return next(w for w in found if isinstance(w, DoubleWell))


def descents(well: DoubleWell, **settings: float) -> tuple[Descent, Descent]:
    surface = surface_of(MODEL, well.minimum_a)
    return steepest_descents(surface, well, (0.01,), PathSettings(**settings))  # type: ignore[arg-type]


def test_span_holds_the_path_and_is_of_eigenvectors(well: DoubleWell) -> None:
    surface = surface_of(MODEL, well.minimum_a)
    expansion = surface.expansion(np.array(well.minimum_a.positions))
    offset = 0.01 * well.tangent_a
    settings = PathSettings()
    span = span_of(expansion, offset, settings)
    assert len(span.modes) == settings.entry_modes
    assert np.abs(span.modes @ span.modes.T - np.eye(len(span.modes))).max() < 1e-8
    moved = np.array([expansion.product(mode) for mode in span.modes])
    assert np.abs(span.modes @ moved.T - np.diag(span.stiffness)).max() < 1e-6
    inside = [offset, expansion.third(offset)[0], expansion.product(offset)]
    assert max(span.outside(field.ravel()) for field in inside) < 1e-5
    force = np.random.default_rng(1).normal(size=offset.size)
    whole = np.concatenate(span.fields)[np.abs(span.orthonormal).max(axis=1) > 0]  # those in use
    rest = force - whole.T @ np.linalg.lstsq(whole.T, force, rcond=None)[0]
    expected = np.linalg.norm(rest) / np.linalg.norm(force)
    # Combinations that are nearly dependent are left out of the span.
    assert span.outside(force) == pytest.approx(expected, abs=1e-3)


def test_end_is_that_of_the_path_followed_by_steps(well: DoubleWell) -> None:
    short, long = descents(well), descents(well, **EXPLICIT)
    for found, expected in zip(short, long, strict=True):
        assert found.target == expected.target
        assert found.evaluations < 0.95 * expected.evaluations
        assert np.abs(found.marks[0.01] - expected.marks[0.01]).max() == 0
        assert found.length == pytest.approx(expected.length, abs=5e-7)
        # Both are followed to the same distance.
        last = [np.linalg.norm(d.points[-1].positions - d.minimum) for d in (found, expected)]
        assert max(last) < 1.1 * PathSettings().last_distance


def test_points_at_the_end_are_on_the_path(well: DoubleWell) -> None:
    """The energy over the distance along the path, beside that of the steps."""
    surface = surface_of(MODEL, well.minimum_a)
    for found, expected in zip(descents(well), descents(well, **EXPLICIT), strict=True):
        curve = _energies(surface, expected)
        for distance, energy in zip(*_energies(surface, found), strict=True):
            assert energy == pytest.approx(np.interp(distance, *curve), abs=3e-8)


def _energies(surface: Surface, side: Descent) -> tuple[np.ndarray, np.ndarray]:
    """Distances along the path from the minimum below 0.01, and energies above it."""
    found = [(0.0, 0.0)]
    for arc, start in reversed(list(zip(side.arcs, side.arc_length, strict=False))):
        for u in np.linspace(1, 0, 20):
            distance = side.length - start - arc.length_to(u)
            if found[-1][0] < distance < 0.01:
                found.append((distance, surface.energy(arc.point(u)) - side.energy))
    distances, energies = np.array(found).T
    return distances, energies


def test_a_quadratic_surface_is_followed_exactly() -> None:
    """U is zero there: the second space has no direction."""

    def bowl(x, y):  # type: ignore[no-untyped-def]
        return 0.5 * (x**2 + 2.0 * y**2) + 0.0 * x

    surface = plane_surface(bowl)
    offset = np.zeros((2, 3))
    offset[0, :2] = 0.3, 0.2
    end = ending(surface, np.zeros((2, 3)), offset, replace(PathSettings(), last_distance=0.01))
    assert end.evaluations > 0
    expected = quadratic_length(np.array([1.0, 2.0]), np.array([0.3, 0.2]))
    assert length_of(surface, np.zeros((2, 3)), offset, end) == pytest.approx(expected, rel=1e-4)
