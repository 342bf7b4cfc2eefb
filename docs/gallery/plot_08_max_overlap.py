"""
The largest overlap with a normal mode, certified
=================================================

Which of the 4500 normal modes is most like a given displacement? The answer needs no full
spectrum: Lanczos steps from the field itself bound what any mode not yet seen can contribute, and
stop when that bound is below the best one found.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
found = gw.explore(model, gw.glass(0.07, 0), temperature=0.04, quenches=120, interval=25, seed=1)
pairs = [p for p in gw.linked_pairs(found.structures, found.transitions, 1) if p.distance > 0.3]
wells = []
for pair in sorted(pairs, key=lambda p: abs(p.energy_difference)):
    a, b = (found.structures[k].configuration for k in (pair.i, pair.j))
    well = gw.find_double_well(model, a, b)
    if isinstance(well, gw.DoubleWell):
        wells.append(well)
    if len(wells) == 4:
        break

# %%
# Three directions of each double well: where the path starts (r_12, the chord to the point at
# distance rho = 0.01), to the saddle (r_AS), and to the other minimum (r_AB).

names = ("tangent_a", "displacement_as", "displacement_ab")
table = np.zeros((len(wells), 3))
for row, well in enumerate(wells):
    for column, name in enumerate(names):
        start = time.perf_counter()
        result = gw.max_overlap(model, well.minimum_a, getattr(well, name))
        table[row, column] = result.overlap
        if row == 0:
            print(
                f"{name}: c = {result.overlap:.4f} with mode {result.mode} at frequency "
                f"{result.frequency:.3f}; no other above {result.bound:.4f}, "
                f"certified: {result.certified}; {result.method}, {result.steps} steps, "
                f"{time.perf_counter() - start:.2f} s"
            )

figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
for column, label in enumerate(("r_12 (rho = 0.01)", "r_AS", "r_AB")):
    axis.bar(np.arange(len(wells)) + 0.27 * (column - 1), table[:, column], 0.25, label=label)
axis.set(xlabel="double well", ylabel="largest overlap c", ylim=(0, 1.3))
axis.set_xticks(range(len(wells)))
axis.legend(ncols=3)
plt.show()

# %%
# Overlaps of the first double well's r_AB with each of the softest 60 modes. Dashed:
# the largest over *all* modes, which may also lie far beyond these.

well = wells[0]
soft = gw.normal_modes(model, well.minimum_a, count=60)
overlaps = [gw.overlap(well.displacement_ab, field) for field in soft.fields]
best = gw.max_overlap(model, well.minimum_a, well.displacement_ab)
figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
axis.stem(soft.frequencies, overlaps, markerfmt=".", basefmt=" ")
axis.axhline(best.overlap, linestyle="--", color="C3")
axis.text(0.1, best.overlap * 1.03, f"mode {best.mode}, frequency {best.frequency:.2f}", color="C3")
axis.set(xlabel="frequency", ylabel="overlap c with r_AB")
plt.show()
