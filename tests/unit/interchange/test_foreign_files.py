"""Files as other programs write them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import ase.io
import gsd.hoomd
import numpy as np
import pytest
from exact_configurations import bits, some_glass

from glasswells.core.errors import InputError
from glasswells.interchange.ase_atoms import from_ase, to_ase
from glasswells.interchange.configurations import read_configuration, write_configuration

OVITO_XYZ = """\
3
Lattice="6.5 0.0 0.0 0.0 7.0 0.0 0.0 0.0 8.25" Origin="-3 -3 -3" pbc="T T T" Timestep=0 \
Properties=id:I:1:radius:R:1:species:S:1:velo:R:3:pos:R:3
7 0.5 A 0 0 0 0.25 -1.5 2e0
2 0.55 B 1 2 3 1 2 3
9 0.6 A 0 0 0 4 5.125 6
"""
LAMMPS_DUMP = """\
ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
-1 5
0 6
0.5 7.5
ITEM: ATOMS id type x y z
2 1 1 2 3
1 2 4 5 6
ITEM: UNITS
lj
ITEM: TIMESTEP
100
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
-1 5
0 6
0.5 7.5
ITEM: ATOMS type id zs ys xs diameter
1 2 0.5 0.25 0 1.25
2 1 0 0 0.5 0.75
"""
LAMMPS_DATA = """\
by some program, N = 2

2 atoms  # a comment
2  atom types
-1.0 5.0 xlo xhi
0 6 ylo yhi
0 7 zlo zhi

Masses

1 1.0
2 2.0

Pair Coeffs # lj/cut

1 1.0 1.0
2 1.0 0.88

{title}

{rows}

Velocities

1 0 0 0
2 0 0 0
"""
ATOMS = {
    "atomic": ("2 1 1 2 3", "1 2 4 5 6"),
    "charge": ("2 1 -0.5 1 2 3", "1 2 0.5 4 5 6"),
    "sphere": ("2 1 1.25 1 1 2 3", "1 2 0.75 1 4 5 6"),
}


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def lammps_data(tmp_path: Path, style: str, title: str, images: str = "") -> Path:
    rows = "\n".join(row + images for row in ATOMS[style])
    return write(tmp_path, "a.data", LAMMPS_DATA.format(title=title, rows=rows))


def test_columns_in_any_order_as_ovito_writes_them(tmp_path: Path) -> None:
    read = read_configuration(write(tmp_path, "a.xyz", OVITO_XYZ))
    # In the order of ids: 2, 7, 9.
    np.testing.assert_array_equal(read.positions, [[1, 2, 3], [0.25, -1.5, 2], [4, 5.125, 6]])
    np.testing.assert_array_equal(read.diameters, [1.1, 1.0, 1.2])
    np.testing.assert_array_equal(read.box, [6.5, 7, 8.25])


def test_species_give_diameters_by_a_mapping(tmp_path: Path) -> None:
    text = OVITO_XYZ.replace(":radius:R:1", ":charge:R:1")
    path = write(tmp_path, "a.xyz", text)
    with pytest.raises(InputError, match=r"a.xyz: holds no diameters: pass diameters=.*mapping"):
        read_configuration(path)
    read = read_configuration(path, diameters={"A": 1.0, "B": 0.88})
    np.testing.assert_array_equal(read.diameters, [0.88, 1.0, 1.0])
    with pytest.raises(InputError, match=r"no entry for 'B', expected .* A, B"):
        read_configuration(path, diameters={"A": 1.0})


def test_the_last_frame_is_the_default(tmp_path: Path) -> None:
    frames = [some_glass(4, seed) for seed in range(3)]
    text = ""
    for k, frame in enumerate(frames):
        write_configuration(frame, tmp_path / f"{k}.xyz")
        text += (tmp_path / f"{k}.xyz").read_text()
    path = write(tmp_path, "all.xyz", text + "\n")
    assert bits(read_configuration(path)) == bits(frames[2])
    for k in (0, 1, 2, -3, -2, -1):
        assert bits(read_configuration(path, frame=k)) == bits(frames[k])
    with pytest.raises(InputError, match=r"frame is 3, expected -3 to 2: .* holds 3 frames"):
        read_configuration(path, frame=3)


def test_what_ase_writes(tmp_path: Path) -> None:
    atoms = to_ase(some_glass(6))
    ase.io.write(tmp_path / "a.xyz", [atoms, atoms], format="extxyz")
    with pytest.warns(UserWarning, match=r"a.xyz: positions are rounded to 8 decimals"):
        read = read_configuration(tmp_path / "a.xyz", frame=1)
    np.testing.assert_allclose(read.positions, atoms.positions, rtol=0, atol=1e-8)
    np.testing.assert_allclose(read.diameters, atoms.arrays["diameters"], rtol=0, atol=1e-8)
    atoms.symbols = "CuAg" * 3
    ase.io.write(tmp_path / "b.data", atoms, format="lammps-data")
    read = read_configuration(tmp_path / "b.data", diameters={1: 1.0, 2: 2.0})
    np.testing.assert_array_equal(read.diameters, [2, 1] * 3)  # types by alphabet


def test_what_ase_reads(tmp_path: Path) -> None:
    glass = some_glass(6)
    write_configuration(glass, tmp_path / "a.xyz")
    atoms = ase.io.read(tmp_path / "a.xyz")
    np.testing.assert_array_equal(atoms.positions, glass.positions)
    assert bits(from_ase(atoms)) == bits(glass)
    write_configuration(glass, tmp_path / "a.dump")
    dumped: Any = ase.io.read(tmp_path / "a.dump", format="lammps-dump-text")
    np.testing.assert_array_equal(dumped.cell.lengths(), glass.box)


def test_a_dump_with_several_frames(tmp_path: Path) -> None:
    path = write(tmp_path, "a.lammpstrj", LAMMPS_DUMP)
    first = read_configuration(path, frame=0, diameters={"1": 1.0, "2": 0.88})
    np.testing.assert_array_equal(first.positions, [[4, 5, 6], [1, 2, 3]])
    np.testing.assert_array_equal(first.diameters, [0.88, 1.0])
    np.testing.assert_array_equal(first.box, [6, 6, 7])
    last = read_configuration(path)
    np.testing.assert_array_equal(last.positions, [[2, 0, 0.5], [-1, 1.5, 4]])
    np.testing.assert_array_equal(last.diameters, [0.75, 1.25])


@pytest.mark.parametrize("images", ["", " 0 -1 2"])
@pytest.mark.parametrize("style", list(ATOMS))
def test_atom_styles(tmp_path: Path, style: str, images: str) -> None:
    sizes = None if style == "sphere" else {1: 1.25, 2: 0.75}
    for title in (f"Atoms # {style}", f"Atoms  # {style} ", "Atoms"):
        path = lammps_data(tmp_path, style, title, images)
        read = read_configuration(path, atom_style=style, diameters=sizes)
        np.testing.assert_array_equal(read.positions, [[4, 5, 6], [1, 2, 3]])
        np.testing.assert_array_equal(read.diameters, [0.75, 1.25])
        np.testing.assert_array_equal(read.box, [6, 6, 7])
    with pytest.raises(InputError, match=r"line 19: has atom style '', .*pass atom_style="):
        read_configuration(path, diameters=1.0)


def test_a_box_that_is_not_tilted_after_all(tmp_path: Path) -> None:
    text = LAMMPS_DATA.format(title="Atoms # atomic", rows="\n".join(ATOMS["atomic"]))
    path = write(tmp_path, "a.data", text.replace("zlo zhi\n", "zlo zhi\n0.0 0 0 xy xz yz\n"))
    np.testing.assert_array_equal(read_configuration(path, diameters=1.0).box, [6, 6, 7])
    bounds = "xy xz yz pp pp pp\n-1 5 0\n0 6 0.0\n0.5 7.5 0\n"
    text = LAMMPS_DUMP.replace("pp pp pp\n-1 5\n0 6\n0.5 7.5\n", bounds)
    path = write(tmp_path, "a.dump", text)
    np.testing.assert_array_equal(read_configuration(path).box, [6, 6, 7])


def test_a_wrong_atom_style_is_noticed(tmp_path: Path) -> None:
    path = lammps_data(tmp_path, "charge", "Atoms")
    with pytest.raises(InputError, match=r"line 21: has 6 columns, expected 5 .*style right"):
        read_configuration(path, atom_style="atomic", diameters=1.0)
    with pytest.raises(InputError, match=r"the type of an atom is '-0.5', .*style right"):
        read_configuration(path, atom_style="bond", diameters=1.0)
    with pytest.raises(InputError, match="atom_style is 'body', expected one of atomic, charge"):
        read_configuration(path, atom_style="body", diameters=1.0)
    path = lammps_data(tmp_path, "charge", "Atoms # charge")
    with pytest.raises(InputError, match=r"says atom style 'charge', but atom_style is 'sphere'"):
        read_configuration(path, atom_style="sphere")


def hoomd_frame(n: int, dtype: Any = np.float64) -> gsd.hoomd.Frame:
    glass = some_glass(n)
    frame = gsd.hoomd.Frame()
    frame.particles.N = n
    frame.particles.position = glass.positions.astype(dtype)
    frame.particles.diameter = glass.diameters.astype(dtype)
    frame.particles.types = ["A", "BB"]
    frame.particles.typeid = np.arange(n) % 2
    frame.configuration.box = [*glass.box.astype(dtype), 0, 0, 0]
    return frame


def test_gsd_by_the_package_gsd_in_double_precision(tmp_path: Path) -> None:
    path = tmp_path / "a.gsd"
    with gsd.hoomd.open(path, "w", precision="double") as file:
        file.append(hoomd_frame(5))
        moved = hoomd_frame(5)
        moved.particles.position = moved.particles.position + 1.0
        file.append(moved)
    first = read_configuration(path, frame=0)
    np.testing.assert_array_equal(first.positions, some_glass(5).positions)
    np.testing.assert_array_equal(first.diameters, some_glass(5).diameters)
    # The package keeps boxes in single precision, whatever it is told.
    np.testing.assert_array_equal(first.box, some_glass(5).box.astype(np.float32))
    last = read_configuration(path)
    # Box and diameters are those of the first frame: the format does not repeat them.
    np.testing.assert_array_equal(last.positions, some_glass(5).positions + 1.0)
    np.testing.assert_array_equal(last.box, first.box)
    np.testing.assert_array_equal(last.diameters, first.diameters)
    named = read_configuration(path, diameters={"A": 1.0, "BB": 0.88})
    np.testing.assert_array_equal(named.diameters, [1.0, 0.88, 1.0, 0.88, 1.0])


def test_gsd_in_single_precision_needs_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.gsd"
    with gsd.hoomd.open(path, "w") as file:
        file.append(hoomd_frame(5, np.float32))
    with pytest.raises(InputError, match=r"single precision, expected double.*single_precision"):
        read_configuration(path)
    read = read_configuration(path, single_precision=True)
    np.testing.assert_array_equal(read.positions, some_glass(5).positions.astype(np.float32))


def test_gsd_of_the_first_version(tmp_path: Path) -> None:
    """Names in fields of 64 bytes, as files before 2019 have them; the package writes 2.0 only."""
    glass = some_glass(3)
    chunks: dict[str, tuple[int, np.ndarray]] = {
        "particles/N": (3, np.array([3], dtype="<u4")),
        "configuration/box": (10, np.array([*glass.box, 0, 0, 0])),
        "particles/position": (10, glass.positions),
        "particles/diameter": (10, glass.diameters),
    }
    names = b"".join(name.encode().ljust(64, b"\0") for name in chunks)
    place = 256 + len(names) + 32 * (len(chunks) + 1)
    index, data = b"", b""
    for number, (kind, array) in enumerate(chunks.values()):
        columns = array.shape[1] if array.ndim == 2 else 1
        where = place + len(data)
        index += struct.pack("<QQqIHBB", 0, len(array), where, columns, number, kind, 0)
        data += array.tobytes()
    header = struct.pack(
        "<QQQQQII64s64s80s",
        *(0x65DF65DF65DF65DF, 256 + len(names), len(chunks) + 1, 256, len(chunks)),
        *(1 << 16, 1 << 16, b"HOOMD-blue", b"hoomd", b""),
    )
    (tmp_path / "a.gsd").write_bytes(header + names + index + bytes(32) + data)
    assert bits(read_configuration(tmp_path / "a.gsd")) == bits(glass)


def test_gsd_is_read_by_the_package_gsd(tmp_path: Path) -> None:
    glass = some_glass(5)
    write_configuration(glass, tmp_path / "a.gsd")
    with gsd.hoomd.open(tmp_path / "a.gsd", "r") as file:
        (frame,) = file
    assert frame.particles.position.dtype == np.float64
    np.testing.assert_array_equal(frame.particles.position, glass.positions)
    np.testing.assert_array_equal(frame.particles.diameter, glass.diameters)
    np.testing.assert_array_equal(frame.configuration.box, [*glass.box, 0, 0, 0])


def test_npz_by_hand(tmp_path: Path) -> None:
    glass = some_glass(5)
    np.savez_compressed(
        tmp_path / "a.npz",
        positions=np.asfortranarray(glass.positions.astype(">f8")),
        diameters=glass.diameters,
        box=glass.box,
        energies=np.zeros(100_000),
    )
    assert bits(read_configuration(tmp_path / "a.npz")) == bits(glass)
    np.savez(tmp_path / "b.npz", positions=glass.positions.astype(np.float32), box=glass.box)
    with pytest.raises(InputError, match=r"b.npz: holds no diameters"):
        read_configuration(tmp_path / "b.npz")
    with pytest.raises(InputError, match=r"b.npz: positions has dtype float32, expected float64"):
        read_configuration(tmp_path / "b.npz", diameters=1.0)
    read = read_configuration(tmp_path / "b.npz", diameters=1.0, single_precision=True)
    np.testing.assert_array_equal(read.positions, glass.positions.astype(np.float32))
