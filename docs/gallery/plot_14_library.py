"""
The two-level systems that come with the package
================================================

A library of double wells that tunnel, found in the shipped glasses. It loads without a campaign: a
table with a row each, and for each the minima A and B, the saddle, the energy along the path and
the levels under each unit set with their errors.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

table = gw.two_level_systems()  # a pandas DataFrame if pandas is installed
name = "argon_published"
shown = {
    "glass": "{}", "distance": "{:.3f}", "barrier_from_upper": "{:.4f}", "asymmetry": "{:+.5f}",
    "participation_number": "{:.1f}", f"splitting_{name}": "{:.2e}", f"spread_{name}": "{:.1e}",
    f"splitting_kelvin_{name}": "{:.3f}",
}  # fmt: skip
print(" ".join(f"{heading[:16]:>16s}" for heading in shown))
for row in zip(*(table[heading] for heading in shown), strict=True):
    cells = (form.format(value) for form, value in zip(shown.values(), row, strict=True))
    print(" ".join(f"{cell:>16s}" for cell in cells))

# %%
# Each is a two-level system under some unit set and some continuation, few under all of them: the
# splitting is what the asymmetry and the difference of two zero-point energies leave of each other.

for units in (gw.ARGON_PUBLISHED, gw.ARGON, gw.NIP):
    column = units.name.replace("-", "_").lower()
    below = int(np.sum(np.asarray(table[f"is_two_level_{column}"], dtype=bool)))
    print(f"{units.name}: {below} of {len(table)}")

# %%
# The energies along the paths, in order of the splitting, with the two lowest levels of
# argon-published. Energies are in units of 1e-3 epsilon above the lower minimum; the barriers of
# some paths go beyond the frame.

values = np.asarray(table[f"splitting_{name}"], dtype=float)
order = np.argsort(values)
n_rows = -(-len(order) // 6)
figure, axes = plt.subplots(
    n_rows, 6, figsize=(10, 1.7 * n_rows), sharey=True, layout="constrained", squeeze=False
)
for axis, k in zip(axes.flat, order, strict=False):
    found = gw.two_level_system(int(k))
    profile, levels = found.profile, found.splittings["argon-published"].levels
    floor = min(profile.energy[0], profile.energy[-1])
    axis.plot(profile.arc_length, 1e3 * (profile.energy - floor), color="C0")
    for number, level in enumerate(levels[:2]):
        axis.axhline(1e3 * level, color=f"C{number + 1}", linewidth=0.8)
    axis.set(ylim=(-2, 45), title=f"{found.glass}, E = {1e3 * values[k]:.2f}")
    axis.title.set_fontsize(8)
for axis in list(axes.flat)[len(order) :]:
    axis.axis("off")
figure.supxlabel("arc length / sigma")
figure.supylabel("energy / (epsilon/1000)")
plt.show()

# %%
# One of them in detail: who moves, and how far.

lowest = gw.two_level_system(int(order[0]))
moved = np.linalg.norm(lowest.double_well.displacement_ab, axis=1)
most = np.argsort(moved)[::-1][:5]
print(lowest.provenance)
for particle in most:
    print(f"particle {particle}: {moved[particle]:.3f} sigma")
