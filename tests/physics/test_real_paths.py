"""At least 50 double wells of an equilibrated glass: fast route, full band, chains of minima."""

from __future__ import annotations

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.core.records import Configuration, DoubleWell, PathChain
from glasswells.paths import find_double_well, find_double_wells

pytestmark = pytest.mark.physics
MODEL = gw.SoftSpheres()
WELLS = 50
QUENCH_INTERVAL = 40


def neighboring_minima(glass: Configuration, seed: int):
    """Pairs of minima from consecutive quenches of dynamics at T = 0.05."""
    interactions = MODEL.interactions(glass)
    generator = np.random.default_rng(seed)
    x, v = np.array(glass.positions), np.sqrt(0.05) * generator.normal(size=glass.positions.shape)
    force = interactions.energy_and_forces(x)[1]
    last = None
    while True:
        for _ in range(QUENCH_INTERVAL):
            v += 0.005 * force
            x = x + 0.01 * v
            force = interactions.energy_and_forces(x)[1]
            v += 0.005 * force
        v = 0.97 * v + np.sqrt(0.05 * (1 - 0.97**2)) * generator.normal(size=v.shape)
        v -= v.mean(axis=0)
        here = gw.minimize(MODEL, glass.moved_to(x)).configuration
        if last is not None:
            moves = displacement(last.positions, here.positions, here.box)
            if 1e-2 < np.linalg.norm(moves) < 1.0:
                yield last, here
        last = here


@pytest.fixture(scope="module")
def chains() -> list[PathChain]:
    found: list[PathChain] = []
    wells: set[float] = set()
    for a, b in neighboring_minima(gw.glass(0.092, 0).configuration, seed=1):
        found.append(find_double_wells(MODEL, a, b))
        wells |= {round(w.barrier, 8) for w in found[-1].links if isinstance(w, DoubleWell)}
        if len(wells) >= WELLS or len(found) > 300:
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
    share = np.mean([isinstance(link, DoubleWell) for link in links])
    assert share > 0.8


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
