"""Factorizations in the order of a nested dissection against dense linear algebra."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy.sparse

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.curvature import dissection, factorization
from glasswells.curvature.dissection import dissect
from glasswells.curvature.factorization import Factorization


def random_matrix(places: Array, reach: float, seed: int, edge: float | None = None) -> Array:
    """A symmetric matrix (3N, 3N) with blocks where particles are closer than `reach`."""
    generator = np.random.default_rng(seed)
    n = len(places)
    away = places[:, None] - places[None]
    if edge is not None:
        away -= edge * np.rint(away / edge)
    is_near = np.linalg.norm(away, axis=2) < reach
    matrix = generator.standard_normal((3 * n, 3 * n)) * np.kron(is_near, np.ones((3, 3)))
    return 0.5 * (matrix + matrix.T) + 4.0 * np.eye(3 * n)


def factorized(matrix: Array, places: Array, shift: float) -> Factorization:
    sparse = scipy.sparse.csc_array(matrix)
    return Factorization(sparse, np.abs(matrix).max(), shift, dissect(sparse, places))


CASES = {
    "box": (260, 1.6, 6.4),
    "open": (260, 1.6, None),
    "few": (9, 3.0, None),
    "one": (1, 1.0, None),
    "lonely": (150, 0.5, None),
    "all touch": (130, 50.0, None),
}


SHEET = np.array(
    [[i, j, 0.0] for i in range(8) for j in range(8)]
    + [[i, j, -10.0] for i in range(3) for j in range(3)]
)
"""Most particles share the largest coordinate of the longest axis."""


@pytest.fixture(params=[*CASES, "sheet and patch"])
def case(request: pytest.FixtureRequest) -> tuple[Array, Array]:
    if request.param == "sheet and patch":
        return random_matrix(SHEET, 1.25, 3), SHEET
    n, reach, edge = CASES[request.param]
    places = np.random.default_rng(n).uniform(0, 6.4, (n, 3))
    return random_matrix(places, reach, n, edge), places


@pytest.mark.compiled
@pytest.mark.parametrize("below", [0.0, 0.01, 0.4, 1.0])
def test_counts_solutions_and_determinants_are_those_of_the_dense_matrix(case, below):
    matrix, places = case
    values = np.linalg.eigvalsh(matrix)
    padded = np.concatenate([[values[0] - 1.0], values, [values[-1] + 1.0]])
    k = int(below * len(values))
    shift = 0.5 * (padded[k] + padded[k + 1])
    found = factorized(matrix, places, shift)
    assert found.negative_count() == k
    assert len(found.pivots) == len(values)
    determinant = np.linalg.slogdet(matrix - shift * np.eye(len(values)))
    assert np.prod(np.sign(found.pivots)) == determinant.sign
    assert np.log(np.abs(found.pivots)).sum() == pytest.approx(determinant.logabsdet, abs=1e-8)
    rhs = np.random.default_rng(k).standard_normal(places.shape)
    exact = np.linalg.solve(matrix - shift * np.eye(len(values)), rhs.ravel())
    solution = found.solve(rhs)
    assert solution.shape == rhs.shape
    np.testing.assert_allclose(solution.ravel(), exact, atol=1e-9 * np.abs(exact).max())


@pytest.mark.compiled
@pytest.mark.parametrize("small", [3, 1000])
def test_the_size_of_what_is_diagonalized_changes_no_solution(case, small, monkeypatch):
    matrix, places = case
    usual = factorized(matrix, places, 4.0)
    monkeypatch.setattr(factorization, "SMALL", small)
    other = factorized(matrix, places, 4.0)
    assert other.negative_count() == usual.negative_count()
    rhs = np.random.default_rng(1).standard_normal(places.shape)
    expected = usual.solve(rhs)
    np.testing.assert_allclose(other.solve(rhs), expected, atol=1e-7 * np.abs(expected).max())


@pytest.mark.compiled
def test_a_shift_that_is_an_eigenvalue_is_an_input_error():
    places = np.random.default_rng(0).uniform(0, 6.4, (120, 3))
    matrix = np.diag(np.repeat(np.arange(1.0, 121.0), 3))
    with pytest.raises(InputError, match=r"7\.0 is an eigenvalue of the Hessian"):
        factorized(matrix, places, 7.0)
    assert factorized(matrix, places, 7.5).negative_count() == 21


@pytest.mark.compiled
def test_an_elimination_that_was_not_stable_is_not_believed():
    # The first front has a pivot of 1e-14 only, as its order knows nothing of the numbers.
    matrix = np.eye(3 * 120)
    matrix[0, 0], matrix[0, 180], matrix[180, 0] = 1e-14, 1.0, 1.0
    places = np.zeros((120, 3))
    places[:, 0] = np.arange(120)
    assert factorized(matrix, places, 0.0).negative_count() in (None, 1)
    matrix[0, 0] = 0.5
    assert factorized(matrix, places, 0.0).negative_count() == 1


@pytest.mark.compiled
def test_each_particle_is_eliminated_once_and_no_front_forgets_a_neighbor(case):
    matrix, places = case
    found = dissect(scipy.sparse.csc_array(matrix), places)
    n = len(places)
    assert sorted(found.order) == list(range(n))
    assert [front.begin for front in found.fronts[1:]] == [f.end for f in found.fronts[:-1]]
    assert (found.fronts[0].begin, found.fronts[-1].end) == (0, n)
    # What dense elimination, particle by particle, joins is all in the front.
    joined = np.abs(matrix).reshape(n, 3, n, 3).sum(axis=(1, 3))[np.ix_(found.order, found.order)]
    joined = joined != 0
    for k in range(n):
        later = np.flatnonzero(joined[k, k + 1 :]) + k + 1
        front = next(f for f in found.fronts if f.begin <= k < f.end)
        assert set(later[later >= front.end]) <= set(front.rest)
        joined[np.ix_(later, later)] = True
    taken = [part for front in found.fronts for part in front.parts]
    assert len(taken) == len(set(taken))


def test_particles_in_one_place_are_cut_as_well():
    matrix = random_matrix(np.zeros((130, 3)), 1.0, 4)
    found = dissect(scipy.sparse.csc_array(matrix), np.zeros((130, 3)))
    assert sorted(found.order) == list(range(130))


@pytest.mark.compiled
def test_eigenvalues_below_a_shift_far_beyond_the_matrix_are_counted():
    places = np.random.default_rng(8).uniform(0, 6.4, (40, 3))
    matrix = random_matrix(places, 1.6, 8)
    for shift, below in ((1e7, 120), (-1e7, 0)):
        assert factorized(matrix, places, shift).negative_count() == below


def test_the_planes_of_a_box_part_it_into_small_fronts():
    places = np.random.default_rng(5).uniform(0, 10, (1000, 3))
    matrix = scipy.sparse.csc_array(random_matrix(places, 1.3, 5, 10.0))
    fronts = dissect(matrix, places).fronts
    assert len(fronts) > 20
    assert max(front.end - front.begin for front in fronts) < 250


def test_covers_are_the_smallest():
    generator = np.random.default_rng(2)
    for _ in range(40):
        first, second = generator.integers(0, 6, (2, int(generator.integers(1, 12))))
        found = dissection._cover(first, second + 6)
        assert all(i in found or j + 6 in found for i, j in zip(first, second, strict=True))
        every = np.unique(np.concatenate([first, second + 6]))
        least = next(
            size
            for size in range(len(every) + 1)
            for chosen in combinations(every, size)
            if all(i in chosen or j + 6 in chosen for i, j in zip(first, second, strict=True))
        )
        assert len(found) == least
