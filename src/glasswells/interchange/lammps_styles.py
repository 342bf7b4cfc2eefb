"""Columns of the section Atoms by LAMMPS's atom style (its manual, read_data)."""

from __future__ import annotations

from glasswells.core.errors import InputError

STYLES: dict[str, tuple[str, ...]] = {
    "atomic": ("id", "type", "x", "y", "z"),
    "charge": ("id", "type", "charge", "x", "y", "z"),
    "bond": ("id", "molecule", "type", "x", "y", "z"),
    "angle": ("id", "molecule", "type", "x", "y", "z"),
    "molecular": ("id", "molecule", "type", "x", "y", "z"),
    "full": ("id", "molecule", "type", "charge", "x", "y", "z"),
    "dipole": ("id", "type", "charge", "x", "y", "z", "mux", "muy", "muz"),
    "spin": ("id", "type", "x", "y", "z", "spx", "spy", "spz", "sp"),
    "dpd": ("id", "type", "theta", "x", "y", "z"),
    "sphere": ("id", "type", "diameter", "density", "x", "y", "z"),
    "bpm/sphere": ("id", "molecule", "type", "diameter", "density", "x", "y", "z"),
}
"""Of the styles whose atoms are points or spheres; three image flags may follow."""
HYBRID = "hybrid"
"""Of several styles: the columns of `atomic`, then what each style has beyond those before it."""


def style_columns(style: str) -> tuple[str, ...]:
    """The columns of an atom style, such as `full` or `hybrid sphere charge`.

    Raises
    ------
    InputError
        For a style that is not known, and for `hybrid` without its styles.
    """
    name, *parts = style.split() or [""]
    if name == HYBRID and parts and set(parts) <= set(STYLES):
        columns = dict.fromkeys(STYLES["atomic"])
        for part in parts:
            columns.update(dict.fromkeys(STYLES[part]))
        return tuple(columns)
    if parts or name not in STYLES:
        raise InputError(
            f"atom_style is {style[:64]!r}, expected one of {', '.join(STYLES)}, or hybrid with "
            f"its styles, such as 'hybrid sphere charge'"
        )
    return STYLES[name]
