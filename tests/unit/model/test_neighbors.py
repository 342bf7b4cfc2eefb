"""The neighbor list against all pairs, in boxes, on faces and far outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswells.core.records import Configuration
from glasswells.model import neighbors
from glasswells.model.interactions import PairInteractions
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.neighbors import ListBuilder, empty_pair_list, empty_screen, prune_pair_list
from glasswells.model.soft_spheres import SoftSpheres

SOFT = SoftSpheres()
KA = KobAndersen(cutoff=1.6)


def soft_range(a, b):
    return 0.5 * (a + b) * (1 - 0.2 * np.abs(a - b))


def ka_range(a, b):
    return np.where(a == b, a, 0.8)


RANGES = {SOFT: soft_range, KA: ka_range}


def all_pairs(model, positions, diameters, box, skin):
    """(i, j), i < j, closer than cutoff_ij + skin, and the margin of the closest call."""
    i, j = np.triu_indices(len(positions), 1)
    d = positions[j] - positions[i]
    d -= box * np.round(d / box)
    distance = np.sqrt((d**2).sum(axis=1))
    reach = model.cutoff * RANGES[model](diameters[i], diameters[j]) + skin
    inside = distance < reach
    return i[inside], j[inside], np.abs(distance - reach).min()


def particles(model, n, rng, box):
    """Random, with some exactly on faces, edges and corners, and some many boxes away."""
    positions = rng.uniform(0, 1, (n, 3)) * box
    on_face = rng.random((n, 3)) < 0.05
    positions[on_face] = (rng.integers(0, 2, (n, 3)) * box)[on_face]
    far = rng.random(n) < 0.3
    positions[far] += rng.integers(-7, 8, (far.sum(), 3)) * box
    if model is SOFT:
        diameters = rng.uniform(0.73, 1.62, n)
    else:
        diameters = rng.choice([1.0, 0.88], n)
    return positions, diameters


def unpack(pairs):
    n = len(pairs.start) - 1
    first = np.repeat(np.arange(n), np.diff(pairs.start))
    return first, pairs.partner[: pairs.start[n]]


def assert_same_pairs(pairs, expected):
    first, second = unpack(pairs)
    np.testing.assert_array_equal(first, expected[0])
    np.testing.assert_array_equal(second, expected[1])


@pytest.fixture(params=["all", "cells"])
def screening(request, monkeypatch):
    """Both ways of finding candidates, at any size. The threshold is compiled in."""
    return request.param


def builder(model, diameters, box, screening):
    made = ListBuilder(model.law, model.constants, diameters, box)
    if screening == "cells":
        made._screen = made._screen._replace(smallest_for_cells=np.array([2]))
    return made


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 350),
    edges=st.tuples(*[st.floats(4.7, 22.0)] * 3),
    skin=st.floats(0.0, 0.6),
    model=st.sampled_from([SOFT, KA]),
    way=st.sampled_from(["all", "cells"]),
)
def test_equals_all_pairs(seed, n, edges, skin, model, way):
    rng = np.random.default_rng(seed)
    box = np.array(edges)
    positions, diameters = particles(model, n, rng, box)
    pairs = builder(model, diameters, box, way).build(positions, skin)
    expected = all_pairs(model, positions, diameters, box, skin)
    if expected[2] > 1e-12:  # a pair at the reach itself may fall on either side
        assert_same_pairs(pairs, expected)
    first, second = unpack(pairs)
    ranges = RANGES[model](diameters[first], diameters[second])
    np.testing.assert_allclose(pairs.inverse_range2[: len(first)], ranges**-2, rtol=1e-14)
