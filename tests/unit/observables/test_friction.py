"""Internal friction: closed forms of two and three states, the limit of isolated double wells."""

from __future__ import annotations

import numpy as np
import pytest
from example_systems import MEDIUM, directions, independent, random_tensors, two_minima, wells

from glasswells.core.errors import InputError
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.observables import (
    Network,
    internal_friction,
    largest_part,
    network_friction,
    occupations,
    rate_matrix,
)

V = 100.0


def chain(couplings: np.ndarray) -> Network:
    """Three minima of energy 0 in a row over saddles of 0.5, all frequencies 2 pi."""
    return Network(
        volume=V,
        energies=np.zeros(3),
        couplings=couplings,
        ends=np.array([[0, 1], [1, 2]]),
        saddles=np.full(2, 0.5),
        attempts=np.full(2, 2 * np.pi),
    )


def by_linear_response(network: Network, kT: float, omega: float) -> float:
    """Longitudinal Q^-1 from the driven occupations themselves, direction by direction.

    A strain e cos(omega t) along n changes V_k by f_k e, f_k = n.(V sigma_k).n. To first order
    W(e) p_eq(e) = 0 at each instant, so that d(dp)/dt = W (dp - dp_eq) with
    dp_eq = -(p/T)(f - <f>) e, and dp = -(i omega - W)^-1 W dp_eq. Its stress is f.dp/V, and
    Q^-1 = Im(stress/e)/(rho v^2).
    """
    w, p = rate_matrix(network, kT), occupations(network, kT)
    loss = 0.0
    for weight, n, _ in directions():
        f = np.einsum("kab,a,b->k", network.couplings, n, n)
        follows = -p / kT * (f - p @ f)
        driven = np.linalg.solve(1j * omega * np.eye(len(p)) - w, -w @ follows)
        loss += weight * float((f @ driven).imag)
    return loss / (network.volume * MEDIUM.longitudinal)


@pytest.mark.parametrize("asymmetry", [0.0, 0.13, -0.2])
def test_two_states_have_the_closed_form(asymmetry: float) -> None:
    """Q^-1 = g^2 p_A p_B/(T V M) x/(1 + x^2), x = omega/(k_AB + k_BA).

    Two occupations that add up to 1 have one mode; dp_B follows -p_A p_B g e/T with the rate
    k_AB + k_BA, and the stress g dp_B/V. p_A p_B/T is sech^2(D/2T + ln(w_B/w_A)/2)/(4T).
    """
    g, kT, omega, (w_a, w_b) = random_tensors(1, 3)[0], 0.06, 1e-3, (3.0, 7.0)
    from_a = w_a / (2 * np.pi) * np.exp(-0.5 / kT)
    from_b = w_b / (2 * np.pi) * np.exp(-(0.5 - asymmetry) / kT)
    p_b = from_a / (from_a + from_b)
    x = omega / (from_a + from_b)
    expected = p_b * (1 - p_b) / kT * x / (1 + x**2) / V
    network = two_minima(0.5, asymmetry, w_a, w_b, g)
    found = network_friction(network, MEDIUM, [kT], omega)
    l2 = sum(w * (n @ g @ n) ** 2 for w, n, _ in directions())
    t2 = sum(w * (n @ g @ m) ** 2 / 2 for w, n, both in directions() for m in both)
    assert found.longitudinal[0] == pytest.approx(expected * l2 / MEDIUM.longitudinal, rel=1e-10)
    assert found.transverse[0] == pytest.approx(expected * t2 / MEDIUM.transverse, rel=1e-10)
    alone = internal_friction([wells([0.5], [asymmetry], [w_a], [w_b], [g])], MEDIUM, [kT], omega)
    assert alone.longitudinal.value[0] == pytest.approx(found.longitudinal[0], rel=1e-10)
    assert alone.transverse.value[0] == pytest.approx(found.transverse[0], rel=1e-10)


def test_three_states_in_a_row_have_the_closed_form() -> None:
    r"""Q^-1 = [(f_1 - f_3)^2/6 x_1/(1 + x_1^2) + (f_1 - 2 f_2 + f_3)^2/18 x_3/(1 + x_3^2)]/(T V M).

    With the rate k over both saddles, both ways, W = k [[-1, 1, 0], [1, -2, 1], [0, 1, -1]] is
    symmetric: its modes are (1, 0, -1)/sqrt(2) with the rate k and (1, -2, 1)/sqrt(6) with 3 k. All
    p_k are 1/3, so c^2 = (f_1 - f_3)^2/6 and (f_1 - 2 f_2 + f_3)^2/18; x_1 = omega/k,
    x_3 = omega/(3 k).
    """
    couplings, kT, omega = random_tensors(3, 4), 0.07, 2e-3
    k = np.exp(-0.5 / kT)
    slow = longitudinal_square(couplings[0] - couplings[2]) / 6
    fast = longitudinal_square(couplings[0] - 2 * couplings[1] + couplings[2]) / 18
    x = omega / k
    expected = slow * x / (1 + x**2) + fast * (x / 3) / (1 + (x / 3) ** 2)
    found = network_friction(chain(couplings), MEDIUM, [kT], omega).longitudinal[0]
    assert found == pytest.approx(expected / (kT * V * MEDIUM.longitudinal), rel=1e-10)


def test_the_coupling_is_that_of_nodes_and_not_of_links() -> None:
    """A chain whose outer minima couple alike: both links carry g^2, and one mode carries none."""
    g, kT, omega = random_tensors(1, 5)[0], 0.07, 2e-3
    couplings = np.array([np.zeros((3, 3)), g, np.zeros((3, 3))])
    k = np.exp(-0.5 / kT)
    x = omega / (3 * k)
    expected = 4 * longitudinal_square(g) / 18 * x / (1 + x**2) / (kT * V * MEDIUM.longitudinal)
    found = network_friction(chain(couplings), MEDIUM, [kT], omega).longitudinal[0]
    by_links = internal_friction(
        [wells([0.5] * 2, [0.0] * 2, [2 * np.pi] * 2, [2 * np.pi] * 2, [g, -g])],
        MEDIUM, [kT], omega,
    ).longitudinal.value[0]  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-10)
    assert abs(by_links / found - 1) > 0.5


def test_double_wells_that_do_not_know_each_other_add() -> None:
    """The network of all 2^n states of n double wells equals the sum over the n."""
    barriers, asymmetries = (0.5, 0.42, 0.6), (0.1, -0.15, 0.02)
    attempts_a, attempts_b = (3.0, 2.0, 5.0), (4.0, 2.5, 1.0)
    g, temperatures, omega = random_tensors(3, 6), [0.05, 0.08, 0.12], 1e-3
    each = [
        two_minima(*numbers)
        for numbers in zip(barriers, asymmetries, attempts_a, attempts_b, g, strict=True)
    ]
    together = network_friction(independent(each), MEDIUM, temperatures, omega)
    alone = internal_friction(
        [wells(barriers, asymmetries, attempts_a, attempts_b, g)], MEDIUM, temperatures, omega
    )
    assert together.longitudinal == pytest.approx(alone.longitudinal.value, rel=1e-9)
    assert together.transverse == pytest.approx(alone.transverse.value, rel=1e-9)


def random_network(n: int, links: int, seed: int) -> Network:
    """A ring with shortcuts; some minima are joined by two saddles."""
    random = np.random.default_rng(seed)
    energies = random.uniform(0, 0.3, n)
    ring = [(k, (k + 1) % n) for k in range(n)]
    ends = np.array([*ring, ring[0], *random.choice(n, (links, 2))])
    saddles = energies[ends].max(axis=1) + random.uniform(0.1, 0.4, len(ends))
    return Network(
        volume=V,
        energies=energies,
        couplings=random_tensors(n, seed),
        ends=ends,
        saddles=saddles,
        attempts=random.uniform(1, 5, len(ends)),
        entropies=random.normal(size=n),
    )


def test_any_network_answers_as_its_driven_occupations_do() -> None:
    network = random_network(12, 9, seed=8)
    for kT, omega in ((0.05, 1e-3), (0.1, 0.05), (0.2, 1.0)):
        found = network_friction(network, MEDIUM, [kT], omega).longitudinal[0]
        assert found == pytest.approx(by_linear_response(network, kT, omega), rel=1e-9)


def test_columns_of_the_rate_matrix_add_up_to_zero_and_flows_balance() -> None:
    network = random_network(9, 6, seed=9)
    w, p = rate_matrix(network, 0.08), occupations(network, 0.08)
    assert w.sum(axis=0) == pytest.approx(np.zeros(9), abs=1e-14)
    flows = w * p
    assert flows == pytest.approx(flows.T, rel=1e-12, abs=1e-300)
    assert w @ p == pytest.approx(np.zeros(9), abs=1e-15)


def test_the_largest_part_is_kept_whole() -> None:
    whole = random_network(7, 3, seed=10)
    lonely = Network(
        volume=V,
        energies=np.concatenate([[0.5, 0.6], whole.energies]),
        couplings=np.concatenate([random_tensors(2, 1), whole.couplings]),
        ends=np.concatenate([[[0, 1]], whole.ends + 2]),
        saddles=np.concatenate([[0.9], whole.saddles]),
        attempts=np.concatenate([[1.0], whole.attempts]),
        entropies=np.concatenate([[0.0, 0.0], whole.entropies]),
    )
    found = largest_part(lonely)
    assert np.array_equal(found.energies, whole.energies)
    assert np.array_equal(found.ends, whole.ends)
    assert np.array_equal(found.entropies, whole.entropies)


def test_a_frequency_below_the_rounding_of_the_fastest_rate_has_no_answer() -> None:
    network = two_minima(0.5, 0.0, 1.0, 1.0, np.eye(3))
    assert np.isnan(network_friction(network, MEDIUM, [0.5], 1e-18).longitudinal[0])


def test_the_transverse_average_is_over_all_directions() -> None:
    g = random_tensors(5, 12)
    across = [sum(w * (n @ x @ m) ** 2 / 2 for w, n, both in directions() for m in both) for x in g]
    assert transverse_square(g) == pytest.approx(across, rel=1e-12)


def test_wrong_networks_are_refused() -> None:
    with pytest.raises(InputError, match="a saddle lies below"):
        two_minima(0.1, 0.2, 1.0, 1.0, np.eye(3))
    with pytest.raises(InputError, match="ends holds"):
        Network(
            volume=V, energies=np.zeros(2), couplings=np.zeros((2, 3, 3)),
            ends=np.array([[0, 2]]), saddles=np.ones(1), attempts=np.ones(1),
        )  # fmt: skip
    with pytest.raises(InputError, match="a saddle does not lie above"):
        wells([0.1], [0.2], [1.0], [1.0], [np.eye(3)])
