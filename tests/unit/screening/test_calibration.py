"""Calibration: the curve behind made-up hits is found again."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.screening.calibration import calibrate


def test_a_known_curve_is_found():
    rng = np.random.default_rng(1)
    scores = rng.normal(2.0, 0.5, size=20000)
    truth = 1 / (1 + np.exp(-(4.0 * scores - 9.0)))
    curve = calibrate(scores[:, None], rng.random(20000) < truth)
    assert curve.slopes[0] == pytest.approx(4.0, abs=0.3)  # three standard errors
    assert curve.offset == pytest.approx(-9.0, abs=0.6)


def test_the_sum_of_probabilities_is_the_number_of_hits():
    """Of the likeliest curve: its derivative by the offset vanishes (with Platt's targets)."""
    rng = np.random.default_rng(2)
    scores = rng.normal(size=500)
    hits = rng.random(500) < 0.1 + 0.3 * (scores > 0)
    total = calibrate(scores[:, None], hits).probability(scores[:, None]).sum()
    assert total == pytest.approx(hits.sum(), abs=2)


def test_separated_scores_give_a_finite_curve():
    scores = np.linspace(-1, 1, 40)
    chance = calibrate(scores[:, None], scores > 0).probability(scores[:, None])
    assert 0 < chance.min() < 0.05
    assert 0.95 < chance.max() < 1


def test_without_hits_the_rule_of_succession():
    chance = calibrate(np.zeros((98, 1)), np.zeros(98, dtype=bool)).probability(np.zeros((1, 1)))
    assert chance[0] == pytest.approx(0.01)


def test_scores_that_foretell_the_opposite_are_not_used():
    scores = np.linspace(-1, 1, 40)
    chance = calibrate(scores[:, None], scores < 0).probability(scores[:, None])
    assert np.ptp(chance) == 0
    assert chance[0] == pytest.approx(0.5)


def test_two_scores_are_weighed():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20000, 3))
    truth = 1 / (1 + np.exp(-(2 * scores[:, 0] + scores[:, 1] - 1)))
    curve = calibrate(scores, rng.random(20000) < truth)
    np.testing.assert_allclose(curve.slopes, (2, 1, 0), atol=0.1)  # three standard errors
    assert curve.offset == pytest.approx(-1, abs=0.1)
