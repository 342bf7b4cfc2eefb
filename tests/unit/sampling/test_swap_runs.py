"""Runs of swap Monte Carlo: cut and resumed, burn-in, bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from swap_twins import MODEL, packing

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.model.functions import energy
from glasswells.model.kob_andersen import KobAndersen
from glasswells.sampling.swap_lists import SwapState
from glasswells.sampling.swap_monte_carlo import (
    SwapCheckpoint,
    largest_step,
    start_checkpoint,
    swap_monte_carlo,
)

N = 130
SHAPE = (1.0, 1.1, 1.25)
TOTAL = 60
EVERY = 4


@pytest.fixture(scope="module")
def start():
    """A state in flight: after a burn-in, lists in the middle of their lives."""
    return swap_monte_carlo(MODEL, packing(N, seed=21, shape=SHAPE), 0.3, 7, 5, burn_in=60).state


def advance(state, sweeps):
    return swap_monte_carlo(
        MODEL, state.configuration(), 0.3, sweeps, 0, state=state, sample_interval=EVERY
    )


def assert_same_state(a, b):
    for name in SwapState._fields:
        np.testing.assert_array_equal(getattr(a.arrays, name), getattr(b.arrays, name), name)
    np.testing.assert_array_equal(a.diameters, b.diameters)
    np.testing.assert_array_equal(a.box, b.box)
    assert (a.max_displacement, a.sweeps) == (b.max_displacement, b.sweeps)


def through_a_file(state, path):
    """Arrays to a file without pickle and back."""
    arrays = {f"arrays_{name}": value for name, value in state.arrays._asdict().items()}
    np.savez(
        path,
        diameters=state.diameters,
        box=state.box,
        max_displacement=state.max_displacement,
        sweeps=state.sweeps,
        lists_for=state.lists_for,
        **arrays,
    )
    with np.load(path, allow_pickle=False) as stored:
        fields = {name: stored[f"arrays_{name}"] for name in SwapState._fields}
        return SwapCheckpoint(
            arrays=SwapState(**{**fields, "capacity": int(fields["capacity"])}),
            diameters=stored["diameters"],
            box=stored["box"],
            max_displacement=float(stored["max_displacement"]),
            sweeps=int(stored["sweeps"]),
            lists_for=str(stored["lists_for"]),
        )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("saved", [False, True])
def test_a_cut_run_equals_the_uncut_one_bit_for_bit(start, seed, saved, tmp_path):
    cuts = np.sort(np.random.default_rng(seed).integers(0, TOTAL + 1, 4))
    whole = advance(start, TOTAL)
    state, energies, sampled = start, [], []
    for sweeps in np.diff([0, *cuts, TOTAL]):
        if saved:
            state = through_a_file(state, tmp_path / "state.npz")
        run = advance(state, int(sweeps))
        state = run.state
        energies += list(run.energies)
        sampled += list(run.sample_sweeps)
    assert_same_state(state, whole.state)
    np.testing.assert_array_equal(energies, whole.energies)
    np.testing.assert_array_equal(sampled, whole.sample_sweeps)
    for name in ("positions", "diameters", "box"):
        np.testing.assert_array_equal(
            getattr(run.configuration, name), getattr(whole.configuration, name)
        )


def test_resuming_leaves_the_state_that_it_was_given_as_it_was(start):
    assert_same_state(start, start)
    first, second = advance(start, 20), advance(start, 20)
    assert_same_state(first.state, second.state)
    assert start.sweeps == 7


def test_samples_are_energies_at_multiples_of_the_interval(start):
    run = advance(start, 31)
    np.testing.assert_array_equal(run.sample_sweeps, np.arange(8, 39, EVERY))
    at_36 = advance(start, 29)
    assert energy(MODEL, at_36.configuration) == run.energies[-1]
    assert not run.energies.flags.writeable


def test_the_diameters_are_exchanged_and_nothing_else(start):
    run = advance(start, 40)
    given = start.configuration().diameters
    np.testing.assert_array_equal(np.sort(run.configuration.diameters), np.sort(given))
    assert (run.configuration.diameters != given).mean() > 0.5
    assert (run.configuration.positions >= 0).all()
    assert (run.configuration.positions < run.configuration.box).all()


def test_a_state_begins_at_the_configuration():
    """Fixed-point places are within half a unit, particles on faces and outside included."""
    configuration = packing(N, seed=22, shape=SHAPE)
    tiny = configuration.positions.copy()
    tiny[0] = [-1e-20, configuration.box[1], -3 * configuration.box[2]]
    configuration = configuration.moved_to(tiny)
    there = start_checkpoint(configuration, 1, 0.05).configuration()
    shift = there.positions - configuration.positions
    shift -= configuration.box * np.round(shift / configuration.box)
    assert (np.abs(shift) <= 0.5001 * configuration.box / 2**32).all()
    np.testing.assert_array_equal(there.positions[0], 0)


@pytest.mark.parametrize("first_step", [0.01, 0.12])
def test_burn_in_tunes_the_step_and_then_freezes_it(first_step):
    run = swap_monte_carlo(
        MODEL, packing(N, seed=23), 0.1, 300, 3, max_displacement=first_step, burn_in=400
    )
    # Blocks of 5 x 130 moves tune to about 2 % of the step; physics.md asks for 30-45 %
    assert 0.35 < run.displacement_acceptance < 0.45
    assert run.max_displacement == run.state.max_displacement
    assert run.max_displacement not in (first_step, largest_step())
    assert run.state.sweeps == 300
    later = swap_monte_carlo(MODEL, run.configuration, 0.3, 200, 0, state=run.state)
    assert later.max_displacement == run.max_displacement
    assert later.displacement_acceptance > 0.45  # hotter, and the step stays
    assert later.state.sweeps == 500


def test_without_burn_in_the_step_stays_as_given():
    run = swap_monte_carlo(MODEL, packing(N, seed=23), 0.1, 20, 3, max_displacement=0.03, burn_in=0)
    assert run.max_displacement == 0.03


def test_a_burn_in_without_displacements_leaves_the_step_alone():
    run = swap_monte_carlo(MODEL, packing(N, seed=23), 0.1, 5, 3, swap_probability=1.0, burn_in=100)
    assert run.max_displacement == 0.06
    assert run.displacement_acceptance == 0.0
    assert run.swap_acceptance > 0


def test_swap_probability_is_kept(start):
    for probability in (0.0, 1.0):
        run = swap_monte_carlo(
            MODEL, start.configuration(), 0.3, 10, 0, swap_probability=probability, state=start
        )
        assert (run.swap_acceptance > 0) == (probability > 0)
        assert (run.displacement_acceptance > 0) == (probability < 1)


GOOD = {"temperature": 0.3, "sweeps": 2, "seed": 1}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": 0}, "temperature is 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"sweeps": -1}, "sweeps is -1"),
        ({"sweeps": 2.5}, "sweeps is 2.5"),
        ({"seed": -3}, "seed is -3"),
        ({"swap_probability": -0.01}, "swap_probability is -0.01"),
        ({"swap_probability": 1.01}, "swap_probability is 1.01"),
        ({"swap_probability": float("nan")}, "swap_probability is nan"),
        ({"partner_window": 0}, "partner_window is 0"),
        ({"partner_window": -0.2}, "partner_window is -0.2"),
        ({"partner_window": float("nan")}, "partner_window is nan"),
        ({"max_displacement": 0}, "max_displacement is 0"),
        ({"max_displacement": -1}, "max_displacement is -1"),
        ({"max_displacement": 0.3}, "max_displacement is 0.3.*at most"),
        ({"burn_in": -1}, "burn_in is -1"),
        ({"sample_interval": 0}, "sample_interval is 0"),
    ],
)
def test_bad_numbers(bad, words):
    with pytest.raises(InputError, match=words):
        swap_monte_carlo(MODEL, packing(N, seed=24), **{**GOOD, **bad})


def test_an_attractive_model_is_refused():
    with pytest.raises(InputError, match=r"purely repulsive.*molecular_dynamics"):
        swap_monte_carlo(KobAndersen(), packing(N, seed=24), **GOOD)


def test_overlapping_particles_are_refused():
    configuration = packing(N, seed=24)
    positions = configuration.positions.copy()
    positions[5] = positions[90]
    with pytest.raises(InputError, match="particles 5 and 90 are at distance 0"):
        swap_monte_carlo(MODEL, configuration.moved_to(positions), **GOOD)


def test_a_small_box_is_refused():
    small = packing(40, seed=24)
    with pytest.raises(InputError, match="twice the largest cutoff"):
        swap_monte_carlo(MODEL, small, **GOOD)


def other_systems():
    configuration = packing(N, seed=25, shape=SHAPE)
    parts = {name: getattr(configuration, name) for name in ("positions", "diameters", "box")}
    larger = parts["diameters"] * np.where(np.arange(N) == 3, 1.01, 1.0)
    return {
        "diameters": Configuration(**{**parts, "diameters": larger}),
        "box": Configuration(**{**parts, "box": 1.01 * parts["box"]}),
        "number": packing(N + 1, seed=25, shape=SHAPE),
    }


@pytest.mark.parametrize("what", ["diameters", "box", "number"])
def test_the_state_of_another_system_is_refused(start, what):
    with pytest.raises(InputError, match="state is of 130 particles"):
        swap_monte_carlo(MODEL, other_systems()[what], **GOOD, state=start)


@pytest.mark.parametrize("cutoff", [1.15, 1.25, 1.4])
def test_the_state_of_another_model_gets_new_lists(start, cutoff):
    """With the lists of a shorter cutoff, energy changes would miss neighbors."""
    model = replace(MODEL, cutoff=cutoff)
    before = start.configuration()
    run = swap_monte_carlo(model, before, 0.3, 150, 0, state=start)
    changed = energy(model, run.configuration) - energy(model, before)
    assert run.accepted_energy_change == pytest.approx(changed, abs=1e-3)


def test_a_mixing_rule_that_shrinks_the_range_of_larger_particles_is_refused():
    """The lists of a swap rely on larger particles reaching farther."""
    with pytest.raises(InputError, match="nonadditivity"):
        swap_monte_carlo(replace(MODEL, nonadditivity=0.4), packing(N, seed=24), **GOOD)
