"""Trees are kept by skops: they come back as they were, and nothing else comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skops.io
from made_up_pairs import THRESHOLD, made_up
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

from glasswells.core.errors import InputError
from glasswells.screening.kept_trees import keep, restore
from glasswells.screening.records import KeptTrees
from glasswells.screening.trees import learn
from glasswells.store.codec import Codec


@pytest.fixture(scope="module")
def trees(known):
    return learn(known, threshold=THRESHOLD, seed=3)[0]


@pytest.fixture(scope="module")
def kept(trees):
    return keep(trees)


def as_bytes(model):
    return np.frombuffer(skops.io.dumps(model), dtype=np.uint8)


def same_predictions(a, b, searched):
    pairs = [each.pair for each in searched]
    one, other = a.predict(pairs), b.predict(pairs)
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("double_well", "splitting", "two_level")
    )


def test_restored_trees_predict_the_same(trees, kept, unseen):
    assert same_predictions(restore(kept), trees, unseen)


def test_they_pass_through_a_campaign(trees, kept, unseen):
    codec = Codec([KeptTrees])
    saved = codec.encode(kept)
    again = codec.decode(saved.body, saved.arrays.__getitem__)
    assert same_predictions(restore(again), trees, unseen)


def test_trees_without_a_classifier(unseen):
    wells = [each for each in made_up(300, seed=5) if each.splitting is not None]
    trees, _ = learn(wells, threshold=THRESHOLD, seed=3)
    kept = keep(trees)
    assert len(kept.double_well) == 0
    assert same_predictions(restore(kept), trees, unseen)


def test_equal_trees_are_equal_bytes(known, kept):
    """skops writes addresses in memory and the time of day; neither may reach a campaign."""
    again = keep(learn(known, threshold=THRESHOLD, seed=3)[0])
    assert again.splitting.tobytes() == kept.splitting.tobytes()
    assert again.double_well.tobytes() == kept.double_well.tobytes()


def test_a_type_that_is_not_trusted_is_refused(kept):
    """A decision tree is harmless, but nothing that we keep holds its `Tree`."""
    model = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(InputError, match=r"hold sklearn\.tree\._tree\.Tree.*do not load"):
        restore(replace(kept, splitting=as_bytes(model)))


def test_another_trusted_model_is_refused(kept):
    with pytest.raises(InputError, match="HistGradientBoostingClassifier, expected a"):
        restore(replace(kept, splitting=kept.double_well))
    untrained = as_bytes([1.0, 2.0])
    with pytest.raises(InputError, match="are a list, expected"):
        restore(replace(kept, splitting=untrained))


def test_bytes_that_are_no_archive_are_refused(kept):
    with pytest.raises(InputError, match="expected an archive written by skops"):
        restore(replace(kept, splitting=np.arange(9, dtype=np.uint8)))


def test_other_versions_and_features_are_refused(kept):
    with pytest.raises(InputError, match=r"kept by scikit-learn 0\.1.*learn them again"):
        restore(replace(kept, versions=("0.1", "0.1")))
    with pytest.raises(InputError, match="ask for the features"):
        restore(replace(kept, features=("distance",)))


def test_scikit_learn_is_what_was_tried():
    """The options that make a fit repeatable exist under these names."""
    settings = HistGradientBoostingRegressor().get_params()
    assert {"early_stopping", "random_state"} <= set(settings)
