"""The vibrations of a minimum against its dense spectrum, and what is kept when a search fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_wells import (
    MODEL,
    BrokenStiffness,
    CountedStiffness,
    SmallWell,
    contractions_of_one_search,
)

from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.model.functions import energy, hessian_product, third_order
from glasswells.modes import normal_modes
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.records import MinimumVibrations

COUNT = 40
# Of both solvers: eps times the largest eigenvalue, 300, over a frequency of 1 or a gap of 1e-3.
FREQUENCY_ERROR = 1e-9
FIELD_ERROR = 1e-8


def same_direction(first: np.ndarray, second: np.ndarray) -> bool:
    return abs(abs(np.vdot(first, second)) - 1) < FIELD_ERROR


@pytest.fixture(scope="module")
def found(small: SmallWell) -> MinimumVibrations:
    return minimum_vibrations(MODEL, small.a, COUNT)


def limit_for_one_mode(small: SmallWell) -> tuple[float, int]:
    """A limit of PR below which lies one soft mode only, not the softest; and its number."""
    ratios = small.participation_ratios[4:COUNT]
    lowest, next_lowest = np.sort(ratios)[:2]
    return float(np.sqrt(lowest * next_lowest)), int(ratios.argmin()) + 5


def test_numbers_are_those_of_the_dense_spectrum(
    small: SmallWell, found: MinimumVibrations
) -> None:
    assert not found.complete
    assert found.frequencies[:3] == pytest.approx(0)
    frequencies = np.sqrt(small.eigenvalues[3:COUNT])
    assert found.frequencies[3:] == pytest.approx(frequencies, abs=FREQUENCY_ERROR)
    ratios = small.participation_ratios[3:COUNT]
    assert found.participation_ratios[3:] == pytest.approx(ratios, abs=FIELD_ERROR)
    assert same_direction(found.softest, small.modes[3])


def test_quasilocalized_modes_are_below_both_limits(small: SmallWell) -> None:
    limit, frequency = 0.3, float(np.sqrt(small.eigenvalues[20:22].mean()))
    expected = [
        k + 1
        for k in range(3, COUNT)
        if small.participation_ratios[k] < limit and np.sqrt(small.eigenvalues[k]) < frequency
    ]
    assert 0 < len(expected) < 18  # both limits exclude some
    found = minimum_vibrations(
        MODEL, small.a, COUNT, participation_limit=limit, frequency_limit=frequency
    )
    assert list(found.quasilocalized) == expected
    assert same_direction(found.softest_localized, small.modes[expected[0] - 1])


def test_the_full_spectrum(small: SmallWell, found: MinimumVibrations) -> None:
    full = minimum_vibrations(MODEL, small.a, None)
    assert full.complete
    assert len(full.frequencies) == 3 * small.a.n_particles
    assert full.frequencies[3:] == pytest.approx(
        np.sqrt(small.eigenvalues[3:]), abs=FREQUENCY_ERROR
    )
    assert full.quasilocalized == found.quasilocalized
    assert same_direction(full.softest, found.softest)


def test_cubic_modes_solve_their_equation_from_both_seeds(small: SmallWell) -> None:
    limit, number = limit_for_one_mode(small)
    found = minimum_vibrations(
        MODEL, small.a, COUNT, participation_limit=limit, frequency_limit=10.0
    )
    assert found.quasilocalized == (number,)
    assert [item.seed for item in found.cubic_modes] == ["softest_localized", "softest"]
    seeds = (small.modes[number - 1], small.modes[3])
    for item, seed in zip(found.cubic_modes, seeds, strict=True):
        mode = item.mode
        assert mode.outcome is Outcome.CONVERGED
        assert mode.overlap_with_start == pytest.approx(
            abs(np.vdot(mode.field, seed)), abs=FIELD_ERROR
        )
        product = hessian_product(MODEL, small.a, mode.field)
        vector, scalar = third_order(MODEL, small.a, mode.field)
        kappa = np.vdot(mode.field, product)
        assert np.abs(product - kappa / scalar * vector).max() < 1e-8  # eq. 5
        assert (mode.stiffness, mode.cubic) == pytest.approx((kappa, scalar), rel=1e-9)


def test_the_profile_is_the_energy_along_the_mode(
    small: SmallWell, found: MinimumVibrations
) -> None:
    item = found.cubic_modes[-1]
    assert item.profile is not None
    origin = energy(MODEL, small.a)
    for k in (0, len(item.profile.distance) // 3, -1):
        s = item.profile.distance[k]
        moved = small.a.moved_to(small.a.positions + s * item.mode.field)
        assert item.profile.energy[k] == pytest.approx(energy(MODEL, moved) - origin, abs=1e-9)
    assert item.is_double_well == (len(item.profile.minima) > 1)


def test_one_search_serves_both_seeds_where_they_are_one_mode(small: SmallWell) -> None:
    counted = CountedStiffness(MODEL, small.a)
    found = minimum_vibrations(MODEL, small.a, COUNT, participation_limit=1.0, stiffness=counted)
    assert found.quasilocalized[0] == 4
    assert [item.seed for item in found.cubic_modes] == ["softest_localized", "softest"]
    assert found.cubic_modes[0].mode is found.cubic_modes[1].mode
    assert counted.contractions == contractions_of_one_search(small.a, found.softest)


def test_without_localized_modes_there_is_one_seed(small: SmallWell) -> None:
    found = minimum_vibrations(MODEL, small.a, COUNT, participation_limit=0.0)
    assert found.quasilocalized == ()
    assert found.softest_localized.shape == (0, 3)
    assert [item.seed for item in found.cubic_modes] == ["softest"]


def test_seeds_come_from_the_softest_modes_however_many_are_known(small: SmallWell) -> None:
    limit, number = limit_for_one_mode(small)
    modes = normal_modes(MODEL, small.a, None)
    for count, seeds in ((number - 1, ["softest"]), (number, ["softest_localized", "softest"])):
        settings = {"participation_limit": limit, "frequency_limit": 10.0}
        found = minimum_vibrations(MODEL, small.a, count, modes=modes, **settings)
        assert [item.seed for item in found.cubic_modes] == seeds
        assert len(found.softest_localized) == (small.a.n_particles if len(seeds) == 2 else 0)
        assert number in found.quasilocalized


def test_modes_and_stiffness_at_hand_are_used(small: SmallWell, found: MinimumVibrations) -> None:
    counted = CountedStiffness(MODEL, small.a)
    modes = normal_modes(MODEL, small.a, COUNT, stiffness=counted)
    # A little beside their values, which tells them from modes that are computed again.
    modes = replace(modes, frequencies=modes.frequencies * (1 + 1e-6))
    used = minimum_vibrations(MODEL, small.a, modes=modes, stiffness=counted)
    assert counted.contractions >= contractions_of_one_search(small.a, used.softest) > 0
    assert np.array_equal(used.frequencies, modes.frequencies)
    assert used.quasilocalized == found.quasilocalized
    assert used.failures == ()


def test_a_search_that_breaks_off_is_recorded(small: SmallWell) -> None:
    broken = BrokenStiffness(MODEL, small.a)
    found = minimum_vibrations(MODEL, small.a, COUNT, stiffness=broken)
    assert found.cubic_modes == ()
    assert len(found.frequencies) == COUNT
    assert "cubic mode from softest" in found.failures[-1]
    assert "no luck" in found.failures[-1]


def test_an_error_of_the_code_is_no_failure_of_a_quantity(small: SmallWell) -> None:
    broken = BrokenStiffness(MODEL, small.a)
    broken.error = TypeError("a bug")
    with pytest.raises(TypeError, match="a bug"):
        minimum_vibrations(MODEL, small.a, COUNT, stiffness=broken)


def test_a_saddle_has_modes_but_no_cubic_ones(small: SmallWell) -> None:
    found = minimum_vibrations(MODEL, small.well.saddle, COUNT)
    assert found.frequencies[3] == pytest.approx(
        -np.sqrt(-small.well.negative_eigenvalue), rel=1e-6
    )
    softest = found.cubic_modes[-1]
    assert softest.mode.outcome is Outcome.NOT_A_MINIMUM
    assert softest.profile is None
    assert not softest.is_double_well


@pytest.mark.parametrize("count", [3, 0, 376])
def test_counts_out_of_range(small: SmallWell, count: int) -> None:
    with pytest.raises(InputError, match="count is"):
        minimum_vibrations(MODEL, small.a, count)
