"""Energies of one set of particles as a function of their positions, list kept up to date."""

from __future__ import annotations

from copy import copy
from typing import Any, Protocol

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.frozen_pairs import (
    FrozenPairs,
    PairDerivatives,
    empty_frozen_pairs,
    freezing_kernel,
    pair_strain_derivatives,
    pair_strain_gradient,
)
from glasswells.model.kernels import closest, force_kernel, largest_displacement2
from glasswells.model.law import PairLaw, is_cut_smoothly
from glasswells.model.mixing import MixedRanges
from glasswells.model.neighbors import ListBuilder, PairList
from glasswells.model.nested_lists import NestedBuilder
from glasswells.model.strain import UNIT_STRAINS, StrainDerivatives, StrainedBlocks

DEFAULT_SKIN = 0.4
"""Lists stay valid while no particle moves farther than half of this; 0.3 to 0.5 is the flat
optimum for a glass of 1500 particles."""


class PairPotential(Protocol):
    """What a sum over pairs is to its interactions; `PairModel` says more."""

    @property
    def law(self) -> PairLaw:
        """The compiled functions."""
        ...

    @property
    def constants(self) -> Any:
        """The numbers that they take."""
        ...

    def ranges(self, diameters: Array) -> MixedRanges:
        """What the mixing rule makes of these diameters."""
        ...

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` if the model cannot describe the configuration."""
        ...


def _writable(positions: Array) -> Array:
    """The same positions in an array that may be written.

    To numba read-only arrays are of another type: each kernel would be compiled once more for the
    positions of a configuration.
    """
    return positions if positions.flags.writeable else positions.copy()


class PairInteractions:
    """Pair energies of one model with fixed diameters and box; see `Interactions`.

    Holds a neighbor list that it rebuilds when a particle has moved farther than half the skin.
    The results do not depend on where the list was built, except for the order of summation.

    Raises
    ------
    InputError
        If the model cannot describe the configuration.
    """

    def __init__(
        self, model: PairPotential, configuration: Configuration, skin: float = DEFAULT_SKIN
    ) -> None:
        model.check(configuration)
        self.model = model
        self.diameters = configuration.diameters
        self.box = configuration.box
        self.constants = model.constants
        self.is_continuous = is_cut_smoothly(model)
        self._energy_and_forces = force_kernel(model.law)
        self._freeze = freezing_kernel(model.law)
        self._skin = skin
        self._builder: ListBuilder | NestedBuilder = self.list_builder(self.diameters)
        self._nested: NestedBuilder | None = None
        self._reference: Array | None = None
        self._pairs: PairList | None = None

    def afresh(self) -> PairInteractions:
        """The same energy with no list yet, made from a wider one that all of these share.

        What it answers depends on where it is asked first, not on what was asked of others.
        """
        other = copy(self)
        other._builder = other._nested = self.nested_builder()
        other._reference = other._pairs = None
        return other

    def apart(self, skin: float) -> PairInteractions:
        """The same energy with lists of its own, shared with no other, of another skin."""
        other = copy(self)
        other._skin = skin
        other._nested = other._reference = other._pairs = None
        return other

    def list_builder(self, diameters: Array) -> ListBuilder:
        """A builder of lists for these particles, in the order of `diameters`."""
        diameters = diameters.view()
        diameters.flags.writeable = False  # as those of configurations: see `_writable`
        over_mean = self.model.ranges(diameters).over_mean
        return ListBuilder(self.model.law, self.constants, diameters, self.box, over_mean)

    def nested_builder(self) -> NestedBuilder:
        """A builder of lists from a wider one, which all share that ask for it here."""
        if self._nested is None:
            builder = self.list_builder(self.diameters)
            self._nested = NestedBuilder(builder, self.box, self.constants)
        return self._nested

    def pairs(self, positions: Array) -> PairList:
        """A list that holds every interacting pair at these positions (and some more).

        Raises
        ------
        InputError
            For positions that are not finite: they would drop out of the list, and the energy of
            the others would look sound.
        """
        positions = _writable(positions)
        if (
            self._pairs is None
            or self._reference is None
            or not largest_displacement2(positions, self._reference) < (0.5 * self._skin) ** 2
        ):
            if not np.isfinite(positions).all():
                raise InputError("positions hold NaN or infinity: find out where they were made")
            self._pairs = self._builder.build(positions, self._skin)
            self._reference = positions.copy()
        return self._pairs

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3)."""
        positions, forces = _writable(positions), np.empty_like(positions)
        energy = self._energy_and_forces(
            positions, self.box, self.pairs(positions), self.constants, forces
        )
        return energy, forces

    def freeze(self, positions: Array, frozen: FrozenPairs | None = None) -> FrozenPairs:
        """The interacting pairs at these positions, in the arrays of `frozen` if they suffice."""
        positions = _writable(positions)
        pairs = self.pairs(positions)
        capacity = int(pairs.start[len(positions)])
        if frozen is None or len(frozen.partner) < capacity:
            frozen = empty_frozen_pairs(len(positions), capacity)
        self._freeze(positions, self.box, pairs, self.constants, frozen)
        return frozen

    def derivatives(self, positions: Array) -> PairDerivatives:
        """The second to fourth derivatives at these positions."""
        return PairDerivatives(self.freeze(positions))

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,) for the strains of `strain`: sum (v'/r) r_a r_b over the pairs."""
        gradient = np.empty(6)
        pair_strain_gradient(self.freeze(positions), gradient)
        return gradient

    def strain_derivatives(self, positions: Array) -> StrainDerivatives:
        """First and second derivatives by strains, by one loop over the pairs."""
        found = StrainDerivatives(np.empty(6), np.empty((6, 6)), np.empty((6, *positions.shape)))
        pair_strain_derivatives(self.freeze(positions), *found)
        return found

    def strained_blocks(self, positions: Array, moves: Array) -> StrainedBlocks:
        """dM/de_k (3N, 3N) for the six strains, with displacements (6, N, 3) beyond affine ones.

        The vector r of a pair changes by w, and its block K = D n n + v'/r, D = v'' - v'/r, by
        f_3 (r.w) r r + (D/r^2)(w r + r w + r.w), where r f_3 is the slope of D/r^2.
        """
        pairs = self.freeze(positions)
        count = int(pairs.start[-1])
        first = np.repeat(np.arange(len(positions)), np.diff(pairs.start))
        second = pairs.partner[:count].astype(np.int64)
        r, e = pairs.second_pf[:count, :3], pairs.second_pf[:count, 4]
        f_3 = (pairs.higher_pf[:count, 0] - 3.0 * e) / np.sum(r * r, axis=1)
        w = r @ UNIT_STRAINS + moves[:, second] - moves[:, first]
        along = np.einsum("pa,kpa->kp", r, w)
        mixed = e[:, None, None] * w[..., :, None] * r[:, None, :]
        blocks = (f_3 * along)[..., None, None] * (r[:, :, None] * r[:, None, :])
        blocks += mixed + mixed.swapaxes(-1, -2) + (e * along)[..., None, None] * np.eye(3)
        return StrainedBlocks(first, second, blocks)

    def closest_pair(self, positions: Array) -> tuple[int, int, float]:
        """The two closest particles and their distance; (-1, -1, inf) if none interact."""
        i, j, r = closest(positions, self.box, self.pairs(positions))
        return int(i), int(j), float(r)
