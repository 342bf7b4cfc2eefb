"""The distribution of Delta and Delta_0: exponents of known laws, densities of known numbers."""

from __future__ import annotations

import numpy as np
import pytest
from example_systems import states
from scipy.optimize import brentq

from glasswells.core.errors import InputError
from glasswells.observables import parameter_density
from glasswells.observables.parameters import inverse_langevin

LARGEST, SMALLEST = 1e-3, 1e-6


def drawn(n: int, a: float, b: float, seed: int):
    """Delta ~ Delta^a below `LARGEST` and ln Delta_0 ~ Delta_0^b, by their inverse cumulatives."""
    random = np.random.default_rng(seed)
    delta = LARGEST * random.random(n) ** (1 / (1 + a))
    low, high = np.array([SMALLEST, LARGEST]) ** b
    u = random.random(n)
    amplitude = (low + u * (high - low)) ** (1 / b) if b else SMALLEST * (LARGEST / SMALLEST) ** u
    return states(np.hypot(delta, amplitude), amplitude)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (0.5, 0.3), (-0.3, -0.2)])
def test_the_exponents_of_known_laws_are_found(a: float, b: float) -> None:
    glasses = [drawn(400, a, b, seed) for seed in range(10)]
    found = parameter_density(glasses, [0, LARGEST], [SMALLEST, LARGEST])
    for exponent, true in ((found.asymmetry_exponent, a), (found.amplitude_exponent, b)):
        assert exponent is not None
        assert abs(exponent.value - true) < 4 * exponent.error
        assert exponent.error < 0.05


def test_the_density_counts_per_volume_delta_and_ln_delta_0() -> None:
    # E = sqrt(Delta^2 + Delta_0^2): two in the first cell, one in the last, one outside.
    delta, amplitude = np.array([1.0, 2.0, 8.0, 20.0]), np.array([1.5, 1.5, 5.0, 1.5])
    one = states(np.hypot(delta, amplitude), amplitude, volume=10.0)
    found = parameter_density([one, states([], [], volume=30.0)], [0, 5, 10], [1, 2, 8])
    assert np.array_equal(found.counts, [[2, 0], [0, 1]])
    assert found.density[0, 0] == pytest.approx(2 / (40 * 5 * np.log(2)))
    assert found.density[1, 1] == pytest.approx(1 / (40 * 5 * np.log(4)))


def test_too_few_have_no_exponent() -> None:
    found = parameter_density([drawn(2, 0, 0, 1)], [0, LARGEST], [SMALLEST, LARGEST])
    assert found.asymmetry_exponent is None
    assert found.amplitude_exponent is None


def test_the_inverse_of_langevins_function() -> None:
    for mean in (-0.97, -0.3, 1e-9, 0.2, 0.9999):
        expected = 3 * mean
        if abs(mean) > 1e-6:
            lower, upper = sorted([np.sign(mean) * 1e-3, np.sign(mean) * 1e5])
            expected = brentq(lambda x: 1 / np.tanh(x) - 1 / x - mean, lower, upper, xtol=1e-13)  # noqa: B023
        assert inverse_langevin(np.array(mean)) == pytest.approx(expected, rel=1e-7)


def test_wrong_edges_are_named() -> None:
    with pytest.raises(InputError, match="asymmetry_edges begins"):
        parameter_density([drawn(5, 0, 0, 1)], [1e-5, 1e-3], [1e-6, 1e-3])
    with pytest.raises(InputError, match="amplitude_edges"):
        parameter_density([drawn(5, 0, 0, 1)], [0, 1e-3], [1e-3, 1e-6])
