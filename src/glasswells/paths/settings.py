"""Tolerances and sizes of the path search, with the reason for each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from glasswells.core.checks import count, positive
from glasswells.core.limits import Positive
from glasswells.model.precision import EXACT, Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class PathSettings:
    """How a path is searched and followed. Lengths in <sigma>, energies in epsilon.

    Where masses differ, lengths are mass-weighted, and over the square root of the mean mass, so
    that none depends on the unit of mass; forces are over sqrt(m_i / mean m) in the same way.

    Raises
    ------
    InputError
        For numbers that are not positive.
    """

    loose_forces: tuple[float, ...] = (0.1, 0.03, 0.01)
    """Perpendicular forces at which a band is stopped to try a Newton search for the saddle. On
    real pairs the first finds the saddle nine times in ten, after some five iterations."""
    loose_iterations: int = 150
    """Most band iterations between two of these attempts."""
    band_force: float = 1e-5
    """Perpendicular force of the full climbing-image band, the fallback. Its saddle is polished by
    Newton steps as well, which converge from far larger forces."""
    band_iterations: int = 1000
    """Most iterations of the full band; typical are 200 to 500. Its top is tried in any case."""
    climb_below: float = 0.03
    """Perpendicular force below which the highest image climbs: before, it is not yet known
    which image that is."""
    spring_constant: float = 10.0
    """Of the band. Stiff springs keep images equally spaced; much softer ones slow L-BFGS down."""
    band_memory: int = 5
    """Pairs of the L-BFGS history. More cost more memory traffic than they save iterations."""
    first_stiffness: float = 200.0
    """The first step is force / stiffness: the order of the highest eigenvalue of the Hessian."""
    band_step: float = 0.1
    """Longest move of a particle of an image in one iteration: forces are meaningful that far."""

    max_force: Positive = 1e-10
    """Largest force component at a stationary point."""
    rounding_force: float = 1e-12
    """Newton steps go on to here if they can: what is left is rounding."""
    newton_step: float = 0.1
    """Longest move of a particle in one Newton step."""
    newton_steps: int = 25
    """Most Newton steps; typical are 4 to 7."""
    newton_products: int = 400
    """Most Hessian products in one solve; typical are 150."""
    newton_patience: int = 3
    """Newton steps in a row that may fail to halve the force."""
    climb_steps: int = 80
    """Most steps of mode following, where Newton steps find no saddle of index one."""
    climb_products: int = 150
    """Most Hessian products in one of them for the step downhill."""
    climb_force: float = 1e-4
    """Largest force component from which Newton steps finish."""
    mode_products: int = 400
    """Most Hessian products in the search for one of the lowest eigenvalues."""

    bend_tolerance: float = 1e-3
    """Relative residual of the curvature of the path in the saddle, a second-order term: the start
    is off by 2e-7 to 1e-6 for it, as much as one step of the path may be."""
    first_distance: float = 2e-3
    """Distance from the saddle at which the path is started at least, to third order."""
    farthest_start: float = 3e-2
    """The same at most."""
    first_spacing: float = 4e-3
    """Largest distance of the points of the path up to there, between which it is cubic."""
    first_error: float = 3e-8
    """Between the two, what the third order leaves out is taken to be below this, by the ratio of
    the orders. Of 16 halves of paths it was 3e-8 to 1.4e-7 in 14, and 2.8e-6 at most."""
    first_distance_off: float = 4e-7
    """Largest distance from the manifold, by the force there, at which the path is started. Of 60
    halves it was below 3e-7 at once in 49; of the others up to 7e-4, where pairs of particles come
    within their cutoffs on the way, and the length was off by 2e-4 for it."""
    first_fraction: float = 0.1
    """Most of this distance as a fraction of that to the nearest minimum."""
    first_duration: float = 0.7
    """First step, in units of the time in which the flow leaves the saddle."""
    entry_distance: float = 1e-2
    """Distance from the minimum below which the end of the path is sought in a few directions."""
    last_distance: float = 3e-4
    """Distance below which the energy is taken as quadratic. What this changes of the arc length
    is 1e-7; of energies, nothing that rounding leaves."""
    last_fraction: float = 0.1
    """Of the distance from minimum to saddle: the end is not sought farther from the minimum."""
    path_steps: int = 400
    """Most steps down one side; typical are 15 to 40."""
    path_evaluations: int = 50_000
    """Most force evaluations down one side."""
    path_tolerance: float = 1e-6
    """Local error of a step across the path. Errors across decay on the way down and change the
    energy only to second order."""
    longest_step: float = 0.03
    """Of the path, so that the cubic curve between two points is as exact as the points."""
    stiffness_margin: float = 1.08
    """The highest eigenvalue of the Hessian may grow by this factor along the path."""
    stray_force: float = 1e-3
    """Largest force component at which a path that slows down far from both minima is taken to
    enter another one."""
    stray_distance: float = 0.05
    """Farther than this from both minima. Closer, the tolerance shrinks with the distance."""
    entry_dimension: int = 70
    """Krylov dimension of the quadratic flow at the end of the path. Of 40 or 30, the error of the
    length is ten times as large."""
    push_dimension: int = 8
    """The same of where the third order pushes it. Of 20 or 40, errors are the same."""
    entry_modes: int = 30
    """Softest eigenvectors of the span that are kept; along the others the path has no extent."""
    entry_change: float = 1e-6
    """Change of the positions across the path below which its end has converged; the next would
    be ten times as small."""
    entry_error: float = 1e-6
    """Largest estimate of the error of the length with which the end is taken. The estimate is
    rough: with it, lengths were off by 3e-7 at most and 1e-8 to 1e-7 mostly."""

    profile_points: int = 161
    """Points of the energy profile; an odd number has the saddle in the middle. They lie denser
    towards both minima, where the curvature changes on the scale of the distance."""
    smallest_barrier: float = 1e-9
    """Barriers below this, from the higher minimum, are numerical noise: rounding of the total
    energy is about 1e-12, and forces are converged far better than needed for 1e-9."""
    same_energy: float = 1e-9
    """Minima are one if their energies per particle differ by less ..."""
    same_displacement: float = 1e-3
    """... and no particle is displaced by more."""
    decay_hbar: float = 0.03
    """Reduced hbar, for particles of the mean mass, for which the continuations beyond A and B
    reach far enough; argon's, the largest of the built-in unit sets."""
    decay_exponent: float = 18.0
    """They reach until integral sqrt(2 (V - V_ref)) dx / hbar exceeds this: wave functions are
    down to 1e-8 there, which changes energies by less than 1e-15."""
    beyond_spacing: float = 0.02
    """Between the points of a continuation."""
    beyond_length: float = 3.0
    """Longest continuation."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, tuple):
                for k, number in enumerate(value):
                    positive(f"{item.name}[{k}]", number)
            elif isinstance(value, float):
                positive(item.name, value)
            else:
                count(item.name, value, minimum=1)
        count("profile_points", self.profile_points, minimum=9)

    def within(self, precision: Precision, n_particles: int) -> PathSettings:
        """The same, or what the noise of forces and energies allows where that is looser."""
        if precision == EXACT:
            return self
        force, energy = precision.least_force, precision.least_energy
        return replace(
            self,
            max_force=max(self.max_force, force),
            rounding_force=max(self.rounding_force, 0.5 * force),
            band_force=max(self.band_force, force),
            smallest_barrier=max(self.smallest_barrier, energy),
            same_energy=max(self.same_energy, energy / n_particles),
        )
