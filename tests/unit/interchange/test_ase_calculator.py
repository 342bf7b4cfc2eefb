"""Pair models as ASE calculators, and configurations as Atoms."""

from __future__ import annotations

import sys

import ase
import numpy as np
import pytest
from ase.optimize import FIRE
from exact_configurations import some_glass

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.ase_atoms import from_ase, to_ase
from glasswells.interchange.ase_calculator import AseCalculator
from glasswells.minimization import minimize
from glasswells.model.functions import energy, forces
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres

MODEL = SoftSpheres()


def test_energy_and_forces_are_ours(soft_liquid: Configuration) -> None:
    atoms = to_ase(soft_liquid)
    atoms.calc = AseCalculator(MODEL)
    assert atoms.get_potential_energy() == energy(MODEL, soft_liquid)
    np.testing.assert_array_equal(atoms.get_forces(), forces(MODEL, soft_liquid))
    for particle, axis in ((0, 0), (17, 2)):
        energies = []
        for step in (-1e-5, 2e-5):
            atoms.positions[particle, axis] += step
            energies.append(atoms.get_potential_energy())
        slope = (energies[1] - energies[0]) / 2e-5
        assert forces(MODEL, soft_liquid)[particle, axis] == pytest.approx(-slope, rel=1e-6)
        atoms.positions[particle, axis] -= 1e-5


@pytest.mark.parametrize("model", [MODEL, KobAndersen(cutoff=2.0)])
def test_stress_is_the_strain_derivative(
    model: SoftSpheres | KobAndersen, soft_liquid: Configuration, mixture: Configuration
) -> None:
    configuration = soft_liquid if model is MODEL else mixture
    atoms = to_ase(configuration)
    atoms.calc = AseCalculator(model)
    stress = atoms.get_stress(voigt=True)
    volume, h = atoms.get_volume(), 1e-5
    for axis in range(3):
        energies = []
        for sign in (-1, 1):
            stretch = np.ones(3)
            stretch[axis] += sign * h
            moved = Configuration(
                positions=configuration.positions * stretch,
                diameters=configuration.diameters,
                box=configuration.box * stretch,
            )
            energies.append(energy(model, moved))
        assert stress[axis] == pytest.approx(
            (energies[1] - energies[0]) / (2 * h * volume), rel=1e-6
        )
    # Shear along x by y: the same sum with r_x r_y, here by all images of all pairs.
    x, box, d = configuration.positions, configuration.box, configuration.diameters
    i, j = np.triu_indices(len(x), 1)
    r = x[j] - x[i]
    r -= box * np.rint(r / box)
    length, h = np.linalg.norm(r, axis=1), 1e-6

    def pair_energy(distance: np.ndarray) -> np.ndarray:
        k = model.constants
        out = np.zeros(len(i))
        for p in range(len(i)):
            range_ij, strength = model.law.mix.py_func(d[i[p]], d[j[p]], k)
            x2 = (distance[p] / range_ij) ** 2
            if x2 < k.cutoff2:
                out[p] = strength * model.law.value(x2, 1 / x2, k)
        return out

    slope = (pair_energy(length + h) - pair_energy(length - h)) / (2 * h)
    for voigt, (a, b) in {3: (1, 2), 4: (0, 2), 5: (0, 1)}.items():
        expected = np.sum(slope / length * r[:, a] * r[:, b]) / volume
        assert stress[voigt] == pytest.approx(expected, abs=1e-6 * np.abs(stress).max())


def test_it_follows_moves_boxes_and_diameters(soft_liquid: Configuration) -> None:
    atoms = to_ase(soft_liquid)
    atoms.calc = AseCalculator(MODEL)
    atoms.get_potential_energy()
    atoms.positions[3] += 0.05
    assert atoms.get_potential_energy() == pytest.approx(energy(MODEL, from_ase(atoms)), rel=1e-14)
    atoms.set_cell(atoms.cell.lengths() * 1.01, scale_atoms=True)
    assert atoms.get_potential_energy() == pytest.approx(energy(MODEL, from_ase(atoms)), rel=1e-14)
    sizes = np.array(soft_liquid.diameters)[::-1]
    other = to_ase(soft_liquid)
    other.calc = AseCalculator(MODEL, diameters=sizes)
    assert other.get_potential_energy() == energy(MODEL, from_ase(other, diameters=sizes))


def test_an_optimizer_of_ase_finds_our_minimum(soft_liquid: Configuration) -> None:
    quenched = minimize(MODEL, soft_liquid).configuration
    shaken = quenched.moved_to(
        quenched.positions + np.random.default_rng(4).normal(0, 0.002, quenched.positions.shape)
    )
    atoms = to_ase(shaken)
    atoms.calc = AseCalculator(MODEL)
    FIRE(atoms, logfile=None).run(fmax=1e-6, steps=3000)
    assert atoms.get_potential_energy() == pytest.approx(energy(MODEL, quenched), abs=1e-9)


def test_what_it_refuses(soft_liquid: Configuration) -> None:
    with pytest.raises(InputError, match=r"expected a pair model"):
        AseCalculator("lj")  # type: ignore[arg-type]
    atoms = ase.Atoms("Ar2", positions=[[0, 0, 0], [1, 1, 1]], cell=[5, 5, 5], pbc=True)
    atoms.calc = AseCalculator(MODEL)
    with pytest.raises(InputError, match=r"atoms Ar2: holds no diameters: pass diameters="):
        atoms.get_potential_energy()
    atoms.calc = AseCalculator(MODEL, diameters={"Ar": 1.0})
    assert np.isfinite(atoms.get_potential_energy())
    for pbc, cell, message in (
        ([True, False, True], [5, 5, 5], "periodic along x, y, z is T F T"),
        (True, [[5, 0, 0], [0, 5, 0], [1, 0, 5]], "the cell is .*orthorhombic"),
        (True, None, "the cell is"),
    ):
        bad = ase.Atoms("Ar2", positions=[[0, 0, 0], [1, 1, 1]], cell=cell, pbc=pbc)
        with pytest.raises(InputError, match=message):
            from_ase(bad, diameters=1.0)


def test_atoms_with_radii_and_symbols() -> None:
    glass = some_glass(4)
    atoms = to_ase(glass, symbols=["Cu", "Cu", "Ag", "Ag"])
    del atoms.arrays["diameters"]
    atoms.set_array("radius", glass.diameters / 2)
    np.testing.assert_array_equal(from_ase(atoms).diameters, glass.diameters)
    np.testing.assert_array_equal(
        from_ase(atoms, diameters={"Cu": 1.0, "Ag": 1.2}).diameters, [1.0, 1.0, 1.2, 1.2]
    )
    with pytest.raises(InputError, match="symbols has 1 entries, expected 4"):
        to_ase(glass, symbols=["Cu"])


def test_without_ase_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ase", None)
    for use in (lambda: to_ase(some_glass()), lambda: AseCalculator(MODEL)):
        with pytest.raises(InputError, match=r"ase is not installed.*'glasswells\[ase\]'"):
            use()
