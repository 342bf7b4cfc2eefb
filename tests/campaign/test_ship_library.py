"""The script that makes the library of the package, on a small campaign."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import glasswells as gw
from glasswells.catalog.library_file import LibraryFile, read_library, write_library
from glasswells.catalog.library_places import on_grid
from glasswells.catalog.library_records import LibraryEdition, conventions

SCRIPT = Path(__file__).parents[2] / "scripts" / "ship_library.py"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("ship_library", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def shipped(
    script: ModuleType, catalog: gw.Catalog, tmp_path_factory: pytest.TempPathFactory
) -> LibraryFile:
    """A library of one row from that campaign."""
    folder = tmp_path_factory.mktemp("work")
    (first, *_) = script.candidates([catalog])
    edition = LibraryEdition(
        number=1, date="", script="", campaigns=(), glasses={}, double_wells=1, seed=1, sample=1
    )
    line = script.solve(script.job(catalog, first), folder, edition)
    assert line.startswith(first.key)
    well = script.done(folder, first.key, {first.key: 3})
    write_library(folder / "library.npz", edition, [], [well])
    return read_library(lambda: (folder / "library.npz").open("rb"))


def test_a_row_holds_what_the_campaign_knows(shipped: LibraryFile, catalog: gw.Catalog) -> None:
    (key,) = shipped.sample
    found, known = shipped.well(key), catalog[key]
    kept = on_grid(known.double_well)
    for name in ("minimum_a", "saddle", "minimum_b"):
        positions = getattr(kept, name).positions
        assert np.array_equal(getattr(found, name).positions, positions)
    assert np.array_equal(found.profile.energy, known.double_well.profile.energy)
    assert found.glass == known.glass
    assert {k: s.splitting for k, s in found.splittings.items()} == {
        k: s.splitting for k, s in known.splittings.items()
    }
    assert found.provenance.duplicates == 3
    assert found.provenance.campaign == catalog.plan.campaign.name
    assert found.provenance.plan_digest == catalog.plan_digest
    assert found.provenance.rules == catalog.rules[key] != ()
    assert gw.__version__ in found.provenance.versions


def test_modes_are_those_that_the_campaign_computed(
    shipped: LibraryFile, catalog: gw.Catalog
) -> None:
    """With its own number of modes; the largest c over all of them does not depend on it."""
    (key,) = shipped.sample
    vibrations = catalog[key].vibrations
    assert vibrations is not None
    modes = shipped.well(key).modes
    for direction, known in zip(modes.directions, vibrations.directions, strict=True):
        assert direction.direction == known.direction
        assert direction.mode == known.mode
        assert direction.overlap == pytest.approx(known.overlap, abs=1e-6)
        assert direction.frequency == pytest.approx(modes.frequencies[known.mode - 1], rel=1e-6)
    grown = vibrations.seeded("displacement_ab")
    assert grown is not None
    assert modes.cubic_overlap == pytest.approx(grown.overlap, abs=1e-4)
    assert modes.cubic_frequency == pytest.approx(grown.stiffness**0.5, rel=1e-4)


def test_a_band_finds_the_path_again(shipped: LibraryFile, catalog: gw.Catalog) -> None:
    (key,) = shipped.sample
    found = shipped.well(key)
    assert found.band.outcome is gw.Outcome.CONVERGED
    assert abs(found.band.barrier) < 1e-9
    assert abs(found.band.path_length) < 1e-4 * found.double_well.path_length
    assert found.band.splittings.keys() == found.splittings.keys()
    for name, change in found.band.splittings.items():
        known = found.splittings[name]
        assert abs(change) < 2 * known.error + 1e-6 * known.levels[0]


def test_a_core_is_one_row_also_over_two_campaigns(script: ModuleType, catalog: gw.Catalog) -> None:
    table = catalog.double_wells
    first = len({*zip(table["glass"], table["repeats"], strict=True)})
    for campaigns in ([catalog], [catalog, catalog]):
        cores = script.distinct(script.candidates(campaigns))
        assert len(cores) == first
        assert sum(map(len, cores)) == len(campaigns) * len(table)
        assert all(core[0].campaign == 0 for core in cores)


def test_a_glass_of_two_campaigns_counts_once(script: ModuleType, catalog: gw.Catalog) -> None:
    counts = script.glass_counts([catalog, catalog])
    assert counts == script.glass_counts([catalog])
    assert sum(counts.values()) == len(catalog.glasses) > 0
    temperatures = {f"{each.preparation_temperature:g}" for each in catalog.glasses.values()}
    assert set(counts) == temperatures


def test_wells_of_two_glasses_of_one_name_are_two(script: ModuleType, catalog: gw.Catalog) -> None:
    found = list(script.candidates([catalog]))
    others = [replace(each, particles="of another campaign") for each in found]
    assert len(script.distinct([*found, *others])) == 2 * len(script.distinct(found))


def test_the_first_two_level_system_of_a_core_stands_for_it(
    script: ModuleType, catalog: gw.Catalog
) -> None:
    (found, *_) = script.candidates([catalog])
    splittings = found.summary.splittings
    name = next(iter(splittings))

    def candidate(key: str, splitting: float, distance: float) -> object:
        solved = replace(
            splittings[name],
            splitting=splitting,
            by_continuation={splittings[name].continuation: splitting},
            is_two_level=splitting < 1e-4,
            flags=(),
        )
        summary = replace(found.summary, splittings={name: solved}, distance=distance)
        assert bool(conventions(summary.splittings)) == (splitting < 1e-4)
        return replace(found, key=key, summary=summary)

    cores = [
        [candidate("high", 1.0, 0.5), candidate("low", 1e-5, 0.6), candidate("third", 1e-6, 0.1)],
        [candidate("none", 1.0, 0.2)],
        [candidate("near", 1e-5, 0.3)],
    ]
    assert [each.key for each in script.two_level(cores)] == ["near", "low"]


def test_a_sample_is_drawn_without_replacement_and_a_larger_one_begins_with_it(
    script: ModuleType,
) -> None:
    cores = [[f"first {k}", f"again {k}"] for k in range(50)]
    some, more = (script.drawn(cores, n, 4) for n in (10, 30))
    assert more[:10] == some
    assert len(set(more)) == 30
    assert all(each.startswith("first") for each in more)
    assert sorted(script.drawn(cores, 100, 4)) == sorted(core[0] for core in cores)
    counts = np.zeros(50)
    for seed in range(400):
        for each in script.drawn(cores, 10, seed):
            counts[int(each.split()[1])] += 1
    # 400 draws of 10 of 50: 80 +- 8 each; five standard deviations.
    assert np.abs(counts - 80).max() < 40


def test_campaigns_of_another_model_are_not_for_this_library(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(folder: Path) -> SimpleNamespace:
        model = gw.SoftSpheres(exponent=10) if folder.name == "other" else gw.SoftSpheres()
        return SimpleNamespace(model=model, tasks_left=0)

    monkeypatch.setattr(gw, "open_campaign", opened)
    assert len(script.opened([Path("one"), Path("two")])) == 2
    with pytest.raises(SystemExit, match=r"other has the model .*, expected SoftSpheres"):
        script.opened([Path("one"), Path("other")])
    with pytest.raises(SystemExit, match="records are settled by that of the library"):
        script.opened([Path("other")])
