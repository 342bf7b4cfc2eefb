#!/bin/sh
# atooms 3.30.2: TrajectoryXYZ writes a column of masses and radii, and reads the radii only.
#
# A mixture with masses 2 and 0.5 is written with variables species, position, radius, mass. The
# file holds the masses, and its comment names the column; read back, every mass is 1, without a
# warning. Radii of the same file come back. Positions have 6 decimals unless told otherwise.
#
# Exits with 0 if this is still so. Needs python3 with venv, and the network for pip.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q atooms==3.30.2
cd "$folder"
venv/bin/python - <<'PY'
import warnings
from importlib import metadata

from atooms.system import Cell, Particle, System
from atooms.trajectory import TrajectoryXYZ

warnings.simplefilter("error", UserWarning)
print("atooms", metadata.version("atooms"))
written = [
    Particle(position=[0.1234567890123, 1.0, 2.0], species="A", radius=0.5, mass=2.0),
    Particle(position=[-1.0, 1.5, 2.0], species="B", radius=0.44, mass=0.5),
]
with TrajectoryXYZ("a.xyz", "w") as file:
    file.variables = ["species", "position", "radius", "mass"]
    file.write(System(written, Cell([5.0, 6.0, 7.0])), 0)
text = open("a.xyz").read()
print(text)
with TrajectoryXYZ("a.xyz") as file:
    read = file[0].particle
seen = {
    "the file names the column": "columns:species,position,radius,mass" in text,
    "the file holds the masses": text.split("\n")[2].endswith(" 0.5 2.0"),
    "masses read back": [float(p.mass) for p in read],
    "radii read back": [float(p.radius) for p in read],
    "first coordinate read back": float(read[0].position[0]),
}
for what, value in seen.items():
    print(f"{what}: {value}")
assert list(seen.values()) == [True, True, [1.0, 1.0], [0.5, 0.44], 0.123457], "this has changed"
PY
