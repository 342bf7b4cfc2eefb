"""What the Schroedinger equation on an energy profile gives: splittings and what they are made of.

Reduced units: energy epsilon, length <sigma>, mass m.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from glasswells.core.described import described
from glasswells.core.records import Array, WithArrays


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class ContinuedSplitting:
    """A splitting under one continuation beyond A and B, and what it is made of.

    E^2 = Delta^2 + Delta_0^2, and Delta = V(B) - V(A) + `zero_point_b` - `zero_point_a`.
    """

    splitting: float
    """E."""
    asymmetry: float
    """Delta."""
    tunneling_amplitude: float
    """Delta_0."""
    zero_point_a: float
    """Energy above V(A) of the lowest state that is localized in well A; NaN if the two lowest
    states live in one well."""
    zero_point_b: float
    """The same for well B, above V(B)."""
    is_single_well: bool
    """Whether this is no tunneling: flag `single_well` under this continuation."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TunnelSplitting(WithArrays):
    """Levels of the one-dimensional Schroedinger equation on an energy profile."""

    levels: Array
    """(4,), E_1 < E_2 < E_3 < E_4 above minimum A."""
    splitting: float
    """E = E_2 - E_1."""
    error: float
    """Numerical error of the splitting, from two independent discretizations."""
    spread: float
    """Half the range of the splitting over the continuations beyond A and B; 0 if only one."""
    by_continuation: dict[str, float]
    """The splitting under each continuation that the profile allows."""
    asymmetry: float
    """Delta, in the localized basis of the two lowest states."""
    tunneling_amplitude: float
    """Delta_0: E^2 = Delta^2 + Delta_0^2."""
    continuation: str
    """The convention beyond A and B behind `splitting`: straight, harmonic or walls."""
    units: str
    """Name of the unit set."""
    reduced_hbar: float
    """hbar / (sigma sqrt(m epsilon)), dimensionless."""
    is_two_level: bool
    """E below the unit set's threshold, resolved, and no single well in disguise."""
    flags: tuple[str, ...] = field(default=())
    """Any of `unresolved`, `single_well`, `short_path`, `extrapolated`."""
    continuations: dict[str, ContinuedSplitting] = field(default_factory=dict)
    """What each of `by_continuation` is made of; empty in records of older versions."""
    at_hbar_limits: tuple[float, ...] = ()
    """(2,), E at the smallest and the largest `reduced_hbar` that the unit set's error allows;
    empty if it states none."""

    @property
    def is_of_two_wells(self) -> bool:
        """Whether E is resolved and no single well's in disguise: what figures of E show."""
        return not {"unresolved", "single_well"} & set(self.flags)
