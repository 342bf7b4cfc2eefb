"""Moves between configurations that may be one: against the general displacement."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.geometry import displacement
from glasswells.core.records import Configuration, LateConfiguration
from glasswells.landscape.known_places import KnownPlaces
from glasswells.landscape.moves import moves_between
from glasswells.landscape.recognition import are_apart

BOX = np.array([4.0, 5.0, 6.0])
N, LIMIT = 40, 0.004


@pytest.fixture
def known() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 1, (N, 3)) * BOX


@pytest.mark.parametrize("drift", [0.0, 0.3, 2.0, 2.9, -17.0])
def test_near_moves_are_the_displacement(known: np.ndarray, drift: float) -> None:
    """Whatever the translation between them, and in whatever images the particles are."""
    rng = np.random.default_rng(2)
    small = rng.uniform(-1, 1, (N, 3)) * LIMIT / 2
    images = BOX * rng.integers(-2, 3, (N, 3))
    other = known + small + drift * np.array([1.0, 0.9, -1.0]) + images
    moved = np.empty((N, 3))
    largest2 = moves_between(known, other, BOX, LIMIT, moved)
    expected = displacement(known, other, BOX)
    assert np.abs(moved - expected).max() < 1e-12
    assert largest2 == pytest.approx((expected**2).sum(axis=1).max(), rel=1e-9)
    assert not are_apart(known, other, BOX, LIMIT)


@pytest.mark.parametrize("particle", [0, 1, N - 1])
@pytest.mark.parametrize("by", [1.2 * LIMIT, 3 * LIMIT, 1.0])
def test_one_far_particle_is_enough(known: np.ndarray, particle: int, by: float) -> None:
    other = known.copy()
    other[particle, 1] += by
    expected = np.linalg.norm(displacement(known, other, BOX), axis=1).max()
    assert expected > LIMIT
    assert are_apart(known, other, BOX, LIMIT)


def test_bad_numbers_are_apart(known: np.ndarray) -> None:
    for particle in (0, 7):
        other = known.copy()
        other[particle, 2] = np.nan
        assert are_apart(known, other, BOX, LIMIT)


def test_a_few_particles_tell_most_far_places_and_no_near_one(known: np.ndarray) -> None:
    """A place that has to be read is read once, however often others are compared with it."""
    reads = 0

    def read(source: str) -> Configuration:
        nonlocal reads
        reads += 1
        return Configuration(positions=known, diameters=np.ones(N), box=BOX)

    late = LateConfiguration("", {"positions": known.shape}, read)
    places, rng = KnownPlaces(), np.random.default_rng(3)
    told = apart = 0
    for scale in np.geomspace(0.1 * LIMIT, 30 * LIMIT, 300):
        other = known + rng.normal(size=(N, 3)) * scale + rng.normal(size=3)
        is_far = places.is_far(late, other, BOX, LIMIT)
        stops = np.isinf(moves_between(known, other, BOX, LIMIT, np.empty((N, 3))))
        assert stops or not is_far
        told, apart = told + is_far, apart + stops
    assert 0.9 * apart < told < 280
    one = known.copy()
    one[N // 2 + 1, 0] += 1.0  # no particle that is looked at
    assert are_apart(known, one, BOX, LIMIT)
    assert not places.is_far(late, one, BOX, LIMIT)
    assert np.array_equal(places.positions(late), known)
    assert reads == 1
    assert not places.is_far(late.at_hand(), other, BOX, LIMIT)  # nothing is saved by it
