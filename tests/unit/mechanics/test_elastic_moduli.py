"""Stress and moduli against finite strain by the slow twin, and against matscipy."""

from __future__ import annotations

import numpy as np
import pytest
import strained_glasses as twin
from ase import Atoms
from matscipy.calculators.polydisperse import InversePowerLawPotential, Polydisperse
from strained_glasses import StrainedGlass, slope, unit_strain

import glasswells as gw
import reference
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration

NO_STRAIN = np.zeros((3, 3))


@pytest.fixture(scope="module")
def glass() -> Configuration:
    return twin.minima(0)[0]


@pytest.fixture(scope="module")
def strained(glass: Configuration) -> StrainedGlass:
    return StrainedGlass(glass, reference.soft_spheres())


@pytest.fixture(scope="module")
def moduli(glass: Configuration) -> gw.ElasticModuli:
    return gw.elastic_moduli(twin.MODEL, glass)


def test_stress_is_that_of_the_twin(glass: Configuration, strained: StrainedGlass) -> None:
    expected = strained.cauchy_stress(glass.positions, NO_STRAIN)
    found = gw.stress(twin.MODEL, glass)
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_stress_of_a_repulsive_glass_is_a_pressure(glass: Configuration) -> None:
    """The sign: tensile stress counts positive, and soft spheres push."""
    assert np.trace(gw.stress(twin.MODEL, glass)) < 0
    assert gw.elastic_moduli(twin.MODEL, glass).pressure > 0


@pytest.mark.parametrize("k", range(6))
def test_stress_is_the_slope_of_the_energy(
    glass: Configuration, strained: StrainedGlass, k: int
) -> None:
    volume = np.prod(glass.box)
    expected = slope(lambda s: strained.energy(glass.positions, s * unit_strain(k)), 1e-4)
    a, b = twin.VOIGT[k]
    found = volume * gw.stress(twin.MODEL, glass)[a, b]
    assert found == pytest.approx(expected, abs=1e-8 * volume)


@pytest.mark.parametrize("k", range(6))
def test_stiffness_is_the_slope_of_the_relaxed_stress(
    glass: Configuration, strained: StrainedGlass, moduli: gw.ElasticModuli, k: int
) -> None:
    """Each column of the stiffness: strain, relax, and measure the stress."""

    def stress(s: float) -> np.ndarray:
        strain = s * unit_strain(k)
        return strained.cauchy_stress(strained.relaxed(glass.positions, strain), strain)

    expected = slope(stress, 2e-5)
    for row, (a, b) in enumerate(twin.VOIGT):
        assert moduli.stiffness[row, k] == pytest.approx(
            expected[a, b], abs=1e-5 * moduli.stiffness[0, 0]
        )


@pytest.mark.parametrize("k", range(6))
def test_affine_part_is_the_slope_of_the_stress_without_relaxation(
    glass: Configuration, strained: StrainedGlass, moduli: gw.ElasticModuli, k: int
) -> None:
    expected = slope(lambda s: strained.cauchy_stress(glass.positions, s * unit_strain(k)), 2e-5)
    for row, (a, b) in enumerate(twin.VOIGT):
        assert moduli.affine[row, k] == pytest.approx(
            expected[a, b], abs=1e-6 * moduli.affine[0, 0]
        )


def test_bulk_modulus_is_the_slope_of_the_pressure(
    glass: Configuration, strained: StrainedGlass, moduli: gw.ElasticModuli
) -> None:
    """K = -V dP/dV, with the prestress of the glass: nearly three units of pressure."""

    def pressure(s: float) -> float:
        strain = s * np.eye(3)
        x = strained.relaxed(glass.positions, strain)
        return -float(np.trace(strained.cauchy_stress(x, strain))) / 3

    assert moduli.bulk == pytest.approx(-slope(pressure, 2e-5) / 3, rel=1e-5)


def test_masses_do_not_enter(glass: Configuration, moduli: gw.ElasticModuli) -> None:
    masses = np.random.default_rng(3).uniform(1, 50, glass.n_particles)
    heavy = Configuration(
        positions=glass.positions, diameters=glass.diameters, box=glass.box, masses=masses
    )
    found = gw.elastic_moduli(twin.MODEL, heavy)
    assert np.abs(found.stiffness - moduli.stiffness).max() < 1e-10 * moduli.stiffness[0, 0]


def test_relaxation_softens(moduli: gw.ElasticModuli) -> None:
    difference = moduli.affine - moduli.stiffness
    assert np.linalg.eigvalsh(0.5 * (difference + difference.T)).min() > 0
    assert 0 < moduli.shear < moduli.longitudinal


def test_moduli_of_an_isotropic_stiffness() -> None:
    """K and G of lambda delta delta + mu (delta delta + delta delta)."""
    bulk, shear = 5.0, 2.0
    stiffness = np.zeros((6, 6))
    stiffness[:3, :3] = bulk - 2 * shear / 3
    stiffness += np.diag([2 * shear] * 3 + [shear] * 3)
    found = gw.ElasticModuli(
        stiffness=stiffness, affine=stiffness, stress=np.zeros((3, 3)), max_force=0.0
    )
    assert (found.bulk, found.shear) == pytest.approx((bulk, shear), rel=1e-14)
    assert found.longitudinal == pytest.approx(stiffness[0, 0], rel=1e-14)


def inverse_tenth_power(c: Configuration) -> Atoms:
    """The same glass in matscipy, whose only polydisperse law has the exponent 10."""
    potential = InversePowerLawPotential(
        epsilon=1.0, cutoff=1.25, na=0.2, q=2, minSize=c.diameters.min(), maxSize=c.diameters.max()
    )
    atoms = Atoms("X" * c.n_particles, positions=c.positions, cell=c.box, pbc=True)
    atoms.set_array("size", c.diameters.copy())
    atoms.calc = Polydisperse(potential)
    return atoms


def test_stress_and_moduli_are_those_of_matscipy(soft_liquid: Configuration) -> None:
    model = gw.SoftSpheres(exponent=10)
    glass = gw.minimize(model, soft_liquid).configuration
    atoms = inverse_tenth_power(glass)
    assert atoms.get_potential_energy() == pytest.approx(gw.energy(model, glass), rel=1e-12)
    found = gw.elastic_moduli(model, glass)
    stress = atoms.get_stress(voigt=False)
    assert np.abs(found.stress - stress).max() < 1e-8 * np.abs(stress).max()
    precise = {"rtol": 1e-13, "atol": 1e-13, "x0": None, "M": None, "maxiter": None}
    tensor = atoms.calc.get_elastic_constants(atoms, cg_parameters={**precise, "callback": None})
    expected = np.array([[tensor[a, b, c, d] for c, d in twin.VOIGT] for a, b in twin.VOIGT])
    assert np.abs(found.stiffness - expected).max() < 1e-8 * np.abs(expected).max()


def test_what_is_no_minimum_is_refused(soft_liquid: Configuration) -> None:
    with pytest.raises(InputError, match=r"largest force component is .* minimize first"):
        gw.elastic_moduli(twin.MODEL, soft_liquid)


def test_a_saddle_is_refused() -> None:
    well = twin.double_well(0)
    assert well is not None
    with pytest.raises(InputError, match="negative direction"):
        gw.elastic_moduli(twin.MODEL, well.saddle)


class OnlyTwoMethods:
    """Interactions that know nothing of strains."""

    def __init__(self, configuration: Configuration) -> None:
        inner = twin.MODEL.interactions(configuration)
        self.energy_and_forces = inner.energy_and_forces
        self.derivatives = inner.derivatives


class Unstrainable:
    def check(self, configuration: Configuration) -> None:
        twin.MODEL.check(configuration)

    def interactions(self, configuration: Configuration) -> OnlyTwoMethods:
        return OnlyTwoMethods(configuration)


def test_energies_without_strain_say_so(glass: Configuration) -> None:
    with pytest.raises(InputError, match=r"OnlyTwoMethods cannot be strained.*deformed\(strain\)"):
        gw.stress(Unstrainable(), glass)
