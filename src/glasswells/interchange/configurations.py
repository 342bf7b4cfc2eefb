"""Read and write configurations in the formats of the field, exact to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO, get_args

from glasswells.core.arguments import expects
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.core.whole_file import whole_file
from glasswells.interchange.assembly import Given, MissingOptionError, PerParticle
from glasswells.interchange.extended_xyz import read_extended_xyz, write_extended_xyz
from glasswells.interchange.gsd_files import read_gsd, write_gsd
from glasswells.interchange.lammps_data import read_lammps_data, write_lammps_data
from glasswells.interchange.lammps_dump import read_lammps_dump, write_lammps_dump
from glasswells.interchange.npz_files import read_npz, write_npz
from glasswells.interchange.text_lines import frame_number

FileFormat = Literal["extended_xyz", "lammps_data", "lammps_dump", "gsd", "npz"]
FORMATS: tuple[str, ...] = get_args(FileFormat)
EXTENSIONS = {
    ".xyz": "extended_xyz",
    ".extxyz": "extended_xyz",
    ".exyz": "extended_xyz",
    ".data": "lammps_data",
    ".lmp": "lammps_data",
    ".dump": "lammps_dump",
    ".lammpstrj": "lammps_dump",
    ".gsd": "gsd",
    ".npz": "npz",
}
TEXT_WRITERS: dict[str, Callable[[Configuration, TextIO], None]] = {
    "extended_xyz": write_extended_xyz,
    "lammps_data": write_lammps_data,
    "lammps_dump": write_lammps_dump,
}


def read_configuration(
    path: str | Path,
    format: FileFormat | None = None,
    *,
    frame: int = -1,
    diameters: PerParticle = None,
    masses: PerParticle = None,
    atom_style: str | None = None,
    single_precision: bool = False,
) -> Configuration:
    """A configuration from a file of any of the supported formats.

    Nothing in a file is executed, and memory is allocated by what a file holds, not by what its
    header claims. Positions are taken as they are: they may lie outside the box, whose origin
    does not matter.

    Parameters
    ----------
    path
        The file.
    format
        `extended_xyz` (.xyz, .extxyz, .exyz), `lammps_data` (.data, .lmp), `lammps_dump` (.dump,
        .lammpstrj; text), `gsd` (.gsd) or `npz` (.npz); None: by the file's extension.
    frame
        Which frame of a trajectory (extended XYZ, LAMMPS dump, GSD); negative: from the end.
    diameters, masses
        Instead of those in the file: (N,), one number, or a mapping from the file's types or
        species. Arrays are in the order of ids, if the file has some. Diameters are needed if the
        file has none; masses are 1 then.
    atom_style
        Of a LAMMPS data file whose section Atoms does not name it, as in LAMMPS: `full`,
        `hybrid sphere charge`.
    single_precision
        Whether rounded positions are welcome: refused otherwise if in single precision (GSD, npz),
        and warned of if a text has few digits. A minimum that was rounded is no minimum any more:
        minimize it again.

    Returns
    -------
    Configuration
        Particles in the order of their ids, or of the file.

    Warns
    -----
    UserWarning
        If the positions of a text have fewer than 15 digits, unless `single_precision`.

    Raises
    ------
    InputError
        For a file that is missing, cut, or of another format, for tilted or open boxes, missing
        diameters, NaN: the text names the file and the place in it, and the next step.
    """
    path = Path(path)
    name = _format(path, format)
    if not path.is_file():
        raise InputError(f"{path} is no file, expected a configuration: check the name")
    if name in ("lammps_data", "npz"):
        frame_number(path, frame, 1)
    given = Given(diameters=diameters, masses=masses, rounded=single_precision)
    if name == "extended_xyz":
        return read_extended_xyz(path, frame, given)
    if name == "lammps_data":
        return read_lammps_data(path, atom_style, given)
    if name == "lammps_dump":
        return read_lammps_dump(path, frame, given)
    if name == "gsd":
        return read_gsd(path, frame, given)
    return read_npz(path, given)


@expects(configuration=Configuration)
def write_configuration(
    configuration: Configuration,
    path: str | Path,
    format: FileFormat | None = None,
) -> None:
    """Write a configuration so that reading it gives back every bit; an existing file is replaced.

    Only masses lose digits, and only in LAMMPS data, which tells them by densities: 14 are kept.

    Parameters
    ----------
    configuration
        Positions are written as they are, not wrapped.
    path, format
        As for `read_configuration`. GSD needs the extra `glasswells[gsd]`.

    Raises
    ------
    InputError
        For an unknown format, a file that cannot be written, and in LAMMPS data for spheres whose
        mass makes no density.
    """
    path = Path(path)
    name = _format(path, format)
    try:
        with whole_file(path) as draft:
            if name == "gsd":
                write_gsd(configuration, draft)
            elif name == "npz":
                write_npz(configuration, draft)
            else:
                with draft.open("w", encoding="utf-8") as file:
                    TEXT_WRITERS[name](configuration, file)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}): check the folder, free space and "
            f"permissions"
        ) from None


def _format(path: Path, given: str | None) -> str:
    if given is not None:
        if given not in FORMATS:
            raise InputError(f"format is {given!r}, expected one of {', '.join(FORMATS)}")
        return given
    found = EXTENSIONS.get(path.suffix.lower())
    if found is None:
        raise MissingOptionError(
            f"{path} has the extension {path.suffix!r}, expected one of {', '.join(EXTENSIONS)}",
            "format",
            f"one of {', '.join(FORMATS)}",
        )
    return found
