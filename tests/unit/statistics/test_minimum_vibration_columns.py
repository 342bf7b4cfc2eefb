import numpy as np

from glasswells.statistics import collect_minimum_vibrations, common_complete_below
from glasswells.vibrations.records import MinimumVibrations


def minimum(omega, *, localized=(), complete=False):
    omega = np.array([0.0, 0.0, 0.0, *omega])
    return MinimumVibrations(
        frequencies=omega, participation_ratios=np.full(len(omega), 0.3), complete=complete,
        quasilocalized=localized, softest=np.ones((2, 3)), softest_localized=np.empty((0, 3)),
    )  # fmt: skip


def test_columns_say_what_the_records_say():
    found = collect_minimum_vibrations(iter([minimum([1.0, 1.5, 2.0, 2.5], localized=(5, 7))]))
    np.testing.assert_array_equal(found.modes, [7])
    np.testing.assert_array_equal(found.complete, [0])
    np.testing.assert_array_equal(found.complete_below, [2.5])
    np.testing.assert_array_equal(found.softest, [1.0])
    np.testing.assert_array_equal(found.localized[0], [1.5, 2.5])


def test_numbers_of_modes_are_compared_where_all_are_known():
    """Three minima with the same two localized modes; of one only the first is known."""
    every = [1.0, 1.2, 1.4, 1.6]
    glasses = [
        collect_minimum_vibrations([minimum([*every, 9.0], localized=(4, 7), complete=True)]),
        collect_minimum_vibrations([
            minimum(np.multiply(every, 1.01), localized=(4, 7)),
            minimum([0.9, 1.3, 1.5], localized=(4,)),
        ]),
    ]  # fmt: skip
    complete_below = common_complete_below(glasses)
    assert complete_below == 1.5
    counts = [list(g.quasilocalized_below(complete_below)) for g in glasses]
    assert counts == [[1], [1, 1]]
    assert list(glasses[0].quasilocalized_below(np.inf)) == [2]
    assert common_complete_below(glasses[:1]) == np.inf  # a full spectrum leaves nothing out
    # A mode at the limit itself is the last known of one minimum: it must not count there alone.
    last = collect_minimum_vibrations([minimum([1.0, 1.5], localized=(5,))])
    assert list(last.quasilocalized_below(common_complete_below([last]))) == [0]


def test_a_minimum_with_some_modes_and_a_full_spectrum_is_one():
    rng = np.random.default_rng(1)
    full = np.sort(rng.uniform(1, 9, 40))
    other = full.copy()
    other[2] += 1e-4  # equal to it but for one mode: another minimum
    few = full[:30] * (1 + 1e-9 * rng.normal(size=30))  # as another solver finds them
    records = [minimum(few, localized=(4,)), minimum(other[:30]),
               minimum(full, localized=(4, 5), complete=True)]  # fmt: skip
    for order in ([0, 1, 2], [2, 1, 0], [2, 0, 1]):
        found = collect_minimum_vibrations(records[k] for k in order)
        assert sorted(found.modes) == [33, 43]
        assert found.complete.sum() == 1
        assert sorted(found.quasilocalized_below(np.inf)) == [0, 2]


def test_minima_of_which_no_mode_is_known_are_not_taken_for_one():
    found = collect_minimum_vibrations([minimum([]), minimum([])])
    assert len(found) == 2
    assert np.isnan(found.softest).all()
    assert len(collect_minimum_vibrations([])) == 0
    assert common_complete_below([collect_minimum_vibrations([])]) == np.inf
