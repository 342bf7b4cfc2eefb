"""An ASE calculator of silicon that misbehaves in large cells."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

import glasswells as gw


class Misbehaving(Calculator):
    """Silicon by the native kernel; beyond an edge of the cell it does what `how` says."""

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces"]

    def __init__(self, how: str = "", beyond: float = 1e9) -> None:
        super().__init__()
        self._how, self._beyond = how, beyond

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        box = np.diag(np.array(self.atoms.cell))
        if box[0] > self._beyond:
            self._misbehave()
        silicon = gw.Configuration(
            positions=self.atoms.positions, diameters=np.ones(len(self.atoms)), box=box
        )
        interactions = gw.StillingerWeber("vink-2001").interactions(silicon)
        energy, forces = interactions.energy_and_forces(silicon.positions)
        self.results = {"energy": energy, "free_energy": energy, "forces": forces}

    def _misbehave(self) -> None:
        if self._how == "raise":
            raise RuntimeError("no self-consistency after 100 iterations")
        if self._how == "exit":
            os._exit(3)
        if self._how == "hang":
            time.sleep(3600)


NO_CALCULATOR = 3
