"""Explorations: cut anywhere, with and without early recognition, one trajectory or several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rough_glasses import rough_glass

from glasswells.core.errors import InputError
from glasswells.core.geometry import to_multiples
from glasswells.core.records import Configuration
from glasswells.landscape.explore import (
    continue_exploration,
    explore,
    merge_explorations,
    start_exploration,
)
from glasswells.landscape.recognition import Recognition
from glasswells.landscape.trajectory import ExplorationSettings, ExplorationState
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import POSITION, VELOCITY

MODEL = SoftSpheres()
SETTINGS = ExplorationSettings(temperature=0.06, interval=40)


@pytest.fixture(scope="module")
def glass() -> Configuration:
    return rough_glass()


@pytest.fixture(scope="module")
def uncut(glass: Configuration) -> ExplorationState:
    start = start_exploration(MODEL, glass, SETTINGS, seed=8)
    return continue_exploration(MODEL, start, SETTINGS, 40)


def assert_equal_states(a: ExplorationState, b: ExplorationState) -> None:
    assert np.array_equal(a.dynamics.positions, b.dynamics.positions)
    assert np.array_equal(a.dynamics.velocities, b.dynamics.velocities)
    assert a.transitions == b.transitions
    assert (a.last, a.quenches, a.evaluations) == (b.last, b.quenches, b.evaluations)
    assert len(a.structures) == len(b.structures)
    for s, t in zip(a.structures, b.structures, strict=True):
        assert (s.index, s.energy, s.visits) == (t.index, t.energy, t.visits)
        assert np.array_equal(s.configuration.positions, t.configuration.positions)


def test_it_finds_something(uncut: ExplorationState) -> None:
    assert uncut.failures == 0
    assert 3 <= len(uncut.structures) <= 40
    assert sum(s.visits for s in uncut.structures) == uncut.quenches == 40
    assert sum(t.count for t in uncut.transitions) == 39
    assert uncut.recognized > 0


@pytest.mark.parametrize("cut", [1, 17])
def test_a_cut_run_equals_the_uncut_one_bit_for_bit(
    glass: Configuration, uncut: ExplorationState, cut: int
) -> None:
    start = start_exploration(MODEL, glass, SETTINGS, seed=8)
    first = continue_exploration(MODEL, start, SETTINGS, cut)
    assert_equal_states(continue_exploration(MODEL, first, SETTINGS, 40 - cut), uncut)


@pytest.mark.parametrize("friction", [0.0, 0.1])
def test_where_a_trajectory_that_keeps_places_is_cut_does_not_matter(
    glass: Configuration, friction: float
) -> None:
    settings = replace(SETTINGS, keep_places=True, friction=friction)
    start = start_exploration(MODEL, glass, settings, seed=8)
    whole, cut = continue_exploration(MODEL, start, settings, 7), start
    for part in (2, 1, 4):
        cut = continue_exploration(MODEL, cut, settings, part)
    assert_equal_states(cut, whole)
    kept = whole.dynamics
    assert kept.forces is None
    assert np.array_equal(kept.positions, to_multiples(kept.positions, POSITION))
    assert np.array_equal(kept.velocities, to_multiples(kept.velocities, VELOCITY))
    assert np.array_equal(kept.list_reference, kept.positions)


def test_early_recognition_changes_nothing_but_the_cost(
    glass: Configuration, uncut: ExplorationState
) -> None:
    patient = replace(SETTINGS, recognition=Recognition(displacement=0.0))
    start = start_exploration(MODEL, glass, patient, seed=8)
    full = continue_exploration(MODEL, start, patient, 40)
    assert full.recognized == 0
    assert full.transitions == uncut.transitions
    assert [s.visits for s in full.structures] == [s.visits for s in uncut.structures]
    assert uncut.evaluations < full.evaluations


def test_trajectories_are_pooled(glass: Configuration) -> None:
    pooled = explore(MODEL, glass, 0.06, 12, 40, seed=3, trajectories=2)
    assert pooled.quenches == 24
    assert sum(s.visits for s in pooled.structures) == 24
    assert sum(t.count for t in pooled.transitions) == 22
    assert [s.index for s in pooled.structures] == list(range(len(pooled.structures)))
    again = explore(MODEL, glass, 0.06, 12, 40, seed=3, trajectories=2)
    assert again.transitions == pooled.transitions


def test_merging_a_trajectory_with_itself_doubles_the_counts(
    glass: Configuration, uncut: ExplorationState
) -> None:
    merged = merge_explorations([uncut, uncut], glass.box, SETTINGS.identity)
    assert len(merged.structures) == len(uncut.structures)
    assert [t.count for t in merged.transitions] == [2 * t.count for t in uncut.transitions]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"quenches": -1}, "quenches"),
        ({"quenches": 0}, "quenches is 0, expected an integer of at least 1"),
        ({"interval": 0}, "interval"),
        ({"temperature": -0.1}, "temperature"),
    ],
)
def test_bad_numbers(glass: Configuration, change: dict[str, float], name: str) -> None:
    arguments = {"temperature": 0.06, "quenches": 1, "interval": 40, "seed": 1, **change}
    with pytest.raises(InputError, match=name):
        explore(MODEL, glass, **arguments)  # type: ignore[arg-type]
