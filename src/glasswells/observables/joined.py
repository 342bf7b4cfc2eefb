"""The network of minima that some double wells make."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration, DoubleWell
from glasswells.mechanics import stress
from glasswells.model.functions import energy
from glasswells.model.pair_model import Model
from glasswells.observables.records import Network

ENERGY_TOLERANCE = 1e-9
"""Per particle: two records of one minimum differ by less, as in libraries of minima."""
COUPLING_TOLERANCE = 1e-6
"""Of V sigma, relative to its largest component: the second mark by which a minimum is known."""


def network_of(model: Model, double_wells: Sequence[DoubleWell]) -> Network:
    """Minima of one glass, known by energy and stress, and the saddles that join them.

    Attempt frequencies are those along the paths, and all minima are taken as equally wide.
    Double wells without a frequency at one end are left out.

    Raises
    ------
    InputError
        For no double well, and minima in different boxes.
    """
    usable = [w for w in double_wells if min(w.frequency_a, w.frequency_b) > 0]
    if not usable:
        raise InputError("no double well has attempt frequencies, expected at least one that does")
    boxes = {tuple(w.minimum_a.box.tolist()) for w in usable}
    if len(boxes) > 1:
        raise InputError(f"there are minima in {len(boxes)} boxes, expected those of one glass")
    minima = _Minima(model)
    ends = [[minima.number(w.minimum_a), minima.number(w.minimum_b)] for w in usable]
    energies = np.array(minima.energies)
    tops = [energies[a] + w.barrier for w, (a, _) in zip(usable, ends, strict=True)]
    # A minimum known by another record may lie above a low saddle by that tolerance.
    floor = energies[np.array(ends)].max(axis=1)
    return Network(
        volume=float(np.prod(usable[0].minimum_a.box)),
        energies=energies,
        couplings=np.array(minima.couplings),
        ends=np.array(ends),
        saddles=np.maximum(np.array(tops), floor),
        attempts=np.array([math.sqrt(w.frequency_a * w.frequency_b) for w in usable]),
    )


class _Minima:
    """Minima that were met, each once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.energies: list[float] = []
        self.couplings: list[Array] = []

    def number(self, minimum: Configuration) -> int:
        """Of this minimum, which is added if it is new."""
        height = energy(self.model, minimum)
        coupling = float(np.prod(minimum.box)) * stress(self.model, minimum)
        close = ENERGY_TOLERANCE * minimum.n_particles
        for k, (known, own) in enumerate(zip(self.energies, self.couplings, strict=True)):
            limit = COUPLING_TOLERANCE * float(np.abs(own).max())
            if abs(known - height) <= close and float(np.abs(own - coupling).max()) <= limit:
                return k
        self.energies.append(height)
        self.couplings.append(coupling)
        return len(self.energies) - 1
