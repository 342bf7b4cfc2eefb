"""Pairs that are a detour: two changes in different places, one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from glasswells.core.geometry import displacement
from glasswells.core.limits import NotNegative, check_limits
from glasswells.core.masses import relative_masses
from glasswells.core.records import Array, InherentStructure, Pair
from glasswells.landscape.pairs import at_hand, pair_distance
from glasswells.modes.overlaps import mobility_overlap

MOST_THIRDS = 8
"""Third minima whose fields are compared for one pair, those with the straightest angle first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Detour:
    """A pair whose change is the sum of two others, over a minimum that is known."""

    i: int
    """Index of the first inherent structure in its library."""
    j: int
    """Index of the second one."""
    through: int
    """The third minimum C."""
    first_distance: float
    """|r_AC|."""
    second_distance: float
    """|r_CB|."""
    mobility_overlap: float
    """a of r_AC and r_CB (paper, eq. 8): 0 if no particle moves in both, 1 if all move alike."""
    rules: tuple[str, ...] = ()
    """Names of the rules that had chosen the pair."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetourLimits:
    """When a known third minimum makes a pair a detour."""

    mobility_overlap: NotNegative = 0.5
    """Largest mobility overlap a of the two parts; 0: nothing is a detour. They are changes of
    different places, and then also |cos(r_AC, r_CB)| <= a, so that d_AB^2 is nearly
    d_AC^2 + d_CB^2. Of 78 such pairs of glasses none was a double well; of double wells with a
    third minimum near, a was 0.63 or more."""
    smaller_part: NotNegative = 0.2
    """Least length of the shorter part, over d_AB: a particle that jumps a little along with a
    change elsewhere may be dragged by it, and then the pair may have a saddle of its own."""

    def __post_init__(self) -> None:
        check_limits(self)


def find_detours(
    pairs: Sequence[Pair],
    structures: Sequence[InherentStructure],
    links: Iterable[tuple[int, int]] = (),
    limits: DetourLimits | None = None,
) -> tuple[Detour, ...]:
    """Those of the pairs A-B whose path can only be one over a known minimum C.

    r_AB = r_AC + r_CB for any C. If the two parts are localized in different places, A to B means
    that both places change, one after the other: the path from A to B passes C, or the fourth
    minimum where the other place changed first, and A-B is no double well. Only minima C are tried
    that are neighbors of A and of B already, by a pair or by a link.

    Parameters
    ----------
    pairs
        Candidates, i < j.
    structures
        The library that they count in.
    links
        Further pairs of minima that are near each other, such as all those seen in consecutive
        quenches.
    limits
        When two parts are in different places.

    Returns
    -------
    tuple of Detour
        In the order of `pairs`; of several thirds the one with the least mobility overlap.
    """
    limits = limits or DetourLimits()
    if limits.mobility_overlap == 0:
        return ()
    near = _Neighborhood(pairs, structures, links)
    found: dict[Pair, Detour] = {}
    # By energy, as neighbors have places that were looked at a moment before.
    for pair in sorted(pairs, key=lambda pair: structures[pair.i].energy):
        detours = [_detour(pair, c, near) for c in _thirds(pair, near, limits)]
        best = min(detours, key=lambda d: (d.mobility_overlap, d.through), default=None)
        if best is not None and best.mobility_overlap <= limits.mobility_overlap:
            found[pair] = best
    return tuple(found[pair] for pair in pairs if pair in found)


class _Neighborhood:
    """Which minima of a library are near each other, and how near."""

    def __init__(
        self,
        pairs: Iterable[Pair],
        structures: Sequence[InherentStructure],
        links: Iterable[tuple[int, int]],
    ) -> None:
        self.structure = at_hand(structures)
        self._masses = relative_masses(self.structure(0).configuration) if structures else None
        self._neighbors: defaultdict[int, set[int]] = defaultdict(set)
        self._distances: dict[tuple[int, int], float] = {}
        for pair in pairs:
            self._distances[min(pair.i, pair.j), max(pair.i, pair.j)] = pair.distance
        for i, j in (*self._distances, *links):
            if i != j:
                self._neighbors[i].add(j)
                self._neighbors[j].add(i)

    def common(self, i: int, j: int) -> set[int]:
        """Minima that are near both."""
        return self._neighbors[i] & self._neighbors[j]

    def distance(self, i: int, j: int) -> float:
        """Between two neighbors; that of a link is measured when it is asked for, as few are."""
        key = min(i, j), max(i, j)
        if key not in self._distances:
            a, b = (self.structure(k).configuration for k in key)
            self._distances[key] = pair_distance(a, b, self._masses)
        return self._distances[key]


def _thirds(pair: Pair, near: _Neighborhood, limits: DetourLimits) -> list[int]:
    """Common neighbors C, nearer to A and B than these to each other, at nearly a right angle.

    From distances alone: cos = (d_AB^2 - d_AC^2 - d_CB^2) / (2 d_AC d_CB), and |cos| <= a.
    """
    found = []
    for c in near.common(pair.i, pair.j):
        first, second = near.distance(pair.i, c), near.distance(pair.j, c)
        if max(first, second) >= pair.distance:
            continue
        if min(first, second) < limits.smaller_part * pair.distance:
            continue
        cosine = abs(pair.distance**2 - first**2 - second**2) / (2 * first * second)
        if cosine <= limits.mobility_overlap:
            found.append((cosine, c))
    return [c for _, c in sorted(found)[:MOST_THIRDS]]


def _detour(pair: Pair, through: int, near: _Neighborhood) -> Detour:
    one, *others = (near.structure(k).configuration for k in (pair.i, through, pair.j))
    masses = relative_masses(one)
    places: list[Array] = [one.positions, *(other.positions for other in others)]
    parts = [displacement(x, y, one.box, masses) for x, y in pairwise(places)]
    return Detour(
        i=pair.i,
        j=pair.j,
        through=through,
        first_distance=near.distance(pair.i, through),
        second_distance=near.distance(pair.j, through),
        mobility_overlap=mobility_overlap(parts[0], parts[1]),
    )
