"""
Normal modes and participation ratios
=====================================

The softest modes of an inherent structure. Most low-frequency ones are phonons that spread over
the whole box; those with a small participation ratio are quasilocalized.
"""

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
quench = gw.minimize(model, gw.glass(0.092, 0))
modes = gw.normal_modes(model, quench.configuration, count=200)
frequencies, ratios = modes.frequencies[3:], modes.participation_ratios[3:]
localized = (ratios < 0.1) & (frequencies < 2.0)
print(f"translations: {modes.n_translations}, frequencies {modes.frequencies[:3]}")
print(f"quasilocalized among the softest {len(ratios)}: modes {np.flatnonzero(localized) + 4}")

# %%
# Circles: quasilocalized, by the limits of the paper on the participation ratio (0.1) and ours on
# the frequency (2). Modes are numbered as in the paper: 1 to 3 are the translations.

figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
axes[0].plot(frequencies, ratios, ".", color="C0")
axes[0].plot(frequencies[localized], ratios[localized], "o", color="C3", fillstyle="none")
axes[0].axhline(0.1, color="grey", linewidth=0.6)
axes[0].set(xlabel="frequency", ylabel="participation ratio", ylim=(0, 0.7))
axes[1].plot(np.arange(4, 4 + len(frequencies)), frequencies)
axes[1].set(xlabel="number of the mode", ylabel="frequency")
plt.show()

# %%
# The most localized of them and the most extended one: a slice of the box around the particle that
# moves most. Arrows are the displacements, scaled to the largest.

chosen = [int(np.argmin(ratios)), int(np.argmax(ratios))]
figure, axes = plt.subplots(1, 2, figsize=(8.5, 4.3), layout="constrained")
where = quench.configuration.positions % quench.configuration.box
for axis, k in zip(axes, chosen, strict=True):
    field = modes.fields[3 + k]
    size = np.linalg.norm(field, axis=1)
    scaled = field / size.max()
    slice_ = np.abs(where[:, 2] - where[size.argmax(), 2]) < 1.5
    x, y, u, v = where[slice_, 0], where[slice_, 1], scaled[slice_, 0], scaled[slice_, 1]
    axis.quiver(x, y, u, v, size[slice_], scale=10, width=0.004)
    axis.grid(visible=False)
    axis.set(
        aspect="equal", title=f"mode {k + 4}: frequency {frequencies[k]:.2f}, PR {ratios[k]:.3f}"
    )
plt.show()
