"""The rule `screened` in the rounds of a glass: each round learns from those before it.

A round that screens waits for the splittings of its double wells, not only for their paths. The
inputs of the round after it end with these splittings, the screening and the pairs asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.landscape.candidates import Candidates
from glasswells.landscape.close import Close
from glasswells.landscape.search import PairSearch
from glasswells.plan.pairs import PairsSection, ScreenedSection
from glasswells.plan.plan import Plan
from glasswells.screening.records import Searched
from glasswells.screening.rounds import (
    Result,
    Screening,
    ScreeningSettings,
    next_screening,
    start_screening,
)
from glasswells.stages.splittings import (
    WellSplitting,
    splittings_parameters,
    unit_system,
)
from glasswells.store.tasks import SELF, FollowUp, Ref, TaskInput

SCREENED = "screened"
"""Name of the rule."""
THIS_GLASS = "this glass"
"""A glass learns from its own searches: its rounds wait for no other glass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenedPairs:
    """What screening adds to a round."""

    candidates: Candidates
    """In the order in which they are followed."""
    products: tuple[tuple[str, Any], ...]
    counts: dict[str, int]


def screens(section: PairsSection) -> bool:
    """Whether a plan has the rule."""
    return SCREENED in section.rules


def wide_rule(section: ScreenedSection) -> Close:
    """The pairs among which the trees choose, in the order of `close`."""
    return Close(
        max_energy_difference=section.max_energy_difference,
        min_distance=section.min_distance,
        max_distance=section.max_distance,
        name=SCREENED,
    )


def screened_units(plan: Plan) -> str:
    """Name of the unit set whose two-level systems are looked for."""
    return plan.pairs.screened.units or plan.splittings.units[0]


def tail_length(search: PairSearch) -> int:
    """How many inputs of the round after this search are for screening, at the end."""
    return len(search.batch) + 2


def follow_screening(
    plan: Plan, glass: str, search: PairSearch
) -> tuple[list[FollowUp], tuple[Ref, ...]]:
    """The splittings of a round, asked for beforehand, and the last inputs of the next one.

    They are the same tasks that double wells ask for. Those of searches that find none end without
    a product.
    """
    tasks, refs = [], []
    for asked in search.batch:
        label = f"splitting {asked.number}"
        tasks.append(
            FollowUp(
                stage="splittings",
                glass=glass,
                number=asked.number,
                inputs=(Ref(chain=f"search {asked.number}", kind="double_well"),),
                parameters=splittings_parameters(plan),
                label=label,
            )
        )
        refs.append(Ref(chain=label, kind="splitting", optional=True))
    return tasks, (*refs, Ref(chain=SELF, kind="screening"), Ref(chain=SELF, kind="pair"))


def screen_pairs(
    task: TaskInput,
    section: PairsSection,
    candidates: Candidates,
    search: PairSearch,
    *,
    is_first: bool,
) -> ScreenedPairs:
    """Learn from the round that ended, and order the candidates for the next one."""
    only = np.array([set(candidates.rules_of(k)) == {SCREENED} for k in range(len(candidates))])
    if is_first:
        screening = start_screening(only.astype(np.bool_))
        products: tuple[tuple[str, Any], ...] = (("screening", screening),)
        counts: dict[str, int] = {}
    else:
        (before,) = task.inputs[-2]
        settings = _settings(task, section)
        screening, given, trees = next_screening(
            before,
            _results(task, section, search, before, settings.threshold),
            search.taken,
            candidates.pair,
            settings,
            seed=int(task.seed.generate_state(1)[0]),
        )
        kept = () if trees is None else (("trees", trees),)
        products = (("screening", screening), ("screening_round", given), *kept)
        counts = {
            "screened_searches": given.searched,
            "screened_double_wells": given.double_wells,
            "screened_two_level_systems": given.two_level_systems,
        }
        if given.rule != "ended":
            counts[f"rounds_by_{given.rule}"] = 1
    order = _at_most(screening, section)
    return ScreenedPairs(candidates=candidates.in_order(order), products=products, counts=counts)


def _results(
    task: TaskInput,
    section: PairsSection,
    search: PairSearch,
    before: Screening,
    threshold: float,
) -> list[Result]:
    """What came of each search of the round that ended."""
    units, n = section.screened.units, len(search.batch)
    splittings: Sequence[Sequence[WellSplitting]] = task.inputs[-2 - n : -2]
    return [
        Result(
            candidate=int(before.order[asked.place]),
            is_part=asked.is_part,
            searched=Searched(
                glass=THIS_GLASS, pair=pair, splitting=_splitting(found, units, threshold)
            ),
        )
        for asked, pair, found in zip(search.batch, task.inputs[-1], splittings, strict=True)
    ]


def _splitting(found: Sequence[WellSplitting], units: str, threshold: float) -> float | None:
    """E of the double well; None if E alone would make it a two-level system, which it is not."""
    for well in found:
        solved = well.splitting
        if solved.units == units:
            is_usable = solved.is_two_level or solved.splitting >= threshold
            return solved.splitting if is_usable else None
    return None


def _settings(task: TaskInput, section: PairsSection) -> ScreeningSettings:
    units = section.screened.units
    own = task.parameters["splittings"]["units"][units]
    return ScreeningSettings(
        threshold=unit_system(units, own).tls_threshold,
        exploration=section.screened.exploration,
        least_yield=section.screened.least_yield,
        window=section.screened.window,
    )


def _at_most(screening: Screening, section: PairsSection) -> NDArray[np.int64]:
    """The order without the screened pairs beyond the plan's limit, which are at its end."""
    limit = section.max_pairs if isinstance(section.max_pairs, int) else max(section.max_pairs)
    is_screened = screening.screened[screening.order]
    return screening.order[~is_screened | (np.cumsum(is_screened) <= limit)]
