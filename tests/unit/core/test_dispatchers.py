"""Kernels that only kernels call get neither machine code nor files; Python may call any."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from numba.core import config
from numba.core.errors import TypingError

from glasswells.core.compiler import kernel


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))


def pair_of_kernels():
    """A kernel that calls another one."""

    @kernel
    def part(x_n):
        total = 0.0
        for i in range(x_n.shape[0]):
            total += np.sqrt(x_n[i]) / 3.0
        return total

    @kernel
    def whole(x_n):
        return 1.0 / part(x_n) + part(2.0 * x_n)

    return part, whole


X = np.random.default_rng(1).uniform(1.0, 2.0, 40)


def test_what_only_a_kernel_calls_is_made_for_it_alone(tmp_path):
    part, whole = pair_of_kernels()
    assert whole(X) == pytest.approx(3 / np.sqrt(X).sum() + np.sqrt(2 * X).sum() / 3)
    assert not part.overloads
    assert len(part.merged.overloads) == 1
    assert len([*tmp_path.rglob("*.nbi")]) == 1
    (code,) = (compiled.library.get_llvm_str() for compiled in part.merged.overloads.values())
    assert "cpython" not in code


@pytest.mark.parametrize("part_first", [True, False])
def test_python_may_call_a_kernel_before_and_after_another_merges_it(part_first):
    part, whole = pair_of_kernels()
    fresh_part, _ = pair_of_kernels()
    if part_first:
        alone, merged = part(X), whole(X)
    else:
        merged, alone = whole(X), part(X)
    assert alone == fresh_part(X)
    assert alone == pytest.approx(part.py_func(X), rel=1e-14)
    assert len(part.overloads) == 1
    assert len(part.merged.overloads) == (0 if part_first else 1)
    assert merged == pytest.approx(whole.py_func(X), rel=1e-14)


def test_a_kernel_that_calls_itself():
    @kernel
    def factorial(n):
        return n * factorial(n - 1) if n > 1 else 1

    @kernel
    def binomial(n, k):
        return factorial(n) // (factorial(k) * factorial(n - k))

    assert binomial(10, 4) == 210
    assert factorial(6) == 720


def test_an_error_in_a_merged_kernel_arrives():
    @kernel
    def refuse(x):
        if x < 0.0:
            raise ValueError("negative")
        return np.sqrt(x)

    @kernel
    def twice(x):
        return 2.0 * refuse(x)

    assert twice(4.0) == 4.0
    with pytest.raises(ValueError, match="negative"):
        twice(-1.0)


@pytest.mark.parametrize("is_on", [True, False])
def test_garbage_is_collected_again_after_a_compilation_and_after_a_failed_one(is_on):
    @kernel
    def length(x):
        return x.shape[0]

    was_on = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        assert length(X) == 40
        assert gc.isenabled() is is_on
        with pytest.raises(TypingError):
            length(3.0)
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()
