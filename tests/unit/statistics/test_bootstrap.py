import numpy as np
import pytest
from scipy import stats

from glasswells.core.errors import InputError
from glasswells.statistics import (
    Resampling,
    count_per_glass,
    distribution,
    mean,
    rank_correlation,
    sum_per_volume,
)

N_GLASSES = 30
QUICK = Resampling(resamples=500)
TOLERANCE = 0.02  # of the coverage, as promised; 1000 trials have a standard error of 0.007


def clustered(rng, n_glasses=N_GLASSES):
    """Entries x around a mean of their glass; true mean 1, many entries per glass."""
    sizes = rng.poisson(20, n_glasses) + 1
    return [rng.normal(1.0 + rng.normal(0, 0.5), 0.7, n) for n in sizes]


def covered(estimate, truth):
    return estimate.low <= truth <= estimate.high


def test_interval_of_a_mean_covers_95_percent_of_clustered_samples():
    rng = np.random.default_rng(1)
    hits = [covered(mean(clustered(rng), QUICK), 1.0) for _ in range(1000)]
    assert abs(np.mean(hits) - 0.95) < TOLERANCE


def test_entries_taken_as_independent_would_cover_far_less():
    rng = np.random.default_rng(2)
    hits = [covered(mean([np.concatenate(clustered(rng))], QUICK), 1.0) for _ in range(300)]
    assert np.mean(hits) < 0.75  # the design effect of this sample is about 8


@pytest.mark.parametrize("n_glasses", [4, 10, 40])
def test_interval_of_a_count_covers_whatever_the_number_of_glasses(n_glasses):
    # Rates differ between glasses by 30 %: counts are overdispersed.
    rng = np.random.default_rng(n_glasses)
    hits = []
    for _ in range(1500):
        rates = rng.gamma(11.0, 40.0 / 11.0, n_glasses)
        hits.append(covered(count_per_glass(rng.poisson(rates), QUICK), 40.0))
    assert abs(np.mean(hits) - 0.95) < TOLERANCE


def test_intervals_of_histogram_bins_cover():
    # Entries are normal around their glass, so the pooled law is N(1, 0.5^2 + 0.7^2).
    edges = np.linspace(0.0, 2.0, 5)
    law = stats.norm(1.0, np.hypot(0.5, 0.7))
    truth = np.diff(law.cdf(edges)) / np.diff(edges)
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(600):
        found = distribution(clustered(rng, 40), edges, QUICK)
        hits.append((found.low <= truth) & (truth <= found.high))
    # Four bins of 600 trials: standard error 0.006, as the bins are nearly independent.
    assert abs(np.mean(hits) - 0.95) < TOLERANCE


def test_interval_of_a_rank_correlation_covers():
    # Normal pairs, correlated within and between glasses alike: Spearman's is 6/pi asin(r/2).
    correlation = 0.6
    truth = 6 / np.pi * np.arcsin(correlation / 2)
    root = np.linalg.cholesky([[1, correlation], [correlation, 1]])
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(250):
        x, y = [], []
        for n in rng.poisson(8, 40) + 1:
            own = rng.normal(size=2)
            pairs = (np.sqrt(0.3) * own + np.sqrt(0.7) * rng.normal(size=(n, 2))) @ root.T
            x.append(pairs[:, 0])
            y.append(pairs[:, 1])
        hits.append(covered(rank_correlation(x, y, Resampling(resamples=100)), truth))
    # 250 trials have a standard error of 0.014, and 100 resamples cost about 0.01.
    assert abs(np.mean(hits) - 0.95) < 0.035


def test_rank_correlation_equals_spearman_with_ties():
    rng = np.random.default_rng(6)
    x = [rng.integers(0, 5, n).astype(float) for n in (7, 1, 12)]
    y = [v + rng.integers(0, 4, len(v)) for v in x]
    expected = stats.spearmanr(np.concatenate(x), np.concatenate(y)).statistic
    assert rank_correlation(x, y).value == pytest.approx(expected, abs=1e-14)


def test_drawing_glasses_by_weights_equals_drawing_their_copies():
    """The vectorized bootstrap of a rank correlation against the one that repeats entries."""
    rng = np.random.default_rng(7)
    x = [rng.integers(0, 6, n).astype(float) for n in (4, 6, 3, 5, 8, 2, 4, 6, 5)]
    y = [v + rng.normal(size=len(v)) for v in x]
    resampling = Resampling(resamples=100)
    copies = []
    for row in resampling.weights(len(x)).astype(int):
        drawn = [k for k, times in enumerate(row) for _ in range(times)]
        pooled = [np.concatenate([g[k] for k in drawn]) for g in (x, y)]
        copies.append(stats.spearmanr(*pooled).statistic)
    n = len(x)
    assert rank_correlation(x, y, resampling).error == pytest.approx(
        np.std(copies, ddof=1) * np.sqrt(n / (n - 1)), rel=1e-12
    )


def test_distribution_is_normalized_and_counts_what_lies_outside():
    values = [[0.5, 1.5, 2.5], [1.2], []]
    found = distribution(values, [0.0, 1.0, 2.0])
    assert found.n_entries == 4
    np.testing.assert_array_equal(found.counts, [1, 2])
    np.testing.assert_allclose(found.density, [0.25, 0.5])
    per_volume = distribution(values, [0.0, 1.0, 2.0], volumes=[10.0, 10.0, 20.0])
    np.testing.assert_allclose(per_volume.density, [1 / 40, 2 / 40])


def test_one_glass_gets_counting_errors_and_says_so():
    count = count_per_glass([9])
    assert (count.basis, count.error) == ("entries", 3.0)
    assert (count.low, count.high) == pytest.approx((4.115, 17.085), abs=1e-3)  # Garwood, n = 9
    assert count_per_glass([0]).low == 0
    assert count_per_glass([0]).high == pytest.approx(-np.log(0.025))
    assert mean([[1.0, 2.0, 4.0]]).basis == "entries"
    correlation = rank_correlation([[1.0, 2.0, 3.0, 4.0, 6.0]], [[1.0, 3.0, 2.0, 5.0, 4.0]])
    assert correlation.basis == "entries"
    assert correlation.low < correlation.value < correlation.high
    histogram = distribution([[0.5, 0.6]], [0.0, 1.0, 2.0])
    assert histogram.basis == "entries"
    assert histogram.high[1] > 0


def test_same_data_give_the_same_error_bars():
    values = clustered(np.random.default_rng(8))
    assert mean(values) == mean(values)
    assert mean(values) != mean(values, Resampling(seed=1))


def test_nothing_found_gives_no_estimate():
    assert mean([[], []]) is None
    assert rank_correlation([[1.0], []], [[2.0], []]) is None
    assert rank_correlation([[1.0] * 5, [1.0]], [[1.0, 2, 3, 4, 5], [6.0]]) is None
    empty = distribution([[], []], [0.0, 1.0])
    assert np.isnan(empty.density).all()


def test_equal_numbers_in_all_glasses_do_not_look_certain():
    nothing = count_per_glass([0, 0, 0])
    assert nothing.high == pytest.approx(-np.log(0.025) / 3)
    assert nothing.basis == "entries"
    two_each = count_per_glass([2, 2])  # four in two glasses
    assert (two_each.low, two_each.high) == pytest.approx((1.0899 / 2, 10.2416 / 2), abs=1e-4)
    empty_bin = distribution([[0.5], [0.6, 0.7]], [0.0, 1.0, 2.0])
    assert empty_bin.density[1] == 0
    assert empty_bin.high[1] == pytest.approx(-np.log(0.025) / 3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_perfect_correlation_of_few_entries_is_not_certain(sign):
    """Four ranks are in order by chance once in 24 times."""
    found = rank_correlation([[1.0, 2.0, 3.0], [4.0]], [[sign, 2 * sign, 3 * sign], [4 * sign]])
    assert (found.value, found.basis, found.n_glasses) == (sign, "entries", 2)
    far, near = (found.low, found.high) if sign > 0 else (-found.high, -found.low)
    assert near == 1
    # Bonett & Wright about 0.8, one swap of neighbors: tanh(atanh(0.8) - 1.96 sqrt(1.32))
    assert far == pytest.approx(-0.8189, abs=1e-4)
    many = np.arange(50.0)
    assert rank_correlation([many], [many]).low > 0.999


def test_interval_of_a_correlation_stays_in_its_range():
    x = [[0.0, 1.0, 2.0], [0.5, 3.0, 1.5], [1.0, 2.5, 9.0]]
    y = [[0.0, 1.0, 2.0], [0.5, 3.0, 1.6], [1.7, 2.5, 9.0]]
    assert rank_correlation(x, y).high == 1


def test_glasses_without_entries_do_not_break_the_draws():
    found = mean([[1.0, 2.0], [], [], [], [3.0], [], [], [], [], []])
    assert np.isfinite([found.low, found.high, found.error]).all()


@pytest.mark.parametrize("n_glasses", [2, 3, 7])
def test_few_glasses_are_never_surer_than_their_entries_would_be(n_glasses):
    """Glasses that agree by chance; a bootstrap alone would call their mean nearly exact."""
    rng = np.random.default_rng(9)
    values = [rng.normal(size=6) for _ in range(n_glasses)]
    values = [v - v.mean() + 1e-3 * k for k, v in enumerate(values)]
    pooled = np.concatenate(values)
    found, of_entries = mean(values), mean([pooled])
    assert found.low <= of_entries.low + 1e-12
    assert found.high >= of_entries.high - 1e-12
    assert found.error == pytest.approx(pooled.std(ddof=1) / np.sqrt(len(pooled)))
    assert (found.basis, found.n_glasses) == ("glasses", n_glasses)
    terms = [v[:, None] for v in values]
    summed, volumes = sum_per_volume(terms, np.full(n_glasses, 2.0)).at(0), 2.0 * n_glasses
    assert summed.error >= np.sqrt((pooled**2).sum()) / volumes * (1 - 1e-12)
    assert summed.high - summed.low >= 2 * 1.95 * summed.error


def test_a_glass_with_one_entry_does_not_make_a_correlation_sure():
    rng = np.random.default_rng(10)
    x = rng.normal(size=14)
    y = x + rng.normal(size=14)
    found = rank_correlation([x, [0.1]], [y, [0.2]])
    together = rank_correlation([np.append(x, 0.1)], [np.append(y, 0.2)])
    assert found.low <= together.low
    assert found.high >= together.high
    assert found.high - found.low > 0.5


@pytest.mark.parametrize("empty", [1, 9])
def test_one_glass_with_all_entries_has_the_interval_of_its_entries(empty):
    """To draw glasses anew would give it no width, as each draw has the same entries or none."""
    found, alone = mean([[1.0, 2.0, 4.0], *[[]] * empty]), mean([[1.0, 2.0, 4.0]])
    assert (found.low, found.high, found.basis) == (alone.low, alone.high, "entries")
    assert found.n_glasses == 1 + empty


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count_per_glass([]), "counts"),
        (lambda: count_per_glass([-1.0, 2.0]), "at least 0"),
        (lambda: mean([]), "at least one glass"),
        (lambda: mean([[np.nan]]), "nan"),
        (lambda: distribution([[1.0]], [1.0, 1.0]), "strictly increase"),
        (lambda: rank_correlation([[1.0]], [[1.0, 2.0]]), "pairs of values"),
        (lambda: Resampling(confidence=1.5), "confidence"),
        (lambda: Resampling(resamples=3), "resamples"),
    ],
)
def test_bad_input_gives_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call()
