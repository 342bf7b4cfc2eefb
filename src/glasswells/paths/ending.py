"""The end of a steepest-descent path, near its minimum A, in a space of few directions.

With y = x - A the flow y' = f(A + y) is almost that of the quadratic surface, y' = -M y, and what
is left is smooth. So the path is sought in the span of the Krylov spaces of two fields: of y where
it begins, along which the quadratic flow runs, and of U:yy, whither the third order pushes it. In
the amplitudes z along the eigenvectors of M within that span it obeys

z' = -theta z + N(z),   N = e.f(A + y) + theta z,

with the eigenvalues theta and the eigenvectors e. The equation is solved by iteration: N is taken
at times t_i along the last solution, cubic between them, and z' is then integrated exactly. The
first solution is the quadratic flow, and each iteration gains a factor of the size of N. What the
span leaves out of the arc length is of third order in |y|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.linalg

from glasswells.core.records import Array
from glasswells.curvature.expansion import Expansion
from glasswells.paths.curve import CurvePoint
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

SOFTEST = 1e-6
"""Eigenvalues are taken as this fraction of the largest at least."""
DEPENDENT = 1e-8
"""Combinations of the unit fields with a smaller square are rounding: the fields are dependent."""
RATIO = 0.7
"""Of the distances from the minimum at successive times."""
TURN = 0.3
"""Largest angle between the directions there: curves between them are cubic."""
FIRST_TIME, FINE_TIMES = 1e-2, 200
"""Of the times among which these are chosen: the first in units of the shortest decay time."""
FEWEST_STEPS = 3
"""From each time to the next: as cubic curves need."""
ITERATIONS = 8
"""At most; typical are three to five."""
LEFT_OUT = 0.02
"""What the span leaves out of the arc length is about this times |y| times the square of the part
of the force that it leaves out. Of 16 ends each from 0.01, 0.02 and 0.03 it was 0.002 to 0.08."""
CHECKED = slice(2, None, 4)
"""Of the times, those at which this is looked at."""
TAYLOR_BELOW, TAYLOR_TERMS = 1.0, 18
"""Where the functions phi_k are summed as power series: their recursion would cancel there."""


class Span(NamedTuple):
    """The space in which the path ends, by the eigenvectors of M within it."""

    modes: Array
    """e (m, 3N), unit fields."""
    stiffness: Array
    """theta (m,), positive, ascending."""
    fields: tuple[Array, Array]
    """Unit fields (n, 3N) of both Krylov spaces; the modes are the softest of their span."""
    orthonormal: Array
    """(n, k): all directions of the span in terms of these fields."""

    def outside(self, force: Array) -> float:
        """The part of a force (3N,) that the span leaves out."""
        first, second = np.split(self.orthonormal, [len(self.fields[0])])
        inside = (self.fields[0] @ force) @ first + (self.fields[1] @ force) @ second
        rest = 1.0 - float(inside @ inside) / float(force @ force)
        return float(np.sqrt(max(rest, 0.0)))


def span_of(expansion: Expansion, offset: Array, settings: PathSettings) -> Span:
    """The span of the flow from A + offset (N, 3) to the minimum A that M and U belong to."""
    fields, couplings, is_used = [], [], []
    for start, dimension in (
        (offset, settings.entry_dimension),
        (expansion.third(offset)[0], settings.push_dimension),
    ):
        space = expansion.krylov(start.ravel(), dimension)
        while space.can_grow:
            space.step()
        fields.append(space.vectors)
        couplings.append(space.coupling())
        is_used.append(np.arange(len(space.vectors)) < space.size)
    inner = np.block([[u @ v.T for v in fields] for u in fields])
    # M of each field but the last of a space is a sum of fields: the recursion M V = V T + ...
    used = np.concatenate(is_used)
    matrix = inner[used] @ scipy.linalg.block_diag(*couplings)
    inner = inner[used][:, used]
    # The recursions lose orthogonality, and the second space overlaps the first.
    squares, mixing = np.linalg.eigh(inner)
    kept = squares > DEPENDENT
    orthonormal = mixing[:, kept] / np.sqrt(squares[kept])
    matrix = orthonormal.T @ matrix @ orthonormal
    stiffness, modes = np.linalg.eigh(0.5 * (matrix + matrix.T))
    softest = min(settings.entry_modes, len(stiffness))
    all_fields = np.zeros((len(used), len(stiffness)))
    all_fields[used] = orthonormal
    first, second = np.split((all_fields @ modes[:, :softest]).T, [len(fields[0])], axis=1)
    return Span(
        modes=first @ fields[0] + second @ fields[1],
        stiffness=np.maximum(stiffness, SOFTEST * stiffness.max())[:softest],
        fields=(fields[0], fields[1]),
        orthonormal=all_fields,
    )


def phi(z: Array) -> Array:
    """phi_0 to phi_4 (5, ...) at z <= 0: phi_0 = exp, phi_k+1 = (phi_k - 1/k!) / z."""
    found = np.empty((5, *z.shape))
    small = np.abs(z) < TAYLOR_BELOW
    far = np.where(small, -1.0, z)
    found[0] = np.exp(far)
    factorial = 1.0
    for k in range(1, 5):
        found[k] = (found[k - 1] - 1.0 / factorial) / far
        factorial *= k
    near, factorial = z[small], 1.0
    for k in range(5):
        factorial *= max(k, 1)
        total = term = np.full(near.shape, 1.0 / factorial)
        for n in range(k + 1, k + TAYLOR_TERMS):
            term = term * near / n
            total = total + term
        found[k][small] = total
    return found


def times_along(stiffness: Array, start: Array, last: float) -> Array:
    """Times (k,), k >= 4, along the quadratic flow from amplitudes (m,) to the distance `last`.

    The first is 0. From one to the next the distance falls by `RATIO`, or less where the direction
    would turn by more than `TURN`.
    """
    last = min(last, RATIO**FEWEST_STEPS * float(np.linalg.norm(start)))
    # With the softest stiffness alone it would take so long; that is an upper bound.
    longest = np.log(float(np.linalg.norm(start)) / last) / stiffness.min()
    shortest = FIRST_TIME / stiffness.max()
    times = np.concatenate([[0.0], np.geomspace(shortest, longest, FINE_TIMES)])
    flow = start * np.exp(-np.outer(times, stiffness))
    distances = np.linalg.norm(flow, axis=1)
    slopes = stiffness * flow
    slopes /= np.linalg.norm(slopes, axis=1)[:, None]
    turns = np.linalg.norm(np.diff(slopes, axis=0), axis=1)
    steps = np.maximum(-np.diff(np.log(distances)) / -np.log(RATIO), turns / TURN)
    passed = np.concatenate([[0.0], np.cumsum(steps)])
    end = float(np.interp(-np.log(last), -np.log(distances), passed))
    count = int(np.ceil(end - 1e-9))
    found: Array = np.interp(end * np.arange(count + 1) / count, passed, times)
    return found


class Integrator:
    """z' = -theta z + N(t) from a given z, N known at times t_i: exact where N is cubic."""

    def __init__(self, stiffness: Array, times: Array) -> None:
        steps = np.diff(times)
        functions = phi(-np.outer(steps, stiffness))
        factorials = np.array([1.0, 1.0, 2.0, 6.0])
        self._decays, self._pieces = functions[0], []
        for i, h in enumerate(steps):
            nodes = slice(first := min(max(i - 1, 0), len(times) - 4), first + 4)
            # N(t) = sum_k c_k ((t - t_i) / h)^k, whose part of z is h c_k k! phi_k+1.
            powers = ((times[nodes] - times[i]) / h)[:, None] ** np.arange(4)
            weights = h * (np.linalg.inv(powers).T * factorials) @ functions[1:, i]
            self._pieces.append((nodes, weights))

    def __call__(self, start: Array, rest: Array) -> Array:
        """Z (k, m) at the times, from N (k, m)."""
        found = [start]
        for decay, (nodes, weights) in zip(self._decays, self._pieces, strict=True):
            found.append(decay * found[-1] + (weights * rest[nodes]).sum(axis=0))
        return np.array(found)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ending:
    """The last piece of a path."""

    points: tuple[CurvePoint, ...]
    """After the one that it begins with."""
    rest: float
    """Arc length from the last of these to the minimum."""
    error: float
    """Estimate of the error of the arc length; infinite if the iteration has not converged."""
    evaluations: int


class _Solution(NamedTuple):
    """The path in amplitudes along the modes of its span, at given times."""

    amplitudes: Array
    """z (k, m)."""
    forward: Array
    """(k, m), unit: z' over its size."""
    forces: Array
    """(k, 3N), before the last iteration."""
    is_settled: bool
    evaluations: int


def ending(surface: Surface, origin: Array, offset: Array, settings: PathSettings) -> Ending:
    """The path from A + offset (N, 3) to the minimum A, the `origin`.

    Its points reach to the distance `last_distance`, from where the surface is taken as quadratic.
    """
    span = span_of(surface.expansion(origin), offset, settings)
    found = _solve(surface, span, origin, offset, settings)
    left_out = max(span.outside(force) for force in found.forces[CHECKED])
    error = LEFT_OUT * left_out**2 * float(np.linalg.norm(offset))
    places = origin + (found.amplitudes @ span.modes).reshape(-1, *offset.shape)
    tangents = (found.forward @ span.modes).reshape(-1, *offset.shape)
    return Ending(
        points=tuple(CurvePoint(x, t) for x, t in zip(places[1:], tangents[1:], strict=True)),
        rest=quadratic_length(span.stiffness, found.amplitudes[-1]),
        error=error if found.is_settled else np.inf,
        evaluations=found.evaluations,
    )


def quadratic_rest(surface: Surface, origin: Array, offset: Array, settings: PathSettings) -> float:
    """Arc length from A + offset (N, 3) to A where the surface is quadratic from there on."""
    space = surface.expansion(origin).krylov(offset.ravel(), settings.entry_dimension)
    while space.can_grow:
        space.step()
    values, vectors = space.ritz()
    return quadratic_length(values, space.norm * vectors[0])


def _solve(
    surface: Surface, span: Span, origin: Array, offset: Array, settings: PathSettings
) -> _Solution:
    theta, start = span.stiffness, span.modes @ offset.ravel()
    times = times_along(theta, start, settings.last_distance)
    integrate = Integrator(theta, times)
    z = start * np.exp(-np.outer(times, theta))
    change, evaluations = np.inf, 0
    for _ in range(ITERATIONS):
        places = origin + (z @ span.modes).reshape(-1, *offset.shape)
        forces = np.array([surface.interactions.energy_and_forces(x)[1].ravel() for x in places])
        evaluations += len(forces)
        rest = forces @ span.modes.T + theta * z
        before, z = z, integrate(start, rest)
        slopes = rest - theta * z
        forward = slopes / np.linalg.norm(slopes, axis=1)[:, None]
        # A change along the path is one of the times, which do not matter.
        moves = z - before
        moves -= (moves * forward).sum(axis=1)[:, None] * forward
        last_change, change = change, float(np.linalg.norm(moves, axis=1).max())
        if change <= settings.entry_change or not change < last_change:
            break
    is_settled = change <= settings.entry_change
    return _Solution(z, forward, forces, is_settled, evaluations)


def quadratic_length(stiffness: Array, amplitude: Array) -> float:
    """Arc length of steepest descent to the minimum of a quadratic surface.

    L = integral_0^infinity sqrt(sum k^2 y^2 e^(-2 k t)) dt for amplitudes y (m,) along
    eigenvectors of stiffness k (m,), by Gauss quadrature on growing intervals.
    """
    k = np.maximum(stiffness, SOFTEST * stiffness.max())
    points, weights = np.polynomial.legendre.leggauss(8)
    total, left, width = 0.0, 0.0, 1.0 / k.max()
    while True:
        t = left + 0.5 * width * (points + 1)
        speed = np.sqrt(((k * amplitude) ** 2 * np.exp(-2 * np.outer(t, k))).sum(axis=1))
        total += 0.5 * width * float(weights @ speed)
        if speed[-1] / k.min() <= 1e-9 * total:
            return float(total)
        left, width = left + width, min(1.5 * width, 1.0 / k.min())
