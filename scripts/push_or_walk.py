"""Saddle searches along modes against dynamics with quenches, at equal CPU time.

    python scripts/push_or_walk.py table.csv --budget 60

Each row is one shipped glass, from its minimum on, for `budget` CPU seconds of one way into the
landscape: `push`, the lowest minima pushed over their saddles, or `walk`, molecular dynamics with
the settings of examples/two_level.toml. Then the pairs of minima are followed: those that a saddle
or a transition joins, and those of the rule `close`, at most `--pairs` of each, by their promise.
Rows that the table holds already are not made again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from growing_table import append_rows, known_keys

import glasswells as gw
from glasswells.landscape.candidates import choose_pairs
from glasswells.landscape.close import Close
from glasswells.landscape.explore import continue_exploration, merge_explorations, start_exploration
from glasswells.landscape.linked import Linked
from glasswells.landscape.push import PushSettings
from glasswells.landscape.pushed import continue_pushing, start_pushing
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.statistics import WellSummary, duplicates, summarize_well

COLUMNS = (
    "T_f", "glass", "way", "cpu_minima", "structures", "searches", "cpu_paths", "double_wells",
    "distinct", "only_this_way", "distinct_tls", "tls_only_this_way",
)  # fmt: skip
CHUNK = 50
"""Quenches between two looks at the clock."""
SEED = 11
UNITS = gw.ARGON_PUBLISHED
Found = tuple[float, Sequence[gw.InherentStructure], Sequence[gw.Transition]]
"""CPU seconds, minima, and what joins them."""
Way = Callable[[gw.SoftSpheres, gw.Configuration, argparse.Namespace], Found]


def main() -> None:
    """Fill the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--budget", type=float, default=60.0, help="CPU seconds for minima")
    parser.add_argument("--pairs", type=int, default=30, help="most pairs of each rule")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.07])
    parser.add_argument("--glasses", type=int, nargs="+", default=[0, 1, 3])
    parser.add_argument("--modes", type=int, default=10, help="of a minimum, for `push`")
    arguments = parser.parse_args()
    known = known_keys(arguments.table, COLUMNS[:2])
    for temperature in arguments.temperatures:
        for glass in arguments.glasses:
            if (f"{temperature:g}", str(glass)) not in known:
                rows = compare(temperature, glass, arguments)
                append_rows(arguments.table, COLUMNS, rows)
                for row in rows:
                    print(*row, flush=True)


def compare(temperature: float, glass: int, arguments: argparse.Namespace) -> list[tuple[Any, ...]]:
    """The two rows of a glass."""
    model, start = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    both = {
        way: measure(model, start, find, arguments)
        for way, find in (("walk", walk), ("push", push))
    }
    cores = duplicates([well for found in both.values() for well in found.wells])
    met = {"walk": cores[: len(both["walk"].wells)], "push": cores[len(both["walk"].wells) :]}
    rows = []
    for way, other in (("walk", "push"), ("push", "walk")):
        found, own = both[way], set(met[way])
        systems = {
            core for core, s in zip(met[way], found.splittings, strict=True) if s.is_two_level
        }
        rows.append(
            (
                f"{temperature:g}", glass, way, f"{found.cpu_minima:.1f}", found.structures,
                found.searches, f"{found.cpu_paths:.1f}", len(found.wells), len(own),
                len(own - set(met[other])), len(systems), len(systems - set(met[other])),
            )
        )  # fmt: skip
    return rows


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one way found in one glass."""

    cpu_minima: float
    structures: int
    searches: int
    cpu_paths: float
    wells: list[WellSummary]
    splittings: list[gw.TunnelSplitting]


def measure(
    model: gw.SoftSpheres, start: gw.Configuration, find: Way, arguments: argparse.Namespace
) -> Trial:
    """Minima for the budget, then the paths of the most promising pairs."""
    cpu, structures, transitions = find(model, start, arguments)
    choice = choose_pairs(structures, transitions, [Linked(), Close()], arguments.pairs).candidates
    began = time.process_time()
    wells, splittings = [], []
    for i, j in choice.minima:
        a, b = (structures[int(k)].configuration for k in (i, j))
        for link in gw.find_double_wells(model, a, b).links:
            if isinstance(link, gw.DoubleWell):
                wells.append(summarize_well(link, "glass", len(wells)))
                splittings.append(gw.solve_splitting(link.profile, UNITS))
    return Trial(
        cpu_minima=cpu,
        structures=len(structures),
        searches=len(choice),
        cpu_paths=time.process_time() - began,
        wells=wells,
        splittings=splittings,
    )


def walk(model: gw.SoftSpheres, start: gw.Configuration, arguments: argparse.Namespace) -> Found:
    """Dynamics with quenches."""
    settings = ExplorationSettings(time_step=0.02, interval=100)
    state = start_exploration(model, start, settings, SEED)
    # Compilation is no part of the cost.
    continue_exploration(model, state, settings, 1)
    began = time.process_time()
    while time.process_time() - began < arguments.budget:
        state = continue_exploration(model, state, settings, CHUNK)
    cpu = time.process_time() - began
    found = merge_explorations([state], start.box, settings.identity)
    return cpu, found.structures, found.transitions


def push(model: gw.SoftSpheres, start: gw.Configuration, arguments: argparse.Namespace) -> Found:
    """Saddle searches; a saddle counts as many transitions, so that all are followed."""
    found = start_pushing(model, [gw.minimize(model, start).configuration])
    # Compilation is no part of the cost.
    continue_pushing(model, found, PushSettings(modes=1))
    settings = PushSettings(modes=arguments.modes)
    began = time.process_time()
    while time.process_time() - began < arguments.budget:
        before, found = found, continue_pushing(model, found, settings)
        if len(found.done) == len(before.done):
            break
    cpu = time.process_time() - began
    enough = Linked().min_transitions
    joined = [gw.Transition(i=i, j=j, count=enough) for i, j in found.pairs]
    print(
        f"{len(found.done)} pushed, {found.attempts} attempts, {found.repeats} repeats, "
        f"{found.failures} failures"
    )
    return cpu, found.structures, joined


if __name__ == "__main__":
    main()
