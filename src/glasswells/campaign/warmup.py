"""Compile every kernel of the pipeline once, by running it on a glass of a hundred particles.

Compilers use one core each, so what has little in common is compiled side by side. Processes may
write to the same cache: what it keeps says which kernel and types it is of. The kernels of silicon
are compiled on request, as few campaigns need them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.core.dispatchers import collection_paused
from glasswells.core.records import Configuration, DoubleWell, InherentStructure
from glasswells.engines.pool import WorkerPool, available_cores
from glasswells.landscape.explore import continue_exploration, explore, start_exploration
from glasswells.landscape.melt_quench import melt_quench
from glasswells.landscape.preparation import (
    PreparationSettings,
    continue_preparation,
    finish_preparation,
    start_preparation,
)
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.minimization import minimize
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
N_GAS, SEED = 125, 2
"""Of a glass that swap Monte Carlo has no part in, and which of them."""
PUSHED, PUSH = 19, 0.5
"""A particle of it, and how far it is moved to come into another minimum."""


def warm_up(*, silicon: bool = False, lanes: bool = True) -> float:
    """Run each stage briefly; the seconds that it took.

    Later processes load the compiled kernels from the cache.

    Parameters
    ----------
    silicon
        Whether the kernels of the Stillinger-Weber energy are compiled, too.
    lanes
        And those of trajectories side by side, as plans explore by default.
    """
    check_cache_folder()
    begin = time.perf_counter()
    parts = [_warm_up_sampling, _warm_up_paths]
    parts += [_warm_up_lanes] * lanes + [_warm_up_silicon] * silicon
    if available_cores() == 1:
        for part in parts:
            part()
    else:
        _side_by_side(parts)
    return time.perf_counter() - begin


def _side_by_side(parts: Sequence[Callable[[], None]]) -> None:
    """Run each part in a process; whatever ends one of them, as Ctrl-C does, ends all at once."""
    pool = WorkerPool(available_cores())
    try:
        for future in [pool.submit(part) for part in parts]:
            future.result()
    except BaseException:
        pool.abandon()
        raise
    pool.close()


def _warm_up_sampling() -> None:
    """Swap Monte Carlo, a trajectory by itself, and derivatives of the energy."""
    with collection_paused():
        model, seed = SoftSpheres(), np.random.SeedSequence(SEED)
        glass = _soft_glass(seed)
        _explored(model, glass, 0.1, seed)
        hessian(model, glass)
        third_order(model, glass, glass.positions)
        fourth_order(model, glass, glass.positions)


def _warm_up_lanes() -> None:
    """Trajectories side by side."""
    with collection_paused():
        settings = ExplorationSettings(lanes=LANES)
        explore(SoftSpheres(), _quenched_gas(), 0.1, 2, 10, SEED, settings=settings)


def _warm_up_paths() -> None:
    """A path between two minima, and modes."""
    with collection_paused():
        model, minimum = SoftSpheres(), _quenched_gas()
        positions = minimum.positions.copy()
        positions[PUSHED, 0] += PUSH
        other = minimize(model, replace(minimum, positions=positions)).configuration
        _warm_up_vibrations(model, [minimum, other])


def _warm_up_silicon() -> None:
    """A melt that is cooled and explored, with a path and modes."""
    with collection_paused():
        model, seed = StillingerWeber("vink-2001"), np.random.SeedSequence(SEED)
        glass = _silicon(seed)
        found = _explored(model, glass, HOT, seed)
        hessian(model, glass)
        third_order(model, glass, glass.positions)
        fourth_order(model, glass, glass.positions)
        _warm_up_vibrations(model, [structure.configuration for structure in found])


def _soft_glass(seed: np.random.SeedSequence) -> Configuration:
    """A liquid of soft spheres, briefly sampled."""
    model = SoftSpheres()
    settings = PreparationSettings(n_particles=N_PARTICLES, melt_sweeps=50, burn_in=10)
    state = start_preparation(model, 0.15, settings, seed)
    for _ in range(2):
        state = continue_preparation(model, state, settings, 10)
    return finish_preparation(model, state).configuration


def _quenched_gas() -> Configuration:
    """An inherent structure of soft spheres, in which few kernels have a part."""
    rng = np.random.default_rng(SEED)
    box = np.full(3, np.cbrt(N_GAS))
    diameters = rng.uniform(0.75, 1.3, N_GAS)
    positions = rng.uniform(0, box[0], (N_GAS, 3))
    gas = Configuration(positions=positions, diameters=diameters, box=box)
    return minimize(SoftSpheres(), gas).configuration


def _silicon(seed: np.random.SeedSequence) -> Configuration:
    """A melt of silicon, briefly cooled."""
    section = MeltQuenchSection(n_particles=N_ATOMS, melt_time=0.2, rates=(1e17,))
    start = section.start(SILICON_MASSES, seed)
    settings = section.settings(section.rates[0])
    return melt_quench(StillingerWeber("vink-2001"), start, settings, seed).configuration


def _explored(
    model: Model, glass: Configuration, temperature: float, seed: np.random.SeedSequence
) -> Sequence[InherentStructure]:
    """What a trajectory by itself finds, which goes on from a state."""
    exploration = ExplorationSettings(temperature=temperature, interval=40)
    start = start_exploration(model, glass, exploration, seed)
    return continue_exploration(model, start, exploration, 6).structures


def _warm_up_vibrations(model: Model, minima: Sequence[Configuration]) -> None:
    """A path between the first two minima, if there are two, and modes."""
    minimum, *others = minima
    vibrations = minimum_vibrations(model, minimum, 12)
    well = find_double_well(model, minimum, others[0]) if others else None
    if isinstance(well, DoubleWell):
        well_vibrations(model, well, vibrations)
