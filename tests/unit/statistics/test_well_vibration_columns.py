import numpy as np
from synthetic_wells import splitting, summary

from glasswells.core.outcomes import Outcome
from glasswells.core.records import FieldProfile
from glasswells.statistics import collect_well_vibrations, mobility_range
from glasswells.vibrations.records import (
    DirectionOverlap,
    SeededMode,
    TangentStudy,
    WellVibrations,
)
from synthetic_vibrations import columns, tangent_columns

NO_FIELD = np.empty((0, 3))


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
        mobility_modes=60, seeds=tuple(seeds), linear_field=NO_FIELD, cubic_field=NO_FIELD,
        **further,
    )  # fmt: skip


def well(number, *, core=(0,), field=((0.1, 0, 0),), **further):
    return summary(core, field, number=number, **further)


def test_columns_say_what_the_records_say():
    first = vibrations(
        [direction("tangent_a", 0.9), direction("displacement_as", 0.5, certified=False, bound=0.7),
         direction("displacement_ab", 0.4, certified=False, bound=0.1, mode=0)],
        [seeded("displacement_ab", is_double_well=True), seeded("softest", Outcome.CYCLE)],
    )  # fmt: skip
    second = vibrations([direction("tangent_a", 0.8)], [])
    found = collect_well_vibrations(
        [(well(3, splittings=[splitting(1e-4, flags=("single_well",))]), first),
         (well(5, splittings=[splitting(1e-9, flags=("unresolved",))]), second)]
    )  # fmt: skip
    assert len(found) == 2
    np.testing.assert_array_equal(found.wells, [3, 5])
    np.testing.assert_array_equal(found.splittings["argon"], [1e-4, np.nan])
    np.testing.assert_array_equal(found.asymmetries["argon"], [8e-5, np.nan])
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
    assert softest.outcomes == ("cycle", "")
    assert softest.methods == ("", "")
    assert known.methods == ("damped", "")
    assert not found.seeds["softest_localized"].present.any()


def test_a_core_met_again_is_one_kind():
    """Three backgrounds of one core, the second met from the other end, and another core."""
    core = [0.1, 0, 0]
    pairs = [
        (well(2), vibrations([direction("tangent_a", 0.9)], [seeded("softest")])),
        (well(3, barrier=0.09, asymmetry=-0.01, field=[[-0.1, 0, 0]]), vibrations([], [])),
        (well(4, field=[core], core=[8]), vibrations([direction("tangent_a", 0.7)], [])),
        (well(6, barrier=0.101), vibrations([direction("tangent_a", 0.8)], [])),
    ]
    found = collect_well_vibrations(pairs)
    np.testing.assert_array_equal(found.repeats, [2, 2, 4, 2])
    distinct = found.distinct()
    np.testing.assert_array_equal(distinct.wells, [2, 4])
    np.testing.assert_array_equal(distinct.directions["tangent_a"].overlap, [0.9, 0.7])
    assert distinct.seeds["softest"].outcomes == ("converged", "")
    np.testing.assert_array_equal(distinct.seeds["softest"].found, [True, False])
    np.testing.assert_array_equal(distinct.distinct().wells, distinct.wells)


def test_distinct_columns_hold_the_rows_of_the_first_of_each_kind():
    """Each column, whatever it is called, against picking rows by hand."""
    rng = np.random.default_rng(5)
    studies = tuple(tangent_columns(k, [0.9 - k / 100, 0.5]) for k in (1, 3, 4))
    made = columns(
        5, directions=rng.random((3, 5)), reached=rng.random(5), splitting=rng.random(5),
        asymmetry=rng.random(5), mobility=rng.random(5), participation=rng.random(5),
        mobility_all=rng.random(5), repeats=[0, 0, 2, 0, 2], tangents=studies,
    )  # fmt: skip
    found = made.distinct()
    rows = [0, 2]
    for name in ("wells", "frequency", "participation_number", "largest_mobility",
                 "mobility_modes", "largest_mobility_all", "repeats"):  # fmt: skip
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name)[rows])
    np.testing.assert_array_equal(found.splittings["argon"], made.splittings["argon"][rows])
    np.testing.assert_array_equal(found.asymmetries["argon"], made.asymmetries["argon"][rows])
    np.testing.assert_array_equal(found.single_wells["argon"], made.single_wells["argon"][rows])
    for group in ("directions", "seeds"):
        for name, columns_ in getattr(found, group).items():
            before = getattr(made, group)[name]
            np.testing.assert_array_equal(columns_.overlap, before.overlap[rows])
            np.testing.assert_array_equal(columns_.mobility, before.mobility[rows])
    # 0 and 2 were not studied, but a copy of each was: the first of those stands for it.
    assert [t.well for t in found.tangents] == [1, 4]


def test_the_first_of_each_kind_is_the_first_of_those_chosen():
    studies = tuple(tangent_columns(k, [0.9, 0.5]) for k in (0, 3, 4))
    made = columns(5, repeats=[0, 0, 2, 0, 2], tangents=studies)
    found = made.where(np.array([False, True, False, True, True]))
    np.testing.assert_array_equal(found.wells, [1, 3, 4])
    np.testing.assert_array_equal(found.repeats, [0, 0, 2])
    assert [t.well for t in found.tangents] == [3, 4]
    np.testing.assert_array_equal(found.distinct().wells, [1, 4])
    assert [t.well for t in found.distinct().tangents] == [3, 4]


def test_the_largest_mobility_is_compared_over_equally_many_modes():
    first = columns(3, mobility=[0.2, 0.3, 0.4], mobility_modes=[450, 60, 60])
    second = columns(2, mobility_modes=[0, 60])
    assert mobility_range([first, second]) == 60
    np.testing.assert_array_equal(first.mobility_over(60), [np.nan, 0.3, 0.4])
    assert mobility_range([columns(2, mobility_modes=[450, 60])]) == 60  # the smaller of two
    assert mobility_range([columns(2, mobility_modes=0)]) == mobility_range([]) == 0


def test_no_double_wells_give_empty_columns():
    found = collect_well_vibrations([])
    assert len(found) == 0
    assert len(found.directions["tangent_a"].overlap) == 0
    assert len(found.distinct()) == 0


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
    found = collect_well_vibrations([(well(4), vibrations([], [], tangents=study))])
    (tangent,) = found.tangents
    assert tangent.well == 4
    np.testing.assert_array_equal(tangent.distances, [1e-4, 0.01, 0.1])
    np.testing.assert_array_equal(tangent.overlaps, [0.6, 0.9, 0.5])
    np.testing.assert_array_equal(tangent.modes, [5, 4, 4])
    np.testing.assert_array_equal(tangent.image_overlaps, [0.5])
