"""The tunnel splitting of an energy profile, with its numerical error and its convention spread."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.arguments import expects
from glasswells.core.errors import InputError
from glasswells.core.splittings import ContinuedSplitting, TunnelSplitting
from glasswells.tunneling.continuation import CONTINUATIONS, Potential, continued
from glasswells.tunneling.mesh import Resolution, survey
from glasswells.tunneling.profile import SmoothProfile, smooth_profile
from glasswells.tunneling.reduction import TwoLevels, two_levels
from glasswells.tunneling.schroedinger import Solution, solve_modal, solve_nodal
from glasswells.tunneling.units import UnitSystem

Array = NDArray[np.float64]

SHORT_PATH = 0.1
"""Path length below which two minima are flagged as one well in disguise: the zero-point length
of these glasses is about 0.2."""

COMPARISON = Resolution(decay=10.0, check_decay=10.0, modal_degree=16)
"""Coarser default for the continuations that were not named: they serve the spread only, which
this resolves to a relative 1e-6."""

EXTRAPOLATED_WEIGHT = 1e-6
"""Probability of the two lowest states beyond the true energies of `straight` from which on a
splitting is flagged `extrapolated`."""


INTERPOLATION_SAFETY = 2.0
"""Factor on the difference of the two interpolations: through coarse points both may err on the
same side."""
COARSE_SAFETY = 10.0
"""The same for a curve through seven points or fewer, where both splines follow from a handful of
conditions. With it the true error of analytic double wells through 5 to 11 points was at most about
3 times the stated one, also for a barrier a sixth as wide as the path."""


@expects(units=UnitSystem)
def solve_splitting(
    profile: Any,
    units: UnitSystem,
    continuation: str | None = None,
    *,
    wall_width: float | None = None,
    resolution: Resolution | None = None,
) -> TunnelSplitting:
    r"""Solve for the four lowest levels on a profile and the splitting of the lowest two.

    Solves :math:`-(\tilde\hbar^2/2)\, \psi'' + V(s)\, \psi = E \psi`, with
    :math:`\tilde\hbar = \hbar/(\sigma\sqrt{m\epsilon})`, for E_1 < ... < E_4 (paper, section II).

    Parameters
    ----------
    profile : EnergyProfile
        Or any object with `arc_length`, `energy`, `curvature_a`, `curvature_b`, and optionally
        `beyond_a`, `beyond_b`.
    units : UnitSystem
        For instance `ARGON`, `NIP` or `ARGON_PUBLISHED`.
    continuation : {"straight", "harmonic", "walls"}, optional
        What V is beyond the two minima; by default what the unit set goes with, `walls` for the
        published sets and `straight` for others:

        - ``straight``: the true energies in `beyond_a` and `beyond_b` as far as they extend, from
          there a parabola;
        - ``harmonic``: the parabola of the curvature stated at each end;
        - ``walls``: the same between hard walls, `wall_width` apart around the middle of the path.
    wall_width : float, optional
        Distance of the hard walls; by default that of the unit set, three path lengths.
    resolution : Resolution, optional
        Settings of the two discretizations.

    Returns
    -------
    TunnelSplitting
        `error` is numerical: it adds the difference of two independent discretizations in
        boxes of different size, the rounding noise eps * ||H||, and the effect of the interpolation
        between the points of the profile. `spread` is half the range over all continuations that
        the profile allows, and `continuations` says what each of them gives and why: the
        asymmetry is the difference of the minima and of the zero-point energies of the two wells.
        `at_hbar_limits` carries the error of a fitted constant. Flags:

        - ``unresolved``: the splitting is not above its error;
        - ``single_well``: the profile has no interior barrier, or level 2 lies above it, or the two
          lowest states live in one and the same well;
        - ``short_path``: the path is shorter than 0.1;
        - ``extrapolated``: more than 1e-6 of the two lowest states lies beyond the true energies
          that `straight` was given.

    Raises
    ------
    InputError
        For bad profiles, units or names, and for a continuation that the profile does not allow.
    """
    if not isinstance(units, UnitSystem):
        raise InputError(
            f"units is {units!r}, expected a UnitSystem, for instance glasswells.ARGON"
        )
    smooth = smooth_profile(profile)
    name = units.continuation if continuation is None else continuation
    width = units.wall_width * smooth.length if wall_width is None else wall_width
    potential = continued(smooth, name, width)
    found = survey(potential, units.reduced_hbar, resolution or Resolution())
    solution = solve_modal(potential, units.reduced_hbar, found)
    check = solve_nodal(potential, units.reduced_hbar, found)
    reduced = two_levels(solution)
    error = _numerical_error(potential, solution, reduced, two_levels(check), check.noise)
    flags = _flags(potential, solution, reduced, error)
    own = _parts(potential, solution, reduced)
    coarse = resolution or COMPARISON
    every = {name: own, **_other_continuations(smooth, name, width, units.reduced_hbar, coarse)}
    parts = {k: every[k] for k in CONTINUATIONS if k in every}
    by_continuation = {k: part.splitting for k, part in parts.items()}
    return TunnelSplitting(
        levels=_levels(solution, reduced),
        splitting=reduced.splitting,
        error=error,
        spread=float(np.ptp(list(by_continuation.values()))) / 2,
        by_continuation=by_continuation,
        asymmetry=reduced.asymmetry,
        tunneling_amplitude=reduced.amplitude,
        continuation=name,
        units=units.name,
        reduced_hbar=units.reduced_hbar,
        is_two_level=reduced.splitting < units.tls_threshold
        and not {"unresolved", "single_well"} & set(flags),
        flags=flags,
        continuations=parts,
        at_hbar_limits=tuple(
            _solved(potential, hbar, coarse).splitting for hbar in units.reduced_hbar_limits or ()
        ),
    )


def _other_continuations(
    smooth: SmoothProfile, named: str, width: float, reduced_hbar: float, resolution: Resolution
) -> dict[str, ContinuedSplitting]:
    parts = {}
    for name in CONTINUATIONS:
        if name == named:
            continue
        try:
            potential = continued(smooth, name, width)
        except InputError:
            continue  # the profile does not allow this one
        parts[name] = _solved(potential, reduced_hbar, resolution)
    return parts


def _solved(
    potential: Potential, reduced_hbar: float, resolution: Resolution
) -> ContinuedSplitting:
    solution = solve_modal(potential, reduced_hbar, survey(potential, reduced_hbar, resolution))
    return _parts(potential, solution, two_levels(solution))


def _parts(potential: Potential, solution: Solution, reduced: TwoLevels) -> ContinuedSplitting:
    """What a splitting is made of, by the energies of the two localized states."""
    zero_points = (math.nan, math.nan)
    if not reduced.is_one_sided:
        mean = float(solution.levels[:2].mean())
        end = float(potential.profile.curve(np.array(potential.profile.length)))
        zero_points = (mean - reduced.asymmetry / 2, mean + reduced.asymmetry / 2 - end)
    return ContinuedSplitting(
        splitting=reduced.splitting,
        asymmetry=reduced.asymmetry,
        tunneling_amplitude=reduced.amplitude,
        zero_point_a=zero_points[0],
        zero_point_b=zero_points[1],
        is_single_well=_is_single_well(potential, solution, reduced),
    )


def _levels(solution: Solution, reduced: TwoLevels) -> Array:
    """The levels, the lowest two at the distance that the reduction resolved."""
    levels = solution.levels.copy()
    levels[:2] = levels[:2].mean() + np.array([-0.5, 0.5]) * reduced.splitting
    return levels


def _numerical_error(
    potential: Potential, solution: Solution, reduced: TwoLevels, check: TwoLevels, noise: float
) -> float:
    """The farthest that E moves when Delta and Delta_0 move by their errors.

    Rounding noise moves Delta in full. Delta_0 is no difference of levels but a product of two
    tails of height sqrt(Delta_0 / gap), which noise / gap moves, with the gap to level 3. For a
    symmetric well the error of E is of second order in that of Delta.
    """
    if reduced.is_one_sided or check.is_one_sided:
        # Two states of one well have no localized basis: their distance alone has a meaning.
        moved = _interpolation_shift(potential, solution)
        interpolation = abs(float(moved[1, 1] - moved[0, 0])) + 2 * abs(float(moved[0, 1]))
        return abs(reduced.splitting - check.splitting) + noise + interpolation
    asymmetry, amplitude = abs(reduced.asymmetry), reduced.amplitude
    shift = reduced.rotation.T @ _interpolation_shift(potential, solution) @ reduced.rotation
    error_asymmetry = abs(reduced.asymmetry - check.asymmetry) + noise
    error_asymmetry += abs(float(shift[1, 1] - shift[0, 0]))
    gap = float(solution.levels[2] - solution.levels[:2].mean())
    error_amplitude = abs(amplitude - check.amplitude) + noise * math.sqrt(amplitude / gap)
    error_amplitude += 2 * abs(float(shift[0, 1]))
    upper = math.hypot(asymmetry + error_asymmetry, amplitude + error_amplitude)
    lower = math.hypot(max(asymmetry - error_asymmetry, 0.0), max(amplitude - error_amplitude, 0.0))
    return max(upper - reduced.splitting, reduced.splitting - lower)


def _interpolation_shift(potential: Potential, solution: Solution) -> Array:
    """First-order change (2, 2) of H among the two lowest states by the error of interpolation."""
    states = solution.states[:, :2]
    change = potential(solution.points, checking=True) - potential(solution.points)
    shift: Array = states.T @ ((solution.weights * change)[:, None] * states)
    return (COARSE_SAFETY if potential.profile.is_coarse else INTERPOLATION_SAFETY) * shift


def _flags(
    potential: Potential, solution: Solution, reduced: TwoLevels, error: float
) -> tuple[str, ...]:
    raised = {
        "unresolved": reduced.splitting <= error,
        "single_well": _is_single_well(potential, solution, reduced),
        "short_path": potential.profile.length < SHORT_PATH,
        "extrapolated": _weight_beyond_data(potential, solution) > EXTRAPOLATED_WEIGHT,
    }
    return tuple(name for name, is_raised in raised.items() if is_raised)


def _is_single_well(potential: Potential, solution: Solution, reduced: TwoLevels) -> bool:
    profile = potential.profile
    no_barrier = not 0.0 < profile.barrier_position < profile.length
    return no_barrier or reduced.is_one_sided or float(solution.levels[1]) >= profile.barrier


def _weight_beyond_data(potential: Potential, solution: Solution) -> float:
    if potential.tail_a.data is None or potential.tail_b.data is None:
        return 0.0
    low, high = -potential.tail_a.extent, potential.profile.length + potential.tail_b.extent
    beyond = (solution.points < low) | (solution.points > high)
    densities = solution.states[:, :2] ** 2 * solution.weights[:, None]
    return float(densities[beyond].sum(axis=0).max())
