"""Masses are read from, and kept by, every format that has them."""

from __future__ import annotations

import math
from pathlib import Path

import ase
import gsd.hoomd
import numpy as np
import pytest
from ase.calculators.emt import EMT
from exact_configurations import bits, some_glass

from glasswells.core.errors import InputError
from glasswells.interchange.ase_atoms import from_ase, to_ase
from glasswells.interchange.ase_model import AseModel
from glasswells.interchange.configurations import FORMATS, read_configuration, write_configuration

DATA = """\
unequal masses

3 atoms
2 atom types

0 10 xlo xhi
0 10 ylo yhi
0 10 zlo zhi

Masses

1 1.0  # A
2 0.53

Atoms # {style}

{rows}
"""
ROWS = {
    "atomic": ("3 1 5 1 1", "1 1 1 1 1", "2 2 3 1 1"),
    "full": ("3 7 1 -1.2 5 1 1", "1 7 1 0 1 1 1", "2 7 2 0.5 3 1 1"),
    "dipole": ("3 1 0 5 1 1 0 0 0", "1 1 0 1 1 1 0 0 0", "2 2 0 3 1 1 0 0 1"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_masses_come_back(tmp_path: Path, name: str) -> None:
    glass = some_glass(4, masses=[1.0, 0.53, 39.948, 1.0])
    write_configuration(glass, tmp_path / "file", name)  # type: ignore[arg-type]
    assert bits(read_configuration(tmp_path / "file", name)) == bits(glass)  # type: ignore[arg-type]
    write_configuration(some_glass(4), tmp_path / "file", name)  # type: ignore[arg-type]
    assert set(read_configuration(tmp_path / "file", name).masses) == {1.0}  # type: ignore[arg-type]


@pytest.mark.parametrize("style", list(ROWS))
def test_masses_by_type(tmp_path: Path, style: str) -> None:
    path = tmp_path / "a.data"
    path.write_text(DATA.format(style=style, rows="\n".join(ROWS[style])))
    read = read_configuration(path, diameters={1: 1.0, 2: 0.88})
    np.testing.assert_array_equal(read.masses, [1.0, 0.53, 1.0])
    np.testing.assert_array_equal(read.diameters, [1.0, 0.88, 1.0])
    np.testing.assert_array_equal(read.positions[:, 0], [1, 3, 5])
    given = read_configuration(path, diameters=1.0, masses={1: 2.0, 2: 3.0})
    np.testing.assert_array_equal(given.masses, [2.0, 3.0, 2.0])
    path.write_text(path.read_text().replace("2 0.53\n", ""))
    with pytest.raises(InputError, match=r"a.data: the section Masses has no line for type 2"):
        read_configuration(path, diameters=1.0)


def test_masses_after_the_atoms_and_labels_of_types(tmp_path: Path) -> None:
    text = DATA.format(style="atomic", rows="\n".join(ROWS["atomic"]))
    masses = "Masses\n\n1 1.0  # A\n2 0.53\n"
    path = tmp_path / "a.data"
    path.write_text(text.replace(masses, "") + "\n" + masses)
    np.testing.assert_array_equal(read_configuration(path, diameters=1.0).masses, [1.0, 0.53, 1.0])
    labels = "Atom Type Labels\n\n1 Si\n2 O\n\nMasses\n\nSi 28.0855\n2 15.9994\n"
    path.write_text(text.replace(masses, labels).replace("2 2 3 1 1", "2 O 3 1 1"))
    for sizes in ({"Si": 1.0, "O": 0.5}, {1: 1.0, 2: 0.5}):
        read = read_configuration(path, diameters=sizes)
        np.testing.assert_array_equal(read.masses, [28.0855, 15.9994, 28.0855])
        np.testing.assert_array_equal(read.diameters, [1.0, 0.5, 1.0])


def test_a_density_is_mass_over_volume_as_lammps_means_it(tmp_path: Path) -> None:
    """LAMMPS itself: density 5.2396... of a sphere of 0.9 is mass 2; a point's density is its mass.

    The line is what `set group all mass 2.0` and `write_data` of LAMMPS 22 Jul 2025 gave.
    """
    rows = ("1 1 0.9 5.239668908375155 1 2 3 0 0 0", "2 2 0 0.25 2 2 3 0 0 0")
    text = DATA.format(style="sphere", rows="\n".join(rows))
    path = tmp_path / "a.data"
    path.write_text(text.replace("3 atoms", "2 atoms"))
    read = read_configuration(path, diameters=1.0)
    np.testing.assert_array_equal(read.masses, [2.0, 0.25])
    assert 5.239668908375155 * math.pi * 0.9**3 / 6 == pytest.approx(2.0, rel=1e-15)


def test_hybrid_styles_need_their_parts(tmp_path: Path) -> None:
    """LAMMPS writes `# hybrid` and masses by type, also where densities count."""
    rows = ("1 1 1 2 3 0.9 5.239668908375155 0 0 0 0", "2 2 2 2 3 0.9 5.239668908375155 0 0 0 0")
    path = tmp_path / "a.data"
    path.write_text(DATA.format(style="hybrid", rows="\n".join(rows)).replace("3 atoms", "2 atoms"))
    with pytest.raises(InputError, match=r"has atom style 'hybrid'.*pass atom_style=.*'hybrid sph"):
        read_configuration(path)
    for style in ("hybrid sphere charge", "hybrid sphere bond"):
        read = read_configuration(path, atom_style=style)
        np.testing.assert_array_equal(read.masses, [2.0, 2.0])
        np.testing.assert_array_equal(read.diameters, [0.9, 0.9])
        np.testing.assert_array_equal(read.positions, [[1, 2, 3], [2, 2, 3]])
    with pytest.raises(InputError, match=r"atom_style is 'hybrid body', expected one of atomic"):
        read_configuration(path, atom_style="hybrid body")


def test_a_sphere_without_a_density_is_not_written(tmp_path: Path) -> None:
    glass = some_glass(4, masses=[1.0, 1e-300, 1.0, 1.0])
    path = tmp_path / "a.data"
    path.write_text("was here")
    with pytest.raises(InputError, match=r"particle 1 .*mass 1e-300.*choose another format"):
        write_configuration(
            glass.__class__(
                positions=glass.positions,
                diameters=np.full(4, 1e10),
                box=glass.box,
                masses=glass.masses,
            ),
            path,
        )
    assert path.read_text() == "was here"


@pytest.mark.parametrize("name", ["mass", "masses", "Mass"])
def test_columns_of_masses(tmp_path: Path, name: str) -> None:
    xyz = (
        '2\nLattice="10 0 0 0 10 0 0 0 10" '
        f"Properties=id:I:1:species:S:1:pos:R:3:radius:R:1:{name}:R:1\n"
        "2 B 5 1 1 0.44 0.53\n1 A 1 1 1 0.5 1\n"
    )
    (tmp_path / "a.xyz").write_text(xyz)
    np.testing.assert_array_equal(read_configuration(tmp_path / "a.xyz").masses, [1, 0.53])
    table = read_configuration(tmp_path / "a.xyz", masses={"A": 4.0, "B": 2.0})
    np.testing.assert_array_equal(table.masses, [4.0, 2.0])
    dump = (
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 5\n0 5\n0 5\n"
        "ITEM: ATOMS id mass x y z radius\n2 0.53 1 2 3 0.5\n1 1 4 5 6 0.5\n"
    )
    (tmp_path / "a.dump").write_text(dump)
    np.testing.assert_array_equal(read_configuration(tmp_path / "a.dump").masses, [1, 0.53])


def test_two_columns_that_differ_are_refused(tmp_path: Path) -> None:
    text = (
        '2\nLattice="10 0 0 0 10 0 0 0 10" '
        "Properties=species:S:1:pos:R:3:radius:R:1:diameter:R:1:mass:R:1:masses:R:1\n"
        "A 5 1 1 0.44 0.88 1 1\nA 1 1 1 0.5 {} 2 {}\n"
    )
    path = tmp_path / "a.xyz"
    path.write_text(text.format(1.0, 2))
    np.testing.assert_array_equal(read_configuration(path).masses, [1, 2])
    for values, message in (((0.5, 2), "twice the radius of particle 1"), ((1, 3), "masses and")):
        path.write_text(text.format(*values))
        with pytest.raises(InputError, match=message):
            read_configuration(path)


def test_gsd_masses(tmp_path: Path) -> None:
    frame = gsd.hoomd.Frame()
    frame.particles.N, frame.configuration.box = 3, [10, 10, 10, 0, 0, 0]
    frame.particles.position = [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    frame.particles.diameter, frame.particles.mass = [1, 0.88, 1], [1, 0.53, 1]
    with gsd.hoomd.open(tmp_path / "a.gsd", "w") as file:
        file.append(frame)
    read = read_configuration(tmp_path / "a.gsd", single_precision=True)
    # As they were meant, not 0.52999997 and 0.87999999.
    np.testing.assert_array_equal(read.masses, [1, 0.53, 1])
    np.testing.assert_array_equal(read.diameters, [1, 0.88, 1])
    write_configuration(some_glass(3, masses=[1, 2, 3]), tmp_path / "b.gsd")
    with gsd.hoomd.open(tmp_path / "b.gsd", "r") as file:
        np.testing.assert_array_equal(file[0].particles.mass, [1, 2, 3])


def test_masses_of_atoms(tmp_path: Path) -> None:
    atoms = ase.Atoms("CuNi", positions=[[0, 0, 0], [2, 2, 2]], cell=[9, 9, 9], pbc=True)
    np.testing.assert_array_equal(from_ase(atoms, diameters=1.0).masses, atoms.get_masses())
    by_species = from_ase(atoms, diameters=1.0, masses={"Cu": 2.0, "Ni": 1.0})
    np.testing.assert_array_equal(by_species.masses, [2, 1])
    atoms.set_array("mass", np.array([0.5, 1.5]))  # ASE makes this of OVITO's column
    np.testing.assert_array_equal(from_ase(atoms, diameters=1.0).masses, [0.5, 1.5])
    np.testing.assert_array_equal(AseModel(atoms, EMT).masses, [0.5, 1.5])
    atoms.set_masses([3.0, 4.0])
    np.testing.assert_array_equal(from_ase(atoms, diameters=1.0).masses, [3, 4])
    glass = some_glass(4, masses=[1.0, 0.53, 39.948, 1.0])
    for symbols in (None, "Ar4"):
        back = from_ase(to_ase(glass, None if symbols is None else ["Ar"] * 4))
        assert bits(back) == bits(glass)
