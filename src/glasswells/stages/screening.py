"""Stage `screening`: the rounds of all glasses of one preparation temperature, in step.

Before a round trees learn from all that the rounds before it found, in whatever glass; so each
round waits for the searches of all glasses. Its task takes numbers only: the candidates, where each
glass stands, what was found there. It says which paths each glass searches next, and asks for
them, for the task of each glass that reads what they find, and for the round after it. The
inputs of a round are a block for each glass:

- the exploration, which is there for the chain of the library;
- the candidates, and where the glass stands;
- while searches were asked for: what they found, the searches that met minima before, and those of
  the round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Pair
from glasswells.landscape.candidates import Candidates
from glasswells.landscape.search import Asked, next_round
from glasswells.plan.pairs import PairsSection
from glasswells.plan.plan import Plan
from glasswells.screening.glass_rounds import Findings, GlassRound
from glasswells.screening.records import KeptTrees, Searched
from glasswells.screening.rounds import (
    ENDED,
    EndedRound,
    NextRound,
    Result,
    Screening,
    next_screenings,
)
from glasswells.stages.rounds import (
    MET,
    asked_pairs,
    follow_settled,
    path_search,
    refs_of_minima,
    results_of,
    rules,
    search_label,
)
from glasswells.stages.screened import screening_settings
from glasswells.stages.splittings import splittings_parameters
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import CODE_FORMAT, SELF, FollowUp, Ref, Task, TaskInput, TaskOutput

STARTED = 3
"""Inputs of a glass that has nothing to report: at the start, or when its search is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """What a round knows of a glass."""

    glass: int
    """Its place among the names in the parameters."""
    candidates: Candidates
    state: GlassRound
    findings: Findings

    def ended(self, name: str) -> EndedRound:
        """The round that ended, for screening."""
        before, search = self.state.screening, self.state.search
        return EndedRound(
            screening=before,
            results=[
                Result(
                    candidate=int(before.order[asked.place]),
                    is_part=asked.is_part,
                    searched=Searched(glass=name, pair=pair, splitting=splitting),
                )
                for asked, pair, splitting in zip(
                    search.batch, self.state.pairs, self.findings.splittings, strict=True
                )
            ],
            taken=search.taken,
            pair_of=self.candidates.pair,
        )


def first_screening_round(
    group: str, glasses: Sequence[tuple[str, str]], parameters: Mapping[str, Any]
) -> FollowUp:
    """The first round of the glasses of a preparation temperature.

    Parameters
    ----------
    group
        Stands for all of them where a task names its glass.
    glasses
        For each the labels of its library and of its candidates.
    parameters
        Those of the stage `pairs`, with the names of the glasses.
    """
    inputs = [
        Ref(chain=chain, kind=kind, optional=True)
        for library, pairs in glasses
        for chain, kind in (
            (library, "exploration"), (pairs, "pair_candidates"), (pairs, "glass_round"),
        )
    ]  # fmt: skip
    return FollowUp(
        stage="screening", glass=group, number=0, inputs=tuple(inputs), parameters=parameters
    )


def run_screening(task: TaskInput) -> TaskOutput:
    """Learn from the round that ended in all glasses, and choose the next searches of each."""
    names = task.parameters["glasses"]
    blocks = _blocks(task.inputs)
    is_first = not any(block.state.counts for block in blocks)
    active = [block for block in blocks if is_first or block.state.search.batch]
    seed = int(task.seed.generate_state(1)[0])
    following: Sequence[NextRound | None] = [None] * len(active)
    trees = None
    if not is_first:
        following, trees = next_screenings(
            [block.ended(names[block.glass]) for block in active],
            screening_settings(task.parameters),
            seed,
            others=[
                searched
                for block in blocks
                if not block.state.search.batch
                for searched in block.state.screening.known
            ],
        )
    rounds = [
        _next(task.parameters, block, given) for block, given in zip(active, following, strict=True)
    ]
    kept = () if trees is None else (("trees", trees),)
    return TaskOutput(
        products=(*(("glass_round", found) for found in rounds), *kept),
        counts={"rounds": 1, **_counts(rounds)},
    )


def follow_screening(plan: Plan, task: Task, output: TaskOutput) -> list[FollowUp]:
    """The searches of a round, who reads them in each glass, and the round after it."""
    names, blocks = task.parameters["glasses"], list(_split(task.inputs))
    found = [record for kind, record in output.products if kind == "glass_round"]
    tasks: list[FollowUp] = []
    for item, state in enumerate(found):
        state_ref = Ref(chain=SELF, kind="glass_round", item=item)
        asked, blocks[state.glass] = _glass_tasks(
            plan, task, names[state.glass], state, state_ref, blocks[state.glass]
        )
        tasks += asked
    if any(state.search.batch for state in found):
        tasks.append(
            FollowUp(
                stage="screening",
                glass=task.glass,
                number=task.number + 1,
                inputs=tuple(ref for block in blocks for ref in block),
                parameters={k: v for k, v in task.parameters.items() if k != CODE_FORMAT},
            )
        )
    return tasks


def _glass_tasks(
    plan: Plan, task: Task, glass: str, state: GlassRound, state_ref: Ref, block: Sequence[Ref]
) -> tuple[list[FollowUp], list[Ref]]:
    """What a round asks for in one glass, and the block of this glass in the round after it."""
    search, library, tail = state.search, block[0].chain, block[STARTED + 1 :]
    before = tail[: len(tail) - search.settled]
    settled = search.links[len(search.links) - search.settled :]
    chains = {
        link.search: ref.chain for link, ref in zip(settled, tail[len(before) :], strict=True)
    }
    minima, met = refs_of_minima(
        library,
        search,
        [
            Ref(chain=ref.chain, kind=MET, item=item)
            for ref, (_, item) in zip(before, search.met, strict=False)
        ],
        chains,
    )
    reader = FollowUp(
        stage="pairs",
        glass=glass,
        number=task.number + 1,
        inputs=(
            Ref(chain=library, kind="structure"),
            block[0],
            state_ref,
            *met,
            *results_of(glass, search.batch),
            *(
                Ref(chain=_splitting_label(glass, asked), kind="splitting", optional=True)
                for asked in search.batch
            ),
        ),
        parameters={k: v for k, v in task.parameters.items() if k not in (CODE_FORMAT, "glasses")},
        label=f"{glass} findings",
    )
    tasks = [
        *follow_settled(plan, glass, search, chains, minima),
        *(path_search(plan, glass, asked, minima) for asked in search.batch),
        *(_splitting(plan, glass, asked) for asked in search.batch),
        reader,
    ]
    following = [*block[: STARTED - 1], state_ref]
    if search.batch:
        following += [
            Ref(chain=f"{glass} findings", kind="findings", optional=True),
            *(Ref(chain=ref.chain, kind="search", optional=True) for ref in met),
            *(
                Ref(chain=search_label(glass, asked), kind="search", optional=True)
                for asked in search.batch
            ),
        ]
    return tasks, following


def _splitting_label(glass: str, asked: Asked) -> str:
    return f"{glass} splitting {asked.number}"


def _splitting(plan: Plan, glass: str, asked: Asked) -> FollowUp:
    """The splitting of a double well that is not found yet; without one it ends without product.

    It is the same task that the double well itself will ask for.
    """
    return FollowUp(
        stage="splittings",
        glass=glass,
        number=asked.number,
        inputs=(Ref(chain=search_label(glass, asked), kind="double_well"),),
        parameters=splittings_parameters(plan),
        label=_splitting_label(glass, asked),
    )


def _split(inputs: Sequence[Ref]) -> Iterator[list[Ref]]:
    """The block of each glass; an exploration begins the next one."""
    starts = [k for k, ref in enumerate(inputs) if ref.kind == "exploration"]
    for start, end in zip(starts, [*starts[1:], len(inputs)], strict=True):
        yield list(inputs[start:end])


def _blocks(inputs: Sequence[tuple[Any, ...]]) -> list[_Block]:
    """The same with the records, without glasses that have no candidates."""
    found, k, glass = [], 0, -1
    while k < len(inputs):
        candidates, states = inputs[k + 1 : k + STARTED]
        k += STARTED
        glass += 1
        if not states:
            continue
        (state,) = states
        findings = Findings.lost(())
        if state.search.batch:
            findings = inputs[k][0] if inputs[k] else Findings.lost(state.search.batch)
            k += 1 + len(state.search.met) + len(state.search.batch)
        found.append(_Block(glass=glass, candidates=candidates[0], state=state, findings=findings))
    return found


def _next(parameters: Mapping[str, Any], block: _Block, given: NextRound | None) -> GlassRound:
    """What a glass searches next."""
    section = PairsSection(**parameters["pairs"])
    screening = block.state.screening if given is None else given.screening
    candidates = block.candidates.in_order(_at_most(screening, section))
    parts = {(p.i, p.j): p for p in (*block.state.parts, *block.findings.parts)}

    def wants(i: int, j: int, names: tuple[str, ...]) -> bool:
        return any(rule.wants_part(parts[i, j]) for rule in rules(section) if rule.name in names)

    def features(asked: Asked) -> Pair:
        return parts[asked.i, asked.j] if asked.is_part else candidates.pair(asked.place)

    found = next_round(
        block.state.search,
        candidates,
        block.findings.links,
        block.findings.met,
        least=section.batch,
        max_minima=parameters["max_intermediates"],
        wants=wants,
    )
    counts = {**found.counts, "followed_pairs": len(found.followed), "rounds": 1}
    if given is not None:
        counts |= {
            "screened_searches": given.given.searched,
            "screened_double_wells": given.given.double_wells,
            "screened_two_level_systems": given.given.two_level_systems,
        }
    return GlassRound(
        glass=block.glass,
        screening=screening,
        search=found.search,
        pairs=tuple(asked_pairs(found.search, candidates, features)),
        parts=tuple(parts.values()),
        followed=found.followed,
        given=None if given is None else given.given,
        counts=counts,
    )


def _counts(rounds: Sequence[GlassRound]) -> dict[str, int]:
    """By what the round is chosen, if screened pairs are left in any glass."""
    chosen = {found.given.rule for found in rounds if found.given is not None} - {ENDED}
    return {f"rounds_by_{rule}": 1 for rule in sorted(chosen)}


def _at_most(screening: Screening, section: PairsSection) -> NDArray[np.int64]:
    """The order without the screened pairs beyond the plan's limit, which are at its end."""
    limit = section.max_pairs if isinstance(section.max_pairs, int) else max(section.max_pairs)
    is_screened = screening.screened[screening.order]
    return screening.order[~is_screened | (np.cumsum(is_screened) <= limit)]


SCREENING = Stage(
    name="screening",
    title="rounds of screening",
    run=run_screening,
    settings={"pairs": PairsSection},
    follow=follow_screening,
    is_swift=True,
    takes=("exploration", "pair_candidates", "glass_round", "findings", "search"),
    gives={"glass_round": GlassRound, "trees": KeptTrees},
)
