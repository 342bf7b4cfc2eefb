"""The nouns of the package, on one screen: frozen, keyword-only, arrays read-only float64.

Reduced units throughout: energy epsilon, length <sigma>, mass m, k_B = 1. Lengths of paths and
fields of normal modes are mass-weighted, sqrt(m_i) u_i (see `core.masses`); with all masses 1
they are plain ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from glasswells.core.checks import float64_array
from glasswells.core.configuration import Array as Array
from glasswells.core.configuration import Configuration as Configuration
from glasswells.core.configuration import LateConfiguration as LateConfiguration
from glasswells.core.configuration import freeze as freeze
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome


class WithArrays:
    """Makes the arrays of a record read-only, also those of its caller: pass a copy to keep one."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]  # each subclass is a dataclass
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Minimization:
    """The end of a quench."""

    configuration: Configuration
    """The final configuration; the inherent structure if `outcome` is converged."""
    energy: float
    """Total potential energy."""
    max_force: float
    """Largest absolute force component."""
    evaluations: int
    """Energy-and-force evaluations spent."""
    outcome: Outcome
    """How it ended."""
    method: str = "lbfgs"
    """The minimizer, `lbfgs` or `fire`: another one may reach another minimum from one start."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class InherentStructure:
    """A local minimum of the potential energy, met in an exploration."""

    index: int
    """Number in its library, by order of discovery."""
    configuration: Configuration
    """The particles at the minimum. Campaigns of pair models keep each coordinate to 1.2e-4, the
    nearest multiple of 2^-12, where forces are some 1e-2: minimize it before use."""
    energy: float
    """Total potential energy."""
    visits: int = 1
    """How many quenches ended here."""


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """Two inherent structures met in consecutive quenches."""

    i: int
    """Index of the first structure in its library."""
    j: int
    """Index of the second structure."""
    count: int
    """T_ij: how often a quench that ended in i was followed by one that ended in j."""


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A candidate pair of inherent structures and its features (paper, section II)."""

    i: int
    """Index of the first structure in its library."""
    j: int
    """Index of the second structure."""
    energy_difference: float
    """Delta_E = V_j - V_i."""
    distance: float
    """d = |r_AB|, minimum image, center of mass at rest; not mass-weighted."""
    participation_number: float
    """PR_DW = (sum u^2)^2 / sum u^4, not divided by N."""
    largest_displacements: tuple[float, float, float]
    """Displacements of the three particles that move most."""
    largest_distances: tuple[float, float, float]
    """Distances between those three: first-second, first-third, second-third."""
    forward_count: int
    """T_ij."""
    backward_count: int
    """T_ji."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EnergyProfile:
    """Potential energy along a path from minimum A to minimum B; V(A) = 0.

    Energies are interpolated smoothly to second order with zero slope at both minima. What lies
    beyond them is a convention of the splitting (`continuation`).
    """

    arc_length: Array
    """(K,), strictly increasing, 0 in A; mass-weighted length, dS^2 = sum m_i du_i^2."""
    energy: Array
    """(K,), relative to minimum A."""
    curvature_a: float
    """d2V/ds2 at the start, along the chord at distance rho."""
    curvature_b: float
    """The same at the end."""
    beyond_a: tuple[Array, Array] | None = None
    """True energy along the straight continuation of the chord beyond A: distances from A (J,),
    increasing from 0, and energies relative to A. None for a bare profile."""
    beyond_b: tuple[Array, Array] | None = None
    """The same beyond B: distances from B, energies relative to A."""

    def __post_init__(self) -> None:
        arc_length = float64_array("arc_length", self.arc_length, (None,))
        energy = float64_array("energy", self.energy, (len(arc_length),))
        if len(arc_length) < 5 or np.diff(arc_length).min() <= 0:
            raise InputError(
                f"arc_length holds {len(arc_length)} points, expected at least 5 that strictly "
                f"increase"
            )
        freeze(self, arc_length=arc_length, energy=energy)
        for name in ("beyond_a", "beyond_b"):
            if getattr(self, name) is not None:
                s, v = getattr(self, name)
                s = float64_array(f"{name} distances", s, (None,))
                v = float64_array(f"{name} energies", v, (len(s),))
                s.setflags(write=False)
                v.setflags(write=False)
                freeze(self, **{name: (s, v)})


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DoubleWell(WithArrays):
    """Two minima joined by one saddle (double well potential).

    Campaigns keep its numbers and its profile in full, and what has 3N components as the nearest
    multiples of a power of two, see the fields.
    """

    minimum_a: Configuration
    """A, the minimum that the path starts from. Campaigns of pair models keep each coordinate of A,
    B and the saddle to 1.2e-10 (2^-32) or finer, where forces are below 1e-6; displacements are
    those between them."""
    minimum_b: Configuration
    """B, the other minimum; either may be the lower one."""
    saddle: Configuration
    """The first-order saddle between them."""
    barrier: float
    """V(saddle) - V(A)."""
    asymmetry: float
    """V(B) - V(A)."""
    profile: EnergyProfile
    """V along the steepest-descent path from A to B."""
    displacement_ab: Array
    """r_AB (N, 3): minimum image, center of mass at rest; not mass-weighted."""
    displacement_as: Array
    """r_AS (N, 3), in the same way."""
    tangent_a: Array
    """(N, 3), mass-weighted, unit: the chord from A to the path point at distance `rho`. Campaigns
    keep each component of both tangents to 3e-8 (2^-24)."""
    frequency_a: float
    """sqrt of the mass-weighted curvature at A along `tangent_a`."""
    tangent_b: Array
    """The same at B, pointing into the path."""
    frequency_b: float
    """The same as `frequency_a`, at B."""
    rho: float
    """Distance from the minimum at which tangents and frequencies are taken: the mass-weighted one
    over the square root of the mean mass, a length whatever the unit of mass."""
    path_length: float
    """Mass-weighted arc length from A to B through the saddle."""
    participation_number: float
    """PR_DW of r_AB."""
    negative_eigenvalue: float
    """The one negative eigenvalue of the mass-weighted Hessian at the saddle, -omega^2."""
    route: str
    """`fast` (band, Newton polish, steepest descent) or `band` (full climbing-image band)."""
    outcome: Outcome = Outcome.CONVERGED
    """Always `CONVERGED`; what did not converge is a `PathFailure`."""

    @property
    def barrier_from_upper(self) -> float:
        """V(saddle) less the higher of V(A) and V(B): that of the shallower well."""
        return self.barrier - max(0.0, self.asymmetry)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PathFailure:
    """A pair of minima that is no double well, or whose path was not found, and why."""

    minimum_a: Configuration
    """A, as it was given; in campaigns as they keep it, see `InherentStructure.configuration`."""
    minimum_b: Configuration
    """B, likewise."""
    outcome: Outcome
    """Why there is no double well; its text says what to do."""
    message: str
    """The reason in a sentence, with its numbers."""
    asymmetry: float
    """V(B) - V(A)."""
    barrier: float
    """Highest energy found on the way, above A: that of a saddle if one was found; else NaN."""
    intermediates: tuple[Configuration, ...] = ()
    """New minima met on the way, in order from A to B: treat consecutive pairs."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PathChain:
    """The way from one minimum to another as a chain of double wells."""

    minima: tuple[Configuration, ...]
    """A, the minima found between, B; K + 1 of them."""
    links: tuple[DoubleWell | PathFailure, ...]
    """(K,), what joins each minimum to the next."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NormalModes(WithArrays):
    """Eigenvectors of the mass-weighted Hessian, softest first, translations included."""

    frequencies: Array
    """(modes,), omega; an unstable direction has the negative of |omega|; zero modes are 0."""
    fields: Array
    """(modes, N, 3), e: mass-weighted, each of unit norm; particles move along e_i / sqrt(m_i)."""
    participation_ratios: Array
    """(modes,), PR of eq. 4, of `fields`."""
    n_translations: int
    """How many of the first modes are translations (three in a periodic box)."""
    complete: bool
    """Whether this is the full spectrum."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CubicMode(WithArrays):
    """A solution of eq. 5, M pi = (M:pi pi / U:pi pi pi) U:pi pi."""

    field: Array
    """(N, 3), a displacement of unit norm with its center of mass at rest, uphill towards the cubic
    barrier (U:pi pi pi < 0); the direction does not depend on masses."""
    stiffness: float
    """kappa = M:pi pi."""
    cubic: float
    """tau = U:pi pi pi."""
    barrier: float
    """b = (2/3) kappa^3 / tau^2 (Gartner & Lerner 2016)."""
    residual: float
    """|M pi - (kappa/tau) U:pi pi| / |M pi|."""
    iterations: int
    """Steps of the search."""
    method: str
    """`iteration` (eq. 6), `damped` or `descent` (on ln b)."""
    overlap_with_start: float
    """c of eq. 7 with the seed, mass-weighted: some seeds leave for a softer mode elsewhere."""
    outcome: Outcome
    """How the search ended."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NonlinearMode(WithArrays):
    """A solution of M z = (M:zz / C) dC/dz / n for a form C of fourth degree, n = 4."""

    kind: str
    """`quartic`, C = T:zzzz, or `pseudo_harmonic`, C = sum over pairs |z_ij|^4."""
    field: Array
    """(N, 3), unit norm."""
    stiffness: float
    """kappa = M:zz."""
    coefficient: float
    """C(z)."""
    cost: float
    """kappa^2 / |C|, stationary at the mode."""
    residual: float
    """|M z - (kappa/C) dC/dz / 4| / |M z|."""
    iterations: int
    """Steps of the search."""
    method: str
    """As in `CubicMode`."""
    overlap_with_start: float
    """c of eq. 7 with the seed."""
    outcome: Outcome
    """How the search ended."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MaxOverlap(WithArrays):
    """The normal mode that a field overlaps most."""

    overlap: float
    """c of eq. 7; for a degenerate level |P r| / |r|, P the projector on it."""
    mode: int
    """The mode's number in the full spectrum as in the paper: translations 1-3, the softest other
    mode 4. Arrays count from 0: it is row `mode - 1` of `NormalModes`. The first number of a
    degenerate level; 0 if no mode was found within the budget."""
    frequency: float
    """omega, in sqrt(epsilon/m)/sigma; the negative of |omega| for an unstable direction."""
    field: Array
    """(N, 3), the mode as in `NormalModes`, unit norm; for a degenerate level P r / |P r|. Zero if
    none was found."""
    certified: bool
    """Whether no other mode can have a larger overlap."""
    bound: float
    """Upper bound of the overlap with any other mode, known or not."""
    steps: int
    """Lanczos steps spent; 0 for the dense spectrum, and where the modes known beforehand leave too
    little of the field."""
    method: str
    """`lanczos`, `dense`, or `exact` for a uniform field."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VibrationalDensity(WithArrays):
    """Vibrational density of states by bins, normalized to 1 over the full spectrum."""

    edges: Array
    """(bins + 1,), frequencies."""
    density: Array
    """(bins,), D(omega)."""
    error: Array
    """(bins,), standard error over minima; sqrt(count) / norm for a single one."""
    counts: Array
    """(bins,), modes found, summed over minima."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FieldProfile(WithArrays):
    """Potential energy V(r_A + s z) along a straight line."""

    distance: Array
    """(K,), s in sigma, strictly increasing through 0."""
    energy: Array
    """(K,), in epsilon, relative to s = 0; ends where it passes the ceiling."""
    minima: Array
    """(n,), positions s in sigma of the local minima between the ends."""
    maxima: Array
    """(n,), positions s in sigma of the local maxima between the ends."""
    reached: tuple[str, str]
    """What ended each side, backward and forward: `extent`, `ceiling` or `overlap` (a particle
    pair at a distance where the energy is not finite)."""
