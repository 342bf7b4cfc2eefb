"""Identity of inherent structures: both thresholds count, translations and images do not."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, InherentStructure
from glasswells.landscape.library import Identity, Library, identity_scan

N = 40
BOX = np.array([5.0, 6.0, 7.0])


def configuration(seed: int = 1) -> Configuration:
    rng = np.random.default_rng(seed)
    return Configuration(positions=rng.uniform(size=(N, 3)) * BOX, diameters=np.ones(N), box=BOX)


def with_one_moved(start: Configuration, length: float) -> Configuration:
    positions = start.positions.copy()
    positions[7, 1] += length
    return start.moved_to(positions)


def test_the_same_minimum_is_found_again_across_faces_and_translations() -> None:
    library, first = Library(BOX), configuration()
    assert library.visit(first, 1.0) == 0
    shifted = first.moved_to(first.positions + np.array([4.9, -3.2, 100.1]))
    rng = np.random.default_rng(2)
    wrapped = shifted.moved_to(shifted.positions + BOX * rng.integers(-2, 3, size=(N, 3)))
    assert library.visit(wrapped, 1.0 + 0.5e-9 * N) == 0
    assert library[0].visits == 2
    assert len(library) == 1


def test_somebody_hears_of_minima_that_are_known_but_for_some_bits() -> None:
    heard = []
    library, first = Library(BOX, met_again=lambda *two: heard.append(two)), configuration()
    again, other = with_one_moved(first, 1e-6), configuration(seed=2)
    for place in (first, other, again, first):
        library.absorb(InherentStructure(index=0, configuration=place, energy=1.0))
    assert len(library) == 2
    assert heard == [(again, first)]


def test_either_threshold_alone_makes_a_new_structure() -> None:
    library, first = Library(BOX), configuration()
    library.visit(first, 1.0)
    assert library.visit(first, 1.0 + 2e-9 * N) == 1  # same place, another energy
    assert library.visit(with_one_moved(first, 0.01), 1.0) == 2  # same energy, another place
    assert [s.visits for s in library.structures] == [1, 1, 1]


def test_structures_are_listed_by_energy() -> None:
    library = Library(BOX)
    for k, energy in enumerate([3.0, 1.0, 2.0]):
        library.visit(configuration(seed=k), energy)
    assert library.between(0.5, 2.5) == [1, 2]
    assert library.between(5.0, 6.0) == []


def test_the_scan_has_a_plateau_between_noise_and_neighbors() -> None:
    rng = np.random.default_rng(3)
    library = Library(BOX, Identity(energy=1e-13, displacement=1e-9))
    for k in range(3):
        minimum = configuration(seed=10 + k)
        for _ in range(4):  # four quenches with their rounding noise
            noisy = minimum.moved_to(minimum.positions + 1e-7 * rng.normal(size=(N, 3)))
            library.visit(noisy, 1.0 + k + 1e-10 * rng.normal())
    assert len(library) == 12
    counts = identity_scan(
        library.structures, np.array([1e-13, 1e-9, 1e-7]), np.array([1e-9, 1e-3])
    )
    assert counts.tolist() == [[12, 12], [12, 3], [12, 3]]


@pytest.mark.parametrize("bad", [{"energy": 0.0}, {"displacement": -1.0}, {"energy": np.nan}])
def test_thresholds_must_be_positive(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(bad))):
        Identity(**bad)
