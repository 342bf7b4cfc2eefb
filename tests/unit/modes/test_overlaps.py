"""Overlaps (eqs. 7 and 8) and participation (eq. 4) against loops over particles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glasswells.core.errors import InputError
from glasswells.modes import (
    mobility_overlap,
    mobility_overlaps,
    overlap,
    overlaps,
    participation_number,
    participation_ratio,
)

finite = st.floats(-1e3, 1e3, allow_subnormal=False)


def slow_c(r, v):
    dot = sum(r[i][c] * v[i][c] for i in range(len(r)) for c in range(3))
    return abs(dot) / math.sqrt(sum(x * x for x in r.flat) * sum(x * x for x in v.flat))


def slow_a(r, v):
    size_r = [math.sqrt(sum(x * x for x in row)) for row in r]
    size_v = [math.sqrt(sum(x * x for x in row)) for row in v]
    total = sum(a * b for a, b in zip(size_r, size_v, strict=True))
    return total / math.sqrt(sum(a * a for a in size_r) * sum(b * b for b in size_v))


@pytest.mark.parametrize("n", [1, 2, 17])
def test_both_overlaps_equal_the_sums_over_particles(n):
    generator = np.random.default_rng(n)
    r, modes = generator.standard_normal((n, 3)), generator.standard_normal((5, n, 3))
    for k, v in enumerate(modes):
        assert overlap(r, v) == pytest.approx(slow_c(r, v), rel=1e-13)
        assert mobility_overlap(r, v) == pytest.approx(slow_a(r, v), rel=1e-13)
        assert overlaps(r, modes)[k] == pytest.approx(slow_c(r, v), rel=1e-13)
        assert mobility_overlaps(r, modes)[k] == pytest.approx(slow_a(r, v), rel=1e-13)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, (6, 3), elements=finite),
    arrays(np.float64, (6, 3), elements=finite),
    st.sampled_from([1.0, -3.0, 1e-200, 1e200]),
)
def test_overlaps_lie_between_0_and_1_and_ignore_norm_and_sign(r, v, factor):
    r[0, 0] += 2000.0
    v[3, 1] += 2000.0
    c, a = overlap(r, v), mobility_overlap(r, v)
    assert 0 <= c <= a + 1e-14  # the mobilities of particles that hardly move underflow
    assert a <= 1
    assert overlap(factor * r, v) == pytest.approx(c, rel=1e-12, abs=1e-15)
    assert mobility_overlap(r, factor * v) == pytest.approx(a, rel=1e-12)


def test_a_ignores_the_polarization_and_c_does_not():
    r = np.zeros((4, 3))
    r[1] = 1, 0, 0
    v = np.zeros((4, 3))
    v[1] = 0, 2, 0
    assert overlap(r, v) == 0
    assert mobility_overlap(r, v) == 1
    assert overlap(r, -3 * r) == 1


def test_participation_of_one_particle_of_all_and_of_some():
    one = np.zeros((50, 3))
    one[7, 2] = -3
    everyone = np.tile([0.0, 2.0, -1.0], (50, 1))
    some = np.zeros((50, 3))
    some[:5, 0] = 1e-90  # fourth powers underflow unless the field is scaled first
    assert participation_number(one) == 1
    assert participation_ratio(one) == pytest.approx(1 / 50, rel=1e-15)
    assert participation_number(everyone) == pytest.approx(50, rel=1e-14)
    assert participation_ratio(everyone) == pytest.approx(1, rel=1e-14)
    assert participation_number(some) == pytest.approx(5, rel=1e-14)


def test_participation_ratio_is_eq_4_for_a_unit_field():
    v = np.random.default_rng(3).standard_normal((20, 3))
    v /= np.linalg.norm(v)
    eq4 = 1 / (20 * sum(sum(x * x for x in row) ** 2 for row in v))
    assert participation_ratio(v) == pytest.approx(eq4, rel=1e-13)
    assert participation_ratio(7 * v) == pytest.approx(eq4, rel=1e-13)


@pytest.mark.parametrize("function", [overlap, mobility_overlap])
@pytest.mark.parametrize(
    ("r", "v", "text"),
    [
        (np.zeros((3, 3)), np.ones((3, 3)), "field is zero everywhere"),
        (np.ones((3, 3)), np.zeros((3, 3)), r"mode\[0\] is zero everywhere"),
        (np.ones((3, 3)), np.ones((4, 3)), "field has 3 particles and mode 4"),
        (np.ones((3, 2)), np.ones((3, 3)), r"field has shape \(3, 2\)"),
        (np.full((3, 3), np.nan), np.ones((3, 3)), "nan"),
        (np.ones((3, 3), dtype=np.float32), np.ones((3, 3)), "float32"),
        (np.ones((0, 3)), np.ones((3, 3)), "at least one particle"),
    ],
)
def test_bad_overlap_input_is_one_clear_error(function, r, v, text):
    with pytest.raises(InputError, match=text):
        function(r, v)


@pytest.mark.parametrize("function", [participation_number, participation_ratio])
@pytest.mark.parametrize("field", [np.zeros((3, 3)), np.ones(9), np.full((3, 3), np.inf)])
def test_bad_participation_input_is_an_input_error(function, field):
    with pytest.raises(InputError, match="field"):
        function(field)
