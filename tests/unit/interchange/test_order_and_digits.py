"""Particles in the order of their ids, every frame, and what the digits of a file tell."""

from __future__ import annotations

from pathlib import Path

import ase.io
import gsd.hoomd
import numpy as np
import pytest
from exact_configurations import bits, some_glass

from glasswells.core.errors import InputError
from glasswells.interchange.ase_atoms import from_ase
from glasswells.interchange.configurations import read_configuration, write_configuration
from glasswells.interchange.precision import rounding, widened
from glasswells.model.functions import energy
from glasswells.model.kob_andersen import KobAndersen

LATTICE = 'Lattice="10 0 0 0 10 0 0 0 10"'


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def xyz(properties: str, *rows: str) -> str:
    return "\n".join([str(len(rows)), f"{LATTICE} Properties={properties}", *rows, ""])


@pytest.mark.parametrize("name", ["id:I:1", "ID:I:1", "particle_identifier:I:1", "id:S:1"])
def test_particles_of_extended_xyz_are_in_the_order_of_ids(tmp_path: Path, name: str) -> None:
    text = xyz(
        f"{name}:species:S:1:pos:R:3:radius:R:1", "3 A 5 1 1 0.5", "1 A 1 1 1 0.5", "2 B 3 1 1 0.44"
    )
    path = write(tmp_path, "a.xyz", text)
    read = read_configuration(path)
    np.testing.assert_array_equal(read.positions[:, 0], [1, 3, 5])
    np.testing.assert_array_equal(read.diameters, [1, 0.88, 1])
    by_species = read_configuration(path, diameters={"A": 2.0, "B": 1.0})
    np.testing.assert_array_equal(by_species.diameters, [2, 1, 2])
    by_number = read_configuration(path, diameters=[1.0, 2.0, 3.0])  # in the order of ids as well
    np.testing.assert_array_equal(by_number.diameters, [1, 2, 3])
    atoms = ase.io.read(write(tmp_path, "b.xyz", text.replace("A ", "X ").replace("B ", "X ")))
    if name == "id:I:1":  # of other names ASE makes other arrays
        with pytest.raises(InputError, match=r"array 'id' .*not in order.*np.argsort"):
            from_ase(atoms)
        ordered = from_ase(atoms[np.argsort(atoms.arrays["id"])])
        np.testing.assert_array_equal(ordered.positions, read.positions)
    path = write(tmp_path, "c.xyz", text.replace("3 A", "1 A"))
    with pytest.raises(InputError, match=r"line 4: \w+\[0\] 1 was there before, in line 3"):
        read_configuration(path)


@pytest.mark.parametrize("between", ["", "\n", "\n \n\n"])
def test_frames_after_empty_lines_are_seen(tmp_path: Path, between: str) -> None:
    frames = [some_glass(4, seed) for seed in range(3)]
    texts = []
    for k, frame in enumerate(frames):
        write_configuration(frame, tmp_path / f"{k}.xyz")
        texts.append((tmp_path / f"{k}.xyz").read_text())
    path = write(tmp_path, "all.xyz", between + between.join(texts) + between)
    for k in (0, 1, 2, -1):
        assert bits(read_configuration(path, frame=k)) == bits(frames[k])
    with pytest.raises(InputError, match="holds 3 frames"):
        read_configuration(path, frame=3)


def test_properties_that_begin_with_a_colon(tmp_path: Path) -> None:
    text = xyz(":species:S:1:pos:R:3 Time=0", "1 1 1 1", "2 3 1 1", "1 5 1 1")
    for name in ("a.exyz", "a.EXYZ", "a.xyz"):
        read = read_configuration(write(tmp_path, name, text), diameters={1: 1.0, 2: 0.88})
        np.testing.assert_array_equal(read.diameters, [1, 0.88, 1])
        np.testing.assert_array_equal(read.positions[:, 0], [1, 3, 5])


def test_the_header_of_atooms_and_particles_mc(tmp_path: Path) -> None:
    """As `TrajectoryXYZ` of atooms 3.30.2 writes it."""
    text = (
        "2\nstep:0 columns:species,position,radius,mass dt:1 cell:5.0,6.0,7.0 \n"
        "A 0.123457 1.000000 2.000000 0.44 2.0\nB -1.000000 1.500000 2.000000 0.5 1.0\n"
    )
    read = read_configuration(write(tmp_path, "a.xyz", text))
    np.testing.assert_array_equal(read.box, [5, 6, 7])
    np.testing.assert_array_equal(read.positions, [[0.123457, 1, 2], [-1, 1.5, 2]])
    np.testing.assert_array_equal(read.diameters, [0.88, 1])
    np.testing.assert_array_equal(read.masses, [2, 1])
    for change, message in (
        (("5.0,6.0,7.0", "5.0,6.0"), r"line 2: cell has 2 numbers, expected 3"),
        (("radius,mass", "radius,bond"), r"line 2: has a column 'bond', expected one of species"),
        (("6.0", "six"), r"line 2: Lattice is 'six', expected a finite number"),
    ):
        with pytest.raises(InputError, match=message):
            read_configuration(write(tmp_path, "b.xyz", text.replace(*change)))


@pytest.mark.parametrize(
    "before",
    [
        "ITEM: UNITS\nlj\n",
        "ITEM: TIME\n0.5\n",
        "ITEM: UNITS\nlj\nITEM: TIME\n0\n",
        "\n",
        "ITEM: OF ANOTHER KIND\n1 2 3\n",
    ],
)
def test_dumps_that_begin_with_other_items(tmp_path: Path, before: str) -> None:
    frame = (
        "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n"
        "0 10\nITEM: ATOMS id type x y z\n2 2 {} 1 1\n1 1 1 1 1\n"
    )
    later = "ITEM: TIME\n1\n" if "TIME\n" in before else ""
    path = write(tmp_path, "a.dump", before + frame.format(0, 3) + later + frame.format(9, 5))
    for k, x in ((0, 3), (1, 5), (-1, 5)):
        read = read_configuration(path, frame=k, diameters={1: 1.0, 2: 0.88})
        np.testing.assert_array_equal(read.positions[:, 0], [1, x])
    with pytest.raises(InputError, match="holds 2 frames"):
        read_configuration(path, frame=2, diameters=1.0)
    with pytest.raises(InputError, match=r"line 1: .*no LAMMPS dump in text"):
        read_configuration(write(tmp_path, "b.dump", "units lj\n" + frame.format(0, 3)))


OVITO_DUMP = """\
ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS abc origin pp pp pp
5.1 0.0 0.0 -1.0
0.0 6.2 0.0 0.0
0.0 0.0 7.3 0.5
ITEM: ATOMS type {columns} radius mass
1 {rows[0]} 0.4399999976 1.5
1 {rows[1]} 0.5 1.5
"""
OVITO_DATA = """\
# LAMMPS data file written by OVITO Pro 3.17.2

2 atoms
1 atom types

5.1 0.0 0.0 avec
0.0 6.2 0.0 bvec
0.0 0.0 7.3 cvec
-1.0 0.0 0.5 abc origin

Atoms  # sphere

1 1 1.0 0.358098622 1.0 1.0 1.0
2 1 1.25 0.3055774907 3.0 1.0 1.0
"""


def test_boxes_as_ovito_writes_them(tmp_path: Path) -> None:
    """OVITO 3.17.2 writes three vectors also for a box that is not tilted."""
    for columns, rows in (
        ("x y z", ("1 2 3", "-1 0 7.8")),
        ("xs ys zs", ("0.5 0.5 0", "0 0 1")),
    ):
        text = OVITO_DUMP.format(columns=columns, rows=rows)
        read = read_configuration(write(tmp_path, "a.dump", text))
        np.testing.assert_array_equal(read.box, [5.1, 6.2, 7.3])
        np.testing.assert_array_equal(read.diameters, [0.88, 1])
        np.testing.assert_array_equal(read.masses, [1.5, 1.5])
        first = [1, 2, 3] if columns == "x y z" else [-1 + 5.1 / 2, 3.1, 0.5]
        np.testing.assert_array_equal(read.positions, [first, [-1, 0, 7.8]])


def test_densities_of_ovito_are_doubted(tmp_path: Path) -> None:
    """OVITO 3.17.2 wrote masses 1.5 and 2.5 so; LAMMPS reads 0.1875 and 0.3125 (findings/)."""
    path = write(tmp_path, "a.data", OVITO_DATA)
    with pytest.warns(UserWarning, match=r"a.data: written by OVITO.*an eighth.*give") as caught:
        read = read_configuration(path)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(read.masses, [0.1875, 0.3125], rtol=1e-8)
    np.testing.assert_array_equal(read.box, [5.1, 6.2, 7.3])
    np.testing.assert_array_equal(read_configuration(path, masses=[1.5, 2.5]).masses, [1.5, 2.5])


def hoomd_frame(n: int) -> gsd.hoomd.Frame:
    frame = gsd.hoomd.Frame()
    frame.particles.N = n
    frame.configuration.box = [5, 5, 5, 0, 0, 0]
    frame.particles.position = np.arange(3 * n).reshape(n, 3) / 8
    return frame


def test_gsd_frames_with_another_number_of_particles(tmp_path: Path) -> None:
    path = tmp_path / "a.gsd"
    first = hoomd_frame(3)
    first.particles.diameter, first.particles.mass = [1, 0.88, 1], [1, 0.5, 1]
    first.particles.types, first.particles.typeid = ["A", "B"], [0, 1, 0]
    own, last = hoomd_frame(2), hoomd_frame(3)
    last.configuration.step = 3  # of a last frame that is like the first nothing would be stored
    own.particles.diameter, own.particles.mass = [0.5, 0.75], [2, 3]
    with gsd.hoomd.open(path, "w") as file:
        file.extend([first, hoomd_frame(2), own, last])
    with gsd.hoomd.open(path, "r") as file:
        # What the package itself takes the second frame for.
        np.testing.assert_array_equal(file[1].particles.diameter, [1, 1])
    why = r"frame 1 has 2 particles and frame 0 has 3: by the schema .*sizes 1, masses 1 and one"
    read = {"frame": 1, "single_precision": True}
    for options, missing in (
        ({}, "masses"),
        ({"masses": 1.0}, "diameters"),
        ({"masses": 1.0, "diameters": {"A": 1.0, "B": 0.88}}, "types or species"),
    ):
        with pytest.raises(InputError, match=rf"a.gsd: holds no {missing}.*{why}"):
            read_configuration(path, **read, **options)
    given = read_configuration(path, **read, masses=2.0, diameters=[1.0, 0.88])
    np.testing.assert_array_equal(given.masses, [2, 2])
    np.testing.assert_array_equal(given.box, [5, 5, 5])  # that of the first frame
    with_own = read_configuration(path, frame=2, single_precision=True)
    np.testing.assert_array_equal(with_own.diameters, [0.5, 0.75])
    np.testing.assert_array_equal(with_own.masses, [2, 3])
    again = read_configuration(path, frame=3, single_precision=True)
    np.testing.assert_array_equal(again.diameters, [1, 0.88, 1])
    np.testing.assert_array_equal(again.masses, [1, 0.5, 1])


def test_gsd_frames_of_another_number_in_a_file_without_sizes(tmp_path: Path) -> None:
    with gsd.hoomd.open(tmp_path / "a.gsd", "w") as file:
        file.extend([hoomd_frame(3), hoomd_frame(2)])
    for frame, message in ((0, "no diameters: pass"), (1, r"no diameters \(frame 1 has 2.*pass")):
        with pytest.raises(InputError, match=message):
            read_configuration(tmp_path / "a.gsd", frame=frame, single_precision=True)
    # One type, which the package does not store: types are known all the same.
    read = read_configuration(tmp_path / "a.gsd", diameters={"A": 1.5}, single_precision=True)
    np.testing.assert_array_equal(read.diameters, [1.5, 1.5])


@pytest.mark.parametrize("kind", ["gsd", "npz", "dump", "xyz", "ase"])
def test_sizes_in_single_precision_are_what_they_round(tmp_path: Path, kind: str, mixture) -> None:
    """A Kob-Andersen mixture by way of float32; OVITO prints radii so, in ten digits."""
    model, path = KobAndersen(cutoff=2.0), tmp_path / f"a.{kind}"
    sizes, n = mixture.diameters.astype(np.float32), mixture.n_particles
    if kind == "gsd":
        frame = gsd.hoomd.Frame()
        frame.particles.N, frame.configuration.box = n, [*mixture.box, 0, 0, 0]
        frame.particles.position, frame.particles.diameter = mixture.positions, sizes
        with gsd.hoomd.open(path, "w") as file:
            file.append(frame)
    elif kind == "npz":
        np.savez(path, positions=mixture.positions, box=mixture.box, diameters=sizes)
    else:
        write_configuration(mixture, path if kind != "ase" else tmp_path / "a.xyz")
        path = path if kind != "ase" else tmp_path / "a.xyz"
        small, single = f" {0.44:.17g}\n", f" {float(np.float32(0.44)):.10g}\n"
        assert single == " 0.4399999976\n"
        text = path.read_text()
        assert small in text
        path.write_text(text.replace(small, single))
    if kind == "ase":
        atoms = ase.io.read(path)
        atoms.arrays["radius"] = atoms.arrays["radius"].astype(np.float32)
        read = from_ase(atoms)
    else:
        read = read_configuration(path, single_precision=True)
    np.testing.assert_array_equal(read.diameters, mixture.diameters)
    assert np.isfinite(energy(model, read))


def test_only_single_precision_is_widened() -> None:
    ten = ["0.4399999976", "0.5", "0.3499999940"]
    np.testing.assert_array_equal(widened(ten, np.array(ten, dtype=float)), [0.44, 0.5, 0.35])
    for kept in (["0.4399999976", "0.4400000001"], ["0.43999999761581421"], ["0.44", "0.5"], []):
        values = np.array(kept, dtype=float)
        np.testing.assert_array_equal(widened(kept, values), values)


def test_rounded_positions_are_told(tmp_path: Path) -> None:
    """No inherent structure survives the six digits of LAMMPS's dumps or the eight of ASE."""
    glass = some_glass(20)
    numbers = glass.positions.ravel()
    for form, words in (("%g", "6 digits"), ("%.8f", "8 decimals"), ("%.10g", "10 digits")):
        assert rounding([form % x for x in numbers]) == words
    for form in ("%.17g", "%.16g", "%r"):
        assert rounding([form % x for x in numbers.tolist()]) is None
    # Not of numbers that are exact as they stand, of a lattice, or of a few by hand.
    assert rounding(["0.125", "2.375", "1e3"] * 10) is None
    assert rounding([f"{k}.5" for k in range(100)]) is None
    assert rounding(["0.1", "0.2", "0.3"]) is None
    path = tmp_path / "a.dump"
    write_configuration(glass, path)
    rows = path.read_text().split("\n")
    short = [" ".join(f"{float(x):g}" for x in row.split()) for row in rows[9:-1]]
    path.write_text("\n".join([*rows[:9], *short, ""]))
    with pytest.warns(UserWarning, match=r"a.dump: positions are rounded to 6 digits") as caught:
        read_configuration(path)
    assert caught[0].filename == __file__
    read_configuration(path, single_precision=True)  # knows
