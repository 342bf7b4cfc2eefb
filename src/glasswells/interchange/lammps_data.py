"""LAMMPS data files (`read_data`), atom styles atomic, charge and sphere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import Diameters, assemble
from glasswells.interchange.text_lines import Lines, Table, digits

AtomStyle = Literal["atomic", "charge", "sphere"]
STYLES: dict[str, tuple[str, ...]] = {
    "atomic": ("id", "type", "x", "y", "z"),
    "charge": ("id", "type", "charge", "x", "y", "z"),
    "sphere": ("id", "type", "diameter", "density", "x", "y", "z"),
}
"""Columns of the section Atoms; three image flags may follow."""
EDGES = ("xlo xhi", "ylo yhi", "zlo zhi")
TILTED = ("xy xz yz", "avec", "bvec", "cvec", "abc origin")


def read_lammps_data(path: Path, atom_style: str | None, diameters: Diameters) -> Configuration:
    """The atoms of a LAMMPS data file in the order of their ids.

    Positions are taken as they stand: image flags are not applied, and the box may begin anywhere.

    Parameters
    ----------
    path
        The file.
    atom_style
        `atomic`, `charge` or `sphere`; needed if the section's title does not say it
        (`Atoms # sphere`).
    diameters
        As for `read_configuration`; atom types are the keys of a mapping.

    Raises
    ------
    InputError
        For whatever does not fit; the text names file and line.
    """
    if atom_style is not None and atom_style not in STYLES:
        raise InputError(f"atom_style is {atom_style!r}, expected one of {', '.join(STYLES)}")
    with Lines(path) as lines:
        lines.expect("a title")
        header = _header(lines)
        title = _atoms_title(lines, header.title)
        columns = STYLES[_style(lines, title, atom_style)]
        n = lines.particle_count(header.n_token, len(columns), header.n_line)
        if lines.expect("an empty line").strip():
            lines.fail("holds text, expected an empty line after the title of the section")
        table = _atoms(lines, n, columns)
    order = table.order_by(columns.index("id"))
    at = columns.index("x")
    sizes = table.reals(columns.index("diameter")) if "diameter" in columns else None
    types = table.words(columns.index("type"))
    return assemble(
        str(path),
        table.reals(at, at + 1, at + 2)[order],
        header.box,
        given=diameters,
        in_file=None if sizes is None else sizes[order],
        species=[types[k] for k in order],
    )


def write_lammps_data(configuration: Configuration, file: TextIO) -> None:
    """A data file of atom style sphere, all particles of type 1 and mass 1, in 17 digits."""
    file.write(f"LAMMPS data file by glasswells\n\n{configuration.n_particles} atoms\n")
    file.write("1 atom types\n\n")
    for edge, names in zip(configuration.box, EDGES, strict=True):
        file.write(f"0 {digits(edge)} {names}\n")
    file.write("\nAtoms # sphere\n\n")
    rows = zip(configuration.positions, configuration.diameters, strict=True)
    for k, (r, diameter) in enumerate(rows, start=1):
        with np.errstate(over="ignore", divide="ignore"):
            density = 6.0 / (math.pi * np.float64(diameter) ** 3)
        place = " ".join(digits(c) for c in r)
        file.write(f"{k} 1 {digits(diameter)} {digits(density)} {place}\n")


class _Header(NamedTuple):
    """What comes before the first section."""

    box: Array
    n_token: str
    """The number of atoms as written."""
    n_line: int
    title: str
    """Of the first section."""


def _header(lines: Lines) -> _Header:
    edges: dict[str, float] = {}
    n_token, n_line = "", 0
    while True:
        title = lines.expect("a section Atoms")
        text = title.partition("#")[0].strip()
        words = text.split()
        if not words:
            continue
        if text.endswith(TILTED):
            _refuse_tilt(lines, words, text)
        elif len(words) == 4 and " ".join(words[2:]) in EDGES:
            low, high = (lines.real(word, " ".join(words[2:])) for word in words[:2])
            edges[" ".join(words[2:])] = high - low
        elif len(words) == 2 and words[1] == "atoms":
            n_token, n_line = words[0], lines.number
        elif words[0][0].isalpha():
            if len(edges) < 3 or not n_token:
                lines.fail(
                    "is the first section, expected lines 'N atoms', 'xlo xhi', 'ylo yhi' and "
                    "'zlo zhi' before it"
                )
            box = np.array([edges[name] for name in EDGES])
            return _Header(box, n_token, n_line, title)


def _refuse_tilt(lines: Lines, words: list[str], text: str) -> None:
    if text.endswith("xy xz yz") and all(lines.real(w, "tilt") == 0 for w in words[:3]):
        return
    lines.fail(f"the box is tilted ({text[:64]}), expected an orthorhombic one: convert it before")


def _atoms_title(lines: Lines, title: str) -> str:
    """Read over other sections, up to the title of Atoms."""
    while title.split()[:1] != ["Atoms"]:
        title = lines.expect("a section Atoms")
    return title


def _style(lines: Lines, title: str, atom_style: str | None) -> str:
    named = title.partition("#")[2].strip()
    if named and atom_style and named != atom_style:
        lines.fail(f"says atom style {named[:64]!r}, but atom_style is {atom_style!r}")
    style = atom_style or named
    if style not in STYLES:
        lines.fail(
            f"has atom style {style[:64]!r}, expected one of {', '.join(STYLES)}: pass "
            f"atom_style=... if the title of the section does not say it"
        )
    return style


def _atoms(lines: Lines, n: int, columns: tuple[str, ...]) -> Table:
    """The rows, after a look at the first one: a wrong style would mix up columns."""
    mark = lines.mark()
    width = len((lines.next() or "").partition("#")[0].split())
    if n and width not in (len(columns), len(columns) + 3):
        lines.fail(
            f"has {width} columns, expected {len(columns)} ({' '.join(columns)}), or three more "
            f"image flags: is the atom style right?"
        )
    lines.rewind(mark)
    return lines.table(n, columns, "atoms")
