"""LAMMPS dump files in text (`dump custom`), also as OVITO writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import (
    Found,
    Given,
    assemble,
    one_of_two,
    orthorhombic_box,
    require_periodic,
)
from glasswells.interchange.text_lines import Lines, Table, digits, frame_number, twice

PLAIN, SCALED = ("x", "y", "z"), ("xs", "ys", "zs")
COORDINATES = (("xu", "yu", "zu"), PLAIN, ("xsu", "ysu", "zsu"), SCALED)
"""Unwrapped before wrapped, lengths before fractions of the box: the first that is there."""
FRAME = "ITEM: TIMESTEP"
ITEM = "ITEM: "
"""UNITS and TIME come before the first TIMESTEP (dump_modify units, time)."""


class _Header(NamedTuple):
    """What a frame says before its atoms."""

    n_token: str
    n_line: int
    low: Array
    box: Array
    columns: list[str]


def read_lammps_dump(path: Path, frame: int, given: Given) -> Configuration:
    """One frame of a LAMMPS dump file in text, atoms in the order of their ids if it has them.

    Positions are taken from xu, x, xsu or xs, whichever comes first in this list, sizes from a
    column `diameter` or `radius`, masses from `mass`.

    Raises
    ------
    InputError
        For whatever does not fit; the text names file and line.
    """
    with Lines(path) as lines:
        marks = list(_frames(lines))
        lines.rewind(marks[frame_number(path, frame, len(marks))])
        header = _header(lines)
        names = header.columns
        n = lines.particle_count(header.n_token, len(names), header.n_line)
        found = [c for c in COORDINATES if set(c) <= set(names)]
        if not found:
            lines.fail(f"has the columns {' '.join(names[:20])}, expected x y z or xs ys zs")
        table = lines.table(n, names, "atoms")
    at = [names.index(c) for c in found[0]]
    positions = table.reals(*at)
    if "s" in found[0][0]:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
            positions = header.low + positions * header.box
    return assemble(
        str(path),
        positions,
        header.box,
        given=given,
        found=_found(str(path), table, names)._replace(digits=table.rounding(*at)),
    )


def write_lammps_dump(
    configuration: Configuration,
    file: TextIO,
    vectors: Mapping[str, Array] | None = None,
    timestep: int = 0,
    species: Sequence[str] | None = None,
) -> None:
    """One frame with the columns id, type, xu, yu, zu and radius, in 17 digits.

    A column `mass` follows if masses are not all 1. With `species`, the element of each particle,
    there is a column `element`, and a type for each in alphabetical order. `vectors` are further
    columns by name, each a field (N, 3): NAME.X, NAME.Y, NAME.Z, which OVITO joins to a vector.
    """
    fields = vectors or {}
    masses = [configuration.masses] if (configuration.masses != 1).any() else []
    file.write(f"{FRAME}\n{timestep}\nITEM: NUMBER OF ATOMS\n{configuration.n_particles}\n")
    file.write("ITEM: BOX BOUNDS pp pp pp\n")
    for edge in configuration.box:
        file.write(f"0 {digits(edge)}\n")
    further = " mass" if masses else ""
    further += "".join(f" {name.capitalize()}.{axis}" for name in fields for axis in "XYZ")
    words = [""] * configuration.n_particles if species is None else [f" {s}" for s in species]
    types = {word: number for number, word in enumerate(sorted(set(words)), start=1)}
    element = "" if species is None else " element"
    file.write(f"ITEM: ATOMS id type{element} xu yu zu radius{further}\n")
    columns = [configuration.positions, 0.5 * configuration.diameters, *masses, *fields.values()]
    for k, (word, numbers) in enumerate(zip(words, np.column_stack(columns), strict=True), start=1):
        file.write(f"{k} {types[word]}{word} {' '.join(digits(c) for c in numbers)}\n")


def _frames(lines: Lines) -> Iterator[tuple[int, int]]:
    """Where the frames begin."""
    mark, is_dump = lines.mark(), False
    while (text := lines.next()) is not None:
        if text.startswith(FRAME):
            yield mark
        elif not is_dump and text.strip() and not text.startswith(ITEM):
            lines.fail(f"is {text[:64]!r}, expected {FRAME!r}: this is no LAMMPS dump in text")
        is_dump = is_dump or bool(text.strip())
        mark = lines.mark()


def _header(lines: Lines) -> _Header:
    """Everything up to the atoms of a frame."""
    n_token, n_line, bounds = "", 0, None
    lines.expect(FRAME)
    while True:
        text = lines.expect("ITEM: ATOMS")
        if text.startswith(FRAME):
            lines.fail("begins another frame, expected ITEM: ATOMS of the last one before")
        if text.startswith("ITEM: NUMBER OF ATOMS"):
            n_token = lines.expect("a number of atoms").strip()
            n_line = lines.number
        elif text.startswith("ITEM: BOX BOUNDS"):
            bounds = _bounds(lines, text.split()[3:])
        elif text.startswith("ITEM: ATOMS"):
            break
    if not n_token or bounds is None:
        lines.fail("comes before NUMBER OF ATOMS and BOX BOUNDS, expected these first")
    columns = text.split()[2:]
    if len(set(columns)) < len(columns):
        lines.fail(f"names a column twice: {' '.join(columns[:20])}")
    return _Header(n_token, n_line, *bounds, columns)


def _bounds(lines: Lines, words: list[str]) -> tuple[Array, Array]:
    """Origin and edges, each (3,), of an orthorhombic periodic box."""
    forms = ("xy", "xz", "yz", "abc", "origin")
    flags = [w for w in words if w not in forms]
    require_periodic(lines.place, [flag == "pp" for flag in flags] or [True])
    is_cell = words[:2] == ["abc", "origin"]  # three vectors, as OVITO writes every box
    width = 4 if is_cell else 2
    rows = []
    for _ in range(3):
        tokens = lines.expect("bounds of the box").split()
        numbers = [lines.real(token, "a bound of the box") for token in tokens[:4]]
        if len(numbers) < width:
            lines.fail(
                "expected a vector of the box and a number of its origin"
                if is_cell
                else "expected a lower and an upper bound of the box"
            )
        if any(numbers[2:]) and not is_cell:
            lines.fail("the box is tilted, expected an orthorhombic one: convert it before")
        rows.append(numbers[:width])
    bounds = np.array(rows)
    if is_cell:
        return bounds[:, 3], orthorhombic_box(lines.place, bounds[:, :3])
    with np.errstate(over="ignore"):  # what is not finite is refused later
        return bounds[:, 0], bounds[:, 1] - bounds[:, 0]


def _found(source: str, table: Table, names: list[str]) -> Found:
    """What the columns say about the particles."""

    def quantity(name: str) -> Array | None:
        return table.quantity(names.index(name)) if name in names else None

    radii = quantity("radius")
    return Found(
        diameters=one_of_two(
            source,
            "diameter and twice the radius",
            quantity("diameter"),
            None if radii is None else twice(radii),
        ),
        masses=quantity("mass"),
        species=next(
            (table.words(names.index(c)) for c in ("type", "element") if c in names), None
        ),
        order=table.order_by(names.index("id")) if "id" in names else None,
    )
