"""The study of a path's direction at A against the tangents and the dense spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from small_wells import MODEL, SmallWell

from glasswells.core.errors import ConvergenceError, InputError
from glasswells.core.records import NormalModes
from glasswells.modes import normal_modes
from glasswells.paths.tangents import band_tangent, tangents
from glasswells.vibrations import tangents as room
from glasswells.vibrations.tangents import tangent_study

COUNT = 30
RHOS = (1.0, 0.05, 1e-3)
IMAGES = (8, 16)
# Mode vectors are good to eps times the largest eigenvalue, 300, over the gaps, 1e-3.
OVERLAP_ERROR = 1e-8


@pytest.fixture(scope="module")
def modes(small: SmallWell) -> NormalModes:
    return normal_modes(MODEL, small.a, COUNT)


def test_overlaps_are_those_of_the_tangents(small: SmallWell, modes: NormalModes) -> None:
    found = tangent_study(MODEL, small.well, modes, rhos=RHOS, images=IMAGES)
    assert found.failures == ()
    # 1.0 lies beyond the saddle.
    assert np.linalg.norm(small.well.displacement_as) < 1.0
    assert list(found.distances) == list(RHOS[1:])
    exact = tangents(MODEL, small.well, RHOS[1:])
    for k, direction in enumerate(exact.directions):
        expected = small.overlaps(direction)[3:COUNT]
        assert found.overlaps[k, 3:] == pytest.approx(expected, abs=OVERLAP_ERROR)
    assert np.array_equal(found.curvatures, exact.curvatures)
    assert found.images == IMAGES
    for k, n in enumerate(IMAGES):
        tangent, band = band_tangent(MODEL, small.well, images=n, band_iterations=500)
        expected = small.overlaps(tangent.directions[0])[3:COUNT]
        assert found.image_overlaps[k, 3:] == pytest.approx(expected, abs=OVERLAP_ERROR)
        assert found.image_distances[k] == tangent.distances[0]
        assert found.image_curvatures[k] == tangent.curvatures[0]
        assert found.image_forces[k] == band.max_force <= 1e-4
    assert np.array_equal(found.frequencies, modes.frequencies)
    assert found.overlaps[:, :3] == pytest.approx(0, abs=1e-12)  # the drift is removed


def test_a_band_that_breaks_off_is_recorded(
    small: SmallWell, modes: NormalModes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*values, images, **settings):
        if images == IMAGES[0]:
            raise ConvergenceError("torn")
        return band_tangent(*values, images=images, **settings)

    monkeypatch.setattr(room, "band_tangent", broken)
    found = tangent_study(MODEL, small.well, modes, rhos=RHOS, images=IMAGES)
    assert found.images == IMAGES[1:]
    assert found.image_overlaps.shape == (1, COUNT)
    (failure,) = found.failures
    assert "band of 8 images" in failure
    assert "torn" in failure


def test_without_bands_the_shapes_stay(small: SmallWell, modes: NormalModes) -> None:
    found = tangent_study(MODEL, small.well, modes, rhos=RHOS, images=())
    assert found.images == ()
    assert found.image_overlaps.shape == (0, COUNT)
    assert found.image_forces.shape == (0,)
    assert found.overlaps.shape == (2, COUNT)


def test_a_band_that_runs_out_of_iterations_says_so_by_its_force(
    small: SmallWell, modes: NormalModes
) -> None:
    found = tangent_study(
        MODEL, small.well, modes, rhos=RHOS, images=IMAGES, band_force=1e-9, band_iterations=3
    )
    assert (found.image_forces > 1e-9).all()
    assert found.failures == ()


def test_bad_settings(small: SmallWell, modes: NormalModes) -> None:
    with pytest.raises(InputError, match="distances"):
        tangent_study(MODEL, small.well, modes, rhos=(2.0,))
    with pytest.raises(InputError, match="images is 4"):
        tangent_study(MODEL, small.well, modes, rhos=RHOS, images=(4,))
    fewer = normal_modes(MODEL, small.a, 4)
    other = NormalModes(
        frequencies=fewer.frequencies,
        fields=fewer.fields[:, :-1].copy(),
        participation_ratios=fewer.participation_ratios,
        n_translations=3,
        complete=False,
    )
    with pytest.raises(InputError, match="124 particles"):
        tangent_study(MODEL, small.well, other)
