"""Prepare a glass from scratch: lattice, melt, equilibrate by swap Monte Carlo, judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from annotated_types import Interval

from glasswells.core.described import described, explained
from glasswells.core.errors import InputError
from glasswells.core.limits import Count, Fraction, Positive, check_limits
from glasswells.core.records import Array, Configuration
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.minimization import minimize
from glasswells.model.diameters import draw_diameters
from glasswells.model.functions import energy
from glasswells.model.pair_model import PairModel
from glasswells.sampling.equilibrium import EquilibrationReport, equilibration_report
from glasswells.sampling.relaxation import SwapTrajectory
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint, swap_monte_carlo

MOST_FRAMES = 96
"""Frames kept for the report; when there are more, every other one is dropped."""
QUENCHED_FRAMES = 24
"""Frames quenched for e_IS(t)."""
FALLING = 0.25
"""Fraction of the run whose frames the report leaves out: the energy still falls from above."""
QUENCH_FORCE = 1e-6
"""Of those: energies good to 1e-7 per glass are far below their fluctuations."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class PreparationSettings:
    """How a glass is made.

    Raises
    ------
    InputError
        For numbers out of range, and limits of diameters that are not in order.
    """

    n_particles: Annotated[int, Interval(ge=2)] = 1500
    """Particles per glass. 1500 is the paper's; the box must be twice as wide as the largest
    cutoff, 2 x 2.03, which needs about 70."""
    density: Positive = 1.0
    """Number density; 1 in the paper."""
    diameters: Literal["quantile", "random"] = "quantile"
    """Diameters from P(sigma) = A sigma^-3: `quantile` gives every glass the same list, so that
    energies can be compared between glasses; `random` draws."""
    diameter_limits: tuple[float, float] = (0.73, 1.62)
    """Smallest and largest diameter. These give a mean of 1.0065 and a polydispersity of 0.229,
    which neither crystallizes nor fractionates on our time scales."""
    unit_mean: bool = False
    """Whether diameters are rescaled to a mean of 1 (the paper: no)."""
    melt_temperature: Positive = 0.25
    """Temperature at which the lattice is melted first; well above the onset of slow dynamics at
    about 0.18."""
    melt_sweeps: Count = 2000
    """Sweeps of melting: hundreds of relaxation times at that temperature."""
    swap_probability: Fraction = 0.2
    """Fraction of moves that exchange two diameters. The optimum is flat between 0.05 and 0.2;
    displacements are the bottleneck."""
    partner_window: Positive = 0.2
    """Largest difference of the two diameters of a swap. It doubles the acceptance; swaps of unlike
    sizes are nearly always rejected."""
    burn_in: Count = 200
    """Sweeps after the melt in which the size of displacements is tuned to 40 % acceptance. It is
    frozen afterwards: tuning while sampling breaks detailed balance."""

    def __post_init__(self) -> None:
        check_limits(self)
        smallest, largest = self.diameter_limits
        if not 0 < smallest < largest:
            raise InputError(
                f"diameter_limits is {list(self.diameter_limits)}, expected the smaller first, "
                f"both above 0"
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LiquidFrame:
    """The liquid at one time of a preparation."""

    sweeps: int
    """Since it came to the preparation temperature."""
    energy: float
    """Potential energy, total."""
    positions: Array
    """(N, 3)."""
    diameters: Array
    """(N,)."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PreparationState:
    """A liquid that is sampled; to go on from, bit for bit."""

    temperature: float
    checkpoint: SwapCheckpoint
    spacing: int
    """Sweeps between two frames that are kept."""
    frames: tuple[LiquidFrame, ...]
    """Those kept for the report."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PreparedGlass:
    """A glass and how it was made: equilibrated, and how one knows that it is, or quenched."""

    configuration: Configuration
    """Its particles; those of a liquid that was equilibrated are not quenched."""
    preparation_temperature: float
    """At which the liquid was equilibrated; NaN for a glass by melt and quench."""
    report: EquilibrationReport | MeltQuenchReport
    """On how it was made."""


def lattice(settings: PreparationSettings, seed: np.random.SeedSequence) -> Configuration:
    """A simple cubic lattice in a cubic box, superfluous sites left empty at random.

    A random start would have to be quenched from overlaps, which flings particles far away.
    """
    n = settings.n_particles
    edge = (n / settings.density) ** (1 / 3)
    m = int(np.ceil(n ** (1 / 3) - 1e-9))
    sites = np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    places, sizes = seed.spawn(2)
    chosen = np.random.default_rng(places).permutation(len(sites))[:n]
    diameters = draw_diameters(
        n,
        settings.diameter_limits,
        settings.diameters,
        seed=sizes,
        unit_mean=settings.unit_mean,
    )
    return Configuration(
        positions=sites[np.sort(chosen)] * (edge / m), diameters=diameters, box=np.full(3, edge)
    )


def start_preparation(
    model: PairModel,
    temperature: float,
    settings: PreparationSettings,
    seed: np.random.SeedSequence,
) -> PreparationState:
    """A molten lattice brought to the preparation temperature, step tuned, nothing sampled yet.

    Raises
    ------
    InputError
        For bad numbers, and for a box that is too small for the model.
    """
    start, melt, sample = seed.spawn(3)
    liquid = swap_monte_carlo(
        model,
        lattice(settings, start),
        settings.melt_temperature,
        settings.melt_sweeps,
        melt,
        settings.swap_probability,
        partner_window=settings.partner_window,
    ).configuration
    run = swap_monte_carlo(
        model,
        liquid,
        temperature,
        0,
        sample,
        settings.swap_probability,
        partner_window=settings.partner_window,
        burn_in=settings.burn_in,
    )
    return PreparationState(
        temperature=temperature,
        checkpoint=run.state,
        spacing=0,
        frames=(_frame(model, run.state),),
    )


def continue_preparation(
    model: PairModel, state: PreparationState, settings: PreparationSettings, sweeps: int
) -> PreparationState:
    """Go on for some more sweeps and keep the frame at their end.

    The frames stay evenly spaced only if every call has the same number of sweeps.
    """
    run = swap_monte_carlo(
        model,
        state.checkpoint.configuration(),
        state.temperature,
        sweeps,
        0,
        settings.swap_probability,
        partner_window=settings.partner_window,
        sample_interval=sweeps,
        state=state.checkpoint,
    )
    spacing = state.spacing or sweeps
    state = replace(state, checkpoint=run.state, spacing=spacing)
    if run.state.sweeps % spacing:
        return state
    state = replace(state, frames=(*state.frames, _frame(model, run.state)))
    return _thinned(state) if len(state.frames) > MOST_FRAMES else state


def finish_preparation(
    model: PairModel, state: PreparationState, *, sweeps_apart: float | None = None
) -> PreparedGlass:
    """The last configuration as a glass, with the report on its equilibration.

    Parameters
    ----------
    model
        Of the energy.
    state
        The liquid.
    sweeps_apart
        Sweeps since the glass before was taken from the same liquid; None: there was none.

    Raises
    ------
    InputError
        If fewer than two frames were sampled.
    """
    if len(state.frames) < 2:
        raise InputError(
            "no sweeps were done at the preparation temperature, expected at least one chunk"
        )
    # At least two frames, those before which still fell from the melt left out
    late = state.frames[min(int(FALLING * len(state.frames)), len(state.frames) - 2) :]
    trajectory = SwapTrajectory(
        temperature=state.temperature,
        sweeps=np.array([float(frame.sweeps) for frame in late]),
        positions=np.stack([frame.positions for frame in late]),
        diameters=np.stack([frame.diameters for frame in late]),
        energies=np.array([frame.energy for frame in late]),
        box=state.checkpoint.box,
    )
    frames = len(late)
    stride = -(-frames // QUENCHED_FRAMES)
    inherent = [
        minimize(model, trajectory.configuration(k), max_force=QUENCH_FORCE).energy
        for k in range(0, frames, stride)
    ]
    report = equilibration_report(
        trajectory,
        sweeps=float(state.checkpoint.sweeps),
        sweeps_apart=sweeps_apart,
        inherent_energies=inherent,
    )
    return PreparedGlass(
        configuration=state.checkpoint.configuration(),
        preparation_temperature=state.temperature,
        report=report,
    )


def _frame(model: PairModel, checkpoint: SwapCheckpoint) -> LiquidFrame:
    frame = checkpoint.configuration()
    return LiquidFrame(
        sweeps=checkpoint.sweeps,
        energy=energy(model, frame),
        positions=frame.positions,
        diameters=frame.diameters,
    )


def _thinned(state: PreparationState) -> PreparationState:
    """Every other frame."""
    spacing = 2 * state.spacing
    kept = tuple(frame for frame in state.frames if frame.sweeps % spacing == 0)
    return replace(state, spacing=spacing, frames=kept)
