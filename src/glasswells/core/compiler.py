"""The one decorator for compiled kernels: flags, and a cache that notices every change.

Numba's on-disk cache looks only at the file of the kernel itself, so a kernel that calls a helper
from another file keeps running the old helper after an edit. Here the cache key of each kernel
also holds a fingerprint of the sources of everything that it calls, and of the constants that it
closes over. Without it a physicist who edits a potential would get the numbers of yesterday.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

REASSOCIATE = frozenset({"reassoc", "contract", "nsz", "arcp"})
"""Fast arithmetic that still sees NaN and infinity: `nnan` and `ninf` would make every check for
a bad number silently true."""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` on first use, in machine code that later processes load from disk."""
    return _compiled(function)


def lean_kernel(function: Callable[..., Any]) -> Any:
    """A `kernel` that counts no references, and so cannot allocate: workspaces are passed in.

    Counting the references to each array of a NamedTuple at each call costs more than the
    arithmetic of a Monte Carlo move.
    """
    return _compiled(function, _nrt=False)


def inlined_kernel(function: Callable[..., Any]) -> Any:
    """A `lean_kernel` that is merged into the kernels that call it: for steps of a hot loop."""
    return _compiled(function, _nrt=False, forceinline=True)


def _compiled(function: Callable[..., Any], **flags: bool) -> Any:
    options: dict[str, Any] = {"error_model": "numpy", "fastmath": set(REASSOCIATE), **flags}
    dispatcher: Any = numba.njit(**options)(function)
    dispatcher._cache = _FingerprintedCache(function)
    return dispatcher


def source_fingerprint(function: Callable[..., Any]) -> str:
    """Digest of the source files that `function` and the kernels it calls are written in."""
    entries = {_file_digest(__file__)}  # the flags are set here
    _collect(function, entries, set())
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()


class _FingerprintedCache(FunctionCache):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._function = function

    @functools.cached_property
    def _fingerprint(self) -> str:
        return source_fingerprint(self._function)

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        # With bounds checks on, code without them must not be served, nor the other way round.
        return (sig, codegen.magic_tuple(), self._fingerprint, bool(numba.config.BOUNDSCHECK))


def _collect(value: Any, entries: set[str], seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    function = _python_function(value)
    if function is None:
        entries.add(repr(value))
        return
    code = function.__code__
    entries.add(f"{code.co_qualname}:{code.co_firstlineno}:{_file_digest(code.co_filename)}")
    referenced = [function.__globals__[n] for n in code.co_names if n in function.__globals__]
    for item in referenced:
        if isinstance(item, ModuleType):
            continue  # kernels call NumPy through its module; our own are imported by name
        if _python_function(item) is not None or isinstance(item, int | float | str | tuple):
            _collect(item, entries, seen)
    for cell in function.__closure__ or ():
        _collect(cell.cell_contents, entries, seen)


def _python_function(value: Any) -> FunctionType | None:
    if isinstance(value, Dispatcher):
        return value.py_func  # type: ignore[no-any-return]
    definition = getattr(value, "_defn", None)  # an intrinsic keeps its code generator here
    if definition is not None:
        value = definition
    if inspect.isfunction(value):
        return value
    return None


@functools.cache
def _file_digest(file_name: str) -> str:
    path = Path(file_name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else file_name
