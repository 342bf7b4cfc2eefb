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

INTEGERS = ir.VectorType(ir.IntType(32), LANES)
FLOATS = ir.VectorType(ir.FloatType(), LANES)


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


def _is_near(
    typing_context: Any, r: Any, stride: Any, i: Any, j: Any, unit: Any, cutoff2: Any
) -> Any:
    """Whether r_j - r_i, times `unit` (3,), has a square below `cutoff2` in some lane."""
    number = types.int64
    lengths: Any = types.UniTuple(types.float32, 3)  # type: ignore[no-untyped-call]
    signature = types.boolean(r, number, number, number, lengths, types.float32)
    return signature, _generate_is_near


difference: Any = intrinsic(_difference)
add_pair: Any = intrinsic(_add_pair)
is_near: Any = intrinsic(_is_near)


def _generate_difference(
    context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any
) -> Any:
    r, stride, i, j, unit, slot, block = arguments
    r = memory_of(context, builder, signature.args[0], r)
    block = memory_of(context, builder, signature.args[6], block)
    for c, vector in enumerate(_pair_vector(builder, r, stride, i, j, unit)):
        store_lanes(builder, vector, block, _slot(builder, c, slot))
    return context.get_dummy_value()


def _generate_is_near(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    r, stride, i, j, unit, cutoff2 = arguments
    r = memory_of(context, builder, signature.args[0], r)
    x, y, z = (builder.fmul(v, v) for v in _pair_vector(builder, r, stride, i, j, unit))
    square = builder.fadd(x, builder.fadd(y, z))
    near = builder.fcmp_ordered("<", square, all_lanes(builder, cutoff2))
    bits = ir.IntType(LANES)
    return builder.icmp_unsigned("!=", builder.bitcast(near, bits), bits(0))


def _pair_vector(builder: ir.IRBuilder, r: Any, stride: Any, i: Any, j: Any, unit: Any) -> Any:
    for c in range(3):
        one, other = (
            load_lanes(builder, r, place_of(builder, stride, c, particle), INTEGERS)
            for particle in (i, j)
        )
        vector = builder.sitofp(builder.sub(other, one), FLOATS)
        yield builder.fmul(vector, all_lanes(builder, builder.extract_value(unit, c)))


def _generate_add(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    force, stride, i, j, weight, slot, block = arguments
    force = memory_of(context, builder, signature.args[0], force)
    block = memory_of(context, builder, signature.args[6], block)
    weight = all_lanes(builder, weight)
    for c in range(4):
        vector = load_lanes(builder, block, _slot(builder, c, slot), FLOATS)
        place = place_of(builder, stride, c, i)
        old = load_lanes(builder, force, place, FLOATS)
        if c == 3:
            store_lanes(builder, builder.fadd(old, vector), force, place)
            continue
        vector = builder.fmul(vector, weight)
        store_lanes(builder, builder.fadd(old, vector), force, place)
        place = place_of(builder, stride, c, j)
        old = load_lanes(builder, force, place, FLOATS)
        store_lanes(builder, builder.fsub(old, vector), force, place)
    return context.get_dummy_value()


def memory_of(context: Any, builder: ir.IRBuilder, kind: Any, array: Any) -> Any:
    """Where the numbers of an array begin."""
    return context.make_array(kind)(context, builder, value=array).data


def place_of(builder: ir.IRBuilder, stride: Any, component: int, particle: Any) -> Any:
    """Place of the lanes of one component of a particle; components are `stride` apart."""
    offset = ir.IntType(64)
    start = builder.mul(stride, offset(component))
    return builder.add(start, builder.mul(particle, offset(LANES)))


def _slot(builder: ir.IRBuilder, component: int, slot: Any) -> Any:
    offset = ir.IntType(64)
    return builder.add(offset(component * BLOCK), builder.mul(slot, offset(LANES)))


def load_lanes(builder: ir.IRBuilder, memory: Any, place: Any, kind: Any) -> Any:
    """The numbers of all lanes from a place on, as one vector."""
    pointer = builder.bitcast(builder.gep(memory, [place]), kind.as_pointer())
    vector = builder.load(pointer)
    vector.align = 4
    return vector


def store_lanes(builder: ir.IRBuilder, vector: Any, memory: Any, place: Any) -> None:
    """Put the numbers of all lanes there."""
    pointer = builder.bitcast(builder.gep(memory, [place]), vector.type.as_pointer())
    builder.store(vector, pointer).align = 4


def all_lanes(builder: ir.IRBuilder, number: Any) -> Any:
    """One number in all lanes."""
    first = builder.insert_element(ir.Constant(FLOATS, ir.Undefined), number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, first, zeros)
