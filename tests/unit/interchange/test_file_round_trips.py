"""What is written is read back, bit for bit, in every format and by its extension."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from exact_configurations import (
    LENGTHS,
    PLAIN_LENGTHS,
    PLAIN_MASSES,
    bits,
    configurations,
    some_glass,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.ase_atoms import from_ase, to_ase
from glasswells.interchange.configurations import (
    EXTENSIONS,
    FORMATS,
    read_configuration,
    write_configuration,
)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_bit_comes_back(tmp_path: Path, name: str, data: st.DataObject) -> None:
    strategies = (PLAIN_LENGTHS, PLAIN_MASSES) if name == "lammps_data" else (LENGTHS, LENGTHS)
    configuration = data.draw(configurations(*strategies))
    path = tmp_path / "file"
    write_configuration(configuration, path, name)
    assert bits(read_configuration(path, name)) == bits(configuration)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_extension_names_the_format(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"glass{extension.upper()}"
    write_configuration(some_glass(), path)
    assert bits(read_configuration(path)) == bits(some_glass())
    assert bits(read_configuration(path, EXTENSIONS[extension])) == bits(some_glass())


@given(configuration=configurations())
@settings(max_examples=40, deadline=None)
def test_ase_atoms_keep_every_bit(configuration: Configuration) -> None:
    assert bits(from_ase(to_ase(configuration))) == bits(configuration)


@pytest.mark.parametrize("name", FORMATS)
def test_given_diameters_go_before_those_of_the_file(tmp_path: Path, name: str) -> None:
    path, sizes = tmp_path / "file", np.linspace(1, 2, 10)
    write_configuration(some_glass(), path, name)
    np.testing.assert_array_equal(read_configuration(path, name, diameters=sizes).diameters, sizes)
    assert set(read_configuration(path, name, diameters=1.5).diameters) == {1.5}
    with pytest.raises(InputError, match=r"file: diameters has shape \(3,\), expected \(10\)"):
        read_configuration(path, name, diameters=[1.0, 1.0, 1.0])


@pytest.mark.parametrize("name", FORMATS)
def test_frames_that_are_not_there(tmp_path: Path, name: str) -> None:
    """Also of formats that hold one configuration only."""
    write_configuration(some_glass(), tmp_path / "file", name)
    for frame in (0, -1):
        assert bits(read_configuration(tmp_path / "file", name, frame=frame)) == bits(some_glass())
    for frame in (1, -2):
        with pytest.raises(InputError, match=rf"frame is {frame}, expected -1 to 0: .* 1 frame"):
            read_configuration(tmp_path / "file", name, frame=frame)


def test_formats_and_names_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"extension '.cif', expected one of .*pass format="):
        write_configuration(some_glass(), tmp_path / "a.cif")
    with pytest.raises(InputError, match="format is 'cif', expected one of extended_xyz"):
        read_configuration(tmp_path / "a.xyz", "cif")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"nothing.xyz is no file.*check the name"):
        read_configuration(tmp_path / "nothing.xyz")
    with pytest.raises(InputError, match="is no file"):
        read_configuration(tmp_path, "npz")
    with pytest.raises(InputError, match=r"cannot be written .*check the folder"):
        write_configuration(some_glass(), tmp_path / "no" / "a.xyz")


def test_gsd_without_its_package_is_read_but_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_configuration(some_glass(), tmp_path / "a.gsd")
    monkeypatch.setitem(sys.modules, "gsd", None)
    monkeypatch.setitem(sys.modules, "gsd.fl", None)
    assert bits(read_configuration(tmp_path / "a.gsd")) == bits(some_glass())
    with pytest.raises(InputError, match=r"gsd is not installed.*'glasswells\[gsd\]'"):
        write_configuration(some_glass(), tmp_path / "b.gsd")
