"""Any ASE calculator as the energy of the whole chain: against our own model, and by itself."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import ase
import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from ase.vibrations import Vibrations
from scipy import constants

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, DoubleWell, InherentStructure
from glasswells.interchange.ase_model import AseModel
from glasswells.model.pair_model import Interactions

MODEL = gw.SoftSpheres()


class Bridged(NamedTuple):
    """A glass of our model, and the same energy by way of ASE and back."""

    model: AseModel
    structures: tuple[InherentStructure, ...]
    """Two minima that a trajectory passed one after the other."""


@pytest.fixture(scope="module")
def bridged() -> Bridged:
    diameters = gw.draw_diameters(80, seed=1)
    edge = 80 ** (1 / 3)
    sites = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    chosen = np.random.default_rng(1).permutation(125)[:80]
    start = Configuration(
        positions=sites[chosen] * edge / 5, diameters=diameters, box=np.full(3, edge)
    )
    liquid = gw.molecular_dynamics(
        MODEL, gw.minimize(MODEL, start, 0.1).configuration, 0.2, 2000, seed=1,
        thermostat="langevin",
    ).configuration  # fmt: skip
    found = gw.explore(MODEL, gw.minimize(MODEL, liquid).configuration, 0.08, 40, 40, seed=2)
    pairs = gw.linked_pairs(found.structures, found.transitions, 1)
    for pair in sorted(pairs, key=lambda p: p.distance):
        two = (found.structures[pair.i], found.structures[pair.j])
        well = gw.find_double_well(MODEL, two[0].configuration, two[1].configuration)
        if isinstance(well, DoubleWell):
            break
    atoms = gw.to_ase(liquid)
    return Bridged(AseModel(atoms, gw.AseCalculator(MODEL), mass=1.0, anharmonic_length=0.1), two)


def test_it_is_the_seam(bridged: Bridged) -> None:
    glass = bridged.structures[0].configuration
    interactions = bridged.model.interactions(glass)
    assert isinstance(interactions, Interactions)
    x = np.array(glass.positions)
    energy, force = interactions.energy_and_forces(x)
    assert energy == gw.energy(MODEL, glass)
    np.testing.assert_array_equal(force, gw.forces(MODEL, glass))
    exact = gw.hessian(MODEL, glass).toarray()
    found = interactions.derivatives(x).matrix().toarray()
    np.testing.assert_allclose(found, exact, rtol=0, atol=2e-9 * np.abs(exact).max())
    field = np.zeros_like(x)
    field[:2] = [[0.3, 0.1, -0.2], [-0.1, 0.5, 0.0]]
    np.testing.assert_allclose(
        gw.hessian_product(bridged.model, glass, field),
        gw.hessian_product(MODEL, glass, field),
        rtol=0,
        atol=1e-8 * np.abs(exact).max(),
    )
    for order in (gw.third_order, gw.fourth_order):
        found, exact = (order(model, glass, field) for model in (bridged.model, MODEL))
        number = (found, exact) if order is gw.fourth_order else (found[1], exact[1])
        assert number[0] == pytest.approx(number[1], rel=1e-4)
    np.testing.assert_array_equal(x, glass.positions)  # nothing was moved


def test_minima_and_modes_are_those_of_the_model(bridged: Bridged) -> None:
    glass = bridged.structures[0].configuration
    shaken = glass.moved_to(
        glass.positions + np.random.default_rng(3).normal(0, 0.01, glass.positions.shape)
    )
    found = gw.minimize(bridged.model, shaken)
    assert found.outcome.converged
    assert found.max_force <= 1e-10
    assert found.energy == pytest.approx(gw.minimize(MODEL, shaken).energy, abs=1e-10)
    modes, exact = gw.normal_modes(bridged.model, glass), gw.normal_modes(MODEL, glass)
    np.testing.assert_allclose(modes.frequencies, exact.frequencies, rtol=0, atol=1e-6)
    field = gw.third_order(MODEL, glass, exact.fields[5])[0]
    overlap = gw.max_overlap(bridged.model, glass, field)
    assert overlap.overlap == pytest.approx(gw.max_overlap(MODEL, glass, field).overlap, abs=1e-6)
    cubic = gw.cubic_mode(bridged.model, glass, exact.fields[4], tolerance=1e-6)
    direct = gw.cubic_mode(MODEL, glass, exact.fields[4])
    assert cubic.outcome.converged
    assert cubic.barrier == pytest.approx(direct.barrier, rel=1e-4)


def test_dynamics_are_those_of_the_model(bridged: Bridged) -> None:
    glass = bridged.structures[0].configuration
    runs = [
        gw.molecular_dynamics(model, glass, 0.04, 100, seed=5, sample_interval=100)
        for model in (bridged.model, MODEL)
    ]
    np.testing.assert_allclose(
        runs[0].configuration.positions, runs[1].configuration.positions, rtol=0, atol=1e-9
    )
    found = [gw.explore(model, glass, 0.08, 10, 20, seed=6) for model in (bridged.model, MODEL)]
    assert [s.visits for s in found[0].structures] == [s.visits for s in found[1].structures]
    np.testing.assert_allclose(
        [s.energy for s in found[0].structures], [s.energy for s in found[1].structures], atol=1e-9
    )


def test_double_wells_and_splittings_are_those_of_the_model(bridged: Bridged) -> None:
    a, b = (s.configuration for s in bridged.structures)
    direct = gw.find_double_well(MODEL, a, b)
    found = gw.find_double_well(bridged.model, a, b)
    assert isinstance(direct, DoubleWell)
    assert isinstance(found, DoubleWell)
    assert found.barrier == pytest.approx(direct.barrier, abs=1e-9)
    assert found.asymmetry == pytest.approx(direct.asymmetry, abs=1e-9)
    # The path ends in a steepest descent, whose accuracy is set, not that of rounding.
    assert found.path_length == pytest.approx(direct.path_length, rel=1e-4)
    assert found.negative_eigenvalue == pytest.approx(direct.negative_eigenvalue, rel=1e-5)
    split = [gw.solve_splitting(well.profile, gw.ARGON).splitting for well in (found, direct)]
    assert split[0] == pytest.approx(split[1], rel=1e-3)


def vacancy() -> tuple[ase.Atoms, ase.Atoms]:
    """Nickel with one atom missing, and the same after a neighbor has hopped into the gap."""
    crystal = bulk("Ni", cubic=True).repeat((2, 2, 1))
    neighbor = 3  # half a lattice constant away along x and y, where the cell is wide
    hopped = crystal.copy()
    hopped.positions[neighbor] = crystal.positions[0]
    del crystal[0], hopped[0]
    return crystal, hopped


def test_the_whole_chain_on_a_potential_of_ase() -> None:
    """A vacancy in nickel: both sides of the hop are equal by symmetry."""
    before, after = vacancy()
    model = AseModel(before, EMT)
    minima = [gw.minimize(model, AseModel(c, EMT).configuration()) for c in (before, after)]
    for minimum in minima:
        assert minimum.outcome.converged
    a, b = (minimum.configuration for minimum in minima)
    well = gw.find_double_well(model, a, b, images=9)
    assert isinstance(well, DoubleWell)
    assert well.asymmetry == pytest.approx(0.0, abs=1e-9)
    saddle = model.interactions(a).energy_and_forces(well.saddle.positions)
    assert np.abs(saddle[1]).max() < 1e-9
    assert saddle[0] - minima[0].energy == pytest.approx(well.barrier, abs=1e-10)
    values = np.linalg.eigvalsh(gw.hessian(model, well.saddle).toarray())
    assert np.count_nonzero(values < -1e-5) == 1
    assert values[0] / a.masses[0] == pytest.approx(well.negative_eigenvalue, rel=1e-5)
    # Halfway between two equal sites the profile is symmetric.
    energy = well.profile.energy
    middle = int(np.argmax(energy))
    length = well.profile.arc_length
    assert length[middle] == pytest.approx(0.5 * length[-1], rel=1e-3)
    splitting = gw.solve_splitting(well.profile, model.units())
    assert splitting.splitting < 1e-8  # nickel does not tunnel through half an electronvolt
    assert "unresolved" in splitting.flags
    frequencies = gw.normal_modes(model, a).frequencies
    np.testing.assert_array_equal(frequencies[:3], 0.0)
    assert frequencies[3] > 0.5 / np.sqrt(58.7)
    explored = gw.explore(model, a, model.temperature(100.0), 3, 10, seed=1)
    assert [s.visits for s in explored.structures] == [3]
    assert explored.structures[0].energy == pytest.approx(minima[0].energy, abs=1e-9)


def test_units_are_those_of_the_material() -> None:
    model = AseModel(bulk("Ni", cubic=True), EMT)
    found = model.units(0.2, name="nickel")
    assert found.name == "nickel"
    # hbar / (angstrom sqrt(u eV)) = 0.0646, by the constants of nature
    assert found.reduced_hbar == pytest.approx(0.064_6541, rel=1e-4)
    assert found.mass == 1.0
    assert found.energy_kelvin(found.tls_threshold) == pytest.approx(0.2)
    assert model.temperature(11_604.518) == pytest.approx(1.0, rel=1e-6)
    assert model.units().name == "Ni4"
    # omega^2 = (1 eV / angstrom^2) / u
    expected = np.sqrt(constants.e / 1e-20 / constants.atomic_mass)
    assert 2 * np.pi * found.frequency_hertz(1.0) == pytest.approx(expected, rel=1e-12)


def test_masses_are_those_of_the_atoms_unless_one_is_given() -> None:
    atoms = bulk("NiAl", "cesiumchloride", a=2.9).repeat(2)
    configuration = AseModel(atoms, EMT).configuration()
    np.testing.assert_array_equal(configuration.masses, atoms.get_masses())
    assert set(np.round(configuration.masses, 2)) == {26.98, 58.69}
    one = AseModel(atoms, EMT, mass=42.0)
    assert set(one.configuration().masses) == {42.0}
    with pytest.raises(InputError, match=r"mass is 0.0, expected a number above 0"):
        AseModel(atoms, EMT, mass=0.0)
    with pytest.raises(InputError, match=r"masses\[.*expected that of the model.*, 42: start"):
        one.interactions(configuration)
    bare = Configuration(
        positions=configuration.positions, diameters=np.ones(16), box=configuration.box
    )
    with pytest.raises(InputError, match=r"masses\[.*\] is 1, expected"):
        gw.minimize(AseModel(atoms, EMT), bare)


def test_modes_of_an_alloy_are_those_of_ase(tmp_path: Path) -> None:
    """ASE's own vibrations of a random alloy of copper and gold, by differences of forces."""
    crystal = bulk("Cu", cubic=True, a=3.85).repeat((2, 1, 1))
    crystal.symbols = ["Cu", "Au", "Cu", "Cu", "Au", "Au", "Cu", "Au"]
    model = AseModel(crystal, EMT)
    shaken = model.configuration()
    shaken = shaken.moved_to(
        shaken.positions + np.random.default_rng(1).normal(0, 0.05, shaken.positions.shape)
    )
    minimum = gw.minimize(model, shaken, max_force=1e-8).configuration
    modes = gw.normal_modes(model, minimum)
    atoms = model.atoms(minimum)
    atoms.calc = EMT()
    vibrations = Vibrations(atoms, name=str(tmp_path / "vibrations"), delta=2e-3, nfree=4)
    vibrations.run()
    energies = np.sort(np.real(vibrations.get_energies()))
    # omega^2 of eV / (u angstrom^2) as hbar omega in eV
    hbar = units._hbar / units._e * 1e10 * np.sqrt(units._e / units._amu)
    ours = hbar * modes.frequencies
    np.testing.assert_allclose(ours[3:], energies[3:], rtol=1e-6)
    fields = vibrations.get_vibrations().get_modes(all_atoms=True)
    weighted = fields * np.sqrt(atoms.get_masses())[:, None]
    order = np.argsort(np.real(vibrations.get_energies()))
    for k in (3, 10, 23):
        assert gw.overlap(weighted[order[k]], modes.fields[k]) == pytest.approx(1, abs=1e-6)


def test_calculators_may_be_shared_or_made() -> None:
    atoms = bulk("Ar", cubic=True, a=5.3)
    maker = LennardJones(sigma=3.4, epsilon=0.01, rc=6.0, smooth=True)
    expected = None
    with_calculator = atoms.copy()
    with_calculator.calc = maker
    for model in (
        AseModel(with_calculator),
        AseModel(atoms, maker),
        AseModel(atoms, lambda: LennardJones(sigma=3.4, epsilon=0.01, rc=6.0, smooth=True)),
    ):
        energy = gw.energy(model, model.configuration())
        expected = energy if expected is None else expected
        assert energy == expected
    moved = model.configuration().positions + 0.1
    assert model.atoms(model.configuration().moved_to(moved)).positions[0, 0] == 0.1
    np.testing.assert_array_equal(atoms.positions[0], 0.0)


def test_what_it_refuses() -> None:
    atoms = bulk("Ni", cubic=True)
    with pytest.raises(InputError, match="atoms have no calculator: pass one"):
        AseModel(atoms)
    held = atoms.copy()
    held.set_constraint(FixAtoms([0]))
    with pytest.raises(InputError, match="have 1 constraints, expected none"):
        AseModel(held, EMT)
    with pytest.raises(InputError, match="periodic along x, y, z is F F F"):
        AseModel(ase.Atoms("Ni4", positions=atoms.positions), EMT)
    with pytest.raises(InputError, match=r"the cell is .*orthorhombic"):
        AseModel(bulk("Ni"), EMT)
    with pytest.raises(InputError, match=r"force_noise is -1.0"):
        AseModel(atoms, EMT, force_noise=-1.0)
    model = AseModel(atoms, EMT)
    with pytest.raises(InputError, match="holds 32 particles, expected the 4 atoms"):
        model.interactions(gw.from_ase(atoms.repeat(2), diameters=1.0))
    c = model.configuration()
    wider = Configuration(positions=c.positions, diameters=c.diameters, box=c.box * 1.1)
    with pytest.raises(InputError, match=r"the box is .* expected that of the model's atoms"):
        model.interactions(wider)


def test_calculators_that_compute_nothing_are_refused() -> None:
    from ase.calculators.singlepoint import SinglePointCalculator

    atoms = bulk("Cu", cubic=True)
    stored = SinglePointCalculator(atoms, energy=1.0, forces=np.zeros((4, 3)))
    with pytest.raises(InputError, match="holds the results of one set of positions"):
        AseModel(atoms, stored)
    atoms.calc = stored
    with pytest.raises(InputError, match="holds the results of one set of positions"):
        AseModel(atoms)
    with pytest.raises(InputError, match="expected an ASE calculator, or a function"):
        AseModel(atoms, 5)
    with pytest.raises(InputError, match=r"expected ase\.Atoms"):
        AseModel("POSCAR", EMT)
    model = AseModel(atoms, lambda: stored)
    with pytest.raises(InputError, match="holds the results of one set of positions"):
        gw.minimize(model, model.configuration())


class EnergyOnly(Calculator):
    implemented_properties = ("energy",)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 1.0}


def test_a_calculator_without_forces_is_one_clear_error() -> None:
    model = AseModel(bulk("Cu", cubic=True), EnergyOnly)
    with pytest.raises(InputError, match="EnergyOnly gives no energy and forces"):
        gw.minimize(model, model.configuration())


class Rounded(gw.AseCalculator):
    """Our model rounded to single precision."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=()) -> None:
        super().calculate(atoms, properties, system_changes)
        energy = float(np.float32(self.results["energy"]))
        forces = self.results["forces"].astype(np.float32)
        self.results = {"energy": energy, "free_energy": energy, "forces": forces}


def test_a_double_well_in_single_precision(bridged: Bridged) -> None:
    glass = bridged.structures[0].configuration
    model = AseModel(
        gw.to_ase(glass), Rounded(MODEL), mass=1.0, force_noise=1e-6, anharmonic_length=0.1
    )
    ends = [gw.minimize(model, s.configuration) for s in bridged.structures]
    assert [end.outcome for end in ends] == [gw.Outcome.CONVERGED] * 2
    a, b = (end.configuration for end in ends)
    found = gw.find_double_well(model, a, b, images=9)
    exact = gw.find_double_well(MODEL, *(s.configuration for s in bridged.structures))
    assert isinstance(found, DoubleWell)
    # the noise of two energies of order 100 in single precision
    assert found.barrier == pytest.approx(exact.barrier, abs=5e-5)
    assert found.asymmetry == pytest.approx(exact.asymmetry, abs=5e-5)
