"""Bands against their slow twins: image by image, and the published formulas in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from path_surfaces import MUELLER_BROWN_SCALE, at, mueller_brown, plane_surface, stationary

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.pair_model import PairModel
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.model.stacked import StackedPairEnergies, lane_kernel
from glasswells.paths.band import BandRelaxation
from glasswells.paths.band_kernels import band_forces, empty_sums
from glasswells.paths.lbfgs import Directions
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


def images_between(
    configuration: Configuration, lanes: int, spread: float, seed: int
) -> np.ndarray:
    """Positions (N, 3, lanes) on a bent curve through the configuration."""
    generator = np.random.default_rng(seed)
    start, bend = generator.uniform(-spread, spread, (2, *configuration.positions.shape))
    u = np.linspace(0, 1, lanes)
    return np.ascontiguousarray(
        configuration.positions[:, :, None] + start[:, :, None] * u + bend[:, :, None] * u**2
    )


@pytest.mark.parametrize("lanes", [5, 24, 40, 67])
@pytest.mark.parametrize("name", ["soft_spheres", "kob_andersen"])
def test_lanes_are_the_images_one_by_one(
    name: str, lanes: int, soft_liquid: Configuration, mixture: Configuration
) -> None:
    model: PairModel = SoftSpheres() if name == "soft_spheres" else KobAndersen(cutoff=1.8)
    configuration = soft_liquid if name == "soft_spheres" else mixture
    interactions = model.interactions(configuration)
    energies = StackedPairEnergies(interactions, np.array(configuration.positions))
    r = images_between(configuration, lanes, 0.1, seed=lanes)
    # Several evaluations, so that a list is used away from where it was built and built again.
    for seed in range(4):
        r += np.random.default_rng(seed).uniform(-0.03, 0.03, r.shape)
        force, energy = np.empty_like(r), np.empty(lanes)
        placed = np.ascontiguousarray(r[energies.order])
        energies(placed, force, energy)
        for b in range(lanes):
            image = np.ascontiguousarray(r[:, :, b])
            fresh = model.interactions(configuration.moved_to(image))
            expected_energy, expected_force = fresh.energy_and_forces(image)
            assert energy[b] == pytest.approx(expected_energy, rel=1e-12)
            scale = np.abs(expected_force).max()
            assert np.abs(force[:, :, b] - expected_force[energies.order]).max() < 1e-12 * scale


def test_a_stale_list_would_be_noticed(soft_liquid: Configuration) -> None:
    """The list of one place misses pairs at another: the rebuild is what makes lanes right."""
    interactions = SoftSpheres().interactions(soft_liquid)
    energies = StackedPairEnergies(interactions, np.array(soft_liquid.positions))
    r = images_between(soft_liquid, 24, 0.05, seed=1)[energies.order]
    r = np.ascontiguousarray(r)
    stale = energies.pairs(r)
    moved = r + np.random.default_rng(2).uniform(-0.3, 0.3, r.shape)
    force, energy, wrong = np.empty_like(r), np.empty(24), np.empty(24)
    lane_kernel(interactions.model.law)(
        moved, interactions.box, stale, interactions.constants, force, wrong
    )
    energies(moved, force, energy)
    assert np.abs(energy - wrong).max() > 1e-3


def tangent_twin(below: float, here: float, above: float, behind: np.ndarray, ahead: np.ndarray):  # type: ignore[no-untyped-def]
    """Henkelman & Jonsson, JCP 113, 9978 (2000), eqs. 8-11, as printed."""
    if above > here > below:
        tangent = ahead
    elif above < here < below:
        tangent = behind
    else:
        most = max(abs(above - here), abs(below - here))
        least = min(abs(above - here), abs(below - here))
        on_ahead, on_behind = (most, least) if above > below else (least, most)
        tangent = ahead * on_ahead + behind * on_behind
    return tangent / np.linalg.norm(tangent)


@pytest.mark.parametrize("climbing", [0, 3])
def test_band_forces_are_the_published_ones(climbing: int) -> None:
    generator = np.random.default_rng(7)
    images, padding, spring = 8, 3, 2.5
    r = generator.normal(size=(30, images + padding))
    r[:, images:] = r[:, images - 1 : images]
    force = generator.normal(size=r.shape)
    energy = generator.normal(size=images + padding)
    out, residual = np.empty_like(r), np.empty(images + padding)
    last = images - 1
    band_forces(r, force, energy, last, climbing, spring, empty_sums(r.shape[1]), residual, out)
    assert not out[:, 0].any()
    assert not out[:, last:].any()
    for b in range(1, last):
        behind, ahead = r[:, b] - r[:, b - 1], r[:, b + 1] - r[:, b]
        t = tangent_twin(energy[b - 1], energy[b], energy[b + 1], behind, ahead)
        along = force[:, b] @ t
        if b == climbing:
            expected, rest = force[:, b] - 2 * along * t, force[:, b]
        else:
            pull = spring * (np.linalg.norm(ahead) - np.linalg.norm(behind))
            expected, rest = force[:, b] - along * t + pull * t, force[:, b] - along * t
        assert np.abs(out[:, b] - expected).max() < 1e-13
        assert residual[b] == pytest.approx(np.abs(rest).max(), rel=1e-12)


def test_equal_energies_give_the_plain_tangent() -> None:
    r = np.random.default_rng(1).normal(size=(6, 3))
    out, residual = np.empty_like(r), np.empty(3)
    sums = empty_sums(3)
    force = np.random.default_rng(2).normal(size=(6, 3))
    band_forces(r, force, np.zeros(3), 2, 0, 0.0, sums, residual, out)
    t = (r[:, 2] - r[:, 0]) / np.linalg.norm(r[:, 2] - r[:, 0])
    assert np.abs(out[:, 1] - (force[:, 1] - (force[:, 1] @ t) * t)).max() < 1e-14


@pytest.mark.parametrize("pushes", [1, 3, 9])
def test_directions_are_the_two_loop_recursion(pushes: int) -> None:
    generator = np.random.default_rng(pushes)
    size, memory = 40, 4
    matrix = generator.normal(size=(size, size))
    matrix = matrix @ matrix.T + np.eye(size)
    directions = Directions(memory, size, 0.01)
    steps = [generator.normal(size=size) for _ in range(pushes)]
    for step in steps:
        directions.remember(step, matrix @ step)
    force = generator.normal(size=size)
    kept = steps[-memory:]
    q, alphas = force.copy(), []
    for s in reversed(kept):
        y = matrix @ s
        alphas.append(s @ q / (s @ y))
        q -= alphas[-1] * y
    y = matrix @ kept[-1]
    q *= kept[-1] @ y / (y @ y)
    for s, alpha in zip(kept, reversed(alphas), strict=True):
        y = matrix @ s
        q += (alpha - y @ q / (s @ y)) * s
    assert np.abs(directions.direction(force) - q).max() < 1e-10 * np.abs(q).max()


def test_a_step_of_negative_curvature_is_not_remembered() -> None:
    directions = Directions(3, 5, 0.5)
    directions.remember(np.ones(5), -np.ones(5))
    force = np.arange(5.0)
    assert np.array_equal(directions.direction(force), 0.5 * force)


@pytest.mark.parametrize("images", [5, 11, 40])
def test_band_on_mueller_brown_climbs_to_the_published_saddle(images: int) -> None:
    surface = plane_surface(mueller_brown)
    start = stationary(mueller_brown, -0.558, 1.442)
    end = stationary(mueller_brown, -0.05, 0.467)
    settings = PathSettings(first_stiffness=50.0)
    relaxation = BandRelaxation(surface, start, end, images, settings)
    relaxation.relax(0.1, 500)
    band = relaxation.relax(1e-7, 3000, climb=True)
    assert band.outcome is Outcome.CONVERGED
    assert band.max_force <= 1e-7
    top = int(np.argmax(band.energies))
    assert band.positions[top][0, :2] == pytest.approx([-0.822, 0.624], abs=1e-3)
    assert band.energies[top] / MUELLER_BROWN_SCALE == pytest.approx(-40.665, abs=1e-3)
    assert np.array_equal(band.positions[0], start)
    assert band.arc_length[-1] > np.linalg.norm(end - start)


def test_ends_stand_still_and_the_drift_is_removed(soft_liquid: Configuration) -> None:
    model = SoftSpheres()
    interactions = model.interactions(soft_liquid)
    surface = Surface(interactions=interactions, box=soft_liquid.box)
    start = np.array(soft_liquid.positions)
    move = np.random.default_rng(3).uniform(-0.05, 0.05, start.shape)
    far = start + move + np.array([3.0, -7.0, 40.0])
    band = BandRelaxation(surface, start, far, 7, PathSettings()).relax(1e-3, 3)
    assert np.array_equal(band.positions[0], start)
    step = band.positions[-1] - start
    assert np.abs(step - (move - move.mean(axis=0))).max() < 1e-10
    assert np.abs(step.mean(axis=0)).max() < 1e-12


def test_overlap_ends_the_relaxation() -> None:
    def broken(x: complex, y: complex) -> complex:
        return x**2 + y**2 if x.real < 2 else complex(np.nan, np.nan)

    band = BandRelaxation(plane_surface(broken), at(0, 0), at(3, 0), 9, PathSettings())
    assert band.relax(1e-3, 50).outcome is Outcome.NOT_FINITE
