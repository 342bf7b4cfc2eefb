"""Over the saddles next to a minimum, along its soft and its nonlinear modes: no dynamics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.described import described, explained
from glasswells.core.errors import InputError
from glasswells.core.limits import Positive, PositiveCount, check_limits
from glasswells.core.progress import Progress, reporting
from glasswells.core.records import Array, Configuration, NormalModes
from glasswells.landscape.library import Identity
from glasswells.minimization import Descent, MinimizerSettings, minimize_positions
from glasswells.model.functions import checked_interactions
from glasswells.model.pair_model import Model
from glasswells.modes import Stiffness, cubic_mode, normal_modes
from glasswells.paths import PathSettings, Surface
from glasswells.paths.climb import downhill
from glasswells.paths.double_well import surface_of
from glasswells.paths.pathway import is_same_minimum
from glasswells.paths.saddle import Saddle, find_saddle

SAME_SADDLE = 1e-8
"""Two saddles next to one minimum are one if their energies agree to this."""
LOOSE_CURVATURE = 0.1
"""Relative residual of the lowest curvature on the way: it is followed, not reported."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class PushSettings:
    """How a minimum is pushed over its saddles."""

    modes: PositiveCount = 50
    """Softest modes of a minimum that are followed, in both directions each."""
    cubic: bool = True
    """Whether the cubic mode that eq. 6 reaches from each of them is followed too."""
    step: Positive = 0.08
    """Farthest move of a particle in one step along a mode, until the energy has a direction of
    negative curvature."""
    steps: PositiveCount = 40
    """Most such steps before a mode is given up."""
    instability: Positive = 1e-3
    """How far below zero the lowest curvature has to be, as a fraction of the largest entry of the
    Hessian, before it is followed to the saddle."""
    products: PositiveCount = 60
    """Most Hessian products for the relaxation across the mode, and for the lowest curvature."""
    over: Positive = 0.05
    """How far beyond the saddle the two quenches start; a length as in `PathSettings`."""
    climb_steps: PositiveCount = 40
    """Most steps of mode following. Those that need more mostly find nothing."""

    def __post_init__(self) -> None:
        check_limits(self)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Crossing:
    """A saddle next to a minimum, and the two minima on its sides."""

    mode: int
    """Number of the soft mode that led there, or whose cubic mode did; translations not counted."""
    kind: str
    """`normal` or `cubic`: which mode was followed."""
    sign: int
    """1 or -1, along or against it."""
    saddle: Configuration
    """Where exactly one eigenvalue of the Hessian is negative."""
    barrier: float
    """Energy of the saddle above the minimum that was pushed."""
    minima: tuple[Configuration, Configuration]
    """Where quenches from both sides of the saddle end; one is the minimum that was pushed if
    `is_neighbor`, then it is the first."""
    energies: tuple[float, float]
    """Total energies of these."""
    is_neighbor: bool
    """Whether one side of the saddle belongs to the minimum that was pushed."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pushes:
    """What was met around one minimum."""

    crossings: tuple[Crossing, ...]
    """Each saddle once, in the order in which they were met."""
    attempts: int
    """Directions that were followed."""
    repeats: int
    """Attempts that came to a saddle met before."""
    failures: int
    """Attempts that came to no saddle of index one, or to two sides that are one minimum."""


@expects(model=Model, minimum=Configuration)
def push(
    model: Model,
    minimum: Configuration,
    *,
    settings: PushSettings | None = None,
    identity: Identity | None = None,
    minimizer: MinimizerSettings | None = None,
    progress: Progress = False,
) -> Pushes:
    """The saddles next to a minimum that its soft modes lead to, and the minima behind them.

    The minimum is displaced along a mode in small steps, every other direction relaxed, until the
    energy has a direction of negative curvature; from there the softest mode is followed uphill to
    the saddle of index one (activation along random directions and modes: Barkema & Mousseau,
    Phys. Rev. Lett. 77, 4358, 1996; mode following: Cerjan & Miller, J. Chem. Phys. 75, 2800,
    1981). Quenches from both sides of the saddle give two minima. This needs no time of dynamics,
    in which a barrier is crossed rarely; it says nothing of how often it is crossed.

    Parameters
    ----------
    model, minimum
        A minimum of the energy.
    settings
        How far and how long.
    identity
        When two minima are one.
    minimizer
        Of the quenches.
    progress
        True: a bar; or a function of the directions done, their number and a text.

    Returns
    -------
    Pushes
        Each saddle once. `find_double_well` tells whether two minima are a double well.

    Raises
    ------
    InputError
        If the configuration is no minimum, if it has fewer modes, or if the model cannot describe
        it.
    """
    pushing = _pushing(model, minimum, settings, identity, minimizer)
    if pushing.softest < 0:
        raise InputError(
            f"the configuration has a mode of frequency {pushing.softest:.3g}, expected a "
            f"minimum, where all are positive: minimize it first, for example with gw.minimize"
        )
    return pushing.run(progress)


def push_if_minimum(
    model: Model,
    configuration: Configuration,
    settings: PushSettings | None = None,
    identity: Identity | None = None,
    minimizer: MinimizerSettings | None = None,
) -> Pushes | None:
    """As `push`; None, after the modes, for a place at which a quench ended and that is no minimum.

    Raises
    ------
    InputError
        If the configuration has fewer modes, or if the model cannot describe it.
    """
    pushing = _pushing(model, configuration, settings, identity, minimizer)
    return None if pushing.softest < 0 else pushing.run(False)


def _pushing(
    model: Model,
    minimum: Configuration,
    settings: PushSettings | None,
    identity: Identity | None,
    minimizer: MinimizerSettings | None,
) -> _Pushing:
    return _Pushing(
        model,
        minimum,
        settings or PushSettings(),
        identity or Identity(),
        minimizer or MinimizerSettings(),
    )


class _Pushing:
    """One minimum, and what was met around it so far."""

    def __init__(
        self,
        model: Model,
        minimum: Configuration,
        settings: PushSettings,
        identity: Identity,
        minimizer: MinimizerSettings,
    ) -> None:
        self._minimum, self._settings, self._minimizer = minimum, settings, minimizer
        self._interactions = checked_interactions(model, minimum)
        self._stiffness = Stiffness(model, minimum)
        self._surface: Surface = surface_of(model, minimum)
        self._start = np.array(self._surface.weighted(minimum.positions))
        self._energy = self._surface.energy(self._start)
        self._path = PathSettings(
            climb_steps=settings.climb_steps,
            same_energy=identity.energy,
            same_displacement=identity.displacement,
        )
        self._saddles: list[float] = []
        self._modes = self._softest_modes()

    @property
    def softest(self) -> float:
        """Lowest frequency; negative where the configuration is no minimum."""
        return float(self._modes.frequencies.min())

    def run(self, progress: Progress) -> Pushes:
        """Follow all directions."""
        tally = Counter[str]()
        crossings: list[Crossing] = []
        most = self._settings.modes * (4 if self._settings.cubic else 2)
        with reporting(progress, "pushes", most) as report:
            for mode, kind, direction in self._directions():
                for sign in (1, -1):
                    tally["attempts"] += 1
                    saddle = self._saddle_along(sign * direction)
                    if saddle is not None and self._is_known(saddle):
                        tally["repeats"] += 1
                    elif saddle is None or (sides := self._sides(saddle)) is None:
                        tally["failures"] += 1
                    else:
                        crossings.append(self._crossing(saddle, sides, mode, kind, sign))
                    report(1, f"{len(crossings)} saddles")
        return Pushes(
            crossings=tuple(crossings),
            attempts=tally["attempts"],
            repeats=tally["repeats"],
            failures=tally["failures"],
        )

    def _softest_modes(self) -> NormalModes:
        stiffness = self._stiffness
        wanted = self._settings.modes + 3
        if wanted > stiffness.size:
            raise InputError(
                f"modes is {self._settings.modes}, expected at most {stiffness.size - 3}: "
                f"{stiffness.n_particles} particles have no more besides the translations"
            )
        return normal_modes(stiffness.model, self._minimum, wanted, stiffness=stiffness)

    def _directions(self) -> Iterator[tuple[int, str, Array]]:
        """Unit fields (N, 3) to follow: each soft mode, then the cubic mode that it leads to."""
        stiffness, model = self._stiffness, self._stiffness.model
        for number, field in enumerate(self._modes.fields[self._modes.n_translations :]):
            yield number, "normal", field
            if self._settings.cubic:
                seed = stiffness.displacement(field)
                found = cubic_mode(model, self._minimum, seed, stiffness=stiffness)
                if found.outcome.converged:
                    weighted = self._surface.weighted(found.field)
                    yield number, "cubic", weighted / np.linalg.norm(weighted)

    def _saddle_along(self, direction: Array) -> Saddle | None:
        """The saddle that a direction leads to; None if it leads to none."""
        left = self._until_unstable(direction)
        if left is None:
            return None
        positions, mode = left
        tangent = mode if float((mode * direction).sum()) >= 0 else -mode
        saddle = find_saddle(self._surface, positions, tangent, self._path)
        return saddle if saddle.outcome.converged else None

    def _until_unstable(self, direction: Array) -> tuple[Array, Array] | None:
        """Where the energy curves down, and the direction (N, 3) in which it does."""
        s, surface, along = self._settings, self._surface, direction.ravel()
        stride = s.step / self._farthest(direction)
        x = self._start.copy()
        for _ in range(s.steps):
            x = x + stride * direction
            x = x + self._relaxation(x, along)
            expansion = surface.expansion(x)
            value, mode = expansion.softest(s.products, LOOSE_CURVATURE, along)
            if not np.isfinite(value):
                return None
            if value < -s.instability * expansion.scale:
                return x, mode.reshape(-1, 3)
        return None

    def _relaxation(self, positions: Array, along: Array) -> Array:
        """A Newton step (N, 3) downhill across the direction, no particle farther than `step`."""
        expansion = self._surface.expansion(positions)
        force = self._surface.interactions.energy_and_forces(positions)[1]
        across = expansion.across(along)
        right = across.project(force.ravel().copy())
        move = downhill(across, right, self._settings.products).reshape(-1, 3)
        farthest = self._farthest(move)
        return move * min(1.0, self._settings.step / farthest) if farthest > 0 else move

    def _farthest(self, field: Array) -> float:
        """How far the particle moves that moves most."""
        return float(np.linalg.norm(self._surface.plain(field), axis=1).max())

    def _is_known(self, saddle: Saddle) -> bool:
        """Whether this saddle was met before; it is from now on."""
        known = any(abs(saddle.energy - energy) < SAME_SADDLE for energy in self._saddles)
        self._saddles.append(saddle.energy)
        return known

    def _sides(self, saddle: Saddle) -> tuple[Descent, Descent] | None:
        """Quenches from both sides of a saddle; None if one fails or both end in one minimum."""
        step = self._settings.over * saddle.mode
        starts = [self._surface.plain(saddle.positions + sign * step) for sign in (1, -1)]
        first, second = (
            minimize_positions(self._interactions, start, self._minimizer) for start in starts
        )
        if not (first.outcome.converged and second.outcome.converged):
            return None
        same = self._is_same(first.positions, first.energy, second.positions, second.energy)
        return None if same else (first, second)

    def _is_same(self, one: Array, its: float, other: Array, its_own: float) -> bool:
        """Whether two minima (N, 3) with these energies are one."""
        weighted = self._surface.weighted
        energies = (its, its_own)
        return is_same_minimum(self._surface, weighted(one), weighted(other), energies, self._path)

    def _crossing(
        self, saddle: Saddle, sides: tuple[Descent, Descent], mode: int, kind: str, sign: int
    ) -> Crossing:
        start = self._minimum.positions
        own = [self._is_same(side.positions, side.energy, start, self._energy) for side in sides]
        near, far = sides[::-1] if own[1] else sides
        return Crossing(
            mode=mode,
            kind=kind,
            sign=sign,
            saddle=self._minimum.moved_to(self._surface.plain(saddle.positions)),
            barrier=saddle.energy - self._energy,
            minima=(self._minimum.moved_to(near.positions), self._minimum.moved_to(far.positions)),
            energies=(near.energy, far.energy),
            is_neighbor=any(own),
        )
