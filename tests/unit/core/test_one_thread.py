"""Small matrices are not shared out to threads, whatever the user's libraries would do."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from threadpoolctl import ThreadpoolController, threadpool_limits

from glasswells.core.one_thread import one_thread
from glasswells.curvature import factorization
from glasswells.curvature.dissection import dissect
from glasswells.curvature.factorization import Factorization


def threads() -> set[int]:
    return {library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers}  # fmt: skip # noqa: E501


@pytest.fixture
def two_threads():
    with threadpool_limits(limits=2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("these libraries have one thread only")
        yield


@pytest.mark.usefixtures("two_threads")
def test_threads_are_as_many_as_before_afterwards() -> None:
    with one_thread():
        assert threads() == {1}
    assert threads() == {2}
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert threads() == {2}


@pytest.mark.usefixtures("two_threads")
def test_factorizations_and_solutions_use_one(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[set[int]] = []

    def watched(name):
        routine = getattr(factorization, name)

        def call(*inputs, **options):
            met.append(threads())
            return routine(*inputs, **options)

        return call

    for name in ("dpotrf", "dtrsv"):
        monkeypatch.setattr(factorization, name, watched(name))
    places = np.random.default_rng(0).uniform(0, 5, (60, 3))
    matrix = scipy.sparse.csc_array(4.0 * np.eye(180))
    found = Factorization(matrix, 4.0, 1.0, dissect(matrix, places))
    assert met
    assert set.union(*met) == {1}
    met.clear()
    assert found.solve(places) == pytest.approx(places / 3)
    assert set.union(*met) == {1}
    assert threads() == {2}
