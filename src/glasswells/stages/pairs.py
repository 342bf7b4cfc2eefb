"""Stage `pairs`: which pairs of a glass are followed, in rounds of path searches.

The first round chooses the candidates; each asks for searches and for the round after it, which
takes what they found. Numbers of minima are those of the library, then of minima that paths
passed, as `PairSearch` counts them. With the rule `screened` all glasses of a preparation
temperature learn together: then this stage chooses candidates and reads what searches found, and
the stage `screening` asks for the rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from glasswells.core.records import Pair
from glasswells.landscape.candidates import Candidates, ChosenPair
from glasswells.landscape.detours import Detour
from glasswells.landscape.links import Link
from glasswells.landscape.search import (
    Asked,
    FollowedPair,
    Name,
    PairSearch,
    next_round,
    start_search,
)
from glasswells.plan.base import of_preparation
from glasswells.plan.pairs import PairsSection
from glasswells.plan.plan import Plan
from glasswells.screening.glass_rounds import Findings, GlassRound
from glasswells.screening.rounds import ScreeningRound
from glasswells.stages.findings import run_screened_pairs
from glasswells.stages.rounds import (
    FIRST_INPUTS,
    MET,
    asked_pairs,
    choose,
    follow_settled,
    known_pair,
    path_search,
    read_results,
    refs_of_minima,
    results_of,
    rules,
)
from glasswells.stages.screened import screened_units, screens
from glasswells.stages.splittings import splittings_parameters
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import CODE_FORMAT, SELF, FollowUp, Ref, Task, TaskInput, TaskOutput

LATER_INPUTS = 4
"""A later round has the library, its transitions, candidates and state, then minima met, then two
for each search."""


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
        parameters["rounds"] = "of all glasses"  # those of each by itself had the same parameters
    return parameters


def first_round(glass: str, library: str, parameters: dict[str, Any]) -> FollowUp:
    """The first round of a glass whose library has this label; its own is `first_label`."""
    return FollowUp(
        stage="pairs",
        glass=glass,
        number=0,
        inputs=(Ref(chain=library, kind="structure"), Ref(chain=library, kind="exploration")),
        parameters=parameters,
        label=first_label(glass),
    )


def first_label(glass: str) -> str:
    """What the other tasks of a plan call the first round of a glass."""
    return f"{glass} pairs"


def run_pairs(task: TaskInput) -> TaskOutput:
    """One round: take what was found, and choose what to search next."""
    section = PairsSection(**task.parameters["pairs"])
    if screens(section):
        return run_screened_pairs(task, section)
    structures = list(task.inputs[0])
    explored = task.inputs[1][0] if task.inputs[1] else None
    transitions = explored.transitions if explored else ()
    products: list[tuple[str, Any]] = []
    results: list[Link] = []
    names: list[Name] = []
    counts: dict[str, int] = {}
    if len(task.inputs) == FIRST_INPUTS:
        choice = choose(section, structures, explored)
        candidates, detours = choice.candidates, choice.detours
        search = start_search(len(structures), candidates, detours)
        products += [("pair_candidates", candidates), *(("detour", d) for d in detours)]
        counts = {"pairs": len(candidates), "detours": len(detours)}
    else:
        candidates, search = task.inputs[2][0], task.inputs[3][0]
        results, names = read_results(
            task.parameters["explore"], search, structures, task.inputs[LATER_INPUTS:]
        )

    crossings = {(t.i, t.j): t.count for t in transitions}

    def features(asked: Asked) -> Pair:
        return known_pair(structures, crossings, asked.i, asked.j)

    def wants(i: int, j: int, names: tuple[str, ...]) -> bool:
        part = known_pair(structures, crossings, i, j)
        return any(rule.wants_part(part) for rule in rules(section) if rule.name in names)

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
        *(("pair", pair) for pair in asked_pairs(found.search, candidates, features)),
        *(("followed_pair", followed) for followed in found.followed),
    ]
    counts |= {**found.counts, "followed_pairs": len(found.followed), "rounds": 1}
    return TaskOutput(products=tuple(products), counts=counts)


def follow_pairs(plan: Plan, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    """The path searches of a round, the round after it, and the modes of new double wells."""
    if screens(plan.pairs):
        return []
    (search,) = (record for kind, record in output.products if kind == "pair_search")
    settled = search.links[len(search.links) - search.settled :]
    searched = [ref.chain for ref in task.inputs if ref.kind == "search"]
    chains = dict(zip((link.search for link in settled), searched, strict=True))
    known = [ref for ref in task.inputs[LATER_INPUTS:] if ref.kind == MET and ref.item is not None]
    minima, met = refs_of_minima(task.inputs[0].chain, search, known, chains)
    return [
        *follow_settled(plan, task.glass, search, chains, minima),
        *_next_tasks(plan, task, search, minima, met),
    ]


def _next_tasks(
    plan: Plan, task: Task, search: PairSearch, minima: Sequence[Ref], met: Sequence[Ref]
) -> Iterator[FollowUp]:
    """The searches of a round, and the round that waits for them; none at the end."""
    if not search.batch:
        return
    is_first = len(task.inputs) == FIRST_INPUTS
    candidates = Ref(chain=SELF, kind="pair_candidates") if is_first else task.inputs[2]
    yield from (path_search(plan, task.glass, asked, minima) for asked in search.batch)
    yield FollowUp(
        stage="pairs",
        glass=task.glass,
        number=task.number + 1,
        inputs=(
            *task.inputs[:FIRST_INPUTS],
            candidates,
            Ref(chain=SELF, kind="pair_search"),
            *met,
            *results_of(task.glass, search.batch),
        ),
        parameters={k: v for k, v in task.parameters.items() if k != CODE_FORMAT},
    )


PAIRS = Stage(
    name="pairs",
    title="rounds of pairs",
    run=run_pairs,
    settings={"pairs": PairsSection},
    follow=follow_pairs,
    code_format=3,
    is_swift=True,
    reads_late=True,
    takes=(
        "structure", "exploration", "pair_candidates", "pair_search", "path_minimum", "search",
        "glass_round", "splitting",
    ),
    gives={
        "pair_candidates": Candidates,
        "detour": Detour,
        "pair": ChosenPair,
        "pair_search": PairSearch,
        "followed_pair": FollowedPair,
        "glass_round": GlassRound,
        "findings": Findings,
        "screening_round": ScreeningRound,
    },
)  # fmt: skip
