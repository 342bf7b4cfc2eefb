"""The neighbor list against all pairs, in boxes, on faces and far outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswells.core.records import Configuration
from glasswells.model.interactions import PairInteractions
from glasswells.model.kernels import BLOCK
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.neighbors import (
    SMALLEST_FOR_CELLS,
    ListBuilder,
    empty_pair_list,
    prune_pair_list,
)
from glasswells.model.nested_lists import NestedBuilder
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
    list_cutoff = model.cutoff * RANGES[model](diameters[i], diameters[j]) + skin
    inside = distance < list_cutoff
    return i[inside], j[inside], np.abs(distance - list_cutoff).min()


def particles(model, n, rng, box):
    """Random, with some exactly on faces, edges and corners, and some many boxes away."""
    positions = rng.uniform(0, 1, (n, 3)) * box
    on_face = rng.random((n, 3)) < 0.05
    positions[on_face] = (rng.integers(0, 2, (n, 3)) * box)[on_face]
    far = rng.random(n) < 0.3
    positions[far] += rng.integers(-7, 8, (far.sum(), 3)) * box
    diameters = rng.uniform(0.73, 1.62, n) if model is SOFT else rng.choice([1.0, 0.88], n)
    return positions, diameters


def unpack(pairs):
    n = len(pairs.start) - 1
    first = np.repeat(np.arange(n), np.diff(pairs.start))
    return first, pairs.partner[: pairs.start[n]]


def assert_same_pairs(pairs, expected):
    first, second = unpack(pairs)
    np.testing.assert_array_equal(first, expected[0])
    np.testing.assert_array_equal(second, expected[1])


def builder(model, diameters, box, smallest_for_cells=SMALLEST_FOR_CELLS):
    diameters.setflags(write=False)  # as in a Configuration: no other signature to compile
    box.setflags(write=False)
    return ListBuilder(
        model.law, model.constants, diameters, box, 1.0, smallest_for_cells=smallest_for_cells
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 350),
    edges=st.tuples(*[st.floats(4.7, 22.0)] * 3),
    skin=st.floats(0.0, 0.6),
    model=st.sampled_from([SOFT, KA]),
    smallest_for_cells=st.sampled_from([0, 10**6]),
)
def test_equals_all_pairs(seed, n, edges, skin, model, smallest_for_cells):
    rng = np.random.default_rng(seed)
    box = np.array(edges)
    positions, diameters = particles(model, n, rng, box)
    pairs = builder(model, diameters, box, smallest_for_cells).build(positions, skin)
    expected = all_pairs(model, positions, diameters, box, skin)
    if expected[2] > 1e-12:  # a pair at the list cutoff itself may fall on either side
        assert_same_pairs(pairs, expected)
    first, second = unpack(pairs)
    ranges = RANGES[model](diameters[first], diameters[second])
    # three roundings of each side
    np.testing.assert_allclose(pairs.inverse_range2[: len(first)], ranges**-2, rtol=1e-15)
    if model is KA:
        strengths = np.where(
            diameters[first] != diameters[second], 6.0, np.where(diameters[first] == 1, 4.0, 2.0)
        )
        np.testing.assert_array_equal(pairs.strength[: len(first)], strengths)


def test_cells_by_default_in_large_systems():
    rng = np.random.default_rng(1)
    box = np.array([21.0, 5.0, 30.0])  # too short for cells along y
    n = SMALLEST_FOR_CELLS
    positions, diameters = particles(SOFT, n, rng, box)
    made = builder(SOFT, diameters, box)
    pairs = made.build(positions, 0.3)
    assert made._screen.cells.tolist() == [9, 1, 12]
    assert_same_pairs(pairs, all_pairs(SOFT, positions, diameters, box, 0.3))


@pytest.mark.parametrize("smallest_for_cells", [0, 10**6])
def test_far_from_the_origin_and_in_a_wide_box(smallest_for_cells):
    # single precision resolves only 1e-5 in such a box; no pair may be lost
    rng = np.random.default_rng(2)
    box = np.array([200.0, 150.0, 180.0])
    diameters = rng.uniform(0.73, 1.62, 200)
    centers = rng.uniform(0, 1, (100, 3)) * box
    direction = rng.normal(size=(100, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    list_cutoff = 1.25 * soft_range(diameters[:100], diameters[100:]) + 0.2
    just_inside = centers + direction * (list_cutoff - 1e-7)[:, None]
    positions = np.concatenate([centers, just_inside])
    pairs = builder(SOFT, diameters, box, smallest_for_cells).build(positions, 0.2)
    found = set(zip(*(x.tolist() for x in unpack(pairs)), strict=True))
    assert {(k, k + 100) for k in range(100)} <= found
    assert_same_pairs(pairs, all_pairs(SOFT, positions, diameters, box, 0.2))


def test_repeated_builds_reuse_and_outgrow_the_arrays():
    rng = np.random.default_rng(3)
    box = np.full(3, 6.0)
    diameters = rng.uniform(0.73, 1.62, 300)
    made = builder(SOFT, diameters, box)
    for spread in (1.0, 0.3, 1.0):  # 300 particles in a corner have many more pairs
        positions = rng.uniform(0, spread, (300, 3)) * box
        pairs = made.build(positions, 0.4)
        assert_same_pairs(pairs, all_pairs(SOFT, positions, diameters, box, 0.4))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("smallest_for_cells", [0, 10**6])
def test_a_particle_nowhere_has_no_partners(bad, smallest_for_cells):
    rng = np.random.default_rng(4)
    box = np.full(3, 9.0)
    positions, diameters = particles(SOFT, 100, rng, box)
    positions[7] = bad
    first, second = unpack(builder(SOFT, diameters, box, smallest_for_cells).build(positions, 0.3))
    others = np.delete(np.arange(100), 7)
    i, j, _ = all_pairs(SOFT, positions[others], diameters[others], box, 0.3)
    np.testing.assert_array_equal(first, others[i])
    np.testing.assert_array_equal(second, others[j])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 300),
    skin=st.floats(0.0, 0.5),
    extra=st.floats(0.01, 0.6),
    model=st.sampled_from([SOFT, KA]),
)
def test_pruned_list_depends_on_positions_only(seed, n, skin, extra, model):
    rng = np.random.default_rng(seed)
    box = rng.uniform(4.7, 12.0, 3)
    positions, diameters = particles(model, n, rng, box)
    made = builder(model, diameters, box)
    lists = []
    for _ in range(2):
        # the wide list may be made anywhere within half the difference of the skins
        shift = rng.normal(size=(n, 3))
        shift *= 0.5 * extra * rng.random((n, 1)) / np.linalg.norm(shift, axis=1)[:, None]
        wide = made.build(positions + shift, skin + extra)
        pairs = empty_pair_list(n, len(wide.partner))
        prune_pair_list(positions, box, model.constants, skin, wide, pairs)
        lists.append(pairs)
    expected = all_pairs(model, positions, diameters, box, skin)
    if expected[2] > 1e-12:
        assert_same_pairs(lists[0], expected)
    count = lists[0].start[-1]
    np.testing.assert_array_equal(lists[0].start, lists[1].start)
    for name in ("partner", "inverse_range2", "strength"):
        a, b = (getattr(pairs, name)[:count] for pairs in lists)
        assert a.tobytes() == b.tobytes()


def test_lists_from_a_kept_list_are_arrays_of_their_own():
    """Equal to a list made at once, also after others were made from the same wide list."""
    rng = np.random.default_rng(6)
    n, box = 400, np.full(3, 8.0)
    positions, diameters = rng.uniform(0, 8.0, (n, 3)), rng.uniform(0.73, 1.62, n)
    moved = [positions + rng.uniform(-0.2, 0.2, (n, 3)) for _ in range(3)]
    nested = NestedBuilder(builder(SOFT, diameters, box), box, SOFT.constants)
    lists = [nested.build(where, 0.1) for where in moved]
    for where, pairs in zip(moved, lists, strict=True):
        assert_same_pairs(pairs, all_pairs(SOFT, where, diameters, box, 0.1))
        assert len(pairs.partner) == len(pairs.strength) == pairs.start[-1]


@pytest.mark.compiled
def test_rows_longer_than_a_block():
    # one particle with more partners than the block of the force and prune loops
    rng = np.random.default_rng(5)
    n = 1400
    box = np.full(3, 8.0)
    positions = rng.uniform(0, 0.4, (n, 3))
    diameters = rng.uniform(0.73, 1.62, n)
    made = builder(SOFT, diameters, box)
    wide = made.build(positions, 0.3)
    assert np.diff(wide.start).max() > BLOCK
    pairs = empty_pair_list(n, len(wide.partner))
    prune_pair_list(positions, box, SOFT.constants, 0.1, wide, pairs)
    assert_same_pairs(pairs, all_pairs(SOFT, positions, diameters, box, 0.1))
    configuration = Configuration(positions=positions, diameters=diameters, box=box)
    energy, forces = PairInteractions(SOFT, configuration).energy_and_forces(positions)
    i, j = np.triu_indices(n, 1)
    d = positions[j] - positions[i]
    x2 = (d**2).sum(axis=1) / soft_range(diameters[i], diameters[j]) ** 2
    k = SOFT.constants
    v = np.where(x2 < 1.25**2, x2**-6 + k.c0 + k.c2 * x2 + k.c4 * x2**2, 0)
    assert energy == pytest.approx(v.sum(), rel=1e-12)
    # forces of very close pairs are huge and cancel in the sum, so their scale sets the tolerance
    assert np.abs(forces.sum(axis=0)).max() < 1e-12 * np.abs(forces).max()
