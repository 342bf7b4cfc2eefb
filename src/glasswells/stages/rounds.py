"""What rounds of one glass by itself and of all glasses together have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from glasswells.core.records import InherentStructure, Pair
from glasswells.landscape.candidates import (
    Candidates,
    Choice,
    ChosenPair,
    Rule,
    choose_pairs,
)
from glasswells.landscape.close import Close
from glasswells.landscape.detours import DetourLimits
from glasswells.landscape.explore import Exploration
from glasswells.landscape.library import Library
from glasswells.landscape.linked import Linked
from glasswells.landscape.links import DOUBLE_WELL, LOST, Key, Link, SaddleLink
from glasswells.landscape.pairs import pair_features
from glasswells.landscape.pushed import PushedPairs
from glasswells.landscape.search import Asked, Name, PairSearch, minimum_number, search_number
from glasswells.plan.explore import ExploreSection
from glasswells.plan.pairs import PairsSection
from glasswells.plan.plan import Plan
from glasswells.stages.explore import exploration_settings
from glasswells.stages.modes import follow_double_well
from glasswells.stages.paths import paths_parameters
from glasswells.stages.screened import SCREENED, wide_rule
from glasswells.store.tasks import FollowUp, Ref

MET = "path_minimum"
"""Kind of a minimum that a path passed."""
FIRST_INPUTS = 2
"""A first round has the library and its transitions."""


def rules(section: PairsSection, saddles: Sequence[SaddleLink] = ()) -> list[Rule]:
    """The plan's rules, in its order; saddles are those of the glass's exploration."""
    largest = section.close.max_participation_number or math.inf
    known: dict[str, Rule] = {
        "linked": section.record(Linked),
        "close": section.close.record(Close, max_participation_number=largest),
        "pushed": PushedPairs(pairs=tuple((saddle.i, saddle.j) for saddle in saddles)),
        SCREENED: wide_rule(section.screened),
    }
    return [known[name] for name in section.rules]


def choose(
    section: PairsSection, structures: Sequence[InherentStructure], explored: Exploration | None
) -> Choice:
    """The pairs that the plan's rules choose, and the detours that they would have chosen.

    `explored`: how the library was found; None if it is empty.
    """
    # As the parameters of a task have it.
    limit = section.max_pairs if isinstance(section.max_pairs, int) else max(section.max_pairs)
    most: dict[str, int] = dict.fromkeys(section.rules, limit)
    most[SCREENED] = section.screened.max_candidates
    limits = section.detours.record(DetourLimits)
    transitions = explored.transitions if explored else ()
    chosen = rules(section, explored.saddles if explored else ())
    return choose_pairs(structures, transitions, chosen, most, limits)


def read_results(
    explore: Mapping[str, Any],
    search: PairSearch,
    structures: list[InherentStructure],
    inputs: Sequence[tuple[Any, ...]],
) -> tuple[list[Link], list[Name]]:
    """What the searches of a round found; minima met before or now join `structures`.

    Parameters
    ----------
    explore
        The plan's table, for when two minima are one.
    search
        The search that asked for the round.
    structures
        The library of the glass.
    inputs
        The minima met before, then for each search its outcome and the minima that it met.
    """
    n_met = len(search.met)
    for (minimum,) in inputs[:n_met]:
        structures.append(replace(minimum, index=len(structures)))
    identity = exploration_settings(ExploreSection(**explore)).identity
    box = structures[0].configuration.box
    library = Library.from_structures(box, identity, structures)
    results, names = [], []
    pairs = zip(inputs[n_met::2], inputs[n_met + 1 :: 2], strict=True)
    for asked, (outcomes, minima) in zip(search.batch, pairs, strict=True):
        between = []
        for item, minimum in enumerate(minima):
            if library.find(minimum.configuration, minimum.energy) is None:
                names.append((asked.number, item))
            between.append(library.absorb(minimum))
        results.append(
            Link(
                i=asked.i,
                j=asked.j,
                outcome=outcomes[0].outcome if outcomes else LOST,
                between=tuple(between),
                search=asked.number,
                place=asked.place,
            )
        )
    structures[:] = library.structures
    return results, names


def known_pair(
    structures: Sequence[InherentStructure], crossings: Mapping[Key, int], i: int, j: int
) -> Pair:
    """The features of two minima of a glass; `crossings` are T_ij by (i, j)."""
    forward, backward = crossings.get((i, j), 0), crossings.get((j, i), 0)
    return pair_features(structures[i], structures[j], forward, backward)


def asked_pairs(
    search: PairSearch, candidates: Candidates, features: Callable[[Asked], Pair]
) -> Iterator[ChosenPair]:
    """A record for each path search that is asked for, with the rules behind it."""
    for asked in search.batch:
        a, b = (search.name_of(int(k)) for k in candidates.minima[asked.place])
        yield ChosenPair.of(
            features(asked),
            candidates.rules_of(asked.place),
            search=asked.number,
            part_of=search_number(a, b) if asked.is_part else None,
        )


def refs_of_minima(
    library: str, search: PairSearch, met: Sequence[Ref], chains: Mapping[int, str]
) -> tuple[list[Ref], list[Ref]]:
    """All minima of a search as inputs of tasks, and those of them that paths passed.

    Parameters
    ----------
    library
        Chain of the library.
    search
        When the results of its last round are known.
    met
        The minima that were met in earlier rounds.
    chains
        The chains of the last round's path searches, by number.
    """
    met = [*met, *(Ref(chain=chains[n], kind=MET, item=k) for n, k in search.met[len(met) :])]
    explored = [Ref(chain=library, kind="structure", item=k) for k in range(search.explored)]
    return explored + list(met), list(met)


def follow_settled(
    plan: Plan, glass: str, search: PairSearch, chains: Mapping[int, str], minima: Sequence[Ref]
) -> Iterator[FollowUp]:
    """The modes of the double wells that the last round of a glass found."""
    settled = search.links[len(search.links) - search.settled :]
    place = search.double_wells - sum(link.outcome == DOUBLE_WELL for link in settled)
    for link in settled:
        if link.outcome == DOUBLE_WELL:
            well = Ref(chain=chains[link.search], kind="double_well")
            minimum = (minimum_number(search.name_of(link.i)), minima[link.i])
            yield from follow_double_well(plan, glass, link.search, place, well, minimum)
            place += 1


def path_search(plan: Plan, glass: str, asked: Asked, minima: Sequence[Ref]) -> FollowUp:
    """A path search that a round asks for, under the label `search_label`."""
    return FollowUp(
        stage="paths",
        glass=glass,
        number=asked.number,
        inputs=(minima[asked.i], minima[asked.j]),
        parameters=paths_parameters(plan),
        label=search_label(glass, asked),
    )


def search_label(glass: str, asked: Asked) -> str:
    """What the other tasks of a round call a path search."""
    return f"{glass} search {asked.number}"


def results_of(glass: str, batch: Sequence[Asked]) -> list[Ref]:
    """For each search its outcome and the minima that it met, as `read_results` takes them."""
    return [
        Ref(chain=search_label(glass, asked), kind=kind, optional=True)
        for asked in batch
        for kind in ("search", MET)
    ]
