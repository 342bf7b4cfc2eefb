"""How the shipped double wells relate to modes, as a table in Markdown.

    python scripts/library_overlaps.py

The paper's section IV asks how r_12, r_AS and r_AB overlap with one normal mode, and with the cubic
mode that r_AB leads to. Here the answers of the library: of the random sample at each preparation
temperature, of the two-level systems of argon-published, and of those in the paper's Fig. 5
(E < 1e-3, PR_DW < 5). r_12 is taken at a distance of 0.01 from A. Intervals of 95 % are from a
bootstrap over glasses, those of fractions never narrower than the binomial ones; a star marks
those of single entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

import glasswells as gw
from glasswells.core.records import Array
from glasswells.statistics import fraction, mean, with_entries

UNITS = "argon_published"
SMALL_SPLITTING, FEW_PARTICLES = 1e-3, 5.0
"""Of the paper's Fig. 5."""
Table = Mapping[str, Array]


def main() -> None:
    """Print the table."""
    groups = dict(chosen())
    print(f"| quantity | {' | '.join(groups)} |")
    print(f"| --- |{' --- |' * len(groups)}")
    sizes = [f"{len(t['glass'])} in {len(set(t['glass']))} glasses" for t in groups.values()]
    print(f"| double wells | {' | '.join(sizes)} |")
    for name, is_fraction, values in QUANTITIES:
        estimate = fraction if is_fraction else mean
        found = [estimate(with_entries(by_glass(t, values(t)))) for t in groups.values()]
        print(f"| {name} | {' | '.join('-' if f is None else f.text('.3f') for f in found)} |")


def chosen() -> Iterator[tuple[str, Table]]:
    """The groups of double wells, with their names."""
    sample, systems = columns(gw.double_wells()), columns(gw.two_level_systems())
    for temperature in sorted(set(sample["preparation_temperature"])):
        is_in = sample["preparation_temperature"] == temperature
        yield f"sample, {temperature:g}", rows(sample, is_in)
    own = systems[f"is_two_level_{UNITS}"].astype(bool)
    for temperature in sorted(set(systems["preparation_temperature"][own])):
        is_in = own & (systems["preparation_temperature"] == temperature)
        yield f"two-level systems, {temperature:g}", rows(systems, is_in)
    small = systems[f"splitting_{UNITS}"] < SMALL_SPLITTING
    few = systems["participation_number"] < FEW_PARTICLES
    yield "of them as in Fig. 5", rows(systems, own & small & few)


def columns(table: object) -> Table:
    """The columns that are needed, as arrays."""
    names = (
        "glass", "preparation_temperature", "participation_number", f"splitting_{UNITS}",
        f"is_two_level_{UNITS}", "linear_overlap_tangent_a", "linear_frequency_tangent_a",
        "linear_participation_ratio_tangent_a", "linear_overlap_displacement_as",
        "linear_overlap_displacement_ab", "cubic_overlap_displacement_ab",
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
)  # fmt: skip


if __name__ == "__main__":
    main()
