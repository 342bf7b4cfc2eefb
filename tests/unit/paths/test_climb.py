"""Mode following on a surface of known stationary points."""

from __future__ import annotations

import numpy as np
import pytest
from path_surfaces import at, plane_surface

from glasswells.core.outcomes import Outcome
from glasswells.paths.climb import climb
from glasswells.paths.newton import newton
from glasswells.paths.saddle import find_saddle
from glasswells.paths.settings import PathSettings

SETTINGS = PathSettings()


def egg_box(x: complex, y: complex) -> complex:
    """Maxima at (0, 0) and its images, saddles at (pi, 0) and (0, pi), minima at (pi, pi)."""
    return np.cos(x) + 1.3 * np.cos(y)


@pytest.mark.parametrize("start", [(0.3, 0.1), (-0.5, 0.2), (0.2, -0.6), (0.05, 0.05)])
def test_from_a_maximum_to_a_saddle_of_index_one(start: tuple[float, float]) -> None:
    surface = plane_surface(egg_box)
    positions, tangent = at(*start), at(0.0, 1.0)
    # Newton's steps go to the top, which has two negative eigenvalues.
    top = newton(surface, positions, SETTINGS)
    assert np.linalg.norm(top.positions) < 0.5 * np.linalg.norm(positions)
    saddle = find_saddle(surface, positions, tangent, SETTINGS)
    assert saddle.outcome is Outcome.CONVERGED
    place = np.abs(saddle.positions[0, :2])
    # Along the softest mode, y, it is a maximum, along x a minimum.
    assert place == pytest.approx([np.pi, 0.0], abs=1e-8)
    assert saddle.negative_eigenvalue == pytest.approx(-1.3, rel=1e-5)
    assert saddle.next_eigenvalue == pytest.approx(1.0, rel=1e-2)


def test_from_a_minimum_uphill() -> None:
    """The softest mode is followed uphill where the surface is convex, too."""
    surface = plane_surface(egg_box)
    near = climb(surface, at(np.pi - 0.2, np.pi - 0.1), at(1.0, 0.0), SETTINGS)
    force = surface.interactions.energy_and_forces(near)[1]
    assert np.abs(force).max() < SETTINGS.climb_force
    assert np.abs(near[0, :2]) == pytest.approx([0.0, np.pi], abs=1e-3)


def test_a_saddle_that_newton_finds_is_kept() -> None:
    surface = plane_surface(egg_box)
    start = at(np.pi - 0.1, 0.1)
    direct = newton(surface, start, SETTINGS)
    saddle = find_saddle(surface, start, at(0.0, 1.0), SETTINGS)
    assert np.array_equal(saddle.positions, direct.positions)


def test_without_steps_it_stays_where_it_is() -> None:
    surface = plane_surface(egg_box)
    start = at(0.4, 0.3)
    settings = PathSettings(climb_force=10.0)
    assert np.array_equal(climb(surface, start, at(0.0, 1.0), settings), start)


def test_a_flat_surface_has_no_saddle() -> None:
    surface = plane_surface(lambda x, y: 0.1 * x + 0.0 * y)
    saddle = find_saddle(surface, at(0.2, 0.1), at(1.0, 0.0), SETTINGS)
    assert not saddle.outcome.converged
