"""The landscape of particles of unequal masses: who keeps them, and what distances mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glasswells.core.configuration import Configuration
from glasswells.core.geometry import displacement
from glasswells.core.records import InherentStructure
from glasswells.landscape.close import close_pairs
from glasswells.landscape.explore import continue_exploration, explore, start_exploration
from glasswells.landscape.linked import linked_pairs
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.model.diameters import draw_diameters
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.relaxation import swap_trajectory
from glasswells.stages.pipeline import PIPELINE

MODEL = SoftSpheres()
N = 64


@pytest.fixture(scope="module")
def liquid() -> Configuration:
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return Configuration(
        positions=sites + np.random.default_rng(1).uniform(-0.1, 0.1, (N, 3)),
        diameters=draw_diameters(N, limits=(0.73, 1.3), seed=1),
        box=np.full(3, 4.0),
        masses=np.random.default_rng(2).uniform(0.5, 2, N),
    )


def test_structures_and_pairs_keep_masses_and_rest_at_the_center_of_mass(liquid) -> None:
    found = explore(MODEL, liquid, 0.5, 12, 40, seed=2)
    assert len(found.structures) > 2
    for structure in found.structures:
        assert np.array_equal(structure.configuration.masses, liquid.masses)
    for pair in linked_pairs(found.structures, found.transitions, 1):
        a, b = (found.structures[k].configuration for k in (pair.i, pair.j))
        moved = displacement(a.positions, b.positions, a.box, liquid.masses)
        np.testing.assert_allclose(liquid.masses @ moved, 0, atol=1e-10)
        assert pair.distance == pytest.approx(np.linalg.norm(moved), abs=1e-12)


def test_a_trajectory_goes_on_from_the_store_with_its_masses(liquid) -> None:
    settings = ExplorationSettings(temperature=0.5, interval=20)
    start = start_exploration(MODEL, liquid, settings, 3)
    whole = continue_exploration(MODEL, start, settings, 6)
    half = continue_exploration(MODEL, start, settings, 3)
    encoded = PIPELINE.codec.encode(half)
    read = PIPELINE.codec.decode(encoded.body, encoded.arrays.__getitem__)
    again = continue_exploration(MODEL, read, settings, 3)
    assert again.dynamics.velocities.tobytes() == whole.dynamics.velocities.tobytes()
    assert np.array_equal(again.structures[-1].configuration.masses, liquid.masses)


def test_close_pairs_measure_from_the_center_of_mass(liquid) -> None:
    """One heavy particle moves by 1: without masses the mean would move by 1/N of that."""
    masses = np.ones(N)
    masses[0] = N
    before = replace(liquid, masses=masses)
    moved = np.array(before.positions)
    moved[0, 0] += 1.0
    structures = [
        InherentStructure(index=k, configuration=c, energy=0.0)
        for k, c in enumerate((before, before.moved_to(moved)))
    ]
    fraction = N / (2 * N - 1)  # of the center of mass
    distance = np.sqrt((1 - fraction) ** 2 + (N - 1) * fraction**2)
    (pair,) = close_pairs(structures, [], 1.0, distance + 1e-9, distance - 1e-9)
    assert pair.distance == pytest.approx(distance, rel=1e-12)


def test_frames_of_swap_trajectories_have_the_masses_of_their_diameters(liquid) -> None:
    trajectory, _ = swap_trajectory(MODEL, liquid, 0.5, 3, 5, 1, swap_probability=0.5, burn_in=0)
    mass_of = dict(zip(liquid.diameters, liquid.masses, strict=True))
    for frame in range(3):
        found = trajectory.configuration(frame)
        assert [mass_of[d] for d in found.diameters] == list(found.masses)
