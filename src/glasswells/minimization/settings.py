"""What a descent needs to know, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from glasswells.core.checks import count, not_negative, positive
from glasswells.core.described import explained
from glasswells.core.errors import InputError
from glasswells.core.limits import Positive
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array

StopCondition = Callable[[Array, float, Array, int], bool]
"""(positions (N, 3), energy, forces (N, 3), evaluations) -> whether to stop here. Positions and
forces are the working arrays of the descent: neither change nor keep them."""

METHODS = ("lbfgs", "fire")


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class MinimizerSettings:
    """How to go downhill. One start may lead to other minima under other settings: record them.

    Raises
    ------
    InputError
        For numbers out of range or an unknown method.
    """

    max_force: Positive = 1e-10
    """Largest force component allowed at the end: energies are then good to rounding and
    positions to 1e-9 in a glass whose lowest curvature is 0.1."""
    method: Literal["lbfgs", "fire"] = "lbfgs"
    """`lbfgs`: L-BFGS, and Newton steps near the minimum for pair models; or `fire`."""
    max_evaluations: int = 100_000
    """Energy-and-force evaluations before giving up; a quench from a liquid takes some 1000."""
    largest_step: float = 0.1
    """Largest displacement of a particle in one step: a tenth of a diameter keeps particles
    that start on top of one another from being flung through the box."""
    history: int = 6
    """Pairs that L-BFGS remembers; 5 to 20 need the same evaluations within some 10 %, and each
    pair costs time. In lanes four at most."""
    stiffness: float = 100.0
    """Curvature assumed for the first step of L-BFGS: the order of the largest in the glass."""
    newton_below: float = 0.01
    """Largest force component below which pair models are finished by Newton steps; 0: never.
    From 0.01 all of 120 quenches of glasses at T = 0.04 ended in the minimum of L-BFGS alone; from
    0.1 five did not. It saves evaluations to start early, but hardly any time. Lanes
    take shortened Newton steps farther up unless this is 0."""
    newton_tolerance: float = 0.05
    """Factor by which a Newton step reduces the residual of its linear equation; flat optimum."""
    newton_pause: int = 10
    """Evaluations by L-BFGS after a useless Newton direction, before the next attempt."""
    newton_products: int = 1000
    """Products with the Hessian in one Newton step at most; some 20 are usual."""
    fire_time_step: float = 0.08
    """Largest time step of FIRE; the leapfrog limit of the stiffest mode of the glass is 0.12."""
    patience: int = 60
    """Evaluations of L-BFGS without a new low in energy or force before it counts as stalled;
    where no Newton steps finish, and with FIRE, the force oscillates: ten times as many."""
    stop_interval: int = 5
    """Evaluations between two calls of the stop condition, at least; Newton steps, each worth
    many evaluations, are all shown to it."""

    def __post_init__(self) -> None:
        for name in ("max_force", "largest_step", "stiffness", "fire_time_step"):
            positive(name, getattr(self, name))
        not_negative("newton_below", self.newton_below)
        if not positive("newton_tolerance", self.newton_tolerance) < 1:
            raise InputError(f"newton_tolerance is {self.newton_tolerance}, expected less than 1")
        for name in ("max_evaluations", "history", "newton_products", "patience", "stop_interval"):
            count(name, getattr(self, name), minimum=1)
        count("newton_pause", self.newton_pause)
        if self.method not in METHODS:
            raise InputError(f"method is {self.method!r}, expected one of {', '.join(METHODS)}")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Descent:
    """The end of a descent in plain arrays."""

    positions: Array
    """(N, 3), not wrapped: the difference to the start is the displacement."""
    forces: Array
    """(N, 3)."""
    energy: float
    max_force: float
    """Largest absolute force component."""
    evaluations: int
    """Energy-and-force evaluations."""
    hessian_products: int
    """Products with a frozen Hessian in the Newton steps, each half an evaluation's time."""
    outcome: Outcome
    energy_jump: float = 0.0
    """The last change of the energy met on the way that no force accounts for: an energy that
    jumps, for instance at a cutoff, where several pairs may cross in a long step. Not looked for
    in pair models, which are smooth."""
