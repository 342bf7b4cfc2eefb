"""How double wells relate to modes, as a table in Markdown.

    python scripts/overlaps_with_modes.py campaigns/sixty
    python scripts/overlaps_with_modes.py

The paper's section IV asks how r_12, r_AS and r_AB overlap with one normal mode, with the cubic
mode that r_AB leads to, and with the modes that one would try who knows A alone. The first command
answers for the distinct double wells of a campaign with modes, the second one for the random sample
that is shipped: at each preparation temperature all, the two-level systems of argon-published, and
of these the ones in the paper's Fig. 5 (E < 1e-3, PR_DW < 5). r_12 is taken at a distance of 0.01
from A. Intervals of 95 % are from a bootstrap over glasses, those of fractions never narrower than
the binomial ones; a star marks those of single entries.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import glasswells as gw
from glasswells.core.records import Array
from glasswells.statistics import (
    WellSummary,
    first_of_each_core,
    fraction,
    mean,
    two_level,
    with_entries,
)

UNITS = "argon_published"
IS_TWO_LEVEL = f"is_two_level_{UNITS}"
SMALL_SPLITTING, FEW_PARTICLES = 1e-3, 5.0
"""Of the paper's Fig. 5."""
Table = Mapping[str, Array]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("campaign", type=Path, nargs="?", help="folder; without it, the library")
    campaign = parser.parse_args().campaign
    groups = shown(*(from_library() if campaign is None else from_campaign(campaign)))
    print(f"| quantity | {' | '.join(groups)} |")
    print(f"| --- |{' --- |' * len(groups)}")
    sizes = [f"{len(t['glass'])} in {len(set(t['glass']))} glasses" for t in groups.values()]
    print(f"| double wells | {' | '.join(sizes)} |")
    for name, is_fraction, values in QUANTITIES:
        estimate = fraction if is_fraction else mean
        found = [estimate(with_entries(by_glass(t, values(t)))) for t in groups.values()]
        print(f"| {name} | {' | '.join('-' if f is None else f.text('.3f') for f in found)} |")


def from_library() -> tuple[Table, Table]:
    """Of the library the random sample and the two-level systems."""
    systems = columns(gw.two_level_systems())
    return columns(gw.double_wells()), rows(systems, systems[IS_TWO_LEVEL].astype(bool))


def from_campaign(folder: Path) -> tuple[Table, Table]:
    """Of a campaign its double wells and its two-level systems, each core by the first of them."""
    campaign = gw.open_campaign(folder)
    (units,) = (units for units in campaign.units if units.name == UNITS.replace("_", "-"))
    wells, systems = [], []
    for glass in campaign.glasses:
        found = [well for well in campaign.summaries if well.glass == glass]
        wells += first_of_each_core(found)
        systems += first_of_each_core(two_level(found, units))
    table = campaign.double_wells
    names = list(zip(table["glass"], table["number"], strict=True))
    is_known = np.isfinite(np.asarray(table["linear_overlap_tangent_a"], dtype=np.float64))
    found = columns(table)
    first, second = (
        rows(found, is_known & np.isin(np.arange(len(names)), places(names, group)))
        for group in (wells, systems)
    )
    return first, second


def places(names: Sequence[tuple[str, int]], wells: Sequence[WellSummary]) -> Array:
    """Where some double wells stand in the rows of a table."""
    place = {name: k for k, name in enumerate(names)}
    return np.array([place[well.glass, well.number] for well in wells], dtype=np.intp)


def shown(double_wells: Table, systems: Table) -> dict[str, Table]:
    """The groups of double wells that the table has columns for."""
    groups = {}
    for name, table in (("double wells", double_wells), ("two-level systems", systems)):
        temperatures = table["preparation_temperature"]
        for temperature in sorted(set(temperatures)):
            groups[f"{name}, {temperature:g}"] = rows(table, temperatures == temperature)
    small = systems[f"splitting_{UNITS}"] < SMALL_SPLITTING
    few = systems["participation_number"] < FEW_PARTICLES
    return groups | {"of them as in Fig. 5": rows(systems, small & few)}


def columns(table: object) -> Table:
    """The columns that are needed, as arrays."""
    names = (
        "glass", "preparation_temperature", "participation_number", f"splitting_{UNITS}",
        IS_TWO_LEVEL, "linear_overlap_tangent_a", "linear_frequency_tangent_a",
        "linear_participation_ratio_tangent_a", "linear_overlap_displacement_as",
        "linear_overlap_displacement_ab", "cubic_overlap_displacement_ab",
        "cubic_is_double_well_displacement_ab", "seed_overlap_softest_localized",
        "cubic_overlap_softest_localized", "cubic_is_double_well_softest_localized",
    )  # fmt: skip
    return {name: np.asarray(table[name]) for name in names}  # type: ignore[index]


def rows(table: Table, is_in: Array) -> Table:
    """Some rows of a table."""
    return {name: values[is_in] for name, values in table.items()}


def by_glass(table: Table, values: Array) -> list[Array]:
    """The values of each glass."""
    return [values[table["glass"] == glass] for glass in sorted(set(table["glass"]))]


def overlap(name: str, table: Table) -> Array:
    """The largest c of a direction with one mode."""
    return table[f"linear_overlap_{name}"].astype(np.float64)


def is_quasilocalized(table: Table) -> Array:
    """1 if the mode that r_12 overlaps most has PR < 0.1 and omega < 2, else 0."""
    soft = table["linear_frequency_tangent_a"].astype(np.float64) < 2.0
    localized = table["linear_participation_ratio_tangent_a"].astype(np.float64) < 0.1
    return (soft & localized).astype(np.float64)


def gain(table: Table) -> Array:
    """Overlap c of r_AB with its cubic mode less the largest c with a normal mode."""
    cubic = table["cubic_overlap_displacement_ab"].astype(np.float64)
    return cubic - overlap("displacement_ab", table)


def has_no_double_well(seed: str, table: Table) -> Array:
    """1 where the cubic mode from a seed leads along no double well, else 0."""
    return 1.0 - table[f"cubic_is_double_well_{seed}"].astype(np.float64)


QUANTITIES = (
    ("IV A: fraction with c(r_12) > 0.4", True, lambda t: overlap("tangent_a", t) > 0.4),
    ("IV A: fraction with c(r_12) > 0.9", True, lambda t: overlap("tangent_a", t) > 0.9),
    ("IV A: fraction whose mode is soft and quasilocalized", True, is_quasilocalized),
    ("IV A: c(r_12), mean", False, lambda t: overlap("tangent_a", t)),
    ("IV C: c(r_AS), mean", False, lambda t: overlap("displacement_as", t)),
    ("IV C: c(r_AB), mean", False, lambda t: overlap("displacement_ab", t)),
    (
        "IV C: c(r_12) less c(r_AS)", False,
        lambda t: overlap("tangent_a", t) - overlap("displacement_as", t),
    ),
    (
        "IV C: c(r_12) less c(r_AB)", False,
        lambda t: overlap("tangent_a", t) - overlap("displacement_ab", t),
    ),
    ("IV D: c(r_AB) of the cubic mode less that of the best normal mode", False, gain),
    (
        "IV D: fraction with c(r_AB) of the cubic mode below 0.5", True,
        lambda t: t["cubic_overlap_displacement_ab"].astype(np.float64) < 0.5,
    ),
    (
        "IV D: c(r_AB) of the softest localized mode, mean", False,
        lambda t: t["seed_overlap_softest_localized"].astype(np.float64),
    ),
    (
        "IV D: c(r_AB) of the cubic mode from it, mean", False,
        lambda t: t["cubic_overlap_softest_localized"].astype(np.float64),
    ),
    (
        "IV D: fraction without a double well along the cubic mode from it", True,
        lambda t: has_no_double_well("softest_localized", t),
    ),
    (
        "IV D: the same along the cubic mode from r_AB", True,
        lambda t: has_no_double_well("displacement_ab", t),
    ),
)  # fmt: skip


if __name__ == "__main__":
    main()
