"""Stage `pairs`: which pairs of a glass are followed, in rounds of path searches.

The first round chooses the candidates; each asks for searches and for the round after it, which
takes what they found. Numbers of minima are those of the library, then of minima that paths
passed, as `PairSearch` counts them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from glasswells.core.records import InherentStructure, Transition
from glasswells.landscape.candidates import Candidates, ChosenPair, Rule, choose_pairs
from glasswells.landscape.close import Close
from glasswells.landscape.detours import DetourLimits
from glasswells.landscape.library import Library
from glasswells.landscape.linked import Linked
from glasswells.landscape.links import DOUBLE_WELL, LOST, Link
from glasswells.landscape.pairs import pair_features
from glasswells.landscape.search import (
    Name,
    PairSearch,
    minimum_number,
    next_round,
    search_number,
    start_search,
)
from glasswells.plan.base import of_preparation
from glasswells.plan.explore import ExploreSection
from glasswells.plan.pairs import PairsSection
from glasswells.plan.plan import Plan
from glasswells.stages.explore import exploration_settings
from glasswells.stages.modes import follow_double_well
from glasswells.stages.paths import paths_parameters
from glasswells.stages.screened import (
    SCREENED,
    follow_screening,
    screen_pairs,
    screened_units,
    screens,
    tail_length,
    wide_rule,
)
from glasswells.stages.splittings import splittings_parameters
from glasswells.store.tasks import CODE_FORMAT, SELF, FollowUp, Ref, Task, TaskInput, TaskOutput

MET = "path_minimum"
"""Kind of a minimum that a path passed."""
FIRST_INPUTS = 2
"""A first round has the library and its transitions, ..."""
LATER_INPUTS = 4
"""... a later one also candidates and state, then minima met, then two for each search."""


def pairs_parameters(plan: Plan, preparation: int) -> dict[str, Any]:
    """What the products of `pairs` depend on, for glasses of the k-th preparation temperature."""
    limit = of_preparation(plan.pairs.max_pairs, preparation)
    unused = set() if screens(plan.pairs) else {"screened"}
    parameters: dict[str, Any] = {
        "explore": plan.explore.parameters(),
        "pairs": {**plan.pairs.model_dump(mode="json", exclude=unused), "max_pairs": limit},
        "max_intermediates": plan.paths.max_intermediates,
    }
    if screens(plan.pairs):
        # By name: a store sorts keys, so that the first unit set of a task is not the plan's.
        parameters["pairs"]["screened"]["units"] = screened_units(plan)
        parameters["splittings"] = splittings_parameters(plan)
    return parameters


def first_round(glass: str, library: str, parameters: dict[str, Any]) -> FollowUp:
    """The first round of a glass whose library has this label."""
    return FollowUp(
        stage="pairs",
        glass=glass,
        number=0,
        inputs=(Ref(chain=library, kind="structure"), Ref(chain=library, kind="exploration")),
        parameters=parameters,
    )


def run_pairs(task: TaskInput) -> TaskOutput:
    """One round: take what was found, and choose what to search next."""
    section = PairsSection(**task.parameters["pairs"])
    structures = list(task.inputs[0])
    transitions = task.inputs[1][0].transitions if task.inputs[1] else ()
    products: list[tuple[str, Any]] = []
    results: list[Link] = []
    names: list[Name] = []
    counts: dict[str, int] = {}
    is_first = len(task.inputs) == FIRST_INPUTS
    if is_first:
        limits = DetourLimits(**section.detours.model_dump())
        choice = choose_pairs(structures, transitions, rules(section), _most(section), limits)
        candidates, detours = choice.candidates, choice.detours
        search = start_search(len(structures), candidates, detours)
        products += [("pair_candidates", candidates), *(("detour", d) for d in detours)]
        counts = {"pairs": len(candidates), "detours": len(detours)}
    else:
        candidates, search = task.inputs[2][0], task.inputs[3][0]
        results, names = _read_results(task, search, structures)

    def wants(i: int, j: int, names: tuple[str, ...]) -> bool:
        part = pair_features(structures[i], structures[j], 0, 0)
        return any(rule.wants_part(part) for rule in rules(section) if rule.name in names)

    if screens(section):
        screened = screen_pairs(task, section, candidates, search, is_first=is_first)
        candidates = screened.candidates
        products += screened.products
        counts |= screened.counts
    found = next_round(
        search,
        candidates,
        results,
        names,
        least=section.batch,
        max_minima=task.parameters["max_intermediates"],
        wants=wants,
    )
    products += [
        ("pair_search", found.search),
        *(("pair", p) for p in _asked_pairs(found.search, candidates, structures, transitions)),
        *(("followed_pair", followed) for followed in found.followed),
    ]
    counts |= {**found.counts, "followed_pairs": len(found.followed), "rounds": 1}
    return TaskOutput(products=tuple(products), counts=counts)


def follow_pairs(plan: Plan, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    """The path searches of a round, the round after it, and the modes of new double wells."""
    (search,) = (record for kind, record in output.products if kind == "pair_search")
    settled = search.links[len(search.links) - search.settled :]
    searched = [ref.chain for ref in task.inputs if ref.kind == "search"]
    chains = dict(zip((link.search for link in settled), searched, strict=True))
    met = [ref for ref in task.inputs[LATER_INPUTS:] if ref.kind == MET and ref.item is not None]
    met += [Ref(chain=chains[n], kind=MET, item=item) for n, item in search.met[len(met) :]]
    minima = [
        Ref(chain=task.inputs[0].chain, kind="structure", item=k) for k in range(search.explored)
    ] + met
    tasks: list[FollowUp] = []
    place = search.double_wells - sum(link.outcome == DOUBLE_WELL for link in settled)
    for link in settled:
        if link.outcome == DOUBLE_WELL:
            well = Ref(chain=chains[link.search], kind="double_well")
            minimum = (minimum_number(search.name_of(link.i)), minima[link.i])
            tasks += follow_double_well(plan, task.glass, link.search, place, well, minimum)
            place += 1
    return [*tasks, *_next_tasks(plan, task, search, minima, met)]


def _next_tasks(
    plan: Plan, task: Task, search: PairSearch, minima: Sequence[Ref], met: Sequence[Ref]
) -> Iterator[FollowUp]:
    """The searches of a round, and the round that waits for them; none at the end."""
    if not search.batch:
        return
    is_first = len(task.inputs) == FIRST_INPUTS
    candidates = Ref(chain=SELF, kind="pair_candidates") if is_first else task.inputs[2]
    results: list[Ref] = []
    for asked in search.batch:
        label = f"search {asked.number}"
        yield FollowUp(
            stage="paths",
            glass=task.glass,
            number=asked.number,
            inputs=(minima[asked.i], minima[asked.j]),
            parameters=paths_parameters(plan),
            label=label,
        )
        results += [Ref(chain=label, kind=kind, optional=True) for kind in ("search", MET)]
    tail: tuple[Ref, ...] = ()
    if screens(plan.pairs):
        splittings, tail = follow_screening(plan, task.glass, search)
        yield from splittings
    yield FollowUp(
        stage="pairs",
        glass=task.glass,
        number=task.number + 1,
        inputs=(
            *task.inputs[:FIRST_INPUTS],
            candidates,
            Ref(chain=SELF, kind="pair_search"),
            *met,
            *results,
            *tail,
        ),
        parameters={k: v for k, v in task.parameters.items() if k != CODE_FORMAT},
    )


def rules(section: PairsSection) -> list[Rule]:
    """The plan's rules, in its order."""
    limits = section.close.model_dump()
    if not limits["max_participation_number"]:
        limits["max_participation_number"] = math.inf
    known: dict[str, Rule] = {
        "linked": Linked(min_transitions=section.min_transitions),
        "close": Close(**limits),
        SCREENED: wide_rule(section.screened),
    }
    return [known[name] for name in section.rules]


def _most(section: PairsSection) -> dict[str, int]:
    """Most pairs of each rule, as the parameters of a task have them."""
    limit = section.max_pairs if isinstance(section.max_pairs, int) else max(section.max_pairs)
    return {"linked": limit, "close": limit, SCREENED: section.screened.max_candidates}


def _read_results(
    task: TaskInput, search: PairSearch, structures: list[InherentStructure]
) -> tuple[list[Link], list[Name]]:
    """What the searches of the last round found; minima met before or now join `structures`."""
    n_tail = tail_length(search) if screens(PairsSection(**task.parameters["pairs"])) else 0
    rest = task.inputs[LATER_INPUTS : len(task.inputs) - n_tail]
    n_met = len(search.met)
    for (minimum,) in rest[:n_met]:
        structures.append(replace(minimum, index=len(structures)))
    identity = exploration_settings(ExploreSection(**task.parameters["explore"])).identity
    box = structures[0].configuration.box
    library = Library.from_structures(box, identity, structures)
    results, names = [], []
    pairs = zip(rest[n_met::2], rest[n_met + 1 :: 2], strict=True)
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


def _asked_pairs(
    search: PairSearch,
    candidates: Candidates,
    structures: Sequence[InherentStructure],
    transitions: Sequence[Transition],
) -> Iterator[ChosenPair]:
    """A record for each path search that is asked for, with the rules behind it."""
    counts = {(t.i, t.j): t.count for t in transitions}
    for asked in search.batch:
        i, j = asked.i, asked.j
        whole = candidates.minima[asked.place]
        a, b = (search.name_of(int(k)) for k in whole)
        pair = pair_features(
            structures[i], structures[j], counts.get((i, j), 0), counts.get((j, i), 0)
        )
        yield ChosenPair.of(
            pair,
            candidates.rules_of(asked.place),
            search=asked.number,
            part_of=search_number(a, b) if asked.is_part else None,
        )
