"""Molecular dynamics against LAMMPS lj/cut, on one core, list rebuilds included.

Ours: constant energy at T = 0.04 from an equilibrated configuration of 1500 particles at density
1. LAMMPS: as many Lennard-Jones particles at the same density, temperature and time step, in a
glass made by a fast quench, with the cutoff that gives the same number of neighbors within it.
(That potential is the cheaper one to evaluate: no mixing rule, fewer terms.) Runs are interleaved.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from glasswells.core.geometry import minimum_image
from glasswells.core.records import Array, Configuration
from glasswells.interchange.lammps_instance import load_lammps
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import molecular_dynamics
from glasswells.sampling.swap_monte_carlo import swap_monte_carlo
from rows import Row, pinned, print_rows

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from sample_glasses import lattice

N_PARTICLES = 1500
TEMPERATURE = 0.04
TIME_STEP = 0.01
STEPS = 1500
REPEATS = 9
MUST_RATIO = {"plain": 1.0}
AIM_RATIO = {"opt": 1.3}
SUFFIXES = ("plain", "opt", "omp")
SKIN = 0.3
"""LAMMPS' own default in these units."""


def cold_glass() -> Configuration:
    """Equilibrated at T = 0.09 by swap Monte Carlo, then thermalized at T = 0.04."""
    model, configuration = SoftSpheres(), lattice(N_PARTICLES, seed=1)
    for temperature, sweeps in ((0.3, 300), (0.15, 600), (0.1, 2500), (0.09, 4000)):
        configuration = swap_monte_carlo(model, configuration, temperature, sweeps, 1).configuration
    run = molecular_dynamics(
        model, configuration, TEMPERATURE, 3000, 2, TIME_STEP, thermostat="langevin", friction=2.0
    )
    return run.configuration


def distances(positions: Array, box: Array) -> tuple[Array, Array, Array]:
    i, j = np.triu_indices(len(positions), 1)
    return i, j, np.linalg.norm(minimum_image(positions[j] - positions[i], box), axis=1)


def neighbors_per_particle(configuration: Configuration) -> float:
    """Mean number within the cutoff of the soft spheres."""
    i, j, r = distances(configuration.positions, configuration.box)
    a, b = configuration.diameters[i], configuration.diameters[j]
    inside = r < 1.25 * 0.5 * (a + b) * (1 - 0.2 * np.abs(a - b))
    return 2 * float(inside.sum()) / len(configuration.positions)


class LennardJones:
    """A monodisperse Lennard-Jones glass in LAMMPS."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix
        self.lammps: Any = load_lammps()(cmdargs=["-log", "none", "-screen", "none"])
        if suffix == "omp":
            self.lammps.command("package omp 1")
        edge = N_PARTICLES ** (1 / 3)
        self.run_commands(f"""
            units lj
            atom_style atomic
            region box block 0 {edge} 0 {edge} 0 {edge}
            create_box 1 box
            create_atoms 1 random {N_PARTICLES} 12345 NULL overlap 0.85 maxtry 1000
            mass 1 1.0
            pair_style lj/cut 1.35
            pair_coeff 1 1 1.0 1.0
            neighbor {SKIN} bin
            neigh_modify every 1 delay 0 check yes
            thermo 1000000
            minimize 0 1e-2 200 1000
            velocity all create 1.5 4321
            timestep 0.004
            fix nve all nve
            fix thermostat all langevin 1.5 1.5 0.5 99
            run 1500
            unfix thermostat
            fix thermostat all langevin 1.5 {TEMPERATURE} 0.2 98
            run 4000
        """)

    def run_commands(self, text: str) -> None:
        """Run one command a line."""
        for line in text.strip().splitlines():
            self.lammps.command(line.strip())

    def positions(self) -> Array:
        """(N, 3), inside the box."""
        x = self.lammps.gather_atoms("x", 1, 3)
        return np.array(x).reshape(-1, 3)

    def settle(self, cutoff: float) -> None:
        """Thermalize with this cutoff and the style to be timed."""
        style = "" if self.suffix == "plain" else f"/{self.suffix}"
        self.run_commands(f"""
            pair_style lj/cut{style} {cutoff}
            pair_coeff 1 1 1.0 1.0
            timestep {TIME_STEP}
            fix thermostat all langevin {TEMPERATURE} {TEMPERATURE} 0.5 97
            run 2000
            unfix thermostat
            run 500
        """)

    def neighbors(self, cutoff: float) -> float:
        """Mean number of particles within the cutoff of one."""
        r = distances(self.positions(), np.full(3, N_PARTICLES ** (1 / 3)))[2]
        return 2 * float((r < cutoff).sum()) / N_PARTICLES

    def steps_per_second(self) -> float:
        """Go on, and measure."""
        begin = time.thread_time()
        self.lammps.command(f"run {STEPS} pre no post no")
        return STEPS / (time.thread_time() - begin)

    def temperature(self) -> float:
        """Kinetic, now."""
        v = np.array(self.lammps.gather_atoms("v", 1, 3))
        return float((v**2).sum() / (3 * N_PARTICLES))


def settled(suffix: str, neighbors: float) -> tuple[LennardJones, float]:
    """A Lennard-Jones glass with that many neighbors, and its cutoff."""
    system = LennardJones(suffix)
    cutoff = 0.0
    for _ in range(2):  # the cutoff changes the glass a little, so once more
        r = np.sort(distances(system.positions(), np.full(3, N_PARTICLES ** (1 / 3)))[2])
        cutoff = float(r[round(neighbors * N_PARTICLES / 2)])
        system.settle(cutoff)
    return system, cutoff


def ours(configuration: Configuration, seed: int) -> tuple[float, float]:
    """Steps per second, all that the call does included, and the temperature."""
    begin = time.thread_time()
    run = molecular_dynamics(
        SoftSpheres(), configuration, TEMPERATURE, STEPS, seed, TIME_STEP, sample_interval=STEPS
    )
    seconds = time.thread_time() - begin
    return STEPS / seconds, 2 * run.kinetic_energies[-1] / (3 * N_PARTICLES)


@pinned()
def main() -> list[Row]:
    configuration = cold_glass()
    neighbors = neighbors_per_particle(configuration)
    baselines = {suffix: settled(suffix, neighbors) for suffix in SUFFIXES}
    rates: dict[str, list[float]] = {name: [] for name in ("ours", *SUFFIXES)}
    temperature = 0.0
    for repeat in range(REPEATS):
        rate, temperature = ours(configuration, repeat)
        rates["ours"].append(rate)
        for suffix, (system, _) in baselines.items():
            rates[suffix].append(system.steps_per_second())
    print(f"ours: {neighbors:.1f} neighbors in the cutoff, T = {temperature:.4f}")
    rows = []
    for suffix, (system, cutoff) in baselines.items():
        print(
            f"LAMMPS {suffix}: {system.neighbors(cutoff):.1f} neighbors in the cutoff "
            f"{cutoff:.3f}, T = {system.temperature():.4f}"
        )
        ratio = float(np.median(np.divide(rates["ours"], rates[suffix])))
        must, aim = MUST_RATIO.get(suffix), AIM_RATIO.get(suffix)
        rows.append(
            Row(
                work=f"MD at T = {TEMPERATURE}, N = {N_PARTICLES}, beside LAMMPS {suffix}",
                measured=f"{np.median(rates['ours']):.0f} steps/s",
                baseline=f"{np.median(rates[suffix]):.0f} steps/s, LAMMPS lj/cut {suffix}",
                ratio=f"{ratio:.2f}",
                must="-" if must is None else f">= {must}",
                aim="-" if aim is None else f">= {aim}",
                meets_must=None if must is None and aim is None else ratio >= (must or 0),
                meets_aim=ratio >= aim if aim is not None else None,
            )
        )
    return rows


if __name__ == "__main__":
    print_rows(main())
