"""Stage `pairs` with the rule `screened`: what a glass adds to the screening of all.

The first task of a glass chooses its candidates. Later ones read what the searches of a round
found, with the particles in hand, and leave numbers behind; they also keep, under the name of the
glass, what the stage `screening` has decided for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from glasswells.core.records import InherentStructure, Pair, Transition
from glasswells.landscape.explore import Exploration
from glasswells.landscape.links import Link, key_of
from glasswells.landscape.search import start_search
from glasswells.plan.pairs import PairsSection
from glasswells.screening.glass_rounds import Findings, GlassRound
from glasswells.screening.rounds import start_screening
from glasswells.stages.rounds import FIRST_INPUTS, choose, known_pair, read_results
from glasswells.stages.screened import SCREENED, screening_settings, usable_splitting
from glasswells.store.tasks import TaskInput, TaskOutput


def run_screened_pairs(task: TaskInput, section: PairsSection) -> TaskOutput:
    """Choose the candidates of a glass, or read what a round found in it."""
    structures = list(task.inputs[0])
    explored = task.inputs[1][0] if task.inputs[1] else None
    if len(task.inputs) == FIRST_INPUTS:
        return _candidates(section, structures, explored)
    return _findings(task, section, structures, explored.transitions if explored else ())


def _candidates(
    section: PairsSection, structures: Sequence[InherentStructure], explored: Exploration | None
) -> TaskOutput:
    choice = choose(section, structures, explored)
    transitions = explored.transitions if explored else ()
    search = start_search(len(structures), choice.candidates, choice.detours)
    rules = [choice.candidates.rules_of(k) for k in range(len(choice.candidates))]
    start = GlassRound(
        # Candidates of other rules come first.
        screening=start_screening(np.array([r == (SCREENED,) for r in rules], dtype=np.bool_)),
        search=search,
        parts=tuple(_parts(search.links, structures, transitions)),
        counts={},
    )
    return TaskOutput(
        products=(
            ("pair_candidates", choice.candidates),
            *(("detour", detour) for detour in choice.detours),
            ("glass_round", start),
        ),
        counts={"pairs": len(choice.candidates), "detours": len(choice.detours)},
    )


def _findings(
    task: TaskInput,
    section: PairsSection,
    structures: list[InherentStructure],
    transitions: Sequence[Transition],
) -> TaskOutput:
    ((state,), *rest) = task.inputs[FIRST_INPUTS:]
    n = len(state.search.batch)
    results, names = (
        read_results(task.parameters["explore"], state.search, structures, rest[: len(rest) - n])
        if n
        else ([], [])
    )
    threshold = screening_settings(task.parameters).threshold
    found = Findings(
        links=tuple(results),
        met=tuple(names),
        parts=tuple(_parts(results, structures, transitions)),
        splittings=tuple(
            usable_splitting(found, section.screened.units, threshold)
            for found in rest[len(rest) - n :]
        ),
    )
    given = () if state.given is None else (("screening_round", state.given),)
    return TaskOutput(
        products=(
            ("findings", found),
            *given,
            *(("pair", pair) for pair in state.pairs),
            *(("followed_pair", followed) for followed in state.followed),
        ),
        counts=dict(state.counts),
    )


def _parts(
    links: Iterable[Link],
    structures: Sequence[InherentStructure],
    transitions: Sequence[Transition],
) -> list[Pair]:
    """Every pair of minima that the way over one of these links may need.

    `follow_way` replaces a link by those between its ends and minima that its path passed, some of
    which it may leave out.
    """
    crossings = {(t.i, t.j): t.count for t in transitions}
    keys = {
        key_of(a, b)
        for link in links
        if link.between
        for a, b in combinations(sorted({link.i, link.j, *link.between}), 2)
    }
    return [known_pair(structures, crossings, *key) for key in sorted(keys)]
