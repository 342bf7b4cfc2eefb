"""Instantons: closed forms, separable models, dense determinants, particles."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import EnergyProfile
from glasswells.observables import instanton_between, profile_instanton, with_zero_point
from glasswells.observables.active_set import ActiveSet, AlongPath
from glasswells.observables.polymer import Tridiagonal
from glasswells.tunneling import NIP, solve_splitting

OMEGA, HALF = 1.3, 0.4
ACTION = 2 * OMEGA * HALF**2 / 3
"""The integral of sqrt(2 V) from -HALF to HALF, V = OMEGA^2/(8 HALF^2) (x^2 - HALF^2)^2."""


class Quartic:
    """That V, with a tilt and an oscillator across, in coordinates turned by an angle.

    V(x, y) = V(x) + tilt x + omega(x)^2 y^2/2, omega(x) = fast + bump (1 - (x/HALF)^2)^2.
    """

    def __init__(self, fast=6.0, bump=0.0, tilt=0.0, angle=0.0) -> None:
        self.fast, self.bump, self.tilt = fast, bump, tilt
        c, s = math.cos(angle), math.sin(angle)
        self.turn = np.array([[c, s], [-s, c]])

    def path(self) -> np.ndarray:
        roots = np.roots([OMEGA**2 / (2 * HALF**2), 0, -(OMEGA**2) / 2, self.tilt])
        x = np.linspace(roots.real.min(), roots.real.max(), 21)
        return np.stack([x, np.zeros_like(x)], axis=1) @ self.turn

    def energies(self, places):
        x, y = (places @ self.turn.T).T
        c, w, dw, _ = OMEGA**2 / (8 * HALF**2), *self.omega(x)
        v = c * (x**2 - HALF**2) ** 2 + self.tilt * x + w**2 * y**2 / 2
        vx = 4 * c * x * (x**2 - HALF**2) + self.tilt + w * dw * y**2
        return v, np.stack([vx, w**2 * y], axis=1) @ self.turn

    def curvatures(self, places):
        x, y = (places @ self.turn.T).T
        c, w, dw, d2w = OMEGA**2 / (8 * HALF**2), *self.omega(x)
        found = np.empty((len(x), 2, 2))
        found[:, 0, 0] = c * (12 * x**2 - 4 * HALF**2) + (dw**2 + w * d2w) * y**2
        found[:, 0, 1] = found[:, 1, 0] = 2 * w * dw * y
        found[:, 1, 1] = w**2
        return self.turn.T @ found @ self.turn

    def omega(self, x):
        """With its first and second derivative."""
        q = 1 - (x / HALF) ** 2
        first, second = -4 * q * x / HALF**2, (8 * (x / HALF) ** 2 - 4 * q) / HALF**2
        return self.fast + self.bump * q**2, self.bump * first, self.bump * second


def profile(tilt: float = 0.0) -> EnergyProfile:
    """V(x) + tilt x with its true energies beyond both minima."""
    bends = [OMEGA**2 / (2 * HALF**2), 0, -(OMEGA**2) / 2, tilt]
    a, b = np.sort(np.roots(bends).real)[[0, -1]]

    def energy(x):
        return OMEGA**2 / (8 * HALF**2) * (x**2 - HALF**2) ** 2 + tilt * x

    x, out = np.linspace(a, b, 401), np.linspace(0, 0.8, 301)
    return EnergyProfile(
        arc_length=x - a,
        energy=energy(x) - energy(a),
        curvature_a=float(np.polyval(np.polyder(bends), a)),
        curvature_b=float(np.polyval(np.polyder(bends), b)),
        beyond_a=(out, energy(a - out) - energy(a)),
        beyond_b=(out, energy(b + out) - energy(a)),
    )


def steep_descent() -> EnergyProfile:
    """A barrier of 0.02 near A, right behind it a descent of 0.06, then a long valley to B."""
    s = np.linspace(0, 1, 201)
    fall = np.clip((s - 0.15) / 0.2, 0, 1)
    energy = 0.02 * np.exp(-(((s - 0.15) / 0.08) ** 2)) - 0.06 * fall**3 * (
        10 - 15 * fall + 6 * fall**2
    )
    energy += 0.05 * (s * (1 - s)) ** 2
    return EnergyProfile(arc_length=s, energy=energy - energy[0], curvature_a=1.0, curvature_b=0.1)


def schroedinger(hbar: float, curve: EnergyProfile | None = None) -> float:
    """Delta_0 of one dimension."""
    units = replace(NIP, name="test", reduced_hbar=hbar)
    return solve_splitting(profile() if curve is None else curve, units).tunneling_amplitude


def series(share: float) -> float:
    """Splitting over its leading order in share = hbar/S, for the quartic double well.

    1 - (71/12) g - (6299/288) g^2 with S/hbar = 1/(6 g): the one-instanton expansion of Zinn-Justin
    and Jentschura (Ann. Phys. 313, 197, 2004).
    """
    return 1 - 71 / 72 * share - 6299 / 10368 * share**2


def test_the_quartic_double_well_has_its_closed_form() -> None:
    """Delta = 2 hbar omega sqrt(6 S/(pi hbar)) exp(-S/hbar), S = 2 omega a^2/3."""
    found = profile_instanton(profile())
    assert found.outcome is Outcome.CONVERGED
    assert found.action == pytest.approx(ACTION, rel=1e-6)
    assert found.prefactor == pytest.approx(OMEGA * math.sqrt(12), rel=1e-4)
    hbar = ACTION / 8
    expected = 2 * hbar * OMEGA * math.sqrt(6 * 8 / math.pi) * math.exp(-8)
    assert found.amplitude(hbar) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_in_a_separable_model_all_three_splittings_agree(angle: float) -> None:
    """One dimension, corrected by what does not change, and the instanton of both dimensions.

    The instanton is the leading order in hbar; with the next two orders of the quartic well it
    equals the Schroedinger equation to 1e-4 where hbar/S is 1/20 and 1/30.
    """
    model = Quartic(angle=angle)
    found = instanton_between(model, model.path())
    same = with_zero_point(profile(), [0, 0.5, 1], np.full(3, model.fast), 0.01)
    for share in (1 / 20, 1 / 30):
        exact = schroedinger(share * ACTION)
        assert schroedinger(share * ACTION, same) == pytest.approx(exact, rel=1e-6)
        leading = found.amplitude(share * ACTION)
        assert leading * series(share) == pytest.approx(exact, rel=1e-4)
        assert abs(leading / exact - 1) > 0.03  # leading order alone does not do


def test_a_fast_mode_that_changes_enters_as_its_zero_point_energy() -> None:
    """The instanton's factor is that of V + hbar omega(x)/2, which the fast mode follows.

    They differ by a relative hbar/S, and by the mode's lag, of which the instanton knows: together
    below 1 % here, where the mode itself moves Delta_0 by a third.
    """
    model, still, share = Quartic(fast=12.0, bump=0.4), Quartic(fast=12.0), np.linspace(0, 1, 41)
    factor = instanton_between(model, model.path(), beads=512).prefactor
    factor /= instanton_between(still, still.path(), beads=512).prefactor
    assert abs(factor - 1) > 0.3
    omega = model.omega(HALF * (2 * share - 1))[0]
    for hbar in (ACTION / 15, ACTION / 30):
        corrected = with_zero_point(profile(), share, omega - omega[0], hbar)
        assert schroedinger(hbar, corrected) / schroedinger(hbar) == pytest.approx(factor, rel=0.01)


def test_a_difference_of_the_minima_is_leveled() -> None:
    """A tilt enters Delta_0 in second order only, as in the Schroedinger equation."""
    hbar = ACTION / 10
    plain, exact = profile_instanton(profile()).amplitude(hbar), schroedinger(hbar)
    changes = []
    for tilt in (0.004, 0.008):
        found = profile_instanton(profile(tilt))
        assert found.outcome is Outcome.CONVERGED
        changes.append([found.amplitude(hbar) / plain, schroedinger(hbar, profile(tilt)) / exact])
    small, large = np.array(changes) - 1
    assert (np.abs(small) < 0.005).all()
    assert large / small == pytest.approx(4, rel=0.05)


def test_the_chain_is_solved_as_its_dense_matrix() -> None:
    n, f = 9, 3
    blocks = np.random.default_rng(4).normal(size=(n, f, f))
    blocks = blocks + blocks.transpose(0, 2, 1) + 4 * np.eye(f)
    dense = np.zeros((n * f, n * f))
    for k in range(n):
        dense[f * k : f * k + f, f * k : f * k + f] = blocks[k]
    dense -= np.eye(n * f, k=f) + np.eye(n * f, k=-f)
    chain = Tridiagonal(blocks)
    assert chain.log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-10)
    right = np.random.default_rng(5).normal(size=(n, f))
    assert chain.solve(right) == pytest.approx(
        np.linalg.solve(dense, right.ravel()).reshape(n, f), abs=1e-10
    )
    values, vectors = np.linalg.eigh(dense)
    nearest = int(np.abs(values).argmin())
    start = vectors[:, nearest].reshape(n, f) + 0.01 * right
    assert chain.softest(start)[0] == pytest.approx(values[nearest], rel=1e-6)


@pytest.fixture(scope="module")
def well() -> gw.DoubleWell:
    """One of the shipped two-level systems, of 1500 particles."""
    return gw.two_level_system("154e59115388-0").double_well


def test_the_energy_of_an_active_set_is_that_of_all_particles(well) -> None:
    landscape = ActiveSet(gw.SoftSpheres(), well, 4)
    energies, gradients = landscape.energies(landscape.path)
    assert energies[-1] - energies[0] == pytest.approx(well.asymmetry, abs=1e-7)
    # The space holds the images of the path themselves, and its lengths are theirs.
    assert np.linalg.norm(landscape.path[-1]) == pytest.approx(
        np.linalg.norm(well.displacement_ab), rel=1e-6
    )
    place, h = landscape.path[3], 1e-4
    steps = h * np.eye(len(place))
    up, down = (landscape.energies(place + sign * steps) for sign in (1, -1))
    assert gradients[3] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-5)
    expected = (up[1] - down[1]) / (2 * h)
    assert landscape.curvatures(place[None])[0] == pytest.approx(expected, abs=1e-3)


def test_more_particles_find_a_path_of_less_action(well) -> None:
    """Each space holds the one before; the path of steepest descent has the most action."""
    model = gw.SoftSpheres()
    found = [gw.find_instanton(model, well, particles=n, beads=128) for n in (0, 3, 9)]
    assert all(one.outcome is Outcome.CONVERGED for one in found)
    found.insert(0, profile_instanton(well.profile, beads=128))
    actions = np.array([one.action for one in found])
    assert (np.diff(actions) < max(one.action_error for one in found)).all()
    assert actions[-1] < 0.98 * actions[0]


def test_heavier_particles_have_more_action(well) -> None:
    """S ~ sqrt(m), frequencies ~ 1/sqrt(m)."""
    model = gw.SoftSpheres()
    heavy = replace(
        well,
        **{
            name: replace(getattr(well, name), masses=np.full(1500, 4.0))
            for name in ("minimum_a", "minimum_b", "saddle")
        },
    )
    one, four = (gw.find_instanton(model, each, particles=2, beads=32) for each in (well, heavy))
    assert four.action == pytest.approx(2 * one.action, rel=1e-6)
    assert four.prefactor == pytest.approx(one.prefactor / 2, rel=1e-4)


def test_what_is_no_double_well_is_named(well) -> None:
    single = AlongPath(profile())
    with pytest.raises(InputError, match="lowest curvature"):
        instanton_between(single, np.linspace(0, HALF, 9)[:, None])
    with pytest.raises(InputError, match="differ by"):
        profile_instanton(steep_descent())
    with pytest.raises(InputError, match="beads is 33"):
        profile_instanton(profile(), beads=33)
    with pytest.raises(InputError, match="particles is 1500"):
        gw.find_instanton(gw.SoftSpheres(), well, particles=1500)


class Ridge(Quartic):
    """A barrier whose top curves down across, too: two ways around it, at +y and at -y.

    V(x, y) = V(x) + (omega^2/2 - fall q^2) y^2 + height y^4, q = 1 - (x/HALF)^2.
    """

    fall, height = 4.0, 400.0

    def path(self) -> np.ndarray:
        x = np.linspace(-HALF, HALF, 21)
        return np.stack([x, 1e-3 * (1 - (x / HALF) ** 2)], axis=1)

    def energies(self, places):
        v, slope = super().energies(places)
        x, y = places.T
        q, dq = 1 - (x / HALF) ** 2, -2 * x / HALF**2
        across = np.stack([-2 * self.fall * q * dq * y**2, -2 * self.fall * q**2 * y], axis=1)
        across[:, 1] += 4 * self.height * y**3
        return v - self.fall * q**2 * y**2 + self.height * y**4, slope + across

    def curvatures(self, places):
        found = super().curvatures(places)
        x, y = places.T
        q, dq, d2q = 1 - (x / HALF) ** 2, -2 * x / HALF**2, -2 / HALF**2
        found[:, 0, 0] -= 2 * self.fall * (dq**2 + q * d2q) * y**2
        found[:, 0, 1] -= 4 * self.fall * q * dq * y
        found[:, 1, 0] = found[:, 0, 1]
        found[:, 1, 1] += 12 * self.height * y**2 - 2 * self.fall * q**2
        return found


def test_a_chain_on_a_ridge_slides_off_it() -> None:
    """Newton steps alone would end there: the action curves down in another direction, too."""
    landscape = Ridge(fast=1.5)
    found = instanton_between(landscape, landscape.path())
    assert found.outcome is Outcome.CONVERGED
    over = instanton_between(Quartic(fast=1.5), Quartic(fast=1.5).path())
    assert found.action < 0.999 * over.action
    assert np.abs(found.path[:, 1]).max() > 0.02
    # No path a little beside it has less action: a wave of each size across, at both ends zero.
    steps = np.linspace(0, 1, len(found.path))
    h = float(np.sum(np.diff(found.path, axis=0) ** 2) / found.action)

    def action(path: np.ndarray) -> float:
        kinetic = float(np.sum(np.diff(path, axis=0) ** 2)) / (2 * h)
        return kinetic + h * float(landscape.energies(path)[0].sum())

    for n in range(1, 9):
        for side in (0, 1):
            wave = np.zeros_like(found.path)
            wave[:, side] = 1e-3 * np.sin(n * np.pi * steps)
            for sign in (1, -1):
                assert action(found.path + sign * wave) > action(found.path)


class Pit(Quartic):
    """The same wells, and beside the way from A, out of sight of A itself, one that is deeper.

    -depth (1 - r^2/width^2)^3 within r < width of its bottom.
    """

    depth, width = 0.03, 0.14
    bottom = np.array([-0.3, 0.12])

    def energies(self, places):
        v, slope = super().energies(places)
        away, q = self._away(places)
        pull = 6 * self.depth / self.width**2 * q**2
        return v - self.depth * q**3, slope + pull[:, None] * away

    def curvatures(self, places):
        away, q = self._away(places)
        pull, bend = (6 * self.depth / self.width**2 * f for f in (q**2, 4 * q / self.width**2))
        outer = away[:, :, None] * away[:, None, :]
        pit = pull[:, None, None] * np.eye(2) - bend[:, None, None] * outer
        return super().curvatures(places) + pit

    def _away(self, places):
        away = places - self.bottom
        return away, np.maximum(1 - np.sum(away**2, axis=1) / self.width**2, 0.0)


def test_a_chain_that_falls_below_both_wells_says_so() -> None:
    landscape = Pit(fast=0.5)
    found = instanton_between(landscape, landscape.path())
    assert found.outcome is Outcome.DEEPER_WELL
    assert math.isnan(found.action)
