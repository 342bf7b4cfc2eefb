"""
Reading and writing configurations
==================================

Extended XYZ, LAMMPS data and dump, GSD and npz. What was written is read back to the last bit: a
minimum whose coordinates are rounded is no minimum any more, as the second part shows.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import glasswells as gw

model = gw.SoftSpheres()
minimum = gw.minimize(model, gw.glass(0.07, 0)).configuration
with tempfile.TemporaryDirectory() as folder:
    for name in ("glass.xyz", "glass.data", "glass.dump", "glass.gsd", "glass.npz"):
        path = Path(folder) / name
        gw.write_configuration(minimum, path)
        again = gw.read_configuration(path)
        exact = np.array_equal(again.positions, minimum.positions)
        print(f"{name:11s} {path.stat().st_size / 1000:5.0f} kB, every bit kept: {exact}")

# %%
# The largest force of the minimum after its coordinates went through fewer digits: 8 are what
# many writers keep, 7 what single precision holds. `read_configuration` refuses single precision
# unless asked.

digits = np.arange(4, 18)
forces = []
for n in digits:
    rounded = np.array([float(f"{x:.{n}g}") for x in minimum.positions.ravel()]).reshape(-1, 3)
    forces.append(np.abs(gw.forces(model, minimum.moved_to(rounded))).max())
figure, axis = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
axis.semilogy(digits, forces, "o-")
axis.axhline(1e-10, color="grey", linewidth=0.8)
axis.text(4, 1.5e-10, "tolerance of a quench")
axis.set(xlabel="digits kept", ylabel="largest force component")
plt.show()

# %%
# A file without sizes needs them from you: by type, or one for all.

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "alloy.dump"
    path.write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n"
        "0 5\n0 5\n0 5\nITEM: ATOMS id type x y z\n1 1 0.5 0.5 0.5\n2 2 1.5 0.5 0.5\n"
    )
    try:
        gw.read_configuration(path)
    except gw.InputError as error:
        print(str(error).replace(folder, "..."))
    print(gw.read_configuration(path, diameters={1: 1.0, 2: 0.88}).diameters)
