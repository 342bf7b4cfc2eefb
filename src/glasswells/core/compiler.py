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
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core import config
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

from glasswells.core import dispatchers
from glasswells.core.dispatchers import KernelDispatcher

REASSOCIATE = frozenset({"reassoc", "contract", "nsz", "arcp"})
"""Fast arithmetic that still sees NaN and infinity: `nnan` and `ninf` would make every check for
a bad number silently true."""

LIBRARIES = frozenset({"llvmlite", "numba", "numpy"})
"""Packages whose functions a fingerprint knows by name only."""


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` on first use, in machine code that later processes load from disk."""
    return _compiled(function)


def lean_kernel(function: Callable[..., Any]) -> Any:
    """A `kernel` that counts no references, and so cannot allocate: workspaces are passed in.

    Counting the references to each array of a NamedTuple at each call costs more than the
    arithmetic of a Monte Carlo move.
    """
    return _compiled(function, _nrt=False)


def _compiled(function: Callable[..., Any], **flags: bool) -> Any:
    # All that a kernel calls is merged into it. Otherwise numba puts a copy of each called kernel
    # beside its caller, the linker of the process takes one of all copies with the same name, and
    # they are optimized differently: the last bits of a result would depend on which other kernels
    # the process had loaded before.
    options: dict[str, Any] = {
        "nopython": True,
        "boundscheck": None,  # as the environment says
        "error_model": "numpy",
        "fastmath": set(REASSOCIATE),
        "forceinline": True,
        "no_cfunc_wrapper": True,  # nobody calls kernels from C; it held each of them once more
        **flags,
    }
    disabled = config.DISABLE_JIT  # type: ignore[attr-defined]
    dispatcher: Any = function if disabled else KernelDispatcher(function, options)
    with suppress(RuntimeError):  # of numba, where no folder can be written
        dispatcher._cache = _FingerprintedCache(function)
    return dispatcher


def is_kept(function: Any) -> bool:
    """Whether the machine code of a kernel is kept on the disk, or made again in each process."""
    return isinstance(function._cache, _FingerprintedCache)


def source_fingerprint(function: Callable[..., Any]) -> str:
    """Digest of the source of `function`, of the kernels it calls and of all their constants."""
    flags = (_file_digest(__file__), _file_digest(dispatchers.__file__))
    return _hash(*flags, _digest(function, ()))


class _DamagedCacheError(ValueError):
    """A file of the cache is not what was written."""


class _SealedFiles(IndexDataCacheFile):
    """Index and machine code, each followed by the digest of its bytes.

    Without it a flipped bit reaches the unpickler, which may raise anything, or LLVM, which ends
    the process. Numba reads no further than what it has written.

    Machine code says whose it is. Closures of one factory share an index, which numbers the files
    of their code. Two processes that compile at once both take the next number, and the index may
    come from one and the file from the other: the law of another potential, without a word.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))  # type: ignore[no-untyped-call]

    def load(self, key: Any) -> Any:
        kept = super().load(key)  # type: ignore[no-untyped-call]
        return kept[1] if kept is not None and kept[0] == key else None

    def _load_index(self) -> Any:
        _check_seal(Path(self._index_path))
        return super()._load_index()  # type: ignore[no-untyped-call]

    def _load_data(self, name: str) -> Any:
        _check_seal(Path(self._data_path(name)))  # type: ignore[no-untyped-call]
        return super()._load_data(name)  # type: ignore[no-untyped-call]

    @contextmanager
    def _open_for_write(self, path: str) -> Iterator[io.BytesIO]:
        with super()._open_for_write(path) as file, io.BytesIO() as content:
            yield content
            file.write(content.getvalue() + hashlib.sha256(content.getvalue()).digest())


def _check_seal(path: Path) -> None:
    if not path.exists():
        return
    content, size = path.read_bytes(), hashlib.sha256().digest_size
    if hashlib.sha256(content[:-size]).digest() != content[-size:]:
        raise _DamagedCacheError(f"{path} is not what was written")


class _FingerprintedCache(FunctionCache):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        names = (self._cache_path, self._impl.filename_base, self._cache_file._source_stamp)
        self._cache_file = _SealedFiles(*names)  # type: ignore[no-untyped-call]
        self._function = function
        self._name = function.__qualname__

    @functools.cached_property
    def _fingerprint(self) -> str:
        return source_fingerprint(self._function)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, or None if there is none that can be used.

        An index names the classes of all arguments that its kernel ever had. Where one of them
        has since been moved or changed, as an update of the package may do, whatever its class
        raises ends the reading. Then, and where files are damaged or may not be read, the kernel
        is compiled again.
        """
        # Numba tells symbols of one name apart by a count within the process that compiles. Those
        # of closures compiled in several processes and loaded into one would collide, and one
        # closure run the code of another, without the fingerprint in their names.
        self._function.__qualname__ = f"{self._name}_{self._fingerprint[:32]}"
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except MemoryError:
            raise
        except Exception:
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code for later processes, if the disk takes it: this one has it already."""
        with suppress(OSError, _DamagedCacheError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        # With bounds checks on, code without them must not be served, nor the other way round.
        checked = bool(config.BOUNDSCHECK)  # type: ignore[attr-defined]
        return (sig, codegen.magic_tuple(), self._fingerprint, checked)


def _digest(value: Any, callers: tuple[int, ...]) -> str:
    """Digest of one thing that a kernel refers to: of a function, with all that it refers to.

    Digests are nested as the calls are. A flat set of them could not tell apart two closures of
    one factory that consist of the same parts in another order, such as y^5 and y^6.
    """
    function = _python_function(value)
    if function is None:
        return _constant_digest(value, callers)
    if id(function) in callers:
        return f"recursion {callers[::-1].index(id(function))}"
    callers = (*callers, id(function))
    code = function.__code__
    if (function.__module__ or "").partition(".")[0] in LIBRARIES:
        return code.co_qualname  # numba's cache is emptied by another version of numba
    parts = [code.co_qualname, str(code.co_firstlineno), _file_digest(code.co_filename)]
    for name in sorted(_global_names(code)):
        if name in function.__globals__:
            parts += [name, _digest(function.__globals__[name], callers)]
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        parts += [name, _digest(cell.cell_contents, callers)]
    return _hash(*parts)


def _constant_digest(value: Any, callers: tuple[int, ...]) -> str:
    if isinstance(value, ModuleType):
        return value.__name__  # kernels call NumPy through its module; our own are imported by name
    if isinstance(value, np.ndarray):
        return _hash(str(value.dtype), str(value.shape), value.tobytes().hex())
    if isinstance(value, tuple):
        return _hash(type(value).__qualname__, *(_digest(item, callers) for item in value))
    if isinstance(value, type):
        return _hash(value.__qualname__, *getattr(value, "_fields", ()))
    return repr(value)


def _global_names(code: CodeType) -> set[str]:
    nested = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*(_global_names(c) for c in nested))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


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
