"""Machine code for what Python calls, and none for what only other kernels call.

Numba makes for each compiled function, whoever asks for it, a wrapper that takes Python's objects
and machine code of both, which go to the engine of the process. Here all that a kernel calls is
merged into it, so that none of this is ever used where the caller is a kernel, as most are.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


class KernelDispatcher(CPUDispatcher):
    """The kernel as Python calls it, and in `merged` as other kernels do.

    Each is compiled for the types of its callers when the first of them asks.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(function, targetoptions=options)
        self.merged = _MergedDispatcher(
            function, targetoptions=options, pipeline_class=_MergedCompiler
        )

    def compile(self, sig: Any) -> Any:
        """Compile for some types, or load what another process has compiled."""
        with collection_paused():
            return super().compile(sig)

    @property
    def is_compiling(self) -> Any:
        """Whether it is in work: then a call is a recursion."""
        return self._compiling_counter or self.merged.is_compiling

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What a calling kernel has to know of the types that come back."""
        _, folded = self.fold_argument_types(args, kws)
        chosen: Any = super() if tuple(folded) in self.overloads else self.merged
        return chosen.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """The code that a calling kernel merges."""
        if tuple(sig) in self.overloads:
            return super().get_overload(sig)
        return self.merged.get_overload(sig)


class _MergedDispatcher(CPUDispatcher):
    """A kernel as other kernels call it. It has no address, and Python cannot call it."""

    def add_overload(self, cres: Any) -> None:
        """Keep what was compiled, under a key in place of an address."""
        key = cres.library
        self.targetctx.insert_user_function(key, cres.fndesc, [key])  # type: ignore[no-untyped-call]
        self.overloads[tuple(cres.signature.args)] = cres._replace(entry_point=key)


class _MergedCompiler(Compiler):
    """Numba's compiler, which stops before the machine code."""

    def __init__(
        self, typingctx: Any, targetctx: Any, library: Any, args: Any, return_type: Any, *rest: Any
    ) -> None:
        flags, variables = rest
        flags = flags.copy()
        flags.no_cpython_wrapper = True
        flags.no_compile = True
        library = _MergedLibrary(targetctx.codegen(), "merged")  # type: ignore[no-untyped-call]
        super().__init__(  # type: ignore[no-untyped-call]
            typingctx, targetctx, library, args, return_type, flags, variables
        )


class _MergedLibrary(JITCodeLibrary):
    """Code that callers merge, and that no engine knows."""

    def _optimize_final_module(self) -> None:
        """Numba's first, cheap passes only: each caller runs all passes on what it has merged."""
        codegen: Any = self._codegen
        passes, builder = codegen._module_pass_manager(
            loop_vectorize=codegen._loopvect,
            slp_vectorize=False,
            opt=codegen._opt_level,
            cost="cheap",
        )
        passes.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


@contextmanager
def collection_paused() -> Iterator[None]:
    """Keep the garbage collector from visiting what a compiler makes again and again.

    Most of it lives until the compiler has ended; the visits took an eighth of the time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
