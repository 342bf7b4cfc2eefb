"""Gathered records, and neighbor lists after many moves against all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from swap_twins import MODEL, check_bookkeeping, check_lists, go_live, packing

from glasswells.core.compiler import lean_kernel
from glasswells.sampling.lanes import LANES, gather_records
from glasswells.sampling.swap_kernels import swap_kernels
from glasswells.sampling.swap_lists import OVERFLOW
from glasswells.sampling.swap_monte_carlo import (
    _copy_with_capacity,
    _workspace,
    largest_step,
    swap_monte_carlo,
)

SHAPES = [(1.0, 1.0, 1.0), (1.0, 1.15, 1.4), (1.3, 1.0, 1.0)]


@lean_kernel
def gather(records, neighbors, start, buffer):
    gather_records(records, neighbors, start, buffer)


def test_gathered_records_are_the_transpose():
    generator = np.random.default_rng(5)
    records = generator.integers(-(2**31), 2**31, (37, 4), dtype=np.int32)
    neighbors = generator.integers(0, 37, 80).astype(np.uint32)
    for start in (0, 5, 16, 64):
        buffer = np.zeros(4 * LANES, dtype=np.int32)
        gather(records.ravel(), neighbors, start, buffer)
        expected = records[neighbors[start : start + LANES]].T
        np.testing.assert_array_equal(buffer.reshape(4, LANES), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [128, 205])
def test_lists_are_right_after_any_number_of_moves(shape, n):
    live = go_live(packing(n, seed=n, shape=shape), temperature=0.5, swap_probability=0.3)
    fresh = check_lists(live)
    kernels = swap_kernels(MODEL.law)
    for count in (1, 10, 100, 1000, 10_000, 40_000):
        tally = kernels.run(*live._replace(settings=live.settings._replace(moves=count)).arguments)
        assert tally[0] == 0
        check_bookkeeping(live)
        listed = check_lists(live)
    assert tally[3] > 0
    assert tally[5] > 0
    assert (listed != fresh).mean() > 0.01  # the moves did change the lists


def test_lists_are_right_after_every_single_move():
    live = go_live(
        packing(120, seed=3, shape=SHAPES[1]),
        temperature=2.0,
        swap_probability=0.5,
        max_displacement=largest_step(),
        moves_per_run=1,
    )
    kernels = swap_kernels(MODEL.law)
    swaps = displacements = 0
    for _ in range(1500):
        tally = kernels.run(*live.arguments)
        displacements += tally[3]
        swaps += tally[5]
        check_lists(live)
    check_bookkeeping(live)
    assert swaps > 100
    assert displacements > 100


def test_lists_do_not_depend_on_the_history():
    live = go_live(packing(150, seed=4), temperature=0.5, moves_per_run=30_000)
    kernels = swap_kernels(MODEL.law)
    assert kernels.run(*live.arguments)[0] == 0
    again = live.copy()
    assert kernels.make_lists(*again.arguments) == 0
    np.testing.assert_array_equal(check_lists(live), check_lists(again))


def test_a_row_that_is_too_short_overflows():
    configuration = packing(205, seed=2)
    longest = go_live(configuration).arrays.counts.max()
    assert longest > 16
    live = go_live(configuration)
    short = live._replace(arrays=_copy_with_capacity(live.arrays._replace(
        neighbors=np.zeros(0, dtype=np.uint32), capacity=0), 16))  # fmt: skip
    short = short._replace(workspace=_workspace(short.arrays))
    assert swap_kernels(MODEL.law).make_lists(*short.arguments) == OVERFLOW


def test_restart_with_longer_rows_gives_the_result_of_long_rows():
    # Dense, so that the rows of 48 that a run begins with are too short for some particles
    configuration = packing(256, seed=8, density=2.2, noise=0.05)
    restarted = swap_monte_carlo(MODEL, configuration, 5.0, 60, 3, burn_in=0).state.arrays
    assert restarted.capacity > 48
    long = go_live(
        configuration,
        capacity=256,
        temperature=5.0,
        partner_window=0.2,
        seed=3,
        moves_per_run=60 * 256,
    )
    assert swap_kernels(MODEL.law).run(*long.arguments)[0] == 0
    expected = _copy_with_capacity(restarted, 256)
    for name in expected._fields:
        np.testing.assert_array_equal(getattr(long.arrays, name), getattr(expected, name), name)


def test_rows_that_overflow_in_the_middle_of_a_run_are_made_longer():
    # Expanded in a lattice of small neighbors, then compressed by swaps towards large ones: a
    # row of the initial length, exactly full, overflows when a particle with a full row grows.
    configuration = packing(205, seed=2)
    live = go_live(configuration, temperature=5.0, moves_per_run=200_000)
    tight = int(-(-live.arrays.counts.max() // 16) * 16)
    short = go_live(configuration, capacity=tight, temperature=5.0, moves_per_run=200_000)
    kernels = swap_kernels(MODEL.law)
    assert kernels.run(*live.arguments)[0] == 0
    assert kernels.run(*short.arguments)[0] == OVERFLOW
