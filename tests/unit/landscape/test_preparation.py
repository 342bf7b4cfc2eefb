"""Glasses from scratch: chunks, thinned frames, and the report that comes with them."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.landscape import preparation
from glasswells.landscape.preparation import (
    PreparationSettings,
    PreparationState,
    continue_preparation,
    finish_preparation,
    lattice,
    start_preparation,
)
from glasswells.model.functions import energy
from glasswells.model.soft_spheres import SoftSpheres

MODEL = SoftSpheres()
SETTINGS = PreparationSettings(n_particles=100, melt_sweeps=100, burn_in=50)
TEMPERATURE = 0.15


@pytest.fixture(scope="module")
def start() -> PreparationState:
    return start_preparation(MODEL, TEMPERATURE, SETTINGS, np.random.SeedSequence(3))


def prepared(start: PreparationState, chunks: int, sweeps: int = 40) -> PreparationState:
    state = start
    for _ in range(chunks):
        state = continue_preparation(MODEL, state, SETTINGS, sweeps)
    return state


def test_the_lattice_has_the_density_and_the_sizes() -> None:
    made = lattice(PreparationSettings(n_particles=130, density=0.9), np.random.SeedSequence(1))
    assert made.density == pytest.approx(0.9)
    apart = made.positions[:, None] - made.positions[None]
    apart -= made.box * np.rint(apart / made.box)
    distances = np.linalg.norm(apart, axis=-1)[np.triu_indices(130, 1)]
    assert distances.min() > 0.7  # sites of a lattice, none taken twice
    assert np.isfinite(energy(MODEL, made))
    assert 0.73 < made.diameters.min() < made.diameters.max() < 1.62


def test_the_same_seed_gives_the_same_glass_and_another_seed_another(
    start: PreparationState,
) -> None:
    again = start_preparation(MODEL, TEMPERATURE, SETTINGS, np.random.SeedSequence(3))
    other = start_preparation(MODEL, TEMPERATURE, SETTINGS, np.random.SeedSequence(4))
    assert np.array_equal(again.frames[0].positions, start.frames[0].positions)
    assert not np.array_equal(other.frames[0].positions, start.frames[0].positions)


def test_frames_are_evenly_spaced_also_after_thinning(
    start: PreparationState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "MOST_FRAMES", 6)
    state = prepared(start, 13)
    assert state.checkpoint.sweeps == 13 * 40
    assert state.spacing == 160
    assert [frame.sweeps for frame in state.frames] == [0, 160, 320, 480]
    full = prepared(start, 12)
    assert np.array_equal(full.frames[-1].positions, state.frames[3].positions)


def test_a_glass_comes_with_its_report(start: PreparationState) -> None:
    state = prepared(start, 10)
    glass = finish_preparation(MODEL, state)
    assert glass.preparation_temperature == TEMPERATURE
    assert np.array_equal(glass.configuration.positions, state.frames[-1].positions)
    report = glass.report
    assert (report.sweeps, report.n_particles) == (400.0, 100)
    assert report.inherent_energy is not None
    assert report.inherent_energy.value < report.energy.value
    assert "not equilibrated" in report.flags  # 400 sweeps are some relaxation times at most


def test_nothing_sampled_is_no_glass(start: PreparationState) -> None:
    with pytest.raises(InputError, match="at least one chunk"):
        finish_preparation(MODEL, start)


def test_too_few_particles_for_the_box() -> None:
    small = PreparationSettings(n_particles=30)
    with pytest.raises(InputError, match="use more particles"):
        start_preparation(MODEL, TEMPERATURE, small, np.random.SeedSequence(1))
