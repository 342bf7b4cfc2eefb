"""Saddles next to a minimum, by its modes: each is one, and its sides are what paths say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.records import Configuration
from glasswells.landscape.push import Pushes, PushSettings, push
from glasswells.landscape.pushed import Pushed, continue_pushing, start_pushing

MODEL = gw.SoftSpheres()
FEW = PushSettings(modes=3)


@pytest.fixture(scope="module")
def minimum() -> Configuration:
    """A minimum of 150 particles."""
    diameters = gw.draw_diameters(150, seed=1)
    sites = np.stack(np.meshgrid(*[np.arange(n) for n in (5, 5, 6)], indexing="ij"), axis=-1)
    noise = np.random.default_rng(5).uniform(-0.1, 0.1, (150, 3))
    start = Configuration(
        positions=sites.reshape(-1, 3) + noise, diameters=diameters, box=np.array([5.0, 5.0, 6.0])
    )
    warm = gw.molecular_dynamics(MODEL, start, 0.3, 500, seed=2).configuration
    return gw.minimize(MODEL, warm).configuration


@pytest.fixture(scope="module")
def pushes(minimum: Configuration) -> Pushes:
    return push(MODEL, minimum, settings=FEW)


def eigenvalues(configuration: Configuration) -> np.ndarray:
    """Of the dense Hessian, without the three translations."""
    values = np.linalg.eigvalsh(gw.hessian(MODEL, configuration).toarray())
    return np.delete(values, np.argsort(np.abs(values))[:3])


def test_every_saddle_has_one_negative_eigenvalue_and_no_force(pushes: Pushes) -> None:
    assert pushes.crossings
    for crossing in pushes.crossings:
        assert np.abs(gw.forces(MODEL, crossing.saddle)).max() < 1e-10
        assert np.sum(eigenvalues(crossing.saddle) < 0) == 1
        for side, energy in zip(crossing.minima, crossing.energies, strict=True):
            assert eigenvalues(side).min() > 0
            assert gw.energy(MODEL, side) == pytest.approx(energy, abs=1e-10)
            assert energy < gw.energy(MODEL, crossing.saddle)


def test_every_attempt_is_accounted_for(pushes: Pushes) -> None:
    assert pushes.attempts <= 4 * FEW.modes
    assert pushes.attempts == len(pushes.crossings) + pushes.repeats + pushes.failures
    barriers = [crossing.barrier for crossing in pushes.crossings]
    assert len(set(np.round(barriers, 8))) == len(barriers)


def test_a_neighbor_is_a_double_well_with_this_barrier(
    minimum: Configuration, pushes: Pushes
) -> None:
    """The path search starts from the two minima alone and knows nothing of the saddle."""
    neighbors = [crossing for crossing in pushes.crossings if crossing.is_neighbor]
    assert neighbors
    agreed = 0
    for crossing in neighbors:
        start, beyond = crossing.minima
        assert np.abs(start.positions - minimum.positions).max() < 1e-6
        found = gw.find_double_well(MODEL, start, beyond)
        if isinstance(found, gw.DoubleWell):
            # Two minima may have several saddles; a search for the lowest finds no higher one.
            assert found.barrier < crossing.barrier + 1e-8
            agreed += abs(found.barrier - crossing.barrier) < 1e-8
    assert agreed


def test_masses_turn_the_directions_but_saddles_stay_saddles(minimum: Configuration) -> None:
    masses = np.where(np.arange(minimum.n_particles) % 3 == 0, 4.0, 1.0)
    heavy = Configuration(
        positions=minimum.positions,
        diameters=minimum.diameters,
        box=minimum.box,
        masses=masses,
    )
    found = push(MODEL, heavy, settings=PushSettings(modes=2, cubic=False))
    assert found.crossings
    for crossing in found.crossings:
        assert np.abs(gw.forces(MODEL, crossing.saddle)).max() < 1e-9
        assert np.sum(eigenvalues(crossing.saddle) < 0) == 1


def test_going_on_is_the_same_as_going_at_once(minimum: Configuration) -> None:
    settings = PushSettings(modes=1)
    start = start_pushing(MODEL, [minimum])
    cut = continue_pushing(MODEL, continue_pushing(MODEL, start, settings), settings)
    whole = continue_pushing(MODEL, start, settings, minima=2)
    assert np.array_equal(cut.done, whole.done)
    assert (cut.saddles, cut.attempts) == (whole.saddles, whole.attempts)
    for one, other in zip(cut.structures, whole.structures, strict=True):
        assert np.array_equal(one.configuration.positions, other.configuration.positions)


def test_the_lowest_minimum_that_waits_is_pushed_next(minimum: Configuration) -> None:
    pushed: Pushed = continue_pushing(
        MODEL, start_pushing(MODEL, [minimum]), PushSettings(modes=2), minima=2
    )
    assert pushed.done[0] == 0
    after_first = {end for pair in pushed.pairs for end in pair} | {0}
    met_first = [s for s in pushed.structures if s.index in after_first and s.index != 0]
    assert pushed.done[1] in after_first
    energies = {s.index: s.energy for s in pushed.structures}
    first = continue_pushing(MODEL, start_pushing(MODEL, [minimum]), PushSettings(modes=2))
    waiting = [s for s in first.structures if s.index != 0]
    assert met_first
    assert energies[pushed.done[1]] == min(s.energy for s in waiting)


def test_a_place_that_is_no_minimum_is_a_failed_push_and_the_others_go_on(
    minimum: Configuration, pushes: Pushes
) -> None:
    """A saddle stands for a place at which a quench ended too early."""
    begun = start_pushing(MODEL, [minimum, pushes.crossings[0].saddle])
    saddle_waits = replace(begun, done=np.array([0]))
    found = continue_pushing(MODEL, saddle_waits, PushSettings(modes=1, cubic=False))
    assert found.done.tolist() == [0, 1]
    assert (found.attempts, found.failures) == (1, 1)
    assert found.structures == saddle_waits.structures


def test_what_is_no_minimum_is_refused(soft_liquid: Configuration) -> None:
    with pytest.raises(gw.InputError, match="expected a minimum"):
        push(MODEL, soft_liquid, settings=PushSettings(modes=1))


def test_more_modes_than_there_are_are_refused(minimum: Configuration) -> None:
    with pytest.raises(gw.InputError, match="expected at most 447"):
        push(MODEL, minimum, settings=PushSettings(modes=448))


@pytest.mark.parametrize("name", ["modes", "steps", "products", "climb_steps", "step", "over"])
def test_settings_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(gw.InputError, match=name):
        PushSettings(**{name: 0})
