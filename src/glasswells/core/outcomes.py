"""How an iterative routine ended. Failure is data: the caller decides whether to raise."""

from __future__ import annotations

from enum import Enum

from glasswells.core.errors import ConvergenceError


class Outcome(Enum):
    """The end of an iterative routine; each member's text says what to do about it."""

    CONVERGED = "converged"
    COMPLETED = "ran to its end: all the steps asked for were done"
    STEP_LIMIT = "the step limit was reached before the tolerance: raise the limit or loosen it"
    LINE_SEARCH_FAILED = (
        "no step along the search direction lowered the energy any more: the tolerance is below "
        "the rounding noise of the energy (raise max_force, or state the force_noise of the "
        "calculator), or forces and energy disagree (method='fire' goes by the forces alone)"
    )
    NOT_FINITE = "a NaN or infinite energy or force appeared: check for overlapping particles"
    KNOWN_MINIMUM = "stopped early, inside the basin of an inherent structure already known"
    SAME_MINIMUM = "both ends are one inherent structure, up to a translation: no double well"
    EXCHANGED_PARTICLES = (
        "identical particles have changed places between the two ends: give them one order"
    )
    TURNED_COPY = "one end is the other free cluster turned: superpose the two first"
    INTERMEDIATE_MINIMUM = (
        "the path passes other minima, which `intermediates` holds in order: gw.find_double_wells "
        "joins each to the next"
    )
    NOT_A_SADDLE = "the stationary point has not exactly one negative eigenvalue"
    LEFT_THE_PAIR = "the path from the saddle ends in other minima than the two asked for"
    DEEPER_WELL = (
        "a path between the two minima falls below both: join them to the deeper minimum beside "
        "them, to which the lowest states belong"
    )
    FLAT_PROFILE = "the barrier is below the numerical noise of the energy"
    CYCLE = "the iteration fell into a cycle"
    NOT_A_MINIMUM = "the Hessian has a negative direction: minimize first"
    NO_COEFFICIENT = (
        "the third or fourth derivative along the field vanishes, so that no such mode is defined "
        "there: start from another field"
    )

    @property
    def converged(self) -> bool:
        """Whether the result meets its tolerance."""
        return self is Outcome.CONVERGED

    def raise_unless_converged(self, what: str) -> None:
        """Raise `ConvergenceError` naming `what` unless this outcome is `CONVERGED`."""
        if not self.converged:
            raise ConvergenceError(f"{what} did not converge: {self.value}")
