"""Ends that differ by an exchange, a turn or a mistake: named before a path is tried."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from scipy.spatial.transform import Rotation

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.model.pair_model import Model
from glasswells.paths.diagnosis import exchanges
from glasswells.paths.double_well import surface_of
from glasswells.paths.pathway import NoPathway, find_pathway
from glasswells.paths.settings import PathSettings

N = 216


def quenched(model: Model, diameters: np.ndarray, density: float) -> gw.Configuration:
    edge = (N / density) ** (1 / 3)
    sites = (np.indices((6, 6, 6)).reshape(3, -1).T + 0.5) * edge / 6
    start = sites + np.random.default_rng(0).normal(0, 0.05, (N, 3))
    given = gw.Configuration(positions=start, diameters=diameters, box=[edge] * 3)
    return gw.minimize(model, given).configuration


GLASSES = {
    "lennard-jones": (gw.KobAndersen(), np.where(np.arange(N) % 5 == 4, 0.88, 1.0), 1.2),
    "soft": (gw.SoftSpheres(), np.where(np.arange(N) % 2 == 0, 1.0, 1.2), 0.9),
}


@pytest.fixture(scope="module", params=GLASSES)
def minimum(request) -> tuple[Model, gw.Configuration]:
    model, diameters, density = GLASSES[request.param]
    return model, quenched(model, diameters, density)


def same_as(c: gw.Configuration, particle: int, farthest: bool = False) -> int:
    """The nearest (or farthest) particle of the same kind."""
    same = np.flatnonzero(c.diameters == c.diameters[particle])
    gap = c.positions[same] - c.positions[particle]
    far = np.linalg.norm(gap - c.box * np.rint(gap / c.box), axis=1)
    far[same == particle] = -1 if farthest else np.inf
    return int(same[far.argmax() if farthest else far.argmin()])


def relabeled(c: gw.Configuration, *ring: int) -> gw.Configuration:
    """Each particle of a ring in the place of the next."""
    order = np.arange(c.n_particles)
    order[list(ring)] = np.roll(ring, -1)
    return c.moved_to(c.positions[order])


@pytest.mark.parametrize("images", [15, 40])
@pytest.mark.parametrize("farthest", [False, True])
def test_exchanged_particles_are_named(minimum, images, farthest) -> None:
    model, a = minimum
    j = same_as(a, 0, farthest)
    found = gw.find_double_well(model, a, relabeled(a, 0, j), images=images)
    assert found.outcome is gw.Outcome.EXCHANGED_PARTICLES
    assert (
        f"identical particles 0 and {j} are exchanged: relabeled, the minima are" in found.message
    )
    assert found.asymmetry == pytest.approx(0.0, abs=1e-9)
    chain = gw.find_double_wells(model, a, relabeled(a, 0, j), images=images)
    assert [link.outcome for link in chain.links] == [gw.Outcome.EXCHANGED_PARTICLES]


def test_a_ring_of_three_and_a_drift_across_the_boundary(minimum) -> None:
    model, a = minimum
    j = same_as(a, 0)
    k = next(k for k in np.flatnonzero(a.diameters == a.diameters[0]) if k not in (0, j))
    b = relabeled(a, 0, j, k)
    b = b.moved_to(b.positions + a.box * np.array([0.4, -1.3, 0.0]))
    found = gw.find_double_well(model, a, b)
    assert found.outcome is gw.Outcome.EXCHANGED_PARTICLES
    assert f"{0}, {j}, {k} have changed places" in found.message
    lines = gw.diagnose_pair(model, a, b)
    assert [line.split(":")[0] for line in lines] == [
        "images",
        "drift",
        "order",
        "forces",
        "forces",
    ]


def brute_force_rings(start, end, kinds, box) -> bool:
    """Whether another order of identical particles brings all of them much closer."""
    own = np.linalg.norm(displacement(start, end, box), axis=1)
    for order in permutations(range(len(start))):
        if list(order) == sorted(order) or (kinds[list(order)] != kinds).any():
            continue
        new = np.linalg.norm(displacement(start, end[list(order)], box), axis=1)
        moved = np.array(order) != np.arange(len(start))
        if (new[moved] < 0.5 * own[moved]).all() and (new <= own + 1e-12).all():
            return True
    return False


@pytest.mark.parametrize("seed", range(30))
def test_against_all_orders(seed) -> None:
    rng = np.random.default_rng(seed)
    box = np.full(3, 6.0)
    start = np.array(list(np.ndindex(2, 3, 1)), dtype=float)[:, [0, 1, 2]] * 1.8
    start += rng.normal(0, 0.05, start.shape)
    kinds = np.array([0, 0, 0, 1, 1, 1])
    order = rng.permutation(6) if seed % 3 else np.arange(6)
    end = start[order] + rng.normal(0, 0.05, start.shape)
    found = exchanges(start, end, kinds, box)
    assert bool(found) == brute_force_rings(start, end, kinds, box)
    for ring in found:
        assert len(set(kinds[list(ring)])) == 1


def test_a_chain_into_an_empty_place_is_no_exchange() -> None:
    start = np.array([[float(x), 0.0, 0.0] for x in range(5)])
    end = start + np.array([[1.0, 0.0, 0.0]])  # all move up by one place: a drift
    box = np.array([20.0, 5.0, 5.0])
    assert exchanges(start, end, np.zeros(5, dtype=int), box) == ()
    end = start.copy()
    end[1:4, 0] += 1.0  # 4 stays: 1 -> 2 -> 3 -> on 4
    end[4, 0] += 1.0
    assert exchanges(start, end, np.zeros(5, dtype=int), box) == ()


def test_particles_of_distinct_sizes_are_never_exchanged(minimum) -> None:
    _, a = minimum
    sizes = np.linspace(0.9, 1.1, N)
    b = relabeled(a, 0, 1)
    assert exchanges(a.positions, b.positions, np.argsort(sizes), a.box) == ()


@pytest.fixture(scope="module")
def cluster() -> tuple[gw.AseModel, gw.Configuration]:
    rng = np.random.default_rng(3)
    atoms = Atoms("Ar7", positions=rng.normal(0, 0.7, (7, 3)) + 7.5, cell=[15.0] * 3, pbc=True)
    model = gw.AseModel(atoms, LennardJones(rc=6.0, smooth=True, ro=5.0))
    return model, gw.minimize(model, model.configuration()).configuration


def test_a_turned_cluster_is_named_early(cluster) -> None:
    model, a = cluster
    center = a.positions.mean(axis=0)
    turn = Rotation.from_rotvec([0.3, -0.5, 0.9])
    b = a.moved_to(turn.apply(a.positions - center) + center + 4.0)
    found = gw.find_double_well(model, a, b)
    assert found.outcome is gw.Outcome.TURNED_COPY
    degrees = np.degrees(np.linalg.norm([0.3, -0.5, 0.9]))
    assert f"turned by {degrees:.3g} degrees" in found.message


def test_a_cluster_in_place_is_not_called_turned(cluster) -> None:
    model, a = cluster
    moved = a.moved_to(a.positions + np.random.default_rng(1).normal(0, 0.01, (7, 3)))
    assert not any(line.startswith("order") for line in gw.diagnose_pair(model, a, moved))


def test_ends_of_other_particles() -> None:
    model = gw.SoftSpheres()
    rng = np.random.default_rng(0)
    sizes = np.linspace(0.9, 1.1, 8)
    a = gw.Configuration(positions=rng.random((8, 3)) * 5, diameters=sizes, box=[5.0] * 3)
    b = gw.Configuration(positions=a.positions, diameters=sizes[::-1], box=[5.0, 5.0, 5.5])
    lines = gw.diagnose_pair(model, a, b)
    assert lines[0].startswith("sizes: diameters[0] is 0.9 in a and 1.1 in b; the same values in")
    assert lines[1] == "cell: box[2] is 5.0 in a and 5.5 in b"
    with pytest.raises(gw.InputError, match=r"sizes: .*; cell: .*the same particles in the same"):
        gw.find_double_well(model, a, b)
    c = gw.Configuration(positions=a.positions[:7], diameters=sizes[:7], box=[5.0] * 3)
    assert gw.diagnose_pair(model, a, c) == ("particles: a holds 8 particles and b 7",)


@pytest.mark.parametrize("images", [15, 40])
def test_overlaps_on_the_way_are_an_outcome(minimum, images) -> None:
    # what would happen to exchanged particles without the diagnosis
    model, a = minimum
    b = relabeled(a, 0, same_as(a, 0))
    surface = surface_of(model, a)
    step = surface.displacement(a.positions, b.positions)
    settings = PathSettings(loose_iterations=30, band_iterations=30)
    found = find_pathway(surface, np.array(a.positions), a.positions + step, 0.01, images, settings)
    assert isinstance(found, NoPathway)
    assert found.message
