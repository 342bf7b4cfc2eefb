"""The expansion around one place against dense linear algebra and differences of forces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from glasswells.core.records import Array, Configuration
from glasswells.curvature import Expansion, expand
from glasswells.curvature.blocks import blocks_of_matrix
from glasswells.curvature.conjugate_gradients import sweep_back, sweep_forth
from glasswells.curvature.scaled_blocks import scaled_blocks
from glasswells.minimization import minimize
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Interactions
from glasswells.model.soft_spheres import SoftSpheres
from twin_derivatives import TwinDerivatives

CASES = ["pairs", "pairs of other masses", "only a matrix", "only a matrix, other masses"]


class Unpaired:
    """The same energy, which does not say that it is a sum over pairs."""

    def __init__(self, inner: Interactions) -> None:
        self.inner = inner
        self.energy_and_forces = inner.energy_and_forces

    def derivatives(self, positions: Array) -> TwinDerivatives:
        return TwinDerivatives(self, positions)

    def hessian(self, positions: Array) -> object:
        return self.inner.derivatives(positions).matrix()

    def hessian_product(self, positions: Array, field: Array) -> Array:
        return self.inner.derivatives(positions).product(field)

    def third_order(self, positions: Array, field: Array) -> tuple[Array, float]:
        return self.inner.derivatives(positions).third(field)

    def fourth_order(self, positions: Array, field: Array) -> tuple[Array, float]:
        return self.inner.derivatives(positions).fourth(field)


@pytest.fixture(scope="module")
def minimum() -> Configuration:
    """216 particles of a Kob-Andersen mixture at rest."""
    generator = np.random.default_rng(5)
    sites = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    spacing = 1.2 ** (-1 / 3)
    start = Configuration(
        positions=spacing * (sites + generator.uniform(-0.2, 0.2, (216, 3))),
        diameters=np.where(generator.permutation(216) < 43, 0.88, 1.0),
        box=np.full(3, 6 * spacing),
    )
    end = minimize(KobAndersen(cutoff=1.8), start)
    assert end.outcome.converged
    return end.configuration


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest, minimum: Configuration
) -> tuple[Interactions, Array, Array]:
    """Interactions, a place and the weights there."""
    interactions: Interactions = KobAndersen(cutoff=1.8).interactions(minimum)
    weights = np.ones((216, 1))
    if request.param.startswith("only"):
        interactions = Unpaired(interactions)
    if request.param.endswith("masses"):
        weights = np.sqrt(np.random.default_rng(1).uniform(0.3, 3, (216, 1)))
        interactions = MassWeighted(interactions, weights)
    return interactions, weights * minimum.positions, weights


COLUMNS = np.arange(0, 648, 53)


def differences(forces: Callable[[Array], Array], positions: Array, h: float = 1e-5) -> Array:
    """Rows of the Hessian by central differences of the forces."""
    columns = []
    for d in COLUMNS:
        step = np.zeros_like(positions)
        step.flat[d] = h
        columns.append((forces(positions - step) - forces(positions + step)).ravel() / (2 * h))
    return np.array(columns)


@pytest.fixture(scope="module")
def dense(case: tuple[Interactions, Array, Array]) -> Array:
    interactions, q, _ = case
    return differences(lambda x: interactions.energy_and_forces(x)[1], q)


@pytest.fixture
def expansion(case: tuple[Interactions, Array, Array]) -> Expansion:
    return expand(case[0], case[1])


def random_fields(count: int) -> Array:
    return np.random.default_rng(7).standard_normal((count, 216, 3))


def test_products_are_those_of_the_differences_of_forces(
    expansion: Expansion, dense: Array
) -> None:
    matrix = expansion.matrix.toarray()
    size = np.abs(matrix).max()
    np.testing.assert_allclose(matrix[COLUMNS], dense, atol=1e-6 * size)
    assert np.array_equal(matrix, matrix.T)
    for z in random_fields(2):
        expected = (matrix @ z.ravel()).reshape(-1, 3)
        before = expansion.product(z)
        assert expansion.scale == pytest.approx(size, rel=1e-12)  # makes the blocks
        for found in (before, expansion.product(z), expansion.product(z.ravel()).reshape(-1, 3)):
            np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())
        strided = np.asfortranarray(z)
        np.testing.assert_array_equal(expansion.product(strided), expansion.product(z))


def test_higher_orders_are_slopes_of_lower_ones(
    case: tuple[Interactions, Array, Array], expansion: Expansion
) -> None:
    interactions, q, _ = case
    z = random_fields(1)[0]
    h = 1e-5
    ahead, behind = (expand(interactions, q + s * h * z) for s in (1, -1))
    vector, scalar = expansion.third(z)
    slope = (ahead.product(z) - behind.product(z)) / (2 * h)
    np.testing.assert_allclose(vector, slope, atol=1e-6 * np.abs(vector).max())
    assert scalar == pytest.approx(np.vdot(vector, z), rel=1e-11)
    vector, scalar = expansion.fourth(z)
    slope = (ahead.third(z)[0] - behind.third(z)[0]) / (2 * h)
    np.testing.assert_allclose(vector, slope, atol=1e-4 * np.abs(vector).max())
    assert scalar == pytest.approx(np.vdot(vector, z), rel=1e-11)


def test_translations_cost_nothing_and_are_removed(
    case: tuple[Interactions, Array, Array], expansion: Expansion
) -> None:
    interactions, q, weights = case
    uniform = expansion.translations().reshape(3, -1)
    np.testing.assert_allclose(uniform @ uniform.T, np.eye(3), atol=1e-14)
    for t in uniform:
        assert np.abs(expansion.product(t)).max() < 1e-12 * expansion.scale
    z = random_fields(1)[0]
    kept = z.copy()
    rest = expansion.without_drift(z)
    np.testing.assert_array_equal(z, kept)
    np.testing.assert_allclose(
        rest.ravel(), z.ravel() - uniform.T @ (uniform @ z.ravel()), atol=1e-14
    )
    np.testing.assert_allclose((weights * rest).sum(axis=0), 0, atol=1e-12)
    fixed = expand(interactions, q, translations=False)
    np.testing.assert_array_equal(fixed.without_drift(z), z)


@pytest.mark.compiled
@pytest.mark.parametrize("tolerance", [1e-3, 1e-9, 1e-13])
def test_solutions_meet_their_tolerance(expansion: Expansion, tolerance: float) -> None:
    rhs = expansion.without_drift(random_fields(1)[0])
    size = np.linalg.norm(rhs)
    z = expansion.solve(rhs, tolerance=tolerance)
    assert z is not None
    # Rounding of the products themselves: the largest eigenvalue times that of z.
    noise = 1e-15 * expansion.scale * np.linalg.norm(z)
    assert np.linalg.norm(expansion.product(z) - rhs) <= tolerance * size + noise
    translations = expansion.translations().reshape(3, -1)
    np.testing.assert_allclose(translations @ z.ravel(), 0, atol=1e-12 * np.linalg.norm(z))
    close = z + 1e-3 * expansion.without_drift(random_fields(2)[1])
    again = expansion.solve(rhs, guess=close, tolerance=tolerance)
    assert again is not None
    assert np.linalg.norm(expansion.product(again) - rhs) <= tolerance * size + noise
    dense = np.linalg.pinv(expansion.matrix.toarray(), rcond=1e-9, hermitian=True)
    if tolerance < 1e-10:
        exact = (dense @ rhs.ravel()).reshape(-1, 3)
        np.testing.assert_allclose(z, exact, atol=1e-8 * np.abs(exact).max())
    assert expansion.solve(np.zeros((216, 3)), tolerance=tolerance) is not None


@pytest.mark.compiled
def test_eigenvalues_and_their_counts(expansion: Expansion) -> None:
    values, vectors = np.linalg.eigh(expansion.matrix.toarray())
    # The error of an eigenvalue is the square of the residual over the gap to the next.
    value, field = expansion.softest(400, 1e-3)
    assert value == pytest.approx(values[3], rel=1e-4)
    start = vectors[:, 3] + 1e-3 * expansion.random_field() / np.sqrt(expansion.size)
    value, field = expansion.softest(400, 1e-4, start)
    assert value == pytest.approx(values[3], rel=1e-6)
    assert abs(field @ vectors[:, 3]) == pytest.approx(1, abs=1e-5)
    assert expansion.highest() == pytest.approx(values[-1], rel=0.01)
    following, _ = expansion.across(field).softest(400, 1e-3)
    assert following == pytest.approx(values[4], rel=1e-4)
    shifted, _ = expansion.shifted(20.0).softest(400, 1e-4)
    assert shifted == pytest.approx(values[3] - 20.0, rel=1e-4)
    middle = 0.5 * (values[99] + values[100])
    assert expansion.below(middle).negative_count() == 100
    measure = expansion.measure(random_fields(1)[0])
    measure.extend(20)
    quadrature = measure.quadrature()
    z = random_fields(1)[0].ravel() / np.linalg.norm(random_fields(1)[0])
    weights = (vectors.T @ z) ** 2
    for power in range(4):
        moment = (quadrature.weights * quadrature.nodes**power).sum()
        assert moment == pytest.approx((weights * values**power).sum(), rel=1e-9)


@pytest.mark.compiled
def test_no_solution_where_a_direction_is_negative(case: tuple[Interactions, Array, Array]) -> None:
    interactions, q, _ = case
    moved = expand(interactions, q + 0.03 * random_fields(1)[0])
    values = np.linalg.eigvalsh(moved.matrix.toarray())
    assert values[0] < -1
    rhs = moved.without_drift(random_fields(1)[0])
    assert moved.solve(rhs) is None


class Given:
    """An energy of which only the Hessian is asked."""

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        raise NotImplementedError

    def derivatives(self, positions: Array) -> TwinDerivatives:
        return TwinDerivatives(self, positions)

    def hessian(self, positions: Array) -> Array:
        return self.matrix

    def hessian_product(self, positions: Array, field: Array) -> Array:
        return (self.matrix @ field.ravel()).reshape(-1, 3)


def test_a_small_matrix_is_known_completely() -> None:
    n = 4
    generator = np.random.default_rng(4)
    basis = np.linalg.qr(generator.standard_normal((3 * n, 3 * n)))[0]
    values = np.arange(1.0, 3 * n + 1) ** 2
    matrix = (basis * values) @ basis.T
    expansion = expand(Given(0.5 * (matrix + matrix.T)), np.zeros((n, 3)), translations=False)
    value, field = expansion.softest(3 * n, 1e-8)  # by products: the matrix is not assembled yet
    assert value == pytest.approx(1.0, rel=1e-9)
    following, _ = expansion.across(field).softest(3 * n, 1e-6)
    assert following == pytest.approx(values[1], rel=1e-6)
    shifted, _ = expansion.shifted(2.0).softest(3 * n, 1e-8)
    assert shifted == pytest.approx(-1.0, rel=1e-8)
    assert expansion.highest() == pytest.approx(values[-1], rel=0.01)
    assert expansion.below(50.0).negative_count() == 7
    z = generator.standard_normal((n, 3))
    measure = expansion.measure(z)
    measure.extend(3 * n)
    levels = measure.levels()
    np.testing.assert_allclose(levels.nodes, values, rtol=1e-8)
    weights = (basis.T @ z.ravel()) ** 2 / np.sum(z**2)
    np.testing.assert_allclose(levels.weights, weights, atol=1e-8)
    solution, _ = expansion.minres(z.ravel(), 1e-10, 3 * n)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, z.ravel()), atol=1e-8)
    indefinite = matrix - 42.0 * np.eye(3 * n)
    solution, _ = expansion.shifted(42.0).minres(z.ravel(), 1e-10, 3 * n)
    np.testing.assert_allclose(solution, np.linalg.solve(indefinite, z.ravel()), atol=1e-8)


def test_a_particle_that_hardly_anything_touches_is_solved_for_exactly() -> None:
    """Its own block has a pivot that the preconditioner lifts; the equation keeps it."""
    generator = np.random.default_rng(2)
    n = 12
    a = generator.standard_normal((3 * n, 3 * n))
    matrix = a @ a.T + 3 * np.eye(3 * n)
    matrix[:3] *= 1e-3
    matrix[:, :3] *= 1e-3
    matrix[0, 0] = 1e-7 + matrix[0, 3:] @ np.linalg.solve(matrix[3:, 3:], matrix[3:, 0])
    matrix[1, 1], matrix[2, 2] = 40.0, 50.0
    matrix[0, 1:3] = matrix[1:3, 0] = matrix[1, 2] = matrix[2, 1] = 0.0
    assert np.linalg.eigvalsh(matrix)[0] > 0

    expansion = expand(Given(matrix), np.zeros((n, 3)), translations=False)
    assert list(expansion._scaled.lifted) == [0]
    rhs = generator.standard_normal((n, 3))
    z = expansion.solve(rhs, tolerance=1e-12)
    assert z is not None
    exact = np.linalg.solve(matrix, rhs.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(z, exact, atol=1e-6 * np.abs(exact).max())


@pytest.mark.parametrize("form", ["pairs", "blocks"])
def test_sweeps_are_triangular_solves_of_the_scaled_hessian(
    soft_liquid: Configuration, form: str
) -> None:
    start = minimize(SoftSpheres(), soft_liquid, 1e-2).configuration
    n = start.n_particles
    expansion = expand(SoftSpheres().interactions(start), start.positions)
    matrix = expansion.matrix.toarray()
    blocks = expansion.blocks if form == "pairs" else blocks_of_matrix(expansion.matrix)
    scaled = scaled_blocks(blocks, None)
    assert len(scaled.lifted) == 0
    scaling = np.zeros_like(matrix)
    lower = np.tril_indices(3)
    for i in range(n):
        own = slice(3 * i, 3 * i + 3)
        block = np.zeros((3, 3))
        block[lower] = scaled.scaling_nf[i]
        scaling[own, own] = block
        np.testing.assert_allclose(block @ matrix[own, own] @ block.T, np.eye(3), atol=1e-12)
    unit = scaling @ matrix @ scaling.T
    vector = np.random.default_rng(3).normal(size=3 * n)
    particle = np.arange(3 * n) // 3
    upper = np.where(particle[:, None] < particle, unit, 0.0) + np.eye(3 * n)
    back = np.empty_like(vector)
    sweep_back(scaled, vector, back)
    np.testing.assert_allclose(back, np.linalg.solve(upper, vector), rtol=0, atol=1e-11)
    forth = vector.copy()
    sweep_forth(scaled, forth)
    np.testing.assert_allclose(forth, np.linalg.solve(upper.T, vector), rtol=0, atol=1e-11)
