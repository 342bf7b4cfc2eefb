"""Sixteen particle records gathered and transposed at once.

A loop that gathers x, y, z and the diameter of sixteen neighbors one by one compiles to slow
gather instructions. A particle's record {x, y, z, diameter} is 16 bytes, one vector load; sixteen
of them, transposed in registers, give four vectors of sixteen lanes. The intermediate code is
independent of the machine: the compiler lowers it to what the processor has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES = 16
"""Records gathered at once; neighbor rows are padded to multiples of this."""


def _gather(typing_context: Any, records: Any, neighbors: Any, start: Any, buffer: Any) -> Any:
    """Load the records of neighbors[start : start + 16] into `buffer` (64,), field by field.

    `records` is flat int32, four entries a particle; `neighbors` flat uint32. The four fields
    land in buffer[0:16], [16:32], [32:48] and [48:64].
    """
    signature = types.void(records, neighbors, types.int64, buffer)
    return signature, _generate


gather_records: Any = intrinsic(_gather)


def _generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    records, neighbors, start, buffer = (
        context.make_array(kind)(context, builder, value=value).data
        if isinstance(kind, types.Array)
        else value
        for kind, value in zip(signature.args, arguments, strict=True)
    )
    word, offset = ir.IntType(32), ir.IntType(64)
    record_type = ir.VectorType(word, 4)
    rows = []
    for lane in range(LANES):
        place = builder.add(start, offset(lane))
        index = builder.zext(builder.load(builder.gep(neighbors, [place])), offset)
        pointer = builder.gep(records, [builder.mul(index, offset(4))])
        row = builder.load(builder.bitcast(pointer, record_type.as_pointer()))
        row.align = 4
        rows.append(row)
    for field, vector in enumerate(_transpose(builder, rows)):
        target = builder.gep(buffer, [offset(LANES * field)])
        store = builder.store(vector, builder.bitcast(target, vector.type.as_pointer()))
        store.align = 4
    return context.get_dummy_value()


def _transpose(builder: ir.IRBuilder, rows: list[Any]) -> list[Any]:
    """Four vectors of 16 from 16 vectors of 4: 4 x 4 transposes inside the 128-bit quarters."""
    # Quarter q of stack k is record 4 q + k, so that the lanes come out in natural order.
    stacks = [_concatenate(builder, rows[k::4]) for k in range(4)]
    low, high = [0, 16, 1, 17], [2, 18, 3, 19]
    left, right = [0, 1, 16, 17], [2, 3, 18, 19]
    xy, zd = (
        [_shuffle(builder, stacks[a], stacks[a + 1], half) for a in (0, 2)] for half in (low, high)
    )
    return [_shuffle(builder, p[0], p[1], half) for p in (xy, zd) for half in (left, right)]


def _shuffle(builder: ir.IRBuilder, a: Any, b: Any, quarter: list[int]) -> Any:
    """Apply one shuffle of a quarter to all four quarters of two vectors of 16."""
    indices = [index + 4 * q for q in range(4) for index in quarter]
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), 16), indices))


def _concatenate(builder: ir.IRBuilder, parts: list[Any]) -> Any:
    while len(parts) > 1:
        width = 2 * parts[0].type.count
        mask = ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width)))
        parts = [
            builder.shuffle_vector(parts[k], parts[k + 1], mask) for k in range(0, len(parts), 2)
        ]
    return parts[0]
