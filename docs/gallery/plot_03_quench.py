"""
A quench to the inherent structure
==================================

A short run of molecular dynamics at the exploration temperature 0.04, then downhill: how energy
and largest force fall with the number of evaluations, by L-BFGS (finished by Newton steps) and by
FIRE.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
glass = gw.glass(0.07, 0)
warm = gw.molecular_dynamics(model, glass, temperature=0.04, steps=2000, seed=1).configuration

forces = 10.0 ** np.arange(1, -10.5, -0.5)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for method in ("lbfgs", "fire"):
    ends = [gw.minimize(model, warm, max_force=force, method=method) for force in forces]
    spent = [end.evaluations for end in ends]
    lowest = ends[-1].energy
    axes[0].semilogy(spent[:-1], [end.energy - lowest for end in ends[:-1]], ".-", label=method)
    axes[1].semilogy(spent, [end.max_force for end in ends], ".-", label=method)
    print(f"{method}: {ends[-1].outcome.name}, {spent[-1]} evaluations, energy {lowest:.9f}")
axes[0].set(
    xlabel="evaluations of the forces", ylabel="energy above the minimum", ylim=(1e-10, 1e3)
)
axes[1].set(xlabel="evaluations of the forces", ylabel="largest force component")
axes[0].legend()
plt.show()

# %%
# L-BFGS evaluates the forces only until the largest is 0.01. The few Newton steps after that use
# products with a Hessian that is kept, and cost an evaluation each, besides some twenty products.
#
# Different minimizers may reach different minima from one start: a library of inherent structures
# is made with one of them. Here is how much the particles move on the way down, and that the
# minimum is one: no eigenvalue below zero.

quenched = gw.minimize(model, warm).configuration
moved = np.linalg.norm(quenched.positions - warm.positions, axis=1)
modes = gw.normal_modes(model, quenched, count=6)
print(f"particles move {moved.mean():.3f} on average, {moved.max():.3f} at most")
print("frequencies:", np.array2string(modes.frequencies, precision=3))
