"""The plan's table `prepare`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, field_validator

from glasswells.core.limits import Positive, PositiveCount
from glasswells.landscape.preparation import PreparationSettings
from glasswells.plan.base import Counts, Section, of_preparation, setting


class LiquidSweeps(NamedTuple):
    """How long a liquid is sampled, and what is taken from it."""

    first: int
    """Sweeps before its first glass."""
    glasses: int
    """How many it gives."""
    between: int
    """Sweeps between two of them."""


class PrepareSection(Section):
    """Swap Monte Carlo from a lattice to the equilibrium liquid; only if source is `prepare`."""

    n_particles: int = setting(PreparationSettings, "n_particles", ge=64, le=1_000_000_000)
    density: float = setting(PreparationSettings, "density")
    diameters: Literal["quantile", "random"] = setting(PreparationSettings, "diameters")
    diameter_limits: tuple[Positive, Positive] = setting(
        PreparationSettings, "diameter_limits", strict=False
    )
    unit_mean: bool = setting(PreparationSettings, "unit_mean")
    melt_temperature: float = setting(PreparationSettings, "melt_temperature")
    melt_sweeps: int = setting(PreparationSettings, "melt_sweeps")
    sweeps: Counts = Field(
        default=100_000,
        description="Sweeps (N attempted moves each) at the preparation temperature before a glass "
        "is taken; a list has one number for each temperature. At 0.092 the slowest relaxation "
        "takes 5e4 sweeps, at 0.07 4e5, at 0.062 2e6; the equilibration report of each glass says "
        "how many relaxation times it has seen, and flags it below 20.",
    )
    glasses_per_liquid: Counts = Field(
        default=1,
        description="Glasses that are taken one after the other from one liquid. 1: each from a "
        "lattice of its own. With more the sweeps that bring a liquid to equilibrium are shared, "
        "and what lies between two of its glasses is `sweeps_between`. A list has one number for "
        "each temperature.",
    )
    sweeps_between: Counts = Field(
        default=2_000_000,
        description="Sweeps between two glasses of one liquid; only if there are several. A glass "
        "is flagged that follows the one before it within a relaxation time, which 2e6 is at "
        "0.062. A list has one number for each temperature.",
    )
    swap_probability: float = setting(PreparationSettings, "swap_probability")
    partner_window: float = setting(PreparationSettings, "partner_window")
    burn_in: int = setting(PreparationSettings, "burn_in")
    chunk_sweeps: PositiveCount = Field(
        default=20_000,
        description="Sweeps between two checkpoints: a few seconds of work that a kill can cost.",
    )

    @field_validator("diameter_limits")
    @classmethod
    def _check_order(cls, limits: tuple[float, float]) -> tuple[float, float]:
        if limits[0] >= limits[1]:
            raise ValueError(f"is {list(limits)}, expected the smaller first")
        return limits

    def sweeps_of(self, preparation: int) -> LiquidSweeps:
        """How long the liquids of the k-th temperature are sampled."""
        return LiquidSweeps(
            first=of_preparation(self.sweeps, preparation),
            glasses=of_preparation(self.glasses_per_liquid, preparation),
            between=of_preparation(self.sweeps_between, preparation),
        )
