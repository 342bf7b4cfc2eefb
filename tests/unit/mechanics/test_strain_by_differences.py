"""Stress and moduli of calculators, by finite strain of their cell, against the exact route."""

from __future__ import annotations

import numpy as np
import strained_glasses as twin
from ase import Atoms
from ase.calculators.lj import LennardJones
from matscipy.calculators.polydisperse import InversePowerLawPotential, Polydisperse

import glasswells as gw
from glasswells.core.records import Configuration


def test_a_calculator_gives_what_the_kernels_give(soft_liquid: Configuration) -> None:
    """One potential by both routes: soft spheres with the exponent 10, by us and by matscipy.

    v''' jumps at the cutoff, which limits differences of an energy with many pairs there.
    """
    native = gw.SoftSpheres(exponent=10)
    glass = gw.minimize(native, soft_liquid).configuration
    atoms = Atoms("X150", positions=glass.positions, cell=glass.box, pbc=True)
    atoms.set_array("size", glass.diameters.copy())
    law = InversePowerLawPotential(
        epsilon=1.0, cutoff=1.25, na=0.2, q=2,
        minSize=glass.diameters.min(), maxSize=glass.diameters.max(),
    )  # fmt: skip
    model = gw.AseModel(atoms, Polydisperse(law), mass=1.0, anharmonic_length=0.1)
    bridged = model.configuration()
    expected, found = gw.elastic_moduli(native, glass), gw.elastic_moduli(model, bridged)
    stress = gw.stress(model, bridged)
    assert np.abs(stress - expected.stress).max() < 1e-6 * np.abs(expected.stress).max()
    largest = np.abs(expected.affine).max()
    assert np.abs(found.affine - expected.affine).max() < 1e-4 * largest
    assert np.abs(found.stiffness - expected.stiffness).max() < 1e-4 * largest


def test_stress_of_a_calculator_is_its_own() -> None:
    """The virial that ASE's Lennard-Jones calculator gives itself.

    Its smooth cutoff has jumps of v'' at ro and rc: no pair of this crystal is near them.
    """
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    noise = np.random.default_rng(5).uniform(-0.02, 0.02, (64, 3))
    atoms = Atoms("Ar64", positions=1.1 * sites + noise, cell=[4.4, 4.4, 4.4], pbc=True)
    atoms.calc = LennardJones(rc=2.05, smooth=True, ro=1.3)
    model = gw.AseModel(atoms)
    found = gw.stress(model, model.configuration())
    expected = atoms.get_stress(voigt=False)
    assert np.abs(found - expected).max() < 1e-7 * np.abs(expected).max()


def test_the_exact_route_is_taken_where_there_is_one() -> None:
    interactions = twin.MODEL.interactions(twin.minima(0)[0])
    assert not hasattr(interactions, "deformed")
    assert interactions.strain_gradient(twin.minima(0)[0].positions).shape == (6,)  # type: ignore[attr-defined]
