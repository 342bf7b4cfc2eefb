"""LAMMPS data files (`read_data`): header, masses, atoms of the styles that have points."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import (
    CALL_DEPTH,
    Found,
    Given,
    MissingOptionError,
    assemble,
    orthorhombic_box,
)
from glasswells.interchange.lammps_styles import HYBRID, STYLES, style_columns
from glasswells.interchange.sphere_density import densities_of, masses_of
from glasswells.interchange.text_lines import Lines, Table, digits

EDGES = ("xlo xhi", "ylo yhi", "zlo zhi")
TYPE = re.compile("[1-9][0-9]{0,8}")
OVITO = "written by OVITO"
TILT = "xy xz yz"
VECTORS = ("avec", "bvec", "cvec")


def read_lammps_data(path: Path, atom_style: str | None, given: Given) -> Configuration:
    """The atoms of a LAMMPS data file in the order of their ids.

    Positions are taken as they stand: image flags are not applied, and the box may begin anywhere.
    Masses are those of the section Masses by type, or of the column `density`: density times
    volume. If there are neither, they are 1.

    Parameters
    ----------
    path
        The file.
    atom_style
        As in LAMMPS, such as `atomic` or `hybrid sphere charge`; needed if the section's title
        does not say it (`Atoms # sphere`).
    given
        Atom types, or their labels if the file has some, are the keys of mappings.

    Raises
    ------
    InputError
        For whatever does not fit; the text names file and line.
    """
    if atom_style is not None:
        style_columns(atom_style)
    labels: dict[str, str] = {}
    type_masses: dict[str, float] = {}
    atoms: _Atoms | None = None
    with Lines(path) as lines:
        first = lines.expect("a title")
        header = _header(lines)
        title: str | None = header.title
        while title is not None:
            name = title.partition("#")[0].strip()
            if name == "Atom Type Labels":
                labels = {label: number for number, label in _pairs(lines)}
            elif name == "Masses":
                type_masses = {kind: lines.real(mass, "a mass") for kind, mass in _pairs(lines)}
            elif name == "Atoms":
                atoms = _atoms(lines, title, atom_style, header)
            title = lines.next()
    if atoms is None:
        raise InputError(
            f"{path} ends after line {lines.number}, expected a section Atoms: the file was cut"
        )
    columns, table = atoms
    if OVITO in first and "density" in columns and given.masses is None:
        warnings.warn(
            f"{path}: written by OVITO, which divides masses by 4/3 pi d^3 where LAMMPS multiplies "
            f"by pi d^3/6: the masses are an eighth if they passed through it; give masses if so",
            stacklevel=CALL_DEPTH - 1,
        )
    at = columns.index("x")
    found = _found(path, atoms, labels, type_masses)
    return assemble(
        str(path),
        table.reals(at, at + 1, at + 2),
        header.box,
        given=given,
        found=found._replace(digits=table.rounding(at, at + 1, at + 2)),
    )


def write_lammps_data(configuration: Configuration, file: TextIO) -> None:
    """A data file of atom style sphere, all particles of type 1, in 17 digits.

    Masses are told by densities: those of 14 digits, such as 1 or 39.948, are read back exactly.
    """
    densities = densities_of(configuration.masses, configuration.diameters)
    file.write(f"LAMMPS data file by glasswells\n\n{configuration.n_particles} atoms\n")
    file.write("1 atom types\n\n")
    for edge, names in zip(configuration.box, EDGES, strict=True):
        file.write(f"0 {digits(edge)} {names}\n")
    file.write("\nAtoms # sphere\n\n")
    rows = zip(configuration.positions, configuration.diameters, densities, strict=True)
    for k, (r, diameter, density) in enumerate(rows, start=1):
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
    cell: dict[str, list[float]] = {}
    n_token, n_line = "", 0
    while True:
        title = lines.expect("a section Atoms")
        text = title.partition("#")[0].strip()
        words = text.split()
        if not words:
            continue
        if text.endswith(TILT):
            _refuse_tilt(lines, words, text)
        elif len(words) == 4 and words[3] in VECTORS:
            cell[words[3]] = [lines.real(word, words[3]) for word in words[:3]]
        elif len(words) == 4 and " ".join(words[2:]) in EDGES:
            low, high = (lines.real(word, " ".join(words[2:])) for word in words[:2])
            edges[" ".join(words[2:])] = high - low
        elif len(words) == 2 and words[1] == "atoms":
            n_token, n_line = words[0], lines.number
        elif words[0][0].isalpha():
            if not n_token or (len(edges) < 3 and len(cell) < 3):
                lines.fail(
                    "is the first section, expected lines 'N atoms', 'xlo xhi', 'ylo yhi' and "
                    "'zlo zhi' before it"
                )
            return _Header(_box(lines, edges, cell), n_token, n_line, title)


def _box(lines: Lines, edges: dict[str, float], cell: dict[str, list[float]]) -> Array:
    """The edges (3,) by their ends or by vectors, as OVITO writes them for every box."""
    if len(edges) == 3:
        return np.array([edges[name] for name in EDGES])
    return orthorhombic_box(str(lines.path), np.array([cell[name] for name in VECTORS]))


def _refuse_tilt(lines: Lines, words: list[str], text: str) -> None:
    if all(lines.real(w, "tilt") == 0 for w in words[:3]):
        return
    lines.fail(f"the box is tilted ({text[:64]}), expected an orthorhombic one: convert it before")


class _Atoms(NamedTuple):
    """The section Atoms."""

    columns: tuple[str, ...]
    table: Table


def _atoms(lines: Lines, title: str, atom_style: str | None, header: _Header) -> _Atoms:
    """The rows, after a look at the first one: a wrong style would mix up columns."""
    columns = _columns(lines, title, atom_style)
    n = lines.particle_count(header.n_token, len(columns), header.n_line)
    if lines.expect("an empty line").strip():
        lines.fail("holds text, expected an empty line after the title of the section")
    mark = lines.mark()
    width = len((lines.next() or "").partition("#")[0].split())
    if n and width not in (len(columns), len(columns) + 3):
        lines.fail(
            f"has {width} columns, expected {len(columns)} ({' '.join(columns)}), or three more "
            f"image flags: is the atom style right?"
        )
    lines.rewind(mark)
    return _Atoms(columns, lines.table(n, columns, "atoms"))


def _columns(lines: Lines, title: str, atom_style: str | None) -> tuple[str, ...]:
    """The columns of the style that the title or the caller names."""
    named = " ".join(title.partition("#")[2].split())
    if named and atom_style and named != atom_style:
        # LAMMPS writes `Atoms # hybrid`, whatever styles it is made of.
        if named != HYBRID or not atom_style.startswith(HYBRID):
            lines.fail(f"says atom style {named[:64]!r}, but atom_style is {atom_style!r}")
        named = atom_style
    style = named or atom_style or ""
    try:
        return style_columns(style)
    except InputError:
        raise MissingOptionError(
            f"{lines.place}: has atom style {style[:64]!r}, expected one of {', '.join(STYLES)}, "
            f"or hybrid with its styles",
            "atom_style",
            "such as 'full' or 'hybrid sphere charge', if the title of the section does not say it",
        ) from None


def _pairs(lines: Lines) -> Iterator[tuple[str, str]]:
    """The first two words of the rows of a section, up to an empty line."""
    lines.expect("an empty line")
    while text := (lines.next() or "").partition("#")[0].strip():
        words = text.split()
        if len(words) < 2:
            lines.fail(f"has one word, {text[:64]!r}, expected two at least")
        yield words[0], words[1]


def _found(
    path: Path, atoms: _Atoms, labels: dict[str, str], type_masses: dict[str, float]
) -> Found:
    columns, table = atoms
    types = [labels.get(kind, kind) for kind in table.words(columns.index("type"))]
    strange = next((kind for kind in types if not TYPE.fullmatch(kind)), None)
    if strange is not None:
        raise InputError(
            f"{path}: the type of an atom is {strange[:64]!r}, expected a number from 1 or a label "
            f"of the file, the columns being {' '.join(columns)}: is the atom style right?"
        )
    diameters = masses = None
    if "diameter" in columns:
        diameters = table.quantity(columns.index("diameter"))
        masses = masses_of(table.reals(columns.index("density")), diameters)
    elif type_masses:
        by_type = {labels.get(kind, kind): mass for kind, mass in type_masses.items()}
        missing = sorted(set(types) - set(by_type))
        if missing:
            raise InputError(
                f"{path}: the section Masses has no line for type {missing[0][:64]}, expected one "
                f"for each type of its atoms"
            )
        masses = np.array([by_type[kind] for kind in types])
    return Found(
        diameters=diameters,
        masses=masses,
        species=types,
        labels=labels,
        order=table.order_by(columns.index("id")),
    )
