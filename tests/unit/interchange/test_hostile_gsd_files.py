"""GSD files that are cut, wrong or made to harm."""

from __future__ import annotations

import struct
from pathlib import Path

import gsd.fl
import numpy as np
import pytest
from exact_configurations import some_glass
from limited_memory import assert_small

from glasswells.core.errors import InputError
from glasswells.interchange.configurations import read_configuration, write_configuration


def test_gsd_claims(tmp_path: Path) -> None:
    path = tmp_path / "a.gsd"
    write_configuration(some_glass(4), path)
    whole = path.read_bytes()
    for at in (8, 16, 24, 32):  # index and names: place and room
        path.write_bytes(whole[:at] + struct.pack("<Q", 2**40) + whole[at + 8 :])
        assert_small(lambda: read_configuration(path), r"a.gsd: says that|a.gsd: has more names")
    (index_at,) = struct.unpack_from("<Q", whole, 8)
    refused = 0
    for k in range(7):  # the number of rows of each chunk
        at = index_at + 32 * k + 8
        path.write_bytes(whole[:at] + struct.pack("<Q", 10**9) + whole[at + 8 :])
        try:
            assert_small(lambda: read_configuration(path), r"a.gsd")
            refused += 1
        except pytest.fail.Exception:
            read_configuration(path)  # a chunk that nobody reads: the step
    assert refused == 6
    for k in range(0, len(whole) - 1, 11):
        path.write_bytes(whole[:k])
        with pytest.raises(InputError, match=r"a.gsd"):
            read_configuration(path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("particles/N", np.array([5], dtype=np.uint32), "particles/N is 5, but there are 4 posit"),
        ("particles/N", np.array([np.nan]), r"particles/N has the type float64, expected integers"),
        ("particles/typeid", np.full(4, np.nan), "particles/typeid has the type float64, expected"),
        ("particles/types", np.full((1, 2), np.nan), "particles/types has the type float64, expec"),
        ("particles/diameter", np.ones(3), r"particles/diameter has shape \(3,\), expected \(4,\)"),
        ("particles/position", np.ones((4, 2)), r"shape \(4, 2\), expected \('N', 3\)"),
        ("particles/typeid", np.full(4, 7, dtype=np.uint32), "typeid reaches 7, expected below 1"),
        ("configuration/box", None, r"frame 0 has no configuration/box, expected particles"),
        ("particles/diameter", None, r"a.gsd: holds no diameters: pass diameters"),
    ],
    ids=range(9),
)
def test_gsd_chunks_that_do_not_fit(
    tmp_path: Path, name: str, data: np.ndarray | None, message: str
) -> None:
    chunks = {
        "configuration/box": np.array([5.0, 5, 5, 0, 0, 0]),
        "particles/N": np.array([4], dtype=np.uint32),
        "particles/types": np.frombuffer(b"A\0", dtype=np.int8).reshape(1, 2),
        "particles/typeid": np.zeros(4, dtype=np.uint32),
        "particles/diameter": np.ones(4),
        "particles/position": np.ones((4, 3)),
    }
    read = write_gsd_chunks(tmp_path / "a.gsd", chunks)
    assert read_configuration(read).n_particles == 4
    changed = {k: v for k, v in {**chunks, name: data}.items() if v is not None}
    (tmp_path / "a.gsd").unlink()
    path = write_gsd_chunks(tmp_path / "a.gsd", changed)
    with pytest.raises(InputError, match=message):
        read_configuration(path)


def test_gsd_without_types_and_of_other_kinds(tmp_path: Path) -> None:
    chunks = {
        "configuration/box": np.array([5.0, 5, 5, 0, 0, 0]),
        "particles/N": np.array([4], dtype=np.uint32),
        "particles/position": np.ones((4, 3)),
    }
    path = write_gsd_chunks(tmp_path / "a.gsd", chunks)
    assert read_configuration(path, diameters=1.0).n_particles == 4
    # By the schema all particles are then of the first type, A if there are none.
    assert set(read_configuration(path, diameters={"A": 1.5}).diameters) == {1.5}
    write_gsd_chunks(tmp_path / "b.gsd", chunks, schema="other")
    with pytest.raises(InputError, match=r"b.gsd: has the schema b'other', expected hoomd"):
        read_configuration(tmp_path / "b.gsd")
    whole = bytearray(path.read_bytes())
    whole[0] ^= 1
    (tmp_path / "c.gsd").write_bytes(whole)
    with pytest.raises(InputError, match=r"c.gsd: is no GSD file of version 1 or 2"):
        read_configuration(tmp_path / "c.gsd")


def write_gsd_chunks(path: Path, chunks: dict[str, np.ndarray], schema: str = "hoomd") -> Path:
    with gsd.fl.open(
        name=str(path), mode="w", application="test", schema=schema, schema_version=[2, 0]
    ) as file:
        for name, data in chunks.items():
            file.write_chunk(name, data)
        file.end_frame()
    return path


def test_gsd_tilted_and_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "a.gsd"
    glass = some_glass(4)
    write_configuration(glass, path)
    whole = path.read_bytes()
    at = whole.index(glass.box.tobytes()) + 24
    path.write_bytes(whole[:at] + struct.pack("<d", 0.1) + whole[at + 8 :])
    with pytest.raises(InputError, match=r"a.gsd: the box has tilt factors \[0.1, 0.0, 0.0\]"):
        read_configuration(path)
    at = whole.index(glass.positions.tobytes()) + 8
    path.write_bytes(whole[:at] + struct.pack("<d", np.nan) + whole[at + 8 :])
    with pytest.raises(InputError, match=r"a.gsd: positions\[0, 1\] is nan, expected finite"):
        read_configuration(path)
