"""Hand-made inherent structures: particles on a lattice, some of them moved."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array, Configuration, InherentStructure

BOX = np.full(3, 20.0)
SITES = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), -1).reshape(-1, 3) * 4.0
Moves = dict[int, tuple[float, float, float]]


def structure(index: int, energy: float, moves: Moves) -> InherentStructure:
    """The lattice with some particles moved."""
    field = np.zeros_like(SITES)
    for particle, move in moves.items():
        field[particle] = move
    return moved_by(index, energy, SITES, field)


def moved_by(index: int, energy: float, sites: Array, field: Array) -> InherentStructure:
    """Any sites, moved by a field."""
    configuration = Configuration(positions=sites + field, diameters=np.ones(len(sites)), box=BOX)
    return InherentStructure(index=index, configuration=configuration, energy=energy)
