"""The whole chain on amorphous silicon: what no pair model is, and has its own units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.records import Configuration, DoubleWell, MaxOverlap

MODEL = gw.StillingerWeber("vink-2001")


@pytest.fixture(scope="module")
def minima() -> tuple[Configuration, Configuration]:
    """Neighboring minima of 64 atoms, stored: trajectories depend on the processor's rounding."""
    with np.load(Path(__file__).with_name("silicon_pair.npz"), allow_pickle=False) as stored:
        a = Configuration(positions=stored["a"], diameters=np.ones(64), box=stored["box"])
        return a, a.moved_to(stored["b"])


@pytest.fixture(scope="module")
def well(minima: tuple[Configuration, Configuration]) -> DoubleWell:
    found = gw.find_double_well(MODEL, *minima)
    assert isinstance(found, DoubleWell)
    return found


def test_quenches_reach_forces_at_rounding(minima: tuple[Configuration, Configuration]) -> None:
    noise = np.random.default_rng(1).uniform(-0.02, 0.02, (64, 3))
    moved = minima[0].moved_to(minima[0].positions + noise)
    quench = gw.minimize(MODEL, moved)
    assert quench.outcome is gw.Outcome.CONVERGED
    assert quench.max_force <= 1e-10
    assert quench.energy == pytest.approx(gw.energy(MODEL, minima[0]), abs=1e-9)


def test_exploration_returns_to_known_minima(
    minima: tuple[Configuration, Configuration],
) -> None:
    found = gw.explore(MODEL, minima[0], 0.001, 4, 20, seed=1)
    assert len(found.structures) == 1
    assert found.structures[0].energy == pytest.approx(gw.energy(MODEL, minima[0]), abs=1e-9)


def test_a_double_well_from_minima_to_saddle(well: DoubleWell) -> None:
    assert well.negative_eigenvalue < 0
    values = np.linalg.eigvalsh(gw.hessian(MODEL, well.saddle).toarray())
    largest = values[-1]
    assert values[0] < -1e-6 * largest
    assert values[1] > -1e-9 * largest
    assert np.abs(gw.forces(MODEL, well.saddle)).max() < 1e-6
    height = gw.energy(MODEL, well.saddle) - gw.energy(MODEL, well.minimum_a)
    assert well.barrier == pytest.approx(height, abs=1e-8)


def test_splitting_in_kelvin(well: DoubleWell) -> None:
    splitting = gw.solve_splitting(well.profile, gw.SILICON)
    assert splitting.units == "silicon"
    assert splitting.reduced_hbar == pytest.approx(0.0122, abs=5e-5)
    assert splitting.error < 1e-3 * splitting.splitting
    assert gw.SILICON.energy_kelvin(splitting.splitting) > 0


def test_modes_and_overlaps_are_those_of_the_dense_hessian(well: DoubleWell) -> None:
    values, vectors = np.linalg.eigh(gw.hessian(MODEL, well.minimum_a).toarray())
    modes = gw.normal_modes(MODEL, well.minimum_a, 12)
    assert modes.frequencies[3:] == pytest.approx(np.sqrt(values[3:12]), rel=1e-8)
    field = well.displacement_ab.ravel() / np.linalg.norm(well.displacement_ab)
    found = gw.max_overlap(MODEL, well.minimum_a, well.displacement_ab)
    assert isinstance(found, MaxOverlap)
    assert found.certified
    assert found.overlap == pytest.approx(np.abs(field @ vectors).max(), rel=1e-8)


def test_cubic_mode_solves_its_equation(well: DoubleWell) -> None:
    mode = gw.cubic_mode(MODEL, well.minimum_a, well.displacement_ab)
    assert mode.outcome is gw.Outcome.CONVERGED
    product = gw.hessian_product(MODEL, well.minimum_a, mode.field)
    vector, scalar = gw.third_order(MODEL, well.minimum_a, mode.field)
    difference = product - mode.stiffness / scalar * vector
    assert np.linalg.norm(difference) < 1e-9 * np.linalg.norm(product)


def test_coupling_to_strain_is_of_the_order_of_an_electronvolt(well: DoubleWell) -> None:
    coupling = gw.deformation_potential(MODEL, well)
    in_electronvolt = gw.SILICON.energy_electronvolt(np.sqrt(coupling.gamma_longitudinal2))
    assert 0.01 < in_electronvolt < 20


def test_masses_in_atomic_units_are_the_same_physics(well: DoubleWell) -> None:
    """`METAL` with masses of 28.0855, `SILICON` with masses of 1: terahertz and kelvin agree."""
    heavy = [
        Configuration(
            positions=c.positions, diameters=c.diameters, box=c.box, masses=np.full(64, 28.0855)
        )
        for c in (well.minimum_a, well.minimum_b)
    ]
    frequencies = gw.METAL.frequency_hertz(gw.normal_modes(MODEL, heavy[0], 8).frequencies)
    expected = gw.SILICON.frequency_hertz(gw.normal_modes(MODEL, well.minimum_a, 8).frequencies)
    assert frequencies[3:] == pytest.approx(expected[3:], rel=1e-8)
    found = gw.find_double_well(MODEL, *heavy)
    assert isinstance(found, DoubleWell)
    splitting = gw.solve_splitting(found.profile, gw.METAL).splitting
    light = gw.solve_splitting(well.profile, gw.SILICON).splitting
    assert splitting == pytest.approx(light, rel=1e-4)
    # masses do not enter what is static
    moduli, plain = gw.elastic_moduli(MODEL, heavy[0]), gw.elastic_moduli(MODEL, well.minimum_a)
    assert moduli.stiffness == pytest.approx(plain.stiffness, rel=1e-9, abs=1e-10)
