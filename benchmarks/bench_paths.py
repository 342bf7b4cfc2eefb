"""Double wells of real pairs: `find_double_well` against full bands, ours and ASE's.

Run `python benchmarks/bench_paths.py [WELLS]`. Pairs come from an exploration of a shipped glass.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.core.records import Array, Configuration, DoubleWell, PathFailure
from glasswells.model.pair_model import Interactions
from glasswells.paths import BandRelaxation, PathSettings, Surface
from rows import Row, pinned, print_rows

WELLS = 60
FULL_BANDS = 8
ASE_BANDS = 2
IMAGES = 40
FULL_FORCE = 1e-6
ASE_FORCE = 1e-3
ASE_STEPS = 1000
MODEL = gw.SoftSpheres()
T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Thread CPU seconds, and the result."""
    begin = time.thread_time()
    result = call()
    return time.thread_time() - begin, result


def linked_pairs(glass: Configuration, quenches: int) -> list[Array]:
    """Pairs (2, N, 3) of different minima of consecutive quenches."""
    explored = gw.explore(MODEL, glass, 0.04, quenches=quenches, interval=40, seed=1)
    places = [structure.configuration.positions for structure in explored.structures]
    pairs = gw.linked_pairs(explored.structures, explored.transitions, min_transitions=1)
    return [np.array([places[pair.i], places[pair.j]]) for pair in pairs]


def full_band(glass: Configuration, pair: Array) -> Any:
    """The climbing-image band, relaxed to 1e-6."""
    surface = Surface(interactions=MODEL.interactions(glass), box=glass.box)
    relaxation = BandRelaxation(surface, pair[0], pair[1], IMAGES, PathSettings())
    relaxation.relax(0.03, 1000)
    return relaxation.relax(FULL_FORCE, 2000, climb=True)


def ase_band(glass: Configuration, pair: Array) -> tuple[float, int, float]:
    """ASE's band with our forces: barrier, steps, largest force left."""
    from ase import Atoms
    from ase.calculators.calculator import Calculator, all_changes
    from ase.mep import NEB
    from ase.optimize import FIRE

    class OurForces(Calculator):
        implemented_properties = ["energy", "forces"]  # noqa: RUF012

        def __init__(self, interactions: Interactions) -> None:
            super().__init__()
            self._interactions = interactions

        def calculate(
            self, atoms: Any = None, properties: Any = ("energy",), changes: Any = all_changes
        ) -> None:
            super().calculate(atoms, properties, changes)
            energy, forces = self._interactions.energy_and_forces(atoms.positions)
            self.results = {"energy": energy, "forces": forces}

    step = displacement(pair[0], pair[1], glass.box)
    images = []
    for u in np.linspace(0, 1, IMAGES):
        atoms = Atoms(
            numbers=np.ones(len(step)), positions=pair[0] + u * step, cell=glass.box, pbc=True
        )
        atoms.calc = OurForces(MODEL.interactions(glass))
        images.append(atoms)
    band = NEB(images, k=10.0, climb=True, method="improvedtangent")
    optimizer = FIRE(band, logfile=None, dtmax=0.12, dt=0.05, maxstep=0.1)
    optimizer.run(fmax=ASE_FORCE, steps=ASE_STEPS)
    energies = [image.get_potential_energy() for image in images]
    largest = float(np.linalg.norm(band.get_forces().reshape(-1, 3), axis=1).max())
    return max(energies) - energies[0], optimizer.nsteps, largest


@pinned()
def main(wells: int = WELLS) -> list[Row]:
    glass = gw.glass(0.092, 0).configuration
    pairs = linked_pairs(glass, 8 * wells)
    found: list[tuple[float, DoubleWell, Array]] = []
    failed: list[tuple[float, PathFailure]] = []
    gw.find_double_well(MODEL, *(glass.moved_to(x) for x in pairs[0]))  # compiles
    for pair in pairs:
        a, b = (glass.moved_to(x) for x in pair)
        seconds, result = timed(lambda a=a, b=b: gw.find_double_well(MODEL, a, b))
        if isinstance(result, DoubleWell):
            found.append((seconds, result, pair))
        else:
            failed.append((seconds, result))
        if len(found) == wells:
            break
    ours = np.array([seconds for seconds, _, _ in found])
    fast = np.mean([well.route == "fast" for _, well, _ in found])
    print(
        f"{len(found)} double wells of N = {glass.n_particles}, thread CPU: median "
        f"{np.median(ours):.2f} s, 95 % below {np.quantile(ours, 0.95):.2f} s, largest "
        f"{ours.max():.2f} s; fast route {100 * fast:.0f} %"
    )
    others = np.array([seconds for seconds, _ in failed])
    reasons = {f.outcome.name for _, f in failed}
    print(
        f"{len(failed)} pairs that are no double well ({', '.join(sorted(reasons))}): median "
        f"{np.median(others):.2f} s, largest {others.max():.2f} s"
    )
    full = []
    for _, well, pair in found[:: max(1, len(found) // FULL_BANDS)][:FULL_BANDS]:
        seconds, band = timed(lambda pair=pair: full_band(glass, pair))
        difference = abs(band.energies.max() - band.energies[0] - well.barrier)
        full.append(seconds)
        print(
            f"  full band to {FULL_FORCE:g}: {seconds:.2f} s, {band.iterations} iterations, force "
            f"{band.max_force:.1e}, barrier differs by {difference:.1e}"
        )
    theirs = []
    for _, well, pair in found[:ASE_BANDS]:
        seconds, (barrier, steps, largest) = timed(lambda pair=pair: ase_band(glass, pair))
        theirs.append(seconds)
        print(
            f"  ASE's band (FIRE) to {ASE_FORCE:g}: {seconds:.1f} s, {steps} steps, force "
            f"{largest:.1e}, barrier differs by {abs(barrier - well.barrier):.1e}"
        )
    must = bool(np.median(ours) <= 1.0 and fast >= 0.95)
    ratios = [f"{np.median(other) / np.median(ours):.0f}" for other in (full, theirs)]
    return [
        Row(
            work="double well of two minima",
            measured=f"{np.median(ours):.2f} s, fast route {100 * fast:.0f} %",
            baseline=f"{np.median(full):.1f} s (our full band), {np.median(theirs):.0f} s (ASE)",
            ratio=", ".join(ratios),
            must="<= 1 s, 95 %",
            aim="<= 0.2 s",
            meets_must=must,
            meets_aim=bool(must and np.median(ours) <= 0.2),
        )
    ]


if __name__ == "__main__":
    print_rows(main(*(int(a) for a in sys.argv[1:2])))
