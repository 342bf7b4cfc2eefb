"""
A double well: energy profile, levels, displacement
===================================================

From a glass to one double well in a few lines: explore, take linked pairs, closest in energy
first, follow the minimum energy path, solve the Schroedinger equation along it. The first pair
whose wells are real ones is drawn.
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
    if isinstance(well, gw.PathFailure):
        print(f"pair {pair.i}-{pair.j}: {well.message}")
        continue
    argon = gw.solve_splitting(well.profile, gw.ARGON)
    if "single_well" not in argon.flags:
        break
print(f"pair {pair.i}-{pair.j}: distance {pair.distance:.3f}, found by the {well.route} route")
print(f"barrier {well.barrier:.5f}, asymmetry {well.asymmetry:.5f}, path {well.path_length:.3f}")
print(f"one negative eigenvalue at the saddle: {well.negative_eigenvalue:.2f}")

# %%
# In argon's units hbar is 0.0296, in those of NiP 0.0134: the zero-point energy and the depth of
# tunneling differ, the profile does not.

figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained", sharey=True)
profile = well.profile
for axis, units in zip(axes, (gw.ARGON, gw.NIP), strict=True):
    splitting = gw.solve_splitting(profile, units)
    axis.plot(profile.arc_length, profile.energy, color="black")
    for side, (s, v) in ((-1, profile.beyond_a), (1, profile.beyond_b)):
        start = 0.0 if side < 0 else profile.arc_length[-1]
        axis.plot(start + side * s, v, color="black", linestyle="--", linewidth=0.9)
    for k, level in enumerate(splitting.levels):
        axis.axhline(level, color=f"C{k}", linewidth=1, label=f"E{k + 1} = {level:.5f}")
    axis.set(xlabel="arc length s", title=units.name, xlim=(-0.5, profile.arc_length[-1] + 1.1))
    axis.set_ylim(min(0, well.asymmetry) - 0.02, 1.3 * well.barrier)
    axis.legend(loc="upper right", fontsize="small")
    print(
        f"{units.name}: E = {splitting.splitting:.6f} +- {splitting.error:.0e} (numerical), "
        f"{splitting.spread:.6f} by convention; Delta_0 = {splitting.tunneling_amplitude:.2e}; "
        f"active two-level system: {splitting.is_two_level}"
    )
axes[0].set_ylabel("energy above A")
plt.show()

# %%
# Dashed: the true energy along the straight continuation of the path's first chord, the default
# convention for what lies beyond the minima.
#
# Few particles make the difference between A and B:

moves = np.sort(np.linalg.norm(well.displacement_ab, axis=1))[::-1]
figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
axis.loglog(np.arange(1, len(moves) + 1), moves, ".")
axis.set(xlabel="particle, by displacement", ylabel="displacement between A and B")
axis.set_title(f"participation number {well.participation_number:.1f}")
plt.show()
