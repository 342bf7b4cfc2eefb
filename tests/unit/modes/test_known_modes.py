"""Largest overlaps where the softest modes are known beforehand, against the dense spectrum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_largest_overlap import OVERLAP_ERROR, fields_of

from glasswells.modes import Stiffness, known_modes, max_overlap, normal_modes
from glasswells.modes.known_modes import no_modes

COUNT = 40


def known_of(glass, count=COUNT):
    stiffness = Stiffness(glass.model, glass.configuration)
    modes = normal_modes(glass.model, glass.configuration, count, stiffness=stiffness)
    return stiffness, modes, known_modes(stiffness, modes)


def test_known_modes_are_those_of_the_dense_spectrum_with_its_numbers(glass):
    _, _, known = known_of(glass)
    assert known.numbers.tolist() == list(range(4, COUNT))
    np.testing.assert_allclose(known.eigenvalues, glass.eigenvalues[3 : COUNT - 1], rtol=1e-11)
    products = known.fields.reshape(len(known.fields), -1) @ glass.vectors[3 : COUNT - 1].T
    np.testing.assert_allclose(np.abs(np.diag(products)), 1, atol=1e-9)


def test_the_certified_maximum_is_the_dense_one(glass):
    stiffness, _, known = known_of(glass)
    soft = 0
    for name, r in fields_of(glass).items():
        c = np.abs(glass.vectors[3:] @ r.ravel()) / np.linalg.norm(r / np.abs(r).max())
        c /= np.abs(r).max()
        best = int(c.argmax())
        found = max_overlap(
            glass.model,
            glass.configuration,
            r,
            method="lanczos",
            max_steps=20000,
            stiffness=stiffness,
            known=known,
        )
        assert found.certified, name
        assert found.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR), name
        assert found.mode == best + 4, name
        assert found.frequency**2 == pytest.approx(glass.eigenvalues[best + 3], rel=1e-10)
        assert np.delete(c, best).max() <= found.bound + 1e-9 <= found.overlap + 2e-9, name
        assert abs(np.vdot(found.field, glass.vectors[best + 3])) == pytest.approx(1, abs=1e-9)
        soft += best + 4 < COUNT
    assert soft >= 4  # and others, which are found beyond the known ones


def test_a_field_that_a_known_mode_dominates_needs_no_step(glass):
    stiffness, _, known = known_of(glass)
    r = glass.vectors[8].reshape(-1, 3) + 0.5 * glass.vectors[500].reshape(-1, 3)
    found = max_overlap(
        glass.model, glass.configuration, r, method="lanczos", stiffness=stiffness, known=known
    )
    assert (found.mode, found.certified, found.steps) == (9, True, 0)
    assert found.overlap == pytest.approx(1 / np.sqrt(1.25), abs=OVERLAP_ERROR)
    assert found.bound == pytest.approx(0.5 / np.sqrt(1.25), abs=1e-9)


def test_a_budget_too_small_leaves_the_known_maximum_uncertified(glass):
    stiffness, _, known = known_of(glass)
    r = 0.2 * glass.vectors[8] + np.random.default_rng(4).standard_normal(648) / np.sqrt(648)
    found = max_overlap(
        glass.model,
        glass.configuration,
        r.reshape(-1, 3),
        method="lanczos",
        max_steps=3,
        stiffness=stiffness,
        known=known,
    )
    assert not found.certified
    assert found.mode == 9
    assert found.bound > found.overlap


@pytest.mark.parametrize("missing", [3, 20, COUNT - 2])
def test_modes_of_which_one_is_missing_are_not_believed(glass, missing):
    stiffness, modes, _ = known_of(glass)
    kept = np.delete(np.arange(COUNT), missing)
    fewer = replace(
        modes,
        frequencies=modes.frequencies[kept],
        fields=modes.fields[kept],
        participation_ratios=modes.participation_ratios[kept],
    )
    assert len(known_modes(stiffness, fewer).numbers) == 0


def test_blurred_modes_are_left_out_and_found_anew(glass):
    stiffness, modes, _ = known_of(glass)
    fields = np.array(modes.fields)
    fields[8] += 1e-6 * fields[9]
    known = known_modes(stiffness, replace(modes, fields=fields))
    assert known.numbers.tolist() == [n for n in range(4, COUNT) if n != 9]
    r = glass.vectors[8].reshape(-1, 3) + 0.3 * glass.displacements[0]
    results = [
        max_overlap(glass.model, glass.configuration, r, method="lanczos", known=k)
        for k in (known, None)
    ]
    assert results[0].mode == results[1].mode == 9
    assert results[0].overlap == pytest.approx(results[1].overlap, abs=OVERLAP_ERROR)


class Unfactorized(Stiffness):
    """It takes products only."""

    def below(self, shift):
        raise AssertionError(f"factorized at {shift}")


def test_a_mode_that_one_field_led_to_is_not_sought_again(glass):
    stiffness, _, known = known_of(glass)
    fields = [k * glass.vectors[300].reshape(-1, 3) + glass.displacements[0] for k in (2, 3)]

    def largest(field, known, stiffness=stiffness):
        return max_overlap(
            glass.model,
            glass.configuration,
            field,
            method="lanczos",
            stiffness=stiffness,
            known=known,
        )

    first, alone = (largest(field, known) for field in fields)
    assert (first.mode, first.certified) == (301, True)
    products_only = Unfactorized(glass.model, glass.configuration)
    second = largest(fields[1], known.joined(first), products_only)
    assert (second.mode, second.certified) == (301, True)
    assert second.overlap == pytest.approx(alone.overlap, abs=OVERLAP_ERROR)
    uniform = max_overlap(glass.model, glass.configuration, np.ones((216, 3)))
    for other in (None, uniform, replace(first, certified=False)):
        assert known.joined(other) is known


def test_another_vector_of_a_degenerate_level_is_no_candidate(crystal):
    stiffness = Stiffness(crystal.model, crystal.configuration)
    known = no_modes(stiffness)
    generator = np.random.default_rng(8)
    for _ in range(2):
        r = generator.standard_normal((108, 3))
        found = max_overlap(crystal.model, crystal.configuration, r, method="lanczos", known=known)
        alone = max_overlap(crystal.model, crystal.configuration, r, method="dense")
        assert found.certified
        assert found.overlap == pytest.approx(alone.overlap, abs=1e-8)
        assert found.mode == alone.mode
        known = known.joined(found)


def test_degenerate_levels_are_not_known_but_found(crystal):
    stiffness = Stiffness(crystal.model, crystal.configuration)
    modes = normal_modes(crystal.model, crystal.configuration)
    known = known_modes(stiffness, modes)
    distances = np.abs(crystal.eigenvalues[3:, None] - known.eigenvalues[None, :])
    assert (np.count_nonzero(distances < 1e-6, axis=0) == 1).all()
    r = np.random.default_rng(5).standard_normal((108, 3))
    results = [
        max_overlap(crystal.model, crystal.configuration, r, method="lanczos", known=k)
        for k in (known, None)
    ]
    assert results[0].mode == results[1].mode
    assert results[0].overlap == pytest.approx(results[1].overlap, abs=1e-8)
