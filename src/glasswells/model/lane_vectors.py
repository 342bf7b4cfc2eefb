"""Loads and stores of whole lanes: one particle in sixteen configurations is one vector.

Compilers prove no two arrays apart here, and check at every pair whether they overlap, which costs
more than the arithmetic. These few functions state the vectors themselves. The intermediate code is
independent of the machine: the compiler lowers it to what the processor has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES = 16
"""Configurations side by side: a vector of single precision where the processor has 512 bits."""
BLOCK_PAIRS = 32
"""Pairs whose vectors are kept at once; four numbers of all lanes are 8 kB."""
BLOCK = BLOCK_PAIRS * LANES

_INTEGERS = ir.VectorType(ir.IntType(32), LANES)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)


def _difference(
    typing_context: Any, r: Any, stride: Any, i: Any, j: Any, unit: Any, slot: Any, block: Any
) -> Any:
    """Put the vectors r_j - r_i of all lanes, times `unit` (3,), into a slot of the block.

    `r` is flat int32, component by component `stride` apart, lanes innermost; differences of
    integers in units of box/2^32 are minimum images. The block is flat float32: x of all slots,
    then y, then z.
    """
    number = types.int64
    lengths: Any = types.UniTuple(types.float32, 3)  # type: ignore[no-untyped-call]
    signature = types.void(r, number, number, number, lengths, number, block)
    return signature, _generate_difference


def _add_pair(
    typing_context: Any, force: Any, stride: Any, i: Any, j: Any, weight: Any, slot: Any, block: Any
) -> Any:
    """Add `weight` times the vectors of a slot to i and take it from j; the fourth number to i."""
    number = types.int64
    signature = types.void(force, number, number, number, types.float32, number, block)
    return signature, _generate_add


difference: Any = intrinsic(_difference)
add_pair: Any = intrinsic(_add_pair)


def _generate_difference(
    context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any
) -> Any:
    r, stride, i, j, unit, slot, block = arguments
    r = _memory(context, builder, signature.args[0], r)
    block = _memory(context, builder, signature.args[6], block)
    for c in range(3):
        one, other = (
            _load(builder, r, _place(builder, stride, c, particle), _INTEGERS)
            for particle in (i, j)
        )
        vector = builder.sitofp(builder.sub(other, one), _FLOATS)
        vector = builder.fmul(vector, _all_lanes(builder, builder.extract_value(unit, c)))
        _store(builder, vector, block, _slot(builder, c, slot))
    return context.get_dummy_value()


def _generate_add(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    force, stride, i, j, weight, slot, block = arguments
    force = _memory(context, builder, signature.args[0], force)
    block = _memory(context, builder, signature.args[6], block)
    weight = _all_lanes(builder, weight)
    for c in range(4):
        vector = _load(builder, block, _slot(builder, c, slot), _FLOATS)
        place = _place(builder, stride, c, i)
        if c == 3:
            total = builder.fadd(_load(builder, force, place, _FLOATS), vector)
            _store(builder, total, force, place)
            continue
        vector = builder.fmul(vector, weight)
        _store(builder, builder.fadd(_load(builder, force, place, _FLOATS), vector), force, place)
        place = _place(builder, stride, c, j)
        _store(builder, builder.fsub(_load(builder, force, place, _FLOATS), vector), force, place)
    return context.get_dummy_value()


def _memory(context: Any, builder: ir.IRBuilder, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, value=array).data


def _place(builder: ir.IRBuilder, stride: Any, component: int, particle: Any) -> Any:
    offset = ir.IntType(64)
    start = builder.mul(stride, offset(component))
    return builder.add(start, builder.mul(particle, offset(LANES)))


def _slot(builder: ir.IRBuilder, component: int, slot: Any) -> Any:
    offset = ir.IntType(64)
    return builder.add(offset(component * BLOCK), builder.mul(slot, offset(LANES)))


def _load(builder: ir.IRBuilder, memory: Any, place: Any, kind: Any) -> Any:
    pointer = builder.bitcast(builder.gep(memory, [place]), kind.as_pointer())
    vector = builder.load(pointer)
    vector.align = 4
    return vector


def _store(builder: ir.IRBuilder, vector: Any, memory: Any, place: Any) -> None:
    pointer = builder.bitcast(builder.gep(memory, [place]), vector.type.as_pointer())
    builder.store(vector, pointer).align = 4


def _all_lanes(builder: ir.IRBuilder, number: Any) -> Any:
    first = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, first, zeros)
