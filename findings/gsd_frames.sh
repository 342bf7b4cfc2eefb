#!/bin/sh
# gsd 5.0.1: what a frame of the schema hoomd does not store, and frames that leave no trace.
#
# 1. A frame that stores no sizes has those of the first frame if its number of particles is the
#    same, and else sizes 1, masses 1 and one type, whatever the first frame says; its box is that
#    of the first frame all the same.
# 2. A frame equal to the first one, step included, stores nothing. Later frames bring it back as a
#    gap; at the end of a file nothing does, so that of five frames written two are read. The same
#    frames with different steps are all there.
#
# Exits with 0 if this is still so. Needs python3 with venv, and the network for pip.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q gsd==5.0.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
from importlib import metadata

import gsd.hoomd
import numpy as np

print("gsd", metadata.version("gsd"), "numpy", metadata.version("numpy"))


def frame(n, step=0, own=False):
    made = gsd.hoomd.Frame()
    made.configuration.step = step
    made.configuration.box = [5, 6, 7, 0, 0, 0]
    made.particles.N = n
    made.particles.position = np.arange(3 * n).reshape(n, 3) / 8
    if own:
        made.particles.types, made.particles.typeid = ["A", "B"], [0, 1, 1]
        made.particles.diameter, made.particles.mass = [1.0, 0.875, 0.875], [1.0, 0.5, 0.5]
    return made


with gsd.hoomd.open("sizes.gsd", "w") as file:
    file.extend([frame(3, own=True), frame(2, step=1), frame(3, step=2)])
with gsd.hoomd.open("sizes.gsd", "r") as file:
    other, same = file[1], file[2]
    seen = {
        "diameters of a frame with another number": other.particles.diameter.tolist(),
        "its masses": other.particles.mass.tolist(),
        "its types": other.particles.typeid.tolist(),
        "its box": other.configuration.box.tolist(),
        "diameters of a later frame with the first number": same.particles.diameter.tolist(),
    }
with gsd.hoomd.open("steps.gsd", "w") as file:
    file.extend([frame(3), frame(2), frame(3), frame(3), frame(3)])
with gsd.hoomd.open("steps.gsd", "r") as file:
    seen["frames read of five, all of step 0"] = [int(f.particles.N) for f in file]
with gsd.hoomd.open("steps.gsd", "w") as file:
    file.extend([frame(3), frame(3), frame(2)])
with gsd.hoomd.open("steps.gsd", "r") as file:
    seen["frames read of three, the last another"] = [int(f.particles.N) for f in file]
with gsd.hoomd.open("steps.gsd", "w") as file:
    file.extend([frame(3, step=k) for k in range(5)])
with gsd.hoomd.open("steps.gsd", "r") as file:
    seen["frames read of five with steps"] = [int(f.particles.N) for f in file]
for what, value in seen.items():
    print(f"{what}: {value}")
assert list(seen.values()) == [
    [1.0, 1.0],
    [1.0, 1.0],
    [0, 0],
    [5.0, 6.0, 7.0, 0.0, 0.0, 0.0],
    [1.0, 0.875, 0.875],
    [3, 2],
    [3, 3, 2],
    [3, 3, 3, 3, 3],
], "this has changed"
PY
