r"""Choose the shipped glasses from long chains, judge their equilibration, write the package data.

    python scripts/ship_glasses.py --samples samples \
        --out src/glasswells/interchange/data/glasses.npz

Expects the folders that `scripts/sample_glasses.py` wrote, T0.07 and T0.062, and, for the checks,
T<t>_<note> of runs at neighboring temperatures (`T0.072_near`) and of runs that started from a
better annealed glass (`T0.07_below`). Glasses that stay as they are come from the file that is
there. Prints one line per glass.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from glasswells.interchange.shipped import glass, report_to_plain
from glasswells.minimization import minimize
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.equilibrium import (
    EquilibrationReport,
    Measured,
    blocked_mean,
    equilibration_report,
)
from glasswells.sampling.relaxation import Relaxation, SwapTrajectory, relaxation
from glasswells.sampling.structure import crystalline_fraction, fractionation
from glasswells.sampling.swap_monte_carlo import UNITS_PER_BOX

MEASURED_FRAMES = 1200
"""Frames from which relaxation is measured: more cost time and add little."""
INHERENT_FRAMES = 120
"""Frames that are quenched for e_IS(t)."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Which glasses of a temperature ship."""

    temperature: float
    glasses: int
    """All together."""
    kept: int = 0
    """The first so many of those that ship now stay."""
    sweeps_seen: float = 0.0
    """By the configuration that the chain started from, at this temperature."""
    relaxation_times_before: float = 20
    """Before the first frame, `sweeps_seen` included."""
    relaxation_times_between: float


SCHEDULES = (
    # The chain of 0.062 goes on from the last glass of an earlier one, that of 0.07 as well.
    Schedule(temperature=0.062, glasses=20, sweeps_seen=2.05e7, relaxation_times_between=1),
    Schedule(
        temperature=0.07, kept=10, glasses=30, sweeps_seen=2.625e7, relaxation_times_between=5
    ),
    Schedule(temperature=0.092, kept=10, glasses=10, relaxation_times_between=5),
)


def read_chain(folder: Path, after: float = 0.0) -> SwapTrajectory:
    """The frames of a chain that lie later than `after` sweeps."""
    frames, labels, energies, sweeps = [], [], [], []
    for path in sorted(folder.glob("frames_*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            late = stored["sweeps"] > after
            frames.append(stored["frames"][late])
            labels.append(stored["labels"][late].astype(np.int64))
            energies.append(stored["energies"][late])
            sweeps.append(stored["sweeps"][late])
            diameters, box = stored["diameters"], stored["box"]
    units = np.concatenate(frames).view(np.uint32)
    return SwapTrajectory(
        temperature=float(folder.name.removeprefix("T").split("_")[0]),
        sweeps=np.concatenate(sweeps),
        positions=units * (box / UNITS_PER_BOX),
        diameters=diameters[np.concatenate(labels)],
        energies=np.concatenate(energies),
        box=box,
    )


def thinned(trajectory: SwapTrajectory, frames: int) -> SwapTrajectory:
    """At most `frames` evenly spaced frames."""
    stride = max(1, len(trajectory.sweeps) // frames)
    return SwapTrajectory(
        temperature=trajectory.temperature,
        sweeps=trajectory.sweeps[::stride],
        positions=trajectory.positions[::stride],
        diameters=trajectory.diameters[::stride],
        energies=trajectory.energies[::stride],
        box=trajectory.box,
    )


def chosen_frames(trajectory: SwapTrajectory, decay: Relaxation, schedule: Schedule) -> list[int]:
    """The frames of a chain that become glasses."""
    n = schedule.glasses - schedule.kept
    spacing = schedule.relaxation_times_between * decay.relaxation_time
    # The start of the chain ships already or is related to one that does.
    first = max(
        spacing, schedule.relaxation_times_before * decay.relaxation_time - schedule.sweeps_seen
    )
    wanted = first + spacing * np.arange(n)
    if wanted[-1] > trajectory.sweeps[-1]:
        raise SystemExit(
            f"T = {trajectory.temperature}: the chain has {trajectory.sweeps[-1]:.3g} sweeps, "
            f"expected {wanted[-1]:.3g} (first frame {first:.3g}, spacing {spacing:.3g}): go on "
            f"with sample_glasses.py"
        )
    # Use all of the chain: spread the frames evenly over what there is
    spacing = (trajectory.sweeps[-1] - first) / (n - 1)
    wanted = first + spacing * np.arange(n)
    return [int(np.searchsorted(trajectory.sweeps, w * (1 - 1e-12))) for w in wanted]


def inherent_energies(trajectory: SwapTrajectory) -> np.ndarray:
    """e_IS(t) of evenly spaced frames."""
    model = SoftSpheres()
    frames = np.linspace(0, len(trajectory.sweeps) - 1, INHERENT_FRAMES).astype(int)
    return np.array(
        [minimize(model, trajectory.configuration(k), max_force=1e-6).energy for k in frames]
    )


def checks(samples: Path, temperature: float) -> tuple[dict[float, Measured], Measured | None]:
    """Energies per particle at neighboring temperatures, and of a run from below."""
    near, below = {}, None
    for folder in sorted(samples.glob("T*_*")):
        note = folder.name.split("_")[1]
        chain = read_chain(folder)
        half = read_chain(folder, after=chain.sweeps[-1] / 2)  # the first half forgets the start
        energy = blocked_mean(half.energies / half.positions.shape[1])
        if note == "near" and abs(chain.temperature - temperature) < 0.005:
            near[chain.temperature] = energy
        if note == "below" and chain.temperature == temperature:
            below = energy
    return near, below


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A glass to ship."""

    positions: np.ndarray
    diameters: np.ndarray
    report: EquilibrationReport


def sampled(samples: Path, schedule: Schedule) -> Iterator[Chosen]:
    """The new glasses of a temperature, from its chain."""
    folder = samples / f"T{schedule.temperature:g}"
    chain = read_chain(folder)
    # A chain that begins somewhere new falls from above in its first tenth.
    start = 0.0 if schedule.sweeps_seen else 0.1 * chain.sweeps[-1]
    late = thinned(read_chain(folder, after=start), MEASURED_FRAMES)
    near, below = checks(samples, schedule.temperature)
    common = equilibration_report(
        late,
        inherent_energies=inherent_energies(late),
        neighboring_energies=near,
        from_below=below,
    )
    print(common)
    for frame in chosen_frames(chain, relaxation(late), schedule):
        configuration = chain.configuration(frame)
        report = replace(
            common,
            sweeps=float(schedule.sweeps_seen + chain.sweeps[frame]),
            crystalline_fraction=crystalline_fraction(configuration),
            fractionation=fractionation(configuration),
        )
        yield Chosen(
            positions=chain.positions[frame], diameters=chain.diameters[frame], report=report
        )


def kept(schedule: Schedule) -> Iterator[Chosen]:
    """The glasses of a temperature that ship already and stay."""
    for k in range(schedule.kept):
        found = glass(schedule.temperature, k)
        yield Chosen(positions=found.positions, diameters=found.diameters, report=found.report)


def main() -> None:
    """Write the package data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    temperatures: list[float] = []
    chosen: list[Chosen] = []
    for schedule in SCHEDULES:
        found = [*kept(schedule)]
        if schedule.kept < schedule.glasses:
            found += sampled(a.samples, schedule)
        for each in found:
            report = each.report
            print(
                f"T_f = {schedule.temperature}: {report.sweeps:.4g} sweeps, "
                f"{report.relaxation_times:.1f} relaxation times "
                f"(overlap {report.overlap_time:.4g}, diameters {report.diameter_time:.4g}), "
                f"flags: {', '.join(report.flags) or 'none'}"
            )
        chosen += found
        temperatures += [schedule.temperature] * len(found)
    partial = a.out.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        temperatures=np.array(temperatures),
        positions=np.array([each.positions for each in chosen]),
        diameters=np.array([each.diameters for each in chosen]),
        box=glass(SCHEDULES[0].temperature, 0).box,
        reports=json.dumps([report_to_plain(each.report) for each in chosen]),
    )
    partial.replace(a.out)


if __name__ == "__main__":
    main()
