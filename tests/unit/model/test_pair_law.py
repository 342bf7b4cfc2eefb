"""v to v'''' of each pair law, through a system of two particles, against 40-digit mpmath."""

from __future__ import annotations

import re
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest

import reference
from glasswells.core.records import Configuration
from glasswells.model.functions import energy, forces, fourth_order, hessian, third_order
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.law import cutoff_jumps, smooth_cutoff
from glasswells.model.precision import is_continuous
from glasswells.model.registry import MODELS
from glasswells.model.soft_spheres import SoftSpheres
from own_potential import Constants, WideMixture, liquid

MODELS_AND_TWINS = [
    (SoftSpheres(), reference.soft_spheres(), (0.9, 1.3)),
    (SoftSpheres(), reference.soft_spheres(), (1.0, 1.0)),
    (
        SoftSpheres(exponent=10, nonadditivity=0.0, cutoff=1.4),
        reference.soft_spheres(10, 0.0, 1.4),
        (0.8, 1.1),
    ),
    (
        SoftSpheres(exponent=18, nonadditivity=0.3, cutoff=1.2),
        reference.soft_spheres(18, 0.3, 1.2),
        (0.8, 1.1),
    ),
    (KobAndersen(), reference.kob_andersen(), (1.0, 1.0)),
    (KobAndersen(), reference.kob_andersen(), (1.0, 0.88)),
    (KobAndersen(), reference.kob_andersen(), (0.88, 0.88)),
]
NAMES = ["n12-polydisperse", "n12-equal", "n10", "n18", "AA", "AB", "BB"]


def two_particles(diameters, r):
    """A pair at distance r along the box diagonal, so that all components matter."""
    direction = np.array([2.0, -1.0, 2.0]) / 3
    start = np.array([0.1, 0.2, 0.3])
    return Configuration(
        positions=[start, start + r * direction], diameters=diameters, box=[7.0, 8.0, 9.0]
    ), np.array([[0.0, 0.0, 0.0], direction])


def radial_derivatives(model, diameters, r):
    """(v, v', v'', v''', v'''') as the package has them."""
    pair, stretch = two_particles(diameters, r)
    z = stretch.ravel()
    return (
        energy(model, pair),
        -float((forces(model, pair) * stretch).sum()),
        float(z @ (hessian(model, pair) @ z)),
        third_order(model, pair, stretch)[1],
        fourth_order(model, pair, stretch),
    )


def exact_derivatives(pair, r):
    """The same by numerical differentiation in 40 digits of the sum of powers."""
    with mpmath.workdps(40):
        x_c = mpmath.mpf(pair.cutoff)
        bare = [(a, p) for a, p in pair.terms if p < 0]
        conditions = mpmath.matrix(
            [[reference.falling(p, m) * x_c ** (p - m) for p in (0, 2, 4)] for m in range(3)]
        )
        right = mpmath.matrix(
            [-sum(a * reference.falling(p, m) * x_c ** (p - m) for a, p in bare) for m in range(3)]
        )
        smooth = mpmath.lu_solve(conditions, right)
        terms = [*bare, *zip(smooth, (0, 2, 4), strict=True)]

        def v(distance):
            x = distance / mpmath.mpf(pair.range)
            return mpmath.fsum(a * x**p for a, p in terms)

        largest = [
            mpmath.fsum(
                abs(a * reference.falling(p, m)) * (r / pair.range) ** (p - m) for a, p in terms
            )
            / mpmath.mpf(pair.range) ** m
            for m in range(5)
        ]
        return [float(mpmath.diff(v, mpmath.mpf(r), m)) for m in range(5)], [
            float(size) for size in largest
        ]


@pytest.mark.parametrize(("model", "twin", "diameters"), MODELS_AND_TWINS, ids=NAMES)
@pytest.mark.parametrize("x", [0.8, 1.0, 1.1, 1.19])
def test_radial_derivatives_equal_mpmath(model, twin, diameters, x):
    pair = twin(*diameters)
    r = x * pair.range
    expected, sizes = exact_derivatives(pair, r)
    # Near the cutoff v is a small difference of large terms, so rounding scales with the terms.
    found = radial_derivatives(model, diameters, r)
    for order, (value, exact, size) in enumerate(zip(found, expected, sizes, strict=True)):
        assert abs(value - exact) < 2e-14 * size, f"derivative {order}"
        assert pair.derivative(r, order) == pytest.approx(exact, abs=2e-14 * size)


@pytest.mark.parametrize(("model", "twin", "diameters"), MODELS_AND_TWINS, ids=NAMES)
def test_v_to_second_derivative_vanish_at_the_cutoff(model, twin, diameters):
    pair = twin(*diameters)
    r_c = pair.cutoff * pair.range
    sizes = exact_derivatives(pair, r_c)[1]
    inside = radial_derivatives(model, diameters, r_c * (1 - 1e-9))
    outside = radial_derivatives(model, diameters, r_c * (1 + 1e-9))
    assert outside == (0.0, 0.0, 0.0, 0.0, 0.0)
    jump = abs(inside[3])
    # Taylor from the cutoff: v = v''' h^3/6, v' = v''' h^2/2, v'' = v''' h, and rounding.
    h = 1e-9 * r_c
    for order, factor in ((0, h**3 / 6), (1, h**2 / 2), (2, h)):
        assert abs(inside[order]) < 1.01 * jump * factor + 1e-14 * sizes[order]
    assert jump > 1e-3 * sizes[3] > 0


@pytest.mark.parametrize("model", [SoftSpheres(), KobAndersen()])
def test_laws_that_state_a_smooth_end_have_one(model):
    assert model.ends_smoothly
    assert max(map(abs, cutoff_jumps(model))) < 1e-8
    assert cutoff_jumps(model).words == ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut(WideMixture):
    """x^-6 with the first so many of the three terms that end it: v, v', v'' vanish by turns."""

    terms: int = 0

    @property
    def constants(self) -> Constants:
        x = self.cutoff
        ends = {0: (0, 0, 0), 1: (-(x**-6), 0, 0), 2: (-4 * x**-6, 3 * x**-8, 0)}
        return Constants(x**2, self.widening, *map(float, ends[self.terms]))


@pytest.mark.parametrize(
    ("terms", "is_smooth", "words"),
    [
        (0, (False, False, False), "v by 0.2, v' by 0.1, v'' by 0.1 of its size"),
        (1, (True, False, False), "v' by 0.1, v'' by 0.1 of its size .* so that forces jump"),
        (2, (True, True, False), "v'' by 0.* of its size .* so that the Hessian"),
    ],
)
def test_what_jumps_at_a_cutoff_is_found_and_said(terms, is_smooth, words):
    """Energies that jump are no continuous ones for quenches; the law itself says nothing."""
    model = Cut(terms=terms)
    jumps = cutoff_jumps(model)
    assert tuple(abs(jump) < 1e-6 for jump in jumps) == is_smooth
    assert re.match(words, jumps.words)
    if terms == 0:  # compared with x^-6 and its derivatives at 0.75 of the cutoff
        assert jumps.value == pytest.approx(0.75**6, rel=1e-6)
        assert -jumps.slope == pytest.approx(0.75**7, rel=1e-6)
        assert jumps.curvature == pytest.approx(0.75**8, rel=1e-6)
    interactions = model.interactions(liquid(1000))
    assert is_continuous(interactions) == is_smooth[0]


def test_third_derivative_jumps_by_the_published_value():
    model = SoftSpheres()
    assert radial_derivatives(model, (1.0, 1.0), 1.25 * (1 - 1e-12))[3] == pytest.approx(
        -94.58, abs=0.005
    )


def test_coefficients_of_the_smooth_cutoff():
    c0, c2, c4 = smooth_cutoff(12, 1.25)
    assert c0 == pytest.approx(-1.924145348608, abs=6e-13)
    assert c2 == pytest.approx(2.111062325330, abs=6e-13)
    assert c4 == pytest.approx(-0.591097451092, abs=6e-13)
    assert c0 == pytest.approx(-28 / 1.25**12, rel=1e-15)
    assert c2 == pytest.approx(48 / 1.25**14, rel=1e-15)
    assert c4 == pytest.approx(-21 / 1.25**16, rel=1e-15)


def test_energy_at_contact():
    contact, _ = two_particles((1.0, 1.0), 1.0)
    assert energy(SoftSpheres(), contact) == pytest.approx(0.5958, abs=5e-5)


def test_every_model_of_the_registry_has_a_twin_here():
    assert set(MODELS.values()) == {type(model) for model, _, _ in MODELS_AND_TWINS}


@pytest.mark.parametrize(("model", "twin", "diameters"), MODELS_AND_TWINS, ids=NAMES)
def test_is_repulsive_says_whether_v_is_never_negative(model, twin, diameters):
    pair = twin(*diameters)
    distances = np.linspace(0.7, pair.cutoff, 200)[:-1] * pair.range
    lowest = min(pair.derivative(r, 0) for r in distances)
    assert model.is_repulsive == (lowest > -1e-12)
