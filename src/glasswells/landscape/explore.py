"""Explore a glass: molecular dynamics with a quench every so many steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count
from glasswells.core.described import described
from glasswells.core.errors import ConvergenceError
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Progress, Report, reporting, silent
from glasswells.core.records import Array, Configuration, InherentStructure, Transition
from glasswells.landscape.library import Identity, Library, MetAgain
from glasswells.landscape.links import SaddleLink
from glasswells.landscape.together import continue_in_lanes, goes_in_lanes
from glasswells.landscape.trajectory import (
    ExplorationSettings,
    ExplorationState,
    Trajectory,
    sorted_transitions,
)
from glasswells.minimization import minimize_positions
from glasswells.model.pair_model import Model
from glasswells.sampling.molecular_dynamics import Integrator


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Exploration:
    """What the trajectories of a glass met: a library of structures and the passages between."""

    structures: tuple[InherentStructure, ...]
    """In order of discovery."""
    transitions: tuple[Transition, ...]
    """T_ij of consecutive quenches, i = j included, sorted by (i, j)."""
    quenches: int
    """Of all trajectories together."""
    evaluations: int
    """Energy-and-force evaluations of all quenches."""
    recognized: int
    """Quenches that ended early, in the harmonic region of a known structure."""
    failures: int
    """Quenches that did not converge: they interrupt the chain of transitions."""
    energy_resolution: float = 0.0
    """Largest jump or noise of the total energy that the quenches met: minima whose energies
    differ by a few of it, and that lie close, count as one (`Identity.within`). 0: none."""
    saddles: tuple[SaddleLink, ...] = ()
    """Saddles that pushes met (`with_pushed`), in order of discovery; they are no transitions."""


@expects(model=Model, configuration=Configuration)
def explore(
    model: Model,
    configuration: Configuration,
    temperature: float,
    quenches: int,
    interval: int,
    seed: int | np.random.SeedSequence,
    *,
    trajectories: int = 1,
    settings: ExplorationSettings | None = None,
    progress: Progress = False,
) -> Exploration:
    """Explore the inherent structures around a glass by MD with periodic minimization.

    The potential energy is minimized every `interval` steps of a trajectory that starts from the
    glass with random velocities (paper, section II; Stillinger & Weber, PRA 25, 978, 1982).

    Parameters
    ----------
    model, configuration
        The glass.
    temperature
        Of the initial velocities (and of the thermostat), energy; below that of preparation.
    quenches
        Per trajectory, at least one.
    interval
        Time steps between two quenches; 100 in plans by default, of 0.02.
    seed
        Each trajectory takes its own child of it.
    trajectories
        Number of independent trajectories; plans have 16 of each glass by default.
    settings
        Everything else; its temperature and interval are replaced by the arguments. Its defaults
        are not those of plans: time steps of 0.01 and no lanes, in place of 0.02 and sixteen.
    progress
        True: a bar; or a function of the quenches done, their number and a text, called after
        each.

    Returns
    -------
    Exploration
        The distinct inherent structures, and T_ij: how often a quench in i was followed by one
        in j.

    Raises
    ------
    InputError
        For bad numbers and for configurations that the model cannot describe.
    ConvergenceError
        If no quench of any trajectory converged, or none was reached; the text says why.
    """
    settings = replace(
        settings or ExplorationSettings(), temperature=temperature, interval=interval
    )
    count("quenches", quenches, minimum=1)
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    children = [
        np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, k))
        for k in range(count("trajectories", trajectories, minimum=1))
    ]
    starts = [start_exploration(model, configuration, settings, child) for child in children]
    with reporting(progress, "exploration", quenches * trajectories) as report:
        states = continue_explorations(model, starts, settings, quenches, report)
    found = merge_explorations(states, configuration.box, settings.identity)
    if not found.structures:
        raise ConvergenceError(why_nothing(model, states, settings))
    return found


def start_exploration(
    model: Model,
    configuration: Configuration,
    settings: ExplorationSettings,
    seed: int | np.random.SeedSequence,
) -> ExplorationState:
    """A trajectory at time zero, nothing quenched yet."""
    integrator = _integrator(model, configuration, settings)
    return ExplorationState(
        dynamics=integrator.start(configuration.positions, seed),
        structures=(),
        transitions=(),
        last=None,
        quenches=0,
        evaluations=0,
        recognized=0,
        failures=0,
        outcome=Outcome.COMPLETED,
    )


def continue_exploration(
    model: Model,
    state: ExplorationState,
    settings: ExplorationSettings,
    quenches: int,
    report: Report = silent,
) -> ExplorationState:
    """Go on with a trajectory for some more quenches; n + m equals n followed by m, bit for bit.

    `report` hears of each.
    """
    glass = state.dynamics.configuration()
    integrator = _integrator(model, glass, settings)
    trajectory = Trajectory(state, settings, model.interactions(glass))
    for _ in range(quenches):
        run = integrator.advance(trajectory.dynamics, settings.interval, settings.interval)
        if run.outcome is not Outcome.COMPLETED:
            trajectory.outcome = run.outcome
            break
        # Wherever the trajectory is cut: what is kept of it is what it goes on from.
        trajectory.dynamics = integrator.rounded(run.state) if settings.keep_places else run.state
        # New interactions each time: a list left from the last quench would set the order of
        # summation, and a run that was cut in between could not repeat it.
        interactions = model.interactions(glass)
        trajectory.quench(interactions, run.configuration.positions, settings.minimizer)
        report(1, f"{len(trajectory)} structures")
    return trajectory.state()


def continue_explorations(
    model: Model,
    states: Sequence[ExplorationState],
    settings: ExplorationSettings,
    quenches: int,
    report: Report = silent,
) -> list[ExplorationState]:
    """Go on with several trajectories of one glass; each is what it would be without the others.

    Side by side as SIMD lanes if the settings say so and the energy, the masses and the dynamics
    have that route; one after the other otherwise.
    """
    glass = states[0].dynamics.configuration()
    interactions = model.interactions(glass) if settings.lanes > 1 else None
    if not goes_in_lanes(interactions, glass, settings):
        return [continue_exploration(model, s, settings, quenches, report) for s in states]
    return [
        state
        for first in range(0, len(states), settings.lanes)
        for state in continue_in_lanes(
            interactions, states[first : first + settings.lanes], settings, quenches, report
        )
    ]


def merge_explorations(
    states: Sequence[ExplorationState | Exploration],
    box: Array,
    identity: Identity,
    met_again: MetAgain | None = None,
) -> Exploration:
    """Pool trajectories of one glass: one library, transition counts added.

    `met_again` hears of each minimum that another trajectory had met before.
    """
    counts: Counter[tuple[int, int]] = Counter()
    resolution = max((s.energy_resolution for s in states), default=0.0)
    sizes = {s.configuration.n_particles for state in states for s in state.structures}
    library = Library(box, identity.within(resolution, max(sizes, default=1)), met_again)
    for state in states:
        numbers = [library.absorb(structure) for structure in state.structures]
        for t in state.transitions:
            counts[numbers[t.i], numbers[t.j]] += t.count
    return Exploration(
        structures=library.structures,
        transitions=sorted_transitions(counts),
        quenches=sum(s.quenches for s in states),
        evaluations=sum(s.evaluations for s in states),
        recognized=sum(s.recognized for s in states),
        failures=sum(s.failures for s in states),
        energy_resolution=resolution,
    )


def why_nothing(
    model: Model, states: Sequence[ExplorationState], settings: ExplorationSettings
) -> str:
    """Why no quench converged: by one more, from where the last trajectory is."""
    quenches = sum(s.quenches for s in states)
    if any(s.outcome is not Outcome.COMPLETED for s in states):
        return (
            f"the dynamics became not finite after {quenches} quenches, none of which converged: "
            f"use a time_step below {settings.time_step:g} or a lower temperature"
        )
    glass = states[-1].dynamics.configuration()
    end = minimize_positions(model.interactions(glass), glass.positions, settings.minimizer)
    return (
        f"none of {quenches} quenches converged; one more ended with the largest force "
        f"{end.max_force:.2g} after {end.evaluations} evaluations: {end.outcome.value}"
    )


def _integrator(
    model: Model, configuration: Configuration, settings: ExplorationSettings
) -> Integrator:
    return Integrator(
        model.interactions(configuration),
        configuration,
        settings.temperature,
        settings.time_step,
        thermostat="langevin" if settings.friction > 0 else None,
        friction=settings.friction,
    )
