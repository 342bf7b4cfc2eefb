"""The file of the library: on grids, small, sealed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glasswells as gw
from glasswells.catalog.library_file import read_library, write_library
from glasswells.catalog.library_places import FARTHEST, PLACE_STEP, TANGENT_STEP, on_grid, settled
from glasswells.catalog.library_records import (
    BandCheck,
    LibraryEdition,
    LibraryWell,
    ModesSummary,
    Provenance,
    conventions,
)
from glasswells.core.geometry import displacement
from glasswells.core.records import DoubleWell, EnergyProfile
from glasswells.statistics import summarize_well
from glasswells.store.errors import CodecError

EDITION = LibraryEdition(
    number=7,
    date="2026-11-29",
    script="a script",
    campaigns=("one",),
    glasses={"0.07": 3},
    double_wells=12,
    seed=3,
    sample=2,
)
N = 200


def configuration(positions: np.ndarray, diameters: np.ndarray) -> gw.Configuration:
    return gw.Configuration(positions=positions, diameters=diameters, box=[6.0, 6.5, 7.0])


def made_up(seed: int, diameters: np.ndarray) -> LibraryWell:
    """A double well with the statistics of a real one: few particles move far, all a little."""
    rng = np.random.default_rng(seed)
    # Inherent structures of one glass are similar: particles are where their diameters say.
    origin = np.random.default_rng(int(diameters[0] * 1e9)).uniform(-0.5, 6.5, (N, 3))
    a = origin + rng.normal(size=(N, 3)) * 1e-2
    moved = [rng.normal(size=(N, 3)) * 1e-3 for _ in range(2)]
    for field in moved:
        field[:3] *= 200
    s = np.linspace(0, 0.6, 60)
    tangents = [field / np.linalg.norm(field) for field in moved]
    minimum_a, saddle, minimum_b = (
        configuration(x, diameters) for x in (a, a + moved[0], a + moved[0] + moved[1])
    )
    well = DoubleWell(
        minimum_a=minimum_a,
        minimum_b=minimum_b,
        saddle=saddle,
        barrier=0.02,
        asymmetry=0.001,
        profile=EnergyProfile(
            arc_length=s,
            energy=0.02 * np.sin(np.pi * s / 0.6) ** 2 + rng.normal(size=60) * 1e-6,
            curvature_a=1.0,
            curvature_b=1.0,
            beyond_a=(s[:20], s[:20] ** 2),
            beyond_b=(s[:20], s[:20] ** 2),
        ),
        displacement_ab=displacement(a, minimum_b.positions, minimum_a.box),
        displacement_as=displacement(a, saddle.positions, minimum_a.box),
        tangent_a=tangents[0],
        frequency_a=1.0,
        tangent_b=tangents[1],
        frequency_b=1.0,
        rho=0.01,
        path_length=0.6,
        participation_number=3.0,
        negative_eigenvalue=-2.0,
        route="fast",
    )
    splittings = {u.name: gw.solve_splitting(well.profile, u) for u in (gw.ARGON, gw.NIP)}
    return LibraryWell(
        key=f"key-{seed}",
        preparation_temperature=0.07,
        double_well=well,
        summary=summarize_well(well, "t0p07-1", seed, splittings, numbers=()),
        modes=ModesSummary(
            frequencies=rng.uniform(size=60),
            participation_ratios=rng.uniform(size=60),
            directions=(),
            largest_mobility=0.5,
            largest_mobility_mode=5,
            cubic_overlap=np.nan,
            cubic_stiffness=-4.0,
            cubic_barrier=np.nan,
        ),
        band=BandCheck(
            images=80,
            outcome=gw.Outcome.CONVERGED,
            barrier=1e-13,
            path_length=-1e-9,
            splittings=dict.fromkeys(splittings, 1e-12),
        ),
        provenance=Provenance(
            campaign="one",
            plan_digest="0" * 64,
            versions=("0.1.0", "0.2.0"),
            date="2026-11-28",
            rules=("close", "linked"),
            duplicates=4,
        ),
    )


@pytest.fixture(scope="module")
def wells() -> list[LibraryWell]:
    """Two of one glass and one of another."""
    one, other = (np.random.default_rng(k).uniform(0.8, 1.2, N) for k in (1, 2))
    return [made_up(1, one), made_up(2, one), made_up(3, other)]


@pytest.fixture(scope="module")
def path(wells: list[LibraryWell], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of these, the second in both tables."""
    path = tmp_path_factory.mktemp("library") / "library.npz"
    write_library(path, EDITION, wells[:2], [wells[2], wells[1]])
    return path


def opened(path: Path) -> Any:
    return read_library(lambda: path.open("rb"))


def leaves(record: Any, name: str = "") -> dict[str, Any]:
    """All numbers, texts and arrays of a record by their places in it."""
    if dataclasses.is_dataclass(record):
        parts = {item.name: getattr(record, item.name) for item in dataclasses.fields(record)}
    elif isinstance(record, dict):
        parts = record
    elif isinstance(record, tuple):
        parts = dict(enumerate(record))
    else:
        value = record.tobytes() if isinstance(record, np.ndarray) else repr(record)
        return {name: value}
    return {k: v for key, x in parts.items() for k, v in leaves(x, f"{name}.{key}").items()}


def test_all_comes_back_to_the_last_bit_but_places_and_tangents(
    wells: list[LibraryWell], path: Path
) -> None:
    library = opened(path)
    assert library.edition == EDITION
    assert library.two_level_systems == ["key-1", "key-2"]
    assert library.sample == ["key-3", "key-2"]
    fields = ("tangent_a", "tangent_b", "displacement_ab", "displacement_as")
    places = ("minimum_a", "saddle", "minimum_b")
    rounded = {f".double_well.{name}" for name in fields}
    rounded |= {f".double_well.{name}.positions" for name in places}
    for well in wells:
        found = library.well(well.key)
        known, read = leaves(well), leaves(found)
        assert known.keys() == read.keys() > rounded
        assert {k for k in known if known[k] != read[k]} == rounded
        assert leaves(found.double_well) == leaves(on_grid(well.double_well))
        for name in ("tangent_a", "tangent_b"):
            change = getattr(found.double_well, name) - getattr(well.double_well, name)
            assert np.abs(change).max() <= TANGENT_STEP / 2
        for name in places:
            change = (
                getattr(found.double_well, name).positions
                - getattr(well.double_well, name).positions
            )
            assert np.abs(change).max() <= PLACE_STEP / 2


def test_places_on_the_grid_settle_where_they_came_from() -> None:
    """Minima and a saddle alike; what settles has no force, what is on the grid has."""
    model, exact = gw.SoftSpheres(), gw.two_level_system("154e59115388-0").double_well
    kept = on_grid(exact)
    again = settled(model, kept)
    for name in ("minimum_a", "saddle", "minimum_b"):
        known, coarse, found = (getattr(well, name) for well in (exact, kept, again))
        assert np.abs(gw.forces(model, coarse)).max() > 1e-6
        assert np.abs(gw.forces(model, found)).max() < 1e-10
        apart = displacement(known.positions, found.positions, known.box)
        assert np.abs(apart).max() < 1e-9
    assert np.abs(again.displacement_ab - exact.displacement_ab).max() < 1e-9


def test_a_place_that_no_stationary_point_is_next_to_is_damage() -> None:
    exact = gw.two_level_system("154e59115388-0").double_well
    shifted = exact.saddle.positions.copy()
    shifted[:, 0] += np.random.default_rng(1).normal(size=len(shifted)) * 10 * FARTHEST
    broken = dataclasses.replace(exact, saddle=exact.saddle.moved_to(shifted))
    with pytest.raises(CodecError, match="no stationary point is next to a place"):
        settled(gw.SoftSpheres(), broken)


def test_rounded_tangents_are_kept_to_the_last_bit(path: Path, tmp_path: Path) -> None:
    """A library made of a library is the same one."""
    first = opened(path)
    again = tmp_path / "again.npz"
    tables = [[first.well(key) for key in keys] for keys in (first.two_level_systems, first.sample)]
    write_library(again, first.edition, *tables)
    for key in ("key-1", "key-2", "key-3"):
        assert leaves(opened(again).well(key)) == leaves(first.well(key))


def test_similar_positions_are_kept_as_differences(path: Path) -> None:
    """Saddle and B of each from its A, and the A of a glass from its first one.

    Seven bytes of eight are noise in A, some six in a difference of a hundredth of it, and what is
    in both tables is there once.
    """
    arrays = opened(path).index["arrays"]
    differences = [size for _, size, _, base in arrays.values() if base is not None]
    assert len(differences) == 3 * 2 + 1
    assert max(differences) < 0.8 * 3 * N * 8


def test_a_part_is_that_of_the_record(path: Path) -> None:
    library = opened(path)
    assert library.part("key-2", "preparation_temperature") == 0.07
    assert leaves(library.part("key-2", "band")) == leaves(library.well("key-2").band)


def damaged(path: Path, tmp_path: Path, name: str) -> Path:
    """The file with the middle byte of one of its arrays changed."""
    with np.load(path) as stored:
        content = {key: stored[key].copy() for key in stored.files}
    content[name][len(content[name]) // 2] ^= 1
    changed = tmp_path / f"{name}.npz"
    np.savez(changed, allow_pickle=False, **content)
    return changed


def test_a_changed_index_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(CodecError, match="damaged in its index: install"):
        opened(damaged(path, tmp_path, "index"))


def test_a_changed_array_is_refused(path: Path, tmp_path: Path) -> None:
    library = opened(damaged(path, tmp_path, "data"))
    with pytest.raises(CodecError, match="damaged"):
        [library.well(key) for key in ("key-1", "key-2", "key-3")]


def test_a_file_that_is_no_library_is_refused(path: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.npz"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CodecError, match="damaged"):
        opened(half)
    other = tmp_path / "other.npz"
    np.savez(other, data=np.zeros(3))
    with pytest.raises(CodecError, match="index"):
        opened(other)


def test_an_unstable_cubic_mode_has_a_negative_frequency(path: Path) -> None:
    assert opened(path).well("key-1").modes.cubic_frequency == -2.0


def test_a_unit_set_without_a_threshold_is_refused(path: Path) -> None:
    splittings = opened(path).well("key-1").splittings
    with pytest.raises(gw.InputError, match=r"unit set 'mine' is not one of argon, .* not known"):
        conventions({**splittings, "mine": splittings["argon"]})
