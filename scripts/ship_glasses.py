r"""Choose the shipped glasses from long chains, judge their equilibration, write the package data.

    python scripts/ship_glasses.py --samples samples \
        --out src/glasswells/interchange/data/glasses.npz

Expects the folders that `scripts/sample_glasses.py` wrote: T0.092, T0.07, T0.062 and, for the
checks, T<t>_<note> of runs at neighboring temperatures (`T0.095_near`) and of runs that started
from a better annealed glass (`T0.092_below`). Prints one line per glass.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from glasswells.interchange.shipped import report_to_plain
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

GLASSES = 10
MEASURED_FRAMES = 1200
"""Frames from which relaxation is measured: more cost time and add little."""
INHERENT_FRAMES = 120
"""Frames that are quenched for e_IS(t)."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Which frames of a chain become glasses."""

    temperature: float
    relaxation_times_before: float
    """Before the first frame; 0: whatever was reached."""
    sweeps_before: float
    """Before the first frame, at least."""
    relaxation_times_between: float
    sweeps_between: float
    """Between two frames, at least."""


SCHEDULES = (
    Schedule(
        temperature=0.092,
        relaxation_times_before=20,
        sweeps_before=0,
        relaxation_times_between=5,
        sweeps_between=0,
    ),
    Schedule(
        temperature=0.07,
        relaxation_times_before=20,
        sweeps_before=0,
        relaxation_times_between=5,
        sweeps_between=0,
    ),
    Schedule(
        temperature=0.062,
        relaxation_times_before=0,
        sweeps_before=2e6,
        relaxation_times_between=0,
        sweeps_between=2e6,
    ),
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
    first = max(schedule.sweeps_before, schedule.relaxation_times_before * decay.relaxation_time)
    spacing = max(
        schedule.sweeps_between, schedule.relaxation_times_between * decay.relaxation_time
    )
    wanted = first + spacing * np.arange(GLASSES)
    if wanted[-1] > trajectory.sweeps[-1]:
        raise SystemExit(
            f"T = {trajectory.temperature}: the chain has {trajectory.sweeps[-1]:.3g} sweeps, "
            f"expected {wanted[-1]:.3g} (first frame {first:.3g}, spacing {spacing:.3g}): go on "
            f"with sample_glasses.py"
        )
    # Use all of the chain: spread the frames evenly over what there is
    spacing = (trajectory.sweeps[-1] - first) / (GLASSES - 1)
    wanted = first + spacing * np.arange(GLASSES)
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


def reports(
    samples: Path, schedule: Schedule
) -> tuple[SwapTrajectory, list[int], list[EquilibrationReport]]:
    """The chain, the chosen frames and their reports."""
    chain = read_chain(samples / f"T{schedule.temperature:g}")
    start = 0.1 * chain.sweeps[-1]  # the first tenth is still falling from above
    late = thinned(read_chain(samples / f"T{schedule.temperature:g}", after=start), MEASURED_FRAMES)
    frames = chosen_frames(chain, relaxation(late), schedule)
    near, below = checks(samples, schedule.temperature)
    common = equilibration_report(
        late,
        inherent_energies=inherent_energies(late),
        neighboring_energies=near,
        from_below=below,
    )
    each = []
    for frame in frames:
        configuration = chain.configuration(frame)
        each.append(
            replace(
                common,
                sweeps=float(chain.sweeps[frame]),
                crystalline_fraction=crystalline_fraction(configuration),
                fractionation=fractionation(configuration),
            )
        )
    return chain, frames, each


def main() -> None:
    """Write the package data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    positions, diameters, plain = [], [], []
    for schedule in SCHEDULES:
        chain, frames, each = reports(a.samples, schedule)
        positions.append(chain.positions[frames])
        diameters.append(chain.diameters[frames])
        plain.append([report_to_plain(report) for report in each])
        for frame, report in zip(frames, each, strict=True):
            print(
                f"T_f = {schedule.temperature}: {report.sweeps:.4g} sweeps, "
                f"{report.relaxation_times:.1f} relaxation times "
                f"(overlap {report.overlap_time:.4g}, diameters {report.diameter_time:.4g}), "
                f"energy {chain.energies[frame] / report.n_particles:.5f}, "
                f"flags: {', '.join(report.flags) or 'none'}"
            )
        print(each[-1])
    partial = a.out.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        temperatures=np.array([s.temperature for s in SCHEDULES]),
        positions=np.array(positions),
        diameters=np.array(diameters),
        box=chain.box,
        reports=json.dumps(plain),
    )
    partial.replace(a.out)


if __name__ == "__main__":
    main()
