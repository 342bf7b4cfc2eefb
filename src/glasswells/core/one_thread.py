"""One thread of BLAS and LAPACK, where matrices are small and last bits shall not depend on it.

Threads that wait for each other over a matrix of a hundred rows take more time than they save, on
a busy machine ten times as much, and add up in another order.
"""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from typing import Any

import scipy.linalg  # noqa: F401 (so that its library is loaded when libraries are looked for)


def one_thread() -> AbstractContextManager[Any]:
    """Let BLAS and LAPACK use one thread meanwhile, and as many as before afterwards."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limited


@functools.cache
def _libraries() -> Any:
    """Those that are loaded; to look for them takes two milliseconds."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController().select(user_api="blas")
