"""The plan's table `model`: a pair model, silicon, or a calculator, and what tasks know of it.

Tasks are named by what they depend on: of LAMMPS' commands by their text and the digests of the
potential files that they name. The text enters the plan when a campaign begins, as the contents of
glasses from files do.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from glasswells.core.errors import InputError
from glasswells.core.limits import NotNegative, Positive
from glasswells.core.records import Configuration
from glasswells.interchange.elements import AseByMasses, LammpsByMasses, check_element_masses
from glasswells.interchange.potential_files import check_potentials
from glasswells.model.pair_model import Model, PairModel
from glasswells.model.registry import MODELS, model_class, model_names
from glasswells.model.stillinger_weber import PARAMETERS, StillingerWeber
from glasswells.plan.base import Section
from glasswells.plan.errors import closest, suggestion

PAIR: Literal["pair"] = "pair"
SILICON: Literal["stillinger-weber"] = "stillinger-weber"
ASE: Literal["ase"] = "ase"
LAMMPS: Literal["lammps"] = "lammps"
CALCULATORS = (ASE, LAMMPS)
"""Kinds whose energies other programs compute."""
AMORPHOUS_SILICON = "vink-2001"
"""The parameters of `stillinger-weber` where the plan names none."""
SILICON_MASSES = {"Si": 28.0855}
OF_KINDS: Mapping[str, tuple[str, ...]] = {
    PAIR: ("name",),
    SILICON: ("name",),
    ASE: ("calculator", "arguments", "masses", "task_limit"),
    LAMMPS: ("commands", "atom_style", "masses", "task_limit"),
}
"""Which keys say something for which kind."""
LEAST_LIMIT = 1.0
"""Seconds; shorter limits would end tasks that only load their calculator."""


def _with_parameters(name: str) -> str:
    """A pair model of the package with its parameters."""
    fields = dataclasses.fields(MODELS[name])  # type: ignore[arg-type]
    return f"{name} ({', '.join(f'{f.name} = {f.default}' for f in fields)})"


class ModelSection(Section):
    """The potential energy: a pair model by name with its parameters, silicon, or a calculator."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["pair", "stillinger-weber", "ase", "lammps"] = Field(
        default=PAIR,
        description="`pair`: a pair model of this package in reduced units. The others are "
        "materials in angstroms, electronvolts and atomic mass units: `stillinger-weber`, silicon; "
        "`ase`, a calculator of ASE; `lammps`, commands of LAMMPS in its units `metal`.",
    )
    name: str = Field(
        default="soft_spheres",
        description=f"Pair model: {'; '.join(map(_with_parameters, MODELS))}; or one that an "
        "installed package brings. soft_spheres is the paper's eq. 1. Parameters that are not "
        "given here have these values. Of `stillinger-weber`: vink-2001 (amorphous silicon), also "
        "where no name is given, or "
        "stillinger-weber-1985.",
    )
    calculator: str = Field(
        default="",
        description="Of `ase`: where the calculator is imported from, `package.module:Name`. It "
        "is code of yours and runs as you; no data file can bring it.",
    )
    arguments: dict[str, Any] = Field(
        default={}, description="Of `ase`: its keyword arguments, a table."
    )
    commands: str = Field(
        default="",
        description="Of `lammps`: a file with the commands that define the energy, such as "
        "pair_style and pair_coeff; its name from the folder of this file. Its text is copied into "
        "the campaign when it begins; potential files stay where they are and are known by their "
        "digests.",
    )
    atom_style: str = Field(
        default="atomic", description="Of `lammps`: `charge` where atoms have charges."
    )
    masses: dict[str, Positive] = Field(
        default={},
        description="Of `ase` and `lammps`: the mass of each element, such as { Si = 28.0855, O = "
        "15.9994 }, in the order of LAMMPS' types. They tell which element an atom is, so no two "
        "may be equal.",
    )
    task_limit: NotNegative = Field(
        default=3600.0,
        description="Of `ase` and `lammps`: seconds after which a task counts as hanging. It is "
        "ended, and fails alone. 0: no limit.",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_silicon(cls, values: Any) -> Any:
        """Silicon has a default of its own where no name is given."""
        if isinstance(values, dict) and values.get("kind") == SILICON and "name" not in values:
            return {**values, "name": AMORPHOUS_SILICON}
        return values

    @model_validator(mode="after")
    def _check(self) -> ModelSection:
        self._check_keys()
        if self.kind in CALCULATORS:
            check_element_masses(self.masses)
            key = "calculator" if self.kind == ASE else "commands"
            if not getattr(self, key):
                raise ValueError(f"{key} is empty, but kind is {self.kind!r}: expected {key}")
            if 0 < self.task_limit < LEAST_LIMIT:
                raise ValueError(
                    f"task_limit is {self.task_limit:g}, expected 0 or at least {LEAST_LIMIT:g} s"
                )
        else:
            names = model_names() if self.kind == PAIR else PARAMETERS
            if self.name not in names:
                raise ValueError(f"name is {self.name!r}{closest(self.name, names)}")
            build_model(self.parameters())
        return self

    def _check_keys(self) -> None:
        extra = self.model_extra or {}
        fields = tuple(type(self).model_fields)
        known = [*fields]
        if self.kind == PAIR and self.name in model_names():
            known = ["name", *(f.name for f in dataclasses.fields(model_class(self.name)))]  # type: ignore[arg-type]
        unknown = [key for key in extra if key not in known]
        if unknown:
            raise ValueError("; ".join(suggestion(key, known) for key in unknown))
        of_kind = ("kind", *OF_KINDS[self.kind])
        for key in fields:
            default = type(self).model_fields[key].default
            if key not in of_kind and getattr(self, key) != default:
                kinds = [kind for kind, keys in OF_KINDS.items() if key in keys]
                raise ValueError(
                    f"{key} is given, but kind is {self.kind!r}: expected kind = "
                    f"{' or '.join(map(repr, kinds))}"
                )

    @property
    def is_material(self) -> bool:
        """Whether lengths are angstroms, energies electronvolts and masses atomic mass units."""
        return self.kind != PAIR

    @property
    def native(self) -> Model | None:
        """The model, if its energy is this package's own; calculators may not be at hand."""
        return None if self.kind in CALCULATORS else build_model(self.parameters())

    @property
    def element_masses(self) -> dict[str, float]:
        """The mass of each element of a material."""
        return SILICON_MASSES if self.kind == SILICON else dict(self.masses)

    @property
    def bond_length(self) -> float | None:
        """Below which two atoms are bonded; None where atoms have no bonds, or none known."""
        return StillingerWeber(self.name).bond_length if self.kind == SILICON else None

    def parameters(self, stored: StoredModel | None = None) -> dict[str, Any]:
        """What tasks know of the model: all that their results depend on.

        Raises
        ------
        InputError
            For LAMMPS' commands that were not read yet.
        """
        if self.kind == PAIR:
            return {"name": self.name, **(self.model_extra or {})}
        own: dict[str, Any] = {"kind": self.kind}
        if self.kind == SILICON:
            return {**own, "name": self.name}
        own |= {"masses": dict(self.masses)}
        if self.kind == ASE:
            return {**own, "calculator": self.calculator, "arguments": self.arguments}
        if stored is None:
            raise InputError(
                "the plan names model.commands, but has not read them: start it by "
                "start_campaign, or complete its text by complete_plan"
            )
        return {
            **own,
            "elements": list(self.masses),
            "atom_style": self.atom_style,
            "commands": stored.commands,
            "potentials": dict(stored.potentials),
        }


class StoredModel(Section):
    """LAMMPS' commands inside a plan: what the file held when the campaign began."""

    commands: str = Field(description="The text.")
    potentials: dict[str, str] = Field(
        default={}, description="SHA-256 of each potential file, by the name in the text."
    )


def build_model(parameters: Mapping[str, Any]) -> Model:
    """The model behind the parameters of a task.

    Raises
    ------
    InputError
        For parameters that make none; without the extra of a calculator.
    FileNotFoundError
        If a potential file is not there, or not the one that the campaign began with.
    """
    kind = parameters.get("kind", PAIR)
    if kind == PAIR:
        return pair_model(parameters)
    if kind == SILICON:
        return StillingerWeber(parameters["name"])
    if kind == ASE:
        make = partial(imported(parameters["calculator"]), **parameters["arguments"])
        return AseByMasses(make, parameters["masses"])
    check_potentials(parameters["potentials"])
    return LammpsByMasses(
        parameters["commands"],
        parameters["masses"],
        parameters["elements"],
        parameters["atom_style"],
    )


def pair_model(parameters: Mapping[str, Any]) -> PairModel:
    """The pair model of this name with these numbers."""
    own = {key: value for key, value in parameters.items() if key != "name"}
    return model_class(parameters["name"])(**own)


def check_configuration(model: Model, configuration: Configuration) -> None:
    """Raise `InputError` if the model says that it cannot describe the configuration."""
    check = getattr(model, "check", None)
    if check is not None:
        check(configuration)


def imported(path: str) -> Any:
    """What `package.module:Name` names.

    Raises
    ------
    InputError
        If it cannot be imported, or is nothing that can be called.
    """
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"model.calculator is {path!r}, expected package.module:Name of a calculator that can "
            f"be imported: {error}"
        ) from None
    if not callable(found):
        raise InputError(f"model.calculator is {path!r}, expected a class or function")
    return found
