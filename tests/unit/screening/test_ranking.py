"""Ranking: what the trees find, that they say how sure they are, and what serves without them."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from made_up_pairs import THRESHOLD, made_up

from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.screening.features import FEATURES, static_features
from glasswells.screening.ranking import rank
from glasswells.screening.trees import LEAST_DOUBLE_WELLS, learn


def is_tls(searched):
    return searched.splitting is not None and searched.splitting < THRESHOLD


def pairs_of(searched):
    return [each.pair for each in searched]


def without_scikit_learn(module: str, extra: str):
    """What `require` gives where the module is not installed."""
    return require(f"absent_{module}", extra)


@pytest.fixture(scope="module")
def ranking(known, unseen):
    return rank(known, pairs_of(unseen), threshold=THRESHOLD, seed=3, exploration=0.0)


def bits(value):
    """All that a record holds, arrays as bytes."""
    if dataclasses.is_dataclass(value):
        return [bits(getattr(value, f.name)) for f in dataclasses.fields(value)]
    return value.tobytes() if isinstance(value, np.ndarray) else value


def test_the_same_seed_gives_the_same_bits(known, unseen, ranking):
    again = rank(known, pairs_of(unseen), threshold=THRESHOLD, seed=3, exploration=0.0)
    assert bits(again) == bits(ranking)
    other = rank(known, pairs_of(unseen), threshold=THRESHOLD, seed=4, exploration=0.0)
    assert bits(other) != bits(ranking)  # the folds of permutations


def test_the_trees_find_more_than_a_blind_choice(unseen, ranking):
    best = sum(is_tls(unseen[k]) for k in ranking.order[:100])
    fraction = sum(map(is_tls, unseen)) / len(unseen)
    assert fraction < 0.1
    assert best > 3 * 100 * fraction


def test_probabilities_are_those_of_what_is_found(unseen, ranking):
    """Sums agree within three standard deviations and a twentieth of the pairs.

    In all, and in the upper and the lower half: a calibration of two parameters cannot follow the
    step of the true probability more closely.
    """
    expected = ranking.predictions
    for name, seen in (
        ("two_level", np.array([is_tls(each) for each in unseen])),
        ("double_well", np.array([each.splitting is not None for each in unseen])),
    ):
        chance = getattr(expected, name)
        order = np.argsort(chance, kind="stable")
        for rows in (order, order[: len(order) // 2], order[len(order) // 2 :]):
            error = np.sqrt((chance[rows] * (1 - chance[rows])).sum())
            assert abs(seen[rows].sum() - chance[rows].sum()) < 3 * error + len(rows) / 20, name


def test_splittings_are_foretold(unseen, ranking):
    rows = [k for k, each in enumerate(unseen) if each.splitting is not None]
    true = np.log10([unseen[k].splitting for k in rows])
    wrong = np.log10(ranking.predictions.splitting[rows]) - true
    assert wrong.std() < 0.6 * true.std()  # the noise alone is 0.15


def test_importance_names_what_the_truth_depends_on(ranking):
    worth = {each.feature: each for each in ranking.importances}
    assert set(worth) == set(FEATURES)
    assert max(FEATURES, key=lambda f: worth[f].double_well) == "participation_number"
    best = sorted(FEATURES, key=lambda f: worth[f].splitting)[-2:]
    assert set(best) == {"abs_energy_difference", "distance"}


def test_exchanging_the_minima_changes_nothing(unseen):
    pairs = pairs_of(unseen)[:20]
    exchanged = [
        replace(
            p,
            i=p.j,
            j=p.i,
            energy_difference=-p.energy_difference,
            forward_count=p.backward_count,
            backward_count=p.forward_count,
        )
        for p in pairs
    ]
    np.testing.assert_array_equal(static_features(pairs), static_features(exchanged))


def test_one_place_in_ten_follows_the_rule(known, unseen):
    ranking = rank(known[:300], pairs_of(unseen), threshold=THRESHOLD, seed=3, exploration=0.1)
    assert sorted(ranking.order) == list(range(len(unseen)))
    assert ranking.order[9] == ranking.explored[0]
    assert ranking.explored[0] == min(set(range(len(unseen))) - set(ranking.order[:9]))
    assert len(ranking.explored) == len(unseen) // 10


@pytest.mark.parametrize("exploration", [0.0, 1.0])
def test_the_ends_of_exploration(known, unseen, exploration):
    few = pairs_of(unseen)[:30]
    ranking = rank(known[:300], few, threshold=THRESHOLD, seed=3, exploration=exploration)
    by_score = sorted(range(30), key=lambda k: -ranking.predictions.two_level[k])
    assert list(ranking.order) == (list(range(30)) if exploration else by_score)


def test_without_scikit_learn_the_rule_serves_and_says_so(known, unseen):
    ranking = rank(known, pairs_of(unseen), threshold=THRESHOLD, seed=3, load=without_scikit_learn)
    assert ranking.order == tuple(range(len(unseen)))
    assert (ranking.rule, ranking.predictions) == ("close", None)
    assert "pip install 'glasswells[learn]'" in ranking.reason
    with pytest.raises(InputError, match=r"not installed.*glasswells\[learn\]"):
        learn(known, threshold=THRESHOLD, seed=3, load=without_scikit_learn)


def test_with_too_few_double_wells_the_rule_serves_and_names_the_number(known, unseen):
    wells = [each for each in known if each.splitting is not None]
    few = wells[: LEAST_DOUBLE_WELLS - 1]
    ranking = rank(few, pairs_of(unseen), threshold=THRESHOLD, seed=3)
    assert ranking.rule == "close"
    assert "99 double wells are known, expected at least 100" in ranking.reason
    with pytest.raises(InputError, match="99 double wells"):
        learn(few, threshold=THRESHOLD, seed=3)


def test_double_wells_alone_and_one_glass_alone_are_enough(unseen):
    wells = [each for each in made_up(300, seed=5, glasses=1) if each.splitting is not None]
    trees, _ = learn(wells, threshold=THRESHOLD, seed=3)
    chance = (len(wells) + 1) / (len(wells) + 2)
    np.testing.assert_allclose(trees.predict(pairs_of(unseen)).double_well, chance)


def test_no_two_level_system_is_known_yet(known, unseen):
    """The trees still order by E; what they promise is little, but not nothing."""
    larger = [e for e in known if not is_tls(e)]
    ranking = rank(larger, pairs_of(unseen), threshold=THRESHOLD, seed=3, exploration=0.0)
    found = sum(is_tls(unseen[k]) for k in ranking.order[:100])
    assert found > 3 * 100 * sum(map(is_tls, unseen)) / len(unseen)
    assert 0 < ranking.predictions.two_level.sum() < 2 * sum(map(is_tls, unseen))


def test_no_candidates(known):
    ranking = rank(known, [], threshold=THRESHOLD, seed=3)
    assert ranking.order == ()
    trees, _ = learn(known, threshold=THRESHOLD, seed=3)
    assert len(trees.predict([]).two_level) == 0


def test_pairs_unlike_the_candidates_teach_nothing(known, unseen):
    """Double wells that differ in energy by far more than any candidate, as most linked pairs."""
    candidates = pairs_of(unseen)
    apart = [
        replace(each, pair=replace(each.pair, energy_difference=0.5), splitting=0.5)
        for each in known
    ]
    with_them = rank([*known[:300], *apart], candidates, threshold=THRESHOLD, seed=3)
    assert bits(with_them) == bits(rank(known[:300], candidates, threshold=THRESHOLD, seed=3))


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 0.0), ("threshold", float("nan")), ("seed", -1), ("exploration", 1.5)],
)
def test_bad_input(known, unseen, name, value):
    given = {"threshold": THRESHOLD, "seed": 3, "exploration": 0.1, name: value}
    with pytest.raises(InputError, match=name):
        rank(known, pairs_of(unseen), **given)


def test_a_splitting_is_positive(unseen):
    with pytest.raises(InputError, match="splitting"):
        replace(unseen[0], splitting=0.0)
