"""Dynamics and swaps of particles of unequal masses: a mixture of masses 1 and 0.53."""

from __future__ import annotations

import numpy as np
import pytest
from stepwise import Stepwise

from glasswells.core.configuration import Configuration
from glasswells.core.errors import InputError
from glasswells.model.diameters import draw_diameters
from glasswells.model.functions import energy, forces
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import Integrator, molecular_dynamics
from glasswells.sampling.swap_monte_carlo import swap_monte_carlo
from glasswells.stages.pipeline import PIPELINE

KA = KobAndersen(cutoff=1.6)
LIGHT = 0.53


class Free:
    """No forces at all."""

    def interactions(self, configuration):
        return self

    def energy_and_forces(self, positions):
        return 0.0, np.zeros_like(positions)


def weighed(configuration, masses):
    return Configuration(
        positions=configuration.positions,
        diameters=configuration.diameters,
        box=configuration.box,
        masses=masses,
    )


@pytest.fixture(scope="module")
def alloy():
    """Two species of masses 1 and 0.53, melted."""
    sites = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    spacing = 1.2 ** (-1 / 3)
    is_small = np.arange(216) % 5 == 0
    start = Configuration(
        positions=spacing * sites,
        diameters=np.where(is_small, 0.88, 1.0),
        box=np.full(3, 6 * spacing),
        masses=np.where(is_small, LIGHT, 1.0),
    )
    run = molecular_dynamics(KA, start, 0.8, 500, 4, thermostat="langevin", friction=5.0)
    return run.configuration


@pytest.mark.parametrize("model", [KA, Stepwise(KA)], ids=["compiled", "stepwise"])
def test_a_short_run_follows_newton_with_each_mass(alloy, model):
    h, steps = 0.004, 25
    run = molecular_dynamics(model, alloy, 0.6, 0, 5, h)
    r, v = alloy.positions.copy(), run.velocities.copy()
    m = alloy.masses[:, None]
    for _ in range(steps):
        v += 0.5 * h * forces(KA, alloy.moved_to(r)) / m
        r += h * v
        v += 0.5 * h * forces(KA, alloy.moved_to(r)) / m
    after = molecular_dynamics(model, alloy, 0.6, steps, 5, h, state=run.state, sample_interval=5)
    # rounding grows by the Lyapunov exponent, here by less than a hundred
    np.testing.assert_allclose(after.configuration.positions, r, atol=1e-12)
    np.testing.assert_allclose(after.velocities, v, atol=1e-12)
    assert after.kinetic_energies[-1] == pytest.approx(0.5 * (m * v**2).sum(), rel=1e-12)
    assert np.array_equal(after.configuration.masses, alloy.masses)


def test_energy_is_conserved_to_second_order(alloy):
    spreads = []
    for refinement in (1, 2):
        h = 0.004 / refinement
        run = molecular_dynamics(KA, alloy, 0.3, 500 * refinement, 6, h, sample_interval=refinement)
        total = run.kinetic_energies + run.potential_energies
        half = len(total) // 2
        assert abs(total[half:].mean() - total[:half].mean()) < total.std()
        spreads.append(total.std())
    assert spreads[0] / spreads[1] == pytest.approx(4, rel=0.1)


def test_drawn_velocities_have_the_temperature_of_each_species_and_no_momentum(alloy):
    masses = alloy.masses
    squares = np.zeros(len(masses))
    for seed in range(200):
        v = molecular_dynamics(Free(), alloy, 0.5, 0, seed).velocities
        np.testing.assert_allclose(masses @ v, 0, atol=1e-12)
        squares += masses * (v**2).sum(axis=1) / (3 * 200)
    for mass in (1.0, LIGHT):
        found = squares[masses == mass]
        # 600 normal numbers a particle; one part in N is taken by the center of mass
        error = 0.5 * np.sqrt(2 / (600 * len(found)))
        assert abs(found.mean() - 0.5) < 4 * error + 0.5 / len(masses)


@pytest.mark.parametrize("model", [Free(), KA], ids=["free", "liquid"])
def test_the_thermostat_gives_each_species_its_temperature(alloy, model):
    """The noise of a velocity has variance T/m: without it the light ones would be too cold."""
    run = molecular_dynamics(model, alloy, 0.0, 0, 1, 0.005)
    state, sums, samples = run.state, np.zeros(216), 300
    integrator = Integrator(
        model.interactions(alloy), alloy, 0.7, 0.005, thermostat="langevin", friction=20.0
    )
    state = integrator.advance(state, 100).state
    for _ in range(samples):
        state = integrator.advance(state, 10).state  # two relaxation times of free velocities
        sums += alloy.masses * (state.velocities**2).sum(axis=1) / (3 * samples)
    for mass in (1.0, LIGHT):
        found = sums[alloy.masses == mass]
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert abs(found.mean() - 0.7) < 4 * error


def test_masses_of_all_one_run_the_same_trajectory_as_none(alloy):
    plain = weighed(alloy, None)
    ones = weighed(alloy, np.ones(216))
    runs = [molecular_dynamics(KA, c, 0.6, 50, 5, thermostat="langevin") for c in (plain, ones)]
    assert runs[0].velocities.tobytes() == runs[1].velocities.tobytes()


def test_scaling_all_masses_scales_time_only(alloy):
    heavy = weighed(alloy, 4 * alloy.masses)
    slow = molecular_dynamics(KA, heavy, 0.6, 30, 5, 0.008)
    fast = molecular_dynamics(KA, alloy, 0.6, 30, 5, 0.004)
    np.testing.assert_allclose(slow.velocities, 0.5 * fast.velocities, atol=1e-12)
    np.testing.assert_allclose(
        slow.configuration.positions, fast.configuration.positions, atol=1e-12
    )


def test_checkpoints_keep_masses_through_the_store(alloy):
    state = molecular_dynamics(KA, alloy, 0.6, 5, 5).state
    encoded = PIPELINE.codec.encode(state)
    read = PIPELINE.codec.decode(encoded.body, encoded.arrays.__getitem__)
    again = molecular_dynamics(KA, alloy, 0.6, 5, 5, state=read)
    whole = molecular_dynamics(KA, alloy, 0.6, 10, 5)
    assert again.velocities.tobytes() == whole.velocities.tobytes()
    with pytest.raises(InputError, match="masses and box"):
        molecular_dynamics(KA, weighed(alloy, None), 0.6, 5, 5, state=read)


def test_swaps_exchange_masses_with_diameters():
    rng = np.random.default_rng(3)
    sites = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    diameters = draw_diameters(125, limits=(0.73, 1.62), seed=1)
    start = Configuration(
        positions=sites, diameters=diameters, box=np.full(3, 5.0), masses=rng.uniform(1, 2, 125)
    )
    model = SoftSpheres()
    run = swap_monte_carlo(model, start, 0.5, 50, 7, swap_probability=0.5)
    assert run.swap_acceptance > 0.1
    mass_of = dict(zip(start.diameters, start.masses, strict=True))
    end = run.configuration
    assert not np.array_equal(end.masses, start.masses)
    assert [mass_of[d] for d in end.diameters] == list(end.masses)
    plain = swap_monte_carlo(model, weighed(start, None), 0.5, 50, 7, swap_probability=0.5)
    assert np.array_equal(plain.configuration.positions, end.positions)
    assert energy(model, end) == energy(model, plain.configuration)
    further = swap_monte_carlo(model, end, 0.5, 5, 7, state=run.state)
    assert sorted(further.configuration.masses) == sorted(start.masses)
    with pytest.raises(InputError, match="masses and box"):
        swap_monte_carlo(model, weighed(start, None), 0.5, 5, 7, state=run.state)
