"""The specific heat: against dU/dT of two levels, and under the constant density n_0."""

from __future__ import annotations

import numpy as np
import pytest
from example_systems import states
from scipy.integrate import quad

from glasswells.core.errors import InputError
from glasswells.observables import schottky, specific_heat


def test_it_is_the_slope_of_the_energy_of_two_levels() -> None:
    e, t, h = 0.3, 0.11, 1e-4

    def energy(kT: float) -> float:
        weights = np.exp(-np.array([0.0, e]) / kT)
        return e * weights[1] / weights.sum()

    places = t + h * np.array([-2, -1, 1, 2])
    slope = np.dot([1 / 12, -2 / 3, 2 / 3, -1 / 12], [energy(x) for x in places]) / h
    assert schottky([e], [t])[0, 0] == pytest.approx(slope, rel=1e-9)


def test_far_below_a_splitting_it_is_zero_without_overflow() -> None:
    assert schottky([1.0], [1e-6])[0, 0] == 0.0


def test_a_constant_density_gives_a_linear_specific_heat() -> None:
    """(pi^2/6) n_0 T, from int_0^inf x^2 sech^2 x dx = pi^2/12."""
    n0, t = 5.0, 0.01
    whole = quad(lambda e: n0 * schottky([e], [t])[0, 0], 0, 60 * t, epsabs=1e-12)[0]
    assert whole == pytest.approx(np.pi**2 / 6 * n0 * t, rel=1e-10)


def test_it_is_per_volume_of_all_glasses_with_an_error_from_their_scatter() -> None:
    glasses = [states([0.1, 0.2], [0.1, 0.1]), states([], []), states([0.1], [0.1])]
    found = specific_heat(glasses, [0.05, 0.1])
    total = schottky([0.1, 0.2, 0.1], [0.05, 0.1]).sum(axis=0)
    assert found.value == pytest.approx(total / 300)
    assert found.n_entries == 3
    assert (found.low >= 0).all()
    assert (found.error > 0).all()


def test_one_glass_has_the_error_of_independent_events() -> None:
    found = specific_heat([states([0.1] * 16, [0.1] * 16)], [0.05])
    assert found.error[0] == pytest.approx(found.value[0] / 4)
    assert found.basis == "entries"


def test_wrong_input_is_named() -> None:
    with pytest.raises(InputError, match="temperatures"):
        specific_heat([states([0.1], [0.1])], [0.0])
    with pytest.raises(InputError, match="terms is empty"):
        specific_heat([], [0.1])
    with pytest.raises(InputError, match="splitting holds 0"):
        states([0.0], [0.1])
