"""The comment of XYZ files by atooms and ParticlesMC: `columns:species,position cell:5.0,5.0,5.0`.

As atooms 3.30.2 writes it by default, and ParticlesMC as `.xyz`; its `.exyz` is extended XYZ.
"""

from __future__ import annotations

from glasswells.interchange.text_lines import Lines

COLUMNS = {
    "species": "species:S:1",
    "id": "species:S:1",  # so called in old files; it is no number of the particle
    "position": "pos:R:3",
    "pos": "pos:R:3",
    "velocity": "velocity:R:3",
    "vel": "velocity:R:3",
    "radius": "radius:R:1",
    "diameter": "diameter:R:1",
    "mass": "mass:R:1",
    "molecule": "molecule:I:1",
}
DEFAULT = "species,position"


def in_extended_words(lines: Lines, values: dict[str, str]) -> dict[str, str]:
    """The values of a comment, as `comment_values` gives them, in the words of extended XYZ.

    Parameters
    ----------
    lines
        For messages.
    values
        Left as they are unless they have a `cell:` and no `Lattice`.
    """
    colon = dict(key.split(":", 1) for key in values if ":" in key)
    if "lattice" in values or "cell" not in colon:
        return values
    edges = colon["cell"].split(",")
    if len(edges) != 3:
        lines.fail(
            f"cell has {len(edges)} numbers, expected 3: only three dimensions are supported"
        )
    names = colon.get("columns", DEFAULT).split(",")
    unknown = next((name for name in names if name not in COLUMNS), None)
    if unknown is not None:
        lines.fail(f"has a column {unknown[:64]!r}, expected one of {', '.join(COLUMNS)}")
    x, y, z = edges
    return {
        **values,
        "lattice": f"{x} 0 0 0 {y} 0 0 0 {z}",
        "properties": ":".join(COLUMNS[name] for name in names),
    }
