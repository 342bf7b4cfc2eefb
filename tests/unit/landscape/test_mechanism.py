"""Bonds made and broken: by hand, and against all pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.landscape.mechanism import BondChanges, Mechanism


def atoms(positions, box=(10.0, 10.0, 10.0)) -> Configuration:
    return Configuration(
        positions=np.array(positions, dtype=float),
        diameters=np.ones(len(positions)),
        box=np.array(box),
    )


def changes(made, broken) -> BondChanges:
    pairs = [np.array(p, dtype=np.int64).reshape(-1, 2) for p in (made, broken)]
    return BondChanges(made=pairs[0], broken=pairs[1])


@pytest.mark.parametrize(
    ("made", "broken", "expected"),
    [
        ([], [], "none"),
        ([(0, 2)], [(0, 1)], "hop"),
        ([(0, 2), (0, 3)], [(0, 1)], "hop"),
        ([(0, 2)], [(1, 3)], "other"),
        ([(0, 1)], [], "other"),
        ([(0, 1), (0, 2)], [], "other"),
        # Four atoms, each of which keeps its number of bonds
        ([(0, 2), (1, 3)], [(0, 1), (2, 3)], "exchange"),
        # The same with one bond too many
        ([(0, 2), (1, 3), (4, 5)], [(0, 1), (2, 3)], "other"),
        # Two hops at once, in two places
        ([(0, 2), (5, 7)], [(0, 1), (5, 6)], "other"),
    ],
)
def test_mechanisms_by_hand(made, broken, expected) -> None:
    found = changes(made, broken)
    assert found.mechanism == expected
    assert changes(broken, made).mechanism == expected


def test_an_atom_that_changes_sides_hops() -> None:
    # Atom 1 goes from its neighbor 0 to its neighbor 2, across the boundary of the box.
    a = atoms([[9.5, 0, 0], [0.5, 0, 0], [2.6, 0, 0]])
    b = atoms([[9.5, 0, 0], [1.6, 0, 0], [2.6, 0, 0]])
    found = gw.bond_changes(a, b, 1.5)
    assert found.made.tolist() == [[1, 2]]
    assert found.broken.tolist() == [[0, 1]]
    assert found.mechanism is Mechanism.HOP


def all_pairs(configuration: Configuration, length: float) -> set[tuple[int, int]]:
    """The definition: every pair, its nearest image."""
    bonds = set()
    positions, box = configuration.positions, configuration.box
    for i in range(len(positions)):
        for j in range(i + 1, len(positions)):
            d = positions[j] - positions[i]
            d -= box * np.rint(d / box)
            if np.sqrt(d @ d) <= length:
                bonds.add((i, j))
    return bonds


def test_silicon_against_all_pairs() -> None:
    with np.load(Path(__file__).parents[1] / "silicon_pair.npz", allow_pickle=False) as stored:
        box, ends = stored["box"], [stored["a"], stored["b"]]
    ends = [p + 7.3 * k for k, p in enumerate(ends, start=-1)]  # outside the box as well
    a, b = (Configuration(positions=p, diameters=np.ones(64), box=box) for p in ends)
    length = gw.StillingerWeber("vink-2001").bond_length
    assert 2.8 < length < 3.0
    found = gw.bond_changes(a, b, length)
    before, after = all_pairs(a, length), all_pairs(b, length)
    assert set(map(tuple, found.made.tolist())) == after - before
    assert set(map(tuple, found.broken.tolist())) == before - after
    assert len(found.made) + len(found.broken) > 0


def test_what_cannot_be_compared_says_so() -> None:
    a = atoms([[0, 0, 0], [1, 0, 0]])
    with pytest.raises(InputError, match="b has 3 particles"):
        gw.bond_changes(a, atoms([[0, 0, 0], [1, 0, 0], [2, 0, 0]]), 1.5)
    with pytest.raises(InputError, match="expected those of a, 2 in"):
        gw.bond_changes(a, atoms([[0, 0, 0], [1, 0, 0]], (9, 9, 9)), 1.5)
    with pytest.raises(InputError, match="at most half of the smallest box edge, 5"):
        gw.bond_changes(a, a, 5.1)
    with pytest.raises(InputError, match="bond_length is -1"):
        gw.bond_changes(a, a, -1)
