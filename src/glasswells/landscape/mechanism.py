"""What a double well does to the bonds of a network: those made and broken between its minima."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from glasswells.core.arguments import expects
from glasswells.core.checks import positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.geometry import wrap
from glasswells.core.records import Configuration, freeze


class Mechanism(StrEnum):
    """How the graph of bonds changes between two minima."""

    NONE = "none"
    """No bond is made or broken."""
    HOP = "hop"
    """One atom has part in all changes, and bonds of it are broken and made: a bond moves from one
    neighbor to another, and with it the missing or surplus bond of a defect."""
    EXCHANGE = "exchange"
    """Bonds are broken and made, two at least of each, and every atom keeps its number of bonds:
    neighbors are exchanged, as in the bond switches of Wooten, Winer & Weaire, PRL 54, 1392
    (1985)."""
    OTHER = "other"
    """Anything else, such as a bond that is only made."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BondChanges:
    """The difference of the graphs of bonds of two arrangements of the same atoms."""

    made: NDArray[np.int64]
    """(K, 2), atoms of each bond that only the second has, smaller number first, sorted."""
    broken: NDArray[np.int64]
    """(K, 2), the same of bonds that only the first has."""

    def __post_init__(self) -> None:
        freeze(self, made=self.made, broken=self.broken)

    @property
    def mechanism(self) -> Mechanism:
        """The kind of change."""
        made, broken = (Counter(pairs.ravel().tolist()) for pairs in (self.made, self.broken))
        changes = len(self.made) + len(self.broken)
        if changes == 0:
            return Mechanism.NONE
        if made == broken:
            return Mechanism.EXCHANGE
        if any(made[atom] + broken[atom] == changes for atom in made.keys() & broken.keys()):
            return Mechanism.HOP
        return Mechanism.OTHER


@expects(a=Configuration, b=Configuration)
def bond_changes(a: Configuration, b: Configuration, bond_length: float) -> BondChanges:
    """The bonds that are made and broken from A to B.

    Two atoms are bonded if they are nearer than `bond_length`, images included. For silicon
    `StillingerWeber.bond_length` lies in the first minimum of the pair distribution.

    Parameters
    ----------
    a, b
        The same atoms in the same box, such as the two minima of a double well.
    bond_length
        In the unit of length; at most half of the smallest box edge.

    Raises
    ------
    InputError
        For other numbers of atoms, other boxes, and a bond that is too long for the box.
    """
    bond_length = positive("bond_length", bond_length)
    if a.n_particles != b.n_particles or not np.array_equal(a.box, b.box):
        raise InputError(
            f"b has {b.n_particles} particles in the box {b.box.tolist()}, expected those of a, "
            f"{a.n_particles} in {a.box.tolist()}"
        )
    if 2 * bond_length > a.box.min():
        raise InputError(
            f"bond_length is {bond_length:g}, expected at most half of the smallest box edge, "
            f"{a.box.min() / 2:g}"
        )
    before, after = (_bonds(c, bond_length) for c in (a, b))
    return BondChanges(made=_pairs(after - before), broken=_pairs(before - after))


def _bonds(configuration: Configuration, length: float) -> set[tuple[int, int]]:
    box = configuration.box
    tree = cKDTree(wrap(configuration.positions, box), boxsize=box)
    return tree.query_pairs(length)


def _pairs(bonds: set[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(sorted(bonds), dtype=np.int64).reshape(-1, 2)
