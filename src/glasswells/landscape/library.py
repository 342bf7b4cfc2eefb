"""The library of a glass: which minima are one inherent structure, and which are not."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glasswells.core.described import explained
from glasswells.core.geometry import displacement
from glasswells.core.limits import Positive, check_limits
from glasswells.core.records import Array, Configuration, InherentStructure
from glasswells.landscape.known_places import KnownPlaces

MOST_STEPS = 5.0
"""Jumps by which two visits to one minimum may differ: pairs that lie at the cutoff."""
MOVED = 0.01
"""How far such pairs move a minimum, length; half of the least displacement by which minima of
glasses were seen to differ."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """When two minima are one inherent structure: both conditions must hold.

    In our glasses the two thresholds sit in the middle of plateaus several decades wide; see
    `identity_scan`.
    """

    energy: Positive = 1e-9
    """Largest difference of the energies per particle."""
    displacement: Positive = 1e-3
    """Largest displacement of any particle, uniform drift removed, length."""

    def __post_init__(self) -> None:
        check_limits(self)

    def within(self, resolution: float, n_particles: int) -> Identity:
        """The same, or what the energy allows if it tells minima apart less well.

        Where the energy jumps at a cutoff, or is rounded, by `resolution` (total energy), one
        minimum is met with energies some steps apart, and where pairs lie inside the cutoff in
        one visit and outside in another, the jump of the force moves it.
        """
        least = MOST_STEPS * resolution / n_particles
        if least <= self.energy:
            return self
        return Identity(energy=least, displacement=max(self.displacement, MOVED))


MetAgain = Callable[[Configuration, Configuration], None]
"""Hears of a configuration that is a known one, and of that one, where they differ in some bits."""


class Library:
    """Inherent structures of one glass, found again by energy and displacement.

    Parameters
    ----------
    box
        Of the glass.
    identity
        When two minima are one.
    met_again
        Hears of minima that are met again.
    places
        Where structures are that have to be read; libraries may share it.
    """

    def __init__(
        self,
        box: Array,
        identity: Identity | None = None,
        met_again: MetAgain | None = None,
        places: KnownPlaces | None = None,
    ) -> None:
        self.identity = identity or Identity()
        self._met_again = met_again or (lambda found, known: None)
        self._places = places or KnownPlaces()
        self._box = box
        self._structures: list[InherentStructure] = []
        self._energies: list[float] = []
        self._by_energy: list[int] = []

    @classmethod
    def from_structures(
        cls,
        box: Array,
        identity: Identity,
        structures: Sequence[InherentStructure],
        places: KnownPlaces | None = None,
    ) -> Library:
        """A library that holds structures made earlier, numbered as they are."""
        library = cls(box, identity, places=places)
        for structure in structures:
            library._insert(structure)
        return library

    def __len__(self) -> int:
        return len(self._structures)

    @property
    def structures(self) -> tuple[InherentStructure, ...]:
        """All structures, in order of discovery."""
        return tuple(self._structures)

    def find(self, configuration: Configuration, energy: float) -> int | None:
        """The number of the structure that a minimum is, or None if it is a new one."""
        width = self.identity.energy * configuration.n_particles
        matches = [
            index
            for index in self.between(energy - width, energy + width)
            if self._lies_at(index, configuration)
        ]
        return min(matches, default=None)

    def _lies_at(self, index: int, configuration: Configuration) -> bool:
        if self._structures[index].configuration.is_same_as(configuration):
            return True  # most minima that two trajectories met; so their places are not read
        apart = self.largest_displacement(index, configuration.positions)
        return apart < self.identity.displacement

    def between(self, lowest: float, highest: float) -> list[int]:
        """Numbers of the structures with an energy in [lowest, highest], by energy."""
        start = bisect.bisect_left(self._energies, lowest)
        return self._by_energy[start : bisect.bisect_right(self._energies, highest)]

    def positions(self, index: int) -> Array:
        """Where the particles of a structure are, (N, 3)."""
        return self._places.positions(self._structures[index].configuration)

    def is_far(self, index: int, positions: Array, farthest: float) -> bool:
        """Whether some particle is known to have moved by more than `farthest` from a structure."""
        known = self._structures[index].configuration
        return self._places.is_far(known, positions, self._box, farthest)

    def largest_displacement(self, index: int, positions: Array) -> float:
        """Largest distance of a particle from its place in a structure, drift removed."""
        moved = displacement(self.positions(index), positions, self._box)
        return float(np.sqrt(np.max(np.einsum("nc,nc->n", moved, moved))))

    def visit(self, configuration: Configuration, energy: float) -> int:
        """Count a quench that ended in this minimum, and give its number; new ones are added."""
        index = self.find(configuration, energy)
        if index is None:
            return self._add(configuration, energy)
        self.revisit(index)
        return index

    def revisit(self, index: int) -> None:
        """Count one more quench that ended in a known structure."""
        known = self._structures[index]
        self._structures[index] = replace(known, visits=known.visits + 1)

    def __getitem__(self, index: int) -> InherentStructure:
        return self._structures[index]

    def absorb(self, structure: InherentStructure) -> int:
        """Take in a structure of another library with its visits; its number here."""
        index = self.find(structure.configuration, structure.energy)
        if index is None:
            index = len(self)
            self._insert(replace(structure, index=index))
        else:
            known = self._structures[index]
            self._structures[index] = replace(known, visits=known.visits + structure.visits)
            if not known.configuration.is_same_as(structure.configuration):
                self._met_again(structure.configuration, known.configuration)
        return index

    def _add(self, configuration: Configuration, energy: float) -> int:
        index = len(self._structures)
        self._insert(InherentStructure(index=index, configuration=configuration, energy=energy))
        return index

    def _insert(self, structure: InherentStructure) -> None:
        self._structures.append(structure)
        place = bisect.bisect(self._energies, structure.energy)
        self._energies.insert(place, structure.energy)
        self._by_energy.insert(place, structure.index)


def identity_scan(
    structures: tuple[InherentStructure, ...], energies: Array, displacements: Array
) -> Array:
    """How many distinct structures each pair of thresholds would leave.

    Parameters
    ----------
    structures
        Minima to merge, typically a library made with the tightest thresholds of the scan.
    energies
        (A,) thresholds per particle.
    displacements
        (B,) thresholds, length.

    Returns
    -------
    ndarray
        (A, B) counts. Around good thresholds they do not change over decades: a plateau.
    """
    counts = np.empty((len(energies), len(displacements)))
    for a, energy in enumerate(energies):
        for b, length in enumerate(displacements):
            library = Library(
                structures[0].configuration.box,
                Identity(energy=float(energy), displacement=float(length)),
            )
            for structure in structures:
                library.visit(structure.configuration, structure.energy)
            counts[a, b] = len(library)
    return counts
