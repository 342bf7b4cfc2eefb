"""Prefactors of instantons with the modes outside of the active set, as a table.

    python scripts/instanton_baths.py 13 15 [--particles 10 20 40] [--images 5] [--nodes 8]

The prefactor of an active set holds its own modes only. Those of all particles follow the path
as zero-point energies do, exp(-(1/2) integral of (sum of omega less that in the nearer minimum)
dt) along the instanton; the same of the set's modes is divided out. Where the product depends no
more on the set, the set is large enough. The sums of all modes take half a minute of CPU for each
double well, rows come as they are done.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.interpolate import PchipInterpolator

import glasswells as gw
from glasswells.core.records import Array
from glasswells.modes.stiffness import Stiffness
from glasswells.observables.active_set import ActiveSet
from glasswells.observables.beyond_path import sum_across

MODEL = gw.SoftSpheres()
AROUND = 0.02
"""Of the arc length, on both sides of a place, from which its tangent is taken."""


class Chain:
    """An instanton as a curve of its arc length, from 0 in A to 1 in B."""

    def __init__(self, well: gw.DoubleWell, particles: int) -> None:
        self.well, self.landscape = well, ActiveSet(MODEL, well, particles)
        self.found = gw.find_instanton(MODEL, well, particles=particles)
        lengths = np.linalg.norm(np.diff(self.found.path, axis=0), axis=1)
        self.places = np.concatenate([[0.0], lengths.cumsum()]) / lengths.sum()
        # The action of short steps is the sum of |dx|^2/h.
        self.step = float(np.sum(lengths**2)) / self.found.action
        self.top = int(self.landscape.energies(self.found.path)[0].argmax())

    def at(self, place: float) -> Array:
        """The coordinates there."""
        return np.array([np.interp(place, self.places, column) for column in self.found.path.T])

    def tangent(self, place: float) -> Array:
        """The direction there, not of unit length."""
        return self.at(min(place + AROUND, 1.0)) - self.at(max(place - AROUND, 0.0))

    def own_sum(self, place: float) -> float:
        """Of the frequencies of the set across the chain."""
        unit = self.tangent(place)
        across = np.eye(len(unit)) - np.outer(unit, unit) / np.sum(unit**2)
        (curvature,) = self.landscape.curvatures(self.at(place)[None])
        values = np.linalg.eigvalsh(across @ curvature @ across)
        return float(np.sqrt(values[values > 0]).sum())

    def full_sum(self, place: float, nodes: int) -> float:
        """Of the frequencies of all particles across the chain."""
        start = self.landscape.positions(self.at(place))
        end = self.landscape.positions(self.at(place) + self.tangent(place))
        configuration = self.well.minimum_a.moved_to(start)
        return sum_across(Stiffness(MODEL, configuration), end - start, nodes)[0]

    def factor(self, images: Array, sums: Array) -> float:
        """The exponential of minus half the integral over time."""
        curve = PchipInterpolator(images, sums)(self.places)
        nearer = np.where(np.arange(len(curve)) <= self.top, sums[0], sums[-1])
        return float(np.exp(-self.step * np.sum(curve - nearer) / 2))


def main() -> None:
    """Print the table; the chain of the first set gives the sums of all modes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--particles", type=int, nargs="+", default=[20, 10, 40])
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=8)
    chosen = parser.parse_args()
    images = np.linspace(0.0, 1.0, chosen.images)
    print("| row | particles | prefactor | all modes, adiabatic | corrected prefactor |")
    print("| --- | --- | --- | --- | --- |")
    for row in chosen.rows:
        full = None
        for particles in chosen.particles:
            chain = Chain(gw.two_level_system(row).double_well, particles)
            if not chain.found.outcome.converged:
                print(f"| {row} | {particles} | {chain.found.outcome.name} | - | - |", flush=True)
                continue
            if full is None:
                full = np.array([chain.full_sum(place, chosen.nodes) for place in images])
            own = np.array([chain.own_sum(place) for place in images])
            every = chain.factor(images, full)
            corrected = chain.found.prefactor * every / chain.factor(images, own)
            print(
                f"| {row} | {particles} | {chain.found.prefactor:.3g} | {every:.3g} | "
                f"{corrected:.3g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
