"""Overlaps of a double well with the modes of its minimum A, against the dense spectrum."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from small_wells import (
    MODEL,
    CountedStiffness,
    SmallWell,
    contractions_of_one_search,
    mobility,
)

from glasswells.core.errors import ConvergenceError, InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, MaxOverlap
from glasswells.model.pair_model import Interactions
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import Stiffness, normal_modes
from glasswells.vibrations import minimum as minimum_room
from glasswells.vibrations import well as room
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.records import (
    DIRECTIONS,
    SEEDS,
    MinimumVibrations,
    WellVibrations,
)
from glasswells.vibrations.well import well_vibrations

COUNT = 40
# Mode vectors are good to eps times the largest eigenvalue, 300, over the gaps, 1e-3.
OVERLAP_ERROR = 1e-8


def of_two(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """c and a of two fields (paper, eqs. 7 and 8)."""
    c = abs(np.vdot(first, second)) / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(c), float(mobility(first) @ mobility(second))


@pytest.fixture(scope="module")
def minimum(small: SmallWell) -> MinimumVibrations:
    # At this limit there is a localized mode that is not the softest: three different seeds.
    found = minimum_vibrations(MODEL, small.a, COUNT, participation_limit=0.2)
    assert found.quasilocalized[0] > 4
    return found


@pytest.fixture(scope="module")
def found(small: SmallWell, minimum: MinimumVibrations) -> WellVibrations:
    return well_vibrations(MODEL, small.well, minimum, number=2)


def test_largest_overlaps_are_those_of_the_dense_spectrum(
    small: SmallWell, found: WellVibrations
) -> None:
    assert found.double_well == 2
    assert found.failures == ()
    assert [item.direction for item in found.directions] == list(DIRECTIONS)
    for item in found.directions:
        c = small.overlaps(getattr(small.well, item.direction))
        best = int(c.argmax())
        assert item.certified
        assert item.mode == best + 1
        assert item.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR)
        assert np.delete(c, best).max() <= item.bound + OVERLAP_ERROR
        assert item.frequency == pytest.approx(np.sqrt(small.eigenvalues[best]), abs=1e-9)
        assert item.participation_ratio == pytest.approx(
            small.participation_ratios[best], abs=OVERLAP_ERROR
        )
        a = small.mobilities(getattr(small.well, item.direction))[best]
        assert item.mobility == pytest.approx(a, abs=OVERLAP_ERROR)
        assert 0 <= item.overlap <= item.mobility <= 1
    best = found.directions[-1].mode - 1
    assert abs(np.vdot(found.linear_field, small.modes[best])) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("n_soft", [4, 5, COUNT])
@pytest.mark.parametrize("n_modes", [COUNT, None])
def test_the_largest_mobility_is_over_as_many_modes_whether_all_are_known_or_not(
    small: SmallWell, minimum: MinimumVibrations, n_soft: int, n_modes: int | None
) -> None:
    modes = normal_modes(MODEL, small.a, n_modes)
    found = well_vibrations(MODEL, small.well, minimum, count=n_soft, modes=modes)
    expected = small.mobilities(small.well.displacement_ab)
    best = 3 + int(expected[3:n_soft].argmax())
    assert found.mobility_modes == n_soft
    assert found.largest_mobility_mode == best + 1
    assert found.largest_mobility == pytest.approx(expected[best], abs=OVERLAP_ERROR)
    if n_modes is not None:
        assert np.isnan(found.largest_mobility_all)
        assert found.largest_mobility_all_mode == 0
    else:
        best_of_all = 3 + int(expected[3:].argmax())
        assert best_of_all >= 5  # else the short ranges would hold it too
        assert found.largest_mobility_all_mode == best_of_all + 1
        assert found.largest_mobility_all == pytest.approx(expected[best_of_all], abs=OVERLAP_ERROR)


def test_without_modes_at_hand_as_many_as_the_minimum_has(
    small: SmallWell, found: WellVibrations
) -> None:
    expected = small.mobilities(small.well.displacement_ab)
    assert found.mobility_modes == COUNT  # fewer than 60, the default
    assert found.largest_mobility == pytest.approx(expected[3:COUNT].max(), abs=OVERLAP_ERROR)
    assert np.isnan(found.largest_mobility_all)
    full = well_vibrations(MODEL, small.well, minimum_vibrations(MODEL, small.a, None))
    assert full.mobility_modes == 60
    assert full.largest_mobility == pytest.approx(expected[3:60].max(), abs=OVERLAP_ERROR)
    assert full.largest_mobility_all == pytest.approx(expected[3:].max(), abs=OVERLAP_ERROR)


def test_a_range_without_a_mode_is_refused(small: SmallWell, minimum: MinimumVibrations) -> None:
    with pytest.raises(InputError, match="count"):
        well_vibrations(MODEL, small.well, minimum, count=3)


def test_seeds_and_their_cubic_modes_are_compared_with_r_ab(
    small: SmallWell, minimum: MinimumVibrations, found: WellVibrations
) -> None:
    r_ab = small.well.displacement_ab
    assert [item.seed for item in found.seeds] == list(SEEDS)
    own = found.seeded("displacement_ab")
    assert own is not None
    assert own.outcome is Outcome.CONVERGED
    assert (own.seed_overlap, own.seed_mobility) == pytest.approx((1, 1))
    assert own.overlap == pytest.approx(of_two(found.cubic_field, r_ab)[0])
    assert own.mobility == pytest.approx(of_two(found.cubic_field, r_ab)[1])
    assert own.overlap_with_start == pytest.approx(own.overlap)
    for known, start in zip(
        minimum.cubic_modes, (minimum.softest_localized, minimum.softest), strict=True
    ):
        item = found.seeded(known.seed)
        assert item is not None
        expected = (*of_two(start, r_ab), *of_two(known.mode.field, r_ab))
        given = (item.seed_overlap, item.seed_mobility, item.overlap, item.mobility)
        assert given == pytest.approx(expected)
        assert (item.stiffness, item.cubic) == (known.mode.stiffness, known.mode.cubic)
        assert item.profile is known.profile
    for item in found.seeds:
        assert item.barrier == pytest.approx(2 / 3 * item.stiffness**3 / item.cubic**2)
        assert 0 <= item.overlap <= item.mobility <= 1
        assert item.profile is not None
        assert item.is_double_well == (len(item.profile.minima) > 1)


class CountedSpheres(SoftSpheres):
    """They count the interactions made of them."""

    made: ClassVar[list[Configuration]] = []

    def interactions(self, configuration: Configuration) -> Interactions:
        self.made.append(configuration)
        return super().interactions(configuration)


def test_one_stiffness_and_one_search_do(small: SmallWell, minimum: MinimumVibrations) -> None:
    counted, spheres = CountedStiffness(CountedSpheres(), small.a), CountedSpheres()
    spheres.made.clear()
    well_vibrations(spheres, small.well, minimum, stiffness=counted)
    with_stiffness = len(spheres.made)
    well_vibrations(spheres, small.well, minimum)
    assert len(spheres.made) == 2 * with_stiffness + 1
    r_ab = small.well.displacement_ab
    assert counted.contractions == contractions_of_one_search(small.a, r_ab)


def test_a_direction_that_fails_is_recorded_and_the_others_are_kept(
    small: SmallWell,
    minimum: MinimumVibrations,
    found: WellVibrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = room.max_overlap

    def broken(model, configuration, field, **settings):
        if field is small.well.displacement_ab:
            raise ConvergenceError("not this one")
        return search(model, configuration, field, **settings)

    monkeypatch.setattr(room, "max_overlap", broken)
    other = well_vibrations(MODEL, small.well, minimum)
    (failure,) = other.failures
    assert "displacement_ab" in failure
    assert "not this one" in failure
    lost = other.directions[-1]
    assert (lost.mode, lost.certified, lost.bound) == (0, False, 1.0)
    assert np.isnan([lost.overlap, lost.frequency, lost.mobility]).all()
    assert other.linear_field.shape == (0, 3)
    kept = [item.overlap for item in other.directions[:-1]]
    assert kept == [item.overlap for item in found.directions[:-1]]
    assert np.array_equal(other.cubic_field, found.cubic_field)


def test_bounds_without_a_mode_are_kept_as_such(
    small: SmallWell, minimum: MinimumVibrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = MaxOverlap(
        overlap=0.4,
        mode=0,
        frequency=np.nan,
        field=np.zeros_like(small.a.positions),
        certified=False,
        bound=0.6,
        steps=7,
        method="lanczos",
    )
    monkeypatch.setattr(room, "max_overlap", lambda *a, **k: unknown)
    found = well_vibrations(MODEL, small.well, minimum)
    for item in found.directions:
        assert (item.overlap, item.bound, item.mode, item.certified) == (0.4, 0.6, 0, False)
        assert np.isnan([item.frequency, item.participation_ratio, item.mobility]).all()
    assert found.linear_field.shape == (0, 3)


def test_everything_may_fail_at_once(
    small: SmallWell, minimum: MinimumVibrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(room, "max_overlap", broken)
    monkeypatch.setattr(room, "normal_modes", broken)
    monkeypatch.setattr(minimum_room, "cubic_mode", broken)
    found = well_vibrations(MODEL, small.well, minimum)
    assert len(found.failures) == 5
    assert np.isnan(found.largest_mobility)
    assert (found.largest_mobility_mode, found.mobility_modes) == (0, 0)
    assert np.isnan(found.largest_mobility_all)
    assert found.seeded("displacement_ab") is None
    assert found.seeded("softest") is not None
    assert found.cubic_field.shape == (0, 3)


def test_modes_of_another_glass_are_refused(small: SmallWell, minimum: MinimumVibrations) -> None:
    small_minimum = MinimumVibrations(
        frequencies=minimum.frequencies,
        participation_ratios=minimum.participation_ratios,
        complete=False,
        quasilocalized=(),
        softest=minimum.softest[:-1].copy(),
        softest_localized=np.empty((0, 3)),
    )
    with pytest.raises(InputError, match="124"):
        well_vibrations(MODEL, small.well, small_minimum)
    with pytest.raises(InputError, match="another configuration"):
        well_vibrations(MODEL, small.well, minimum, stiffness=Stiffness(MODEL, small.well.saddle))
