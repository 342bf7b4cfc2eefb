"""Coupling to strain: against relaxed finite strain, direct averages, and the factors 2 and 4."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
import strained_glasses as twin
from scipy import constants
from strained_glasses import StrainedGlass, slope, unit_strain

import glasswells as gw
import reference
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, DoubleWell


def asymmetry(well: DoubleWell, strain: np.ndarray) -> float:
    """Delta at a strain, both minima relaxed there by the slow twin."""
    energies = []
    for minimum in (well.minimum_a, well.minimum_b):
        glass = StrainedGlass(minimum, reference.soft_spheres())
        energies.append(glass.energy(glass.relaxed(minimum.positions, strain), strain))
    return energies[1] - energies[0]


def check(well: DoubleWell) -> None:
    """The six components against d(Delta)/d(strain), to 1e-5 of the largest."""
    g = gw.deformation_potential(twin.MODEL, well).tensor
    assert np.array_equal(g, g.T)
    for k, (a, b) in enumerate(twin.VOIGT):
        slope_k = slope(lambda s, k=k: asymmetry(well, s * unit_strain(k)), 5e-5)
        assert g[a, b] == pytest.approx(slope_k, abs=1e-5 * np.abs(g).max())


@pytest.mark.parametrize("number", [0, 1, 3])
def test_it_is_the_slope_of_the_relaxed_asymmetry(number: int) -> None:
    well = twin.double_well(number)
    assert well is not None
    check(well)


@pytest.mark.physics
def test_it_is_the_slope_of_the_relaxed_asymmetry_of_all_stored_wells() -> None:
    wells = [well for k in range(12) if (well := twin.double_well(k)) is not None]
    assert len(wells) >= 10
    for well in wells:
        check(well)


def zero_point(well: DoubleWell, strain: np.ndarray) -> float:
    """Half the sum of frequencies in B less that in A, of minima relaxed at a strain, m = 1.

    The twin's coordinates are those of the undeformed box: a displacement there is (1 + e)^-1 of a
    real one.
    """
    back = np.linalg.inv(np.eye(3) + strain)
    sums = []
    for minimum in (well.minimum_a, well.minimum_b):
        glass = StrainedGlass(minimum, reference.soft_spheres())
        matrix = glass.hessian(glass.relaxed(minimum.positions, strain), strain)
        n = minimum.n_particles
        real = np.einsum("ba,ibjc,cd->iajd", back, matrix.reshape(n, 3, n, 3), back)
        sums.append(np.sqrt(np.linalg.eigvalsh(real.reshape(3 * n, 3 * n))[3:]).sum())
    return (sums[1] - sums[0]) / 2


def test_the_zero_point_part_is_the_slope_of_half_the_sum_of_frequencies() -> None:
    """Against finite strain with relaxation and dense spectra, by the slow twin."""
    well, hbar = twin.double_well(1), 0.03
    assert well is not None
    classical = gw.deformation_potential(twin.MODEL, well).tensor
    whole = gw.deformation_potential(twin.MODEL, well, reduced_hbar=hbar).tensor
    found = (whole - classical) / hbar
    assert np.array_equal(found, found.T)
    for k, (a, b) in enumerate(twin.VOIGT):
        expected = slope(lambda s, k=k: zero_point(well, s * unit_strain(k)), 2e-5)
        assert found[a, b] == pytest.approx(expected, abs=1e-5 * np.abs(found).max())


def test_heavier_particles_have_less_zero_point_energy() -> None:
    well = twin.double_well(1)
    assert well is not None
    parts = []
    for mass in (1.0, 4.0):
        minima = {
            name: dataclasses.replace(getattr(well, name), masses=np.full(125, mass))
            for name in ("minimum_a", "minimum_b")
        }
        each = dataclasses.replace(well, **minima)
        classical = gw.deformation_potential(twin.MODEL, each).tensor
        parts.append(
            gw.deformation_potential(twin.MODEL, each, reduced_hbar=1.0).tensor - classical
        )
    assert parts[1] == pytest.approx(parts[0] / 2, abs=1e-7 * np.abs(parts[0]).max())


def test_the_zero_point_part_of_what_knows_no_strained_hessian_is_refused() -> None:
    well = twin.double_well(1)
    assert well is not None

    class Other:
        """Soft spheres behind the two methods of the seam."""

        def interactions(self, configuration):
            return Plain(twin.MODEL.interactions(configuration))

    class Plain:
        def __init__(self, inner) -> None:
            self.energy_and_forces = inner.energy_and_forces
            self.derivatives = inner.derivatives
            self.strain_gradient = inner.strain_gradient
            self.strain_derivatives = inner.strain_derivatives

    with pytest.raises(InputError, match="expected a pair model"):
        gw.deformation_potential(Other(), well, reduced_hbar=0.03)


def direction_averages(g: np.ndarray) -> tuple[float, float]:
    """<(n.g n)^2> and <(n.g m)^2> by quadrature over n and over m across it, exact in 4th order."""
    longitudinal, transverse = 0.0, 0.0
    cosines, weights = np.polynomial.legendre.leggauss(8)
    angles = 2 * np.pi * np.arange(16) / 16
    for (cosine, weight), phi in itertools.product(zip(cosines, weights, strict=True), angles):
        sine = np.sqrt(1 - cosine**2)
        n = np.array([sine * np.cos(phi), sine * np.sin(phi), cosine])
        theta_hat = np.array([cosine * np.cos(phi), cosine * np.sin(phi), -sine])
        phi_hat = np.array([-np.sin(phi), np.cos(phi), 0.0])
        longitudinal += weight / 32 * (n @ g @ n) ** 2
        for chi in angles:
            m = np.cos(chi) * theta_hat + np.sin(chi) * phi_hat
            transverse += weight / 32 / 16 * (n @ g @ m) ** 2
    return longitudinal, transverse


@pytest.mark.parametrize("seed", range(5))
def test_averages_are_those_over_directions(seed: int) -> None:
    g = np.random.default_rng(seed).normal(size=(3, 3))
    coupling = gw.DeformationPotential(tensor=g + g.T)
    longitudinal, transverse = direction_averages(g + g.T)
    assert coupling.longitudinal2 == pytest.approx(longitudinal, rel=1e-12)
    assert coupling.transverse2 == pytest.approx(transverse, rel=1e-12)


def test_gamma_is_half_of_g_and_its_square_a_quarter() -> None:
    """A dilation alone: Delta = g e = 2 gamma e along every direction."""
    g = 3.0
    coupling = gw.DeformationPotential(tensor=g * np.eye(3))
    assert coupling.longitudinal2 == pytest.approx(g**2, rel=1e-14)
    assert coupling.transverse2 == pytest.approx(0.0, abs=1e-14)
    assert coupling.gamma_longitudinal2 == pytest.approx((g / 2) ** 2, rel=1e-14)


def test_shear_counts_by_its_angle() -> None:
    """A well that only the shear xy moves: the wave along x, polarized along y, sees g_xy whole.

    A shear by the angle theta has the tensor components theta/2, twice: Delta moves by g_xy theta.
    """
    g = np.zeros((3, 3))
    g[0, 1] = g[1, 0] = 5.0
    coupling = gw.DeformationPotential(tensor=g)
    assert np.einsum("ab,ab->", g, unit_strain(5)) == 5.0
    assert coupling.transverse2 == pytest.approx(direction_averages(g)[1], rel=1e-12)
    assert coupling.transverse2 == pytest.approx(25 / 5, rel=1e-12)
    assert coupling.gamma_transverse2 == pytest.approx(25 / 20, rel=1e-12)


def test_exchanging_the_minima_changes_the_sign() -> None:
    a, b = twin.minima(0)
    there = gw.find_double_well(twin.MODEL, a, b)
    back = gw.find_double_well(twin.MODEL, b, a)
    assert isinstance(there, DoubleWell)
    assert isinstance(back, DoubleWell)
    g = gw.deformation_potential(twin.MODEL, there).tensor
    assert np.abs(g).max() > 0.1
    np.testing.assert_allclose(gw.deformation_potential(twin.MODEL, back).tensor, -g, atol=1e-7)


def test_minima_in_different_boxes_are_refused() -> None:
    well = twin.double_well(0)
    assert well is not None
    b = well.minimum_b
    other = Configuration(positions=b.positions, diameters=b.diameters, box=b.box * 1.01)
    fields = {name: getattr(well, name) for name in DoubleWell.__dataclass_fields__}
    with pytest.raises(InputError, match="expected one"):
        gw.deformation_potential(twin.MODEL, DoubleWell(**{**fields, "minimum_b": other}))


def test_conversions_to_gigapascal_and_electronvolt() -> None:
    """Argon: epsilon/sigma^3 = 119.8 K k_B / (3.405 A)^3."""
    joule = 119.8 * constants.k
    assert gw.ARGON.energy_electronvolt(2.0) == pytest.approx(2 * joule / constants.e, rel=1e-14)
    expected = 3 * joule / 3.405e-10**3 / 1e9
    assert gw.ARGON.pressure_gigapascal(3.0) == pytest.approx(expected, rel=1e-14)


def test_a_path_that_is_no_double_well_has_no_coupling() -> None:
    well = twin.double_well(0)
    assert well is not None
    same = gw.find_double_well(twin.MODEL, well.minimum_a, well.minimum_a)
    with pytest.raises(InputError, match="PathFailure"):
        gw.deformation_potential(twin.MODEL, same)
