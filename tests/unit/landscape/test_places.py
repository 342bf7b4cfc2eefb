"""Places of minima on a grid: how far off, and that a descent from there finds the minimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rough_glasses import rough_glass

from glasswells.core.geometry import displacement, to_multiples
from glasswells.core.records import InherentStructure
from glasswells.landscape.explore import continue_exploration, explore, start_exploration
from glasswells.landscape.library import Identity, Library
from glasswells.landscape.pairs import pair_distance
from glasswells.landscape.places import (
    LOOSEST,
    PLACE,
    UNITS,
    kept_place,
    settled,
    unit_of,
    unit_within,
)
from glasswells.landscape.recognition import Recognition, Recognizer
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.minimization import MinimizerSettings, minimize
from glasswells.model.functions import energy, forces
from glasswells.model.soft_spheres import SoftSpheres

MODEL = SoftSpheres()
TIGHT = MinimizerSettings()


@pytest.fixture(scope="module")
def minimum() -> InherentStructure:
    found = minimize(MODEL, rough_glass())
    return InherentStructure(index=0, configuration=found.configuration, energy=found.energy)


def kept(minimum: InherentStructure) -> InherentStructure:
    interactions = MODEL.interactions(minimum.configuration)
    return replace(minimum, configuration=kept_place(interactions, minimum.configuration, 1e-10))


def test_a_place_is_off_by_half_a_unit_at_most(minimum: InherentStructure) -> None:
    place = kept(minimum)
    off = np.abs(place.configuration.positions - minimum.configuration.positions)
    assert PLACE / 10 < off.max() <= PLACE / 2
    assert unit_of(place.configuration) == PLACE
    assert unit_of(minimum.configuration) == 0
    again = kept(place)
    assert np.array_equal(again.configuration.positions, place.configuration.positions)


def test_a_descent_from_the_place_finds_the_minimum(minimum: InherentStructure) -> None:
    place = kept(minimum)
    assert np.abs(forces(MODEL, place.configuration)).max() > 1e-5
    found = settled(MODEL, place, TIGHT)
    assert found is not None
    assert found.energy == minimum.energy, "the energy is kept in full"
    assert np.abs(forces(MODEL, found.configuration)).max() <= TIGHT.max_force
    a, b = minimum.configuration, found.configuration
    moved = displacement(a.positions, b.positions, a.box)  # rounding leaves a drift of 1e-7
    np.testing.assert_allclose(moved, 0.0, atol=1e-8)
    again = settled(MODEL, place, TIGHT)
    assert again is not None
    assert np.array_equal(again.configuration.positions, found.configuration.positions)


def test_a_minimum_off_the_grid_stays_as_it_is(minimum: InherentStructure) -> None:
    assert settled(MODEL, minimum, TIGHT) is minimum


def test_a_minimum_of_another_energy_is_none(minimum: InherentStructure) -> None:
    assert settled(MODEL, replace(kept(minimum), energy=minimum.energy + 1e-3), TIGHT) is None


def test_what_is_no_sum_over_pairs_is_kept_in_full(minimum: InherentStructure) -> None:
    class Other:
        """Some other energy."""

    found = kept_place(Other(), minimum.configuration, 1e-10)  # type: ignore[arg-type]
    assert found is minimum.configuration


def test_places_of_older_stores_are_places_too(minimum: InherentStructure) -> None:
    fine = to_multiples(minimum.configuration.positions, 2.0**-16)
    older = replace(minimum, configuration=minimum.configuration.moved_to(fine))
    assert unit_of(older.configuration) == 2.0**-16
    found = settled(MODEL, older, TIGHT)
    assert found is not None
    assert np.abs(forces(MODEL, found.configuration)).max() <= TIGHT.max_force


@pytest.mark.parametrize(
    ("displacement", "unit"), [(1e-3, PLACE), (8e-4, 2.0**-16), (5e-5, 0.0), (np.inf, PLACE)]
)
def test_places_are_as_fine_as_the_identity_of_minima_needs(
    minimum: InherentStructure, displacement: float, unit: float
) -> None:
    assert unit_within(displacement) == unit
    interactions = MODEL.interactions(minimum.configuration)
    place = kept_place(interactions, minimum.configuration, 1e-10, unit)
    assert unit_of(place) == unit
    assert (place is minimum.configuration) == (unit == 0)
    assert unit in (*UNITS, 0.0)


def test_two_roundings_of_a_minimum_are_one_structure(minimum: InherentStructure) -> None:
    """Wherever the common translation puts it on the grid."""
    start, known = minimum.configuration, kept(minimum).configuration
    library = Library(start.box)
    library.visit(known, minimum.energy)
    apart = []
    for shift in np.random.default_rng(3).uniform(0, PLACE, (20, 3)):
        moved = start.moved_to(to_multiples(start.positions + shift, PLACE))
        assert library.visit(moved, minimum.energy) == 0
        apart.append(library.largest_displacement(0, moved.positions))
    assert PLACE / 2 < max(apart) < np.sqrt(3) * PLACE < 0.5 * Identity().displacement


def test_distances_of_places_are_a_little_long(minimum: InherentStructure) -> None:
    """As 3N errors of u^2/12 at either end: N u^2/2 on the square of the distance."""
    start = minimum.configuration
    generator = np.random.default_rng(4)
    excess = []
    for _ in range(30):
        end = start.moved_to(start.positions + generator.normal(0, 0.01, start.positions.shape))
        places = [start.moved_to(to_multiples(x.positions, PLACE)) for x in (start, end)]
        excess.append(pair_distance(*places, None) ** 2 - pair_distance(start, end, None) ** 2)
    expected = start.n_particles * PLACE**2 / 2
    assert np.mean(excess) == pytest.approx(expected, abs=4 * np.std(excess) / np.sqrt(30))


def test_a_minimum_at_a_place_is_recognized_where_the_energy_is_harmonic_only(
    minimum: InherentStructure,
) -> None:
    """What the rounding of places allows stays below the height itself."""
    start, place = minimum.configuration, kept(minimum)
    library = Library.from_structures(start.box, Identity(), [place])
    recognizer = Recognizer(library, start.box, Recognition(), unit=PLACE)
    generator = np.random.default_rng(5)
    for _ in range(20):
        field = generator.normal(size=start.positions.shape)
        moved = start.moved_to(start.positions + 0.0005 * field / np.abs(field).max())
        height = energy(MODEL, moved) - minimum.energy
        f = forces(MODEL, moved)
        assert recognizer(moved.positions, minimum.energy + height, f, 1)
        assert np.abs(f).max() > 0.01
        for wrong in (0.7, 1.5):
            assert not recognizer(moved.positions, minimum.energy + wrong * height, f, 1)


def test_loose_minima_are_kept_in_full(minimum: InherentStructure) -> None:
    """A descent from a place, where forces are some 1e-3, would end there at once."""
    interactions = MODEL.interactions(minimum.configuration)
    assert kept_place(interactions, minimum.configuration, 1e-3) is minimum.configuration
    found = settled(MODEL, kept(minimum), MinimizerSettings(max_force=5e-3))
    assert found is not None
    assert np.abs(forces(MODEL, found.configuration)).max() <= LOOSEST


def test_multiples_have_one_zero() -> None:
    found = to_multiples(np.array([[-1e-9, 0.3, -0.3]]), 0.25)
    assert found.tolist() == [[0.0, 0.25, -0.25]]
    assert not np.signbit(found[0, 0])


def test_trajectories_keep_places_and_an_exploration_gives_minima() -> None:
    glass = rough_glass()
    settings = ExplorationSettings(temperature=0.06, interval=40, keep_places=True)
    start = start_exploration(MODEL, glass, settings, seed=8)
    state = continue_exploration(MODEL, start, settings, 6)
    assert all(unit_of(s.configuration) == PLACE for s in state.structures)
    found = explore(MODEL, glass, 0.06, 6, 40, seed=8)
    for structure in found.structures:
        assert np.abs(forces(MODEL, structure.configuration)).max() <= 1e-10
