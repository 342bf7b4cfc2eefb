"""
The double wells that come with the package
===========================================

Two tables that load without a campaign: all distinct two-level systems that were found in the
shipped glasses, and a random sample of all distinct double wells. Of each there are the minima A
and B, the saddle, the energy along the path, the levels under each unit set with their errors, how
it relates to the modes of A, and where it comes from.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

systems = gw.two_level_systems()  # pandas DataFrames if pandas is installed
sample = gw.double_wells()
edition = gw.library_edition()
print(edition)
print(f"{len(systems)} two-level systems; {len(sample)} of {edition.double_wells} double wells")

# %%
# The systems with the lowest splittings. Rows are those of one edition of the library; keys stay.

SHOWN = 24
name = "argon_published"
values = np.asarray(systems[f"splitting_{name}"], dtype=float)
order = [int(k) for k in np.argsort(values)[:SHOWN]]
shown = {
    "key": "{}", "glass": "{}", "distance": "{:.3f}", "barrier_from_upper": "{:.4f}",
    "asymmetry": "{:+.5f}", "participation_number": "{:.1f}", f"splitting_{name}": "{:.2e}",
    f"spread_{name}": "{:.1e}", "linear_overlap_displacement_ab": "{:.3f}", "duplicates": "{}",
}  # fmt: skip
print(" ".join(f"{heading[:16]:>16s}" for heading in shown))
for k in order:
    print(" ".join(f"{form.format(systems[heading][k]):>16s}" for heading, form in shown.items()))

# %%
# Each is a two-level system under some unit set and some continuation, few under all of them: the
# splitting is what the asymmetry and the difference of two zero-point energies leave of each other.

for units in (gw.ARGON_PUBLISHED, gw.ARGON, gw.NIP):
    column = units.name.replace("-", "_").lower()
    for words, table in (("systems", systems), ("sampled double wells", sample)):
        below = int(np.sum(np.asarray(table[f"is_two_level_{column}"], dtype=bool)))
        print(f"{units.name}: {below} of {len(table)} {words}")
print("under other continuations:", gw.two_level_system(order[-1]).two_level_under)

# %%
# The energies along the paths, in order of the splitting, with the two lowest levels of
# argon-published. Energies are in units of 1e-3 epsilon above the lower minimum; the barriers of
# some paths go beyond the frame.

n_rows = -(-len(order) // 6)
figure, axes = plt.subplots(
    n_rows, 6, figsize=(10, 1.7 * n_rows), sharey=True, layout="constrained", squeeze=False
)
for axis, k in zip(axes.flat, order, strict=False):
    found = gw.two_level_system(k)
    profile, levels = found.profile, found.splittings["argon-published"].levels
    floor = min(profile.energy[0], profile.energy[-1])
    axis.plot(profile.arc_length, 1e3 * (profile.energy - floor), color="C0")
    for number, level in enumerate(levels[:2]):
        axis.axhline(1e3 * (level - floor), color=f"C{number + 1}", linewidth=0.8)
    axis.set(ylim=(-2, 45), title=f"{found.glass}, E = {1e3 * values[k]:.2f}")
    axis.title.set_fontsize(8)
for axis in list(axes.flat)[len(order) :]:
    axis.axis("off")
figure.supxlabel("arc length / sigma")
figure.supylabel("energy / (epsilon/1000)")
plt.show()

# %%
# What sets the systems apart from double wells in general: a small asymmetry and a low barrier.
# Whether the mode of A that resembles the path most would have told of them is another matter.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for table, words, color in ((sample, "sample", "C7"), (systems, "two-level systems", "C3")):
    asymmetry = np.abs(np.asarray(table["asymmetry"], dtype=float))
    barrier = np.asarray(table["barrier_from_upper"], dtype=float)
    overlap = np.asarray(table["linear_overlap_displacement_ab"], dtype=float)
    frequency = np.asarray(table["linear_frequency_displacement_ab"], dtype=float)
    left.loglog(asymmetry, barrier, "o", color=color, markersize=4, label=words)
    right.plot(frequency, overlap, "o", color=color, markersize=4)
left.set(xlabel=r"$|V_B - V_A|\,/\,\epsilon$", ylabel=r"$V_b\,/\,\epsilon$, from the upper minimum")
left.legend()
right.set(
    xlabel=r"$\omega$ of the mode that $r_{AB}$ overlaps most", ylabel="largest $c$", ylim=(0, 1)
)
plt.show()

# %%
# How far a band of 80 images, from A and B alone, agrees with what the library holds. Where it ends
# on another saddle, or meets a minimum between, two ways join A and B.

for words, table in (("systems", systems), ("sampled double wells", sample)):
    barrier = np.abs(np.asarray(table["band_barrier"], dtype=float))
    same = barrier < 1e-8
    change = np.abs(np.asarray(table[f"band_splitting_{name}"], dtype=float))
    relative = change / np.asarray(table[f"splitting_{name}"], dtype=float)
    length = np.abs(np.asarray(table["band_path_length"], dtype=float))
    print(f"{int(same.sum())} of {len(table)} {words}: the same saddle; among these at most")
    print(f"  barrier {barrier[same].max():.1e}, path length {length[same].max():.1e}")
    print(f"  E {np.nanmax(change[same]):.1e}, of its value {np.nanmax(relative[same]):.1e}")

# %%
# One of them in detail: where it comes from, and who moves.

lowest = gw.two_level_system(order[0])
print(lowest.provenance)
moved = np.linalg.norm(lowest.double_well.displacement_ab, axis=1)
for particle in np.argsort(moved)[::-1][:5]:
    print(f"particle {particle}: {moved[particle]:.3f} sigma")
