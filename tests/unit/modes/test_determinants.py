"""Log-determinants against the dense spectrum, and the attempt frequency that they make."""

from __future__ import annotations

import numpy as np
import pytest
from small_glasses import Glass

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.modes.determinants import LogDeterminant, attempt_frequency, log_determinant
from glasswells.modes.stiffness import Stiffness


def eigenvalues(stiffness: Stiffness) -> np.ndarray:
    """Without the three translations, which are those closest to zero."""
    values = np.linalg.eigvalsh(stiffness.matrix.toarray())
    return np.delete(values, np.argsort(np.abs(values))[:3])


@pytest.mark.parametrize("masses", [None, "unequal"])
def test_it_is_the_product_of_the_eigenvalues(glass: Glass, masses: str | None) -> None:
    configuration = glass.configuration
    if masses:
        n = configuration.n_particles
        drawn = np.random.default_rng(1).uniform(0.5, 3.0, n)
        configuration = Configuration(
            positions=configuration.positions,
            diameters=configuration.diameters,
            box=configuration.box,
            masses=drawn,
        )
    stiffness = Stiffness(glass.model, configuration)
    found = log_determinant(stiffness)
    assert found.negative == 0
    assert found.value == pytest.approx(np.log(eigenvalues(stiffness)).sum(), rel=1e-12)


def test_negative_eigenvalues_count_and_enter_by_their_size(glass: Glass) -> None:
    moved = glass.configuration.positions + np.random.default_rng(2).normal(
        scale=0.03, size=glass.configuration.positions.shape
    )
    configuration = Configuration(
        positions=moved, diameters=glass.configuration.diameters, box=glass.configuration.box
    )
    stiffness = Stiffness(glass.model, configuration)
    values = eigenvalues(stiffness)
    assert (values < 0).any()
    found = log_determinant(stiffness)
    assert found.negative == (values < 0).sum()
    assert found.value == pytest.approx(np.log(np.abs(values)).sum(), rel=1e-10)


def test_the_attempt_frequency_is_vineyards_quotient() -> None:
    minimum, saddle = np.array([2.0, 3.0, 5.0]), np.array([-4.0, 2.5, 6.0])
    found = attempt_frequency(
        LogDeterminant(value=float(np.log(minimum**2).sum()), negative=0),
        LogDeterminant(value=float(np.log(saddle**2).sum()), negative=1),
        -(saddle[0] ** 2),
    )
    assert found == pytest.approx(minimum.prod() / saddle[1:].prod())


@pytest.mark.parametrize("seed", range(6))
def test_a_cluster_that_can_turn_is_refused(seed: int) -> None:
    """The Hessian of an icosahedron in open space has three zero modes beyond the translations."""
    rng = np.random.default_rng(seed)
    golden = (1 + 5**0.5) / 2
    corners = [
        np.roll([0.0, a, b], turn) for a in (-1, 1) for b in (-golden, golden) for turn in range(3)
    ]
    places = 1.08 * np.array([np.zeros(3), *corners]) / np.sqrt(1 + golden**2)
    turned = places @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + 15
    start = gw.Configuration(
        positions=turned + 0.03 * rng.normal(size=turned.shape),
        diameters=np.ones(13),
        box=[30.0] * 3,
    )
    model = gw.KobAndersen()
    minimum = gw.minimize(model, start).configuration
    with pytest.raises(InputError, match="a cluster in open space can also turn"):
        log_determinant(Stiffness(model, minimum))


def test_a_minimum_that_is_none_is_refused() -> None:
    one = LogDeterminant(value=1.0, negative=1)
    with pytest.raises(InputError, match="the minimum has 1 negative"):
        attempt_frequency(one, one, -1.0)
    with pytest.raises(InputError, match="the saddle has 0 negative"):
        attempt_frequency(
            LogDeterminant(value=1.0, negative=0), LogDeterminant(value=1.0, negative=0), -1.0
        )


def test_a_double_well_with_all_its_modes(glass: Glass) -> None:
    """The three factorizations put together, against dense spectra."""
    for displacement in glass.displacements:
        other = Configuration(
            positions=glass.configuration.positions + displacement,
            diameters=glass.configuration.diameters,
            box=glass.configuration.box,
        )
        well = gw.find_double_well(glass.model, glass.configuration, other)
        if isinstance(well, gw.DoubleWell):
            break
    else:
        pytest.fail("no double well among the neighbors")
    found = gw.attempt_frequencies(glass.model, well)
    a, s, b = (
        eigenvalues(Stiffness(glass.model, c))
        for c in (well.minimum_a, well.saddle, well.minimum_b)
    )
    assert s[0] == pytest.approx(well.negative_eigenvalue, rel=1e-6)
    for value, minimum in ((found.a, a), (found.b, b)):
        expected = np.exp((np.log(minimum).sum() - np.log(s[1:]).sum()) / 2)
        assert value == pytest.approx(expected, rel=1e-6)
