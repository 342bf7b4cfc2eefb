"""What the library of the package holds of a double well."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration, DoubleWell, EnergyProfile, freeze
from glasswells.core.splittings import TunnelSplitting
from glasswells.statistics import active_under
from glasswells.statistics.well_summary import WellSummary
from glasswells.tunneling.units import UNIT_SETS
from glasswells.vibrations.records import DirectionOverlap


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModesSummary:
    """How a double well relates to the vibrations of its minimum A, in numbers."""

    frequencies: Array
    """(K,), omega of the K softest modes, translations included, in sqrt(epsilon/m)/sigma."""
    participation_ratios: Array
    """(K,), PR of eq. 4."""
    directions: tuple[DirectionOverlap, ...]
    """Of r_12, r_AS and r_AB: the largest c with a mode, the number of the mode, and its a."""
    largest_mobility: float
    """Largest a of r_AB with one of those K modes, without translations; NaN if unknown."""
    largest_mobility_mode: int
    """The number of that mode, counted from 1; 0 if unknown."""
    cubic_overlap: float
    """c with r_AB of the cubic mode seeded by r_AB; this and the next two are NaN if none was
    found."""
    cubic_stiffness: float
    """kappa = M:pi pi of that mode, in epsilon/sigma^2."""
    cubic_barrier: float
    """Its barrier b = (2/3) kappa^3 / tau^2, in epsilon."""
    failures: tuple[str, ...] = ()
    """What could not be had of all this, and why."""

    def __post_init__(self) -> None:
        freeze(self, frequencies=self.frequencies, participation_ratios=self.participation_ratios)

    @property
    def cubic_frequency(self) -> float:
        """sqrt(kappa), for particles of mass 1; -sqrt(-kappa) where the mode is unstable."""
        return math.copysign(math.sqrt(abs(self.cubic_stiffness)), self.cubic_stiffness)


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class BandCheck:
    """A double well solved again from A and B alone, by a full climbing-image band.

    Differences are those of the band less what the library holds. The band may end on another
    saddle, where two ways join the minima: then they are no errors.
    """

    images: int
    """N_b, both ends included."""
    outcome: Outcome
    """How the search ended; if not `CONVERGED`, the differences are NaN."""
    barrier: float
    """Of V(saddle) - V(A)."""
    path_length: float
    """Of the arc length from A to B."""
    splittings: dict[str, float]
    """Of E, by the name of the unit set, under its own continuation."""


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Where a double well of the library comes from."""

    campaign: str
    """Name of the campaign that found it."""
    plan_digest: str
    """SHA-256 of the plan of that campaign, as it was stored."""
    versions: tuple[str, ...]
    """Of glasswells, in the order of the sessions of the campaign."""
    date: str
    """On which the campaign was begun, UTC."""
    rules: tuple[str, ...]
    """Which chose a pair of minima whose way passes it; empty if the campaign kept none."""
    duplicates: int
    """How many more double wells of the campaigns had the same core, in other backgrounds."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LibraryWell:
    """A double well that comes with the package."""

    key: str
    """Its name in the campaign that found it."""
    preparation_temperature: float
    """T_f, in epsilon/k_B."""
    double_well: DoubleWell
    """A, saddle, B, profile and vectors. The profile is that of the campaign to the last bit. A,
    saddle and B are kept to 5e-7 and brought to where the forces vanish when the record is read;
    the tangents are multiples of 2^-18."""
    summary: WellSummary
    """The numbers of its row, among them its splittings and the name of its glass."""
    modes: ModesSummary
    """How it relates to the vibrations of A."""
    band: BandCheck
    """How far another route to the path agrees."""
    provenance: Provenance
    """Where it comes from."""

    @property
    def glass(self) -> str:
        """Name of the glass: `t0p07-3` is `gw.glass(0.07, 3)`."""
        return self.summary.glass

    @property
    def splittings(self) -> Mapping[str, TunnelSplitting]:
        """By the name of the unit set: levels, numerical error, spread over continuations."""
        return self.summary.splittings

    @property
    def two_level_under(self) -> dict[str, tuple[str, ...]]:
        """The conventions by which it is a two-level system: continuations by unit set."""
        return conventions(self.splittings)

    @property
    def minimum_a(self) -> Configuration:
        """A, the inherent structure that the path starts from."""
        return self.double_well.minimum_a

    @property
    def saddle(self) -> Configuration:
        """The saddle between A and B."""
        return self.double_well.saddle

    @property
    def minimum_b(self) -> Configuration:
        """B, the other inherent structure."""
        return self.double_well.minimum_b

    @property
    def profile(self) -> EnergyProfile:
        """The energy along the path from A to B and beyond its ends."""
        return self.double_well.profile


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryEdition:
    """Of which campaigns the library was made, and how its double wells were chosen."""

    number: int
    """Which goes up whenever the library is replaced: its rows are then others."""
    date: str
    """On which it was made."""
    script: str
    """What made it."""
    campaigns: tuple[str, ...]
    """Names of the campaigns, in the order in which the first of a core was taken."""
    glasses: dict[str, int]
    """How many glasses they explored, by the preparation temperature as a text; those without any
    two-level system count in densities."""
    double_wells: int
    """How many distinct ones they hold, of which the sample was drawn."""
    seed: int
    """Of the draw: without replacement, every distinct double well with the same chance, so that a
    glass is met in proportion to its double wells."""
    sample: int
    """How many were drawn."""


def conventions(splittings: Mapping[str, TunnelSplitting]) -> dict[str, tuple[str, ...]]:
    """Unit sets and continuations under which a double well is a two-level system.

    Raises
    ------
    InputError
        For a unit set of a plan's own, whose threshold is known there only.
    """
    known = {units.name: units for units in UNIT_SETS.values()}
    found = {}
    for name, splitting in splittings.items():
        if name not in known:
            raise InputError(
                f"unit set {name!r} is not one of {', '.join(known)}: its threshold is not known; "
                f"the library takes campaigns under these sets only"
            )
        under = active_under(splitting, known[name].tls_threshold)
        if any(under.values()):
            found[name] = tuple(continuation for continuation, holds in under.items() if holds)
    return found
