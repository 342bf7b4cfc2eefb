"""Glasses that an earlier version began to prepare are gone on with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.records import Array
from glasswells.landscape.preparation import (
    PreparationSettings,
    PreparationState,
    continue_preparation,
    start_preparation,
)
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint
from glasswells.stages.histories import HISTORIES
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.record_types import codec_of

MODEL = SoftSpheres()
SETTINGS = PreparationSettings(n_particles=100, melt_sweeps=20, burn_in=10)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FramesInArrays:
    """A `PreparationState` as it was in version 1."""

    temperature: float
    checkpoint: SwapCheckpoint
    spacing: int
    sweeps: Array
    positions: Array
    diameters: Array
    energies: Array


def as_it_was(state: PreparationState) -> FramesInArrays:
    return FramesInArrays(
        temperature=state.temperature,
        checkpoint=state.checkpoint,
        spacing=state.spacing,
        sweeps=np.array([float(frame.sweeps) for frame in state.frames]),
        positions=np.stack([frame.positions for frame in state.frames]),
        diameters=np.stack([frame.diameters for frame in state.frames]),
        energies=np.array([frame.energy for frame in state.frames]),
    )


def longer(state: PreparationState, chunks: int) -> PreparationState:
    for _ in range(chunks):
        state = continue_preparation(MODEL, state, SETTINGS, 10)
    return state


def test_a_state_with_its_frames_in_arrays_is_read_and_gone_on_with() -> None:
    state = longer(start_preparation(MODEL, 0.15, SETTINGS, np.random.SeedSequence(3)), 3)
    others = [item for item in HISTORIES if item.cls is SwapCheckpoint]
    saved = codec_of((FramesInArrays,), others).encode(as_it_was(state))
    body = saved.body.replace('"record":"FramesInArrays"', '"record":"Preparation"')
    read = PIPELINE.codec.decode(body, lambda digest: saved.arrays[digest])
    assert [frame.sweeps for frame in read.frames] == [0, 10, 20, 30]
    for one, other in zip(longer(read, 2).frames, longer(state, 2).frames, strict=True):
        assert (one.sweeps, one.energy) == (other.sweeps, other.energy)
        assert np.array_equal(one.positions, other.positions)
        assert np.array_equal(one.diameters, other.diameters)


def test_frames_that_a_state_has_in_common_with_one_before_are_saved_once() -> None:
    state = longer(start_preparation(MODEL, 0.15, SETTINGS, np.random.SeedSequence(3)), 3)
    kept = [PIPELINE.codec.encode(frame).digests for frame in state.frames]
    for saved in (state, longer(state, 1)):
        assert PIPELINE.codec.encode(saved).digests.issuperset(frozenset().union(*kept))
