"""
Exploring glasses of three preparations
=======================================

Molecular dynamics at 0.04, and every 25 steps a quench: which inherent structures do glasses of
the three preparation temperatures visit? The better a glass is annealed, the fewer.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
figure, axes = plt.subplots(2, 3, figsize=(8.5, 5.4), layout="constrained")
for column, temperature in enumerate((0.092, 0.07, 0.062)):
    glass = gw.glass(temperature, 0)
    found = gw.explore(model, glass, temperature=0.04, quenches=200, interval=25, seed=1)
    energies = np.array([structure.energy for structure in found.structures])
    visits = np.array([structure.visits for structure in found.structures])
    counts = np.zeros((len(energies), len(energies)))
    for transition in found.transitions:
        counts[transition.i, transition.j] = transition.count

    upper, lower = axes[:, column]
    upper.semilogy(energies - energies.min(), visits, "o", markersize=4)
    upper.set_ylim(0.7, 300)
    upper.set(xlabel="energy above the lowest", ylabel="visits", title=f"T_f = {temperature}")
    lower.imshow(np.log10(np.where(counts > 0, counts, np.nan)), cmap="viridis")
    lower.grid(visible=False)
    lower.set(xlabel="to structure", ylabel="from structure")
    linked = gw.linked_pairs(found.structures, found.transitions, min_transitions=1)
    print(
        f"T_f = {temperature}: {len(energies)} structures, {len(linked)} linked pairs, "
        f"{found.evaluations / found.quenches:.0f} evaluations per quench, "
        f"{found.recognized} of {found.quenches} quenches recognized early"
    )
plt.show()

# %%
# Lower row: transition counts T_ij, logarithmic, structures numbered by discovery. An unannealed
# glass walks away along the diagonal; an ultrastable one goes back and forth between few.
#
# Whether two quenches ended in *one* structure is decided by energy and displacement. The scan
# shows how many structures other thresholds would leave: where the numbers do not change, the
# choice does not matter.

tight = gw.explore(
    model,
    gw.glass(0.092, 0),
    temperature=0.04,
    quenches=60,
    interval=25,
    seed=2,
    settings=gw.ExplorationSettings(
        identity=gw.Identity(energy=1e-14, displacement=1e-9),
        recognition=gw.Recognition(displacement=0.0),
    ),
)
energies, displacements = 10.0 ** np.arange(-13.0, -4.0), 10.0 ** np.arange(-8.0, 0.5)
left = gw.identity_scan(tight.structures, energies, displacements)
figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
image = axis.pcolormesh(displacements, energies, left, rasterized=True)
axis.plot(1e-3, 1e-9, "o", color="black")
axis.text(1.6e-3, 1e-9, "default", va="center")
axis.set(
    xscale="log",
    yscale="log",
    xlabel="threshold of the displacement",
    ylabel="threshold of the energy per particle",
)
axis.grid(visible=False)
figure.colorbar(image, label="distinct structures")
plt.show()
