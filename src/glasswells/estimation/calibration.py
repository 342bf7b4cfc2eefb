"""What the stages cost on this machine: some seconds of each on the glasses of a plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.core.errors import InputError
from glasswells.core.one_thread import one_thread
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, DoubleWell, InherentStructure
from glasswells.estimation.records import Known, Rate
from glasswells.estimation.reference import reference_rates
from glasswells.estimation.sizes import Group, groups, n_particles
from glasswells.interchange.shipped import glass as shipped_glass
from glasswells.landscape.explore import (
    continue_explorations,
    start_exploration,
)
from glasswells.landscape.melt_quench import continue_melt_quench, start_melt_quench
from glasswells.landscape.preparation import (
    PreparationSettings,
    continue_preparation,
    start_preparation,
)
from glasswells.landscape.trajectory import ExplorationState
from glasswells.model.pair_model import Model
from glasswells.paths import find_double_well
from glasswells.plan.model import PAIR, ModelSection, pair_model
from glasswells.plan.plan import Plan
from glasswells.stages.explore import exploration_settings
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.prepare import prepare_parameters
from glasswells.stages.settled import minimum_of
from glasswells.stages.splittings import splittings_parameters
from glasswells.store.tasks import TaskFailedError, TaskInput, TaskOutput
from glasswells.vibrations.minimum import minimum_vibrations

EXPLORING, SEARCHING, SAMPLING = 7.0, 6.0, 3.0
"""CPU seconds of explorations, of path searches and of sweeps."""
QUICK_RATE, QUICK_BLOCKS = 1e15, 10
"""Least rate of cooling, K/s, and most blocks in the melt, of a glass that is only timed."""
FEW_SWEEPS = 100
"""Of the melt of a preparation that is only timed."""
SCATTER = {"quench": 0.25, "search": 0.3, "modes": 0.3, "splitting": 0.1, "sweep": 0.1,
           "block": 0.1}  # fmt: skip
"""Of one glass about a mean, from the explorations and paths behind `reference`; more for quenches,
as a calibration sees the beginning of trajectories only."""
SINGLE = 1.0
"""Scatter of single path searches about their mean: 1.9 in 1757 of twenty glasses of 0.062, 0.65 in
3927 of thirty of 0.07."""
BY_ENERGIES = ("finish", "search", "modes", "overlap", "full_spectrum", "tangent_study")
"""Costs that are mostly evaluations of energies, forces and Hessians."""
FOREIGN = 1.0
"""Scatter, at least, of such costs of other energies: searches, modes and overlaps of silicon and
of silica by LAMMPS took 0.5 to 3.4 times what quenches let expect."""
OF_GLASS = ("n_particles", "density", "diameters", "diameter_limits", "unit_mean")
"""Settings of a preparation that say what particles a glass is of."""
SOURCE = "calibration on this machine"
SEED = 1
MADE = ("prepare", "melt_quench")
"""Sources whose glasses cost time."""


def calibrate(plan: Plan, say: Callable[[str], None]) -> Known:
    """Measure what the stages of a plan cost, for about 20 seconds of one core.

    Kernels are compiled before, which takes longer where they have never been.

    Parameters
    ----------
    plan
        With the contents of its files.
    say
        Gets a line before what takes time.

    Returns
    -------
    Known
        Costs, those that were not measured included: the reference's, times the ratio of what a
        splitting, or else a quench, costs here and there. That of a path search is `weighed`.
    """
    check_cache_folder()
    reference = reference_rates(plan)
    model = plan.build_model()
    quench: dict[float, list[float]] = {}
    sweeps: list[float] = []
    states: list[tuple[float, ExplorationState]] = []
    chosen = list(_chosen(plan))
    say("measuring what explorations and paths cost on this machine")
    with one_thread():
        for group, index in chosen:
            temperature = group.temperature
            seconds = SAMPLING / len(chosen)
            glass, sweep = _glass(plan, model, index, temperature, seconds)
            sweeps += [sweep] if sweep is not None else []
            seconds = EXPLORING / len(chosen)
            state, cost = _time_quenches(plan, model, glass, group.lanes, seconds=seconds)
            quench.setdefault(temperature, []).append(cost)
            states.append((relative_search(reference, temperature), state))
        searched, well = _searches(plan, model, states)
        costs = dict(_costs_beyond(plan, model, states[0][1], well))
    if sweeps:
        name = "block" if plan.glasses.source == "melt_quench" else "sweep"
        costs[name] = fmean(sweeps)
    costs["quench"] = fmean(fmean(of_glasses) for of_glasses in quench.values())
    rates = scaled_rest(reference, costs, is_pair=plan.model.kind == PAIR)
    if searched:
        costs["search"] = weighed(searched, rates["search", None])
    rates |= {(name, None): _rate(name, cost) for name, cost in costs.items()}
    for temperature, of_glasses in quench.items():
        rate = _rate("quench", fmean(of_glasses))
        rates["quench", temperature] = replace(rate, glasses=len(of_glasses))
        ratio = relative_search(reference, temperature)
        rates["search", temperature] = rates["search", None].scaled(ratio)
    return Known(rates=rates)


def _chosen(plan: Plan) -> Iterator[tuple[Group, int]]:
    """Up to three glasses of each temperature; one where each has to be prepared first."""
    for k, group in enumerate(groups(plan)):
        indices = plan.glasses.indices(k)
        spread = {indices[0], indices[len(indices) // 2], indices[-1]}
        for index in indices[:1] if plan.glasses.source in MADE else sorted(spread):
            yield group, index


def relative_search(reference: Known, temperature: float) -> float:
    """Of the cost of a path search at some temperature to that of all."""
    return reference.rate("search", temperature).value / reference.rate("search").value


def scaled_rest(
    reference: Known, costs: Mapping[str, float], *, is_pair: bool
) -> dict[tuple[str, float | None], Rate]:
    """What was not measured, by the speed of this machine: costs of splittings differ least.

    What evaluates energies goes by the cost of a quench where these are no pair model's, whose
    evaluations the reference counts: a hundred times as much is usual.

    Parameters
    ----------
    reference
        Costs of the reference's machine, of pair models.
    costs
        What was measured here, `quench` at least.
    is_pair
        Whether the energies are those of a pair model.
    """
    measure = "splitting" if "splitting" in costs else "quench"
    rates: dict[tuple[str, float | None], Rate] = {}
    for name in (*BY_ENERGIES, "pooling", "choosing", "splitting"):
        of_energies = name in BY_ENERGIES and not is_pair
        by = "quench" if of_energies else measure
        factor = costs[by] / reference.rate(by).value
        rate = reference.rate(name)
        what = "these energies" if of_energies else "this machine"
        scaled = rate.scaled(factor)
        spread = max(rate.spread, FOREIGN) if of_energies else rate.spread
        rates[name, None] = replace(
            scaled, spread=spread, source=f"{rate.source}, times {factor:.2f} for {what}"
        )
    return rates


def _rate(name: str, cost: float) -> Rate:
    return Rate(value=cost, spread=SCATTER[name], glasses=1, source=SOURCE)


def _glass(
    plan: Plan, model: Model, index: int, temperature: float, seconds: float
) -> tuple[Configuration, float | None]:
    """A glass of a temperature, and the cost of a sweep if it has to be prepared.

    A prepared one is only a liquid that was sampled for some seconds, in which quenches cost more,
    unless the package has such a glass.
    """
    if plan.glasses.source == "melt_quench":
        return _quick_quench(plan, model, temperature)
    if plan.glasses.source != "prepare":
        output = _run("prepare", prepare_parameters(plan, temperature, index))
        return output.products[0][1].configuration, None
    settings = plan.prepare.record(PreparationSettings)
    swapped = pair_model(plan.model_parameters)
    quick = replace(settings, melt_sweeps=min(FEW_SWEEPS, settings.melt_sweeps))
    state = start_preparation(swapped, temperature, quick, np.random.SeedSequence(SEED))
    done, begin = 0, time.thread_time()
    while time.thread_time() - begin < seconds:
        state = continue_preparation(swapped, state, settings, FEW_SWEEPS)
        done += FEW_SWEEPS
    cost = (time.thread_time() - begin) / done
    return shipped_alike(plan, temperature) or state.checkpoint.configuration(), cost


def shipped_alike(plan: Plan, temperature: float) -> Configuration | None:
    """A glass of the package that a plan might have prepared, if there is one."""
    settings, shipped = plan.prepare.record(PreparationSettings), PreparationSettings()
    is_alike = all(getattr(settings, name) == getattr(shipped, name) for name in OF_GLASS)
    if not is_alike or plan.model != ModelSection():
        return None
    try:
        return shipped_glass(temperature, 0).configuration
    except InputError:
        return None


def _quick_quench(plan: Plan, model: Model, rate: float) -> tuple[Configuration, float]:
    """A glass that was quenched as fast as the rate for which there is time, and a block's cost."""
    section = plan.melt_quench
    start = section.start(plan.model.element_masses, np.random.SeedSequence(SEED))
    settings = section.settings(max(rate, QUICK_RATE))
    settings = replace(settings, melt_time=min(settings.melt_time, QUICK_BLOCKS * settings.block))
    state = start_melt_quench(model, start, settings, SEED)
    state = continue_melt_quench(model, state, settings, 1)  # may compile
    begin, before = time.thread_time(), state.blocks
    state = continue_melt_quench(model, state, settings, settings.blocks)
    cost = (time.thread_time() - begin) / (state.blocks - before)
    return state.dynamics.configuration(), cost


def _run(
    stage: str, parameters: Mapping[str, Any], inputs: tuple[tuple[Any, ...], ...] = ()
) -> TaskOutput:
    task = TaskInput(
        inputs=inputs, state=None, parameters=parameters, seed=np.random.SeedSequence(SEED)
    )
    return PIPELINE.stage(stage).run(task)


def _time_quenches(
    plan: Plan, model: Model, glass: Configuration, lanes: int, *, seconds: float
) -> tuple[ExplorationState, float]:
    """A short trajectory and the cost of one of its quenches, those of the first two left out.

    With those beside it that go in lanes.
    """
    settings = replace(exploration_settings(plan.explore), lanes=lanes)
    states = [
        start_exploration(model, glass, settings, np.random.SeedSequence(SEED, spawn_key=(k,)))
        for k in range(lanes)
    ]
    states = continue_explorations(model, states, settings, 2)
    begin, before = time.thread_time(), sum(state.quenches for state in states)
    while time.thread_time() - begin < seconds and states[0].outcome is Outcome.COMPLETED:
        states = continue_explorations(model, states, settings, 10)
        if states[0].quenches >= plan.explore.quenches:
            break
    state, quenches = states[0], sum(state.quenches for state in states) - before
    spent = time.thread_time() - begin
    if quenches < 1:
        raise InputError(
            f"explore.time_step is {plan.explore.time_step:g}: the dynamics of a glass blew up, "
            f"expected a step with which it is stable, such as 0.01"
        )
    return state, spent / quenches


def _searches(
    plan: Plan, model: Model, states: list[tuple[float, ExplorationState]]
) -> tuple[list[float], DoubleWell | None]:
    """What path searches between consecutive minima cost, and a double well that one found.

    Costs are over those that come with the trajectories, `relative_search`.
    """
    section = plan.paths
    searched: list[float] = []
    well: DoubleWell | None = None
    links = list(_neighbors(states)) if plan.pairs.rules else []
    for k, (relative, *ends) in enumerate([*links[:1], *links]):
        begin = time.thread_time()
        a, b = (minimum_of(model, minimum, section.max_force) for minimum in ends)
        found = find_double_well(
            model,
            a,
            b,
            rho=section.rho,
            images=section.images,
            method=section.method,
            max_force=section.max_force,
        )
        if k:  # the first may have compiled
            searched.append((time.thread_time() - begin) / relative)
        well = found if isinstance(found, DoubleWell) else well
        if sum(searched) > SEARCHING:
            break
    return searched, well


def weighed(measured: Sequence[float], prior: Rate) -> float:
    """The mean cost of searches, of which a few were measured and more was known beforehand.

    Single searches differ by more than their means over glasses do, so that a few of them tell
    less than the cost of other glasses does: with n of them of the relative scatter s, and a prior
    mean of the spread p, the weights are n and (s/p)^2.
    """
    weight = (SINGLE / prior.spread) ** 2
    return (sum(measured) + weight * prior.value) / (len(measured) + weight)


def _costs_beyond(
    plan: Plan, model: Model, state: ExplorationState, well: DoubleWell | None
) -> Iterator[tuple[str, float]]:
    """Costs of a splitting and of modes."""
    if well is not None:
        yield from _splitting(plan, well)
    if plan.pairs.rules and plan.modes.enabled:
        glass = minimum_of(model, state.structures[0])
        yield "modes", _modes(plan, model, glass)


def _neighbors(
    states: list[tuple[float, ExplorationState]],
) -> Iterator[tuple[float, InherentStructure, InherentStructure]]:
    """Minima of transitions, those of all glasses in turn, as `linked` the most frequent first.

    What comes with a trajectory comes with its minima.
    """
    links = [
        [(r, s, t) for t in sorted(s.transitions, key=lambda t: -t.count) if t.i < t.j]
        for r, s in states
    ]
    for k in range(max(map(len, links))):
        for of_glass in links:
            if k < len(of_glass):
                relative, state, link = of_glass[k]
                yield relative, state.structures[link.i], state.structures[link.j]


def _splitting(plan: Plan, well: DoubleWell) -> Iterator[tuple[str, float]]:
    parameters = splittings_parameters(plan)
    begin = 0.0
    try:
        for _ in range(2):  # the first compiles
            begin = time.thread_time()
            _run("splittings", parameters, ((well,),))
    except TaskFailedError:  # this one has no solution: the reference has to do
        return
    yield "splitting", (time.thread_time() - begin) / len(parameters["units"])


def _modes(plan: Plan, model: Model, glass: Configuration) -> float:
    section = plan.modes
    seconds = []
    for _ in range(2):  # the first compiles
        begin = time.thread_time()
        minimum_vibrations(
            model,
            glass,
            min(section.count, 3 * n_particles(plan)),
            participation_limit=section.participation_limit,
            frequency_limit=section.frequency_limit,
        )
        seconds.append(time.thread_time() - begin)
    return seconds[-1]
