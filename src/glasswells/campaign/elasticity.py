"""The elastic medium of a campaign's glasses, from a few of their inherent structures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from glasswells.core.records import Configuration
from glasswells.mechanics import elastic_moduli
from glasswells.model.pair_model import Model
from glasswells.observables.records import Medium
from glasswells.stages.settled import minimum_of
from glasswells.store.reader import StoreReader

MINIMA = 4
"""Glasses of which one inherent structure each gives its moduli: they differ by some percent."""


def medium_of(store: StoreReader, model: Model, glasses: Sequence[str]) -> Medium:
    """Density and mean moduli of glasses that were explored, in reduced units.

    Raises
    ------
    InputError
        For glasses without inherent structures, and for such that resist no shear.
    """
    minima: list[Configuration] = [
        minimum_of(model, item.record)
        for glass in glasses[:MINIMA]
        for item in islice(store.records("structure", glass=glass), 1)
    ]
    density = [m.masses.sum() / np.prod(m.box) for m in minima]
    return Medium.of([elastic_moduli(model, m) for m in minima], float(np.mean(density or [1.0])))
