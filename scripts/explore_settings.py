"""Which time step and interval find most at equal cost: shipped glasses, equal CPU time for each.

    python scripts/explore_settings.py table.csv --budget 90

Each row is one glass explored with one setting for `budget` CPU seconds, from one seed, with the
double wells of its most promising pairs: those of the rules `linked` and `close`, at most `--pairs`
of each. Rows that the table holds already are not made again: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from growing_table import append_rows, known_keys

import glasswells as gw
from glasswells.landscape.candidates import choose_pairs
from glasswells.landscape.close import Close
from glasswells.landscape.explore import continue_exploration, merge_explorations, start_exploration
from glasswells.landscape.linked import Linked
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.statistics import duplicates, summarize_well

TEMPERATURES = (0.062, 0.07, 0.092)
SETTINGS = ((0.01, 50), (0.02, 50), (0.02, 100), (0.02, 250))
"""Time step, and steps between two quenches."""
COLUMNS = (
    "T_f", "glass", "time_step", "interval", "cpu_explore", "md_time", "quenches", "structures",
    "linked", "close", "searches", "cpu_paths", "double_wells", "distinct", "tls", "distinct_tls",
)  # fmt: skip
CHUNK = 50
"""Quenches between two looks at the clock."""
SEED = 11


def main() -> None:
    """Fill the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--budget", type=float, default=90.0, help="CPU seconds of exploration")
    parser.add_argument("--pairs", type=int, default=30, help="most pairs of each rule")
    parser.add_argument("--glasses", type=int, nargs="+", default=[0, 1, 3])
    arguments = parser.parse_args()
    known = known_keys(arguments.table, COLUMNS[:4])
    for glass in arguments.glasses:
        for temperature in TEMPERATURES:
            for setting in SETTINGS:
                key = (f"{temperature:g}", str(glass), *(f"{x:g}" for x in setting))
                if key not in known:
                    row = measure(temperature, glass, setting, arguments.budget, arguments.pairs)
                    append_rows(arguments.table, COLUMNS, [row])
                    print(*row)


def measure(
    temperature: float, glass: int, setting: tuple[float, int], budget: float, most: int
) -> tuple[Any, ...]:
    """One row of the table."""
    model, configuration = gw.SoftSpheres(), gw.glass(temperature, glass).configuration
    time_step, interval = setting
    settings = ExplorationSettings(time_step=time_step, interval=interval)
    state = start_exploration(model, configuration, settings, SEED)
    # Compilation is no part of the cost.
    continue_exploration(model, state, settings, 1)
    began = time.process_time()
    while time.process_time() - began < budget:
        state = continue_exploration(model, state, settings, CHUNK)
    cpu_explore = time.process_time() - began
    found = merge_explorations([state], configuration.box, settings.identity)
    rules = [Linked(), Close()]
    choice = choose_pairs(found.structures, found.transitions, rules, most).candidates
    began = time.process_time()
    wells, splittings = [], []
    for place in range(len(choice)):
        i, j = choice.minima[place]
        a, b = (found.structures[int(k)].configuration for k in (i, j))
        for link in gw.find_double_wells(model, a, b).links:
            if isinstance(link, gw.DoubleWell):
                wells.append(summarize_well(link, "glass", len(wells)))
                splittings.append(gw.solve_splitting(link.profile, gw.ARGON_PUBLISHED))
    cpu_paths = time.process_time() - began
    firsts = duplicates(wells)
    systems = [k for k, s in zip(firsts, splittings, strict=True) if s.is_two_level]
    by_rule = choice.chosen.sum(axis=0)
    return (
        f"{temperature:g}", glass, f"{time_step:g}", interval, f"{cpu_explore:.1f}",
        f"{state.quenches * interval * time_step:g}", state.quenches, len(found.structures),
        int(by_rule[0]), int(by_rule[1]), len(choice), f"{cpu_paths:.1f}", len(wells),
        len(set(firsts)), len(systems), len(set(systems)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
