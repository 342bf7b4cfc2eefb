"""
ASE, both ways
==============

Any ASE calculator can take the place of the pair model, and the pair model can serve ASE. Here a
small amorphous alloy in ASE's effective-medium potential is quenched and its vibrations are
computed; then our model gives energies and forces to ASE.
"""

import matplotlib.pyplot as plt
import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT
from ase.optimize import FIRE

import glasswells as gw

# %%
# An alloy of nickel and silver by effective-medium theory. `AseModel` takes lengths in angstrom,
# energies in electronvolt and masses in atomic mass units, so that times are ASE's own, 10.18 fs;
# derivatives of higher order come from differences of forces.

generator = np.random.default_rng(3)
edge, cells = 9.2, 4
sites = np.indices((cells, cells, cells)).reshape(3, -1).T * edge / cells
sites = sites[np.sort(generator.permutation(len(sites))[:52])]
atoms = Atoms(list(generator.permutation(["Ni", "Ag"] * 26)), sites, cell=[edge] * 3, pbc=True)
model = gw.AseModel(atoms, EMT)
melt = gw.molecular_dynamics(
    model,
    gw.minimize(model, model.configuration(), max_force=0.1).configuration,
    model.temperature(1500),
    200,
    seed=1,
    time_step=0.5,
    thermostat="langevin",
)
quench = gw.minimize(model, melt.configuration, max_force=1e-7)
print(f"{quench.outcome.name}: {quench.energy / len(atoms):.4f} eV per atom")

modes = gw.normal_modes(model, quench.configuration)
figure, axis = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
axis.plot(modes.frequencies[3:], modes.participation_ratios[3:], ".")
axis.set(xlabel="frequency, sqrt(eV / (u A^2))", ylabel="participation ratio", ylim=(0, 1))
axis.set_title("modes of amorphous NiAg, 52 atoms")
plt.show()

# %%
# The other way: 343 soft spheres as ASE's Atoms, relaxed by ASE's FIRE with our forces, then
# by our own quench.

n = 7
liquid = gw.swap_monte_carlo(
    gw.SoftSpheres(),
    gw.Configuration(
        positions=np.indices((n, n, n)).reshape(3, -1).T + 0.5,
        diameters=gw.draw_diameters(n**3, seed=1),
        box=np.full(3, float(n)),
    ),
    temperature=0.15,
    sweeps=500,
    seed=2,
).configuration
spheres = gw.to_ase(liquid)
spheres.calc = gw.AseCalculator(gw.SoftSpheres())
optimizer = FIRE(spheres, logfile=None)
optimizer.run(fmax=1e-3, steps=1000)
print(f"ASE's FIRE: {spheres.get_potential_energy() / n**3:.6f} after {optimizer.nsteps} steps")
ours = gw.minimize(gw.SoftSpheres(), gw.from_ase(spheres))
print(f"our quench from there: {ours.energy / n**3:.6f}, largest force {ours.max_force:.0e}")
