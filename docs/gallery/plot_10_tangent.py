"""
The direction of a path, against the distance at which one looks
================================================================

A steepest-descent path enters a minimum along its softest mode, but in a glass only at tiny
distances. A direction, and a frequency along the path, are therefore functions of the distance
rho from the minimum. A band of N images sees rho of about the path's length over N.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
found = gw.explore(model, gw.glass(0.07, 0), temperature=0.04, quenches=120, interval=25, seed=1)
pairs = [p for p in gw.linked_pairs(found.structures, found.transitions, 1) if p.distance > 0.3]
for pair in sorted(pairs, key=lambda p: abs(p.energy_difference)):
    a, b = (found.structures[k].configuration for k in (pair.i, pair.j))
    well = gw.find_double_well(model, a, b)
    if isinstance(well, gw.DoubleWell) and 0.03 < well.barrier < 0.1:
        break

rhos = np.geomspace(1e-6, 0.8 * np.linalg.norm(well.displacement_as), 30)
tangents = gw.tangents(model, well, rhos)
modes = gw.normal_modes(model, well.minimum_a, count=60)
overlaps = np.abs(np.einsum("rnc,mnc->rm", tangents.directions, modes.fields[3:]))
highest = np.argsort(overlaps.max(axis=0))[::-1][:5]

# %%
# Overlaps c of the exact chord with the five modes that matter most, and for comparison with the
# first of them those of relaxed bands of 20 and 40 images (crosses).

figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
for k in np.sort(highest):
    axes[0].semilogx(rhos, overlaps[:, k], label=f"mode {k + 4}")
for images in (20, 40):
    chord, band = gw.band_tangent(model, well, images=images, band_iterations=300)
    c = gw.overlap(chord.directions[0], modes.fields[3 + highest[0]])
    axes[0].plot(chord.distances[0], c, "kx")
    axes[1].plot(chord.distances[0], chord.curvatures[0], "kx")
    print(f"band of {images}: |r_12| = {chord.distances[0]:.4f}, c = {c:.3f}, {band.outcome.name}")
axes[0].set(xlabel="distance rho from A", ylabel="overlap c", ylim=(0, 1.02))
axes[0].legend(fontsize="small")
axes[1].semilogx(rhos, tangents.curvatures)
axes[1].axhline(modes.frequencies[3] ** 2, color="grey", linewidth=0.7)
axes[1].set(xlabel="distance rho from A", ylabel="curvature along the chord")
plt.show()

# %%
# Right: the curvature along the chord; its root is the frequency that figure 6 of the paper sets
# against the splitting. It changes by large factors with rho (grey: that of the softest mode),
# which is why each stored tangent carries its rho, 0.01 by default. The crosses lie near the exact
# curve and not on it: a band knows the path's direction only as differences between its images.

at = np.searchsorted(rhos, 0.01)
print(
    f"curvature at rho = 0.01: {tangents.curvatures[at]:.1f}; at 1e-6: {tangents.curvatures[0]:.2f}"
)
