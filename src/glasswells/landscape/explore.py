"""Explore a glass: molecular dynamics with a quench every so many steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count, not_negative
from glasswells.core.described import described, explained
from glasswells.core.errors import ConvergenceError
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Progress, Report, reporting, silent
from glasswells.core.records import Array, Configuration, InherentStructure, Transition
from glasswells.landscape.library import Identity, Library
from glasswells.landscape.recognition import Recognition, Recognizer
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.model.pair_model import Model
from glasswells.model.precision import precision_of
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint, Integrator


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class ExplorationSettings:
    """How a glass is explored; the one minimizer is part of the definition of its structures."""

    temperature: float = 0.04
    """Exploration temperature T_MD, below that of preparation."""
    interval: int = 40
    """Time steps between two quenches."""
    time_step: float = 0.01
    """Of velocity Verlet, in sigma sqrt(m/epsilon)."""
    friction: float = 0.0
    """Of a Langevin thermostat, per time; 0: constant energy."""
    identity: Identity = field(default_factory=Identity)
    """When two minima are one."""
    recognition: Recognition = field(default_factory=Recognition)
    """When a quench may end early."""
    minimizer: MinimizerSettings = field(default_factory=MinimizerSettings)
    """Of all quenches."""

    def __post_init__(self) -> None:
        count("interval", self.interval, minimum=1)
        not_negative("friction", self.friction)


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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ExplorationState:
    """One trajectory of an exploration, to go on from bit for bit."""

    dynamics: DynamicsCheckpoint
    structures: tuple[InherentStructure, ...]
    transitions: tuple[Transition, ...]
    last: int | None
    """Structure of the last quench; None before the first and after a failure."""
    quenches: int
    """Done so far."""
    evaluations: int
    """Energy-and-force evaluations of all quenches."""
    recognized: int
    """Quenches that ended early, in the harmonic region of a known structure."""
    failures: int
    """Quenches that did not converge."""
    outcome: Outcome
    """COMPLETED, or NOT_FINITE if the trajectory blew up and ended."""
    energy_resolution: float = 0.0
    """As that of `Exploration`."""


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
        Of the initial velocities (and of the thermostat), below that of preparation.
    quenches
        Per trajectory.
    interval
        Time steps between two quenches.
    seed
        Each trajectory takes its own child of it.
    trajectories
        Number of independent trajectories.
    settings
        Everything else; its temperature and interval are replaced by the arguments.
    progress
        True: a bar; or a function of the quenches done, their number and a text, called after
        each.

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
    count("quenches", quenches)
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    children = [
        np.random.SeedSequence(sequence.entropy, spawn_key=(*sequence.spawn_key, k))
        for k in range(count("trajectories", trajectories, minimum=1))
    ]
    states = []
    with reporting(progress, "exploration", quenches * trajectories) as report:
        for child in children:
            start = start_exploration(model, configuration, settings, child)
            states.append(continue_exploration(model, start, settings, quenches, report))
    found = merge_explorations(states, configuration.box, settings.identity)
    if quenches and not found.structures:
        raise ConvergenceError(_why_nothing(model, states, settings))
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
    dynamics = state.dynamics
    glass = dynamics.configuration()
    integrator = _integrator(model, glass, settings)
    library = Library.from_structures(glass.box, settings.identity, state.structures)
    counts = Counter({(t.i, t.j): t.count for t in state.transitions})
    last, tally = state.last, Counter[str]()
    outcome, resolution = state.outcome, state.energy_resolution
    for _ in range(quenches):
        run = integrator.advance(dynamics, settings.interval, settings.interval)
        outcome = run.outcome
        if outcome is not Outcome.COMPLETED:
            break
        dynamics = run.state
        found, step = _quench(model, run.configuration, library, settings, tally)
        resolution = max(resolution, step)
        if last is not None and found is not None:
            counts[last, found] += 1
        last = found
        report(1, f"{len(library.structures)} structures")
    return ExplorationState(
        dynamics=dynamics,
        structures=library.structures,
        transitions=_sorted_transitions(counts),
        last=last,
        quenches=state.quenches + tally["quenches"],
        evaluations=state.evaluations + tally["evaluations"],
        recognized=state.recognized + tally["recognized"],
        failures=state.failures + tally["failures"],
        outcome=outcome,
        energy_resolution=resolution,
    )


def merge_explorations(
    states: Sequence[ExplorationState | Exploration], box: Array, identity: Identity
) -> Exploration:
    """Pool trajectories of one glass: one library, transition counts added."""
    counts: Counter[tuple[int, int]] = Counter()
    resolution = max((s.energy_resolution for s in states), default=0.0)
    sizes = {s.configuration.n_particles for state in states for s in state.structures}
    library = Library(box, identity.within(resolution, max(sizes, default=1)))
    for state in states:
        numbers = [library.absorb(structure) for structure in state.structures]
        for t in state.transitions:
            counts[numbers[t.i], numbers[t.j]] += t.count
    return Exploration(
        structures=library.structures,
        transitions=_sorted_transitions(counts),
        quenches=sum(s.quenches for s in states),
        evaluations=sum(s.evaluations for s in states),
        recognized=sum(s.recognized for s in states),
        failures=sum(s.failures for s in states),
        energy_resolution=resolution,
    )


def _quench(
    model: Model,
    configuration: Configuration,
    library: Library,
    settings: ExplorationSettings,
    tally: Counter[str],
) -> tuple[int | None, float]:
    """The structure below a configuration, None if the quench failed; the energy's resolution."""
    # New interactions each time: a list left from the last quench would set the order of
    # summation, and a run that was cut in between could not repeat it.
    interactions = model.interactions(configuration)
    recognizer = Recognizer(library, configuration.box, settings.recognition)
    descent = minimize_positions(
        interactions, configuration.positions, settings.minimizer, recognizer
    )
    resolution = max(descent.energy_jump, precision_of(interactions).energy)
    tally["quenches"] += 1
    tally["evaluations"] += descent.evaluations
    if recognizer.index is not None:
        tally["recognized"] += 1
        library.revisit(recognizer.index)
        return recognizer.index, resolution
    if not descent.outcome.converged:
        tally["failures"] += 1
        return None, resolution
    found = library.visit(configuration.moved_to(descent.positions), descent.energy)
    return found, resolution


def _why_nothing(
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


def _sorted_transitions(counts: Counter[tuple[int, int]]) -> tuple[Transition, ...]:
    return tuple(Transition(i=i, j=j, count=n) for (i, j), n in sorted(counts.items()))
