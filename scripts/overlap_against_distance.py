"""How the largest overlap of r_12 with one normal mode grows as it is looked at nearer to A.

    python scripts/overlap_against_distance.py

The paper takes r_12 from bands of up to 600 images, whose first image lies at about 1/600 of the
path from A; overlaps of this package are taken at rho = 0.01 (Fig. 4 shows one double well at all
distances). Here each shipped double well is asked at several rho, and at the distance of the first
of 600 images, along its exact path from A: the random sample at each preparation temperature, the
two-level systems of argon-published, and of these the ones in the paper's Fig. 5 (E < 1e-3,
PR_DW < 5). Prints the fractions with c > 0.4 and c > 0.9 and the smallest c as a table in Markdown,
with intervals of 95 % over glasses; `--csv` keeps every overlap.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import glasswells as gw
from glasswells.core.records import Array
from glasswells.modes.stiffness import Stiffness
from glasswells.statistics import fraction, with_entries

UNITS = "argon_published"
SMALL_SPLITTING, FEW_PARTICLES = 1e-3, 5.0
"""Of the paper's Fig. 5."""
RHOS = (0.01, 0.003, 0.001, 0.0003, 0.0001)
IMAGES = 600
"""Of the paper's longest bands."""
FIRST_IMAGE = "L / 599"
Overlaps = dict[str, float]
"""The largest c by the name of the distance."""
Groups = dict[str, list[tuple[str, Overlaps]]]
"""By group the double wells, each as its glass and its overlaps."""


def main() -> None:
    """Ask every double well and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--csv", type=Path, help="file for every overlap")
    parser.add_argument("--first", type=int, help="so many of the sample and of the systems")
    arguments = parser.parse_args()
    groups: Groups = defaultdict(list)
    rows = []
    for names, glass, well in chosen(arguments.first):
        found = overlaps(well)
        rows.append((names[0], glass, well.key, found))
        for name in names:
            groups[name].append((glass, found))
    if arguments.csv:
        write(arguments.csv, rows)
    print_table(groups)


def chosen(first: int | None) -> Iterator[tuple[Sequence[str], str, gw.LibraryWell]]:
    """Double wells with the names of the groups that they are in, and their glasses."""
    sample, systems = gw.double_wells(), gw.two_level_systems()
    for k, temperature in enumerate(sample["preparation_temperature"][:first]):
        yield [f"sample, {temperature:g}"], sample["glass"][k], gw.double_well(k)
    chosen = np.flatnonzero(np.asarray(systems[f"is_two_level_{UNITS}"], dtype=np.bool_))
    small = np.asarray(systems[f"splitting_{UNITS}"]) < SMALL_SPLITTING
    few = np.asarray(systems["participation_number"]) < FEW_PARTICLES
    for k in map(int, chosen[:first]):
        names = [f"two-level systems, {systems['preparation_temperature'][k]:g}"]
        if small[k] and few[k]:
            names.append("of them as in Fig. 5")
        yield names, systems["glass"][k], gw.two_level_system(k)


def overlaps(well: gw.LibraryWell) -> Overlaps:
    """The largest c at every distance."""
    model, double_well = gw.SoftSpheres(), well.double_well
    first_image = double_well.path_length / (IMAGES - 1)
    along = gw.tangents(model, double_well, (*RHOS, first_image))
    stiffness = Stiffness(model, double_well.minimum_a)
    found = [
        gw.max_overlap(model, double_well.minimum_a, direction, stiffness=stiffness).overlap
        for direction in along.directions
    ]
    return dict(zip((*(f"{rho:g}" for rho in RHOS), FIRST_IMAGE), found, strict=True))


def write(file: Path, rows: Sequence[tuple[str, str, str, Overlaps]]) -> None:
    """Keep every overlap."""
    with file.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["group", "glass", "key", *rows[0][-1]])
        table.writerows([*names, *found.values()] for *names, found in rows)


def print_table(groups: Groups) -> None:
    """Fractions and the smallest c of each group, one column for each distance."""
    names = list(next(iter(groups.values()))[0][1])
    print(f"| double wells | | {' | '.join(f'rho = {name}' for name in names)} |")
    print(f"| --- | --- |{' --- |' * len(names)}")
    for group, found in groups.items():
        glasses = sorted({glass for glass, _ in found})
        values = {
            name: [np.array([o[name] for glass, o in found if glass == g]) for g in glasses]
            for name in names
        }
        label = f"{group}: {len(found)} in {len(glasses)} glasses"
        for bound in (0.4, 0.9):
            cells = [share(values[name], bound) for name in names]
            print(f"| {label} | c > {bound:g} | {' | '.join(cells)} |")
        smallest = [f"{min(v.min() for v in values[name]):.2f}" for name in names]
        print(f"| {label} | smallest c | {' | '.join(smallest)} |")


def share(values: Sequence[Array], bound: float) -> str:
    """The fraction above a bound, with its interval."""
    found = fraction(with_entries([glass > bound for glass in values]))
    return "-" if found is None else found.text(".2f")


if __name__ == "__main__":
    main()
