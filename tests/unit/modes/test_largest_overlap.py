"""The certified largest overlap against the dense spectrum, mode by mode."""

from __future__ import annotations

import numpy as np
import pytest
from small_glasses import make_glass

from glasswells.core.errors import InputError
from glasswells.curvature.measure_kernels import gauss_quadrature
from glasswells.curvature.spectral_measure import bound_of_others, with_level
from glasswells.modes import Stiffness, max_overlap

# Vectors of both routes are good to eps times the largest eigenvalue, 300, over the gaps, 1e-3.
OVERLAP_ERROR = 1e-9


def fields_of(glass):
    """Every kind of field that the paper's analysis meets, and the extreme ones."""
    generator = np.random.default_rng(11)
    n = glass.configuration.n_particles
    fields = {f"r_AB {k}": r for k, r in enumerate(glass.displacements)}
    fields |= {f"random {k}": generator.standard_normal((n, 3)) for k in range(3)}
    for k in (0, 100):
        single = np.zeros((n, 3))
        single[k] = generator.standard_normal(3)
        fields[f"particle {k}"] = single
    modes = glass.vectors.reshape(-1, n, 3)
    fields |= {f"mode {k + 1}": modes[k] for k in (3, 60, 3 * n - 1)}
    fields["soft pair"] = 2 * modes[5] + 1.9 * modes[9]
    fields["far pair"] = modes[4] - 0.99 * modes[3 * n - 9]
    fields["mode with noise"] = modes[80] + 0.05 * generator.standard_normal((n, 3))
    fields["drifting"] = modes[10] + 0.5 / np.sqrt(3 * n)
    fields["small"] = 1e-150 * modes[10]
    return fields


def test_the_certified_maximum_is_the_dense_one(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    for name, r in fields_of(glass).items():
        c = np.abs(glass.vectors[3:] @ r.ravel()) / np.linalg.norm(r / np.abs(r).max())
        c /= np.abs(r).max()
        best = int(c.argmax())
        found = max_overlap(
            glass.model,
            glass.configuration,
            r,
            method="lanczos",
            max_steps=20000,
            stiffness=stiffness,
        )
        assert found.certified, name
        assert found.method == "lanczos"
        assert found.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR), name
        assert found.mode == best + 4, name
        assert found.frequency**2 == pytest.approx(glass.eigenvalues[best + 3], rel=1e-10)
        assert np.delete(c, best).max() <= found.bound + 1e-9 <= found.overlap + 2e-9, name
        assert abs(np.vdot(found.field, glass.vectors[best + 3])) == pytest.approx(1, abs=1e-9)
        dense = max_overlap(
            glass.model, glass.configuration, r, method="dense", stiffness=stiffness
        )
        assert (dense.mode, dense.certified, dense.steps) == (best + 4, True, 0)
        assert dense.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR), name


def test_the_bound_holds_for_every_mode_after_any_number_of_steps(glass):
    """Also long after the Lanczos vectors lost their orthogonality."""
    stiffness = Stiffness(glass.model, glass.configuration)
    for name, r in fields_of(glass).items():
        relative = r - r.mean(axis=0)
        weights = (glass.vectors[3:] @ relative.ravel()) ** 2
        weights /= weights.sum()
        measure = stiffness.measure(relative)
        for steps in (3, 40, 150, 400, 1000, 2500):
            measure.extend(steps)
            levels = measure.levels()
            known = levels.nodes[levels.resolved]
            distance = np.abs(glass.eigenvalues[3:, None] - known[None, :])
            nearest = distance.min(axis=1, initial=np.inf)
            others = weights[nearest > 1e-6]
            assert others.max(initial=0.0) <= bound_of_others(levels) + 1e-12, (name, steps)
            # A resolved level is an eigenvalue, and its weight is that mode's.
            for node, weight in zip(known, levels.weights[levels.resolved], strict=True):
                if weight > 1e-12:
                    member = np.abs(glass.eigenvalues[3:] - node) < 1e-6
                    assert weights[member].sum() == pytest.approx(weight, abs=1e-11)


def test_the_bound_holds_beside_a_mode_that_is_known_otherwise(glass):
    """Also where the steps have not resolved it: its weight is taken from the right nodes."""
    stiffness = Stiffness(glass.model, glass.configuration)
    gained = 0
    for name, r in fields_of(glass).items():
        relative = r - r.mean(axis=0)
        weights = (glass.vectors[3:] @ relative.ravel()) ** 2
        weights /= weights.sum()
        measure = stiffness.measure(relative)
        for steps in (3, 40, 150, 400):
            measure.extend(steps)
            levels = measure.levels()
            distance = np.abs(glass.eigenvalues[3:, None] - levels.nodes[levels.resolved])
            hidden = distance.min(axis=1, initial=np.inf) > 1e-6
            for mode in np.argsort(np.where(hidden, weights, -1.0))[-3:]:
                if not hidden[mode]:
                    continue
                known = with_level(levels, glass.eigenvalues[3 + mode], weights[mode])
                hidden_others = hidden & (np.arange(len(weights)) != mode)
                largest = weights[hidden_others].max(initial=0.0)
                assert largest <= bound_of_others(known) + 1e-12, (name, steps)
                gained += bound_of_others(known) < 0.5 * weights[mode]
    assert gained > 0


def test_the_largest_mode_is_found_before_the_steps_resolve_it(glass):
    """That the result is the right one is what the test against the dense spectrum asserts."""
    stiffness = Stiffness(glass.model, glass.configuration)
    sooner = 0
    for r in glass.displacements:
        found = max_overlap(
            glass.model, glass.configuration, r, method="lanczos", stiffness=stiffness
        )
        measure = stiffness.measure(stiffness.without_drift(r))
        measure.extend(found.steps)
        levels = measure.levels()
        there = np.abs(levels.nodes[levels.resolved] - found.frequency**2) < 1e-6
        sooner += bool(found.certified and not there.any())
    assert sooner > 0


def test_the_bound_tightens_until_nothing_is_left_to_hide(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    measure = stiffness.measure(glass.displacements[0])
    bounds = []
    for steps in (50, 200, 800, 6000):
        measure.extend(steps)
        bounds.append(bound_of_others(measure.levels()))
    assert bounds[0] > bounds[1] > bounds[2] > bounds[3]
    assert bounds[-1] < 1e-6


def test_a_level_of_degenerate_modes_is_one(crystal):
    generator = np.random.default_rng(5)
    same = np.concatenate([[0], np.cumsum(np.diff(crystal.eigenvalues[3:]) > 1e-8)])
    assert same[-1] < 60  # 321 modes on so few levels
    for r in (generator.standard_normal((108, 3)), crystal.vectors[200].reshape(108, 3)):
        unit = r / np.linalg.norm(r)
        projections = np.sqrt(np.bincount(same, (crystal.vectors[3:] @ unit.ravel()) ** 2))
        best = int(projections.argmax())
        first = int(np.flatnonzero(same == best)[0]) + 4
        for method in ("lanczos", "dense"):
            found = max_overlap(crystal.model, crystal.configuration, r, method=method)
            assert found.certified
            assert found.overlap == pytest.approx(projections[best], abs=1e-8)
            assert found.mode == first
            # The field given back is a mode of that level, and overlaps r by just that.
            assert abs(np.vdot(found.field, unit)) == pytest.approx(found.overlap, abs=1e-8)


def test_translations_are_a_level_like_any_other(glass):
    n = glass.configuration.n_particles
    uniform = np.tile([1.0, 2.0, -2.0], (n, 1))
    found = max_overlap(glass.model, glass.configuration, uniform)
    assert found.overlap == pytest.approx(1, abs=1e-14)
    assert (found.mode, found.frequency, found.certified) == (1, 0, True)
    mixed = uniform / np.linalg.norm(uniform) + 0.5 * glass.vectors[30].reshape(n, 3)
    for method in ("lanczos", "dense"):
        found = max_overlap(glass.model, glass.configuration, mixed, method=method)
        assert (found.mode, found.certified) == (1, True)
        assert found.overlap == pytest.approx(1 / np.sqrt(1.25), abs=1e-12)
        assert found.bound == pytest.approx(0.5 / np.sqrt(1.25), abs=1e-9)


def test_modes_are_numbered_translations_first_also_off_the_minimum(glass):
    moved = glass.configuration.moved_to(
        glass.configuration.positions + np.random.default_rng(1).uniform(-0.1, 0.1, (216, 3))
    )
    r = glass.displacements[0]
    dense = max_overlap(glass.model, moved, r, method="dense")
    found = max_overlap(glass.model, moved, r, method="lanczos", max_steps=20000)
    assert found.certified
    assert found.mode == dense.mode
    assert found.overlap == pytest.approx(dense.overlap, abs=OVERLAP_ERROR)
    stiffness = Stiffness(glass.model, moved)
    softest = np.linalg.eigh(stiffness.matrix.toarray())[1][:, 0].reshape(-1, 3)
    for method in ("lanczos", "dense"):
        found = max_overlap(glass.model, moved, softest, method=method)
        assert found.mode == 4
        assert found.frequency < 0


def test_too_small_a_budget_is_not_certified_and_falls_back_to_the_dense_spectrum(glass):
    r = glass.displacements[0]
    short = max_overlap(glass.model, glass.configuration, r, method="lanczos", max_steps=30)
    assert not short.certified
    assert (short.steps, short.mode) == (30, 0)
    longer = max_overlap(glass.model, glass.configuration, r, method="lanczos", max_steps=120)
    assert not longer.certified
    assert longer.mode > 3
    auto = max_overlap(glass.model, glass.configuration, r, method="auto", max_steps=30)
    assert auto.certified
    assert auto.method == "dense"
    assert short.overlap <= longer.overlap <= auto.overlap + 1e-12
    assert auto.overlap <= min(short.bound, longer.bound)


def test_results_are_the_same_to_the_bit(glass):
    r = glass.displacements[1]
    first = max_overlap(glass.model, glass.configuration, r)
    again = max_overlap(glass.model, glass.configuration, r)
    assert first.overlap == again.overlap
    assert np.array_equal(first.field, again.field)


@pytest.mark.parametrize("m", [1, 2, 3, 40, 300])
def test_quadrature_is_the_eigensystem_of_the_tridiagonal_matrix(m):
    generator = np.random.default_rng(m)
    d, e = generator.standard_normal(m), generator.standard_normal(m)
    e[m // 2] = 0.0  # splits the matrix
    full = np.diag(d) + np.diag(e[: m - 1], 1) + np.diag(e[: m - 1], -1)
    values, vectors = np.linalg.eigh(full)
    nodes, first, last = d.copy(), np.empty(m), np.empty(m)
    assert gauss_quadrature(nodes, e.copy(), first, last, 60)
    order = np.argsort(nodes)
    np.testing.assert_allclose(nodes[order], values, atol=1e-13 * m)
    np.testing.assert_allclose(np.abs(first[order]), np.abs(vectors[0]), atol=1e-11)
    np.testing.assert_allclose(np.abs(last[order]), np.abs(vectors[-1]), atol=1e-11)


def test_quadrature_that_does_not_converge_says_so():
    d, e = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0])
    assert not gauss_quadrature(d, e, np.empty(3), np.empty(3), 0)


@pytest.mark.parametrize(
    ("field", "options", "text"),
    [
        (np.zeros((216, 3)), {}, "zero everywhere"),
        (np.ones((215, 3)), {}, r"shape \(215, 3\)"),
        (np.full((216, 3), np.nan), {}, "nan"),
        (np.ones((216, 3)), {"method": "best"}, "'best'"),
        (np.ones((216, 3)), {"max_steps": 0}, "max_steps"),
    ],
)
def test_bad_input_is_one_clear_error(glass, field, options, text):
    with pytest.raises(InputError, match=text):
        max_overlap(glass.model, glass.configuration, field, **options)


@pytest.mark.physics
def test_in_a_glass_of_1500_the_certified_maximum_is_the_dense_one():
    """On the displacements to neighboring minima, whose overlaps are spread over hundreds of
    modes, and on a random field and a single particle, where they are spread over all."""
    large = make_glass(1500, seed=3, neighbors=8)
    stiffness = Stiffness(large.model, large.configuration)
    fields = fields_of(large)
    for name, r in fields.items():
        c = np.abs(large.vectors[3:] @ r.ravel()) / np.linalg.norm(r / np.abs(r).max())
        c /= np.abs(r).max()
        best = int(c.argmax())
        found = max_overlap(
            large.model, large.configuration, r, method="lanczos", stiffness=stiffness
        )
        if name.startswith("r_AB") or name.endswith("pair"):
            assert found.certified, name
        if found.certified:
            assert found.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR), name
            assert found.mode == best + 4, name
        else:
            assert found.overlap <= c[best] + OVERLAP_ERROR
            assert c[best] <= found.bound + OVERLAP_ERROR, name
