"""Prepare a small glass by swap Monte Carlo, quench it, and say how well it is equilibrated.

Takes about a minute on one core.
"""

from __future__ import annotations

import numpy as np

import glasswells as gw

CELLS = 7
"""Particles along an edge: 343 at density 1."""
MELTING_TEMPERATURE = 0.3
"""Well above the onset of slow dynamics at 0.18: the lattice is forgotten in 200 sweeps."""
TEMPERATURE = 0.1
"""Near the mode-coupling temperature 0.104, where molecular dynamics would need far longer."""
FRAMES, INTERVAL = 250, 4000
"""Sampled frames and the sweeps between two: a million sweeps, some 25 relaxation times here."""
QUENCHED = 10
"""Every tenth frame is quenched, to see whether the inherent structures still get deeper."""


def lattice(model: gw.SoftSpheres, seed: int) -> gw.Configuration:
    """A simple cubic lattice at density 1 with the sizes of the model glass former."""
    sites = np.indices((CELLS, CELLS, CELLS)).reshape(3, -1).T + 0.5
    configuration = gw.Configuration(
        positions=sites,
        diameters=gw.draw_diameters(CELLS**3, seed=seed),
        box=np.full(3, float(CELLS)),
    )
    print(f"{CELLS**3} soft spheres, {model}")
    print(f"lattice:            {gw.energy(model, configuration) / CELLS**3:10.5f} per particle")
    return configuration


def main() -> None:
    """The demo."""
    model = gw.SoftSpheres()
    n = CELLS**3
    melt = gw.swap_monte_carlo(model, lattice(model, seed=1), MELTING_TEMPERATURE, 500, seed=2)
    print(f"liquid at T = {MELTING_TEMPERATURE}:   {melt.energies[-1] / n:10.5f} per particle")

    trajectory, _ = gw.swap_trajectory(
        model, melt.configuration, TEMPERATURE, FRAMES, INTERVAL, seed=3
    )
    quenches = [
        gw.minimize(model, trajectory.configuration(frame))
        for frame in range(QUENCHED - 1, FRAMES, QUENCHED)
    ]
    glass, last = quenches[-1], trajectory.configuration(-1)
    print(f"liquid at T = {TEMPERATURE}:   {gw.energy(model, last) / n:10.5f} per particle")
    print(f"inherent structure: {glass.energy / n:10.5f} per particle")
    print(
        f"                    {glass.outcome.value} after {glass.evaluations} evaluations, "
        f"largest force {glass.max_force:.1e}"
    )
    evaluations = np.mean([q.evaluations for q in quenches])
    print(f"{len(quenches)} quenches took {evaluations:.0f} evaluations on average")

    report = gw.equilibration_report(trajectory, inherent_energies=[q.energy for q in quenches])
    print(f"\nequilibration at T = {report.temperature}, after {report.sweeps:.0f} sweeps")
    rows = {
        "relaxation time of the overlap": f"{report.overlap_time:.0f} sweeps",
        "relaxation time of the diameters": f"{report.diameter_time:.0f} sweeps",
        "relaxation times seen": f"{report.relaxation_times:.1f}",
        "energy per particle": f"{report.energy.value:.5f} +- {report.energy.error:.5f}",
        "heat capacity per particle": (
            f"{report.heat_capacity.value:.2f} +- {report.heat_capacity.error:.2f}"
        ),
        "drift of inherent energies": f"{report.inherent_drift:.1f} standard errors",
        "crystalline fraction": f"{report.crystalline_fraction:.3f}",
        "fractionation": f"{report.fractionation:.2f}",
    }
    for name, value in rows.items():
        print(f"  {name:34s}{value}")
    print("  equilibrated" if report.is_equilibrated else f"  doubts: {', '.join(report.flags)}")


if __name__ == "__main__":
    main()
