"""Any ASE calculator as the energy: double wells of a small amorphous alloy by EMT.

ASE's effective-medium potential of nickel and silver in the place of our soft spheres: the alloy
is melted, quenched, explored by our dynamics, and a double well is followed from its two minima to
its tunnel splitting and the mode that starts it. Lengths are angstroms, energies and temperatures
electronvolts. Takes half a minute; needs `pip install 'glasswells[ase]'`.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT

import glasswells as gw

ATOMS = 28
VOLUME = 14.0
"""Cubic angstroms per atom."""
TIME_STEP = 0.5
"""In units of sqrt(u angstrom^2 / eV), 10.18 fs: 5.1 fs."""
FRICTION = 0.01
"""Of the thermostat, in the inverse unit of time."""


def alloy() -> Atoms:
    """Nickel and silver, one to one, on random sites of a cubic lattice."""
    generator = np.random.default_rng(1)
    edge = (ATOMS * VOLUME) ** (1 / 3)
    cells = int(np.ceil(ATOMS ** (1 / 3)))
    sites = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    chosen = np.sort(generator.permutation(len(sites))[:ATOMS])
    symbols = generator.permutation(["Ni", "Ag"] * (ATOMS // 2))
    return Atoms(list(symbols), positions=sites[chosen] * edge / cells, cell=[edge] * 3, pbc=True)


def glass(model: gw.AseModel) -> gw.Configuration:
    """The alloy after a short melt, cooled and quenched."""
    configuration = gw.minimize(model, model.configuration(), max_force=0.1).configuration
    for kelvin, steps in ((3000, 400), (1500, 200), (700, 200)):
        configuration = gw.molecular_dynamics(
            model,
            configuration,
            model.temperature(kelvin),
            steps,
            seed=1,
            time_step=TIME_STEP,
            thermostat="langevin",
            friction=FRICTION,
        ).configuration
    quenched = gw.minimize(model, configuration)
    print(f"quench: {quenched.outcome.name}, {quenched.energy / ATOMS:.4f} eV per atom")
    return quenched.configuration


def double_well(model: gw.AseModel, start: gw.Configuration) -> gw.DoubleWell | None:
    """The first double well among the minima that the dynamics passes, ever hotter."""
    settings = gw.ExplorationSettings(time_step=TIME_STEP)
    for kelvin in (600, 900):
        found = gw.explore(
            model, start, model.temperature(kelvin), 40, 40, seed=5, settings=settings
        )
        pairs = gw.linked_pairs(found.structures, found.transitions, 1)
        print(f"{kelvin} K: {len(found.structures)} minima, {len(pairs)} pairs of neighbors")
        for pair in sorted(pairs, key=lambda p: p.distance)[:2]:
            a, b = (found.structures[k].configuration for k in (pair.i, pair.j))
            well = gw.find_double_well(model, a, b, images=16)
            if isinstance(well, gw.DoubleWell):
                return well
            print(f"no double well: {well.message}")
    return None


def main() -> None:
    """The whole chain."""
    atoms = alloy()
    model = gw.AseModel(atoms, EMT)
    well = double_well(model, glass(model))
    if well is None:
        print("no double well met: explore longer")
        return
    units = model.units()
    splitting = gw.solve_splitting(well.profile, units)
    mode = gw.max_overlap(model, well.minimum_a, well.tangent_a)
    print(
        f"double well: barrier {1e3 * well.barrier:.2f} meV, asymmetry "
        f"{1e3 * well.asymmetry:.2f} meV, path {well.path_length:.2f} angstrom sqrt(u), "
        f"{well.participation_number:.1f} atoms"
    )
    print(
        f"splitting {units.energy_kelvin(splitting.splitting):.3g} K "
        f"(+- {units.energy_kelvin(splitting.error):.1g} numerical, "
        f"{units.energy_kelvin(splitting.spread):.1g} by convention), flags: "
        f"{', '.join(splitting.flags) or 'none'}"
    )
    print(f"the path leaves along mode {mode.mode} with overlap {mode.overlap:.3f}")


if __name__ == "__main__":
    main()
