"""Any ASE calculator as the potential energy of minimization, dynamics, paths and modes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from glasswells.core.checks import positive, positive_array
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array, Configuration
from glasswells.interchange.ase_atoms import masses_of
from glasswells.interchange.assembly import orthorhombic_box, require_periodic
from glasswells.interchange.difference_interactions import DifferenceInteractions
from glasswells.model.precision import EXACT, Precision
from glasswells.tunneling.units import UnitSystem

ANGSTROM = 1e-10
"""ASE's unit of length, in meters."""
ELECTRONVOLT = constants.e / constants.k
"""ASE's unit of energy, over k_B, in kelvin."""


DOUBLE = 1e-12
"""Relative noise below which a calculator counts as one in double precision."""
STORED_RESULTS = ("SinglePointCalculator", "SinglePointDFTCalculator")
"""ASE's calculators of configurations read from files."""


class AseModel:
    """The energy of ASE atoms as a model for `minimize`, `explore`, `find_double_well`, modes.

    Lengths are angstroms, energies and temperatures (k_B = 1) electronvolts, masses atomic mass
    units, and so times are 10.18 fs, as inside ASE; `configuration` gives the atoms with their
    masses, `units` the unit set for `solve_splitting`. Derivatives of second and higher order are
    finite differences of forces (`difference_steps`), M:z good to 1e-9, U:zz to 1e-8 at best: give
    nonlinear modes a tolerance of 1e-5. All methods that need energies only through `Interactions`
    work; swap Monte Carlo, which exchanges diameters, does not. A free cluster may be put into a
    periodic box with vacuum around it, but it turns: its minima are told apart up to translations
    only.

    Parameters
    ----------
    atoms
        Species, masses and cell: orthorhombic, periodic along all three directions, without
        constraints. The atoms are copied.
    calculator
        An ASE calculator, or a function that makes one, called when interactions are made; None:
        that of `atoms`. A calculator that is passed is used by all interactions in turn.
    mass
        Of every atom in atomic mass units, instead of the masses that the atoms have. Minima,
        saddles, barriers and asymmetries do not depend on masses; frequencies, path lengths,
        steepest-descent paths and splittings do.
    force_noise
        Rounding noise of a force component relative to curvature times `anharmonic_length`:
        about 1e-14 for calculators in double precision, 1e-6 for single precision. From 1e-12 on
        all tolerances follow it: a tighter `max_force` counts as what the noise allows.
    anharmonic_length
        Length over which the curvature of the energy changes by its own size, in angstroms; it
        sets the steps of the differences.

    Raises
    ------
    InputError
        For open or tilted cells, constraints, masses that are not positive, no calculator, or one
        that computes nothing at new positions.
    """

    def __init__(
        self,
        atoms: Any,
        calculator: Any | Callable[[], Any] = None,
        *,
        mass: float | None = None,
        force_noise: float = 1e-14,
        anharmonic_length: float = 0.3,
    ) -> None:
        ase = require("ase", "ase")
        if not isinstance(atoms, ase.Atoms):
            raise InputError(
                f"atoms are of type {type(atoms).__name__}, expected ase.Atoms: read them with "
                f"ase.io.read"
            )
        calculator = calculator if calculator is not None else atoms.calc
        _check_calculator(calculator)
        source = f"atoms {atoms.get_chemical_formula()}"
        require_periodic(source, [bool(p) for p in atoms.pbc])
        self.box = orthorhombic_box(source, np.array(atoms.cell))
        if atoms.constraints:
            raise InputError(
                f"{source} have {len(atoms.constraints)} constraints, expected none: with atoms "
                f"held in place the package's paths and modes lose their meaning"
            )
        given = masses_of(atoms) if mass is None else np.full(len(atoms), positive("mass", mass))
        self.masses = positive_array("masses", given, (len(atoms),), "masses")
        self.force_noise = positive("force_noise", force_noise)
        self.anharmonic_length = positive("anharmonic_length", anharmonic_length)
        self._atoms = atoms.copy()
        self._calculator = calculator

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` unless the configuration has the atoms' number, box and masses."""
        if configuration.n_particles != len(self._atoms):
            raise InputError(
                f"the configuration holds {configuration.n_particles} particles, expected the "
                f"{len(self._atoms)} atoms of the model"
            )
        if not np.allclose(configuration.box, self.box, rtol=1e-12, atol=0.0):
            raise InputError(
                f"the box is {configuration.box.tolist()}, expected that of the model's atoms, "
                f"{self.box.tolist()}"
            )

        if not np.allclose(configuration.masses, self.masses, rtol=1e-9, atol=0.0):
            k = int(np.argmax(np.abs(configuration.masses - self.masses)))
            raise InputError(
                f"masses[{k}] is {configuration.masses[k]:g}, expected that of the model's atom in "
                f"atomic mass units, {self.masses[k]:g}: start from model.configuration(), or make "
                f"the configuration with masses=model.masses"
            )

    def interactions(self, configuration: Configuration) -> AseInteractions:
        """The energy of these atoms as a function of their positions."""
        self.check(configuration)
        atoms = self._atoms.copy()
        made = self._calculator() if _is_maker(self._calculator) else self._calculator
        _check_calculator(made, is_made=True)
        atoms.calc = made
        return AseInteractions(atoms, self.force_noise, self.anharmonic_length)

    def configuration(self) -> Configuration:
        """The atoms as a configuration, all diameters 1: the energy does not depend on them."""
        return Configuration(
            positions=np.array(self._atoms.positions),
            diameters=np.ones(len(self._atoms)),
            box=self.box,
            masses=self.masses,
        )

    @property
    def particle_species(self) -> NDArray[np.intp]:
        """(N,): equal numbers for atoms that differ in nothing that ASE knows of."""
        a = self._atoms
        carried = (a.numbers, self.masses, a.get_tags(), a.get_initial_charges())
        moments = a.get_initial_magnetic_moments().reshape(len(a), -1)
        rows = np.column_stack([*carried, moments])
        return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)

    def atoms(self, configuration: Configuration) -> Any:
        """ASE's atoms at the positions of a configuration, without a calculator."""
        self.check(configuration)
        atoms = self._atoms.copy()
        atoms.positions = np.array(configuration.positions)
        return atoms

    def temperature(self, kelvin: float) -> float:
        """A temperature in the model's unit, electronvolts."""
        return kelvin / ELECTRONVOLT

    def units(self, tls_threshold_kelvin: float = 0.18, name: str | None = None) -> UnitSystem:
        """The unit set of this material: angstrom, electronvolt, atomic mass unit.

        The masses themselves are in the configuration, and with it in path lengths and frequencies.

        Parameters
        ----------
        tls_threshold_kelvin
            Splitting below which a two-level system is active, over k_B.
        name
            By default the chemical formula.
        """
        return UnitSystem.from_scales(
            name=name or self._atoms.get_chemical_formula(),
            sigma=ANGSTROM,
            epsilon=ELECTRONVOLT,
            mass=1.0,
            tls_threshold=positive("tls_threshold_kelvin", tls_threshold_kelvin) / ELECTRONVOLT,
        )


class AseInteractions(DifferenceInteractions):
    """Energy and forces from an ASE calculator, derivatives by differences; see `Interactions`.

    Parameters
    ----------
    atoms
        With a calculator; they are moved.
    force_noise, anharmonic_length
        As for `AseModel`.
    """

    def __init__(self, atoms: Any, force_noise: float, anharmonic_length: float) -> None:
        super().__init__(force_noise, anharmonic_length)
        self._atoms = atoms
        self._start = np.array(atoms.positions)

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy, eV, and forces (N, 3), eV/angstrom."""
        self._atoms.positions = positions
        try:
            return self._computed()
        except NotImplementedError as error:  # ASE's for a property that a calculator lacks
            raise InputError(
                f"the calculator {type(self._atoms.calc).__name__} gives no energy and forces at "
                f"new positions: {error}; pass one that computes both"
            ) from None

    def _computed(self) -> tuple[float, Array]:
        # The energy that belongs to the forces; they differ where electrons have a temperature.
        energy = float(self._atoms.get_potential_energy(force_consistent=_has_free(self._atoms)))
        return energy, np.array(self._atoms.get_forces(), dtype=np.float64)

    @cached_property
    def precision(self) -> Precision:
        """Noise of forces, eV/angstrom, and energy, eV, for the stiffness of the atoms as given.

        Two further evaluations, spent only where the noise exceeds that of double precision.
        """
        if self.force_noise < DOUBLE:
            return EXACT
        positions = self._start
        energy = abs(self.energy_and_forces(positions)[0])
        field = np.random.default_rng(positions.size).choice([-1.0, 1.0], positions.shape)
        stiffness = float(np.abs(self.derivatives(positions).product(field)).max())
        force = self.force_noise * stiffness * self.anharmonic_length
        rounding = self.force_noise * energy
        return Precision(force=force, energy=rounding + force * self.anharmonic_length)

    def deformed(self, strain: Array) -> AseInteractions:
        """The energy in the cell with the edges (1 + strain) h, by the same calculator.

        The cell is tilted by a shear, which the calculator has to allow.
        """
        atoms = self._atoms.copy()
        atoms.set_cell(np.array(atoms.cell) @ (np.eye(3) + strain).T)
        atoms.calc = self._atoms.calc
        return AseInteractions(atoms, self.force_noise, self.anharmonic_length)


def _is_maker(calculator: Any) -> bool:
    return isinstance(calculator, type) or not hasattr(calculator, "get_forces")


def _check_calculator(calculator: Any, *, is_made: bool = False) -> None:
    """Raise unless this is a calculator that computes, or, before it is made, a function."""
    expected = "expected an ASE calculator, or a function that makes one"
    if calculator is None:
        raise InputError("atoms have no calculator: pass one, or a function that makes one")
    name = type(calculator).__name__
    if name in STORED_RESULTS:
        raise InputError(
            f"the calculator is a {name}, which holds the results of one set of positions and "
            f"computes nothing: pass the calculator that made them"
        )
    if _is_maker(calculator) and (is_made or not callable(calculator)):
        raise InputError(f"the calculator is of type {name}, {expected}")


def _has_free(atoms: Any) -> bool:
    return "free_energy" in getattr(atoms.calc, "implemented_properties", ())
