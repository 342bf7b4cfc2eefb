"""The plan's table `melt_quench`: glasses of materials, melted and cooled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import Field, field_validator, model_validator

from glasswells.core.errors import InputError
from glasswells.core.limits import Positive, PositiveCount
from glasswells.core.records import Configuration
from glasswells.landscape.melt_quench import MeltQuenchSettings
from glasswells.plan.base import Section
from glasswells.tunneling.units import METAL

GRAMS_PER_CUBIC_CENTIMETER = 0.602214076
"""Atomic mass units per cubic angstrom."""
PICOSECOND, FEMTOSECOND = 1e-12 / METAL.time_second, 1e-15 / METAL.time_second
"""In the unit of time of angstroms, electronvolts and atomic mass units."""


class MeltQuenchSection(Section):
    """Melt and quench of a material at constant volume; only if source is `melt_quench`."""

    n_particles: int = Field(
        default=512, ge=2, le=1_000_000_000, description="Atoms of a glass, whole formula units."
    )
    composition: dict[str, PositiveCount] = Field(
        default={"Si": 1},
        description="Atoms of each element in a formula unit, such as { Si = 1, O = 2 }.",
    )
    mass_density: Positive = Field(
        default=2.33, description="In g/cm3; 2.33 is that of crystalline silicon."
    )
    melt_temperature: Positive = Field(
        default=3500.0,
        description="Kelvin. The start is a simple cubic lattice with the elements at random, "
        "which must be forgotten; the report of each glass says how far atoms have moved.",
    )
    melt_time: Positive = Field(default=20.0, description="Picoseconds at that temperature.")
    rates: tuple[Positive, ...] = Field(
        default=(1e12,),
        strict=False,
        min_length=1,
        description="Cooling rates in K/s, one for each entry of glasses.counts: they take the "
        "place of preparation temperatures, since a glass made so was never in equilibrium. Those "
        "of experiments are below 1e6.",
    )
    final_temperature: Positive = Field(default=300.0, description="Kelvin, at which cooling ends.")
    time_step: Positive = Field(
        default=2.0, description="Femtoseconds; 1 for materials with oxygen or lighter atoms."
    )
    friction: Positive = Field(
        default=5.0, description="Of the Langevin thermostat, per picosecond."
    )
    chunk_blocks: PositiveCount = Field(
        default=200,
        description="Blocks of 100 steps between two checkpoints: what a kill can cost.",
    )

    @field_validator("rates")
    @classmethod
    def _check_rates(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(rates)) < len(rates):
            raise ValueError("holds a value twice: add up their counts")
        return rates

    @model_validator(mode="after")
    def _check(self) -> MeltQuenchSection:
        unit = sum(self.composition.values())
        if unit == 0 or self.n_particles % unit:
            raise ValueError(
                f"n_particles is {self.n_particles}, expected a multiple of {unit}, the atoms of "
                f"a formula unit"
            )
        for rate in self.rates:
            self.settings(rate)
        return self

    def settings(self, rate: float) -> MeltQuenchSettings:
        """The same in electronvolts and the unit of time that belongs to them."""
        return MeltQuenchSettings(
            rate=METAL.energy_from_kelvin(rate) / (PICOSECOND * 1e12),
            melt_temperature=METAL.energy_from_kelvin(self.melt_temperature),
            melt_time=self.melt_time * PICOSECOND,
            final_temperature=METAL.energy_from_kelvin(self.final_temperature),
            time_step=self.time_step * FEMTOSECOND,
            friction=self.friction / PICOSECOND,
        )

    def edge(self, masses: Mapping[str, float]) -> float:
        """Of the cubic box, angstroms.

        Raises
        ------
        InputError
            For an element without a mass.
        """
        for element in self.composition:
            if element not in masses:
                raise InputError(
                    f"melt_quench.composition has {element}, which has no mass: add it to "
                    f"model.masses, which hold {', '.join(masses) or 'none'}"
                )
        unit = sum(number * masses[element] for element, number in self.composition.items())
        units = self.n_particles / sum(self.composition.values())
        volume = units * unit / (self.mass_density * GRAMS_PER_CUBIC_CENTIMETER)
        return float(volume ** (1 / 3))

    def start(self, masses: Mapping[str, float], seed: np.random.SeedSequence) -> Configuration:
        """A simple cubic lattice, elements and empty sites at random."""
        n, edge = self.n_particles, self.edge(masses)
        m = int(np.ceil(n ** (1 / 3) - 1e-9))
        sites = np.stack(np.meshgrid(*[np.arange(m)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        chosen = np.random.default_rng(seed).permutation(len(sites))[:n]
        one = np.repeat([masses[e] for e in self.composition], list(self.composition.values()))
        return Configuration(
            positions=np.asarray(sites[chosen] * (edge / m), dtype=np.float64),
            diameters=np.ones(n),
            box=np.full(3, edge),
            masses=np.tile(one, n // len(one)),
        )
