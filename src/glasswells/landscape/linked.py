"""The rule `linked`: pairs that the dynamics crosses often enough, as in the paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glasswells.core.checks import count
from glasswells.core.limits import Count, check_limits
from glasswells.core.records import InherentStructure, Pair, Transition
from glasswells.landscape.pairs import at_hand, pair_features


def linked_pairs(
    structures: Sequence[InherentStructure],
    transitions: Iterable[Transition],
    min_transitions: int = 5,
) -> tuple[Pair, ...]:
    """Pairs with T_ij + T_ji >= `min_transitions`, whatever the direction, each once with i < j.

    The paper asks for pairs that were crossed "a large enough number of times"; the number 5, and
    that the direction does not count, are inferred from the published pair tables of Khomenko et
    al. (2020).

    Parameters
    ----------
    structures, transitions
        The library of a glass and the passages that were seen.
    min_transitions
        Least number of passages in either direction.

    Raises
    ------
    InputError
        For `min_transitions` below 1.
    """
    count("min_transitions", min_transitions, minimum=1)
    counts = {(t.i, t.j): t.count for t in transitions}
    keys = sorted({(min(k), max(k)) for k in counts if k[0] != k[1]})
    structure = at_hand(structures)
    return tuple(
        pair_features(structure(i), structure(j), forward, backward)
        for i, j in keys
        if (forward := counts.get((i, j), 0)) + (backward := counts.get((j, i), 0))
        >= min_transitions
    )


def most_visited_first(pair: Pair) -> tuple[float, int, int]:
    """Sorts pairs by their transitions, the most frequent first."""
    return -(pair.forward_count + pair.backward_count), pair.i, pair.j


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """The rule: pairs with many transitions, the most first."""

    min_transitions: Count = 5
    """Least number of transitions in both directions together, T_ij + T_ji. 5 follows the published
    pair tables; 0: none."""
    name: str = "linked"
    follows_detours: bool = True
    """A detour counts in the paper as the double wells that its path is made of."""

    def __post_init__(self) -> None:
        check_limits(self)

    def choose(
        self, structures: Sequence[InherentStructure], transitions: Iterable[Transition]
    ) -> tuple[Pair, ...]:
        """The pairs in the order in which they are to be followed."""
        if self.min_transitions == 0:
            return ()
        found = linked_pairs(structures, transitions, self.min_transitions)
        return tuple(sorted(found, key=most_visited_first))

    def wants_part(self, pair: Pair) -> bool:
        """All: the paper follows a pair to its end."""
        return True
