"""What is kept of the vibrations of a double well: numbers for every one, fields for a few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.described import described
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, CubicMode, FieldProfile, freeze

SEEDS = ("displacement_ab", "softest_localized", "softest")
"""Fields from which nonlinear modes are sought; the last two need no knowledge of B."""
DIRECTIONS = ("tangent_a", "displacement_as", "displacement_ab")
"""Fields of a double well that are compared with all normal modes of A: r_12, r_AS, r_AB; they are
mass-weighted before."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ProfiledMode:
    """The cubic mode that a seed leads to, and the energy along it."""

    seed: str
    """One of `SEEDS`."""
    mode: CubicMode
    """With how the search for it ended."""
    profile: FieldProfile | None
    """V(r_A + s pi); None if the mode was not found."""
    is_double_well: bool
    """Whether that profile is a double well (section IV D of the paper)."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MinimumVibrations:
    """The normal modes of an inherent structure, softest first, as numbers.

    Mode numbers are those of the paper: translations 1-3, the softest other mode 4.
    """

    frequencies: Array
    """(K,), omega of modes 1..K, in sqrt(epsilon/m)/sigma."""
    participation_ratios: Array
    """(K,), PR of eq. 4."""
    complete: bool
    """Whether this is the full spectrum."""
    quasilocalized: tuple[int, ...]
    """Numbers of the quasilocalized modes among them: below the plan's limits on both."""
    softest: Array
    """(N, 3), mode 4, mass-weighted, unit norm. Campaigns keep each component of this and of the
    fields below to 3e-8 (2^-24), in norm to 1.2e-6 for 1500 particles; numbers in full."""
    softest_localized: Array
    """(N, 3), the first of `quasilocalized`; (0, 3) if there is none among modes 1..K."""
    cubic_modes: tuple[ProfiledMode, ...] = ()
    """From the seeds that need no knowledge of B: `softest_localized`, if there is one, and
    `softest`."""
    failures: tuple[str, ...] = ()
    """What could not be had of these, and why."""

    def __post_init__(self) -> None:
        freeze(
            self,
            frequencies=self.frequencies,
            participation_ratios=self.participation_ratios,
            softest=self.softest,
            softest_localized=self.softest_localized,
        )


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DirectionOverlap:
    """The normal mode of A that a direction of a double well overlaps most (eq. 7)."""

    direction: str
    """One of `DIRECTIONS`."""
    overlap: float
    """Largest c over all modes; NaN if it could not be had."""
    mode: int
    """Its number; 0 if unknown, and the next two and `mobility` are NaN then."""
    frequency: float
    """omega of that mode, in sqrt(epsilon/m)/sigma."""
    participation_ratio: float
    """PR of that mode (eq. 4)."""
    certified: bool
    """Whether no other mode can have a larger overlap."""
    bound: float
    """Upper bound of c with any other mode."""
    mobility: float
    """a of eq. 8 between the direction and that mode."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SeededMode:
    """A seed, the cubic mode that it leads to, and how both compare with r_AB."""

    seed: str
    """One of `SEEDS`."""
    seed_overlap: float
    """c of the seed with r_AB; 1 for r_AB itself."""
    seed_mobility: float
    """a of the seed with r_AB."""
    overlap: float
    """c of the cubic mode with r_AB."""
    mobility: float
    """a of the cubic mode with r_AB."""
    stiffness: float
    """kappa = M:pi pi, in epsilon/sigma^2."""
    cubic: float
    """tau = U:pi pi pi, in epsilon/sigma^3."""
    barrier: float
    """b = (2/3) kappa^3 / tau^2, in epsilon."""
    overlap_with_start: float
    """c of the cubic mode with its seed: some seeds leave for a softer mode elsewhere."""
    iterations: int
    """Of the search for the cubic mode."""
    method: str
    """As in `CubicMode`."""
    outcome: Outcome
    """How that search ended."""
    profile: FieldProfile | None
    """V(r_A + s pi); None if the mode was not found."""
    is_double_well: bool
    """Whether that profile is a double well (section IV D of the paper)."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TangentStudy:
    """Overlaps of the direction in which the path leaves A with the normal modes of A.

    As a function of the distance rho for the exact path, and of the number of images for bands.
    Studied modes are numbers 1..K.
    """

    frequencies: Array
    """(K,), omega of the modes, in sqrt(epsilon/m)/sigma."""
    participation_ratios: Array
    """(K,), PR of the modes (eq. 4)."""
    distances: Array
    """(R,), rho on the exact path, in sigma."""
    overlaps: Array
    """(R, K), c of the chord at rho."""
    curvatures: Array
    """(R,), t.M.t at A along each chord, in epsilon/sigma^2."""
    images: tuple[int, ...]
    """(B,), N_b of bands, both ends included; without those that could not be had."""
    image_distances: Array
    """(B,), |r_12| in sigma."""
    image_overlaps: Array
    """(B, K), c of r_12."""
    image_curvatures: Array
    """(B,), t.M.t at A along r_12, in epsilon/sigma^2."""
    image_forces: Array
    """(B,), largest perpendicular force component of each band, in epsilon/sigma."""
    failures: tuple[str, ...] = ()
    """Which bands could not be had, and why."""

    def __post_init__(self) -> None:
        names = ("frequencies", "participation_ratios", "distances", "overlaps", "curvatures")
        bands = ("image_distances", "image_overlaps", "image_curvatures", "image_forces")
        freeze(self, **{name: getattr(self, name) for name in names + bands})


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellVibrations:
    """How a double well relates to the vibrations of its minimum A."""

    double_well: int
    """Number among the double wells of the same pair."""
    directions: tuple[DirectionOverlap, ...]
    """In the order of `DIRECTIONS`."""
    largest_mobility: float
    """Largest a of eq. 8 between r_AB and the softest `mobility_modes` modes, without translations;
    NaN if they could not be had."""
    largest_mobility_mode: int
    """The number of that mode; 0 if unknown."""
    mobility_modes: int
    """Over how many modes that was taken, translations counted: the same for all double wells of a
    plan, whether the full spectrum is known or not."""
    seeds: tuple[SeededMode, ...]
    """In the order of `SEEDS`; without `softest_localized` if A has no such mode, and without those
    named in the failures."""
    linear_field: Array
    """(N, 3), the normal mode, mass-weighted, that r_AB overlaps most; (0, 3) if unknown. Campaigns
    keep each component of this and of the next field to 3e-8, see `MinimumVibrations`."""
    cubic_field: Array
    """(N, 3), the cubic mode seeded by r_AB, a displacement; (0, 3) if not found."""
    tangents: TangentStudy | None = None
    """Only for the double wells that the plan studies so."""
    failures: tuple[str, ...] = ()
    """What could not be had of all this, and why."""
    largest_mobility_all: float = np.nan
    """Largest a over all modes but the translations; NaN without the full spectrum."""
    largest_mobility_all_mode: int = 0
    """The number of that mode; 0 without the full spectrum."""

    def __post_init__(self) -> None:
        freeze(self, linear_field=self.linear_field, cubic_field=self.cubic_field)

    def seeded(self, seed: str) -> SeededMode | None:
        """What came of this seed; None if A has none."""
        return next((item for item in self.seeds if item.seed == seed), None)
