"""Makes the library of double wells that ships with the package.

    python scripts/ship_library.py CAMPAIGN ... --edition 3 --work FOLDER [--sample 100] [--seed 1]

Takes finished campaigns of one model, which are only read. Double wells with the same core are one
(`glasswells.statistics.duplicates`), also over campaigns that share a glass. Into the library go

- each distinct double well that is a two-level system under some unit set and some continuation;
  of a core that was met in several backgrounds the first that is one;
- a random sample of all distinct double wells, drawn without replacement and with equal chances.

Of each the modes of its minimum A are computed, and its path is found again from A and B alone by a
full climbing-image band of 80 images. That takes some five seconds of CPU for 1500 particles, in at
most two processes. What is done stays in the work folder: the same command goes on where it was
stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import glasswells as gw
from glasswells.catalog.library import DATA
from glasswells.catalog.library_file import read_library, write_library
from glasswells.catalog.library_places import MODEL
from glasswells.catalog.library_records import (
    BandCheck,
    LibraryEdition,
    LibraryWell,
    ModesSummary,
    Provenance,
    conventions,
)
from glasswells.core.whole_file import whole_file
from glasswells.landscape.preparation import PreparedGlass
from glasswells.model.pair_model import Model
from glasswells.statistics import WellSummary
from glasswells.statistics.duplicates import duplicates
from glasswells.statistics.vibration_numbers import vibration_numbers
from glasswells.tunneling import UnitSystem
from glasswells.vibrations import minimum_vibrations, well_vibrations

IMAGES = 80
MOST_BYTES = 20_000_000
PLACE = Path(__file__).parents[1] / "src/glasswells/catalog" / DATA


def main() -> None:
    """Write the library in the place where the package looks for it."""
    arguments = parsed()
    campaigns = opened(arguments.campaigns)
    found = list(candidates(campaigns))
    cores = distinct(found)
    systems, sample = two_level(cores), drawn(cores, arguments.sample, arguments.seed)
    edition = LibraryEdition(
        number=arguments.edition,
        date=datetime.now(UTC).date().isoformat(),
        script="scripts/ship_library.py",
        campaigns=tuple(each.plan.campaign.name for each in campaigns),
        glasses=glass_counts(campaigns),
        double_wells=len(cores),
        seed=arguments.seed,
        sample=len(sample),
    )
    print(f"{len(found)} double wells, {len(cores)} distinct, {len(systems)} two-level systems")
    repeats = {each.key: len(core) - 1 for core in cores for each in core}
    wanted = {each.key: each for each in (*systems, *sample)}
    work(campaigns, wanted, arguments.work, edition, arguments.processes)
    wells = {each.key: done(arguments.work, each.key, repeats) for each in (*systems, *sample)}
    rows = [[wells[each.key] for each in table] for table in (systems, sample)]
    draft = arguments.work / "library.npz"
    write_library(draft, edition, *rows)
    size = draft.stat().st_size
    print(f"{len(systems)} and {len(sample)} rows in {size / 1e6:.1f} MB")
    if size > MOST_BYTES:
        raise SystemExit(f"that is more than {MOST_BYTES / 1e6:g} MB: draw a smaller sample")
    with whole_file(arguments.output) as place:
        shutil.copyfile(draft, place)
    print(arguments.output)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaigns", type=Path, nargs="+")
    parser.add_argument("--edition", type=int, required=True, help="one more than the last one's")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is done")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, choices=(1, 2))
    parser.add_argument("--output", type=Path, default=PLACE)
    return parser.parse_args()


def opened(folders: Sequence[Path]) -> list[gw.Catalog]:
    """The campaigns, if their double wells may stand in one table."""
    campaigns = [gw.open_campaign(folder) for folder in folders]
    for folder, campaign in zip(folders, campaigns, strict=True):
        if campaign.model != MODEL:
            raise SystemExit(
                f"{folder} has the model {campaign.model!r}, expected {MODEL!r}: records are "
                f"settled by that of the library"
            )
        if campaign.tasks_left:
            print(f"{folder} is not finished: {campaign.tasks_left} tasks are left")
    return campaigns


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A double well of one of the campaigns."""

    campaign: int
    """Its place among the campaigns."""
    key: str
    particles: str
    """Digest of the diameters and the box: equal for campaigns in one glass, whatever its name."""
    preparation_temperature: float
    summary: WellSummary


def particles_of(glass: PreparedGlass) -> str:
    """Digest of the diameters and the box."""
    start = glass.configuration
    return hashlib.sha256(start.diameters.tobytes() + start.box.tobytes()).hexdigest()


def glass_counts(campaigns: Iterable[gw.Catalog]) -> dict[str, int]:
    """How many different glasses there are, by their preparation temperature."""
    different = {
        particles_of(glass): glass.preparation_temperature
        for campaign in campaigns
        for glass in campaign.glasses.values()
    }
    counts = Counter(different.values())
    return {f"{temperature:g}": counts[temperature] for temperature in sorted(counts)}


def candidates(campaigns: Sequence[gw.Catalog]) -> Iterator[Candidate]:
    """All double wells, in the order of the campaigns and of their tables."""
    for place, campaign in enumerate(campaigns):
        table = campaign.double_wells
        particles = {name: particles_of(glass) for name, glass in campaign.glasses.items()}
        for key, temperature, summary in zip(
            table["key"], table["preparation_temperature"], campaign.summaries, strict=True
        ):
            yield Candidate(
                campaign=place,
                key=str(key),
                particles=particles[summary.glass],
                preparation_temperature=float(temperature),
                summary=summary,
            )


def distinct(found: Iterable[Candidate]) -> list[list[Candidate]]:
    """The double wells of each core, in the order given."""
    found = list(found)
    firsts = duplicates([replace(each.summary, glass=each.particles) for each in found])
    cores: defaultdict[int, list[Candidate]] = defaultdict(list)
    for each, first in zip(found, firsts, strict=True):
        cores[first].append(each)
    return list(cores.values())


def two_level(cores: Iterable[Sequence[Candidate]]) -> list[Candidate]:
    """The first of each core that is a two-level system, by glass and distance of its minima."""
    firsts = (
        next((each for each in core if conventions(each.summary.splittings)), None)
        for core in cores
    )
    return sorted(
        (each for each in firsts if each is not None),
        key=lambda each: (
            each.preparation_temperature,
            each.summary.glass,
            each.particles,
            each.summary.distance,
        ),
    )


def drawn(cores: Sequence[Sequence[Candidate]], size: int, seed: int) -> list[Candidate]:
    """The first double wells of so many cores, in the order of the draw."""
    order = np.random.default_rng(seed).permutation(len(cores))
    return [cores[k][0] for k in order[:size]]


def work(
    campaigns: Sequence[gw.Catalog],
    wanted: Mapping[str, Candidate],
    folder: Path,
    edition: LibraryEdition,
    processes: int,
) -> None:
    """Solve again what the work folder lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    left = [each for key, each in wanted.items() if not entry_file(folder, key).exists()]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        tasks = [
            pool.submit(solve, job(campaigns[each.campaign], each), folder, edition)
            for each in left
        ]
        for count, task in enumerate(tasks):
            print(f"{count + 1} of {len(left)}: {task.result()}", flush=True)


def entry_file(folder: Path, key: str) -> Path:
    """Where a double well that was solved again is kept: a library of one row."""
    return folder / f"{key}.npz"


def done(folder: Path, key: str, repeats: Mapping[str, int]) -> LibraryWell:
    """A double well from the work folder, with the number of its duplicates."""
    well = read_library(lambda: entry_file(folder, key).open("rb")).well(key)
    return replace(well, provenance=replace(well.provenance, duplicates=repeats[key]))


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one process has to know of a double well."""

    candidate: Candidate
    double_well: gw.DoubleWell
    model: Model
    units: tuple[UnitSystem, ...]
    provenance: Provenance


def job(campaign: gw.Catalog, candidate: Candidate) -> Job:
    """Read a double well from its campaign; the number of its duplicates is left at 0."""
    versions = [str(each["packages"]["glasswells"]) for each in campaign.sessions]
    return Job(
        candidate=candidate,
        double_well=campaign[candidate.key].double_well,
        model=campaign.model,
        units=campaign.units,
        provenance=Provenance(
            campaign=campaign.plan.campaign.name,
            plan_digest=campaign.plan_digest,
            versions=tuple(dict.fromkeys(versions)),
            date=str(campaign.sessions[0]["started"])[:10],
            rules=campaign.rules[candidate.key],
            duplicates=0,
        ),
    )


def solve(given: Job, folder: Path, edition: LibraryEdition) -> str:
    """Solve a double well again and write it to the folder; gives a line about it."""
    with threadpool_limits(limits=1):
        well = library_well(given)
    write_library(entry_file(folder, well.key), edition, [well], [])
    return f"{well.key} {well.band.outcome.name.lower()} {well.band.barrier:.1e}"


def library_well(given: Job) -> LibraryWell:
    """All that the library holds of a double well."""
    summary = given.candidate.summary
    modes, numbers = modes_of(given.model, given.double_well)
    return LibraryWell(
        key=given.candidate.key,
        preparation_temperature=given.candidate.preparation_temperature,
        double_well=given.double_well,
        summary=replace(summary, numbers={**summary.numbers, **numbers}),
        modes=modes,
        band=check(given.model, given.double_well, summary, given.units),
        provenance=given.provenance,
    )


def modes_of(model: Model, well: gw.DoubleWell) -> tuple[ModesSummary, dict[str, float]]:
    """The vibrations of A, and the numbers of the double well's row that follow from them."""
    minimum = minimum_vibrations(model, well.minimum_a)
    found = well_vibrations(model, well, minimum)
    cubic = found.seeded("displacement_ab")
    grown = cubic if cubic is not None and cubic.outcome.converged else None
    summary = ModesSummary(
        frequencies=minimum.frequencies,
        participation_ratios=minimum.participation_ratios,
        directions=found.directions,
        largest_mobility=found.largest_mobility,
        largest_mobility_mode=found.largest_mobility_mode,
        cubic_overlap=np.nan if grown is None else grown.overlap,
        cubic_stiffness=np.nan if grown is None else grown.stiffness,
        cubic_barrier=np.nan if grown is None else grown.barrier,
        failures=found.failures,
    )
    return summary, vibration_numbers(found)


def check(
    model: Model, well: gw.DoubleWell, summary: WellSummary, units: Sequence[UnitSystem]
) -> BandCheck:
    """The double well from its minima alone, by a full band, less what is known of it."""
    again = gw.find_double_well(model, well.minimum_a, well.minimum_b, method="band", images=IMAGES)
    if isinstance(again, gw.PathFailure):
        unknown = dict.fromkeys(summary.splittings, np.nan)
        return BandCheck(
            images=IMAGES,
            outcome=again.outcome,
            barrier=np.nan,
            path_length=np.nan,
            splittings=unknown,
        )
    return BandCheck(
        images=IMAGES,
        outcome=again.outcome,
        barrier=again.barrier - well.barrier,
        path_length=again.path_length - well.path_length,
        splittings={
            each.name: gw.solve_splitting(again.profile, each, known.continuation).splitting
            - known.splitting
            for each in units
            if (known := summary.splittings.get(each.name)) is not None
        },
    )


if __name__ == "__main__":
    main()
