"""Where minima are, as explorations keep it: to a grid, from which one descends again.

An exploration meets ten times as many minima as any pair, path or vibration asks for again, and the
place of each takes 3N numbers. What it does with them needs the place to some 1e-4, by which it
tells minima apart that lie 0.02 and more from each other in some particle. So it keeps each
coordinate as the nearest multiple of `PLACE`, which takes a tenth of the room on a disk, and the
energy in full. Whoever needs the minimum itself descends to it from there: some ten evaluations.

Two roundings of one minimum lie within 4.2e-4 of each other in each particle, below the 1e-3 of
`Identity`. Where nobody descends, as for the distances of pairs, the errors of the coordinates add:
a squared distance is that of the minima plus some N u^2/2 for the unit u, 4.5e-5 of 1500 particles,
and d = 0.1 becomes 0.1002.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glasswells.core.geometry import to_multiples
from glasswells.core.records import Configuration, InherentStructure
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.minimization.newton import Freezable
from glasswells.model.pair_model import Interactions, Model

PLACE = 2.0**-12
"""Unit of the coordinates that are kept, length: they are off by 1.2e-4 at most."""
UNITS = (PLACE, 2.0**-16)
"""The second is that of older stores, and of identities that the first is too coarse for."""
LOOSEST = 1e-6
"""Largest force of minima whose places are kept: at a place it is some 1e-2."""
SAME_ENERGY = 1e-9
"""Per particle, by which the energy of a minimum that was descended to again may differ."""


def unit_within(displacement: float) -> float:
    """The unit of places of minima that a displacement of one particle tells apart; 0: none.

    Half of that displacement is the most by which two roundings of one minimum may differ.
    """
    return next((unit for unit in UNITS if 2 * np.sqrt(3) * unit <= displacement), 0.0)


def unit_of(configuration: Configuration) -> float:
    """The coarsest unit that all coordinates are multiples of; 0: none, so it is no place."""
    positions = configuration.positions
    return next((u for u in UNITS if np.array_equal(positions, to_multiples(positions, u))), 0.0)


def kept_place(
    interactions: Interactions, minimum: Configuration, max_force: float, unit: float = PLACE
) -> Configuration:
    """A minimum where an exploration keeps it.

    For energies of pair laws only: elsewhere evaluations are dear, and energies may jump. A minimum
    that was found to a looser `max_force` than `LOOSEST` stays as it is, since a descent to it
    would end at once where it is kept; and so it does if there is no unit.
    """
    if not isinstance(interactions, Freezable) or max_force > LOOSEST or unit == 0:
        return minimum
    return minimum.moved_to(to_multiples(minimum.positions, unit))


def settled(
    model: Model, structure: InherentStructure, minimizer: MinimizerSettings
) -> InherentStructure | None:
    """The minimum that is kept at a place, to the tolerance of the minimizer.

    Returns
    -------
    InherentStructure or None
        The structure itself if it is no place on the grid; None if the descent does not end in a
        minimum of the same energy.
    """
    start = structure.configuration
    if unit_of(start) == 0:
        return structure
    tight = replace(minimizer, max_force=min(minimizer.max_force, LOOSEST))
    end = minimize_positions(model.interactions(start), start.positions, tight)
    apart = abs(end.energy - structure.energy)
    if not end.outcome.converged or not apart <= SAME_ENERGY * start.n_particles:
        return None
    return replace(structure, configuration=start.moved_to(end.positions))
