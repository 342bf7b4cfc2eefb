"""The plan of a campaign: every number that the results depend on, with its reason.

The text of each field is also its comment in the file that `glasswells init` writes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from glasswells.core.limits import Count, Positive, PositiveCount
from glasswells.model.pair_model import Model
from glasswells.paths.double_well import IMAGES, RHO
from glasswells.paths.settings import PathSettings
from glasswells.plan.base import (
    MAX_TASKS,
    NAME_PATTERN,
    Section,
    is_stored,
    of_preparation,
    setting,
)
from glasswells.plan.couplings import CouplingsSection
from glasswells.plan.errors import closest
from glasswells.plan.explore import ExploreSection
from glasswells.plan.glasses import GlassesSection, StoredGlass
from glasswells.plan.melt_quench import MeltQuenchSection
from glasswells.plan.model import ModelSection, StoredModel, build_model, pair_model
from glasswells.plan.modes import ModesSection
from glasswells.plan.pairs import PairsSection
from glasswells.plan.prepare import PrepareSection
from glasswells.plan.push import PushSection
from glasswells.tunneling.units import METAL, UNIT_SETS

REDUCED_UNITS = ("argon", "argon-published", "nip", "nip-published")
"""Unit sets that give a meaning to reduced units, which materials do not have."""
SAME_SCALE = 1e-4
"""Relative difference up to which a scale of a plan's own unit set is that of `METAL`."""
OF_UNITS: Literal["of_units"] = "of_units"
"""Each unit set's own continuation."""


S = TypeVar("S", bound=Section)


class CampaignSection(Section):
    """What the campaign is called, and the one seed behind all its random numbers."""

    name: str = Field(
        default="campaign",
        pattern=NAME_PATTERN,
        description="Name of the campaign and, unless --dir is given, of its folder: lower case "
        "letters, digits, - and _, a letter or digit first.",
    )
    seed: int = Field(
        default=1,
        ge=0,
        lt=2**63,
        description="Seed of all random numbers. The same plan with the same seed gives the same "
        "catalogue, bit for bit, for any number of workers on one type of machine.",
    )


class PathsSection(Section):
    """Minimum energy paths, saddles and what is taken from them."""

    method: Literal["fast", "band"] = Field(
        default="fast",
        description="`fast`: a loose band, the saddle polished by Newton's method, then the "
        "steepest-descent path, with the full band where that fails; `band`: the full "
        "climbing-image band for every pair.",
    )
    images: int = Field(
        default=IMAGES,
        ge=5,
        le=1000,
        description="Images of a band; 40 in the paper, 600 for its Figs. 4, 5.",
    )
    max_force: float = setting(
        PathSettings,
        "max_force",
        description="Largest force component at the saddle, which must have exactly one negative "
        "eigenvalue of the Hessian.",
    )
    rho: Positive = Field(
        default=RHO,
        description="Distance from a minimum at which tangents and frequencies along the path are "
        "taken. They depend on it: 0.01 is near the first image of a 40-image band.",
    )
    max_intermediates: Count = Field(
        default=8,
        description="How many minima between A and B are followed up. About one linked pair in "
        "three has one; longer chains lead far away from the pair.",
    )


class SplittingsSection(Section):
    """The Schroedinger equation on the energy profiles."""

    units: tuple[str, ...] = Field(
        default=("argon-published", "argon", "nip"),
        strict=False,
        min_length=1,
        description="Unit sets: argon and nip from the scales of the two materials; "
        "argon-published and nip-published, whose constant is fitted to published splittings; "
        "metal for materials; or any that is defined below as [units.NAME]. The first one decides "
        "which double wells are shown and which have a small splitting where the paper takes those "
        "only: the set to compare with the paper under.",
    )
    continuation: Literal["of_units", "straight", "harmonic", "walls"] = Field(
        default=OF_UNITS,
        description="What the potential is beyond the two minima. It is a convention that moves "
        "splittings by 10 to 15 % in the median: `straight` is the true energy along the continued "
        "chord, `harmonic` the curvature at rho, `walls` hard walls three path lengths apart. "
        "`of_units` takes for each unit set the one that it goes with: walls for the published "
        "ones, straight for the others. What all that a profile allows give is saved with each "
        "splitting.",
    )


class UnitsSection(Section):
    """A unit set of your own: which atoms the reduced units stand for."""

    length: Positive = Field(description="sigma in angstrom.")
    energy: Positive = Field(description="epsilon / k_B in kelvin.")
    mass: Positive = Field(description="m in atomic mass units.")
    tls_threshold: Positive = Field(
        description="Splitting in units of epsilon below which a two-level system is active; the "
        "paper takes what is about 0.18 K."
    )

    @property
    def is_metal(self) -> bool:
        """Whether its scales are an angstrom, an electronvolt and an atomic mass unit."""
        scales = (self.length, self.energy, self.mass)
        expected = (1.0, METAL.epsilon, METAL.mass)
        return bool(np.allclose(scales, expected, rtol=SAME_SCALE, atol=0.0))


class Plan(Section):
    """A whole campaign."""

    campaign: CampaignSection = CampaignSection()
    model: ModelSection = ModelSection()
    glasses: GlassesSection = GlassesSection()
    prepare: PrepareSection = PrepareSection()
    melt_quench: MeltQuenchSection = MeltQuenchSection()
    explore: ExploreSection = ExploreSection()
    push: PushSection = PushSection()
    pairs: PairsSection = PairsSection()
    paths: PathsSection = PathsSection()
    splittings: SplittingsSection = SplittingsSection()
    couplings: CouplingsSection = CouplingsSection()
    modes: ModesSection = ModesSection()
    units: dict[Annotated[str, Field(pattern=NAME_PATTERN)], UnitsSection] = Field(
        default_factory=dict
    )
    stored_glasses: tuple[StoredGlass, ...] = Field(default=(), strict=False)
    stored_model: StoredModel | None = None
    stored_lanes: tuple[PositiveCount, ...] = Field(default=(), strict=False)
    """What `explore.lanes = 0` stands for, for each preparation, see `plan/lanes.py`."""

    def table(self, section: type[S]) -> S:
        """The table of this class, as a stage declares it.

        Raises
        ------
        LookupError
            If no stage does.
        """
        for name in type(self).model_fields:
            found = getattr(self, name)
            if isinstance(found, section):
                return found
        raise LookupError(f"plans have no table of the class {section.__name__}")

    @property
    def model_parameters(self) -> dict[str, Any]:
        """What tasks know of the model."""
        return self.model.parameters(self.stored_model)

    def build_model(self) -> Model:
        """The model of all tasks."""
        return build_model(self.model_parameters)

    @property
    def preparations(self) -> tuple[float, ...]:
        """What each entry of `glasses.counts` is for: a temperature, or a rate of cooling."""
        if self.glasses.source == "melt_quench":
            return self.melt_quench.rates
        return self.glasses.preparation_temperatures

    def glass_name(self, preparation: int, index: int | str) -> str:
        """Name of a glass in a campaign, such as `t0p092-3`, or `q1e12-0` of a rate of 1e12 K/s.

        A text in place of the number stands for several glasses.
        """
        letter = "q" if self.glasses.source == "melt_quench" else "t"
        number = f"{self.preparations[preparation]:g}".replace("e+", "e")
        return f"{letter}{number}-{index}".replace(".", "p")

    def grows_to(self, other: Plan) -> bool:
        """Whether the other plan is this one with more glasses: all tasks of this one are its.

        A plan with the rule `screened` does not grow: trees that learn from all glasses would have
        chosen other pairs from the first round on.
        """
        counts = self.glasses.counts
        fewer = other.glasses.model_copy(update={"counts": counts})
        return other.model_copy(update={"glasses": fewer}) == self and all(
            more == few or (more > few and "screened" not in self.pairs.rules)
            for few, more in zip(counts, other.glasses.counts, strict=True)
        )

    @model_validator(mode="after")
    def _check_material(self, info: ValidationInfo) -> Plan:
        source, kind, is_material = self.glasses.source, self.model.kind, self.model.is_material
        if is_material and source in ("prepare", "shipped"):
            raise ValueError(
                f'glasses.source is {source!r}, but model.kind {kind!r}: expected "melt_quench" or '
                f'"files"'
            )
        if source == "melt_quench":
            if not is_material:
                raise ValueError(
                    f'glasses.source is "melt_quench", but model.kind {kind!r}: expected a '
                    f'material, or source = "prepare"'
                )
            self.melt_quench.edge(self.model.element_masses)
            if len(self.melt_quench.rates) != len(self.glasses.counts):
                raise ValueError(
                    f"glasses.counts has {len(self.glasses.counts)} entries, expected "
                    f"{len(self.melt_quench.rates)}, one for each of melt_quench.rates"
                )
        if not is_material and (self.explore.temperature_kelvin or self.explore.femtoseconds):
            raise ValueError(
                f"explore.temperature_kelvin or explore.femtoseconds is given, but model.kind is "
                f"{kind!r}, in reduced units: expected exploration_temperature and time_step"
            )
        if is_material and self.explore.lanes > 1 and not is_stored(info):
            raise ValueError(
                f"explore.lanes is {self.explore.lanes}, but model.kind is {kind!r}, and lanes are "
                f"for pair models: expected lanes = 1"
            )
        return self

    @model_validator(mode="after")
    def _check_pushes(self) -> Plan:
        if "pushed" in self.pairs.rules and not self.push.enabled:
            missing = "expected push.enabled = true, or rules without it"
            raise ValueError(f"pairs.rules names 'pushed', but push.enabled is false: {missing}")
        return self

    @model_validator(mode="after")
    def _check_box(self) -> Plan:
        if self.glasses.source == "prepare":
            edge = (self.prepare.n_particles / self.prepare.density) ** (1 / 3)
            largest = np.array([self.prepare.diameter_limits[1]])
            needed = 2 * pair_model(self.model.parameters()).largest_cutoff(largest)
            if edge < needed:
                raise ValueError(
                    f"prepare.n_particles is {self.prepare.n_particles}: the box is {edge:.3g} "
                    f"wide, expected at least {needed:.3g}, twice the largest cutoff; use more"
                )
        return self

    @model_validator(mode="after")
    def _check_stored_glasses(self) -> Plan:
        stored, named = len(self.stored_glasses), len(self.glasses.files)
        if stored not in (0, named):
            raise ValueError(
                f"stored_glasses has {stored} entries, but glasses.files {named}: leave "
                f"stored_glasses out, it is written when a campaign begins"
            )
        return self

    @model_validator(mode="after")
    def _check_lists(self) -> Plan:
        n = len(self.glasses.counts)
        for name, given in (
            ("prepare.sweeps", self.prepare.sweeps),
            ("prepare.glasses_per_liquid", self.prepare.glasses_per_liquid),
            ("prepare.sweeps_between", self.prepare.sweeps_between),
            ("explore.trajectories", self.explore.trajectories),
            ("pairs.max_pairs", self.pairs.max_pairs),
        ):
            if isinstance(given, tuple) and len(given) != n:
                raise ValueError(
                    f"{name} has {len(given)} entries, expected one number, or {n}, one for each "
                    f"preparation temperature"
                )
        tasks = sum(
            count * (2 + of_preparation(self.explore.trajectories, k))
            for k, count in enumerate(self.glasses.counts)
        )
        if tasks > MAX_TASKS:
            raise ValueError(
                f"glasses.counts and explore.trajectories ask for {tasks} preparations, "
                f"trajectories and libraries, expected at most {MAX_TASKS} in one campaign"
            )
        return self

    @model_validator(mode="after")
    def _check_units(self, info: ValidationInfo) -> Plan:
        known = [*UNIT_SETS, *self.units]
        for name in self.splittings.units:
            if name not in known:
                raise ValueError(f"splittings.units has {name!r}{closest(name, known)}")
            if not is_stored(info):
                self._check_scales(name)
        wanted = self.pairs.screened.units
        if wanted and wanted not in self.splittings.units:
            raise ValueError(
                f"pairs.screened.units is {wanted!r}, expected one of splittings.units, "
                f"{', '.join(self.splittings.units)}"
            )
        return self

    def _check_scales(self, name: str) -> None:
        """See that a unit set has the units of the model, of its masses too."""
        kind = self.model.kind
        own = self.units.get(name)
        if not self.model.is_material:
            if own is None and name not in REDUCED_UNITS:
                raise ValueError(
                    f"splittings.units has {name!r}, which is in angstroms and electronvolts, but "
                    f"model.kind is {kind!r}, in reduced units: expected some of "
                    f"{', '.join(REDUCED_UNITS)}, or a set of your own, [units.NAME]"
                )
        elif own is None and name != METAL.name:
            raise ValueError(
                f"splittings.units has {name!r}, but model.kind is {kind!r}, with masses in atomic "
                f'mass units, lengths in angstroms and energies in electronvolts: expected "metal"'
            )
        elif own is not None and not own.is_metal:
            raise ValueError(
                f"units.{name} has length {own.length:g}, energy {own.energy:g} and mass "
                f"{own.mass:g}, but model.kind is {kind!r}, in angstroms, electronvolts and atomic "
                f'mass units: expected splittings.units = ["metal"], or length = 1, energy = '
                f"{METAL.epsilon:.8g} and mass = 1"
            )
