"""Swap Monte Carlo against a plain C++ program, compiled here and now, on one core.

Both run the same moves from the same configuration, equilibrated for a few seconds at T = 0.08:
the program starts again from it at every repeat, so that mean energies can be compared.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glasswells.core.records import Configuration
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_monte_carlo import SwapMonteCarlo, swap_monte_carlo
from rows import Row, pinned, print_rows

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from sample_glasses import lattice

TEMPERATURE = 0.08
SWAP_PROBABILITY = 0.2
PARTNER_WINDOW = 0.2
N_PARTICLES = 1500
REPEATS = 7
TIMED_SWEEPS = 1500
"""Of ours, in a third of a second."""
COMPARED_SWEEPS = 400
"""Of both, with energies; the baseline is timed on these."""
ENERGY_INTERVAL = 20
MUST_RATE, AIM_RATE = 6.0, 10.0
"""Million moves per second."""
MUST_RATIO, AIM_RATIO = 6.0, 10.0
BASELINES = ("-O3", "-O3 -ffast-math -march=native")
"""Compiler flags."""
SKINS = (0.5, 0.7, 0.9)
"""Among which the baseline's best is chosen."""


class Measurement(NamedTuple):
    """One run of the textbook program."""

    rate: float
    energy: float
    displacement_acceptance: float
    swap_acceptance: float


def equilibrated() -> SwapMonteCarlo:
    """A glass former at T = 0.08, from a lattice, in some seconds."""
    model, configuration = SoftSpheres(), lattice(N_PARTICLES, seed=1)
    for temperature, sweeps in ((0.3, 300), (0.15, 600), (0.1, 2500), (0.09, 4000)):
        configuration = swap_monte_carlo(model, configuration, temperature, sweeps, 1).configuration
    return swap_monte_carlo(model, configuration, TEMPERATURE, 8000, 2)


def ours(
    start: Configuration, step: float, seed: int, sweeps: int, interval: int
) -> tuple[float, SwapMonteCarlo]:
    """CPU seconds of a run, all that the call does included, and its outcome."""
    begin = time.thread_time()
    run = swap_monte_carlo(
        SoftSpheres(),
        start,
        TEMPERATURE,
        sweeps,
        seed,
        SWAP_PROBABILITY,
        partner_window=PARTNER_WINDOW,
        max_displacement=step,
        burn_in=0,
        sample_interval=interval,
    )
    return time.thread_time() - begin, run


def textbook(
    program: Path, path: Path, step: float, skin: float, seed: int, sweeps: int
) -> Measurement:
    """Run the textbook program once."""
    words = (TEMPERATURE, SWAP_PROBABILITY, PARTNER_WINDOW, step, skin)
    moves, samples = sweeps * N_PARTICLES, sweeps // ENERGY_INTERVAL
    command = [program, path, *map(repr, words), moves, samples, seed]
    answer = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    rate, energy, displacement, swap, *_ = answer.stdout.split()
    return Measurement(float(rate), float(energy), float(displacement), float(swap))


def compile_baselines(folder: Path) -> dict[str, Path]:
    source = Path(__file__).with_name("textbook_swap.cpp")
    programs = {}
    for k, flags in enumerate(BASELINES):
        programs[flags] = folder / f"textbook{k}"
        subprocess.run(["g++", *flags.split(), "-o", programs[flags], source], check=True)
    return programs


def mean_with_error(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def compare(folder: Path) -> list[Row]:
    """Interleaved repeats of ours and of each baseline."""
    run = equilibrated()
    start, step = run.configuration, run.max_displacement
    path = folder / "configuration.txt"
    np.savetxt(
        path,
        np.column_stack([start.positions, start.diameters]),
        fmt="%.17g",
        header=" ".join([str(N_PARTICLES), *(f"{edge:.17g}" for edge in start.box)]),
        comments="",
    )
    programs = compile_baselines(folder)
    skins = {
        name: max(SKINS, key=lambda s, p=program: textbook(p, path, step, s, 0, 100).rate)
        for name, program in programs.items()
    }
    our_rates, our_energies = [], []
    theirs: dict[str, list[Measurement]] = {name: [] for name in programs}
    for seed in range(1, REPEATS + 1):
        seconds, _ = ours(start, step, seed, TIMED_SWEEPS, TIMED_SWEEPS)
        our_rates.append(1e-6 * TIMED_SWEEPS * N_PARTICLES / seconds)
        _, last = ours(start, step, seed, COMPARED_SWEEPS, ENERGY_INTERVAL)
        our_energies.append(float(last.energies.mean()) / N_PARTICLES)
        for name, program in programs.items():
            theirs[name].append(textbook(program, path, step, skins[name], seed, COMPARED_SWEEPS))
    print(
        f"swap MC, N = {N_PARTICLES}, T = {TEMPERATURE}, p_swap {SWAP_PROBABILITY}, "
        f"step {step:.4f}: medians of {REPEATS} interleaved repeats, CPU time, one pinned core"
    )
    report("ours", our_rates, our_energies, last.displacement_acceptance, last.swap_acceptance)
    rows = []
    for name, runs in theirs.items():
        rates = [1e-6 * m.rate for m in runs]
        report(
            f"textbook C++ {name}, skin {skins[name]}",
            rates,
            [m.energy / N_PARTICLES for m in runs],
            runs[-1].displacement_acceptance,
            runs[-1].swap_acceptance,
        )
        rows.append(row(name, our_rates, rates))
    return rows


def report(name: str, rates: list[float], energies: list[float], *acceptance: float) -> None:
    mean, error = mean_with_error(energies)
    print(
        f"  {name}: {np.median(rates):.2f} M moves/s ({min(rates):.2f} to {max(rates):.2f}), "
        f"energy per particle {mean:.5f} +- {error:.5f}, "
        f"accepted displacements {acceptance[0]:.3f}, swaps {acceptance[1]:.3f}"
    )


def row(name: str, our_rates: list[float], rates: list[float]) -> Row:
    rate = float(np.median(our_rates))
    ratio = float(np.median(np.array(our_rates) / np.array(rates)))
    return Row(
        work=f"swap MC, T = {TEMPERATURE}",
        measured=f"{rate:.1f} M moves/s",
        baseline=f"{np.median(rates):.2f} M moves/s (C++ {name})",
        ratio=f"{ratio:.1f}x",
        must=f"{MUST_RATE:g} M/s, {MUST_RATIO:g}x",
        aim=f"{AIM_RATE:g} M/s, {AIM_RATIO:g}x",
        meets_must=rate >= MUST_RATE and ratio >= MUST_RATIO,
        meets_aim=rate >= AIM_RATE and ratio >= AIM_RATIO,
    )


@pinned()
def main() -> list[Row]:
    if shutil.which("g++") is None:
        return [Row(work=f"swap MC, T = {TEMPERATURE}", measured="skipped: no g++")]
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder))


if __name__ == "__main__":
    print_rows(main())
