"""A liquid of masses 1 and 0.53 at constant energy: its drift, and who has which kinetic energy."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.configuration import Configuration
from glasswells.model.kob_andersen import KobAndersen
from glasswells.sampling.molecular_dynamics import Integrator, molecular_dynamics

pytestmark = pytest.mark.physics

N, LIGHT = 216, 0.53
MODEL = KobAndersen(cutoff=1.8)


def test_energy_does_not_drift_and_each_species_has_its_share() -> None:
    """Kinetic energies of the species differ from 3 T/2 a particle by what the center of mass has.

    At constant energy and momentum a particle of mass m has (3/2) T (1 - m/M), with the T that
    makes the sum (3N - 3) T/2.
    """
    sites = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    spacing = 1.2 ** (-1 / 3)
    is_light = np.random.default_rng(1).permutation(N) < N // 5
    start = Configuration(
        positions=spacing * sites,
        diameters=np.where(is_light, 0.88, 1.0),
        box=np.full(3, 6 * spacing),
        masses=np.where(is_light, LIGHT, 1.0),
    )
    melt = molecular_dynamics(MODEL, start, 1.0, 3000, 2, 0.004, thermostat="langevin", friction=2)
    integrator = Integrator(MODEL.interactions(start), start, 1.0, 0.003)
    state = melt.state
    at_rest = state.velocities - start.masses @ state.velocities / start.masses.sum()
    state = integrator.start(state.positions, 3, at_rest)
    kinetic, totals = [], []
    for _ in range(1500):
        run = integrator.advance(state, 40)
        state = run.state
        kinetic.append(0.5 * start.masses * (state.velocities**2).sum(axis=1))
        totals.append(run.kinetic_energies[-1] + run.potential_energies[-1])
    totals = np.array(totals)
    slope = np.polyfit(np.arange(1500), totals, 1)[0]
    assert abs(1500 * slope) < totals.std()
    np.testing.assert_allclose(start.masses @ state.velocities, 0, atol=1e-9)
    energies = np.array(kinetic)
    temperature = 2 * energies.sum(axis=1).mean() / (3 * N - 3)
    for light, mass in ((False, 1.0), (True, LIGHT)):
        of_species = energies[:, is_light == light].mean(axis=1)
        expected = 1.5 * temperature * (1 - mass / start.masses.sum())
        # Blocks of 50 samples, 6 time units each, are independent.
        blocks = of_species.reshape(30, 50).mean(axis=1)
        error = blocks.std(ddof=1) / np.sqrt(30)
        assert abs(blocks.mean() - expected) < 4 * error
        assert error < 0.02 * expected
