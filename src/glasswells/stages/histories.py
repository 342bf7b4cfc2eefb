"""Records that older stores hold in another form, and how these are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glasswells.core.geometry import displacement
from glasswells.core.records import Array, Configuration, DoubleWell, LateConfiguration
from glasswells.core.splittings import TunnelSplitting
from glasswells.landscape.explore import Exploration
from glasswells.landscape.preparation import LiquidFrame, PreparationState
from glasswells.sampling.equilibrium import EquilibrationReport
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint
from glasswells.statistics import WellSummary
from glasswells.store.codec import AddedField, DerivedField, RecordType


def upgrade_splitting(fields: dict[str, Any], version: int) -> dict[str, Any]:
    """Fields of a `TunnelSplitting` of version 1, which did not say what splittings are made of."""
    return {**fields, "continuations": {}, "at_hbar_limits": ()}


def upgrade_preparation(fields: dict[str, Any], version: int) -> dict[str, Any]:
    """Fields of a `PreparationState` of version 1, whose frames were four arrays."""
    names = ("sweeps", "energies", "positions", "diameters")
    frames = tuple(
        LiquidFrame(
            sweeps=int(sweeps), energy=float(total), positions=positions, diameters=diameters
        )
        for sweeps, total, positions, diameters in zip(*(fields[n] for n in names), strict=True)
    )
    kept = {name: value for name, value in fields.items() if name not in names}
    return {**kept, "frames": frames}


def _all_one(masses: Any) -> bool:
    return bool((masses == 1).all())


def _is_unknown(number: Any) -> bool:
    return number is None


def _all_unknown(numbers: Any) -> bool:
    return bool(np.isnan(numbers).all())


def _with_masses(cls: type[Any]) -> RecordType:
    """A record that is saved with masses only where they are not all 1, as before it had any."""
    added = {"masses": AddedField(version=2, is_implied=_all_one)}
    return RecordType(cls=cls, name=cls.__name__, version=2, added=added)


def _none(known: Mapping[str, Any]) -> None:
    """What a record has none of any more."""


def _to_minimum_b(known: Mapping[str, Any]) -> Array:
    return _displacement_to(known["minimum_b"], known)


def _to_saddle(known: Mapping[str, Any]) -> Array:
    return _displacement_to(known["saddle"], known)


def _displacement_to(end: Configuration, known: Mapping[str, Any]) -> Array:
    """From the minimum A of a double well, as `find_double_well` has it where masses are equal."""
    start = known["minimum_a"]
    return displacement(start.positions, end.positions, start.box)


def _is_empty(pairs: Any) -> bool:
    return len(pairs) == 0


HISTORIES = (
    RecordType(cls=PreparationState, name="Preparation", version=2, upgrade=upgrade_preparation),
    RecordType(
        cls=EquilibrationReport,
        name="EquilibrationReport",
        version=2,
        added={"sweeps_apart": AddedField(version=2, is_implied=_is_unknown)},
    ),
    RecordType(
        cls=Exploration,
        name="Exploration",
        version=2,
        added={"saddles": AddedField(version=2, is_implied=_is_empty)},
    ),
    RecordType(
        cls=DoubleWell,
        name="DoubleWell",
        version=2,
        derived={
            "displacement_ab": DerivedField(version=2, of=_to_minimum_b),
            "displacement_as": DerivedField(version=2, of=_to_saddle),
        },
    ),
    replace(_with_masses(Configuration), late=LateConfiguration),
    replace(
        _with_masses(DynamicsCheckpoint),
        version=3,
        derived={"forces": DerivedField(version=3, of=_none)},
    ),
    _with_masses(SwapCheckpoint),
    RecordType(cls=TunnelSplitting, name="TunnelSplitting", version=2, upgrade=upgrade_splitting),
    RecordType(
        cls=WellSummary,
        name="WellSummary",
        version=2,
        added={"deformation_potential": AddedField(version=2, is_implied=_all_unknown)},
    ),
)
