"""A pair model of this package as an ASE calculator."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import float64_array
from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array, Configuration
from glasswells.interchange.ase_atoms import configuration_of
from glasswells.interchange.assembly import Given
from glasswells.model.interactions import PairInteractions
from glasswells.model.kernels import pair_vector
from glasswells.model.law import PairLaw
from glasswells.model.pair_model import PairModel


def _base_class() -> Any:
    """ASE's, or `object`: the class can be named without ASE, and says at once what is missing."""
    try:
        return importlib.import_module("ase.calculators.calculator").Calculator
    except ImportError:
        return object


_Calculator = _base_class()


class AseCalculator(_Calculator):  # type: ignore[misc, valid-type]  # known at run time
    """Energy, forces and stress of a pair model for ASE's Atoms.

    Numbers are passed through: what is length and energy for ASE (angstrom, eV) is sigma and
    epsilon here. The stress is the virial (1/V) sum (v'/r) r_a r_b over pairs, in ASE's order xx,
    yy, zz, yz, xz, xy.

    Parameters
    ----------
    model
        A pair model, for example `SoftSpheres()`.
    diameters
        (N,), one number, or a mapping from chemical symbols; None: the array `diameters` of the
        atoms, as `to_ase` makes it.

    Raises
    ------
    InputError
        If ASE is not installed or the model no pair model; when used, for atoms without
        diameters, or in an open or tilted cell.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, model: PairModel, diameters: ArrayLike | dict[str, float] | None = None):
        require("ase", "ase")
        if not isinstance(model, PairModel):
            raise InputError(f"model is {model!r}, expected a pair model such as SoftSpheres()")
        super().__init__()
        self._model = model
        self._diameters = diameters
        self._interactions: PairInteractions | None = None

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = ()
    ) -> None:
        """Fill `results`; ASE calls this, after a look at what has changed."""
        super().calculate(atoms, properties, system_changes)
        configuration = configuration_of(self.atoms, Given(diameters=self._diameters, masses=1.0))
        interactions = self._of(configuration)
        energy, forces = interactions.energy_and_forces(configuration.positions)
        virial = _virial(interactions, configuration.positions)
        volume = float(np.prod(configuration.box))
        self.results = {
            "energy": float(energy),
            "free_energy": float(energy),
            "forces": forces,
            "stress": virial.ravel()[[0, 4, 8, 5, 2, 1]] / volume,
        }

    def _of(self, configuration: Configuration) -> PairInteractions:
        """The interactions of the last call, with their neighbor list, if particles and box fit."""
        last = self._interactions
        if (
            last is None
            or not np.array_equal(last.box, configuration.box)
            or not np.array_equal(last.diameters, configuration.diameters)
        ):
            last = PairInteractions(self._model, configuration)
            self._interactions = last
        return last


def _virial(interactions: PairInteractions, positions: Array) -> Array:
    """Sum over pairs of (v'/r) r r, (3, 3)."""
    out = np.zeros((3, 3))
    pairs = interactions.pairs(positions)
    _virial_kernel(interactions.model.law)(
        float64_array("positions", positions, (None, 3)),
        interactions.box,
        pairs,
        interactions.constants,
        out,
    )
    return out


@cache
def _virial_kernel(law: PairLaw) -> Any:
    derivatives = law.derivatives

    @kernel
    def add_virial(r_nc, box_c, pairs, k, out_cc):  # type: ignore[no-untyped-def]
        for i in range(r_nc.shape[0]):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                x, y, z, r2 = pair_vector(r_nc, box_c, i, pairs.partner[p])
                inverse_range2 = pairs.inverse_range2[p]
                x2 = r2 * inverse_range2
                if x2 >= k.cutoff2:
                    continue
                u_1, _, _, _ = derivatives(x2, 1.0 / x2, k)
                b = pairs.strength[p] * inverse_range2 * u_1
                out_cc[0, 0] += b * x * x
                out_cc[1, 1] += b * y * y
                out_cc[2, 2] += b * z * z
                out_cc[0, 1] += b * x * y
                out_cc[0, 2] += b * x * z
                out_cc[1, 2] += b * y * z
        out_cc[1, 0] = out_cc[0, 1]
        out_cc[2, 0] = out_cc[0, 2]
        out_cc[2, 1] = out_cc[1, 2]

    return add_virial
