"""The rule `screened` in a round of a campaign: from path searches to the order of what is left."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from made_up_pairs import THRESHOLD, made_up

from glasswells.core.splittings import TunnelSplitting
from glasswells.landscape.candidates import Candidates, ChosenPair
from glasswells.landscape.links import DOUBLE_WELL, Link
from glasswells.landscape.search import Asked, PairSearch
from glasswells.plan.file import parse_plan
from glasswells.screening.glass_rounds import Findings, GlassRound
from glasswells.screening.ranking import rank
from glasswells.screening.rounds import start_screening
from glasswells.stages.pairs import pairs_parameters
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.screened import screening_settings, usable_splitting
from glasswells.stages.screening import run_screening
from glasswells.stages.splittings import WellSplitting
from glasswells.store.tasks import TaskInput, canonical

POOL = made_up(400, seed=7, glasses=1)
SEARCHED = 200
PLAN = """
[pairs]
rules = ["screened"]
max_pairs = {max_pairs}
[pairs.screened]
exploration = 0.0
"""


def splitting_of(splitting: float, units: str, *, is_two_level: bool) -> WellSplitting:
    solved = TunnelSplitting(
        levels=np.arange(4.0),
        splitting=splitting,
        error=0.0,
        spread=0.0,
        by_continuation={},
        asymmetry=0.0,
        tunneling_amplitude=splitting,
        continuation="walls",
        units=units,
        reduced_hbar=0.02,
        is_two_level=is_two_level,
    )
    return WellSplitting(double_well=0, splitting=solved)


def splittings() -> list[tuple[WellSplitting, ...]]:
    """Of each search: those of another unit set, which must not matter, and of the wanted one."""
    return [
        ()
        if each.splitting is None
        else (
            splitting_of(1.0, "argon", is_two_level=False),
            splitting_of(
                each.splitting, "argon-published", is_two_level=each.splitting < THRESHOLD
            ),
        )
        for each in POOL[:SEARCHED]
    ]


def candidates() -> Candidates:
    pairs = [each.pair for each in POOL]
    n = len(pairs)
    features = [
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
        rules=("screened",),
        minima=np.array([(p.i, p.j) for p in pairs]),
        features=np.array(features),
        counts=np.array([(p.forward_count, p.backward_count) for p in pairs]),
        chosen=np.ones((n, 1), dtype=bool),
    )


def second_round(found: list[tuple[WellSplitting, ...]], max_pairs: int = 1000):
    """Screening after a first round that has searched the first half of the candidates."""
    plan = parse_plan(PLAN.format(max_pairs=max_pairs))
    given = {**pairs_parameters(plan, 0), "glasses": ["t0p07-0"]}
    # As a task gets them from the store, which sorts keys: the plan's order of unit sets is lost.
    parameters = json.loads(canonical(given))
    units = parameters["pairs"]["screened"]["units"]
    threshold = screening_settings(parameters).threshold
    pairs = tuple(ChosenPair.of(each.pair, ("screened",)) for each in POOL[:SEARCHED])
    batch = tuple(
        Asked(i=p.i, j=p.j, number=k, place=k, is_part=False) for k, p in enumerate(pairs)
    )
    state = GlassRound(
        glass=0,
        screening=start_screening(np.ones(len(POOL), dtype=bool)),
        search=PairSearch(explored=2 * len(POOL), taken=SEARCHED, batch=batch),
        pairs=pairs,
        counts={"rounds": 1},
    )
    findings = Findings(
        links=tuple(
            Link(i=a.i, j=a.j, outcome=DOUBLE_WELL, search=a.number, place=a.place) for a in batch
        ),
        met=(),
        parts=(),
        splittings=tuple(usable_splitting(wells, units, threshold) for wells in found),
    )
    searches = ((),) * SEARCHED
    task = TaskInput(
        inputs=(("exploration",), (candidates(),), (state,), (findings,), *searches),
        state=None,
        parameters=parameters,
        seed=np.random.SeedSequence(5),
    )
    made = run_screening(task)
    return SimpleNamespace(**dict(made.products)).glass_round, made


def orders(state: GlassRound) -> list[int]:
    return state.screening.order.tolist()


def test_the_next_round_follows_what_the_trees_rank() -> None:
    state, made = second_round(splittings())
    left = [each.pair for each in POOL[SEARCHED:]]
    seed = int(np.random.SeedSequence(5).generate_state(1)[0])
    ranking = rank(POOL[:SEARCHED], left, threshold=THRESHOLD, seed=seed, exploration=0.0)
    expected = [*range(SEARCHED), *(SEARCHED + k for k in ranking.order)]
    assert ranking.rule == state.given.rule == "trees"
    assert orders(state) == expected
    # The round asks for the first of them, and says what they are.
    asked = [POOL[k].pair for k in expected[SEARCHED : SEARCHED + len(state.search.batch)]]
    assert [(a.i, a.j) for a in state.search.batch] == [(p.i, p.j) for p in asked]
    assert [p.distance for p in state.pairs] == [p.distance for p in asked]
    assert made.counts["rounds_by_trees"] == 1
    found = [s for each in POOL[:SEARCHED] if (s := each.splitting) is not None]
    assert state.counts["screened_double_wells"] == len(found)
    assert state.counts["screened_two_level_systems"] == sum(s < THRESHOLD for s in found)


def test_what_a_round_keeps_passes_through_the_store() -> None:
    _, made = second_round(splittings())
    assert {kind for kind, _ in made.products} == {"glass_round", "trees"}
    for _, record in made.products:
        saved = PIPELINE.codec.encode(record)
        again = PIPELINE.codec.decode(saved.body, saved.arrays.__getitem__)
        assert PIPELINE.codec.encode(again).digest == saved.digest
    _, twice = second_round(splittings())
    for (_, one), (_, other) in zip(made.products, twice.products, strict=True):
        assert PIPELINE.codec.encode(one).digest == PIPELINE.codec.encode(other).digest


def test_the_limit_of_pairs_is_one_of_searches_not_of_candidates() -> None:
    few, _ = second_round(splittings(), max_pairs=210)
    many, _ = second_round(splittings())
    assert orders(few) == orders(many)
    assert few.search.taken == 210
    assert len(few.search.batch) == 10 < len(many.search.batch)


def test_a_small_splitting_that_is_no_two_level_system_is_not_learned() -> None:
    """A single well in disguise, or unresolved, with E below the threshold."""
    disguised = (splitting_of(THRESHOLD / 2, "argon-published", is_two_level=False),)
    state, _ = second_round([disguised] * SEARCHED)
    assert all(each.splitting is None for each in state.screening.known)
    assert state.counts["screened_two_level_systems"] == 0
    assert state.given.rule == "ended"
    assert state.search.batch == ()


def test_the_unit_set_must_be_solved() -> None:
    text = PLAN.format(max_pairs=9) + 'units = "nip-published"\n'
    with pytest.raises(ValueError, match=r"pairs\.screened\.units is 'nip-published', expected"):
        parse_plan(text)
