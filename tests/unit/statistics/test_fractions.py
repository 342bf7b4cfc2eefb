import numpy as np
import pytest
from scipy import stats

from glasswells.statistics import Resampling, fraction, with_entries

QUICK = Resampling(resamples=400)


@pytest.mark.parametrize("n", [1, 5, 60])
def test_all_alike_is_no_certainty(n):
    # Nobody out of n: the exact upper limit solves (1 - p)^n = 0.025.
    for groups in ([np.zeros(n)], [np.zeros(n), np.empty(0)]):
        found = fraction(groups, QUICK)
        assert (found.value, found.low) == (0.0, 0.0)
        assert found.high == pytest.approx(1 - 0.025 ** (1 / n), rel=1e-9)  # both closed forms
        assert found.basis == "entries"
    every = fraction([np.ones(n)], QUICK)
    assert every.high == 1.0
    assert every.low == pytest.approx(0.025 ** (1 / n), rel=1e-9)


def test_equal_shares_in_all_glasses_leave_the_binomial_interval():
    groups = [np.array([1.0, 0.0, 1.0, 0.0])] * 5
    exact = stats.binomtest(10, 20).proportion_ci(method="exact")
    found = fraction(groups, QUICK)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert found.basis == "entries"


def test_glasses_that_differ_widen_the_interval():
    groups = [np.ones(50)] * 5 + [np.zeros(50)] * 5
    exact = stats.binomtest(250, 500).proportion_ci(method="exact")
    found = fraction(groups, QUICK)
    assert found.value == 0.5
    # Ten glasses that are all one or the other: a standard error of 0.5 / 3, not of 0.5 / 22.
    assert found.low < exact.low - 0.1
    assert found.high > exact.high + 0.1
    assert found.error == pytest.approx(0.5 / 3, rel=0.15)  # of 400 resamples
    assert found.basis == "glasses"


def test_intervals_cover_clustered_fractions():
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        rates = rng.beta(8, 2, 20)
        groups = [(rng.random(rng.poisson(15) + 1) < rate).astype(float) for rate in rates]
        found = fraction(groups, QUICK)
        hits.append(found.low <= 0.8 <= found.high)
    # The hull of two intervals covers at least as often as promised; 300 trials: error 0.013.
    assert np.mean(hits) > 0.91


def test_nan_entries_and_empty_glasses_say_nothing():
    found = fraction([np.array([1.0, np.nan, 0.0]), np.array([np.nan])], QUICK)
    assert (found.value, found.n_entries, found.n_glasses) == (0.5, 2, 1)
    assert fraction([], QUICK) is None
    assert fraction([np.array([np.nan])], QUICK) is None
    assert [list(g) for g in with_entries([[1, np.nan], [], [2]])] == [[1.0], [2.0]]
