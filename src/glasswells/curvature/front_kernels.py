"""Gathering of dense parts of a sparse symmetric matrix; suffixes: s eliminated, m later rows."""

from __future__ import annotations

from glasswells.core.compiler import kernel


@kernel
def add_columns(start, row, value, columns, local, shift, own_ss, below_ms):  # type: ignore[no-untyped-def]
    """Add columns of a matrix in compressed columns, minus a shift, to the lower part of a front.

    `local` gives each row its place in the front, and -1 to those eliminated before.
    """
    size = own_ss.shape[0]
    for j in range(columns.shape[0]):
        c = columns[j]
        own_ss[j, j] -= shift
        for k in range(start[c], start[c + 1]):
            i = local[row[k]]
            if i >= size:
                below_ms[i - size, j] += value[k]
            elif i >= j:
                own_ss[i, j] += value[k]


@kernel
def add_remainder(remainder, place, own_ss, below_ms, rest_mm):  # type: ignore[no-untyped-def]
    """Add the lower part of what is left of another front; `place`, ascending, says where."""
    size = own_ss.shape[0]
    for j in range(place.shape[0]):
        b = place[j]
        for i in range(j, place.shape[0]):
            a = place[i]
            if b >= size:
                rest_mm[a - size, b - size] += remainder[i, j]
            elif a >= size:
                below_ms[a - size, b] += remainder[i, j]
            else:
                own_ss[a, b] += remainder[i, j]
