"""The inherent structures of one glass, met by trajectories of several campaigns."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence

import numpy as np

from glasswells.content.records import ExplorationContent
from glasswells.core.geometry import displacement
from glasswells.core.records import Array, Transition
from glasswells.landscape.library import Identity

MARKS = 4
"""Projections by which inherent structures of equal energy are told apart."""
SPREAD = 5.0
"""Largest difference of two marks of one inherent structure, over the length of the displacement
between its two visits: so many standard deviations."""
MARKS_SEED = 20230526
"""Of the weights, which every campaign must draw alike."""


def mark_weights(n_particles: int) -> Array:
    """Weights w (MARKS, N, 3) of the marks, standard normal and equal in every campaign."""
    weights: Array = np.random.default_rng(MARKS_SEED).standard_normal((MARKS, n_particles, 3))
    return weights


def marks(weights: Array, start: Array, positions: Array, box: Array) -> Array:
    r"""A few numbers that tell minima of one glass apart without their particles.

    .. math:: m_k = \sum_i w_{ki} \cdot u_i

    with the displacement u from the glass, drift removed. Of two minima with the displacement v
    between them, the marks differ by a normal variate of the standard deviation \|v\|, which in K
    marks is seldom small in all.

    Parameters
    ----------
    weights
        From `mark_weights`.
    start, positions
        Of the glass and of the minimum (N, 3), length.
    box
        Its edges (3,).
    """
    found: Array = np.einsum("knc,nc->k", weights, displacement(start, positions, box))
    return found


def joined_exploration(parts: Sequence[ExplorationContent], n_particles: int) -> ExplorationContent:
    """One exploration: what was met by several counts once, visits and transitions add up.

    An inherent structure is one of another campaign if their energies per particle differ by no
    more than `Identity.energy`, and their marks as the marks of two visits may that lie within
    `Identity.displacement`. Without marks the energy alone decides. Those of one campaign, which
    its library told apart, stay apart.
    """
    has_marks = all(part.marks is not None for part in parts)
    pool = _Pool()
    quenches = 0
    transitions: Counter[tuple[int, int]] = Counter()
    for part in parts:
        rows = part.marks if has_marks else None
        table = np.zeros((len(part.energies), 0)) if rows is None else rows
        numbers = pool.add(part, table, n_particles)
        quenches += part.quenches
        for t in part.transitions:
            transitions[numbers[t.i], numbers[t.j]] += t.count
    return ExplorationContent(
        energies=np.array(pool.energies),
        visits=np.array(pool.visits),
        transitions=tuple(
            Transition(i=i, j=j, count=n) for (i, j), n in sorted(transitions.items())
        ),
        quenches=quenches,
        marks=np.array(pool.marks).reshape(len(pool.energies), -1) if has_marks else None,
        identity=pool.identity,
    )


class _Pool:
    """The distinct inherent structures so far."""

    def __init__(self) -> None:
        self.energies: list[float] = []
        self.visits: list[float] = []
        self.marks: list[Array] = []
        self.identity = Identity()

    def add(self, part: ExplorationContent, table: Array, n_particles: int) -> list[int]:
        """Add those of a campaign; the number of each."""
        self.identity = part.identity if not self.energies else _wider(self.identity, part.identity)
        by_energy = sorted(range(len(self.energies)), key=self.energies.__getitem__)
        known = [self.energies[k] for k in by_energy]
        width = self.identity.energy * n_particles
        taken: set[int] = set()
        numbers = []
        for energy, visited, row in zip(part.energies, part.visits, table, strict=True):
            first = bisect.bisect_left(known, energy - width)
            last = bisect.bisect_right(known, energy + width)
            same = [k for k in by_energy[first:last] if k not in taken and self._is_at(k, row)]
            if same:
                number = min(same, key=lambda k: abs(self.energies[k] - energy))
                taken.add(number)
                self.visits[number] += float(visited)
            else:
                number = len(self.energies)
                self.energies.append(float(energy))
                self.visits.append(float(visited))
                self.marks.append(row)
            numbers.append(number)
        return numbers

    def _is_at(self, number: int, row: Array) -> bool:
        difference = np.abs(self.marks[number] - row)
        return bool(np.all(difference <= SPREAD * self.identity.displacement))


def _wider(one: Identity, other: Identity) -> Identity:
    return Identity(
        energy=max(one.energy, other.energy),
        displacement=max(one.displacement, other.displacement),
    )
