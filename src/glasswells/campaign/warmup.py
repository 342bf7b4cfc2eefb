"""Compile every kernel of the pipeline once, by running it on a glass of a hundred particles.

Those of silicon on request: few campaigns need them.
"""

from __future__ import annotations

import time

import numpy as np

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.core.dispatchers import collection_paused
from glasswells.core.records import Configuration, DoubleWell
from glasswells.landscape.explore import continue_exploration, explore, start_exploration
from glasswells.landscape.melt_quench import melt_quench
from glasswells.landscape.preparation import (
    PreparationSettings,
    continue_preparation,
    finish_preparation,
    start_preparation,
)
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.model.functions import fourth_order, hessian, third_order
from glasswells.model.lane_vectors import LANES
from glasswells.model.pair_model import Model
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.model.stillinger_weber import StillingerWeber
from glasswells.paths import find_double_well
from glasswells.plan.melt_quench import MeltQuenchSection
from glasswells.plan.model import SILICON_MASSES
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.well import well_vibrations

N_ATOMS = 64
"""Of silicon; the box must be twice as wide as the cutoff."""
HOT = 0.2
"""Temperature, eV, at which a few steps of silicon lead to other minima."""
N_PARTICLES = 100
"""The smallest round number whose box is twice as wide as the largest cutoff."""


def warm_up(*, silicon: bool = False, lanes: bool = False) -> float:
    """Run each stage briefly; the seconds that it took.

    Later processes load the compiled kernels from the cache.

    Parameters
    ----------
    silicon
        Whether the kernels of the Stillinger-Weber energy are compiled, too.
    lanes
        And those of trajectories side by side.
    """
    check_cache_folder()
    begin = time.perf_counter()
    seed = np.random.SeedSequence(1)
    with collection_paused():
        _warm_up_all(seed, silicon=silicon, lanes=lanes)
    return time.perf_counter() - begin


def _warm_up_all(seed: np.random.SeedSequence, *, silicon: bool, lanes: bool) -> None:
    glass = _soft_glass(seed)
    _warm_up_landscape(SoftSpheres(), glass, 0.1, seed)
    if lanes:
        explore(SoftSpheres(), glass, 0.1, 2, 10, seed, settings=ExplorationSettings(lanes=LANES))
    if silicon:
        _warm_up_landscape(StillingerWeber("vink-2001"), _silicon(seed), HOT, seed)


def _soft_glass(seed: np.random.SeedSequence) -> Configuration:
    """A liquid of soft spheres, briefly sampled."""
    model = SoftSpheres()
    settings = PreparationSettings(n_particles=N_PARTICLES, melt_sweeps=50, burn_in=10)
    state = start_preparation(model, 0.15, settings, seed)
    for _ in range(2):
        state = continue_preparation(model, state, settings, 10)
    return finish_preparation(model, state).configuration


def _silicon(seed: np.random.SeedSequence) -> Configuration:
    """A melt of silicon, briefly cooled."""
    section = MeltQuenchSection(n_particles=N_ATOMS, melt_time=0.2, rates=(1e17,))
    start = section.start(SILICON_MASSES, seed)
    settings = section.settings(section.rates[0])
    return melt_quench(StillingerWeber("vink-2001"), start, settings, seed).configuration


def _warm_up_landscape(
    model: Model, glass: Configuration, temperature: float, seed: np.random.SeedSequence
) -> None:
    """An exploration, a path between two of its minima and their modes."""
    exploration = ExplorationSettings(temperature=temperature, interval=40)
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
