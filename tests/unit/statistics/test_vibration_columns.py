import numpy as np
import pytest
from synthetic_wells import splitting, summary

from glasswells.core.outcomes import Outcome
from glasswells.core.records import FieldProfile
from glasswells.statistics import collect_minima, collect_vibrations
from glasswells.vibrations.records import (
    DirectionOverlap,
    MinimumVibrations,
    SeededMode,
    TangentStudy,
    WellVibrations,
)

NOWHERE = np.empty((0, 3))


def direction(name, overlap, *, certified=True, bound=0.2, mode=5):
    return DirectionOverlap(
        direction=name, overlap=overlap, mode=mode, frequency=1.2, participation_ratio=0.04,
        certified=certified, bound=bound, mobility=0.5,
    )  # fmt: skip


def seeded(name, outcome=Outcome.CONVERGED, *, is_double_well=False):
    s = np.linspace(-1.0, 1.0, 3)
    profile = FieldProfile(
        distance=s, energy=s**2, minima=np.zeros(1), maxima=np.empty(0),
        reached=("extent", "extent"),
    )  # fmt: skip
    return SeededMode(
        seed=name, seed_overlap=0.3, seed_mobility=0.4, overlap=0.6, mobility=0.7, stiffness=1.0,
        cubic=-1.0, barrier=0.5, overlap_with_start=0.9, iterations=7, method="damped",
        outcome=outcome, profile=profile if outcome.converged else None,
        is_double_well=is_double_well,
    )  # fmt: skip


def vibrations(directions, seeds, **further):
    return WellVibrations(
        double_well=0, directions=tuple(directions), largest_mobility=0.8, largest_mobility_mode=7,
        mobility_modes=60, seeds=tuple(seeds), linear_field=NOWHERE, cubic_field=NOWHERE, **further,
    )  # fmt: skip


def well(number, **further):
    return summary([0], [[0.1, 0, 0]], number=number, **further)


def test_columns_say_what_the_records_say():
    first = vibrations(
        [direction("tangent_a", 0.9), direction("displacement_as", 0.5, certified=False, bound=0.7),
         direction("displacement_ab", 0.4, certified=False, bound=0.1, mode=0)],
        [seeded("displacement_ab", is_double_well=True), seeded("softest", Outcome.CYCLE)],
    )  # fmt: skip
    second = vibrations([direction("tangent_a", 0.8)], [])
    found = collect_vibrations(
        [(well(3, splittings=[splitting(1e-4, flags=("single_well",))]), first),
         (well(5, splittings=[splitting(1e-9, flags=("unresolved",))]), second)]
    )  # fmt: skip
    assert len(found) == 2
    np.testing.assert_array_equal(found.wells, [3, 5])
    np.testing.assert_array_equal(found.splittings["argon"], [1e-4, np.nan])
    np.testing.assert_array_equal(found.single_wells["argon"], [1, 0])
    tangent, to_b = found.directions["tangent_a"], found.directions["displacement_ab"]
    np.testing.assert_array_equal(tangent.overlap, [0.9, 0.8])
    np.testing.assert_array_equal(tangent.ceiling, [0.9, 0.8])
    np.testing.assert_array_equal(found.directions["displacement_as"].ceiling, [0.7, np.nan])
    np.testing.assert_array_equal(found.directions["displacement_as"].certified, [0, np.nan])
    np.testing.assert_array_equal(to_b.ceiling, [0.4, np.nan])  # never below the overlap itself
    np.testing.assert_array_equal(to_b.mode, [np.nan, np.nan])
    known, softest = found.seeds["displacement_ab"], found.seeds["softest"]
    np.testing.assert_array_equal(known.overlap, [0.6, np.nan])
    np.testing.assert_array_equal(known.is_double_well, [1, np.nan])
    np.testing.assert_array_equal(softest.seed_overlap, [0.3, np.nan])
    np.testing.assert_array_equal(softest.overlap, [np.nan, np.nan])  # its search did not converge
    np.testing.assert_array_equal(softest.present, [True, False])
    np.testing.assert_array_equal(softest.found, [False, False])
    assert softest.outcomes == {"cycle": 1}
    assert softest.methods == {}
    assert known.methods == {"damped": 1}
    assert not found.seeds["softest_localized"].present.any()


def test_no_double_wells_give_empty_columns():
    found = collect_vibrations([])
    assert len(found) == 0
    assert len(found.directions["tangent_a"].overlap) == 0
    assert len(collect_minima([])) == 0


def test_tangents_are_the_largest_overlap_by_distance():
    overlaps = np.zeros((3, 6))
    overlaps[0, 3], overlaps[1, 4], overlaps[2, 3] = 0.5, 0.6, 0.9
    overlaps[:, 0] = 1.0  # translations do not count
    study = TangentStudy(
        frequencies=np.arange(6.0), participation_ratios=np.full(6, 0.5),
        distances=np.array([0.1, 1e-4, 0.01]), overlaps=overlaps, curvatures=np.ones(3),
        images=(40,), image_distances=np.array([0.02]), image_overlaps=overlaps[:1],
        image_curvatures=np.ones(1), image_forces=np.ones(1),
    )  # fmt: skip
    found = collect_vibrations([(well(4), vibrations([], [], tangents=study))])
    (tangent,) = found.tangents
    assert tangent.well == 4
    np.testing.assert_array_equal(tangent.distances, [1e-4, 0.01, 0.1])
    np.testing.assert_array_equal(tangent.overlaps, [0.6, 0.9, 0.5])
    np.testing.assert_array_equal(tangent.modes, [5, 4, 4])
    np.testing.assert_array_equal(tangent.image_overlaps, [0.5])


@pytest.mark.parametrize(("localized", "lowest"), [((5, 7), 1.5), ((), np.nan)])
def test_minima_by_their_modes(localized, lowest):
    omega = np.array([0, 0, 0, 1.0, 1.5, 2.0, 2.5])
    one = MinimumVibrations(
        frequencies=omega, participation_ratios=np.full(7, 0.3), complete=False,
        quasilocalized=localized, softest=np.ones((2, 3)), softest_localized=NOWHERE,
    )  # fmt: skip
    found = collect_minima(iter([one]))
    np.testing.assert_array_equal(found.modes, [7])
    np.testing.assert_array_equal(found.complete, [0])
    np.testing.assert_array_equal(found.quasilocalized, [len(localized)])
    np.testing.assert_array_equal(found.softest, [1.0])
    np.testing.assert_array_equal(found.softest_localized, [lowest])
