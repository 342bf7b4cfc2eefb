"""Double wells of analytic surfaces and of a small glass; degenerate pairs and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from path_surfaces import (
    MUELLER_BROWN_SCALE,
    leps_oscillator,
    mueller_brown,
    plane_surface,
    quenched,
    real_pairs,
    stationary,
)

from glasswells.core.errors import InputError
from glasswells.core.fields import participation_number
from glasswells.core.geometry import displacement
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, DoubleWell, PathFailure
from glasswells.model.functions import energy, forces, hessian
from glasswells.model.neighbors import ListBuilder
from glasswells.model.nested_lists import WIDE_SKIN
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import find_double_well, find_double_wells
from glasswells.paths.pathway import NoPathway, Pathway, find_pathway
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

MODEL = SoftSpheres()
PAIRS = 12
MUELLER_BROWN_POINTS = {
    # minima and saddles as published, to the digits that are printed everywhere
    "A": ((-0.558, 1.442), -146.700),
    "C": ((-0.050, 0.467), -80.768),
    "B": ((0.623, 0.028), -108.167),
    "AC": ((-0.822, 0.624), -40.665),
    "CB": ((0.212, 0.293), -72.249),
}


def pathway(value: Any, first: Any, second: Any, **kwargs: Any) -> Pathway | NoPathway:
    settings = PathSettings(first_stiffness=50.0)
    a, b = stationary(value, *first), stationary(value, *second)
    options = {"rho": 0.01, "images": 20, "settings": settings, **kwargs}
    return find_pathway(plane_surface(value), a, b, **options)


@pytest.mark.parametrize("method", ["fast", "band"])
@pytest.mark.parametrize(("first", "second"), [("A", "C"), ("C", "A"), ("C", "B"), ("B", "C")])
def test_mueller_brown_saddles(first: str, second: str, method: str) -> None:
    points = MUELLER_BROWN_POINTS
    found = pathway(mueller_brown, points[first][0], points[second][0], method=method)
    assert isinstance(found, Pathway)
    assert found.route == method
    place, height = points["".join(sorted(first + second, key="ACB".index))]
    assert found.saddle.positions[0, :2] == pytest.approx(place, abs=1e-3)
    assert found.saddle.energy / MUELLER_BROWN_SCALE == pytest.approx(height, abs=1e-3)
    for side, name in ((found.descent_a, first), (found.descent_b, second)):
        assert side.minimum[0, :2] == pytest.approx(points[name][0], abs=1e-3)
        assert side.energy / MUELLER_BROWN_SCALE == pytest.approx(points[name][1], abs=1e-3)
    assert found.saddle.negative_eigenvalue < 0 < found.saddle.next_eigenvalue
    assert found.saddle.max_force <= 1e-10


def test_mueller_brown_path_with_a_minimum_between_is_split() -> None:
    points = MUELLER_BROWN_POINTS
    found = pathway(mueller_brown, points["A"][0], points["B"][0])
    assert isinstance(found, NoPathway)
    assert found.outcome in (Outcome.INTERMEDIATE_MINIMUM, Outcome.LEFT_THE_PAIR)
    assert [tuple(x[0, :2].round(2)) for x in found.minima] == [(-0.05, 0.47)]
    assert [x.tolist() for x in found.reversed().minima] == [x.tolist() for x in found.minima[::-1]]


def test_leps_barrier() -> None:
    """Minima and saddle as published; the barrier against SciPy's stationary points."""
    found = pathway(leps_oscillator, (0.742, 1.304), (3.001, -1.306))
    assert isinstance(found, Pathway)
    top = stationary(leps_oscillator, 2.02, -0.17)
    surface = plane_surface(leps_oscillator)
    assert found.saddle.energy == pytest.approx(surface.energy(top), abs=1e-12)
    assert found.descent_a.minimum[0, :2] == pytest.approx([0.742, 1.304], abs=2e-3)
    assert found.descent_b.minimum[0, :2] == pytest.approx([3.001, -1.306], abs=2e-3)


@pytest.fixture(scope="module")
def results() -> list[DoubleWell | PathFailure]:
    return [find_double_well(MODEL, a, b) for a, b in real_pairs(PAIRS)]


@pytest.fixture(scope="module")
def wells(results: list[DoubleWell | PathFailure]) -> list[DoubleWell]:
    found = [r for r in results if isinstance(r, DoubleWell)]
    assert len(found) >= 4
    return found


def test_one_wide_list_serves_all_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it each of some twenty lists is made from all pairs of particles."""
    made = []
    build = ListBuilder.build
    monkeypatch.setattr(
        ListBuilder, "build", lambda self, *rest: made.append(rest[1]) or build(self, *rest)
    )
    a, b = real_pairs(1)[0]
    find_double_well(MODEL, a, b)
    # Of A and B, where forces and the places of particles are checked, and of the path.
    assert made.count(WIDE_SKIN) == 1
    assert len(made) <= 5


def test_saddles_have_one_negative_eigenvalue(wells: list[DoubleWell]) -> None:
    for well in wells:
        values = np.linalg.eigvalsh(hessian(MODEL, well.saddle).toarray())
        assert (values < -1e-6).sum() == 1
        assert (np.abs(values) < 1e-8).sum() == 3
        assert values[0] == pytest.approx(well.negative_eigenvalue, rel=1e-8)
        assert np.abs(forces(MODEL, well.saddle)).max() <= 1e-10


def test_numbers_are_those_of_the_configurations(wells: list[DoubleWell]) -> None:
    for well in wells:
        a, b, s = (energy(MODEL, c) for c in (well.minimum_a, well.minimum_b, well.saddle))
        assert well.barrier == pytest.approx(s - a, abs=1e-10)
        assert well.asymmetry == pytest.approx(b - a, abs=1e-10)
        box = well.minimum_a.box
        r_ab = displacement(well.minimum_a.positions, well.minimum_b.positions, box)
        r_as = displacement(well.minimum_a.positions, well.saddle.positions, box)
        assert np.abs(well.displacement_ab - r_ab).max() < 1e-12
        assert np.abs(well.displacement_as - r_as).max() < 1e-12
        assert well.participation_number == pytest.approx(participation_number(r_ab))
        assert well.path_length >= np.linalg.norm(r_ab)
        assert well.path_length >= np.linalg.norm(r_as)
        for minimum, tangent, frequency in (
            (well.minimum_a, well.tangent_a, well.frequency_a),
            (well.minimum_b, well.tangent_b, well.frequency_b),
        ):
            assert np.linalg.norm(tangent) == pytest.approx(1, abs=1e-12)
            t = tangent.ravel()
            assert frequency**2 == pytest.approx(t @ (hessian(MODEL, minimum) @ t), rel=1e-9)


def test_profile_has_one_maximum_and_the_stationary_points(wells: list[DoubleWell]) -> None:
    for well in wells:
        s, v = well.profile.arc_length, well.profile.energy
        top = int(np.argmax(v))
        assert (np.diff(v[: top + 1]) > 0).all()
        assert (np.diff(v[top:]) < 0).all()
        assert v[0] == 0
        assert v[top] == well.barrier
        assert v[-1] == pytest.approx(well.asymmetry, abs=1e-12)
        assert s[0] == 0
        assert s[-1] == pytest.approx(well.path_length, rel=1e-12)
        assert 60 <= len(s) <= 200
        assert well.profile.curvature_a == pytest.approx(well.frequency_a**2)
        # The profile has the curvature and the zero slope of the saddle.
        near = slice(top - 4, top + 5)
        fit = np.polynomial.Polynomial.fit(s[near] - s[top], v[near], 6).convert().coef
        assert 2 * fit[2] == pytest.approx(well.negative_eigenvalue, rel=0.02)
        spacing = max(s[top + 1] - s[top], s[top] - s[top - 1])
        assert abs(fit[1]) < 0.01 * abs(well.negative_eigenvalue) * spacing


def test_continuations_are_true_energies(wells: list[DoubleWell]) -> None:
    for well in wells:
        for name, minimum, tangent in (
            ("beyond_a", well.minimum_a, well.tangent_a),
            ("beyond_b", well.minimum_b, well.tangent_b),
        ):
            x, v = getattr(well.profile, name)
            base = energy(MODEL, well.minimum_a)
            for k in (0, 1, len(x) // 2, len(x) - 1):
                moved = minimum.moved_to(minimum.positions - x[k] * tangent)
                assert v[k] == pytest.approx(energy(MODEL, moved) - base, abs=1e-9)
            assert v[-1] > 3 * max(well.barrier, abs(well.asymmetry))


def test_chord_points_into_the_path(wells: list[DoubleWell]) -> None:
    for well in wells:
        inside = well.minimum_a.moved_to(well.minimum_a.positions + well.rho * well.tangent_a)
        rise = energy(MODEL, inside) - energy(MODEL, well.minimum_a)
        s, v = well.profile.arc_length, well.profile.energy
        # The chord is at most as long as the path to that point.
        assert rise <= np.interp(1.3 * well.rho, s, v)
        assert rise >= np.interp(0.9 * well.rho, s, v)


def test_forward_and_backward_are_one(results: list[DoubleWell | PathFailure]) -> None:
    for (a, b), forward in zip(real_pairs(PAIRS), results, strict=True):
        backward = find_double_well(MODEL, b, a)
        assert type(forward) is type(backward)
        assert forward.asymmetry == pytest.approx(-backward.asymmetry, abs=1e-11)
        if isinstance(forward, DoubleWell) and isinstance(backward, DoubleWell):
            assert forward.barrier - forward.asymmetry == pytest.approx(backward.barrier, abs=1e-9)
            assert forward.path_length == pytest.approx(backward.path_length, rel=1e-9)
            turned = backward.profile.energy[::-1] - backward.profile.energy[-1]
            assert np.abs(forward.profile.energy - turned).max() < 1e-9
            assert np.abs(forward.tangent_a - backward.tangent_b).max() < 1e-9
        if isinstance(forward, PathFailure) and isinstance(backward, PathFailure):
            assert forward.outcome is backward.outcome
            assert len(forward.intermediates) == len(backward.intermediates)


def test_search_is_the_same_from_both_ends(wells: list[DoubleWell]) -> None:
    """Without the rule that the lower minimum comes first."""
    for well in wells[:4]:
        a, b = well.minimum_b, well.minimum_a
        if well.asymmetry < 0:
            a, b = b, a
        surface = Surface(interactions=MODEL.interactions(a), box=a.box)
        start = np.array(a.positions)
        end = start + surface.displacement(start, b.positions)
        found = find_pathway(surface, start, end, 0.01, 40, PathSettings())
        assert isinstance(found, Pathway)
        assert found.saddle.energy == pytest.approx(energy(MODEL, well.saddle), abs=1e-9)
        assert found.descent_a.length + found.descent_b.length == pytest.approx(
            well.path_length, rel=1e-5
        )


def test_full_band_has_the_same_saddle(wells: list[DoubleWell]) -> None:
    for well in wells[:4]:
        full = find_double_well(MODEL, well.minimum_a, well.minimum_b, method="band", images=30)
        assert isinstance(full, DoubleWell)
        assert full.route == "band"
        assert full.barrier == pytest.approx(well.barrier, abs=1e-8)


def test_chain_joins_the_ends_by_double_wells(results: list[DoubleWell | PathFailure]) -> None:
    split = [r for r in results if isinstance(r, PathFailure) and r.intermediates]
    assert split
    joined = 0
    for failure in split[:3]:
        for c in failure.intermediates:
            assert np.abs(forces(MODEL, c)).max() <= 1e-9
            values = np.linalg.eigvalsh(hessian(MODEL, c).toarray())
            assert values[3] > 1e-6
        chain = find_double_wells(MODEL, failure.minimum_a, failure.minimum_b)
        assert chain.minima[0] is failure.minimum_a
        assert chain.minima[-1] is failure.minimum_b
        assert len(chain.links) == len(chain.minima) - 1 >= 2
        joined += sum(isinstance(link, DoubleWell) for link in chain.links)
        total = sum(link.asymmetry for link in chain.links)
        assert total == pytest.approx(failure.asymmetry, abs=1e-9)
    assert joined >= 3


def test_a_search_says_what_it_is_doing(wells: list[DoubleWell]) -> None:
    heard: list[tuple[int, int | None, str]] = []
    a, b = wells[0].minimum_a, wells[0].minimum_b
    chain = find_double_wells(MODEL, a, b, progress=lambda *call: heard.append(call))
    assert chain.links[0].barrier == wells[0].barrier
    assert heard[0] == (1, None, "link 1: band of 40 images to a force of 0.1")
    assert [done for done, _, _ in heard] == list(range(1, len(heard) + 1))
    assert any("saddle" in text for _, _, text in heard)


def test_a_quench_of_the_caller_is_used(results: list[DoubleWell | PathFailure]) -> None:
    split = [
        r
        for r in results
        if isinstance(r, PathFailure) and r.outcome is Outcome.INTERMEDIATE_MINIMUM
    ]
    calls = []

    def quench(configuration: Configuration) -> Configuration:
        calls.append(configuration)
        return quenched(configuration)

    again = find_double_well(MODEL, split[0].minimum_a, split[0].minimum_b, quench=quench)
    assert isinstance(again, PathFailure)
    assert again.intermediates
    assert calls


def shifted(configuration: Configuration, by: tuple[float, float, float]) -> Configuration:
    return configuration.moved_to(configuration.positions + np.array(by))


def test_box_faces_and_translations_do_not_matter(wells: list[DoubleWell]) -> None:
    well = wells[0]
    edge = well.minimum_a.box[0]
    generator = np.random.default_rng(1)
    jumps = generator.integers(-2, 3, well.minimum_b.positions.shape) * well.minimum_b.box
    b = shifted(well.minimum_b, (0.3, -0.2, 0.45 * edge))
    b = b.moved_to(b.positions + jumps)
    moved = find_double_well(MODEL, shifted(well.minimum_a, (edge / 2, 0.1, 0.0)), b)
    assert isinstance(moved, DoubleWell)
    assert moved.barrier == pytest.approx(well.barrier, abs=1e-9)
    assert moved.path_length == pytest.approx(well.path_length, rel=1e-6)
    assert np.abs(moved.displacement_ab - well.displacement_ab).max() < 1e-9


def test_same_minimum_up_to_a_translation(wells: list[DoubleWell]) -> None:
    a = wells[0].minimum_a
    found = find_double_well(MODEL, a, shifted(a, (0.2, 3.0, -0.7)))
    assert isinstance(found, PathFailure)
    assert found.outcome is Outcome.SAME_MINIMUM
    assert np.isnan(found.barrier)


def test_barrier_below_noise_is_flat(wells: list[DoubleWell]) -> None:
    well = min(wells, key=lambda w: min(w.barrier, w.barrier - w.asymmetry))
    found = find_double_well(MODEL, well.minimum_a, well.minimum_b, smallest_barrier=1.0)
    assert isinstance(found, PathFailure)
    assert found.outcome is Outcome.FLAT_PROFILE
    assert found.barrier == pytest.approx(well.barrier, abs=1e-8)


def test_flat_surface() -> None:
    """A valley without a barrier between two points of equal energy."""

    def valley(x: complex, y: complex) -> complex:
        return y**2

    found = find_pathway(
        plane_surface(valley),
        np.zeros((2, 3)),
        np.array([[1.0, 0, 0], [0, 0, 0]]),
        0.01,
        11,
        PathSettings(),
    )
    assert isinstance(found, NoPathway)
    assert found.outcome is Outcome.FLAT_PROFILE


def test_rho_shrinks_with_a_short_path(wells: list[DoubleWell]) -> None:
    well = wells[0]
    again = find_double_well(MODEL, well.minimum_a, well.minimum_b, rho=50.0)
    assert isinstance(again, DoubleWell)
    to_saddle = [
        np.linalg.norm(displacement(m.positions, again.saddle.positions, m.box))
        for m in (again.minimum_a, again.minimum_b)
    ]
    assert again.rho == pytest.approx(0.5 * min(to_saddle))


def test_slightly_converged_minima_are_polished(wells: list[DoubleWell]) -> None:
    well = wells[0]
    noise = np.random.default_rng(3).normal(size=well.minimum_a.positions.shape)
    near = well.minimum_a.moved_to(well.minimum_a.positions + 1e-9 * noise)
    assert np.abs(forces(MODEL, near)).max() > 1e-9
    again = find_double_well(MODEL, near, well.minimum_b)
    assert isinstance(again, DoubleWell)
    assert np.abs(forces(MODEL, again.minimum_a)).max() <= 1e-10
    assert again.barrier == pytest.approx(well.barrier, abs=1e-9)


def test_bad_input_names_the_value_and_the_next_step(wells: list[DoubleWell]) -> None:
    a, b = wells[0].minimum_a, wells[0].minimum_b
    noise = np.random.default_rng(3).normal(size=a.positions.shape)
    rough = a.moved_to(a.positions + 1e-3 * noise)
    with pytest.raises(InputError, match=r"largest force in a is .* gw\.minimize"):
        find_double_well(MODEL, rough, b)
    with pytest.raises(InputError, match=r"largest force in b is "):
        find_double_well(MODEL, b, rough)
    other = Configuration(positions=b.positions, diameters=b.diameters[::-1], box=b.box)
    with pytest.raises(InputError, match="diameters"):
        find_double_well(MODEL, a, other)
    wide = Configuration(positions=b.positions, diameters=b.diameters, box=1.01 * b.box)
    with pytest.raises(InputError, match=r"box\[0\]"):
        find_double_well(MODEL, a, wide)
    fewer = Configuration(positions=b.positions[:-1], diameters=b.diameters[:-1], box=b.box)
    with pytest.raises(InputError, match="particles"):
        find_double_well(MODEL, a, fewer)
    for keyword, value in (
        ("rho", 0.0),
        ("images", 4),
        ("method", "slow"),
        ("path_tolerance", -1.0),
        ("newton_steps", 0),
        ("loose_forces", (0.1, 0.0)),
    ):
        with pytest.raises(InputError, match=keyword):
            find_double_well(MODEL, a, b, **{keyword: value})  # type: ignore[arg-type]
