"""At least 50 double wells of an equilibrated glass: fast route, full band, chains of minima."""

from __future__ import annotations

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.records import DoubleWell, PathChain
from glasswells.paths import find_double_well, find_double_wells

pytestmark = pytest.mark.physics
MODEL = gw.SoftSpheres()
WELLS = 50


@pytest.fixture(scope="module")
def chains() -> list[PathChain]:
    """Of linked pairs, until they hold enough double wells."""
    glass = gw.glass(0.092, 0).configuration
    explored = gw.explore(MODEL, glass, 0.04, quenches=300, interval=40, seed=1)
    found: list[PathChain] = []
    wells: set[float] = set()
    for pair in gw.linked_pairs(explored.structures, explored.transitions, min_transitions=1):
        a, b = (explored.structures[k].configuration for k in (pair.i, pair.j))
        found.append(find_double_wells(MODEL, a, b))
        wells |= {round(w.barrier, 8) for w in found[-1].links if isinstance(w, DoubleWell)}
        if len(wells) >= WELLS:
            break
    return found


@pytest.fixture(scope="module")
def wells(chains: list[PathChain]) -> list[DoubleWell]:
    by_barrier = {
        round(w.barrier, 8): w for c in chains for w in c.links if isinstance(w, DoubleWell)
    }
    assert len(by_barrier) >= WELLS
    return list(by_barrier.values())


def test_most_links_of_the_chains_are_double_wells(chains: list[PathChain]) -> None:
    links = [link for chain in chains for link in chain.links]
    fraction = np.mean([isinstance(link, DoubleWell) for link in links])
    assert fraction > 0.8


def test_fast_route_finds_nearly_all(wells: list[DoubleWell]) -> None:
    assert np.mean([w.route == "fast" for w in wells]) >= 0.95


def test_full_band_and_fast_route_agree(wells: list[DoubleWell]) -> None:
    """Saddle energies to 1e-8 wherever the full band finds a single saddle between the two."""
    differences = []
    for well in wells:
        full = find_double_well(MODEL, well.minimum_a, well.minimum_b, method="band")
        if isinstance(full, DoubleWell):
            differences.append(abs(full.barrier - well.barrier))
    assert len(differences) >= 0.9 * len(wells)
    # Two minima may be joined by more than one saddle; a band and a Newton search need not
    # choose the same one then.
    assert np.mean(np.array(differences) < 1e-8) >= 0.95


def test_forward_and_backward_barriers_agree(wells: list[DoubleWell]) -> None:
    for well in wells:
        back = find_double_well(MODEL, well.minimum_b, well.minimum_a)
        assert isinstance(back, DoubleWell)
        assert back.barrier == pytest.approx(well.barrier - well.asymmetry, abs=1e-9)
        assert back.path_length == pytest.approx(well.path_length, rel=1e-9)
