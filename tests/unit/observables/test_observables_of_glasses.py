"""All observables together: distinct systems once, glasses without any, what is missing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from example_systems import random_tensors, two_minima

from glasswells.core.errors import InputError
from glasswells.core.splittings import TunnelSplitting
from glasswells.observables import (
    AttemptFrequencies,
    Medium,
    Observables,
    internal_friction,
    network_friction,
    numbers,
    observables_of,
)
from glasswells.observables.systems import wells_of
from glasswells.statistics import WellSummary
from glasswells.tunneling import ARGON

MEDIUM = Medium(density=1.0, longitudinal=24.0, transverse=4.5)


def well(number: int, splitting: float, core: int) -> WellSummary:
    solved = TunnelSplitting(
        levels=np.array([0.02, 0.02 + splitting, 0.09, 0.12]),
        splitting=splitting,
        error=1e-12,
        spread=0.0,
        by_continuation={"straight": splitting},
        asymmetry=0.8 * splitting,
        tunneling_amplitude=0.6 * splitting,
        continuation="straight",
        units=ARGON.name,
        reduced_hbar=ARGON.reduced_hbar,
        is_two_level=splitting < ARGON.tls_threshold,
    )
    return WellSummary(
        glass="g",
        number=number,
        barrier=0.1,
        asymmetry=0.01,
        distance=0.5,
        participation_number=3.0,
        path_length=0.6,
        frequency_a=1.0,
        frequency_b=1.5,
        core_particles=np.array([core, core + 1.0]),
        core_displacements=np.array([[0.4, 0, 0], [0, 0.2, 0]]),
        splittings={ARGON.name: solved},
        deformation_potential=random_tensors(1, seed=core)[0],
    )


def observed(*glasses: list[WellSummary], **further) -> Observables:
    return observables_of(
        glasses, [100.0] * len(glasses), MEDIUM, ARGON, preparation_temperature=0.07, **further
    )


def test_one_core_in_several_backgrounds_counts_once() -> None:
    one, other = well(0, 5e-4, core=3), well(1, 8e-4, core=9)
    again = dataclasses.replace(one, number=2, asymmetry=0.011)
    plain, repeated = observed([one, other]), observed([one, other, again])
    assert plain.two_level_systems == repeated.two_level_systems == 2
    assert repeated.double_wells == 2
    assert repeated.strength.longitudinal.value == plain.strength.longitudinal.value
    assert np.array_equal(repeated.friction.longitudinal.value, plain.friction.longitudinal.value)


def test_glasses_without_double_wells_have_a_volume() -> None:
    one = well(0, 5e-4, core=3)
    alone, beside = observed([one]), observed([one], [])
    assert beside.strength.longitudinal.value == pytest.approx(
        alone.strength.longitudinal.value / 2
    )
    assert beside.density.reduced.value == pytest.approx(alone.density.reduced.value / 2)


def test_larger_splittings_are_in_the_specific_heat_only() -> None:
    found = observed([well(0, 5e-4, core=3), well(1, 0.1, core=9)])
    assert found.specific_heat.n_entries == 2
    assert found.two_level_systems == 1


def test_without_two_level_systems_there_is_no_strength() -> None:
    found = {n.name: n for n in numbers(observed([well(0, 0.1, core=3)]))}
    assert found["tunneling_strength_longitudinal"].value is None
    assert found["thermal_conductivity"].text == "-"
    assert found["n_0"].value.value == 0


def test_networks_are_averaged_over_the_volume_of_all_glasses() -> None:
    network = two_minima(0.1, 0.01, 1.0, 1.5, random_tensors(1, 7)[0], volume=100.0)
    found = observed([well(0, 5e-4, core=3)], [], networks=[network])
    assert np.isin(found.network_temperatures, found.friction_temperatures).all()
    alone = network_friction(network, MEDIUM, found.network_temperatures, found.omega)
    assert found.network_minima == 2
    assert found.network.longitudinal.value == pytest.approx(alone.longitudinal / 2)


def test_temperatures_resolve_the_peak_of_one_double_well() -> None:
    """Wherever it lies between two of them, its height is met to 7 %."""
    one = well(0, 5e-4, core=3)
    for stretch in np.linspace(0.5, 0.6, 7):
        single = dataclasses.replace(
            one, barrier=one.barrier * stretch, asymmetry=one.asymmetry * stretch
        )
        found = observed([single])
        first, last = found.friction_temperatures[[0, -1]]
        fine = np.geomspace(first, last, 20_001)
        true = internal_friction([wells_of([single], 100.0, {})], MEDIUM, fine, found.omega)
        top = true.longitudinal.value.max()
        assert fine[0] < fine[true.longitudinal.value.argmax()] < fine[-1]
        assert 0.93 * top < found.friction.longitudinal.value.max() <= (1 + 1e-9) * top


def test_a_double_well_without_coupling_is_named() -> None:
    unknown = dataclasses.replace(
        well(0, 5e-4, core=3), deformation_potential=np.full((3, 3), np.nan)
    )
    with pytest.raises(InputError, match="no deformation_potential"):
        observed([unknown])


def test_network_friction_that_rounding_hides_is_not_a_number() -> None:
    """At frequencies below the rounding of the fastest rates: unknown, and nothing else ends."""
    network = two_minima(0.1, 0.01, 1.0, 1.5, random_tensors(1, 7)[0], volume=100.0)
    known = observed([well(0, 5e-4, core=3)], networks=[network])
    hidden = observed([well(0, 5e-4, core=3)], networks=[network], hertz=1e-9)
    assert np.isfinite(known.network.longitudinal.value).all()
    unknown = np.isnan(hidden.network.longitudinal.value)
    assert unknown[-1]
    for name in ("low", "high", "error"):
        assert np.array_equal(np.isnan(getattr(hidden.network.longitudinal, name)), unknown)
    assert np.isfinite(hidden.friction.longitudinal.value).all()


def test_attempts_of_all_modes_enter_relaxation_where_they_are_known() -> None:
    """Twice the attempts double the activated rates; the numbers say whose attempts they are."""
    wells = [well(0, 5e-4, core=3), well(1, 8e-4, core=9)]
    faster = AttemptFrequencies(a=2.0, b=3.0)  # twice those along the path
    plain, better = observed(wells), observed(wells, attempts={("g", 1): faster})
    assert [s.has_all_modes for s in better.systems] == [False, True]
    assert (better.systems[1].attempt_a, better.systems[1].attempt_b) == (2.0, 3.0)
    assert better.systems[0] == plain.systems[0]
    assert better.systems[1].crossover_temperature < plain.systems[1].crossover_temperature
    alone = observed(wells[1:], attempts={("g", 1): faster})
    kT, system = alone.friction_temperatures, alone.systems[0]
    root = np.sqrt(system.attempt_a * system.attempt_b)
    half = system.well_asymmetry / (2 * kT) + np.log(1.5) / 2
    # At the lowest temperatures tau is beyond the largest number: 1/(x + 1/x) with x = omega tau.
    log_x = np.log(alone.omega * np.pi / root / np.cosh(half)) + (0.1 - 0.005) / kT
    g2 = (2 * system.gamma_longitudinal) ** 2
    debye = np.where(log_x < 300, 1 / (2 * np.cosh(np.minimum(log_x, 300))), 0.0)
    expected = g2 / (4 * kT * np.cosh(half) ** 2) * debye / (100 * MEDIUM.longitudinal)
    assert alone.friction.longitudinal.value == pytest.approx(expected, rel=1e-9)


def test_glasses_by_melt_and_quench_have_a_rate_in_place_of_a_temperature() -> None:
    one = [well(0, 5e-4, core=3)]
    found = observables_of([one], [100.0], MEDIUM, ARGON, cooling_rate=1e12)
    usual = observed(one)
    assert (found.label, found.preparation) == ("1e+12 K/s", 1e12)
    assert (usual.label, usual.preparation) == ("T_f = 0.07", 0.07)
    kelvin = ARGON.energy_kelvin(found.friction_temperatures)
    assert kelvin[[0, -1]] == pytest.approx([1, 300])
    assert found.strength.longitudinal.value == usual.strength.longitudinal.value
    for label in ({}, {"preparation_temperature": 0.07, "cooling_rate": 1e12}):
        with pytest.raises(InputError, match="expected one of the two"):
            observables_of([one], [100.0], MEDIUM, ARGON, **label)
