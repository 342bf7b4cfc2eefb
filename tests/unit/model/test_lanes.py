"""Sixteen configurations as lanes: forces against all pairs, lists however far lanes are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import reference
from glasswells.core.records import Configuration
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.lane_lists import SKIN, LaneLists, has_strayed
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import (
    fixed_point,
    floating_point,
    lane_force_kernel,
    low_half,
)
from glasswells.model.law import single_precision
from glasswells.model.soft_spheres import SoftSpheres

pytestmark = pytest.mark.compiled
SOFT, MIXTURE = SoftSpheres(), KobAndersen(cutoff=1.6)
TWINS = {SOFT: reference.soft_spheres(), MIXTURE: reference.kob_andersen(1.6)}
ROUNDING = 2e-6
"""Of a force, relative to the largest between two particles: 2^-24 times the steepness of x^-13,
and some ten pairs."""


def lanes_of(configurations: list[np.ndarray], box: np.ndarray) -> NDArray[np.int32]:
    units = [low_half(fixed_point(r, box)).T for r in configurations]
    return np.stack(units, axis=2).reshape(-1)


def evaluate(model: Any, configuration: Configuration, placed: list[np.ndarray]) -> np.ndarray:
    """Forces and energies (4, N, LANES)."""
    interactions = model.interactions(configuration)
    lists, r = LaneLists(interactions), lanes_of(placed, configuration.box)
    lists.make(r)
    force = np.full(4 * len(placed[0]) * LANES, np.nan, dtype=np.float32)
    around = lists.surroundings
    lane_force_kernel(model.law)(
        r, lists.pairs, around.unit, single_precision(model.constants), around.block, force
    )
    return force.reshape(4, -1, LANES)


def moved(configuration: Configuration, by: float, seed: int) -> list[np.ndarray]:
    """The configuration with every coordinate moved by up to `by`, in each lane another way."""
    rng = np.random.default_rng(seed)
    r = configuration.positions
    return [r + rng.uniform(-by, by, r.shape) for _ in range(LANES)]


def test_positions_go_to_units_and_back() -> None:
    rng, box = np.random.default_rng(1), np.array([5.3, 7.1, 11.447])
    units = fixed_point(rng.uniform(-40, 40, (200, 3)), box)
    assert np.array_equal(fixed_point(floating_point(units, box), box), units)


@pytest.mark.parametrize("name", ["soft", "mixture"])
@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_forces_are_those_of_each_configuration(
    name: str, spread: float, soft_liquid: Configuration, mixture: Configuration
) -> None:
    model, c = (SOFT, soft_liquid) if name == "soft" else (MIXTURE, mixture)
    placed = moved(c, spread, seed=2)
    found = evaluate(model, c, placed)
    for b in (0, 7, LANES - 1):
        bonds = reference.bonds(TWINS[model], placed[b], c.diameters, c.box)
        strongest = max(abs(bond.v[1]) for bond in bonds)
        forces = reference.forces(bonds, c.n_particles)
        assert np.abs(found[:3, :, b].T - forces).max() < ROUNDING * strongest
        energy = reference.energy(bonds)
        assert found[3, :, b].sum(dtype=float) == pytest.approx(energy, rel=1e-5)


def test_a_lane_does_not_depend_on_the_others(soft_liquid: Configuration) -> None:
    """Not in the last bit, though the list holds other pairs for their sake."""
    near, far = moved(soft_liquid, 0.02, seed=3), moved(soft_liquid, 0.4, seed=4)
    alone = evaluate(SOFT, soft_liquid, [near[5]] * LANES)[:, :, 5]
    for others in (near, far):
        beside = [*others[:5], near[5], *others[6:]]
        assert np.array_equal(evaluate(SOFT, soft_liquid, beside)[:, :, 5], alone)


@pytest.mark.parametrize("spread", [0.0, 0.2, 20.0])
def test_the_list_misses_no_pair_of_any_lane(soft_liquid: Configuration, spread: float) -> None:
    """At 20 the lanes have nothing in common, and images are everywhere."""
    c, placed = soft_liquid, moved(soft_liquid, spread, seed=5)
    lists = LaneLists(SOFT.interactions(c))
    lists.make(lanes_of(moved(c, 0.01, seed=6), c.box))
    lists.make(lanes_of(placed, c.box))
    size = int(lists.pairs.used[0])
    listed = list(
        zip(lists.pairs.first[:size].tolist(), lists.pairs.second[:size].tolist(), strict=True)
    )
    assert listed == sorted(set(listed))
    i, j = np.triu_indices(c.n_particles, 1)
    near = np.zeros(len(i), dtype=bool)
    a, b = c.diameters[i], c.diameters[j]
    list_cutoff = 1.25 * 0.5 * (a + b) * (1 - 0.2 * np.abs(a - b)) + SKIN - 1e-3
    for r in placed:
        apart = r[j] - r[i]
        apart -= c.box * np.rint(apart / c.box)
        near |= np.linalg.norm(apart, axis=1) < list_cutoff
    assert set(zip(i[near].tolist(), j[near].tolist(), strict=True)) <= set(listed)


def test_a_list_holds_until_a_particle_has_moved_by_half_the_skin(
    soft_liquid: Configuration,
) -> None:
    c, lists = soft_liquid, LaneLists(SOFT.interactions(soft_liquid))
    placed = moved(c, 0.05, seed=7)
    lists.make(lanes_of(placed, c.box))
    around = lists.surroundings
    for distance, strayed in ((0.49, False), (0.51, True)):
        placed[9] = placed[9].copy()
        placed[9][17] += np.array([0.6, 0.0, 0.8]) * SKIN * (distance - 0.49 * strayed)
        r = lanes_of(placed, c.box)
        assert has_strayed(r, around.reference, around.unit, around.farthest2) == strayed
