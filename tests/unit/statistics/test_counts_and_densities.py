from dataclasses import replace

import numpy as np
import pytest
from scipy import constants
from synthetic_wells import splitting, summary

from glasswells.core.errors import InputError
from glasswells.core.splittings import ContinuedSplitting
from glasswells.statistics import (
    Resampling,
    active_under,
    count_tls,
    cumulative_density,
    heat_capacity,
    splitting_density,
    tls_density,
)
from glasswells.tunneling import ARGON, ARGON_PUBLISHED, NIP


def test_two_level_systems_are_counted_raw_distinct_and_per_continuation():
    u = np.eye(3)
    active = {"others": {"harmonic": 0.001, "walls": 0.1}}
    quiet = {"others": {"harmonic": 0.001, "walls": 0.1}, "is_two_level": False}
    glasses = [
        [
            summary([1, 2, 3], u, splittings=[splitting(0.001, **active)]),
            summary([1, 2, 3], u, splittings=[splitting(0.0012, **active)]),
            summary([7, 8, 9], u, splittings=[splitting(0.0003)]),
            summary([4, 5, 6], u, splittings=[splitting(0.02, **quiet)]),
        ],
        [
            summary([1, 2, 3], u, glass="b", splittings=[splitting(0.001)]),
            summary(
                [1, 5, 6],
                u,
                glass="b",
                splittings=[splitting(1e-14, is_two_level=False, flags=("unresolved",))],
            ),
            summary([4, 5, 6], u, glass="b"),
        ],
        [],
    ]
    found = count_tls(glasses, ARGON)
    assert (found.raw, found.distinct, found.solved, found.unresolved) == (4, 3, 6, 1)
    # harmonic: the one at 0.02 becomes active; walls: two go; without a value nothing changes.
    assert dict(found.by_continuation) == {"straight": 4, "harmonic": 5, "walls": 2}
    assert found.spread == (2, 5)
    assert (found.in_all, found.in_some) == (2, 5)
    assert found.at_hbar_limits == ()
    assert found.per_glass.value == pytest.approx(4 / 3)
    nothing = count_tls(glasses, NIP)
    assert (nothing.raw, nothing.solved, nothing.spread) == (0, 0, (0, 0))


def test_two_level_systems_that_hardly_tunnel_are_told():
    """Delta_0 against a thousandth of the threshold."""
    u, limit = np.eye(3), 1e-3 * ARGON.tls_threshold
    amplitudes = (1e-13, 0.99 * limit, 1.01 * limit, 1e-4)
    glass = [
        summary([k, 50 + k], u[:2], splittings=[replace(splitting(0.001), tunneling_amplitude=x)])
        for k, x in enumerate(amplitudes)
    ]
    found = count_tls([glass], ARGON)
    assert (found.raw, found.slow) == (4, 2)


def test_what_is_a_single_well_under_one_continuation_only_does_not_count_there():
    def part(value, single):
        return ContinuedSplitting(
            splitting=value, asymmetry=value, tunneling_amplitude=0.0, zero_point_a=0.1,
            zero_point_b=0.1, is_single_well=single,
        )  # fmt: skip

    one = replace(
        splitting(0.001, others={"harmonic": 0.001, "walls": 0.002}),
        continuations={
            "straight": part(0.001, False),
            "harmonic": part(0.001, True),
            "walls": part(0.002, False),
        },
    )
    assert active_under(one, 0.0015) == {"straight": True, "harmonic": False, "walls": False}
    # The named one is a single well, another is not.
    other = replace(
        one,
        is_two_level=False,
        flags=("single_well",),
        continuations={**one.continuations, "harmonic": part(0.001, False)},
    )
    assert active_under(other, 0.0015) == {"straight": False, "harmonic": True, "walls": False}
    assert not any(active_under(replace(other, flags=("unresolved",)), 0.0015).values())


def test_counts_carry_the_error_of_a_fitted_constant():
    u = np.eye(3)
    made = [
        replace(splitting(0.001, units="argon-published"), at_hbar_limits=(0.0008, 0.0013)),
        replace(splitting(0.0014, units="argon-published"), at_hbar_limits=(0.0012, 0.0016)),
        replace(
            splitting(0.0016, units="argon-published", is_two_level=False),
            at_hbar_limits=(0.0014, 0.0019),
        ),
        replace(
            splitting(0.001, units="argon-published", is_two_level=False, flags=("single_well",)),
            at_hbar_limits=(0.0009, 0.0011),
        ),
    ]
    wells = [summary([k, k + 1, k + 2], u, splittings=[s]) for k, s in enumerate(made)]
    found = count_tls([wells], ARGON_PUBLISHED)
    assert found.raw == 2
    assert found.at_hbar_limits == (3, 1)


def poisson_glasses(rng, density, volume, largest, n_glasses):
    """Splittings of a standard tunneling model: a constant density on (0, largest)."""
    sizes = rng.poisson(density * volume * largest, n_glasses)
    return [rng.uniform(0, largest, n) for n in sizes]


@pytest.mark.parametrize("n_glasses", [1, 12])
def test_density_of_a_standard_tunneling_model_is_found_with_its_error(n_glasses):
    rng, truth, volume = np.random.default_rng(5), 30.0, 1500.0
    hits, plateaus = [], []
    for _ in range(400):
        splittings = poisson_glasses(rng, truth, volume, 0.003, n_glasses)
        found = tls_density(
            splittings, np.full(n_glasses, volume), ARGON, resampling=Resampling(resamples=400)
        )
        hits.append(found.reduced.low <= truth <= found.reduced.high)
        plateaus.append(found.is_plateau)
    # 400 trials: standard error 0.011; Garwood intervals cover a little too much.
    assert 0.92 < np.mean(hits) < 0.985
    assert np.mean(plateaus) > 0.98


def test_splittings_that_pile_up_are_no_plateau():
    rng = np.random.default_rng(6)
    piled = [0.0015 * rng.random(200) ** 0.5 for _ in range(3)]
    assert not tls_density(piled, [1500.0] * 3, ARGON).is_plateau
    assert tls_density(piled, [1500.0] * 3, ARGON).slope > 3


def test_density_in_si_and_heat_capacity():
    # One splitting below the threshold, one glass: n_0 = 1 / (0.0015 * 1500) reduced.
    found = tls_density([[0.001, 0.5]], [1500.0], ARGON)
    assert found.reduced.value == pytest.approx(1 / (0.0015 * 1500))
    assert found.si.value == pytest.approx(found.reduced.value * 1.531e49, rel=1e-3)
    # J / (K m^3): 1e46 / (J m^3) at 1 K.
    expected = 1.6449340668 * 1e46 * (1.380649e-23) ** 2
    assert heat_capacity(1e46, 1.0) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(heat_capacity(1e46, [0.0, 2.0]), [0.0, 2 * expected], rtol=1e-9)


def test_heat_capacity_equals_the_sum_over_two_level_systems():
    """The slow twin: Schottky anomalies of a constant density, integrated."""
    temperature, density = 0.7, 3e45
    x = np.linspace(1e-6, 60, 200_001)  # E / (k T)
    schottky = (x / 2) ** 2 / np.cosh(x / 2) ** 2
    total = density * constants.k**2 * temperature * np.trapezoid(schottky, x)
    assert heat_capacity(density, temperature) == pytest.approx(total, rel=1e-6)


def test_densities_per_energy_and_volume():
    splittings, volumes = [[0.1, 0.3], [0.2]], [1000.0, 2000.0]
    found = splitting_density(splittings, volumes, [0.0, 0.15, 0.35])
    np.testing.assert_allclose(found.density, [1 / (0.15 * 3000), 2 / (0.2 * 3000)])
    cumulative = cumulative_density(splittings, volumes, [0.15, 0.4])
    np.testing.assert_allclose(cumulative.density, [1 / (0.15 * 3000), 3 / (0.4 * 3000)])
    np.testing.assert_array_equal(cumulative.counts, [1, 3])
    unequal = tls_density(splittings, volumes, ARGON, up_to=0.4)
    assert unequal.reduced.value == pytest.approx(cumulative.density[1])


def test_no_splittings_give_zero_with_an_upper_limit():
    one = tls_density([[]], [1500.0], ARGON)
    assert one.reduced.value == 0
    assert one.reduced.high == pytest.approx(-np.log(0.025) / (0.0015 * 1500))
    assert tls_density([[], []], [1500.0] * 2, ARGON).reduced.value == 0


def test_bad_volumes_and_energies_are_refused():
    with pytest.raises(InputError, match="volumes"):
        tls_density([[0.1]], [0.0], ARGON)
    with pytest.raises(InputError, match="energies"):
        cumulative_density([[0.1]], [1.0], [0.0])
    with pytest.raises(InputError, match="up_to"):
        tls_density([[0.1]], [1.0], ARGON, up_to=-1.0)
