"""The plan's table `explore`."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, model_validator

from glasswells.core.limits import NotNegative, PositiveCount
from glasswells.landscape.library import Identity
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.minimization import MinimizerSettings
from glasswells.model.lane_vectors import LANES
from glasswells.plan.base import Counts, Section, is_stored, setting
from glasswells.plan.left_out import FORMER
from glasswells.plan.melt_quench import FEMTOSECOND
from glasswells.tunneling.units import METAL

IN_PLACE = {"temperature_kelvin": "exploration_temperature", "femtoseconds": "time_step"}
"""Words for materials, and what they take the place of."""


class ExploreSection(Section):
    """Molecular dynamics with regular quenches: the inherent structures of a glass."""

    exploration_temperature: float = setting(ExplorationSettings, "temperature")
    trajectories: Counts = Field(
        default=LANES,
        description="Independent trajectories per glass, each with its own velocities; a list has "
        "one number for each preparation temperature. The full scale is 100 to 200.",
    )
    quenches: PositiveCount = Field(
        default=500, description="Quenches of each trajectory. The full scale is 1000 to 5000."
    )
    interval: int = setting(
        ExplorationSettings,
        "interval",
        default=100,
        description="Steps between two quenches. A two-level system takes molecular dynamics time, "
        "since its barrier is crossed rarely: 100 steps of 0.02 see three times as much of it in "
        "the same CPU time as 50 of 0.01. With fewer steps fewer transitions are missed.",
    )
    time_step: float = setting(
        ExplorationSettings,
        "time_step",
        default=0.02,
        description="Of velocity Verlet, in sigma sqrt(m/epsilon). The highest frequency of the "
        "paper's glass is about 16, the limit of stability 0.125. At T = 0.04 its energy "
        "fluctuates by 1.4e-5 per particle with 0.02, by 3.5e-6 with 0.01.",
    )
    friction: float = setting(ExplorationSettings, "friction")
    max_force: float = setting(
        MinimizerSettings,
        "max_force",
        description="Largest force component at the end of a quench. Energies are then good to "
        "1e-9, which the identity of minima rests on.",
    )
    energy_tolerance: float = setting(
        Identity,
        "energy",
        description="Two minima are one if their energies per particle agree within this and ...",
    )
    displacement_tolerance: float = setting(
        Identity,
        "displacement",
        description="... their displacement field, without drift, is shorter than this. Both lie "
        "on a plateau of some decades between rounding errors and the closest true neighbors.",
    )
    chunk_quenches: PositiveCount = Field(
        default=50, description="Quenches between two checkpoints: a few seconds of work."
    )
    lanes: int = setting(
        ExplorationSettings,
        "lanes",
        default=0,
        ge=0,
        description="Trajectories of a glass that one task carries side by side, in single "
        "precision where that suffices: at most 16. What a trajectory gets does not depend on this "
        "number, but on whether it is 1. Only for pair models at constant energy; glasses with "
        "masses of their own, and laws that jump at their cutoffs, go one by one all the same. 1: "
        "each has tasks of its own, in double precision throughout. 0: 16 where a glass has eight "
        "trajectories or more and they can go side by side, else 1; a campaign keeps which of them "
        "it was when it began.",
    )

    temperature_kelvin: NotNegative = Field(
        default=0.0,
        description="Of a material, the temperature in kelvin, in place of "
        "exploration_temperature; 0: not used.",
    )
    femtoseconds: NotNegative = Field(
        default=0.0,
        description="Of a material, the time step in femtoseconds, in place of time_step; 0: not "
        "used. 2 suits silicon, 1 oxides.",
    )

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> ExploreSection:
        if is_stored(info):
            return self
        for name, key in IN_PLACE.items():
            given = getattr(self, key)
            unsaid = (type(self).model_fields[key].default, FORMER["explore"].get(key))
            if getattr(self, name) and given not in unsaid:
                raise ValueError(
                    f"{name} is {getattr(self, name):g} and {key} is {given:g}, two words for one "
                    f"number: expected one of them, leave out the other"
                )
        if self.lanes > 1 and self.friction > 0:
            raise ValueError(
                f"lanes is {self.lanes} and friction {self.friction:g}, but lanes are for dynamics "
                f"at constant energy: expected lanes = 1 or friction = 0"
            )
        return self

    @property
    def own_units(self) -> ExploreSection:
        """The same with temperature and time step in the units of the model."""
        changes = {"temperature_kelvin": 0.0, "femtoseconds": 0.0}
        if self.temperature_kelvin:
            kelvin = METAL.energy_from_kelvin(self.temperature_kelvin)
            changes["exploration_temperature"] = kelvin
        if self.femtoseconds:
            changes["time_step"] = self.femtoseconds * FEMTOSECOND
        return self.model_copy(update=changes)

    def parameters(self) -> dict[str, Any]:
        """What tasks know of it; a trajectory is what it is however many there are of them."""
        own = ("trajectories", "lanes", *IN_PLACE)
        return self.own_units.model_dump(mode="json", exclude=set(own))
