"""Energy along a line, and whether it shows a double well."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.core.records import FieldProfile
from glasswells.model.functions import energy
from glasswells.modes import energy_along, is_double_well


class Quartic:
    """V = (x_0 - x_1)^4 - 2 (x_0 - x_1)^2 + tilt (x_0 - x_1): a double well in one distance."""

    def __init__(self, tilt=0.0, hole=np.inf):
        self.tilt, self.hole = tilt, hole

    def interactions(self, configuration):
        model = self

        class Plain:
            @staticmethod
            def energy_and_forces(positions):
                q = positions[0, 0] - positions[1, 0]
                if q > model.hole:
                    return np.inf, np.zeros_like(positions)
                return q**4 - 2 * q**2 + model.tilt * q, np.zeros_like(positions)

        return Plain()


def quartic_configuration(q, glass):
    positions = glass.configuration.positions.copy()
    positions[0] = 1.0 + q, 0, 0
    positions[1] = 1.0, 0, 0
    return glass.configuration.moved_to(positions)


def relative_motion():
    field = np.zeros((216, 3))
    field[0, 0], field[1, 0] = 1, -1
    return field


def test_energies_are_those_of_the_moved_configurations(glass):
    z = glass.displacements[0]
    profile = energy_along(glass.model, glass.configuration, z, extent=0.3, points=31)
    unit = z / np.linalg.norm(z)
    base = energy(glass.model, glass.configuration)
    for k in (0, 7, 15, 22, 30):
        moved = glass.configuration.moved_to(
            glass.configuration.positions + profile.distance[k] * unit
        )
        expected = energy(glass.model, moved) - base
        assert profile.energy[k] == pytest.approx(expected, abs=1e-11)
    assert profile.distance[15] == 0
    assert profile.energy[15] == 0
    assert profile.distance[[0, -1]] == pytest.approx([-0.3, 0.3], rel=1e-12)


def test_a_double_well_is_seen_and_its_extrema_are_found(glass):
    # In q = q_0 + sqrt(2) s from the minimum at q = 1: maximum at q = 0, minimum at q = -1.
    profile = energy_along(
        Quartic(), quartic_configuration(1.0, glass), relative_motion(), extent=2.2
    )
    assert is_double_well(profile)
    # A parabola through points 0.011 apart misplaces the extrema by about its square.
    np.testing.assert_allclose(profile.minima, [-np.sqrt(2), 0], atol=2e-4)
    np.testing.assert_allclose(profile.maxima, [-np.sqrt(0.5)], atol=2e-4)


def test_a_strong_tilt_leaves_a_single_well(glass):
    # V' = 4 q^3 - 4 q + tilt has one root beyond tilt = 8 / sqrt(27) = 1.54.
    for tilt, expected in ((1.4, True), (1.7, False)):
        profile = energy_along(
            Quartic(tilt), quartic_configuration(-1.1, glass), relative_motion(), points=2001
        )
        assert is_double_well(profile) is expected


def test_each_side_ends_at_the_ceiling_the_extent_or_the_overlap(glass):
    configuration = quartic_configuration(1.0, glass)
    profile = energy_along(
        Quartic(hole=1.5), configuration, relative_motion(), extent=1.8, ceiling=3.0
    )
    assert profile.reached == ("extent", "overlap")
    assert profile.distance[0] == pytest.approx(-1.8)
    assert np.isfinite(profile.energy).all()
    low = energy_along(Quartic(), configuration, relative_motion(), extent=5.0, ceiling=0.5)
    assert low.reached == ("ceiling", "ceiling")
    assert (low.energy[[0, -1]] > 0.5).all()
    assert (low.energy[1:-1] <= 0.5).all()


def test_a_glass_in_a_random_direction_is_no_double_well(glass):
    z = np.random.default_rng(0).standard_normal((216, 3))
    profile = energy_along(glass.model, glass.configuration, z)
    assert isinstance(profile, FieldProfile)
    assert not is_double_well(profile)
    assert profile.minima == pytest.approx([0], abs=1e-3)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"extent": 0.0}, "extent"),
        ({"points": 4}, "points"),
        ({"ceiling": -1.0}, "ceiling"),
        ({"field": np.zeros((216, 3))}, "zero everywhere"),
        ({"field": np.zeros((215, 3))}, "shape"),
    ],
)
def test_bad_input_is_one_clear_error(glass, options, text):
    arguments = {"field": glass.displacements[0], **options}
    with pytest.raises(InputError, match=text):
        energy_along(glass.model, glass.configuration, **arguments)
