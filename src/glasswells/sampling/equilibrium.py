"""Is a glass equilibrated? One record that says how one knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import float64_array, not_negative, positive
from glasswells.core.described import described
from glasswells.core.records import Array
from glasswells.sampling.relaxation import SwapTrajectory, relaxation
from glasswells.sampling.structure import crystalline_fraction, fractionation

REQUIRED_RELAXATION_TIMES = 20.0
"""A glass that has seen fewer relaxation times is flagged."""
REQUIRED_APART = 1.0
"""Relaxation times between two glasses of one liquid; one that follows sooner is flagged."""
CRYSTAL_LIMIT = 0.05
"""Largest crystalline fraction of a liquid."""
FRACTIONATION_LIMIT = 5.0
"""Largest structure factor of the diameters of a mixture."""
DRIFT_LIMIT = 3.0
"""Largest difference of the two halves of e_IS(t), and of runs from above and below, in standard
errors."""


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A mean with its standard error."""

    value: float
    """The mean, in the unit of what was measured."""
    error: float
    """Its standard error, in the same unit."""

    def deviation(self, other: Measured) -> float:
        """Difference to another in units of the combined error."""
        return float(abs(self.value - other.value) / np.hypot(self.error, other.error))


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class EquilibrationReport:
    """What is known about the equilibration of one configuration."""

    temperature: float
    """At which the configuration was sampled, in epsilon/k_B."""
    n_particles: int
    """N."""
    sweeps: float
    """Sweeps at this temperature before the configuration was taken."""
    overlap_time: float
    """Relaxation time of the self-overlap, sweeps; infinite if it was not seen to decay."""
    diameter_time: float
    """Relaxation time of the diameter autocorrelation, sweeps."""
    energy: Measured
    """Potential energy per particle."""
    heat_capacity: Measured
    """From the energy fluctuations, var(E) / (N T^2)."""
    energy_slope: Measured | None
    """de/dT from runs at neighboring temperatures; None if there were none."""
    inherent_energy: Measured | None
    """Inherent-structure energy per particle; None if it was not measured."""
    inherent_drift: float | None
    """Difference of its two halves in standard errors."""
    from_below: Measured | None
    """Energy per particle of a run that started from a better annealed configuration."""
    crystalline_fraction: float
    """Share of the particles with seven or more solid-like bonds by their order q6."""
    fractionation: float
    """Structure factor of the diameters at the smallest wave vectors; of order 1 in a mixture."""
    sweeps_apart: float | None = None
    """Sweeps since the glass before was taken from the same liquid; None: it is the only one, or
    the first."""

    @property
    def relaxation_time(self) -> float:
        """The slower of the two relaxation times, sweeps."""
        return max(self.overlap_time, self.diameter_time)

    @property
    def relaxation_times(self) -> float:
        """How many relaxation times the configuration has seen; 0 if none, NaN if unknown."""
        return self._in_relaxation_times(self.sweeps)

    @property
    def relaxation_times_apart(self) -> float:
        """How many lie between it and the glass before of the same liquid; infinite if none is."""
        return np.inf if self.sweeps_apart is None else self._in_relaxation_times(self.sweeps_apart)

    def _in_relaxation_times(self, sweeps: float) -> float:
        if np.isnan(self.relaxation_time):
            return np.nan
        return sweeps / self.relaxation_time if self.relaxation_time > 0 else np.inf

    @property
    def flags(self) -> tuple[str, ...]:
        """What speaks against equilibrium; empty if nothing does."""
        slope, below = self.energy_slope, self.from_below
        doubts = {
            "not equilibrated": self.relaxation_times < REQUIRED_RELAXATION_TIMES,
            "not equilibrated: unknown": np.isnan(self.relaxation_times),
            "soon after the glass before": self.relaxation_times_apart < REQUIRED_APART,
            "inherent energy drifts": (self.inherent_drift or 0.0) > DRIFT_LIMIT,
            "fluctuations disagree with dE/dT": slope is not None
            and self.heat_capacity.deviation(slope) > DRIFT_LIMIT,
            "runs from above and below disagree": below is not None
            and self.energy.deviation(below) > DRIFT_LIMIT,
            "crystallized": self.crystalline_fraction > CRYSTAL_LIMIT,
            "fractionated": self.fractionation > FRACTIONATION_LIMIT,
        }
        return tuple(name for name, holds in doubts.items() if holds)

    @property
    def is_equilibrated(self) -> bool:
        """Whether nothing speaks against equilibrium."""
        return not self.flags


def equilibration_report(
    trajectory: SwapTrajectory,
    *,
    sweeps: float | None = None,
    sweeps_apart: float | None = None,
    inherent_energies: ArrayLike | None = None,
    neighboring_energies: dict[float, Measured] | None = None,
    from_below: Measured | None = None,
) -> EquilibrationReport:
    """Judge the equilibration of the last frame of a trajectory at one temperature.

    Parameters
    ----------
    trajectory
        Frames at the preparation temperature.
    sweeps
        Sweeps at this temperature before the configuration in question; by default those before
        the last frame.
    sweeps_apart
        Sweeps since another configuration was taken from the same trajectory, if one was.
    inherent_energies
        e_IS(t), total energies of the inherent structures of evenly spaced frames.
    neighboring_energies
        Energy per particle at other temperatures near this one, for dE/dT.
    from_below
        Energy per particle of a run from a better annealed start.

    Raises
    ------
    InputError
        For energies that are not finite, negative sweeps, none apart.
    """
    n = trajectory.positions.shape[1]
    per_particle = trajectory.energies / n
    decay = relaxation(trajectory)
    inherent = None
    if inherent_energies is not None:
        inherent = float64_array("inherent_energies", inherent_energies, (None,)) / n
    last = trajectory.configuration(-1)
    energy = blocked_mean(per_particle)
    return EquilibrationReport(
        temperature=trajectory.temperature,
        n_particles=n,
        sweeps=not_negative("sweeps", trajectory.sweeps[-1] if sweeps is None else sweeps),
        overlap_time=decay.overlap_time,
        diameter_time=decay.diameter_time,
        energy=energy,
        heat_capacity=heat_capacity(per_particle, n, trajectory.temperature),
        energy_slope=_slope(trajectory.temperature, energy, neighboring_energies or {}),
        inherent_energy=None if inherent is None else blocked_mean(inherent),
        inherent_drift=None if inherent is None else drift(inherent),
        from_below=from_below,
        crystalline_fraction=crystalline_fraction(last),
        fractionation=fractionation(last),
        sweeps_apart=None if sweeps_apart is None else positive("sweeps_apart", sweeps_apart),
    )


def blocked_mean(series: Array) -> Measured:
    """Mean of a correlated series; the error is the largest over block lengths.

    Blocks of 1, 2, 4, ... samples; at least eight blocks (Flyvbjerg & Petersen, J. Chem. Phys. 91,
    461, 1989). With fewer than eight samples the error is infinite.
    """
    mean = float(np.mean(series))
    error = -np.inf
    blocks = np.asarray(series, dtype=np.float64)
    while len(blocks) >= 8:
        error = max(error, float(blocks.std(ddof=1) / np.sqrt(len(blocks))))
        blocks = 0.5 * (blocks[: len(blocks) // 2 * 2 : 2] + blocks[1 : len(blocks) // 2 * 2 : 2])
    return Measured(value=mean, error=error if error >= 0 else np.inf)


def drift(series: Array) -> float:
    """Difference between the means of the two halves of a series, in standard errors."""
    half = len(series) // 2
    first, second = blocked_mean(series[:half]), blocked_mean(series[half:])
    return first.deviation(second) if np.isfinite(first.error + second.error) else 0.0


def heat_capacity(per_particle: Array, n: int, temperature: float) -> Measured:
    """C = N var(e) / T^2 from the fluctuations of the energy per particle, at constant volume."""
    squares = n * (per_particle - per_particle.mean()) ** 2 / temperature**2
    return blocked_mean(squares)


def _slope(
    temperature: float, energy: Measured, neighbors: dict[float, Measured]
) -> Measured | None:
    """De/dT at `temperature`: by the nearest temperatures on both sides, or on the one there is."""
    points = {**neighbors, temperature: energy}
    lower = max((t for t in points if t < temperature), default=temperature)
    upper = min((t for t in points if t > temperature), default=temperature)
    if lower == upper:
        return None
    step = upper - lower
    return Measured(
        value=(points[upper].value - points[lower].value) / step,
        error=float(np.hypot(points[upper].error, points[lower].error)) / step,
    )
