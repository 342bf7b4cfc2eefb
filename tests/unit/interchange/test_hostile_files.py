"""Files that are cut, wrong or made to harm: one message with file and place, nothing executed."""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exact_configurations import some_glass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limited_memory import assert_small

from glasswells.core.errors import InputError
from glasswells.interchange.configurations import FORMATS, read_configuration, write_configuration

XYZ = '2\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:radius:R:1\n'
ROWS = "A 1 2 3 0.5\nB 4 5 6 0.5\n"
DUMP = (
    "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 5\n0 5\n0 5\n"
    "ITEM: ATOMS id x y z radius\n1 1 2 3 0.5\n2 4 5 6 0.5\n"
)
DATA = (
    "title\n\n2 atoms\n1 atom types\n0 5 xlo xhi\n0 5 ylo yhi\n0 5 zlo zhi\n\n"
    "Atoms # sphere\n\n1 1 1.0 1 1 2 3\n2 1 1.0 1 4 5 6\n"
)
CASES: list[tuple[str, str, tuple[str, str], str]] = [
    # extended XYZ
    ("a.xyz", XYZ + ROWS, ("5 0 0 0 5", "5 0 0 1 5"), r"line 2: the cell is .*orthorhombic"),
    ("a.xyz", XYZ + ROWS, ("radius:R:1", 'radius:R:1 pbc="T F T"'), r"line 2: periodic .* T F T"),
    ("a.xyz", XYZ + ROWS, ("radius:R:1", "mass:R:1"), r"a.xyz: holds no diameters: pass diameters"),
    ("a.xyz", XYZ + ROWS, ("4 5 6", "4 nan 6"), r"line 4: pos\[1\] is 'nan', expected a finite"),
    ("a.xyz", XYZ + ROWS, ("4 5 6", "4 1e999 6"), r"line 4: pos\[1\] is '1e999', expected a fin"),
    ("a.xyz", XYZ + ROWS, ("4 5 6", "4 1_0 6"), r"line 4: pos\[1\] is '1_0'"),
    ("a.xyz", XYZ + ROWS, ("4 5 6", f"4 {'9' * 5000} 6"), r"line 4: pos\[1\] is '9999"),
    ("a.xyz", XYZ + ROWS, ("4 5 6 0.5", "4 5 6"), r"line 4: has 4 columns, expected 5"),
    ("a.xyz", XYZ + ROWS, ("6 0.5", "6 -0.5"), r"a.xyz: diameters\[1\] is -1.0, expected lengths"),
    ("a.xyz", XYZ + ROWS, ("6 0.5", "6 1.7e308"), r"a.xyz: diameters\[1\] is inf, expected finite"),
    ("a.xyz", XYZ + ROWS, ("2\nL", "3\nL"), r"ends after line 4, expected a comment and 3"),
    ("a.xyz", XYZ + ROWS, ("2\nL", "1000000000\nL"), r"line 1: .*1000000000, but only 94 bytes"),
    ("a.xyz", XYZ + ROWS, ("2\nL", "two\nL"), r"line 1: the number of particles is 'two'"),
    ("a.xyz", XYZ + ROWS, ("2\nL", "-2\nL"), r"line 1: the number of particles is -2"),
    ("a.xyz", XYZ + ROWS, ("Lattice=", "Cell="), r"line 2: has no Lattice"),
    ("a.xyz", XYZ + ROWS, ('0 0 5"', '0 5"'), r"line 2: Lattice has 8 numbers, expected 9"),
    ("a.xyz", XYZ + ROWS, ('0 0 5"', '0 0 0"'), r"line 2: the cell is"),
    ("a.xyz", XYZ + ROWS, ('0 0 5"', "0 0 5"), r"line 2: a value is not closed"),
    ("a.xyz", XYZ + ROWS, ("pos:R:3", "pos:R:2"), r"Properties has no pos:R:3"),
    ("a.xyz", XYZ + ROWS, ("pos:R:3", "pos:R:999999999"), r"line 2: Properties has pos:R:9"),
    ("a.xyz", XYZ + ROWS, ("pos:R:3", "pos:R"), r"line 2: Properties is .*name:type:columns"),
    ("a.xyz", XYZ + ROWS, ("A 1", "A" * 70_000 + " 1"), r"line 3: is longer than 65536 bytes"),
    ("a.xyz", XYZ + ROWS, ("A 1", "\0 1"), r"line 3: holds a zero byte"),
    ("a.xyz", "", ("", ""), r"frame is -1, .* holds 0 frames"),
    (
        "a.xyz",
        XYZ + ROWS,
        ("radius:R:1", 'radius:R:1 pbc="T T"'),
        r"line 2: pbc is 'T T', expected",
    ),
    ("a.xyz", XYZ + ROWS, ("radius:R:1", "radius:R:1:RADIUS:R:1"), r"has 'RADIUS' twice"),
    # LAMMPS dump
    (
        "a.dump",
        DUMP,
        ("ITEM: ATOMS id", "ITEM: TIMESTEP id"),
        r"ends after line 11, expected ITEM: ATOMS",
    ),
    ("a.dump", DUMP, ("0 5\n0 5\n0 5", "0 5\n5\n0 5"), r"line 7: expected a lower and an upper"),
    ("a.dump", DUMP, ("BOUNDS pp pp pp\n0 5", "BOUNDS xy xz yz pp pp pp\n0 5 1"), "line 6: .*tilt"),
    ("a.dump", DUMP, ("BOUNDS pp pp pp", "BOUNDS abc origin pp pp pp"), r"line 6: .* a vector of"),
    (
        "a.dump",
        DUMP,
        ("BOUNDS pp pp pp\n0 5\n0 5\n0 5", "BOUNDS abc origin pp pp pp\n5 1 0 0\n0 5 0 0\n0 0 5 0"),
        r"line 8: the cell is .*orthorhombic",
    ),
    ("a.dump", DUMP, ("pp pp pp", "pp pp ff"), r"line 5: periodic along x, y, z is T T F"),
    ("a.dump", DUMP, ("0 5\n0 5\n0 5", "0 5\n0 5\n-1e308 1e308"), r"a.dump: box\[2\] is inf"),
    (
        "a.dump",
        DUMP,
        ("x y z radius\n1 1", "xs ys zs radius\n1 1e308"),
        r"positions\[0, 0\] is inf",
    ),
    ("a.dump", DUMP, ("5\n2 4 5 6 0.5", "5\n2 4 5 6 1e308"), r"a.dump: diameters\[1\] is inf"),
    ("a.dump", DUMP, ("radius", "mass"), r"a.dump: holds no diameters"),
    (
        "a.dump",
        DUMP,
        ("OF ATOMS\n2", "OF ATOMS\n1000000000"),
        r"line 4: .* 1000000000, but only 24 bytes",
    ),
    (
        "a.dump",
        DUMP,
        ("OF ATOMS\n2", "OF ATOMS\n3"),
        r"line 4: .* particles is 3, but only 24 bytes",
    ),
    ("a.dump", DUMP, ("id x y z", "id x y vz"), r"line 9: has the columns id x y vz radius"),
    ("a.dump", DUMP, ("id x y z", "id x x z"), r"line 9: names a column twice"),
    ("a.dump", DUMP, ("\n2 4 5 6", "\n1 4 5 6"), r"line 11: id 1 was there before, in line 10"),
    ("a.dump", DUMP, ("ITEM: NUMBER OF ATOMS\n2\n", ""), r"comes before NUMBER OF ATOMS"),
    ("a.dump", DUMP, ("ITEM: TIMESTEP", "TIMESTEP"), r"line 1: .*no LAMMPS dump in text"),
    ("a.dump", DUMP, ("0 5\n0 5\n0 5", "0 5\n0 5\n0 0"), r"a.dump: box\[2\] is 0"),
    # LAMMPS data
    ("a.data", DATA, ("zhi\n", "zhi\n0.5 0 0 xy xz yz\n"), r"line 8: the box is tilted"),
    ("a.data", DATA, ("0 5 xlo xhi", "1 0 0 avec"), r"line 9: is the first section, expected"),
    (
        "a.data",
        DATA,
        (
            "0 5 xlo xhi\n0 5 ylo yhi\n0 5 zlo zhi",
            "5 1 0 avec\n0 5 0 bvec\n0 0 5 cvec\n0 0 0 abc origin",
        ),
        r"a.data: the cell is .*orthorhombic",
    ),
    ("a.data", DATA, ("\n2 atoms", "\n1000000000 atoms"), r"line 3: .* 1000000000, but only"),
    ("a.data", DATA, ("\n2 atoms", "\n3 atoms"), r"line 3: .* is 3, but only 33 bytes"),
    ("a.data", DATA + " " * 40, ("\n2 atoms", "\n3 atoms"), r"line 13: has 0 columns, expected 7"),
    ("a.data", DATA, ("0 5 ylo yhi\n", ""), r"line 8: is the first section, expected lines"),
    ("a.data", DATA, ("sphere", "body"), r"line 9: has atom style 'body', expected one"),
    ("a.data", DATA, ("sphere\n\n", "sphere\n1 1 1 1 1 1 1\n"), r"line 10: holds text, expected"),
    ("a.data", DATA, ("Atoms", "Bonds"), r"ends after line 12, expected a section Atoms"),
    ("a.data", DATA, ("\n2 1 1.0", "\n2 1 inf"), r"line 12: diameter is 'inf', expected a finite"),
    ("a.data", DATA, ("\n2 1 1.0", "\n1.5 1 1.0"), r"line 12: id is '1.5', expected an integer"),
]


@pytest.mark.parametrize(("name", "text", "change", "message"), CASES, ids=range(len(CASES)))
def test_each_fault_of_a_text_file_is_named(
    tmp_path: Path, name: str, text: str, change: tuple[str, str], message: str
) -> None:
    assert not text or text.count(change[0]) == 1
    path = tmp_path / name
    if text:
        path.write_text(text)
        assert read_configuration(path).n_particles == 2  # sound before the change
    path.write_text(text.replace(*change))
    with pytest.raises(InputError, match=message) as caught:
        read_configuration(path)
    assert str(caught.value).startswith(str(path)) or "frame is" in str(caught.value)


def test_a_frame_without_atoms(tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text(DUMP.replace("ITEM: ATOMS id", "ITEM: TIMESTEP id"))
    with pytest.raises(InputError, match=r"a.dump, line 9: begins another frame"):
        read_configuration(tmp_path / "a.dump", frame=0)


class Toucher:
    """Touches a file where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.marker,)


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


def sound() -> dict[str, bytes]:
    glass = some_glass(4)
    return {
        "positions": npy(glass.positions),
        "diameters": npy(glass.diameters),
        "box": npy(glass.box),
    }


def test_pickles_are_refused_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(pickle.dumps(Toucher(marker)))  # noqa: S301 (the trap works)
    assert marker.exists()
    marker.unlink()
    objects = npy(np.array([[Toucher(marker)] * 3] * 4, dtype=object))
    for name in ("positions", "box", "diameters"):
        path = npz(tmp_path / "a.npz", **{**sound(), name: objects})
        with pytest.raises(InputError, match=rf"a.npz: {name} has dtype '\|O', expected float64"):
            read_configuration(path)
    raw = pickle.dumps(Toucher(marker))
    path = npz(tmp_path / "b.npz", **{**sound(), "positions": raw})
    with pytest.raises(InputError, match=r"b.npz: positions is no sound array"):
        read_configuration(path)
    for name in FORMATS:  # a bare pickle under any name
        (tmp_path / "c").write_bytes(raw)
        with pytest.raises(InputError, match="/c"):
            read_configuration(tmp_path / "c", name)  # type: ignore[arg-type]
    assert not marker.exists()


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (header("(1000000000, 3)"), r"claims shape \(1000000000, 3\), 24000000000 bytes, but has"),
        (header("(4, 3)") + bytes(95), r"ends after 95 of 96 bytes|claims"),
        (header("(4, 3)") + bytes(200), "is longer than its shape"),
        (header("(4, 4)") + bytes(128), r"positions has shape \(4, 4\), expected \(N, 3\)"),
        (header("(-4, -3)") + bytes(96), "positions"),
        (header("__import__('os').getcwd()"), "positions is no sound array"),
        (header("(4, 3)", "'|V8'") + bytes(96), "has dtype .*V8"),
        (header("(" * 5000), "positions is no sound array"),
        (b"", "positions is no sound array"),
        (bytes(50_000_000), r"unpacks from \d+ to 50000000 bytes"),
    ],
    ids=range(10),
)
def test_claims_of_an_npz(tmp_path: Path, member: bytes, message: str) -> None:
    path = npz(tmp_path / "a.npz", **{**sound(), "positions": member})
    assert_small(lambda: read_configuration(path), message)


def test_npz_that_is_none_or_lacks_arrays(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 not a zip file")
    with pytest.raises(InputError, match=r"a.npz is no sound npz file"):
        read_configuration(tmp_path / "a.npz")
    path = npz(tmp_path / "b.npz", **{k: v for k, v in sound().items() if k != "box"})
    with pytest.raises(InputError, match=r"b.npz has no array 'box', expected positions, diam"):
        read_configuration(path)
    whole = npz(tmp_path / "c.npz", **sound()).read_bytes()
    for k in range(0, len(whole), 7):
        (tmp_path / "c.npz").write_bytes(whole[:k])
        with pytest.raises(InputError, match=r"c.npz"):
            read_configuration(tmp_path / "c.npz")


def test_npz_with_too_many_or_strange_members(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", **{f"a{k}": b"" for k in range(1001)})
    with pytest.raises(InputError, match=r"a.npz holds 1001 arrays, expected a few"):
        read_configuration(path)
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_BZIP2) as archive:
        for name, data in sound().items():
            archive.writestr(f"{name}.npy", data)
    with pytest.raises(InputError, match=r"b.npz: positions is compressed in an unknown way"):
        read_configuration(tmp_path / "b.npz")


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / "file"
    write_configuration(some_glass(3), path, name)  # type: ignore[arg-type]
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole) - 1))
        end = start + data.draw(st.integers(0, 6))
        whole[start:end] = data.draw(st.binary(max_size=6))
        if not whole:
            break
    path.write_bytes(bytes(whole))
    with contextlib.suppress(InputError):
        read = read_configuration(path, name)  # type: ignore[arg-type]
        assert np.isfinite(read.positions).all()


@pytest.mark.parametrize("name", FORMATS)
@given(content=st.binary(max_size=300))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_noise_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match="file"):
        read_configuration(path, name)  # type: ignore[arg-type]
