"""Molecular dynamics: velocity Verlet, alone or with a Langevin thermostat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glasswells.core.arguments import expects
from glasswells.core.checks import count, float64_array, not_negative, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.geometry import remove_drift, to_multiples
from glasswells.core.masses import mass_weights
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Progress, Report, reporting
from glasswells.core.random import seed_state
from glasswells.core.records import Array, Configuration, freeze
from glasswells.model.interactions import PairInteractions
from glasswells.model.pair_model import Interactions, Model
from glasswells.sampling.md_kernels import Motion, Settings, draw_normals
from glasswells.sampling.md_steppers import AnyStepper, PairStepper, Stepper

TIGHT_SKIN = 0.2
"""Of the list that serves the forces."""
WIDE_SKIN = 1.1
"""Of the list from which it is made anew."""
POSITION, VELOCITY = 2.0**-32, 2.0**-28
"""Units of coordinates and of components of velocities in a checkpoint that is `rounded`."""
PIECES = 100
"""Of a run whose progress is shown."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DynamicsCheckpoint:
    """All that molecular dynamics needs to go on, bit for bit as if it had not been cut."""

    positions: Array
    """(N, 3), in sigma, unwrapped: continuous in time."""
    velocities: Array
    """(N, 3), in sqrt(epsilon/m)."""
    forces: Array | None
    """(N, 3), at `positions`, in epsilon/sigma; None: they are computed there, with a list made
    there."""
    potential_energy: float
    """Total, at `positions`, in epsilon."""
    list_reference: Array
    """(N, 3): where the neighbor list was made. It sets the order of summation, and with it the
    last bits."""
    random: NDArray[np.uint64]
    """(4,): generator state."""
    steps: int
    """Done since the start."""
    diameters: Array
    """(N,), in sigma."""
    box: Array
    """(3,), edges in sigma."""
    masses: Array = field(default=None)  # type: ignore[arg-type]  # None: an array of ones
    """(N,), in m; None: 1 for every particle."""

    def __post_init__(self) -> None:
        names = ("positions", "velocities", "list_reference", "random")
        freeze(self, **{name: getattr(self, name) for name in names})
        if self.forces is not None:
            freeze(self, forces=self.forces)
        freeze(self, masses=np.ones(len(self.diameters)) if self.masses is None else self.masses)

    def configuration(self) -> Configuration:
        """The configuration at this time."""
        return Configuration(
            positions=self.positions, diameters=self.diameters, box=self.box, masses=self.masses
        )


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MolecularDynamics:
    """The outcome of a molecular dynamics run."""

    configuration: Configuration
    """The last configuration; positions are unwrapped, so displacements are differences."""
    velocities: Array
    """(N, 3), at the same time, in sqrt(epsilon/m)."""
    kinetic_energies: Array
    """(S,) total, in epsilon, at `sample_steps`."""
    potential_energies: Array
    """(S,) total, in epsilon, at `sample_steps`."""
    sample_steps: NDArray[np.int64]
    """(S,) steps since the start of the trajectory: multiples of the sample interval."""
    outcome: Outcome
    """COMPLETED, or NOT_FINITE: the step after the last configuration blew up."""
    state: DynamicsCheckpoint
    """To go on from: pass as `state`."""


@expects(model=Model, configuration=Configuration)
def molecular_dynamics(
    model: Model,
    configuration: Configuration,
    temperature: float,
    steps: int,
    seed: int | np.random.SeedSequence,
    time_step: float = 0.01,
    *,
    thermostat: Literal["langevin"] | None = None,
    friction: float = 0.1,
    velocities: ArrayLike | None = None,
    sample_interval: int | None = None,
    state: DynamicsCheckpoint | None = None,
    progress: Progress = False,
) -> MolecularDynamics:
    """Move a configuration through its energy landscape by Newton's or Langevin's equations.

    Without a thermostat: velocity Verlet at constant energy. With `langevin`: the splitting BAOAB
    of Leimkuhler & Matthews, J. Chem. Phys. 138, 174102 (2013),

        v += (h/2) f(r)/m;  r += (h/2) v;  v = c v + sqrt((1 - c^2) T/m) xi;  r += (h/2) v;
        v += (h/2) f(r)/m,    c = exp(-friction h),

    whose configurations are exact to second order in h and in practice much better.
    A run of n steps continued by m, with the same arguments, equals one of n + m to the last bit
    for pair models.

    Parameters
    ----------
    model
        Pair models run as one compiled loop; any other `Interactions` step by step.
    configuration
        Where to start; not used, but checked, if `state` is given.
    temperature
        T >= 0, energy: of the velocities drawn and of the thermostat. Without a thermostat and
        from an equilibrated configuration of another temperature the two will mix.
    steps
        Time steps, at least 0.
    seed
        Of velocities and noise; not used if `state` is given, which carries its own stream.
    time_step
        h, in sqrt(m sigma^2/epsilon). With the highest mode at frequency 16 the limit is 0.125;
        lighter particles need shorter steps, in proportion to the square root of their mass.
        Explorations of plans have 0.02 by default, to see more time.
    thermostat
        None or `langevin`.
    friction
        Of the thermostat, per time.
    velocities
        (N, 3) to start with. By default they are drawn from the Maxwell-Boltzmann distribution at
        T, of variance T/m_i, under the condition of zero total momentum; the kinetic energy is not
        rescaled, so it has its canonical mean (3N - 3) T/2 and its canonical spread.
    sample_interval
        Steps between two energy samples; by default a hundredth of `steps`.
    state
        Of an earlier run of the same system, to go on from.
    progress
        True: a bar; or a function of the steps done, their number and a text.

    Raises
    ------
    InputError
        For bad numbers, a configuration that the model cannot describe, velocities of another
        shape, a state of another system.
    """
    steps = count("steps", steps)
    if sample_interval is None:
        sample_interval = max(1, steps // 100)
    interval = count("sample_interval", sample_interval, minimum=1)
    integrator = Integrator(
        model.interactions(configuration),
        configuration,
        temperature,
        time_step,
        thermostat=thermostat,
        friction=friction,
    )
    if state is None:
        state = integrator.start(configuration.positions, seed, velocities)
    elif velocities is not None:
        raise InputError("velocities were given with a state, which has its own: pass only one")
    else:
        _check_same_system(state, configuration)
    if progress is False:
        return integrator.advance(state, steps, interval)
    with reporting(progress, "molecular dynamics", steps) as report:
        return _advance_in_pieces(integrator, state, steps, interval, report)


class Integrator:
    """Moves checkpoints of one system, and keeps its neighbor lists from one call to the next.

    For callers that need many short runs, such as an exploration. What a run gives depends on
    its checkpoint alone, not on what this object did before.

    Parameters
    ----------
    interactions
        Of the particles of `configuration`.
    configuration
        Gives diameters, masses and box.
    temperature, time_step, thermostat, friction
        As for `molecular_dynamics`.

    Raises
    ------
    InputError
        For bad numbers and unknown thermostats.
    """

    def __init__(
        self,
        interactions: Interactions,
        configuration: Configuration,
        temperature: float,
        time_step: float = 0.01,
        *,
        thermostat: Literal["langevin"] | None = None,
        friction: float = 0.1,
    ) -> None:
        if thermostat not in (None, "langevin"):
            raise InputError(f"thermostat is {thermostat!r}, expected None or 'langevin'")
        self.temperature = not_negative("temperature", temperature)
        time_step = positive("time_step", time_step)
        decay = float(np.exp(-not_negative("friction", friction) * time_step))
        self._diameters = configuration.diameters
        self._masses = configuration.masses
        self._box = configuration.box
        settings = Settings(
            time_step=time_step,
            decay=decay,
            noise=float(np.sqrt((1 - decay**2) * self.temperature)),
            stochastic=thermostat is not None,
            tight_skin=TIGHT_SKIN,
            wide_skin=WIDE_SKIN,
            farthest2=float(0.5 * self._box.min()) ** 2,
        )
        self._noise = np.empty(configuration.positions.shape)
        has_masses = mass_weights(configuration) is not None
        inverse_mass = np.repeat(1.0 / self._masses, 3) if has_masses else np.empty(0)
        self._stepper: Stepper = (
            PairStepper(interactions, settings, inverse_mass)
            if isinstance(interactions, PairInteractions)
            else AnyStepper(interactions, settings, inverse_mass)
        )

    def start(
        self,
        positions: Array,
        seed: int | np.random.SeedSequence,
        velocities: ArrayLike | None = None,
    ) -> DynamicsCheckpoint:
        """A checkpoint at time zero, with velocities drawn unless given.

        Raises
        ------
        InputError
            For a bad seed, positions or velocities of another shape.
        """
        shape = (len(self._diameters), 3)
        positions = float64_array("positions", positions, shape)
        random = seed_state(seed)
        if velocities is None:
            drawn = np.empty(shape)
            draw_normals(random, drawn)
            initial = np.sqrt(self.temperature) * self._at_rest(drawn)
        else:
            initial = float64_array("velocities", velocities, shape)
        potential, forces = self._stepper.energy_and_forces(positions)
        return DynamicsCheckpoint(
            positions=positions,
            velocities=initial,
            forces=forces,
            potential_energy=potential,
            list_reference=positions,
            random=random,
            steps=0,
            diameters=self._diameters,
            box=self._box,
            masses=self._masses,
        )

    def rounded(self, state: DynamicsCheckpoint) -> DynamicsCheckpoint:
        """A checkpoint in little room, so near to one that going on from either is as good.

        Positions are multiples of `POSITION` and velocities of `VELOCITY`, forces are left to be
        computed; the potential energy is that of before. The energy of 1500 particles at T = 0.04
        changes by some 1e-8. Where it is no sum over pairs, is dear and may jump, the state stays.
        """
        if not isinstance(self._stepper, PairStepper):
            return state
        positions = to_multiples(state.positions, POSITION)
        return replace(
            state,
            positions=positions,
            velocities=to_multiples(state.velocities, VELOCITY),
            forces=None,
            list_reference=positions,
        )

    def _at_rest(self, drawn: Array) -> Array:
        """Standard normal numbers over sqrt(m), without the velocity of the center of mass."""
        if (self._masses == 1).all():
            return remove_drift(drawn)
        return remove_drift(drawn / np.sqrt(self._masses)[:, None], self._masses)

    def advance(
        self, state: DynamicsCheckpoint, steps: int, sample_interval: int = 1
    ) -> MolecularDynamics:
        """Move a checkpoint of this system by `steps`; stop before a step that blows up."""
        finite = bool(np.isfinite(state.potential_energy))
        new, samples, done = self._run(state, steps if finite else 0, sample_interval)
        completed = finite and done == steps
        if finite and not completed:
            # The run is deterministic: this time it stops where all was well.
            new, samples, _ = self._run(state, done, sample_interval)
        first = state.steps // sample_interval + 1
        result = MolecularDynamics(
            configuration=new.configuration(),
            velocities=new.velocities,
            kinetic_energies=samples[:, 0].copy(),
            potential_energies=samples[:, 1].copy(),
            sample_steps=sample_interval * np.arange(first, first + len(samples)),
            outcome=Outcome.COMPLETED if completed else Outcome.NOT_FINITE,
            state=new,
        )
        names = ("kinetic_energies", "potential_energies", "sample_steps")
        freeze(result, **{name: getattr(result, name) for name in names})
        return result

    def _run(
        self, state: DynamicsCheckpoint, steps: int, interval: int
    ) -> tuple[DynamicsCheckpoint, Array, int]:
        """The checkpoint after `steps`, energy samples, and how many steps went well."""
        samples = np.empty(((state.steps + steps) // interval - state.steps // interval, 2))
        if steps == 0:
            return state, samples, 0
        reference, forces = state.list_reference, state.forces
        if forces is None:
            reference, (_, forces) = (
                state.positions,
                self._stepper.energy_and_forces(state.positions),
            )
        motion = Motion(
            positions=state.positions.copy(),
            velocities=state.velocities.copy(),
            forces=forces.copy(),
            noise=self._noise,
        )
        random = state.random.copy()
        done, potential, reference = self._stepper.run(
            steps, state.steps, interval, motion, random, reference, samples
        )
        new = replace(
            state,
            positions=motion.positions,
            velocities=motion.velocities,
            forces=motion.forces,
            potential_energy=potential,
            list_reference=reference,
            random=random,
            steps=state.steps + steps,
        )
        return new, samples, done


def _advance_in_pieces(
    integrator: Integrator, state: DynamicsCheckpoint, steps: int, interval: int, report: Report
) -> MolecularDynamics:
    """The same as one `advance`, with a report after each piece."""
    piece = max(1, -(-steps // PIECES))
    run = integrator.advance(state, min(piece, steps), interval)
    runs = [run]
    done = min(piece, steps)
    report(done)
    while done < steps and run.outcome is Outcome.COMPLETED:
        more = min(piece, steps - done)
        run = integrator.advance(run.state, more, interval)
        runs.append(run)
        done += more
        report(more)
    result = replace(
        run,
        kinetic_energies=np.concatenate([run.kinetic_energies for run in runs]),
        potential_energies=np.concatenate([run.potential_energies for run in runs]),
        sample_steps=np.concatenate([run.sample_steps for run in runs]),
    )
    names = ("kinetic_energies", "potential_energies", "sample_steps")
    freeze(result, **{name: getattr(result, name) for name in names})
    return result


def _check_same_system(state: DynamicsCheckpoint, configuration: Configuration) -> None:
    names = ("diameters", "masses", "box")
    same = all(np.array_equal(getattr(state, k), getattr(configuration, k)) for k in names)
    if not same:
        raise InputError(
            f"state is of {len(state.diameters)} particles in the box {state.box}, expected the "
            f"diameters, masses and box of the configuration ({configuration.n_particles} "
            f"particles, {configuration.box}): pass the configuration that the state came with"
        )
