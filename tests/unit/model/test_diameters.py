"""Diameters drawn from P(sigma) = A sigma^-3."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.model.diameters import draw_diameters

A, B = 0.73, 1.62


def cumulative(sigma, a=A, b=B):
    """The distribution function that belongs to P(sigma) = A sigma^-3 on [a, b]."""
    return (a**-2 - sigma**-2) / (a**-2 - b**-2)


def test_published_mean_and_polydispersity():
    diameters = draw_diameters(1500, seed=0)
    assert diameters.mean() == pytest.approx(1.0065, abs=5e-5)
    assert diameters.std() / diameters.mean() == pytest.approx(0.229, abs=5e-4)
    assert (diameters.min() > A) & (diameters.max() < B)


def test_quantiles_are_the_midpoints_of_equal_shares():
    diameters = np.sort(draw_diameters(50, seed=1))
    np.testing.assert_allclose(cumulative(diameters), (np.arange(50) + 0.5) / 50, atol=1e-13)


def test_quantile_seed_changes_the_order_only():
    first, again, other = (draw_diameters(100, seed=s) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(np.sort(first), np.sort(other))
    assert not np.array_equal(first, np.sort(first))


def test_random_draws_follow_the_distribution():
    n = 20_000
    diameters = np.sort(draw_diameters(n, how="random", seed=5))
    u = cumulative(diameters)
    steps = np.arange(n + 1) / n
    distance = max((steps[1:] - u).max(), (u - steps[:-1]).max())
    # Kolmogorov: a true sample exceeds 1.95/sqrt(n) once in a thousand.
    assert distance < 1.95 / np.sqrt(n)
    assert not np.array_equal(diameters, np.sort(draw_diameters(n, how="random", seed=6)))


def test_unit_mean_and_other_limits():
    diameters = draw_diameters(200, limits=(0.5, 2.0), seed=7, unit_mean=True)
    assert diameters.mean() == pytest.approx(1.0, abs=1e-14)
    plain = draw_diameters(200, limits=(0.5, 2.0), seed=7)
    np.testing.assert_allclose(diameters, plain / plain.mean(), rtol=1e-15)
    np.testing.assert_allclose(
        np.sort(cumulative(plain, 0.5, 2.0)), (np.arange(200) + 0.5) / 200, atol=1e-13
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 1}, "n is 1, expected an integer of at least 2"),
        ({"n": 10.0}, "n is 10.0, expected an integer"),
        ({"limits": (1.62, 0.73)}, "expected two lengths, 0 < smallest < largest"),
        ({"limits": (0.0, 1.0)}, "limits are (0.0, 1.0), expected two lengths"),
        ({"limits": (1.0, 1.0)}, "limits are (1.0, 1.0), expected two lengths"),
        ({"limits": (0.7, np.nan)}, "limits[1] is nan, expected finite numbers"),
        ({"limits": (0.7,)}, "limits has shape (1,), expected (2)"),
        ({"how": "quantiles"}, "how is 'quantiles', expected 'quantile' or 'random'"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError) as error:
        draw_diameters(**{"n": 10, "seed": 0, **arguments})
    assert message in str(error.value)
