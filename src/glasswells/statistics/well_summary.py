"""What statistics need of a double well: numbers, and the few particles that move most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from glasswells.core.checks import count
from glasswells.core.records import Array, DoubleWell, freeze
from glasswells.core.splittings import TunnelSplitting
from glasswells.landscape.mechanism import bond_changes
from glasswells.mechanics.records import DeformationPotential
from glasswells.statistics.well_numbers import NUMBERS, WellNumber

CORE_PARTICLES = 30
"""Particles kept of each field: several times the participation number of most double wells."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellSummary:
    """A double well without its 3N-dimensional arrays: a campaign's all fit in memory."""

    glass: str
    """Name of the glass in its campaign; empty in the store, where the task knows it."""
    number: int
    """Of the double well in its glass."""
    barrier: float
    """V(saddle) - V(A)."""
    asymmetry: float
    """V(B) - V(A)."""
    distance: float
    """d = |r_AB|."""
    participation_number: float
    """PR_DW of r_AB."""
    path_length: float
    """Mass-weighted arc length from A to B through the saddle."""
    frequency_a: float
    """sqrt of the mass-weighted curvature of the path at A."""
    frequency_b: float
    """The same at B."""
    core_particles: Array
    """(K,), numbers of the particles that move most, most first; whole numbers."""
    core_displacements: Array
    """(K, 3), their r_AB."""
    splittings: Mapping[str, TunnelSplitting] = field(default_factory=dict)
    """By the name of the unit set."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What else is known, by the names of `well_numbers.NUMBERS`."""
    mechanism: str = ""
    """Value of `Mechanism`: how bonds change from A to B; empty where atoms have no bonds."""
    bonds_made: int = 0
    """Bonds that only B has."""
    bonds_broken: int = 0
    """Bonds that only A has."""
    deformation_potential: Array = field(default_factory=lambda: np.full((3, 3), np.nan))
    """(3, 3), g_ab = d(Delta_E)/de_ab; NaN where it was not computed."""

    def __post_init__(self) -> None:
        freeze(
            self,
            deformation_potential=np.array(self.deformation_potential, dtype=np.float64),
            core_particles=np.array(self.core_particles, dtype=np.float64),
            core_displacements=np.array(self.core_displacements, dtype=np.float64),
            splittings=dict(self.splittings),
            numbers=dict(self.numbers),
        )

    @property
    def barrier_from_upper(self) -> float:
        """V(S) less the higher of the two minima: what decides how many wells there are."""
        return self.barrier - max(0.0, self.asymmetry)

    @property
    def barrier_from_lower(self) -> float:
        """V(S) less the lower of the two minima."""
        return self.barrier - min(0.0, self.asymmetry)

    def tunnels(self, units: str) -> bool:
        """Whether E is resolved under a unit set, and is no single well's in disguise."""
        found = self.splittings.get(units)
        return found is not None and found.is_of_two_wells

    def splitting(self, units: str) -> float:
        """E under a unit set; NaN if it was not solved."""
        found = self.splittings.get(units)
        return np.nan if found is None else found.splitting


def summarize_well(
    well: DoubleWell,
    glass: str,
    number: int,
    splittings: Mapping[str, TunnelSplitting] | None = None,
    core_particles: int = CORE_PARTICLES,
    bond_length: float | None = None,
    numbers: Sequence[WellNumber] = NUMBERS,
    deformation_potential: DeformationPotential | None = None,
) -> WellSummary:
    """The summary of a double well.

    Parameters
    ----------
    well
        The double well.
    glass, number
        Where it was found.
    splittings
        Its splittings by the name of their unit set.
    core_particles
        How many particles' displacements are kept.
    bond_length
        Below which two atoms are bonded; None where there are no bonds.
    numbers
        What else is taken from the double well.
    deformation_potential
        How the asymmetry follows strain, if known.
    """
    bonds = None
    if bond_length is not None:
        bonds = bond_changes(well.minimum_a, well.minimum_b, bond_length)
    lengths = np.linalg.norm(well.displacement_ab, axis=1)
    top = np.argsort(-lengths, kind="stable")[: count("core_particles", core_particles, 1)]
    return WellSummary(
        glass=glass,
        number=number,
        barrier=well.barrier,
        asymmetry=well.asymmetry,
        distance=float(np.linalg.norm(well.displacement_ab)),
        participation_number=well.participation_number,
        path_length=well.path_length,
        frequency_a=well.frequency_a,
        frequency_b=well.frequency_b,
        core_particles=top.astype(np.float64),
        core_displacements=well.displacement_ab[top],
        splittings=splittings or {},
        numbers={each.name: each.value(well) for each in numbers},
        mechanism="" if bonds is None else str(bonds.mechanism),
        bonds_made=0 if bonds is None else len(bonds.made),
        bonds_broken=0 if bonds is None else len(bonds.broken),
        deformation_potential=np.full((3, 3), np.nan)
        if deformation_potential is None
        else deformation_potential.tensor,
    )
