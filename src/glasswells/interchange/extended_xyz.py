"""Extended XYZ, as ASE, OVITO and QUIP write it: a count, a comment with the cell, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import (
    Found,
    Given,
    assemble,
    one_of_two,
    orthorhombic_box,
    require_periodic,
)
from glasswells.interchange.colon_header import in_extended_words
from glasswells.interchange.text_lines import Lines, Table, digits, frame_number, twice

POSITIONS = ("pos", "position", "positions")
SPECIES = ("species", "type", "atom_types", "particle_type", "element")
DIAMETERS = ("diameter", "diameters")
RADII = ("radius", "radii")
MASSES = ("masses", "mass")
"""ASE's name and OVITO's; neither knows the other's."""
IDS = ("id", "ids", "identifier", "particle_identifier", "atom_id")
MAX_COLUMNS = 1000
"""Of one particle."""


class _Column(NamedTuple):
    """Where a property is among the columns of a row."""

    kind: str
    """S, R, I or L."""
    first: int
    width: int


def read_extended_xyz(path: Path, frame: int, given: Given) -> Configuration:
    """One frame of an extended XYZ file.

    The comment must have `Lattice="..."` of an orthorhombic cell, or `cell:` as atooms writes it;
    `pbc`, if there, must be true along all three. `Properties` tells the columns; without it they
    are species, x, y, z. Sizes are taken from a column `radius` or `diameter` (also in the plural,
    in any case), masses from `mass` or `masses`. With a column `id` particles are put in the order
    of their ids.

    Raises
    ------
    InputError
        For whatever does not fit; the text names file and line.
    """
    with Lines(path) as lines:
        marks = list(_frames(lines))
        lines.rewind(marks[frame_number(path, frame, len(marks))])
        n = lines.particle_count(lines.expect("a number of particles").strip(), columns=3)
        values = in_extended_words(lines, comment_values(lines, lines.expect("a comment line")))
        place = lines.place
        box = _box(lines, values)
        columns = _columns(lines, values.get("properties", "species:S:1:pos:R:3"))
        width = max(c.first + c.width for c in columns.values())
        names = [f"{name}[{k}]" for name, c in columns.items() for k in range(c.width)]
        table = lines.table(n, names[:width], "particles")
    where = _find(columns, POSITIONS, "RI", 3)
    if where is None:
        raise InputError(f"{place}: Properties has no pos:R:3, expected positions of particles")
    xyz = (where.first, where.first + 1, where.first + 2)
    positions = table.reals(*xyz)
    found = _found(str(path), columns, table)._replace(digits=table.rounding(*xyz))
    return assemble(str(path), positions, box, given=given, found=found)


def write_extended_xyz(
    configuration: Configuration,
    file: TextIO,
    vectors: Mapping[str, Array] | None = None,
    species: Sequence[str] | None = None,
) -> None:
    """One frame in 17 digits: species, pos and radius, which OVITO draws and ASE keeps.

    Without elements the species is X, and masses that are not all 1 are written twice: ASE knows
    `masses`, OVITO `mass`. With `species`, the element of each particle, OVITO knows the masses by
    these. `vectors` are further columns by name, each a field (N, 3).
    """
    x, y, z = (digits(edge) for edge in configuration.box)
    fields = vectors or {}
    names = ["masses", "mass"] if species is None else ["masses"]
    masses = [configuration.masses for _ in names] if (configuration.masses != 1).any() else []
    further = "".join(f":{name}:R:1" for name, _ in zip(names, masses, strict=False))
    further += "".join(f":{name}:R:3" for name in fields)
    file.write(
        f'{configuration.n_particles}\nLattice="{x} 0 0 0 {y} 0 0 0 {z}" '
        f'Properties=species:S:1:pos:R:3:radius:R:1{further} pbc="T T T"\n'
    )
    # Half of a double is exact, and so is its double.
    columns = [configuration.positions, 0.5 * configuration.diameters, *masses, *fields.values()]
    words = species or ["X"] * configuration.n_particles
    for word, numbers in zip(words, np.column_stack(columns), strict=True):
        file.write(f"{word} {' '.join(digits(c) for c in numbers)}\n")


def comment_values(lines: Lines, text: str) -> dict[str, str]:
    """The `key=value` pairs of a comment, by lower-case key; values may be in quotes or braces."""
    values: dict[str, str] = {}
    k, end = 0, len(text)
    while k < end:
        if text[k].isspace():
            k += 1
            continue
        start = k
        while k < end and text[k] != "=" and not text[k].isspace():
            k += 1
        key = text[start:k].strip("\"'").lower()
        if k < end and text[k] == "=":
            value, k = _value(lines, text, k + 1)
        else:
            value = "T"
        values[key] = value
    return values


def _value(lines: Lines, text: str, k: int) -> tuple[str, int]:
    """The value that begins at k, and where it ends."""
    closing = {'"': '"', "'": "'", "{": "}", "[": "]"}.get(text[k : k + 1])
    if closing is None:
        end = k
        while end < len(text) and not text[end].isspace():
            end += 1
        return text[k:end], end
    parts = []
    k += 1
    while k < len(text) and text[k] != closing:
        k += text[k] == "\\"
        parts.append(text[k : k + 1])
        k += 1
    if k >= len(text):
        lines.fail(f"a value is not closed, expected {closing}")
    return "".join(parts), k + 1


def _frames(lines: Lines) -> Iterator[tuple[int, int]]:
    """Where the frames begin; empty lines between them are read over."""
    while True:
        mark = lines.mark()
        text = lines.next()
        if text is None:
            return
        if not text.strip():
            continue
        n = lines.particle_count(text.strip(), columns=3)
        yield mark
        lines.skip(n + 1, f"a comment and {n} particles")


def _box(lines: Lines, values: dict[str, str]) -> Array:
    """The edges (3,) of the periodic box."""
    if "lattice" not in values:
        lines.fail('has no Lattice="...", expected a periodic box: write the file as extended XYZ')
    cell = np.array([lines.real(x, "Lattice") for x in values["lattice"].split()])
    if cell.size != 9:
        lines.fail(f"Lattice has {cell.size} numbers, expected 9")
    box = orthorhombic_box(lines.place, cell.reshape(3, 3))
    require_periodic(lines.place, _flags(lines, values.get("pbc", "T T T")))
    return box


def _found(source: str, columns: dict[str, _Column], table: Table) -> Found:
    """What the columns say about the particles."""

    def quantity(names: tuple[str, ...]) -> Array | None:
        column = _find(columns, names, "RI", 1)
        return None if column is None else table.quantity(column.first)

    radii = quantity(RADII)
    masses = [quantity((name,)) for name in MASSES]
    species, ids = _find(columns, SPECIES, "SI", 1), _find(columns, IDS, "IRS", 1)
    return Found(
        diameters=one_of_two(
            source,
            "diameter and twice the radius",
            quantity(DIAMETERS),
            None if radii is None else twice(radii),
        ),
        masses=one_of_two(source, "masses and mass", masses[0], masses[1]),
        species=None if species is None else table.words(species.first),
        order=None if ids is None else table.order_by(ids.first),
    )


def _flags(lines: Lines, text: str) -> list[bool]:
    words = text.replace(",", " ").lower().split()
    known = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
    if len(words) != 3 or not set(words) <= set(known):
        lines.fail(f'pbc is {text[:64]!r}, expected three of T and F, such as pbc="T T T"')
    return [known[word] for word in words]


def _columns(lines: Lines, text: str) -> dict[str, _Column]:
    """The columns by lower-case name."""
    parts = text.strip(":").split(":")  # ParticlesMC begins with a colon
    if len(parts) % 3:
        lines.fail(f"Properties is {text[:64]!r}, expected name:type:columns, again and again")
    columns: dict[str, _Column] = {}
    first = 0
    for name, kind, width in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        n = lines.integer(width, f"the number of columns of {name!r}")
        if kind not in ("S", "R", "I", "L") or not 1 <= n <= MAX_COLUMNS:
            lines.fail(
                f"Properties has {name[:64]}:{kind[:64]}:{width}, expected a type S, R, I or L and "
                f"1 to {MAX_COLUMNS} columns"
            )
        if name.lower() in columns:
            lines.fail(f"Properties has {name[:64]!r} twice, expected each once")
        columns[name.lower()] = _Column(kind, first, n)
        first += n
    return columns


def _find(
    columns: dict[str, _Column], names: tuple[str, ...], kinds: str, width: int
) -> _Column | None:
    for name in names:
        column = columns.get(name)
        if column is not None and column.kind in kinds and column.width == width:
            return column
    return None
