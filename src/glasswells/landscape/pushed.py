"""Minimum after minimum pushed over its saddles, the lowest first: a library without dynamics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glasswells.core.described import described
from glasswells.core.records import Array, Configuration, InherentStructure, Pair, Transition
from glasswells.landscape.close import most_promising_first
from glasswells.landscape.explore import Exploration
from glasswells.landscape.library import Identity, Library
from glasswells.landscape.links import Key, SaddleLink, key_of
from glasswells.landscape.pairs import pair_features
from glasswells.landscape.push import Pushes, PushSettings, push_if_minimum
from glasswells.minimization import MinimizerSettings
from glasswells.model.functions import energy
from glasswells.model.pair_model import Model

NONE = np.empty(0, dtype=np.int64)
NOTHING = Pushes(crossings=(), attempts=1, repeats=0, failures=1)
"""What is met around a place that is no minimum."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pushed:
    """What was met around the minima that were pushed so far, to go on from."""

    structures: tuple[InherentStructure, ...]
    """In order of discovery, those to begin with first; `visits` counts the saddles that led to
    each."""
    saddles: tuple[SaddleLink, ...]
    """In order of discovery; each once for each minimum from which it was met."""
    done: NDArray[np.int64]
    """(M,) numbers of the minima that were pushed, in this order."""
    attempts: int
    """Directions that were followed."""
    repeats: int
    """Attempts that came to a saddle met before from the same minimum."""
    failures: int
    """Attempts that came to no saddle of index one, or to two sides that are one minimum; and for
    each minimum that turned out to be none, so that nothing was followed, one."""

    @property
    def pairs(self) -> tuple[Key, ...]:
        """Pairs of minima that a saddle joins, each once, in the order of discovery."""
        return tuple(dict.fromkeys((saddle.i, saddle.j) for saddle in self.saddles))


def start_pushing(
    model: Model, minima: Sequence[Configuration], identity: Identity | None = None
) -> Pushed:
    """The beginning: minima to push, each once.

    Raises
    ------
    InputError
        If the model cannot describe them.
    """
    library = Library(minima[0].box, identity)
    for minimum in minima:
        library.visit(minimum, energy(model, minimum))
    return Pushed(
        structures=library.structures, saddles=(), done=NONE, attempts=0, repeats=0, failures=0
    )


def continue_pushing(
    model: Model,
    before: Pushed,
    settings: PushSettings | None = None,
    *,
    minima: int = 1,
    identity: Identity | None = None,
    minimizer: MinimizerSettings | None = None,
) -> Pushed:
    """Push so many more minima, each time the lowest that has not been pushed.

    Ends sooner if none is left. Going on by n and then by m minima gives the same as by n + m.
    A place that a quench took for a minimum, and that has a mode of negative curvature, counts as
    a failed attempt: what was met before it is not lost.

    Raises
    ------
    InputError
        If the minima have fewer modes than are asked for, or the model cannot describe them.
    """
    found = before
    for _ in range(minima):
        waiting = [s for s in found.structures if s.index not in found.done]
        if not waiting:
            break
        lowest = min(waiting, key=lambda s: (s.energy, s.index))
        start = lowest.configuration.at_hand()
        around = push_if_minimum(model, start, settings, identity, minimizer)
        found = _with(found, lowest, around or NOTHING, identity)
    return found


def _with(
    before: Pushed, pushed: InherentStructure, around: Pushes, identity: Identity | None
) -> Pushed:
    """The same with what was met around one more minimum."""
    library = Library.from_structures(
        pushed.configuration.box, identity or Identity(), before.structures
    )
    saddles = list(before.saddles)
    for crossing in around.crossings:
        ends = tuple(
            library.visit(minimum, its_energy)
            for minimum, its_energy in zip(crossing.minima, crossing.energies, strict=True)
        )
        i, j = key_of(*ends)
        saddles.append(SaddleLink(i=i, j=j, energy=pushed.energy + crossing.barrier))
    return Pushed(
        structures=library.structures,
        saddles=tuple(saddles),
        done=np.append(before.done, pushed.index),
        attempts=before.attempts + around.attempts,
        repeats=before.repeats + around.repeats,
        failures=before.failures + around.failures,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedPairs:
    """The rule: pairs of minima that a saddle joins by a push, the most promising first."""

    pairs: tuple[Key, ...]
    """Of the saddles of an exploration, each once."""
    name: str = "pushed"
    follows_detours: bool = True
    """A saddle stands between the two minima, whatever third one lies near."""

    def choose(
        self, structures: Sequence[InherentStructure], transitions: Iterable[Transition]
    ) -> tuple[Pair, ...]:
        """The pairs in the order in which they are to be followed."""
        counts = Counter({(t.i, t.j): t.count for t in transitions})
        found = (
            pair_features(structures[i], structures[j], counts[i, j], counts[j, i])
            for i, j in self.pairs
        )
        return tuple(sorted(found, key=most_promising_first))

    def wants_part(self, pair: Pair) -> bool:
        """All: there is a way over a saddle."""
        return True


def with_pushed(
    explored: Exploration, pushed: Pushed, box: Array, identity: Identity
) -> Exploration:
    """An exploration with the minima that pushes have met, and the lowest saddle of each pair.

    No quench of the dynamics ended in the new minima: they have no visits.
    """
    n_particles = pushed.structures[0].configuration.n_particles
    identity = identity.within(explored.energy_resolution, n_particles)
    library = Library.from_structures(box, identity, explored.structures)
    numbers = [library.absorb(replace(found, visits=0)) for found in pushed.structures]
    saddles: dict[Key, SaddleLink] = {}
    for saddle in pushed.saddles:
        i, j = key_of(numbers[saddle.i], numbers[saddle.j])
        known = saddles.get((i, j), saddle)
        if i != j:
            saddles[i, j] = replace(saddle, i=i, j=j, energy=min(saddle.energy, known.energy))
    return replace(explored, structures=library.structures, saddles=tuple(saddles.values()))
