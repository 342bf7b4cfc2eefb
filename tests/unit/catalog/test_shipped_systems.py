"""The shipped two-level systems: what they are, and that they are found again from their minima."""

from __future__ import annotations

import numpy as np
import pytest

import glasswells as gw
from glasswells.statistics import active_under
from glasswells.tunneling import UNIT_SETS


def test_each_row_is_the_record_of_its_number_and_of_its_key() -> None:
    table = gw.two_level_systems()
    assert len(table) == 22
    for k in range(len(table)):
        found = gw.two_level_system(k)
        assert found.key == table["key"][k] == gw.two_level_system(found.key).key
        assert found.glass == table["glass"][k]
        assert found.double_well.barrier == table["barrier_a"][k]
        splitting = found.splittings["argon-published"].splitting
        assert splitting == table["splitting_argon_published"][k]


def test_all_are_two_level_systems_under_some_convention_and_distinct() -> None:
    table = gw.two_level_systems()
    assert len(set(table["key"])) == len(table)
    assert list(table["repeats"]) == list(table["number"])
    published = 0
    for k in range(len(table)):
        splittings = gw.two_level_system(k).splittings
        active = {
            name: any(active_under(s, UNIT_SETS[name.lower()].tls_threshold).values())
            for name, s in splittings.items()
        }
        assert any(active.values())
        published += active["argon-published"]
    assert published == 18  # the representative of one more core is one under argon alone


def test_minima_are_those_of_the_shipped_glasses_particles() -> None:
    found = gw.two_level_system(0)
    glass = gw.glass(0.07, int(found.glass.rpartition("-")[2]))
    for configuration in (found.minimum_a, found.saddle, found.minimum_b):
        assert np.array_equal(configuration.diameters, glass.diameters)
        assert np.array_equal(configuration.box, glass.box)
        assert np.abs(gw.forces(gw.SoftSpheres(), configuration)).max() < 1e-10
    assert found.profile.energy[0] == 0.0
    assert dict(found.provenance)["plan"] == "examples/two_level.toml"


@pytest.mark.parametrize("k", [0, 13, 18])
def test_entries_are_solved_again_from_their_minima_alone(k: int) -> None:
    stored = gw.two_level_system(k)
    well = gw.find_double_well(gw.SoftSpheres(), stored.minimum_a, stored.minimum_b)
    assert isinstance(well, gw.DoubleWell)
    assert well.barrier == pytest.approx(stored.double_well.barrier, abs=1e-10)
    assert well.asymmetry == pytest.approx(stored.double_well.asymmetry, abs=1e-10)
    for units in (gw.ARGON_PUBLISHED, gw.ARGON, gw.NIP):
        known = stored.splittings[units.name]
        solved = gw.solve_splitting(well.profile, units)
        # Paths agree to 1e-9 of the scale of the levels, of which E may be a small difference.
        tolerance = known.error + solved.error + 1e-7 * known.levels[0]
        assert solved.splitting == pytest.approx(known.splitting, abs=tolerance)
        assert solved.is_two_level == known.is_two_level


@pytest.mark.parametrize("k", [22, -1, "nothing", 1.5, True])
def test_what_is_not_there_is_named(k: object) -> None:
    with pytest.raises(gw.InputError, match="from 0 to 21"):
        gw.two_level_system(k)  # type: ignore[arg-type]
