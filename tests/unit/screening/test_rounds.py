"""Rounds of screening: what is learned, what is promised, what was given, and when it ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_pairs import THRESHOLD, made_up

from glasswells.core.optional import require
from glasswells.screening.kept_trees import restore
from glasswells.screening.ranking import rank
from glasswells.screening.rounds import (
    EndedRound,
    Result,
    ScreeningSettings,
    next_screenings,
    start_screening,
)

SETTINGS = ScreeningSettings(threshold=THRESHOLD, exploration=0.0, least_yield=0.05, window=40)
POOL = made_up(400, seed=7, glasses=1)


def pair_of(number: int):
    return POOL[number].pair


def results(numbers, is_part=False):
    return [Result(candidate=int(k), is_part=is_part, searched=POOL[k]) for k in numbers]


def next_screening(screening, came, taken, pair_of, settings, seed, load=require):
    """The next round of a single glass."""
    ended = EndedRound(screening=screening, results=came, taken=taken, pair_of=pair_of)
    ((following,), trees) = next_screenings([ended], settings, seed, load)
    return following.screening, following.given, trees


def is_tls(number: int) -> bool:
    splitting = POOL[number].splitting
    return splitting is not None and splitting < THRESHOLD


def test_candidates_of_other_rules_come_first():
    screened = np.array([True, False, True, False])
    assert start_screening(screened).order.tolist() == [1, 3, 0, 2]


def test_a_round_by_trees_and_what_came_of_it():
    """The first 200 teach; the next 50 are those of `rank`, and give what it promises."""
    state = start_screening(np.ones(400, dtype=bool))
    state, given, trees = next_screening(state, results(range(200)), 200, pair_of, SETTINGS, seed=3)
    assert given.rule == "trees"
    assert given.searched == 200
    assert given.expected_two_level_systems is None  # nothing was foretold of the first
    assert given.two_level_systems == sum(map(is_tls, range(200)))
    assert {each.feature for each in given.importances} >= {"distance"}
    assert state.order[:200].tolist() == list(range(200))
    left = [POOL[k].pair for k in range(200, 400)]
    ranking = rank(POOL[:200], left, threshold=THRESHOLD, seed=3, exploration=0.0)
    assert state.order[200:].tolist() == [200 + k for k in ranking.order]
    best = state.order[200:250]
    again, next_given, _ = next_screening(state, results(best), 250, pair_of, SETTINGS, seed=4)
    assert next_given.expected_two_level_systems == pytest.approx(
        ranking.predictions.two_level[best - 200].sum()
    )
    assert next_given.two_level_systems == sum(map(is_tls, best))
    assert again.order[:250].tolist() == state.order[:250].tolist()
    assert sorted(again.order) == list(range(400))
    kept = restore(trees).predict(left)
    np.testing.assert_array_equal(kept.two_level, ranking.predictions.two_level)


def test_parts_of_ways_teach_and_count_but_were_not_foretold():
    state = start_screening(np.ones(400, dtype=bool))
    state, _, _ = next_screening(state, results(range(200)), 200, pair_of, SETTINGS, seed=3)
    first = int(state.order[200])
    found = [*results([first]), *results([first], is_part=True)]
    _, given, _ = next_screening(state, found, 201, pair_of, SETTINGS, seed=4)
    assert given.searched == 2
    assert given.expected_two_level_systems == pytest.approx(state.two_level[first])


def test_pairs_of_other_rules_teach_and_do_not_count():
    screened = np.arange(400) >= 200
    state = start_screening(screened)
    _, given, _ = next_screening(state, results(range(200)), 200, pair_of, SETTINGS, seed=3)
    assert (given.rule, given.searched) == ("trees", 0)


def test_candidates_of_other_rules_that_are_left_stay_first():
    state = start_screening(np.arange(400) < 300)
    taken = state.order[:50]
    state, _, _ = next_screening(state, results(taken), 50, pair_of, SETTINGS, seed=3)
    assert state.order[:100].tolist() == list(range(300, 400))


def test_it_ends_when_the_last_searches_gave_too_little():
    barren = [k for k in range(400) if not is_tls(k)]
    taken = barren[:40]
    state = start_screening(np.arange(400) != barren[-1])
    rest = [k for k in state.order if k not in taken]
    state = replace(state, order=np.array([*taken, *rest]))
    ended, given, trees = next_screening(state, results(taken), 40, pair_of, SETTINGS, seed=3)
    assert (given.rule, trees) == ("ended", None)
    assert given.reason == "0 two-level systems in the last 40 path searches"
    assert ended.order.tolist() == [*taken, barren[-1]]  # what another rule chose is followed
    fewer, given, _ = next_screening(state, results(taken[:39]), 39, pair_of, SETTINGS, seed=3)
    assert given.rule == "close"
    assert len(fewer.order) == 400


def test_it_ends_when_no_candidate_is_left():
    state = start_screening(np.ones(400, dtype=bool))
    ended, given, _ = next_screening(state, results(range(400)), 400, pair_of, SETTINGS, seed=3)
    assert given.rule == "ended"
    assert len(ended.order) == 400


def test_without_scikit_learn_the_rounds_go_by_close():
    def absent(module: str, extra: str):
        return require(f"absent_{module}", extra)

    state = start_screening(np.ones(400, dtype=bool))
    state, given, trees = next_screening(
        state, results(range(200)), 200, pair_of, SETTINGS, seed=3, load=absent
    )
    assert (given.rule, trees) == ("close", None)
    assert "glasswells[learn]" in given.reason
    assert state.order.tolist() == list(range(400))


def test_glasses_learn_together_what_none_could_learn_alone():
    """Five glasses of 60 pairs, some 35 double wells each; a sixth whose search is over."""
    glasses = [range(60 * g, 60 * g + 60) for g in range(6)]
    firsts, lasts = [g[:30] for g in glasses], [g[30:] for g in glasses]
    ended = [
        EndedRound(
            screening=start_screening(np.ones(60, dtype=bool)),
            results=[
                Result(candidate=k, is_part=False, searched=POOL[number])
                for k, number in enumerate(first)
            ],
            taken=30,
            pair_of=lambda k, glass=glass: POOL[glass[k]].pair,
        )
        for first, glass in zip(firsts[:5], glasses[:5], strict=True)
    ]
    others = [POOL[number] for number in glasses[5]]
    following, trees = next_screenings(ended, SETTINGS, seed=3, others=others)
    assert trees is not None
    assert {each.given.rule for each in following} == {"trees"}
    known = [POOL[number] for first in firsts[:5] for number in first] + others
    together = [POOL[number].pair for last in lasts[:5] for number in last]
    ranking = rank(known, together, threshold=THRESHOLD, seed=3, exploration=0.0)
    promise = ranking.predictions.two_level.reshape(5, 30)
    for each, expected in zip(following, promise, strict=True):
        np.testing.assert_array_equal(each.screening.two_level[30:], expected)
        best_first = 30 + np.argsort(-expected, kind="stable")
        np.testing.assert_array_equal(each.screening.order[30:], best_first)
    ((alone,), no_trees) = next_screenings(ended[:1], SETTINGS, seed=3)
    assert (alone.given.rule, no_trees) == ("close", None)
