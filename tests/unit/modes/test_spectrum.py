"""Normal modes: the soft end against the dense spectrum, translations, unstable directions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

from glasswells.core.errors import InputError
from glasswells.model.functions import hessian
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import (
    Stiffness,
    normal_modes,
    overlaps,
    participation_ratio,
    quasilocalized,
    vibrational_density,
)
from twin_derivatives import TwinDerivatives

# Eigenvalues are good to about eps times the largest, 300; vectors to that over the gaps, 1e-3.
EIGENVALUE_ERROR, VECTOR_ERROR = 1e-11, 1e-9


@pytest.mark.parametrize("count", [4, 5, 20, 103])
def test_the_soft_end_equals_the_dense_spectrum(glass, count):
    modes = normal_modes(glass.model, glass.configuration, count)
    assert modes.fields.shape == (count, 216, 3)
    assert not modes.complete
    np.testing.assert_allclose(
        modes.frequencies[3:] ** 2, glass.eigenvalues[3:count], atol=EIGENVALUE_ERROR
    )
    for k in range(3, count):
        c = abs(modes.fields[k].ravel() @ glass.vectors[k])
        assert c == pytest.approx(1, abs=VECTOR_ERROR)
    assert modes.participation_ratios[3] == pytest.approx(participation_ratio(modes.fields[3]))


def test_the_full_spectrum_is_orthonormal_and_solves_eq_3(glass):
    modes = normal_modes(glass.model, glass.configuration)
    assert modes.complete
    flat = modes.fields.reshape(648, 648)
    np.testing.assert_allclose(flat @ flat.T, np.eye(648), atol=1e-12)
    matrix = hessian(glass.model, glass.configuration)
    np.testing.assert_allclose(
        matrix @ flat.T, flat.T * (modes.frequencies**2), atol=EIGENVALUE_ERROR
    )
    assert (np.diff(modes.frequencies) >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 3, 10, None])
def test_translations_come_first_exactly(glass, count):
    modes = normal_modes(glass.model, glass.configuration, count)
    n = modes.n_translations
    assert n == min(3, count or 3)
    assert (modes.frequencies[:n] == 0).all()
    assert np.ptp(modes.fields[:n], axis=1).max() == 0
    np.testing.assert_allclose(modes.participation_ratios[:n], 1, rtol=1e-14)
    # |M t| of a uniform unit field: zero but for the rounding of a sum of ten blocks.
    stiffness = Stiffness(glass.model, glass.configuration)
    for field in modes.fields[:n]:
        assert abs(np.vdot(field, stiffness.product(field))) < 1e-10


def test_results_are_the_same_to_the_bit(glass):
    first = normal_modes(glass.model, glass.configuration, 12)
    again = normal_modes(glass.model, glass.configuration, 12)
    assert np.array_equal(first.fields, again.fields)


@pytest.mark.parametrize("count", [30, None])
def test_a_configuration_off_its_minimum_has_unstable_modes_after_the_translations(glass, count):
    generator = np.random.default_rng(1)
    moved = glass.configuration.moved_to(
        glass.configuration.positions + generator.uniform(-0.2, 0.2, (216, 3))
    )
    dense = scipy.linalg.eigvalsh(hessian(glass.model, moved).toarray())
    modes = normal_modes(glass.model, moved, count)
    unstable = int((dense < -1e-6).sum())
    assert unstable > 5
    assert (modes.frequencies[3 : 3 + unstable] < 0).all()
    found = np.sign(modes.frequencies[3:]) * modes.frequencies[3:] ** 2
    expected = np.delete(dense, [unstable, unstable + 1, unstable + 2])[: len(found)]
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_another_model_has_modes_too(mixture):
    dense = scipy.linalg.eigvalsh(hessian(KobAndersen(), mixture).toarray())
    modes = normal_modes(KobAndersen(), mixture, 10)
    zero = int(np.sort(np.abs(dense).argsort()[:3])[0])
    expected = np.delete(dense, [zero, zero + 1, zero + 2])[:7]
    found = np.sign(modes.frequencies[3:]) * modes.frequencies[3:] ** 2
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("below", [0, 3, 4, 100, 640, 648])
def test_inertia_counts_the_eigenvalues_below_a_shift(glass, below):
    padded = np.concatenate([[-1.0], glass.eigenvalues, [glass.eigenvalues[-1] + 1.0]])
    shift = 0.5 * (padded[below] + padded[below + 1])
    factorization = Stiffness(glass.model, glass.configuration).below(shift)
    assert factorization.negative_count() == below
    rhs = np.random.default_rng(below).standard_normal((216, 3))
    z = factorization.solve(rhs)
    matrix = hessian(glass.model, glass.configuration)
    np.testing.assert_allclose(matrix @ z.ravel() - shift * z.ravel(), rhs.ravel(), atol=1e-8)


def test_conjugate_gradients_solve_and_report_a_negative_direction(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    rhs = np.random.default_rng(0).standard_normal((216, 3))
    rhs -= rhs.mean(axis=0)
    z = stiffness.solve(rhs)
    np.testing.assert_allclose(stiffness.product(z), rhs, atol=1e-10)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-14)
    moved = glass.configuration.moved_to(
        glass.configuration.positions + np.random.default_rng(1).uniform(-0.2, 0.2, (216, 3))
    )
    assert Stiffness(glass.model, moved).solve(rhs) is None


def test_the_block_product_equals_the_sparse_one(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    z = np.random.default_rng(4).standard_normal((216, 3))
    np.testing.assert_allclose(
        stiffness.product(z).ravel(), stiffness.matrix @ z.ravel(), atol=1e-11
    )


def test_quasilocalized_modes_are_soft_and_localized(glass):
    modes = normal_modes(glass.model, glass.configuration)
    chosen = quasilocalized(modes, participation_limit=0.2, frequency_limit=4.0)
    by_hand = [
        k
        for k in range(3, 648)
        if 0 < modes.frequencies[k] < 4.0 and participation_ratio(modes.fields[k]) < 0.2
    ]
    assert chosen.tolist() == by_hand
    assert len(by_hand) > 0


def test_density_of_states_integrates_to_one_and_has_counting_errors(glass):
    modes = normal_modes(glass.model, glass.configuration)
    edges = np.linspace(0, modes.frequencies[-1] + 0.1, 12)
    density = vibrational_density(modes, edges)
    assert np.sum(density.density * np.diff(edges)) == pytest.approx(1, rel=1e-12)
    assert density.counts.sum() == 645
    width = np.diff(edges)
    np.testing.assert_allclose(density.error, np.sqrt(density.counts) / (645 * width))
    twice = vibrational_density([modes, modes], edges)
    np.testing.assert_allclose(twice.density, density.density)
    np.testing.assert_allclose(twice.error, 0, atol=1e-15)


@pytest.mark.parametrize("count", [0, -1, 2.5, True, 649])
def test_a_bad_count_is_an_input_error(glass, count):
    with pytest.raises(InputError, match="count"):
        normal_modes(glass.model, glass.configuration, count)


def test_other_bad_input_is_an_input_error(glass):
    modes = normal_modes(glass.model, glass.configuration, 5)
    stiffness = Stiffness(glass.model, glass.configuration)
    with pytest.raises(InputError, match="expected at most the highest frequency"):
        vibrational_density(modes, [0.0, 30.0])
    with pytest.raises(InputError, match="edges"):
        vibrational_density(modes, [1.0, 0.5])
    with pytest.raises(InputError, match="edges"):
        vibrational_density([], [0.0, 0.5])
    with pytest.raises(InputError, match="participation_limit"):
        quasilocalized(modes, 1.5)
    other = glass.configuration.moved_to(glass.configuration.positions)
    with pytest.raises(InputError, match="another configuration"):
        normal_modes(glass.model, other, 5, stiffness=stiffness)
    with pytest.raises(InputError, match="another configuration"):
        normal_modes(SoftSpheres(exponent=10), glass.configuration, 5, stiffness=stiffness)


def test_energies_that_depend_on_absolute_positions_are_refused(glass):
    class Pinned:
        """The glass's model with a spring on every particle."""

        def check(self, configuration):
            pass

        def interactions(self, configuration):
            inner = glass.model.interactions(configuration)

            class Springs:
                energy_and_forces = staticmethod(inner.energy_and_forces)

                def derivatives(self, positions):
                    return TwinDerivatives(self, positions)

                @staticmethod
                def hessian(positions):
                    matrix = inner.derivatives(positions).matrix()
                    return matrix + scipy.sparse.eye_array(648, format="csc")

            return Springs()

    with pytest.raises(InputError, match="uniform translation"):
        normal_modes(Pinned(), glass.configuration, 5)


def test_modes_are_frozen(glass):
    modes = normal_modes(glass.model, glass.configuration, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        modes.complete = True
    with pytest.raises(ValueError, match="read-only"):
        modes.fields[0, 0, 0] = 1
    assert overlaps(modes.fields[3], modes.fields).argmax() == 3
