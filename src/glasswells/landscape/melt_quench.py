"""Glasses by melting and cooling at constant volume, for models without swaps of diameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count, not_negative, positive
from glasswells.core.described import explained
from glasswells.core.errors import ConvergenceError, InputError
from glasswells.core.geometry import remove_drift
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration, freeze
from glasswells.landscape.preparation import PreparedGlass
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.minimization import minimize
from glasswells.model.functions import energy
from glasswells.model.pair_model import Model
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint, Integrator

BLOCK = 100
"""Steps at one temperature: it falls by less than a hundredth in them at all rates of use."""
LOOSE_FORCE = 1e-2
"""Largest force component after the quench of the start, which only has to part particles that
were put upon each other."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class MeltQuenchSettings:
    """How a glass is melted and cooled.

    Raises
    ------
    InputError
        For numbers that are not positive, and a melt that is not hotter than the end.
    """

    rate: float
    """Of cooling, |dT/dt|, temperature over time."""
    melt_temperature: float
    """Well above melting."""
    melt_time: float
    """At that temperature, in sigma sqrt(m/epsilon)."""
    final_temperature: float
    """At which cooling ends; below the temperature at which anything still moves."""
    time_step: float = 0.01
    """In sigma sqrt(m/epsilon)."""
    friction: float = 0.05
    """Of the Langevin thermostat, per time."""

    def __post_init__(self) -> None:
        for name in ("rate", "melt_temperature", "melt_time", "final_temperature", "time_step"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        object.__setattr__(self, "friction", positive("friction", self.friction))
        if self.melt_temperature <= self.final_temperature:
            raise InputError(
                f"melt_temperature is {self.melt_temperature:g}, expected more than "
                f"final_temperature, {self.final_temperature:g}"
            )

    @property
    def block(self) -> float:
        """Time of one block of steps."""
        return BLOCK * self.time_step

    @property
    def melt_blocks(self) -> int:
        """Blocks of steps in the melt."""
        return math.ceil(self.melt_time / self.block)

    @property
    def blocks(self) -> int:
        """Blocks of steps altogether."""
        fall = self.melt_temperature - self.final_temperature
        return self.melt_blocks + math.ceil(fall / self._step)

    @property
    def _step(self) -> float:
        """The fall of the temperature from one block to the next."""
        return self.rate * self.block

    def temperature(self, block: int) -> float:
        """Of the thermostat in a block, counted from 0: the one that its end has in the ramp."""
        cooled = max(0, block + 1 - self.melt_blocks)
        return max(self.melt_temperature - cooled * self._step, self.final_temperature)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeltQuench:
    """A glass in the making, to go on from bit for bit."""

    dynamics: DynamicsCheckpoint
    start: Array
    """(N, 3), positions at the beginning of the melt."""
    melt_displacement: float
    """Root mean square, in mean spacings, at the end of the melt; NaN before."""

    def __post_init__(self) -> None:
        freeze(self, start=self.start)

    @property
    def blocks(self) -> int:
        """Blocks done."""
        return self.dynamics.steps // BLOCK


@expects(model=Model, configuration=Configuration)
def melt_quench(
    model: Model,
    configuration: Configuration,
    settings: MeltQuenchSettings,
    seed: int | np.random.SeedSequence,
) -> PreparedGlass:
    """Melt a configuration and cool it at a constant rate and constant volume.

    Langevin dynamics by `molecular_dynamics`, at the temperature T_melt for the time of the melt,
    then at T_melt - rate t down to the final temperature, in steps of 100 time steps. Before, the
    start is quenched loosely, so that a lattice with elements at random may be one. A glass made
    so never was in equilibrium: its report states the rate, and no fictive temperature.

    Parameters
    ----------
    model
        Any energy: this is the way for those that have no diameters to swap.
    configuration
        Particles, masses and box; a crystal or a random arrangement.
    settings
        Temperatures, times and the rate, in the units of the model.
    seed
        Of velocities and noise.

    Returns
    -------
    PreparedGlass
        The configuration at the final temperature, not quenched; `report` is a
        `MeltQuenchReport`, and the preparation temperature NaN.

    Raises
    ------
    InputError
        For a configuration that the model cannot describe.
    ConvergenceError
        If the dynamics blows up.
    """
    state = start_melt_quench(model, configuration, settings, seed)
    state = continue_melt_quench(model, state, settings, settings.blocks)
    return finish_melt_quench(model, state, settings)


def start_melt_quench(
    model: Model,
    configuration: Configuration,
    settings: MeltQuenchSettings,
    seed: int | np.random.SeedSequence,
) -> MeltQuench:
    """The start, loosely quenched, with velocities of the melt."""
    loose = minimize(model, configuration, max_force=LOOSE_FORCE).configuration
    integrator = _integrator(model, loose, settings, settings.melt_temperature)
    return MeltQuench(
        dynamics=integrator.start(loose.positions, seed),
        start=loose.positions,
        melt_displacement=math.nan,
    )


def continue_melt_quench(
    model: Model, state: MeltQuench, settings: MeltQuenchSettings, blocks: int
) -> MeltQuench:
    """Go on for some blocks, at most to the end; n + m equals n followed by m, bit for bit.

    Raises
    ------
    ConvergenceError
        If the dynamics blows up.
    """
    done = state.blocks
    for block in range(done, min(done + count("blocks", blocks), settings.blocks)):
        # New interactions for each block: a list left from the last one would set the order of
        # summation, and a run that was cut in between could not repeat it.
        temperature = settings.temperature(block)
        integrator = _integrator(model, state.dynamics.configuration(), settings, temperature)
        run = integrator.advance(state.dynamics, BLOCK, BLOCK)
        if run.outcome is not Outcome.COMPLETED:
            raise ConvergenceError(
                f"the melt blew up at temperature {temperature:g} with a time_step of "
                f"{settings.time_step:g}: use a shorter one"
            )
        state = replace(state, dynamics=run.state)
        if block + 1 == settings.melt_blocks:
            state = replace(state, melt_displacement=_displacement(state))
    return state


def finish_melt_quench(
    model: Model, state: MeltQuench, settings: MeltQuenchSettings
) -> PreparedGlass:
    """The glass and its report.

    Raises
    ------
    InputError
        Before the end of the cooling.
    """
    if state.blocks < settings.blocks:
        raise InputError(
            f"{state.blocks} of {settings.blocks} blocks of {BLOCK} steps are done, expected all: "
            f"go on with continue_melt_quench"
        )
    glass = state.dynamics.configuration()
    n = glass.n_particles
    report = MeltQuenchReport(
        rate=settings.rate,
        melt_temperature=settings.melt_temperature,
        melt_time=settings.melt_time,
        melt_displacement=state.melt_displacement,
        final_temperature=settings.final_temperature,
        n_particles=n,
        energy=energy(model, glass) / n,
        inherent_energy=minimize(model, glass).energy / n,
    )
    return PreparedGlass(configuration=glass, preparation_temperature=math.nan, report=report)


def _integrator(
    model: Model, configuration: Configuration, settings: MeltQuenchSettings, temperature: float
) -> Integrator:
    return Integrator(
        model.interactions(configuration),
        configuration,
        not_negative("temperature", temperature),
        settings.time_step,
        thermostat="langevin",
        friction=settings.friction,
    )


def _displacement(state: MeltQuench) -> float:
    dynamics = state.dynamics
    moved = remove_drift(dynamics.positions - state.start, dynamics.masses)
    spacing = math.cbrt(float(np.prod(dynamics.box)) / len(moved))
    return math.sqrt(float(np.square(moved).sum(axis=1).mean())) / spacing
