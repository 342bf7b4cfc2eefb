"""Compile every kernel of the pipeline once, by running it on a glass of a hundred particles."""

from __future__ import annotations

import time

import numpy as np

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.core.records import DoubleWell
from glasswells.landscape.explore import (
    ExplorationSettings,
    continue_exploration,
    start_exploration,
)
from glasswells.landscape.preparation import (
    PreparationSettings,
    continue_preparation,
    finish_preparation,
    start_preparation,
)
from glasswells.model.functions import fourth_order, hessian, third_order
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import find_double_well
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.well import well_vibrations

N_PARTICLES = 100
"""The smallest round number whose box is twice as wide as the largest cutoff."""


def warm_up() -> float:
    """Run each stage briefly; the seconds that it took.

    Later processes load the compiled kernels from the cache.
    """
    check_cache_folder()
    begin = time.perf_counter()
    model, seed = SoftSpheres(), np.random.SeedSequence(1)
    settings = PreparationSettings(n_particles=N_PARTICLES, melt_sweeps=50, burn_in=10)
    state = start_preparation(model, 0.15, settings, seed)
    for _ in range(2):
        state = continue_preparation(model, state, settings, 10)
    glass = finish_preparation(model, state).configuration
    exploration = ExplorationSettings(temperature=0.1, interval=40)
    found = continue_exploration(
        model, start_exploration(model, glass, exploration, seed), exploration, 6
    )
    hessian(model, glass)
    third_order(model, glass, glass.positions)
    fourth_order(model, glass, glass.positions)
    minimum = found.structures[0].configuration
    well = None
    if len(found.structures) > 1:
        well = find_double_well(model, minimum, found.structures[1].configuration)
    vibrations = minimum_vibrations(model, minimum, 12)
    if isinstance(well, DoubleWell):
        well_vibrations(model, well, vibrations)
    return time.perf_counter() - begin
