"""
The splitting against the continuation and the unit set
=======================================================

A path ends in its two minima, but the wave function does not. What the potential is beyond them
is a convention, and the splitting depends on it far more than on any numerical error. Each
splitting therefore comes with two errors: the numerical one, and half the range over conventions.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
found = gw.explore(model, gw.glass(0.07, 0), temperature=0.04, quenches=120, interval=25, seed=1)
pairs = gw.linked_pairs(found.structures, found.transitions, 1)
wells = []
for pair in sorted(pairs, key=lambda p: p.distance):
    a, b = (found.structures[k].configuration for k in (pair.i, pair.j))
    well = gw.find_double_well(model, a, b)
    if isinstance(well, gw.DoubleWell):
        wells.append(well)
print(f"{len(wells)} double wells from {len(pairs)} pairs")

# %%
# All of them, in argon's units, under the three conventions. Open circles: wells that the solver
# flags as a single well in disguise, because no two localized states fit.

figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
marks = {"straight": "o", "harmonic": "s", "walls": "^"}
active = dict.fromkeys(marks, 0)
for number, well in enumerate(wells):
    splitting = gw.solve_splitting(well.profile, gw.ARGON)
    face = "none" if "single_well" in splitting.flags else None
    for k, (name, value) in enumerate(splitting.by_continuation.items()):
        label = name if number == 0 else None
        active[name] += value < gw.ARGON.tls_threshold
        axis.semilogy(number, value, marks[name], color=f"C{k}", markerfacecolor=face, label=label)
axis.axhline(gw.ARGON.tls_threshold, color="grey", linewidth=0.8)
axis.text(0, 1.08 * gw.ARGON.tls_threshold, "threshold of an active two-level system")
axis.set(xlabel="double well, by distance of its minima", ylabel="splitting E")
axis.legend()
for name, n in active.items():
    print(f"{name}: {n} below the threshold")
plt.show()

# %%
# The strength of quantum effects is one number, hbar / (sigma sqrt(m epsilon)). A symmetric
# quartic well shows what it does: the splitting falls exponentially in 1/hbar. Where it falls below
# the estimate of its numerical error it is flagged as unresolved. It still follows the line there,
# because the coupling of the two wells is taken from the wave functions at the top of the barrier
# and not as the difference of two levels; only, no independent check vouches for it.

s = np.linspace(0.0, 1.0, 201)
barrier = 0.1
quartic = gw.EnergyProfile(
    arc_length=s,
    energy=16 * barrier * s**2 * (1 - s) ** 2,
    curvature_a=32 * barrier,
    curvature_b=32 * barrier,
)
hbars = np.geomspace(0.007, 0.06, 25)
splittings, errors = [], []
for hbar in hbars:
    units = gw.UnitSystem(
        name="scan", reduced_hbar=hbar, tls_threshold=1e-3, sigma=3.4e-10, epsilon=120, mass=40
    )
    result = gw.solve_splitting(quartic, units, continuation="harmonic")
    splittings.append(result.splitting)
    errors.append(result.error)
figure, axis = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
axis.semilogy(1 / hbars, splittings, ".-", label="splitting")
axis.semilogy(1 / hbars, errors, ":", label="its numerical error")
for units in (gw.ARGON, gw.NIP):
    axis.axvline(1 / units.reduced_hbar, color="grey", linewidth=0.7)
    axis.text(1 / units.reduced_hbar + 2, 1e-2, units.name)
axis.set(xlabel="1 / hbar", ylabel="energy")
axis.legend()
plt.show()
