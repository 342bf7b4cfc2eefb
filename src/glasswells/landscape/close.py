"""The rule `close`: pairs of nearly equal energy at the distance over which atoms tunnel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from glasswells.core.checks import count, not_negative, positive
from glasswells.core.errors import InputError
from glasswells.core.limits import Count, NotNegative, Positive, check_limits
from glasswells.core.masses import relative_masses
from glasswells.core.records import InherentStructure, Pair, Transition
from glasswells.landscape.known_places import KEPT_AT_HAND
from glasswells.landscape.pairs import at_hand, pair_distance, pair_features

COUPLING = 0.094
"""Splitting of a symmetric double well, extrapolated to d = 0, in epsilon."""
DECAY = 0.1
"""Distance over which that splitting falls by a factor e, length."""


BLOCK = KEPT_AT_HAND // 2
"""Minima of which all pairs are looked at before the next ones."""


def expected_splitting(pair: Pair) -> float:
    """A guess at the splitting E of a pair from Delta_E and d alone.

    E^2 = Delta_E^2 + Delta_0^2, with Delta_0 = 0.094 exp(-d / 0.1): the tunneling amplitude falls
    exponentially, because barriers grow with distance. The two numbers are the median splittings
    of the nearly symmetric double wells (|Delta_E| < 0.0015) at T_f = 0.07 that the group of the
    paper has published (repository TLS_ML_exploration): 0.021 at d = 0.15, 0.0079 at 0.25, 0.0034
    at 0.33, 0.0020 at 0.38. It only sorts: zero-point energies that differ between the two minima
    move E to either side of |Delta_E|.
    """
    return math.hypot(pair.energy_difference, COUPLING * math.exp(-pair.distance / DECAY))


def most_promising_first(pair: Pair) -> tuple[float, int, int]:
    """Sorts pairs by the splitting to expect, the smallest first."""
    return expected_splitting(pair), pair.i, pair.j


def close_pairs(
    structures: Sequence[InherentStructure],
    transitions: Iterable[Transition],
    max_energy_difference: float,
    max_distance: float,
    min_distance: float = 0.0,
    *,
    max_participation_number: float = math.inf,
    min_transitions: int = 0,
) -> tuple[Pair, ...]:
    """All pairs of a glass within limits on |Delta_E| and d, those that promise most first.

    A pair need not have been crossed in the exploration unless `min_transitions` says so.

    Parameters
    ----------
    structures, transitions
        The library of a glass and the passages that were seen.
    max_energy_difference
        Largest |Delta_E|, in epsilon.
    max_distance, min_distance
        Limits on d, length.
    max_participation_number
        Largest PR_DW.
    min_transitions
        Least T_ij + T_ji.

    Returns
    -------
    tuple of Pair
        With i < j, by `expected_splitting`.

    Raises
    ------
    InputError
        For limits that are not positive, or a `min_distance` that is negative or not below
        `max_distance`.
    """
    positive("max_energy_difference", max_energy_difference)
    positive("max_distance", max_distance)
    not_negative("min_distance", min_distance)
    count("min_transitions", min_transitions)
    if not max_participation_number > 0:  # infinity is allowed, NaN is not
        raise InputError(
            f"max_participation_number is {max_participation_number}, expected a number above 0"
        )
    if min_distance >= max_distance:
        raise InputError(
            f"min_distance is {min_distance:g} and max_distance {max_distance:g}, expected less"
        )
    counts = {(t.i, t.j): t.count for t in transitions}
    structure = at_hand(structures)
    masses = relative_masses(structure(0).configuration) if structures else None
    found = []
    for i, j in _close_in_energy(structures, max_energy_difference):
        forward, backward = counts.get((i, j), 0), counts.get((j, i), 0)
        if forward + backward < min_transitions:
            continue
        a, b = structure(i), structure(j)
        distance = pair_distance(a.configuration, b.configuration, masses)
        if not min_distance <= distance <= max_distance:
            continue
        pair = pair_features(a, b, forward, backward)
        if pair.participation_number <= max_participation_number:
            found.append(pair)
    return tuple(sorted(found, key=most_promising_first))


def _close_in_energy(
    structures: Sequence[InherentStructure], max_difference: float
) -> Iterator[tuple[int, int]]:
    """Numbers i < j of all minima whose energies differ by so much at most.

    Block by block of the lower ones, each with all that are close to one of them in turn, so that
    a place is read once or twice for its block, however many minima are close to it.
    """
    order = sorted(range(len(structures)), key=lambda k: structures[k].energy)
    for start in range(0, len(order), BLOCK):
        lows = order[start : start + BLOCK]
        first = 0
        for place in range(start + 1, len(order)):
            high, energy = order[place], structures[order[place]].energy
            while first < len(lows) and energy - structures[lows[first]].energy > max_difference:
                first += 1
            if first == len(lows):
                break
            for low in lows[first : place - start]:
                yield min(low, high), max(low, high)


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """The rule: pairs close in energy and at the right distance, the most promising first."""

    max_energy_difference: Positive = 0.0046
    """Largest |Delta_E|. All published two-level systems (argon) at 0.07 lie below 0.0046 and 92 %
    of them below 0.003, though their splittings are below 0.0015: in two thirds of them the
    splitting is smaller than |Delta_E|, because the zero-point energies of the minima differ."""
    min_distance: NotNegative = 0.3
    """Least distance d. Nearer minima share their lowest levels: all published two-level systems at
    0.07 have more than 0.3, ..."""
    max_distance: Positive = 0.9
    """... and less than 0.9. Barriers grow with distance, and a far pair is mostly several changes,
    one after the other."""
    max_participation_number: float = math.inf
    """Largest participation number. That of the published two-level systems at 0.07 is between 1.1
    and 8.4."""
    min_transitions: Count = 0
    """Least number of transitions in both directions together; 0: a pair need not have been crossed
    in the exploration."""
    name: str = "close"
    follows_detours: bool = False
    """The double wells of a detour are pairs themselves: they are chosen if they promise much."""

    def __post_init__(self) -> None:
        check_limits(self)

    def choose(
        self, structures: Sequence[InherentStructure], transitions: Iterable[Transition]
    ) -> tuple[Pair, ...]:
        """The pairs in the order in which they are to be followed."""
        return close_pairs(
            structures,
            transitions,
            self.max_energy_difference,
            self.max_distance,
            self.min_distance,
            max_participation_number=self.max_participation_number,
            min_transitions=self.min_transitions,
        )

    def wants_part(self, pair: Pair) -> bool:
        """Those within the limits, however often they were crossed."""
        return (
            abs(pair.energy_difference) <= self.max_energy_difference
            and self.min_distance <= pair.distance <= self.max_distance
            and pair.participation_number <= self.max_participation_number
        )
