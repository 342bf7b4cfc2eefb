"""The pairs that several rules choose together, in the order in which they are to be followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Array, InherentStructure, Pair, Transition, freeze
from glasswells.landscape.detours import Detour, DetourLimits, find_detours


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenPair(Pair):
    """A pair that a rule chose, or a part of the way between the two minima of such a pair."""

    rules: tuple[str, ...]
    """Names of the rules that chose it, or the pair that it is a part of."""
    search: int | None = None
    """Number of its path search in a campaign."""
    part_of: int | None = None
    """Number of the search between the two minima of the pair that it is a part of; None if it
    was chosen itself."""

    @classmethod
    def of(
        cls,
        pair: Pair,
        rules: tuple[str, ...],
        search: int | None = None,
        part_of: int | None = None,
    ) -> ChosenPair:
        """A pair with what is known of its choice."""
        features = {item.name: getattr(pair, item.name) for item in fields(Pair)}
        return cls(**features, rules=rules, search=search, part_of=part_of)


class Rule(Protocol):
    """A way to choose pairs from the library of a glass."""

    @property
    def name(self) -> str:
        """By which plans and pairs know it."""
        ...

    @property
    def follows_detours(self) -> bool:
        """Whether the double wells that a detour is made of are searched in its place."""
        ...

    def choose(
        self, structures: Sequence[InherentStructure], transitions: Iterable[Transition]
    ) -> tuple[Pair, ...]:
        """The pairs in the order in which they are to be followed."""
        ...

    def wants_part(self, pair: Pair) -> bool:
        """Whether a part of the way of one of its pairs is worth a search."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Candidates:
    """Pairs in the order in which they are to be followed: columns, as there may be many."""

    rules: tuple[str, ...]
    """(R,) names."""
    minima: NDArray[np.int64]
    """(P, 2): i and j."""
    features: Array
    """(P, 9): Delta_E, d, PR_DW, three displacements, three distances, as in `Pair`."""
    counts: NDArray[np.int64]
    """(P, 2): T_ij and T_ji."""
    chosen: NDArray[np.bool_]
    """(P, R): which rules chose which pair."""

    def __post_init__(self) -> None:
        names = ("minima", "features", "counts", "chosen")
        freeze(self, **{name: getattr(self, name) for name in names})

    def __len__(self) -> int:
        return len(self.minima)

    def in_order(self, places: NDArray[np.int64]) -> Candidates:
        """Those at these places, in this order."""
        return Candidates(
            rules=self.rules,
            minima=self.minima[places],
            features=self.features[places],
            counts=self.counts[places],
            chosen=self.chosen[places],
        )

    def rules_of(self, place: int) -> tuple[str, ...]:
        """Names of the rules that chose a pair."""
        return tuple(n for n, c in zip(self.rules, self.chosen[place], strict=True) if c)

    def pair(self, place: int) -> ChosenPair:
        """One of them."""
        features = [float(x) for x in self.features[place]]
        return ChosenPair(
            i=int(self.minima[place, 0]),
            j=int(self.minima[place, 1]),
            energy_difference=features[0],
            distance=features[1],
            participation_number=features[2],
            largest_displacements=(features[3], features[4], features[5]),
            largest_distances=(features[6], features[7], features[8]),
            forward_count=int(self.counts[place, 0]),
            backward_count=int(self.counts[place, 1]),
            rules=self.rules_of(place),
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Choice:
    """What the rules say of a library."""

    candidates: Candidates
    detours: tuple[Detour, ...]
    """Pairs that the rules would have chosen, each once with all of these rules."""


def choose_pairs(
    structures: Sequence[InherentStructure],
    transitions: Sequence[Transition],
    rules: Sequence[Rule],
    max_pairs: int | Mapping[str, int],
    limits: DetourLimits | None = None,
) -> Choice:
    """The pairs that the rules choose, each rule by itself, so that none changes another's.

    Parameters
    ----------
    structures, transitions
        The library of a glass and the passages that were seen.
    rules
        Those of the first come first; a pair of several rules counts for each of them.
    max_pairs
        Most pairs of each rule; one number for all, or one for each name.
    limits
        When a pair is a detour.
    """
    links = sorted({(min(t.i, t.j), max(t.i, t.j)) for t in transitions if t.i != t.j})
    taken: dict[tuple[int, int], ChosenPair] = {}
    detours: dict[tuple[int, int], Detour] = {}
    for rule in rules:
        pairs = rule.choose(structures, transitions)
        found = {(d.i, d.j): d for d in find_detours(pairs, structures, links, limits)}
        kept = [p for p in pairs if rule.follows_detours or (p.i, p.j) not in found]
        most = max_pairs if isinstance(max_pairs, int) else max_pairs[rule.name]
        for pair in kept[:most]:
            known = taken.get((pair.i, pair.j), ChosenPair.of(pair, ()))
            taken[pair.i, pair.j] = replace(known, rules=(*known.rules, rule.name))
        for key, detour in found.items():
            known_rules = detours[key].rules if key in detours else ()
            detours[key] = replace(detour, rules=(*known_rules, rule.name))
    return Choice(
        candidates=_columns(tuple(rule.name for rule in rules), list(taken.values())),
        detours=tuple(detours[key] for key in sorted(detours)),
    )


def _columns(rules: tuple[str, ...], pairs: Sequence[ChosenPair]) -> Candidates:
    n = len(pairs)
    features: list[Any] = [
        (
            p.energy_difference,
            p.distance,
            p.participation_number,
            *p.largest_displacements,
            *p.largest_distances,
        )
        for p in pairs
    ]
    return Candidates(
        rules=rules,
        minima=np.array([(p.i, p.j) for p in pairs], dtype=np.int64).reshape(n, 2),
        features=np.array(features, dtype=np.float64).reshape(n, 9),
        counts=np.array(
            [(p.forward_count, p.backward_count) for p in pairs], dtype=np.int64
        ).reshape(n, 2),
        chosen=np.array([[r in p.rules for r in rules] for p in pairs], dtype=np.bool_).reshape(
            n, len(rules)
        ),
    )
