"""
Swap Monte Carlo against plain Monte Carlo
==========================================

Near the mode-coupling temperature 0.104 a liquid that can only move its particles hardly relaxes.
If particles may also exchange their diameters, it does. 343 particles, from a lattice, melted
first; then the same number of sweeps with and without swaps.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

CELLS = 7
model = gw.SoftSpheres()
lattice = gw.Configuration(
    positions=np.indices((CELLS, CELLS, CELLS)).reshape(3, -1).T + 0.5,
    diameters=gw.draw_diameters(CELLS**3, seed=1),
    box=np.full(3, float(CELLS)),
)
melt = gw.swap_monte_carlo(model, lattice, temperature=0.3, sweeps=500, seed=2)
cooled = gw.swap_monte_carlo(
    model, melt.configuration, temperature=0.104, sweeps=40_000, seed=3
).configuration

# %%
# The self-overlap Q(t) is the fraction of particles that are still within 0.3 of where they were.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for probability, label in ((0.2, "20 % swaps"), (0.0, "no swaps")):
    trajectory, state = gw.swap_trajectory(
        model,
        cooled,
        temperature=0.104,
        frames=150,
        interval=800,
        seed=4,
        swap_probability=probability,
    )
    decay = gw.relaxation(trajectory)
    axes[0].semilogx(decay.lags[1:], decay.self_overlap[1:], label=label)
    axes[1].plot(trajectory.sweeps, trajectory.energies / CELLS**3, label=label, linewidth=0.8)
    print(f"{label}: relaxation time of the overlap {decay.overlap_time:.0f} sweeps")
axes[0].axhline(1 / np.e, color="grey", linewidth=0.6)
axes[0].set(xlabel="sweeps", ylabel="self-overlap Q", ylim=(0, 1))
axes[0].legend()
axes[1].set(xlabel="sweeps", ylabel="energy per particle")
plt.show()

# %%
# How many relaxation times a glass has seen decides whether it is one of this temperature.
# The equilibration report collects the evidence; the glasses that come with the package carry
# theirs.

report = gw.glass(0.092, 0).report
print(f"shipped glass of 0.092: {report.relaxation_times:.1f} relaxation times, {report.flags}")
print(f"shipped glass of 0.062: {gw.glass(0.062, 0).report.flags}")
