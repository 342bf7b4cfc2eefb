"""Sample one long swap Monte Carlo chain per preparation temperature, resumable at any time.

    python scripts/sample_glasses.py 0.07 --sweeps 2e7 --every 5000 --out samples

A chain starts from a lattice, is annealed through the temperatures above its own and then kept
there; a frame (fixed-point positions and who holds which diameter) is written every so many
sweeps. `scripts/ship_glasses.py` measures relaxation on the frames and picks the glasses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from glasswells.core.records import Configuration
from glasswells.model.diameters import draw_diameters
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_lists import SwapState
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint, swap_monte_carlo

N_PARTICLES = 1500
ANNEALING = {0.3: 1_000, 0.15: 5_000, 0.12: 10_000, 0.1: 50_000, 0.085: 150_000, 0.075: 400_000}
"""Sweeps at each temperature on the way down."""
FRAMES_PER_FILE = 50


def lattice(n: int, seed: int) -> Configuration:
    """Sites of a simple cubic lattice at density 1, the superfluous ones left empty at random."""
    edge = n ** (1 / 3)
    m = int(np.ceil(edge - 1e-9))
    sites = np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    chosen = np.random.default_rng(seed).permutation(len(sites))[:n]
    return Configuration(
        positions=sites[np.sort(chosen)] * (edge / m),
        diameters=draw_diameters(n, seed=seed),
        box=np.full(3, edge),
    )


def annealed(temperature: float, seed: int) -> Configuration:
    """A configuration brought down to just above `temperature`."""
    model, configuration = SoftSpheres(), lattice(N_PARTICLES, seed)
    for k, (step, sweeps) in enumerate(ANNEALING.items()):
        if step > temperature:
            sequence = np.random.SeedSequence(seed, spawn_key=(k,))
            run = swap_monte_carlo(model, configuration, step, sweeps, sequence)
            configuration = run.configuration
            print(f"annealed at T = {step}: e = {run.energies[-1] / N_PARTICLES:.6f}", flush=True)
    return configuration


def save_checkpoint(path: Path, checkpoint: SwapCheckpoint) -> None:
    """Write a checkpoint whole or not at all."""
    partial = path.with_suffix(".partial.npz")
    arrays = checkpoint.arrays._asdict()
    arrays["single_diameters"] = arrays.pop("diameters")
    np.savez(
        partial,
        diameters=checkpoint.diameters,
        box=checkpoint.box,
        max_displacement=checkpoint.max_displacement,
        sweeps=checkpoint.sweeps,
        lists_for=checkpoint.lists_for,
        **arrays,
    )
    partial.replace(path)


def load_checkpoint(path: Path) -> SwapCheckpoint:
    """Read what `save_checkpoint` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in SwapState._fields if name != "diameters"}
        return SwapCheckpoint(
            arrays=SwapState(
                **{**arrays, "capacity": int(arrays["capacity"])},
                diameters=stored["single_diameters"],
            ),
            diameters=stored["diameters"],
            box=stored["box"],
            max_displacement=float(stored["max_displacement"]),
            sweeps=int(stored["sweeps"]),
            lists_for=str(stored["lists_for"]),
        )


def main() -> None:
    """Run one chain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("temperature", type=float)
    parser.add_argument("--sweeps", type=float, required=True)
    parser.add_argument("--every", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--start", type=Path, help="npz of a configuration to start from instead")
    parser.add_argument("--name", help="of the folder, by default T<temperature>")
    a = parser.parse_args()
    folder = a.out / (a.name or f"T{a.temperature:g}")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint_path = folder / "checkpoint.npz"
    seed = np.random.SeedSequence(a.seed, spawn_key=(round(1e6 * a.temperature),))
    model = SoftSpheres()
    if checkpoint_path.exists():
        checkpoint = load_checkpoint(checkpoint_path)
    else:
        if a.start:
            with np.load(a.start, allow_pickle=False) as stored:
                start = Configuration(**{k: stored[k] for k in ("positions", "diameters", "box")})
        else:
            start = annealed(a.temperature, int(seed.generate_state(1)[0]))
        checkpoint = swap_monte_carlo(
            model, start, a.temperature, 0, seed.spawn(1)[0], burn_in=100
        ).state
    while checkpoint.sweeps < a.sweeps:
        frames, labels, energies, sweeps = [], [], [], []
        for _ in range(FRAMES_PER_FILE):
            run = swap_monte_carlo(
                model,
                checkpoint.configuration(),
                a.temperature,
                a.every,
                0,
                state=checkpoint,
                sample_interval=a.every,
            )
            checkpoint = run.state
            frames.append(checkpoint.arrays.records.reshape(-1, 4)[:, :3].copy())
            labels.append(checkpoint.arrays.labels.astype(np.int16))
            energies.append(run.energies[-1])
            sweeps.append(checkpoint.sweeps)
        np.savez_compressed(
            folder / f"frames_{checkpoint.sweeps:010d}.npz",
            frames=np.array(frames),
            labels=np.array(labels),
            energies=np.array(energies),
            sweeps=np.array(sweeps),
            diameters=checkpoint.diameters,
            box=checkpoint.box,
            max_displacement=checkpoint.max_displacement,
        )
        save_checkpoint(checkpoint_path, checkpoint)
        print(f"{checkpoint.sweeps} sweeps: e = {energies[-1] / N_PARTICLES:.6f}", flush=True)


if __name__ == "__main__":
    main()
