"""Energy changes of single moves, and the loop over moves, against slow twins in double."""

from __future__ import annotations

import numpy as np
import pytest
from swap_twins import (
    EPS32,
    MODEL,
    distances,
    go_live,
    moves,
    packing,
    rounding_scale,
    total_energy,
)

from glasswells.core.records import Configuration
from glasswells.model.functions import energy
from glasswells.sampling.swap_kernels import swap_kernels
from glasswells.sampling.swap_monte_carlo import largest_step, swap_monte_carlo

SHAPES = [(1.0, 1.0, 1.0), (1.0, 1.15, 1.4), (1.3, 1.0, 1.0)]
ANY = float("inf")


def trial(live, i, step):
    """The fixed-point place of particle i moved by `step`, wrapped in Python integers."""
    here = live.arrays.records.reshape(-1, 4)[i, :3].astype(np.int64)
    there = here + np.round(step * 2.0**32 / live.checkpoint.box).astype(np.int64)
    return ((there + 2**31) % 2**32 - 2**31).astype(np.int32)


def test_twin_agrees_with_the_model():
    configuration = packing(160, seed=6, shape=SHAPES[1])
    assert total_energy(configuration) == pytest.approx(energy(MODEL, configuration), rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_energy_change_of_displacements(shape):
    displace = moves().displace
    live = go_live(packing(160, seed=6, shape=shape))
    generator = np.random.default_rng(1)
    before = live.configuration()
    on_faces = np.flatnonzero((before.positions == 0).any(axis=1))
    assert len(on_faces) > 5
    for i in [*on_faces[:8], *generator.integers(0, 160, 30)]:
        step = generator.uniform(-1, 1, 3) * largest_step()
        moved = live.copy()
        status, change = displace(i, *trial(live, i, step), ANY, *moved.arguments)
        after = moved.configuration()
        tolerance = rounding_scale(before, [i]) + rounding_scale(after, [i])
        assert status == 1
        assert change == pytest.approx(total_energy(after) - total_energy(before), abs=tolerance)
        shift = after.positions - before.positions
        shift -= before.box * np.round(shift / before.box)
        np.testing.assert_allclose(shift[i], step, atol=1e-8)
        assert not np.delete(shift, i, axis=0).any()


def swappable_pairs(configuration, generator):
    """Random pairs, all contacts of some particles among them, and both orders."""
    r = distances(configuration.positions, configuration.box)
    np.fill_diagonal(r, np.inf)
    contacts = [(i, int(j)) for i in range(0, 160, 12) for j in np.argsort(r[i])[:3]]
    strangers = [tuple(generator.integers(0, 160, 2)) for _ in range(30)]
    return [pair for pair in contacts + strangers if pair[0] != pair[1]]


@pytest.mark.parametrize("shape", SHAPES)
def test_energy_change_of_swaps(shape):
    swap = moves().swap
    live = go_live(packing(160, seed=7, shape=shape))
    before = live.configuration()
    generator = np.random.default_rng(2)
    for i, j in swappable_pairs(before, generator):
        swapped = live.copy()
        status, change = swap(i, j, ANY, *swapped.arguments)
        after = swapped.configuration()
        tolerance = rounding_scale(before, [i, j]) + rounding_scale(after, [i, j])
        assert status == 1
        assert change == pytest.approx(total_energy(after) - total_energy(before), abs=tolerance)
        expected = before.diameters.copy()
        expected[[i, j]] = expected[[j, i]]
        np.testing.assert_array_equal(after.diameters, expected)
        np.testing.assert_array_equal(after.positions, before.positions)


def test_energy_changes_in_a_configuration_with_a_history():
    """Lists that many moves have edited serve as well as fresh ones."""
    shipped = moves()
    live = go_live(packing(160, seed=9, shape=SHAPES[1]), temperature=0.3, moves_per_run=300_000)
    assert shipped.kernels.run(*live.arguments)[0] == 0
    before = live.configuration()
    generator = np.random.default_rng(3)
    for i, j in swappable_pairs(before, generator):
        displaced, swapped = live.copy(), live.copy()
        step = generator.uniform(-1, 1, 3) * largest_step()
        _, change = shipped.displace(i, *trial(live, i, step), ANY, *displaced.arguments)
        after = displaced.configuration()
        tolerance = rounding_scale(before, [i]) + rounding_scale(after, [i])
        assert change == pytest.approx(total_energy(after) - total_energy(before), abs=tolerance)
        _, change = shipped.swap(i, j, ANY, *swapped.arguments)
        after = swapped.configuration()
        tolerance = rounding_scale(before, [i, j]) + rounding_scale(after, [i, j])
        assert change == pytest.approx(total_energy(after) - total_energy(before), abs=tolerance)


def test_moves_are_accepted_up_to_their_bound_and_leave_nothing_when_rejected():
    shipped = moves()
    live = go_live(packing(160, seed=10), temperature=0.3, moves_per_run=100_000)
    assert shipped.kernels.run(*live.arguments)[0] == 0
    generator = np.random.default_rng(4)
    for i, j in swappable_pairs(live.configuration(), generator)[:40]:
        place = trial(live, i, generator.uniform(-1, 1, 3) * 0.06)
        for move, what in ((shipped.displace, place), (shipped.swap, (j,))):
            change = move(i, *what, ANY, *live.copy().arguments)[1]
            margin = rounding_scale(live.configuration(), [i, j]) + 4 * EPS32 * abs(change)
            assert move(i, *what, change + margin, *live.copy().arguments) == (1, change)
            rejected = live.copy()
            assert move(i, *what, change - margin, *rejected.arguments) == (0, 0.0)
            for name in ("records", "labels", "diameters", "random"):
                kept = getattr(rejected.arrays, name)
                np.testing.assert_array_equal(kept, getattr(live.arrays, name))


def test_no_swap_with_itself_nor_beyond_the_partner_window():
    swap = moves().swap
    live = go_live(packing(160, seed=11), partner_window=0.2)
    d = live.arrays.diameters[:160].astype(float)
    inside = 0
    for i in range(0, 160, 9):
        for j in range(0, 160, 5):
            status, _ = swap(i, j, ANY, *live.copy().arguments)
            assert status == int(i != j and abs(d[i] - d[j]) < 0.2)
            inside += status
    assert 50 < inside < 500


def test_a_move_onto_another_particle_is_rejected():
    positions = np.array([[0.1, 0.1, 0.1], [0.2, 0.1, 0.1], [2.0, 2.0, 2.0]])
    live = go_live(
        Configuration(positions=positions, diameters=np.array([1.0, 0.9, 0.8]), box=np.full(3, 3.0))
    )
    target = live.arrays.records.reshape(-1, 4)[1, :3].copy()
    assert moves().displace(0, *target, 1e30, *live.arguments) == (0, 0.0)


MASK = 2**64 - 1


class Xoshiro:
    """xoshiro256++ in unbounded integers."""

    def __init__(self, words):
        self.s = [int(w) for w in words]

    def __call__(self):
        s = self.s
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK  # noqa: E731
        result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result


def test_the_loop_proposes_and_accepts_as_written():
    """The loop over moves, replayed with random numbers and choices made in Python."""
    n, temperature, probability = 120, 0.4, 0.3
    configuration = packing(n, seed=12, shape=SHAPES[2])
    fast = go_live(
        configuration,
        temperature=temperature,
        swap_probability=probability,
        partner_window=0.2,
        moves_per_run=1500,
    )
    slow = fast.copy()
    shipped = moves()
    tally = shipped.kernels.run(*fast.arguments)
    draw = Xoshiro(slow.arrays.random)
    spans = [round(0.06 * 2**32 / edge) for edge in configuration.box]
    counts, total = {"swap": [0, 0], "displace": [0, 0]}, 0.0
    for _ in range(1500):
        first, second = draw(), draw()
        i, is_swap = (first % 2**32) * n >> 32, (first >> 32) / 2**32 < probability
        bound = -temperature * np.log(((second >> 11) + 1) / 2**53)
        if is_swap:
            j = (draw() % 2**32) * n >> 32
            status, change = shipped.swap(i, j, bound, *slow.arguments)
        else:
            a, b = draw(), draw()
            bits = (a % 2**32, a >> 32, b % 2**32)
            offsets = [(w * (2 * h + 1) >> 32) - h for w, h in zip(bits, spans, strict=True)]
            place = slow.arrays.records.reshape(-1, 4)[i, :3] + np.array(offsets)
            place = ((place + 2**31) % 2**32 - 2**31).astype(np.int32)
            status, change = shipped.displace(i, *place, bound, *slow.arguments)
        counts["swap" if is_swap else "displace"][0] += 1
        counts["swap" if is_swap else "displace"][1] += status
        total += change
    for name in ("records", "labels", "neighbors", "counts", "reference"):
        np.testing.assert_array_equal(getattr(slow.arrays, name), getattr(fast.arrays, name))
    assert draw.s == [int(w) for w in fast.arrays.random]
    assert (*counts["displace"], *counts["swap"]) == tuple(tally[2:])
    assert total == pytest.approx(tally[1], abs=1e-9)


@pytest.mark.parametrize("probability", [0.0, 0.2, 1.0])
def test_accepted_energy_changes_sum_to_the_energy_after_a_million_moves(probability):
    n, sweeps = 250, 4000
    start = swap_monte_carlo(MODEL, packing(n, seed=13, shape=SHAPES[1]), 0.1, 200, 1).state
    run = swap_monte_carlo(
        MODEL,
        start.configuration(),
        0.1,
        sweeps,
        0,
        swap_probability=probability,
        state=start,
    )
    accepted = run.displacement_acceptance * (1 - probability) + run.swap_acceptance * probability
    changed = energy(MODEL, run.configuration) - energy(MODEL, start.configuration())
    # An accepted change rounds by about eps32 times the energies summed (a particle has about
    # 0.8, of terms up to 3): 1e-7 each, of either sign, add up as a random walk of 4e5 steps,
    # 2e-4 at six sigma; and the moves see single precision diameters at the two ends: 1e-4
    tolerance = 6 * EPS32 * np.sqrt(accepted * n * sweeps) + 2e-4
    assert tolerance < 1e-3
    assert run.accepted_energy_change == pytest.approx(changed, abs=tolerance)
    assert accepted * n * sweeps > 1e4


def test_displacements_are_uniform_and_reach_their_largest_value():
    """Without neighbors every displacement is accepted: the steps are the proposals."""
    configuration = Configuration(
        positions=np.array([[0.5, 0.5, 0.5], [5.5, 6.0, 7.0]]),
        diameters=np.array([1.0, 1.0]),
        box=np.array([10.0, 12.0, 14.0]),
    )
    live = go_live(configuration, swap_probability=0.0, max_displacement=0.1, moves_per_run=1)
    steps = []
    for _ in range(6000):
        before = live.arrays.records.copy()
        assert swap_kernels(MODEL.law).run(*live.arguments)[3] == 1
        step = (live.arrays.records - before).reshape(2, 4)[:, :3] * configuration.box / 2.0**32
        steps.append(step.sum(axis=0))
    steps = np.array(steps) / 0.1
    assert np.abs(steps).max() <= 1
    # Mean, variance 1/3 and correlations of a uniform cube, within five standard errors
    error = 5 / np.sqrt(len(steps))
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=error / 3**0.5)
    np.testing.assert_allclose(steps.T @ steps / len(steps), np.eye(3) / 3, atol=0.4 * error)
    assert (np.abs(steps).max(axis=0) > 0.99).all()
