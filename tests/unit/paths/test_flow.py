"""The flow, its curve and the steepest-descent path against closed forms and SciPy."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import scipy.integrate
from path_surfaces import (
    PlaneInteractions,
    leps_oscillator,
    mueller_brown,
    plane_surface,
    stationary,
)

import glasswells as gw
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, DoubleWell
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths.chebyshev import Flow, stage_count, stages
from glasswells.paths.curve import Arc, CurvePoint
from glasswells.paths.descent import Descent, descend
from glasswells.paths.manifold import unstable_manifold
from glasswells.paths.saddle import Saddle, find_saddle
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


def amplification(count: int, z: np.ndarray) -> np.ndarray:
    """Factor by which one formula step multiplies a mode with h lambda = -z."""
    formula, _ = stages(count)
    before, last = np.ones_like(z), 1 + formula.first * z
    for row in formula.rows_js:
        value = row[0] + row[1] * last + row[2] * before + row[3] * z * last + row[4] * z
        before, last = last, value
    return last


@pytest.mark.parametrize("h_lambda", [0.5, 3.0, 12.0, 47.0, 260.0, 1500.0])
def test_extrapolated_stages_are_stable(h_lambda: float) -> None:
    z = -np.linspace(0, h_lambda, 4000)[1:]
    one, two, three = (amplification(stage_count(h_lambda / n), z / n) for n in (1, 2, 3))
    combined = one / 12 - 4 / 3 * two**2 + 9 / 4 * three**3
    assert np.abs(combined).max() < 1
    assert np.abs(one).max() < 1


def test_stage_formula_is_of_second_order() -> None:
    z = -np.array([0.02, 0.01])
    for count in (2, 5, 11):
        error = np.abs(amplification(count, z) - np.exp(z))
        assert np.log2(error[0] / error[1]) == pytest.approx(3, abs=0.1)


def test_step_is_of_fourth_order_on_mueller_brown() -> None:
    surface = plane_surface(mueller_brown)
    interactions = surface.interactions
    assert isinstance(interactions, PlaneInteractions)
    start = np.zeros((2, 3))
    start[0] = -0.7, 0.55, 0.05
    force = interactions.energy_and_forces(start)[1]
    flow = Flow(surface, 60.0)

    def exact(duration: float) -> np.ndarray:
        return scipy.integrate.solve_ivp(
            lambda t, q: -interactions.gradient(q),
            (0, duration),
            start.ravel(),
            rtol=1e-13,
            atol=1e-14,
            method="DOP853",
        ).y[:, -1]

    durations = np.array([0.04, 0.02, 0.01])
    steps = [flow.step(start, force, h) for h in durations]
    errors = np.array(
        [
            np.abs(step.positions.ravel() - exact(h)).max()
            for step, h in zip(steps, durations, strict=True)
        ]
    )
    # The local error of a fourth-order step falls as h^5, the estimate as h^4.
    assert np.log2(errors[:-1] / errors[1:]).min() > 4.4
    estimates = np.array([np.abs(step.error).max() for step in steps])
    assert np.log2(estimates[:-1] / estimates[1:]).min() > 3.5
    assert (estimates > errors).all()


def test_compiled_flow_is_the_plain_one(soft_liquid: Configuration) -> None:
    interactions = SoftSpheres().interactions(soft_liquid)
    surface = Surface(interactions=interactions, box=soft_liquid.box)

    class Plain:
        """Hides that these are pair interactions."""

        energy_and_forces = interactions.energy_and_forces

    plain = Surface(interactions=Plain(), box=soft_liquid.box)  # type: ignore[arg-type]
    x = np.array(soft_liquid.positions)
    fast, slow = Flow(surface, 2000.0), Flow(plain, 2000.0)
    for _ in range(5):
        force = interactions.energy_and_forces(x)[1]
        duration = 0.02 / np.sqrt((force**2).sum(axis=1).max())
        a, b = (flow.step(x, force, duration) for flow in (fast, slow))
        assert np.abs(a.positions - b.positions).max() < 1e-12
        assert np.abs(a.error - b.error).max() < 1e-12
        assert a.evaluations == b.evaluations
        x = a.positions


def test_step_beyond_its_neighbor_list_is_refused(soft_liquid: Configuration) -> None:
    interactions = SoftSpheres().interactions(soft_liquid)
    surface = Surface(interactions=interactions, box=soft_liquid.box)
    x = np.array(soft_liquid.positions)
    force = interactions.energy_and_forces(x)[1]
    assert np.isnan(Flow(surface, 2000.0).step(x, force, 0.5).positions).all()


def circle(angle: float) -> CurvePoint:
    positions, tangent = np.zeros((2, 3)), np.zeros((2, 3))
    positions[1, :2] = np.cos(angle), np.sin(angle)
    tangent[1, :2] = -np.sin(angle), np.cos(angle)
    return CurvePoint(positions, tangent)


def test_arc_of_a_circle() -> None:
    errors = [abs(Arc(circle(0.2), circle(0.2 + h)).length - h) / h for h in (0.8, 0.4, 0.1)]
    assert errors[-1] < 1e-9
    assert np.log2(errors[0] / errors[1]) == pytest.approx(6, abs=1)
    arc = Arc(circle(0.0), circle(0.1))
    assert arc.length_to(0.5) == pytest.approx(0.05, rel=1e-8)
    assert np.linalg.norm(arc.point(0.3)) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(arc.point(0.0), circle(0.0).positions)
    assert np.abs(arc.point(1.0) - circle(0.1).positions).max() < 1e-15


def test_where_an_arc_comes_within_a_distance() -> None:
    first, second = circle(0.0), circle(0.2)
    center = circle(0.3).positions
    distance = 2 * np.sin(0.09)  # of the point at angle 0.12
    arc = Arc(first, second)
    u = arc.where_distance(first.positions - center, distance)
    assert u is not None
    assert np.abs(arc.point(u) - circle(0.12).positions).max() < 1e-6
    assert arc.where_distance(first.positions - center, 0.01) is None
    assert arc.where_distance(first.positions - center, 2.0) is None


SURFACES = {
    # minimum, minimum, near the saddle
    "mueller_brown": (mueller_brown, (-0.558, 1.442), (-0.05, 0.467), (-0.822, 0.624)),
    "leps_oscillator": (leps_oscillator, (0.742, 1.304), (3.001, -1.306), (2.0, -0.2)),
}


def analytic_descents(
    name: str, rhos: tuple[float, ...] = (), **settings: float
) -> tuple[Surface, Saddle, tuple[np.ndarray, np.ndarray], list[Descent]]:
    value, first, second, top = SURFACES[name]
    surface = plane_surface(value)
    minima = stationary(value, *first), stationary(value, *second)
    s = PathSettings(first_stiffness=50.0, **settings)  # type: ignore[arg-type]
    saddle = find_saddle(surface, stationary(value, *top), minima[1] - minima[0], s)
    assert saddle.outcome is Outcome.CONVERGED
    return (
        surface,
        saddle,
        minima,
        [descend(surface, saddle, sign, minima, rhos, s) for sign in (1, -1)],
    )


@pytest.mark.parametrize("name", SURFACES)
def test_descents_end_in_the_two_minima(name: str) -> None:
    _, _, minima, descents = analytic_descents(name, rhos=(0.1, 0.01))
    assert {d.target for d in descents} == {0, 1}
    for d in descents:
        assert d.outcome is Outcome.CONVERGED
        assert d.target is not None
        assert np.abs(d.minimum - minima[d.target]).max() < 1e-12
        for rho, point in d.marks.items():
            assert np.linalg.norm(point - d.minimum) == pytest.approx(rho, rel=1e-10)
        assert set(d.marks) == {0.1, 0.01}


@pytest.mark.parametrize("name", SURFACES)
def test_gradient_is_parallel_to_the_path(name: str) -> None:
    """Also between the points, where the path is a cubic curve."""
    surface, _, _, descents = analytic_descents(name)
    for d in descents:
        for arc in d.arcs[1:]:
            h = 1e-4
            tangent = arc.point(0.5 + h) - arc.point(0.5 - h)
            force = surface.interactions.energy_and_forces(arc.point(0.5))[1]
            cosine = (tangent * force).sum() / np.linalg.norm(tangent) / np.linalg.norm(force)
            assert cosine > 1 - 1e-5


@pytest.mark.parametrize("name", SURFACES)
def test_path_is_that_of_an_ode_solver(name: str) -> None:
    """Start both a little below the saddle; compare arc length at equal energies."""
    surface, _, _, descents = analytic_descents(name)
    interactions = surface.interactions
    assert isinstance(interactions, PlaneInteractions)

    def right(t: float, q: np.ndarray) -> np.ndarray:
        g = interactions.gradient(q[:6])
        return np.concatenate([-g, [np.linalg.norm(g)]])

    for d in descents:
        start = d.points[1].positions.ravel()
        solved = scipy.integrate.solve_ivp(
            right,
            (0, 400.0),
            np.concatenate([start, [d.arc_length[1]]]),
            rtol=1e-11,
            atol=1e-13,
            method="LSODA",
        )
        length = solved.y[6, -1]
        assert d.length == pytest.approx(length, rel=1e-5)
        end = solved.y[:6, -1]
        assert np.abs(end - d.minimum.ravel()).max() < 1e-5


def test_arc_length_converges_with_the_tolerance() -> None:
    lengths = [
        sum(d.length for d in analytic_descents("mueller_brown", path_tolerance=t)[3])
        for t in (1e-4, 1e-6, 1e-9)
    ]
    assert abs(lengths[1] - lengths[2]) < 1e-5 * lengths[2]
    assert abs(lengths[1] - lengths[2]) < abs(lengths[0] - lengths[2])


def test_leaving_the_saddle_is_of_third_order() -> None:
    """The force at the point left to is along the curve x(a) to third order in a."""
    surface, saddle, _, _ = analytic_descents("mueller_brown")
    defects = []
    whole = unstable_manifold(surface, saddle, PathSettings(bend_tolerance=1e-9))
    for manifold in (whole, whole.reversed()):
        for a in (0.04, 0.02, 0.01):
            tangent = manifold.point(a + 1e-5) - manifold.point(a - 1e-5)
            tangent /= np.linalg.norm(tangent)
            force = surface.interactions.energy_and_forces(manifold.point(a))[1]
            across = force - (force * tangent).sum() * tangent
            defects.append(np.linalg.norm(across) / np.linalg.norm(force))
    # What is left out is of fourth order, the force itself of first: the angle is of third.
    ratios = np.array(defects).reshape(2, 3)
    assert np.log2(ratios[:, :-1] / ratios[:, 1:]).min() > 2.7


def test_both_halves_of_the_manifold_are_one() -> None:
    surface, saddle, _, _ = analytic_descents("mueller_brown")
    settings = PathSettings(bend_tolerance=1e-12)
    opposite = dataclasses.replace(saddle, mode=-saddle.mode)
    found = unstable_manifold(surface, saddle, settings).reversed()
    expected = unstable_manifold(surface, opposite, settings)
    for a in (-0.1, 0.03, 0.1):
        assert np.abs(found.point(a) - expected.point(a)).max() < 1e-9
    assert np.abs(found.point(0.1) - found.reversed().point(-0.1)).max() < 1e-15


def test_distances_next_to_the_saddle_are_marked() -> None:
    surface, saddle, targets, _ = analytic_descents("mueller_brown")
    for sign in (1, -1):
        path = descend(surface, saddle, sign, targets, (), PathSettings())
        assert path.target is not None
        from_saddle = surface.distance(targets[path.target], saddle.positions)
        rho = 0.999 * from_saddle
        marked = descend(surface, saddle, sign, targets, (rho,), PathSettings()).marks[rho]
        assert surface.distance(targets[path.target], marked) == pytest.approx(rho, rel=1e-9)


def test_how_far_a_path_starts_from_the_saddle() -> None:
    surface, saddle, _, _ = analytic_descents("mueller_brown")
    settings = PathSettings(first_distance=1e-4, farthest_start=0.5, first_error=1e-7)
    manifold = unstable_manifold(surface, saddle, settings)
    reach = manifold.reach(settings)
    second = 0.5 * np.linalg.norm(manifold.bend) * reach**2
    third = np.linalg.norm(manifold.twist) * reach**3 / 6
    assert third**2 / second == pytest.approx(1e-7)
    assert 1e-4 < reach < 0.5
    assert manifold.reach(replace(settings, first_distance=0.2)) == 0.2
    assert manifold.reach(replace(settings, farthest_start=2e-4)) == 2e-4
    straight = replace(manifold, twist=0.0 * manifold.twist)
    assert straight.reach(settings) == settings.first_distance


def test_a_start_off_the_manifold_is_seen_and_moved_towards_the_saddle() -> None:
    surface, saddle, _, _ = analytic_descents("mueller_brown")
    settings = PathSettings(first_distance=1e-3, farthest_start=0.5, first_error=1e-7)
    manifold = unstable_manifold(surface, saddle, replace(settings, bend_tolerance=1e-12))
    farthest = manifold.reach(settings)
    assert manifold.distance_off(surface, farthest) < 1e-4
    tangent = manifold.tangent(farthest)
    normal = np.array([[-tangent[0, 1], tangent[0, 0], 0.0]])
    beside = replace(manifold, origin=manifold.origin + 1e-3 * normal)
    assert beside.distance_off(surface, farthest) == pytest.approx(1e-3, rel=0.3)
    half = 0.5 * manifold.distance_off(surface, farthest)
    loose, tight = (replace(settings, first_distance_off=off) for off in (1e-2, half))
    assert manifold.start(surface, 1.0, loose) == farthest
    assert manifold.start(surface, 0.5 * farthest, loose) == 0.5 * farthest
    nearer = manifold.start(surface, 1.0, tight)
    assert manifold.distance_off(surface, nearer) <= half
    assert 0.5 * farthest < nearer < farthest
    assert beside.start(surface, 1.0, tight) == settings.first_distance


def test_pairs_that_come_within_their_cutoff_behind_the_saddle() -> None:
    """Where third derivatives jump the series leaves the manifold: by 7e-4, and the length was off
    by 2.2e-4, E by 3e-4 of its value."""
    stored = gw.two_level_system(153)
    whole, near = (
        gw.find_double_well(gw.SoftSpheres(), stored.minimum_a, stored.minimum_b, **settings)
        for settings in ({}, {"first_distance": 5e-4, "farthest_start": 7e-4})
    )
    assert isinstance(whole, DoubleWell)
    assert isinstance(near, DoubleWell)
    assert whole.path_length == pytest.approx(near.path_length, abs=4e-6)
    assert whole.barrier == pytest.approx(near.barrier, abs=1e-10)


def test_a_path_that_ends_elsewhere_says_so() -> None:
    value, first, second, top = SURFACES["mueller_brown"]
    surface = plane_surface(value)
    other = stationary(value, 0.623, 0.028)
    minimum = stationary(value, *first)
    settings = PathSettings()
    saddle = find_saddle(surface, stationary(value, *top), other - minimum, settings)
    ends = [descend(surface, saddle, sign, (minimum, other), (), settings) for sign in (1, -1)]
    outcomes = {d.target: d for d in ends}
    assert set(outcomes) == {0, None}
    assert outcomes[None].outcome is Outcome.LEFT_THE_PAIR
    assert np.abs(outcomes[None].minimum - stationary(value, *second)).max() < 1e-8


def test_step_limit_is_reported() -> None:
    _, _, _, descents = analytic_descents("mueller_brown", path_steps=3)
    assert all(d.outcome is Outcome.STEP_LIMIT for d in descents)
    assert all(d.target is None for d in descents)


def test_a_nearly_flat_saddle_is_left_in_bounded_steps() -> None:
    """The time in which the flow leaves such a saddle, 1/|lambda|, is no limit of a step."""
    surface, saddle, minima, _ = analytic_descents("mueller_brown")
    flat = dataclasses.replace(saddle, negative_eigenvalue=-1e-13)
    settings = PathSettings(first_stiffness=50.0)
    # The first steps are far too long: they end where the surface overflows, and are repeated.
    with np.errstate(over="ignore", invalid="ignore"):
        sides = [descend(surface, flat, sign, minima, (), settings) for sign in (1, -1)]
    assert {side.target for side in sides} == {0, 1}
