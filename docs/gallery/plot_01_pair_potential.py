r"""
The pair potential and its derivatives
======================================

The particles of the paper repel each other by

.. math:: v(x) = \epsilon \left( x^{-12} + c_0 + c_2 x^2 + c_4 x^4 \right),
          \qquad x = r/\sigma_{ij} < 1.25,

whose three constants make :math:`v`, :math:`v'` and :math:`v''` vanish at the cutoff (eq. 1). Two
particles in a box are enough to see it: the public functions give the energy and its derivatives
up to fourth order, and along the field that moves both particles apart they are those of
:math:`v` by the distance.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
APART = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])  # changes the distance by 1


def derivatives(r):
    """v, v', v'', v''', v'''' at distance r, from the functions of a whole configuration."""
    two = gw.Configuration(
        positions=np.array([[0.0, 0.0, 0.0], [r, 0.0, 0.0]]),
        diameters=np.ones(2),
        box=np.full(3, 4.0),
    )
    return (
        gw.energy(model, two),
        -(gw.forces(model, two) * APART).sum(),
        (gw.hessian_product(model, two, APART) * APART).sum(),
        gw.third_order(model, two, APART)[1],
        gw.fourth_order(model, two, APART),
    )


r = np.linspace(0.95, 1.35, 401)
values = np.array([derivatives(x) for x in r])
print(f"v(1) = {derivatives(1.0)[0]:.4f}")

# %%
# The first two derivatives go to zero smoothly at 1.25. The third jumps there by 94.6: tensors of
# third order, and with them the cubic modes, are discontinuous where a pair comes into range.
# Dashed: numerical differences of the curve before.

figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained")
names = ("v", "v'", "v''", "v'''")
for k, (axis, name) in enumerate(zip(axes, names, strict=True)):
    axis.plot(r, values[:, k])
    if k > 0:
        axis.plot(r, np.gradient(values[:, k - 1], r), "--", color="black", linewidth=0.8)
    inside = r > 1.05
    low, high = values[inside, k].min(), values[inside, k].max()
    axis.set(xlabel="r", title=name, ylim=(low - 0.1 * (high - low), high + 0.1 * (high - low)))
    axis.set_xlim(1.05, 1.35)
    axis.axvline(1.25, color="grey", linewidth=0.6)
plt.show()

# %%
# Diameters are not additive: two particles of different sizes may come closer than the mean of
# their diameters. It keeps big and small ones mixed.

a, b = np.meshgrid(np.linspace(0.73, 1.62, 200), np.linspace(0.73, 1.62, 200))
closer = 0.2 * np.abs(a - b)
figure, axis = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
image = axis.pcolormesh(a, b, closer, rasterized=True)
axis.set(xlabel="diameter of i", ylabel="diameter of j", aspect="equal")
figure.colorbar(image, label="shrinking of the pair's range, 0.2 |difference|")
plt.show()
