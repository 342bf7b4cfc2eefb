"""Fit the reduced Planck constant behind a published table of splittings.

    python scripts/fit_published_hbar.py TABLE CAMPAIGN

TABLE (feather, parquet or csv) has a row for each published double well, with columns
`total_displacement` (d), `Delta_E`, `PR`, `displacement_0` (of the particle that moves most) and
`quantum_splitting` (E), as in the tables of Ciarella et al. (2023). CAMPAIGN is the folder of a
campaign that found double wells in glasses of the same kind. The published paths are not known:
each own double well is set beside its nearest published ones in (ln d, ln|Delta_E| / 2, ln PR, ln
largest displacement), and the constant is the one that makes the median of ln(own E / published E)
zero, under each continuation. Between the walls of very short paths the potential is negligible:
they give the ratio of the constant and the width, from the table alone.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from glasswells.campaign.campaigns import open_campaign
from glasswells.core.errors import InputError
from glasswells.core.records import Array, EnergyProfile
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics import WellSummary, duplicates, summarize_well
from glasswells.tunneling import (
    SmoothProfile,
    continued,
    smooth_profile,
    solve_modal,
    survey,
    two_levels,
)
from glasswells.tunneling.splitting import COMPARISON

NEIGHBORS = 25
"""Published double wells that one of ours is set beside."""
FARTHEST = 0.5
"""Largest distance of the last of them: beyond it the table has nothing like this double well."""
SHORTEST = 0.1
"""Distance of the minima below which the walls decide the published splittings."""
BOXES = 0.02
"""Distance below which they decide alone: E is then 10 to 1000 times the barrier."""
CONSTANTS = np.geomspace(0.010, 0.036, 12)
"""Reduced Planck constants between which ln E is interpolated."""
CONVENTIONS = {
    "straight": ("straight", None),
    "harmonic": ("harmonic", None),
    **{f"walls, {w:g} path lengths": ("walls", w) for w in (2.0, 2.5, 3.0, 4.0)},
}
DISTANCES = (0.1, 0.2, 0.35, 0.6, np.inf)
"""Edges between which deviations are listed."""
DRAWS = 200
"""Of the bootstrap over the glasses of our double wells: those of one glass are not independent."""


@dataclass(frozen=True)
class Own:
    """A double well of ours beside the published ones."""

    glass: str
    distance: float
    profile: SmoothProfile
    published: float
    """Median of ln E of its neighbors."""


def main() -> None:
    """Read, compare, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("campaign", type=Path)
    arguments = parser.parse_args()
    table = read_table(arguments.table)
    print_boxes(table)
    wells = beside_published(table, arguments.campaign)
    glasses = len({w.glass for w in wells})
    print(
        f"{len(wells)} distinct own double wells of {glasses} glasses have {NEIGHBORS} published "
        f"ones within {FARTHEST:g}"
    )
    if len(wells) < 10:
        raise SystemExit("these are too few for a fit: give a campaign with more double wells")
    for name, (continuation, width) in CONVENTIONS.items():
        print_fit(name, wells, log_splittings(wells, continuation, width))


def read_table(path: Path) -> dict[str, Array]:
    """The columns that are needed."""
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet

    read = {
        ".feather": pyarrow.feather.read_table,
        ".parquet": pyarrow.parquet.read_table,
        ".csv": pyarrow.csv.read_csv,
    }
    if path.suffix not in read:
        raise SystemExit(f"{path} has the extension {path.suffix!r}, expected {', '.join(read)}")
    table = read[path.suffix](path)
    names = ("total_displacement", "Delta_E", "PR", "displacement_0", "quantum_splitting")
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise SystemExit(f"{path} has no columns {', '.join(missing)}")
    columns = {name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in names}
    keep = np.all([column > 0 for column in columns.values()], axis=0)
    return {name: column[keep] for name, column in columns.items()}


def print_boxes(table: dict[str, Array]) -> None:
    """What the shortest paths say of hb d / W: E = 3 pi^2 hb^2 / (2 W^2) in an empty box."""
    short = table["total_displacement"] < BOXES
    d, splitting = table["total_displacement"][short], table["quantum_splitting"][short]
    ratio = np.sqrt(2 * splitting / 3) * d / np.pi
    words = "none"
    if len(ratio):
        low, middle, high = np.percentile(ratio, [25, 50, 75])
        words = (
            f"{len(ratio)} double wells, hb d / W = {middle:.4f}, quartiles {low:.4f}, {high:.4f}"
        )
    print(f"published with d < {BOXES:g}: {words}")


def beside_published(table: dict[str, Array], campaign: Path) -> list[Own]:
    """The double wells of a campaign that resemble published ones."""
    long_enough = table["total_displacement"] >= SHORTEST
    columns = {name: column[long_enough] for name, column in table.items()}
    tree = cKDTree(
        features(
            columns["total_displacement"],
            columns["Delta_E"],
            columns["PR"],
            columns["displacement_0"],
        )
    )
    log_splitting = np.log(columns["quantum_splitting"])
    found = []
    for well, profile in distinct_wells(campaign):
        largest = np.linalg.norm(well.core_displacements, axis=1).max()
        place = features(well.distance, abs(well.asymmetry), well.participation_number, largest)
        far, neighbors = tree.query(place, k=NEIGHBORS)
        if well.distance >= SHORTEST and far[-1] <= FARTHEST:
            published = float(np.median(log_splitting[neighbors]))
            found.append(Own(well.glass, well.distance, smooth_profile(profile), published))
    return found


def distinct_wells(campaign: Path) -> list[tuple[WellSummary, EnergyProfile]]:
    """The first double well of each core: its copies in other backgrounds say the same."""
    wells, profiles = [], []
    with open_campaign(campaign, PIPELINE) as store:
        for number, item in enumerate(store.records("double_well")):
            wells.append(summarize_well(item.record, item.glass, number))
            profiles.append(item.record.profile)
    return [(wells[k], profiles[k]) for k in sorted(set(duplicates(wells)))]


def features(distance, difference, participation, largest):  # type: ignore[no-untyped-def]
    """Where a double well lies among others; the energy counts half."""
    parts = (np.log(distance), np.log(difference) / 2, np.log(participation), np.log(largest))
    return np.stack(parts, axis=-1)


def log_splittings(wells: list[Own], continuation: str, width: float | None) -> Array:
    """Ln E of each double well (rows) at each of `CONSTANTS`; NaN where it cannot be solved."""
    found = np.full((len(wells), len(CONSTANTS)), np.nan)
    for k, well in enumerate(wells):
        try:
            wall = None if width is None else width * well.profile.length
            potential = continued(well.profile, continuation, wall)
        except InputError:
            continue
        for j, constant in enumerate(CONSTANTS):
            solution = solve_modal(potential, constant, survey(potential, constant, COMPARISON))
            found[k, j] = np.log(two_levels(solution).splitting)
    return found


def deviations(table: Array, published: Array, constant: float) -> Array:
    """ln(own E / published E) of each double well at one constant."""
    x = np.log(CONSTANTS)
    own = np.array([np.interp(np.log(constant), x, row) for row in table])
    return own - published


def fitted(table: Array, published: Array) -> float:
    """The constant at which the median deviation is zero, by bisection: E grows with it."""
    low, high = CONSTANTS[0], CONSTANTS[-1]
    while high > low * (1 + 1e-4):
        middle = np.sqrt(low * high)
        if np.median(deviations(table, published, middle)) > 0:
            high = middle
        else:
            low = middle
    return float(np.sqrt(low * high))


def glass_error(table: Array, published: Array, glass: Array) -> float:
    """Standard error of the fitted constant by a bootstrap over glasses; NaN for a single one."""
    members = [np.flatnonzero(glass == name) for name in np.unique(glass)]
    n = len(members)
    if n < 2:
        return float("nan")
    rng = np.random.default_rng(1)
    drawn = [np.concatenate([members[k] for k in rng.integers(0, n, n)]) for _ in range(DRAWS)]
    found = [fitted(table[k], published[k]) for k in drawn]
    return float(np.std(found, ddof=1) * np.sqrt(n / (n - 1)))


def print_fit(name: str, wells: list[Own], table: Array) -> None:
    """The constant with its bootstrap error, and deviations by distance."""
    solved = np.isfinite(table).all(axis=1)
    table = table[solved]
    published = np.array([w.published for w in wells])[solved]
    distance = np.array([w.distance for w in wells])[solved]
    glass = np.array([w.glass for w in wells])[solved]
    best, error = fitted(table, published), glass_error(table, published, glass)
    left = deviations(table, published, best)
    by_distance = []
    for low, high in itertools.pairwise(DISTANCES):
        inside = (distance >= low) & (distance < high)
        if inside.any():
            ratio = np.exp(np.median(left[inside]))
            by_distance.append(f"{low:g}-{high:g}: {ratio:.2f} ({inside.sum()})")
    print(
        f"{name}: hb = {best:.4f} +- {error:.4f} from {len(table)}; |ln ratio| median "
        f"{np.median(np.abs(left)):.3f}, mean {np.mean(np.abs(left)):.3f}; median ratio by d "
        f"{', '.join(by_distance)}"
    )


if __name__ == "__main__":
    main()
