r"""Tunneling between two wells in many dimensions: the instanton.

At low temperature the element of exp(-beta H) between the two minima is that of paths that cross
once, K_AB/sqrt(K_AA K_BB) = beta Delta_0/2. In the Gaussian approximation around the path of least
action (the kink), with the shift of its crossing in time integrated exactly,

.. math:: \Delta_0 = \frac{2\hbar}{h\,\Phi} \sqrt{\frac{S}{2\pi\hbar}}\; e^{-S/\hbar}, \qquad
          \Phi^2 = \frac{\det{}' (h S'')}{\sqrt{\det_A \det_B}},

for a chain of beads h apart in imaginary time (Richardson & Althorpe, J. Chem. Phys. 134, 054109,
2011; their beta_N is h/hbar). det' leaves out the eigenvalue of the shift, det_A and det_B are
those of chains that stay in A and in B. Nothing but the formula itself depends on hbar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from glasswells.core.checks import count, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, freeze
from glasswells.observables.polymer import Kink, Landscape, relax_chain

BEADS = 256
"""[default] Steps of imaginary time of the finer of the two chains."""
TAIL = 12.0
"""How far the chain goes on in either well, in units of 1/omega of its softest mode: the prefactor
then lacks some exp(-12) of itself, and the action some exp(-24)."""
FLOOR = 1e-6
"""Of the barrier: the first guess of the path moves on at least as if it had that energy left."""
LOWEST = 0.01
"""Of the barrier: a path or a chain that falls lower, once its ends are leveled, has other ends
than these."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Instanton:
    """The path of least action between two wells and what surrounds it."""

    action: float
    """S, the integral of sqrt(2 V) along the path; energy times time."""
    action_error: float
    """How far the extrapolation to short steps moved it."""
    prefactor: float
    """1/(h Phi), a frequency: Delta_0 = 2 sqrt(hbar S/(2 pi)) prefactor exp(-S/hbar)."""
    prefactor_error: float
    """How far the extrapolation to short steps moved it."""
    imbalance: float
    """Half the sum of frequencies in B less that in A. hbar times this is the difference of the
    harmonic zero-point energies; a boundary between the wells that is passed dt earlier would make
    Delta_0 exp(imbalance dt) times as large."""
    path: Array
    """(K, f), the beads, from A to B."""
    outcome: Outcome
    """`CONVERGED`, or why the path is none of least action; `DEEPER_WELL` where there is none
    because it falls below both minima."""

    def __post_init__(self) -> None:
        freeze(self, path=self.path)

    def amplitude(self, reduced_hbar: float) -> float:
        """Delta_0 for a value of hbar, to leading order in hbar/S."""
        hbar = positive("reduced_hbar", reduced_hbar)
        root = math.sqrt(hbar * self.action / (2 * math.pi))
        return 2 * root * self.prefactor * math.exp(-self.action / hbar)


class _Leveled:
    """A landscape without the difference of its two minima.

    V - D q^3 (10 - 15 q + 6 q^2), with q the fraction of the way from A to B along the chord:
    minima and second derivatives there stay as they are.
    """

    def __init__(self, landscape: Landscape, a: Array, b: Array) -> None:
        self._landscape = landscape
        ends = landscape.energies(np.stack([a, b]))[0]
        self._bottom, self.difference = float(ends[0]), float(ends[1] - ends[0])
        self._a, self._chord = a, (b - a) / float(np.sum((b - a) ** 2))

    def energies(self, places: Array) -> tuple[Array, Array]:
        energies, gradients = self._landscape.energies(places)
        q = self._fraction(places)
        level = self.difference * q**3 * (10 - 15 * q + 6 * q**2)
        slope = self.difference * 30 * (q * (1 - q)) ** 2
        return energies - self._bottom - level, gradients - slope[:, None] * self._chord

    def curvatures(self, places: Array) -> Array:
        q = self._fraction(places)
        bend = self.difference * 60 * q * (1 - q) * (1 - 2 * q)
        outer = np.multiply.outer(self._chord, self._chord)
        curvatures: Array = self._landscape.curvatures(places) - bend[:, None, None] * outer
        return curvatures

    def _fraction(self, places: Array) -> Array:
        fraction: Array = np.clip((places - self._a) @ self._chord, 0.0, 1.0)
        return fraction


def instanton_between(landscape: Landscape, path: Array, *, beads: int = BEADS) -> Instanton:
    r"""The instanton between the two ends of a path.

    The minima are leveled first, because no path of energy 0 joins wells of different depth: what
    comes out is the matrix element Delta_0 between the two localized states and not the splitting
    E = sqrt(Delta^2 + Delta_0^2). Frequencies of A count up to the top of the barrier, those of B
    from there on. Two chains, of `beads` steps and of half as many, are extrapolated to short
    steps.

    Parameters
    ----------
    landscape
        Of f mass-weighted coordinates.
    path
        (K, f), from minimum A over a barrier to minimum B, K >= 5: a first guess.
    beads
        Even.

    Raises
    ------
    InputError
        For a path without a barrier, ends that are no minima or so different that no barrier is
        left between them, and fewer than 16 or an odd number of beads.
    """
    beads = count("beads", beads, minimum=16)
    if beads % 2:
        raise InputError(f"beads is {beads}, expected an even number")
    level = _Leveled(landscape, path[0], path[-1])
    frequencies = tuple(_frequencies(level, path[k], end) for k, end in ((0, "A"), (-1, "B")))
    times = [TAIL / float(omega.min()) for omega in frequencies]
    step = sum(times) / beads
    first = _timed(level, path, times, beads)
    coarse = relax_chain(level, first[::2], 2 * step)
    if _sinks(level, coarse):
        return _failed(coarse, Outcome.DEEPER_WELL)
    guess = CubicSpline(np.arange(0, beads + 1, 2), coarse.beads)(np.arange(beads + 1))
    fine = relax_chain(level, guess, step)
    outcome = fine.outcome if coarse.outcome.converged else coarse.outcome
    if not outcome.converged:
        return _failed(fine, outcome)
    action = fine.action + (fine.action - coarse.action) / 3
    # The prefactor of sqrt(S) takes the norm of the shift, which is S for short steps only.
    logs = [
        _log_prefactor(level, kink, frequencies) + 0.5 * math.log(kink.square / action)
        for kink in (coarse, fine)
    ]
    shift = (logs[1] - logs[0]) / 3
    return Instanton(
        action=action,
        action_error=abs(action - fine.action),
        prefactor=math.exp(logs[1] + shift),
        prefactor_error=abs(math.expm1(-shift)) * math.exp(logs[1] + shift),
        imbalance=float(frequencies[1].sum() - frequencies[0].sum()) / 2,
        path=fine.beads,
        outcome=outcome,
    )


def _sinks(level: _Leveled, kink: Kink) -> bool:
    """Whether a chain has fallen below both its ends: the longer it stays there, the less action.

    It then has no path of least action to find, or one of another pair of wells.
    """
    energies = level.energies(kink.beads)[0]
    return float(energies.min()) < -LOWEST * float(energies.max())


def _failed(kink: Kink, outcome: Outcome) -> Instanton:
    """A chain that is no instanton, with the reason."""
    unknown = dict.fromkeys(
        ("action", "action_error", "prefactor", "prefactor_error", "imbalance"), math.nan
    )
    return Instanton(**unknown, path=kink.beads, outcome=outcome)


def _frequencies(landscape: Landscape, place: Array, name: str) -> Array:
    values = np.linalg.eigvalsh(landscape.curvatures(place[None])[0])
    if not values[0] > 0:
        raise InputError(
            f"the lowest curvature at {name} is {values[0]:g}, expected a minimum: all curvatures "
            f"above 0"
        )
    frequencies: Array = np.sqrt(values)
    return frequencies


def _timed(landscape: _Leveled, path: Array, times: list[float], beads: int) -> Array:
    """The path at equal steps of time, dx/dt = sqrt(2 V), the top of its barrier at time 0."""
    s = np.concatenate([[0.0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    energies = landscape.energies(path)[0]
    energy = CubicSpline(s, energies)
    fine = np.linspace(0, s[-1], 40 * len(path))
    top = int(energy(fine).argmax())
    if top in (0, len(fine) - 1):
        raise InputError("the path has no barrier, expected one between its two minima")
    # Between few points the spline may fall lower than the path.
    height, lowest = float(energy(fine[top])), float(energies.min())
    if lowest < -LOWEST * height:
        raise InputError(
            f"the minima differ by {landscape.difference:g}, expected less than the barrier leaves "
            f"room for: leveled, the path falls to {lowest:.2g} below a barrier of {height:.2g}"
        )
    speed = np.sqrt(2 * np.maximum(energy(fine), FLOOR * height))
    # Trapezoids of dt = ds/speed; the ends are held from where the floor takes over.
    passed = np.concatenate(
        [[0.0], (np.diff(fine) * (1 / speed[1:] + 1 / speed[:-1]) / 2).cumsum()]
    )
    wanted = np.linspace(-times[0], times[1], beads + 1)
    where = np.interp(wanted, passed - passed[top], fine)
    where[0], where[-1] = 0.0, s[-1]
    timed: Array = CubicSpline(s, path)(where)
    return timed


def _log_prefactor(landscape: Landscape, kink: Kink, frequencies: tuple[Array, ...]) -> float:
    """-ln(h Phi)."""
    log_reference = 0.0
    for omega, steps in zip(frequencies, _steps_beside_top(landscape, kink), strict=True):
        # A chain of n steps in a harmonic well: prod sinh(n u)/sinh(u), 2 sinh(u/2) = omega h.
        u = 2 * np.arcsinh(omega * kink.step / 2)
        log_reference += float(np.sum(_log_sinh(2 * steps * u) - _log_sinh(u))) / 2
    return -math.log(kink.step) - (kink.log_determinant - log_reference) / 2


def _log_sinh(x: Array) -> Array:
    result: Array = x - math.log(2) + np.log1p(-np.exp(-2 * x))
    return result


def _steps_beside_top(landscape: Landscape, kink: Kink) -> tuple[float, float]:
    """How many steps, whole and part, lie before and after the top of the barrier."""
    energy = landscape.energies(kink.beads)[0]
    k = int(energy[1:-1].argmax()) + 1
    before, here, after = energy[k - 1 : k + 2]
    bend = before - 2 * here + after
    top = k + (0.5 * float((before - after) / bend) if bend < 0 else 0.0)
    return top, len(energy) - 1 - top
