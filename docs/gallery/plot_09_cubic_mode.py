r"""
A cubic mode and the energy along it
====================================

Nonlinear modes solve

.. math:: M\pi = \frac{M:\pi\pi}{U:\pi\pi\pi}\; U:\pi\pi

(eq. 5 of the paper) and need the third derivatives of the energy. Started from the true
displacement of a double well they often stay near it; started from the softest mode, which needs
no knowledge of the other minimum, they rarely find it.
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

softest = gw.normal_modes(model, well.minimum_a, count=4).fields[3]
linear = gw.max_overlap(model, well.minimum_a, well.displacement_ab)
print(f"best normal mode: c = {linear.overlap:.3f} with r_AB (number {linear.mode})")
cubic = {}
for name, seed in (("r_AB", well.displacement_ab), ("softest mode", softest)):
    mode = gw.cubic_mode(model, well.minimum_a, seed)
    cubic[name] = mode
    print(
        f"cubic mode from {name}: {mode.outcome.name} by {mode.method} in "
        f"{mode.iterations} steps;\n"
        f"    c = {gw.overlap(well.displacement_ab, mode.field):.3f} with r_AB, "
        f"{mode.overlap_with_start:.3f} with its seed; stiffness {mode.stiffness:.2f}, "
        f"barrier function {mode.barrier:.4f}"
    )

# %%
# The energy along straight lines through A. Along r_AB itself the second minimum shows, at a
# price: the straight line goes over a higher barrier than the path. Along modes there mostly is
# none; the paper found no double well along 95 % of them (section IV D).

figure, axis = plt.subplots(figsize=(8, 3.8), layout="constrained")
fields = {"r_AB": well.displacement_ab, "best normal mode": linear.field}
fields |= {f"cubic mode from {name}": mode.field for name, mode in cubic.items()}
for name, field in fields.items():
    sign = 1.0 if (field * well.displacement_ab).sum() >= 0 else -1.0
    line = gw.energy_along(model, well.minimum_a, sign * field, extent=1.2, points=301, ceiling=2)
    axis.plot(line.distance, line.energy, label=name)
    print(f"{name}: local minima at {np.round(line.minima, 3)}")
axis.plot(
    [0, np.linalg.norm(well.displacement_ab)], [0, well.asymmetry], "ko", markersize=4, label="A, B"
)
axis.set(xlabel="s", ylabel="energy above A", ylim=(-0.05, 1.0), xlim=(-0.6, 1.2))
figure.legend(loc="outside right center", fontsize="small")
plt.show()
