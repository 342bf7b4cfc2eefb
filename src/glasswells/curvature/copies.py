"""A copy of a field inside compiled code."""

from __future__ import annotations

from glasswells.core.compiler import lean_kernel


@lean_kernel
def copy_field(source_nf, target_nf):  # type: ignore[no-untyped-def]
    """Copy one field over another, number by number.

    A copy of slices brings the words of numba's errors along, which take seconds to compile.
    """
    for i in range(source_nf.shape[0]):
        for f in range(source_nf.shape[1]):
            target_nf[i, f] = source_nf[i, f]
