"""What campaigns keep of double wells and vibrations: how far off, and what stays in full."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from glasswells.core.geometry import displacement
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, CubicMode, DoubleWell, EnergyProfile
from glasswells.stages.kept_records import (
    FIELD,
    POINTS,
    STILL,
    TANGENT,
    kept_double_well,
    kept_minimum_vibrations,
    kept_well_vibrations,
)
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.bases import Bases
from glasswells.store.codec import Codec
from glasswells.vibrations.records import MinimumVibrations, ProfiledMode
from glasswells.vibrations.well import unrelated_well

N = 400
RNG = np.random.default_rng(5)
BOX = np.array([8.0, 7.0, 9.0])
PLACES = RNG.uniform(0, 9, size=(N, 3))
EQUAL, UNEQUAL = np.ones(N), np.linspace(1, 3, N)


def unit_field() -> np.ndarray:
    field = RNG.normal(size=(N, 3))
    return field / np.linalg.norm(field)


def double_well(masses: np.ndarray) -> DoubleWell:
    a, saddle, b = (
        Configuration(
            positions=PLACES + scale * RNG.normal(size=(N, 3)),
            diameters=EQUAL,
            box=BOX,
            masses=masses,
        )
        for scale in (0.0, 0.01, 0.02)
    )
    weights = None if (masses == masses[0]).all() else masses / masses.mean()
    profile = EnergyProfile(
        arc_length=np.linspace(0, 1, 5), energy=np.zeros(5), curvature_a=1.0, curvature_b=1.0
    )
    return DoubleWell(
        minimum_a=a,
        minimum_b=b,
        saddle=saddle,
        barrier=0.1234567890123,
        asymmetry=0.01,
        profile=profile,
        displacement_ab=displacement(a.positions, b.positions, BOX, weights),
        displacement_as=displacement(a.positions, saddle.positions, BOX, weights),
        tangent_a=unit_field(),
        frequency_a=1.0,
        tangent_b=unit_field(),
        frequency_b=1.0,
        rho=0.01,
        path_length=1.0,
        participation_number=2.0,
        negative_eigenvalue=-1.0,
        route="fast",
    )


class Springs:
    """Each coordinate on a spring of its own, at rest in the three places of a double well."""

    def __init__(self, well: DoubleWell, stiffness: float) -> None:
        places = (well.minimum_a, well.saddle, well.minimum_b)
        self._rest = [place.positions for place in places]
        self._stiffness = stiffness

    def interactions(self, configuration: Configuration) -> Springs:
        return self

    def freeze(self, positions: np.ndarray, frozen: Any = None) -> Any:
        raise NotImplementedError

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        shifts = [rest - positions for rest in self._rest]
        force = self._stiffness * min(shifts, key=lambda shift: np.abs(shift).max())
        return float(np.vdot(force, force)) / (2 * self._stiffness), force


class Dear:
    """Some other energy."""

    def interactions(self, configuration: Configuration) -> Dear:
        return self


def kept_well(well: DoubleWell, stiffness: float = 100.0) -> DoubleWell:
    return kept_double_well(Springs(well, stiffness), well)  # type: ignore[arg-type]


def vibrations() -> MinimumVibrations:
    mode = CubicMode(
        field=unit_field(),
        stiffness=1.0,
        cubic=-2.0,
        barrier=0.1,
        residual=1e-11,
        iterations=20,
        method="iteration",
        overlap_with_start=0.9,
        outcome=Outcome.CONVERGED,
    )
    return MinimumVibrations(
        frequencies=RNG.uniform(size=60),
        participation_ratios=RNG.uniform(size=60),
        complete=False,
        quasilocalized=(4,),
        softest=unit_field(),
        softest_localized=np.empty((0, 3)),
        cubic_modes=(ProfiledMode(seed="softest", mode=mode, profile=None, is_double_well=False),),
    )


def changes(before: Any, after: Any, where: str = "") -> dict[str, float]:
    """Of the fields of a record that differ, the largest difference."""
    if is_dataclass(before):
        pairs = ((f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(before))
        return {k: v for name, a, b in pairs for k, v in changes(a, b, name).items()}
    if isinstance(before, tuple) and before and is_dataclass(before[0]):
        return {k: v for a, b in zip(before, after, strict=True) for k, v in changes(a, b).items()}
    if isinstance(before, np.ndarray):
        off = float(np.abs(after - before).max()) if before.size else 0.0
        return {where: off} if off else {}
    assert before == after or (before != before and after != after), where
    return {}


def bytes_of(record: Any, bases: Any = ()) -> int:
    """Of the arrays of a record as a store keeps them, given records that it has."""
    codec: Codec = PIPELINE.codec
    known = {d: a for base in bases for d, a in codec.encode(base).arrays.items()}
    kept = Bases(known, dict.fromkeys(known, 1))
    arrays = codec.encode(record).arrays
    return sum(len(kept.pack(d, a).data) for d, a in arrays.items() if d not in known)


@pytest.mark.parametrize("masses", [EQUAL, UNEQUAL])
def test_places_and_tangents_of_double_wells(masses: np.ndarray) -> None:
    well = double_well(masses)
    kept = kept_well(well)
    found = changes(well, kept)
    assert found.keys() == {
        *("positions", "tangent_a", "tangent_b", "displacement_ab", "displacement_as")
    }
    for name, unit in (("positions", POINTS[0]), ("tangent_a", TANGENT), ("tangent_b", TANGENT)):
        assert unit / 10 < found[name] <= unit / 2, name
    # Both ends are off, and the mean over all particles is removed.
    assert found["displacement_ab"] < 2 * POINTS[0]
    assert not changes(kept, kept_well(kept))


@pytest.mark.parametrize(("stiffness", "unit"), [(7600.0, 0), (7900.0, 1), (1e6, 2), (1e12, 2)])
def test_steeper_energies_are_kept_to_finer_units(stiffness: float, unit: int) -> None:
    """Half of 2^-32 moves a spring of 7731 by the largest force that is allowed."""
    well = double_well(EQUAL)
    off = changes(well, kept_well(well, stiffness))["positions"]
    assert POINTS[unit] / 3 < off <= POINTS[unit] / 2
    assert (stiffness * off <= STILL) == (stiffness < 1e12)


def test_what_is_no_sum_over_pairs_is_kept_in_full_but_for_tangents() -> None:
    well = double_well(EQUAL)
    kept = kept_double_well(Dear(), well)  # type: ignore[arg-type]
    assert changes(well, kept).keys() == {"tangent_a", "tangent_b"}


def test_displacements_between_kept_places_need_no_room() -> None:
    kept = kept_well(double_well(EQUAL))
    body = PIPELINE.codec.encode(kept).body
    assert "displacement" not in body
    exact = double_well(EQUAL)
    assert bytes_of(kept, [exact.minimum_a]) < 0.65 * bytes_of(exact, [exact.minimum_a])


def test_fields_of_vibrations() -> None:
    exact = vibrations()
    kept = kept_minimum_vibrations(exact)
    found = changes(exact, kept)
    assert found.keys() == {"softest", "field"}
    assert all(FIELD / 10 < off <= FIELD / 2 for off in found.values())
    assert bytes_of(kept) < 0.45 * bytes_of(exact)

    well = replace(unrelated_well(0, ()), linear_field=unit_field(), cubic_field=unit_field())
    found = changes(well, kept_well_vibrations(well))
    assert found.keys() == {"linear_field", "cubic_field"}
    assert all(FIELD / 10 < off <= FIELD / 2 for off in found.values())
    nothing = unrelated_well(0, ())
    assert not changes(nothing, kept_well_vibrations(nothing))


def test_overlaps_of_kept_fields_are_off_by_a_third_of_the_unit() -> None:
    """Of the rounding of each component, uniform in half a unit, the mean square is u^2/12."""
    off = []
    for _ in range(200):
        field, other = unit_field(), unit_field()
        well = replace(unrelated_well(0, ()), linear_field=field, cubic_field=other)
        rounded = kept_well_vibrations(well).linear_field
        off.append(np.vdot(rounded - field, other))
    rms = float(np.sqrt(np.mean(np.square(off))))
    assert rms == pytest.approx(FIELD / np.sqrt(12), rel=0.2)  # 200 draws: 0.05 of it, one sigma
