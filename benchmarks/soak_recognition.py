"""How often early recognition names the wrong inherent structure.

    python -m benchmarks.soak_recognition --quenches 10000

Every quench of an exploration that ended early is repeated to the full tolerance and identified
by energy and displacement. Prints one line per preparation temperature: quenches, recognized,
false merges, evaluations with and without recognition. Some minutes per thousand quenches.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

import glasswells as gw
from glasswells.landscape.library import Library
from glasswells.landscape.recognition import Recognizer
from glasswells.minimization import minimize_positions
from glasswells.sampling.molecular_dynamics import Integrator

TEMPERATURES = (0.092, 0.07, 0.062)
QUENCHES_PER_TRAJECTORY = 250


@dataclass
class Tally:
    """What was counted."""

    quenches: int = 0
    recognized: int = 0
    false_merges: int = 0
    early_evaluations: int = 0
    full_evaluations: int = 0


def soak_trajectory(
    model: gw.SoftSpheres, glass: gw.Configuration, quenches: int, seed: int, tally: Tally
) -> None:
    """Explore one trajectory, each quench both ways."""
    settings = gw.ExplorationSettings(temperature=0.04, interval=50)
    integrator = Integrator(model.interactions(glass), glass, settings.temperature)
    state = integrator.start(glass.positions, seed)
    library = Library(glass.box, settings.identity)
    for _ in range(quenches):
        run = integrator.advance(state, settings.interval, settings.interval)
        state = run.state
        recognizer = Recognizer(library, glass.box, settings.recognition)
        start = run.configuration.positions
        early = minimize_positions(model.interactions(glass), start, settings.minimizer, recognizer)
        full = early
        if recognizer.index is not None:
            full = minimize_positions(model.interactions(glass), start, settings.minimizer)
            tally.recognized += 1
        found = library.visit(glass.moved_to(full.positions), full.energy)
        tally.false_merges += recognizer.index is not None and recognizer.index != found
        tally.quenches += 1
        tally.early_evaluations += early.evaluations
        tally.full_evaluations += full.evaluations


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quenches", type=int, default=10_000)
    quenches = parser.parse_args().quenches // len(TEMPERATURES) + 1
    model = gw.SoftSpheres()
    for temperature in TEMPERATURES:
        tally, trajectory = Tally(), 0
        while tally.quenches < quenches:
            glass = gw.glass(temperature, trajectory % 10).configuration
            length = min(QUENCHES_PER_TRAJECTORY, quenches - tally.quenches)
            soak_trajectory(model, glass, length, trajectory, tally)
            trajectory += 1
        early, full = np.array([tally.early_evaluations, tally.full_evaluations]) / tally.quenches
        print(
            f"T_f = {temperature}: {tally.quenches} quenches, {tally.recognized} recognized, "
            f"{tally.false_merges} false merges, evaluations {early:.1f} (full {full:.1f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
