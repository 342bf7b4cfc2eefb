"""Relaxation of a swap Monte Carlo trajectory: self-overlap, scattering, diameter correlation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count, float64_array, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement
from glasswells.core.progress import Progress, reporting
from glasswells.core.records import Array, Configuration, freeze
from glasswells.model.pair_model import PairModel
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint, swap_monte_carlo

OVERLAP_LENGTH = 0.3
"""A particle overlaps with where it was if it is within this distance: the plateau of the cage is
narrower, a neighbor's place farther."""
DECAYED = 1 / np.e
"""A relaxation time is where a correlation has decayed to this."""
ORIGINS = 40
"""Time origins averaged over at each lag; more of them overlap in time and add little."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SwapTrajectory:
    """Frames of a swap Monte Carlo run at one temperature."""

    temperature: float
    """Of the run, in epsilon/k_B."""
    sweeps: Array
    """(F,) sweeps since the run arrived at this temperature, evenly spaced."""
    positions: Array
    """(F, N, 3), in sigma."""
    diameters: Array
    """(F, N), in sigma: who holds which diameter."""
    energies: Array
    """(F,) total potential energy, in epsilon."""
    box: Array
    """(3,), edges in sigma."""
    masses: Array = field(default=None)  # type: ignore[arg-type]  # None: an array of ones
    """(F, N), in m: masses go with the diameters. None: 1 for every particle."""

    def __post_init__(self) -> None:
        sweeps = float64_array("sweeps", self.sweeps, (None,))
        frames = len(sweeps)
        positions = float64_array("positions", self.positions, (frames, None, 3))
        if frames < 2 or not np.allclose(np.diff(sweeps), sweeps[1] - sweeps[0], rtol=1e-9):
            raise InputError(f"sweeps are {sweeps}, expected at least two, evenly spaced")
        freeze(
            self,
            temperature=positive("temperature", self.temperature),
            sweeps=sweeps,
            positions=positions,
            diameters=float64_array("diameters", self.diameters, (frames, positions.shape[1])),
            energies=float64_array("energies", self.energies, (frames,)),
            box=float64_array("box", self.box, (3,)),
            masses=np.ones(positions.shape[:2])
            if self.masses is None
            else float64_array("masses", self.masses, (frames, positions.shape[1])),
        )

    def configuration(self, frame: int) -> Configuration:
        """One frame."""
        return Configuration(
            positions=self.positions[frame],
            diameters=self.diameters[frame],
            box=self.box,
            masses=self.masses[frame],
        )


@expects(model=PairModel, configuration=Configuration)
def swap_trajectory(
    model: PairModel,
    configuration: Configuration,
    temperature: float,
    frames: int,
    interval: int,
    seed: int | np.random.SeedSequence,
    *,
    swap_probability: float = 0.2,
    burn_in: int = 100,
    state: SwapCheckpoint | None = None,
    progress: Progress = False,
) -> tuple[SwapTrajectory, SwapCheckpoint]:
    """Sample `frames` frames, `interval` sweeps apart; also gives the state to go on from.

    Parameters are those of `swap_monte_carlo`; `progress` counts frames.

    Raises
    ------
    InputError
        As `swap_monte_carlo`; for fewer than two frames.
    """
    frames = count("frames", frames, minimum=2)
    taken, energies, sweeps = [], [], []
    with reporting(progress, "swap trajectory", frames) as report:
        for _ in range(frames):
            run = swap_monte_carlo(
                model,
                configuration,
                temperature,
                interval,
                seed,
                swap_probability,
                burn_in=burn_in if state is None else 0,
                sample_interval=interval,
                state=state,
            )
            state, configuration = run.state, run.configuration
            taken.append(configuration)
            energies.append(run.energies[-1])
            sweeps.append(state.sweeps)
            report(1)
    trajectory = SwapTrajectory(
        temperature=temperature,
        sweeps=np.array(sweeps),
        positions=np.array([c.positions for c in taken]),
        diameters=np.array([c.diameters for c in taken]),
        masses=np.array([c.masses for c in taken]),
        energies=np.array(energies),
        box=configuration.box,
    )
    assert state is not None  # noqa: S101 - frames >= 2
    return trajectory, state


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Relaxation:
    """Decay of the memory of a trajectory, in sweeps."""

    lags: Array
    """(L,) sweeps."""
    self_overlap: Array
    """(L,) Q(t) = <theta(a - |r_i(t) - r_i(0)|)>, drift removed."""
    self_scattering: Array
    """(L,) F_s(k, t) = <cos k.(r_i(t) - r_i(0))>, mean over the three axes."""
    diameter_autocorrelation: Array
    """(L,) <(sigma_i(t) - <sigma>)(sigma_i(0) - <sigma>)> / <(sigma - <sigma>)^2>."""
    overlap_time: float
    """Sweeps after which Q has decayed to 1/e; infinite if it has not."""
    diameter_time: float
    """The same for the diameter autocorrelation."""

    def __post_init__(self) -> None:
        names = ("lags", "self_overlap", "self_scattering", "diameter_autocorrelation")
        freeze(self, **{name: getattr(self, name) for name in names})

    @property
    def relaxation_time(self) -> float:
        """The slower of the two times."""
        return max(self.overlap_time, self.diameter_time)


def relaxation(
    trajectory: SwapTrajectory, *, length: float = OVERLAP_LENGTH, wave_number: float = 7.0
) -> Relaxation:
    """Measure the relaxation of a trajectory under swap dynamics, averaged over time origins.

    Parameters
    ----------
    trajectory
        Its frames must resolve the decay: times below the frame spacing are interpolated.
    length
        a of the self-overlap.
    wave_number
        |k| of F_s, near the first peak of the structure factor.
    """
    length, wave_number = positive("length", length), positive("wave_number", wave_number)
    frames = len(trajectory.sweeps)
    spacing = trajectory.sweeps[1] - trajectory.sweeps[0]
    lags = np.unique(np.rint(np.geomspace(1, frames - 1, min(30, frames - 1))).astype(int))
    values = np.array([_correlations(trajectory, lag, length, wave_number) for lag in lags])
    times = np.concatenate([[0.0], lags * spacing])
    overlap, scattering, sizes = np.concatenate([np.ones((1, 3)), values]).T
    result = Relaxation(
        lags=times,
        self_overlap=overlap,
        self_scattering=scattering,
        diameter_autocorrelation=sizes,
        overlap_time=decay_time(times, overlap),
        diameter_time=decay_time(times, sizes),
    )
    for name in ("lags", "self_overlap", "self_scattering", "diameter_autocorrelation"):
        freeze(result, **{name: np.ascontiguousarray(getattr(result, name))})
    return result


def decay_time(times: Array, correlation: Array, level: float = DECAYED) -> float:
    """First time at which a correlation falls below `level`, linearly interpolated; or infinity."""
    below = np.flatnonzero(correlation < level)
    if len(below) == 0:
        return np.inf
    k = int(below[0])
    if k == 0:
        return float(times[0])
    fall = (correlation[k - 1] - level) / (correlation[k - 1] - correlation[k])
    return float(times[k - 1] + fall * (times[k] - times[k - 1]))


def _correlations(
    trajectory: SwapTrajectory, lag: int, length: float, wave_number: float
) -> tuple[float, float, float]:
    frames = len(trajectory.sweeps)
    origins = np.unique(np.linspace(0, frames - 1 - lag, min(ORIGINS, frames - lag)).astype(int))
    overlap, scattering, sizes = [], [], []
    for origin in origins:
        moved = displacement(
            trajectory.positions[origin], trajectory.positions[origin + lag], trajectory.box
        )
        overlap.append((np.sum(moved**2, axis=1) < length**2).mean())
        scattering.append(np.cos(wave_number * moved).mean())
        before = trajectory.diameters[origin] - trajectory.diameters[origin].mean()
        after = trajectory.diameters[origin + lag] - trajectory.diameters[origin + lag].mean()
        spread = (before**2).mean()
        sizes.append((before * after).mean() / spread if spread > 0 else 1.0)
    return float(np.mean(overlap)), float(np.mean(scattering)), float(np.mean(sizes))
