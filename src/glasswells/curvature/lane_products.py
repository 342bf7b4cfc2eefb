"""Products with the Hessians of sixteen configurations at once, each number a vector of lanes.

What a lane gets does not depend on the others: sums go in the order of the particles, and pairs
that are kept for other lanes only add zeros. Fields are flat, as in `model.lane_vectors`: component
by component, particle by particle, lanes innermost. Sums over particles go into `SUMS` rows of
lanes in turn, so that none has to wait for the one before.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from glasswells.model.lane_vectors import (
    BLOCK,
    FLOATS,
    INTEGERS,
    LANES,
    all_lanes,
    load_lanes,
    memory_of,
    place_of,
    store_lanes,
)

PAIR = 2 * LANES
"""Numbers of a frozen pair: D/r^2, D = v'' - v'/r, and v'/r of all lanes. Its vector is made from
the positions again, which takes less time than to read it."""
SUMS = 8
SMALLEST_DETERMINANT = 1e-4
"""Of an own block, in units of the third power of its mean eigenvalue, for it to be inverted."""
SMALLEST_TRACE = 1e-6
"""Of the own block of a particle that anything touches."""
_CONTRACT = ("contract",)


def _add_products(
    typing_context: Any,
    r: Any,
    unit: Any,
    field: Any,
    system: Any,
    stride: Any,
    i: Any,
    out: Any,
) -> Any:
    """Add what the pairs in which i is the first contribute to -M z to `out`, and to z M z.

    `system` has the fields `second`, `row`, `frozen` and `sums`. After the rows of all particles up
    to i the result at i is complete, and -z times it is added to a row of the sums.
    """
    number = types.int64
    lengths: Any = types.UniTuple(types.float32, 3)  # type: ignore[no-untyped-call]
    signature = types.void(r, lengths, field, system, number, number, out)
    return signature, _generate_products


def _keep_pair(
    typing_context: Any,
    block: Any,
    slot: Any,
    curvature: Any,
    along_r: Any,
    found: Any,
    frozen: Any,
    stride: Any,
    i: Any,
    j: Any,
    own: Any,
) -> Any:
    """Copy a slot to the frozen pairs and add it to both own blocks: xx, xy, xz, yy, yz, zz.

    The numbers of the slot are in units of the range and of the strength; `curvature` brings them
    to the units of v'/r, and `along_r` times that to those of D/r^2. True if the pair interacts in
    any lane.
    """
    number, real = types.int64, types.float32
    signature = types.boolean(
        block, number, real, real, number, frozen, number, number, number, own
    )
    return signature, _generate_keep


def _invert_own(typing_context: Any, own: Any, stride: Any, i: Any) -> Any:
    """Replace the own block of a particle by its inverse.

    By the inverse of its mean eigenvalue if it is nearly singular; by zero if nothing touches it.
    """
    return types.void(own, types.int64, types.int64), _generate_inverse


def _advance_particle(
    typing_context: Any,
    solution: Any,
    residual: Any,
    direction: Any,
    product: Any,
    inverse: Any,
    length: Any,
    stride: Any,
    i: Any,
    sums: Any,
) -> Any:
    """Advance by `length` (LANES,) along the direction; `product` holds -M times it.

    The product is replaced by the preconditioned residual, and its inner product with the residual
    is added to a row of `sums`.
    """
    number = types.int64
    signature = types.void(
        solution, residual, direction, product, inverse, length, number, number, sums
    )
    return signature, _generate_advance


def _turn(typing_context: Any, direction: Any, steepest: Any, weight: Any, place: Any) -> Any:
    """Direction = steepest + weight (LANES,) times the direction, in one row of lanes."""
    return types.void(direction, steepest, weight, types.int64), _generate_turn


add_products: Any = intrinsic(_add_products)
keep_pair: Any = intrinsic(_keep_pair)
invert_own: Any = intrinsic(_invert_own)
advance_particle: Any = intrinsic(_advance_particle)
turn: Any = intrinsic(_turn)


class LaneArithmetic:
    """Arithmetic of whole lanes."""

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self._context, self.builder = context, builder
        self._offset = ir.IntType(64)

    def memory(self, kind: Any, array: Any) -> Any:
        """Where the numbers of an array begin."""
        return memory_of(self._context, self.builder, kind, array)

    def place(self, stride: Any, component: int, particle: Any) -> Any:
        """Place of the lanes of one component of a particle."""
        return place_of(self.builder, stride, component, particle)

    def row(self, particle: Any) -> Any:
        """Place of the row of sums that is a particle's turn."""
        turn = self.builder.and_(particle, self._offset(SUMS - 1))
        return self.builder.mul(turn, self._offset(LANES))

    def load(self, memory: Any, place: Any) -> Any:
        """The numbers of all lanes from a place on."""
        return load_lanes(self.builder, memory, place, FLOATS)

    def store(self, vector: Any, memory: Any, place: Any) -> None:
        """Put them there."""
        store_lanes(self.builder, vector, memory, place)

    def add_to(self, memory: Any, place: Any, vector: Any, *, sign: int = 1) -> None:
        """Add a vector to the numbers there, or subtract it."""
        old = self.load(memory, place)
        self.store(self.plus(old, vector) if sign > 0 else self.minus(old, vector), memory, place)

    def constant(self, number: float) -> Any:
        """One number in all lanes."""
        return all_lanes(self.builder, ir.Constant(ir.FloatType(), number))

    def plus(self, a: Any, b: Any) -> Any:
        """A + b."""
        return self.builder.fadd(a, b, flags=_CONTRACT)

    def minus(self, a: Any, b: Any) -> Any:
        """A - b."""
        return self.builder.fsub(a, b, flags=_CONTRACT)

    def times(self, a: Any, b: Any) -> Any:
        """A times b."""
        return self.builder.fmul(a, b, flags=_CONTRACT)

    def dot(self, a: list[Any], b: list[Any]) -> Any:
        """Sum of the products of components."""
        total = self.times(a[0], b[0])
        for one, other in zip(a[1:], b[1:], strict=True):
            total = self.plus(total, self.times(one, other))
        return total


def _generate_products(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes, kinds = LaneArithmetic(context, builder), signature.args
    r, unit, field, system, stride, i, out = arguments
    names = kinds[3].fields
    parts = [builder.extract_value(system, c) for c in range(len(names))]
    second, row, frozen, sums = (
        lanes.memory(kinds[3].types[names.index(name)], parts[names.index(name)])
        for name in ("second", "row", "frozen", "sums")
    )
    r, field, out = (lanes.memory(kinds[c], arguments[c]) for c in (0, 2, 6))
    one = ir.IntType(64)(1)
    at_i = [lanes.place(stride, c, i) for c in range(3)]
    r_i = [load_lanes(builder, r, place, INTEGERS) for place in at_i]
    z_i = [lanes.load(field, place) for place in at_i]
    own = [_local(builder, lanes.load(out, place)) for place in at_i]
    first, last = (builder.load(builder.gep(row, [place])) for place in (i, builder.add(i, one)))
    with cgutils.for_range_slice(builder, first, last, one, ir.IntType(64)) as (pair, _):
        j = builder.zext(builder.load(builder.gep(second, [pair])), ir.IntType(64))
        at_j = [lanes.place(stride, c, j) for c in range(3)]
        begin = builder.mul(pair, ir.IntType(64)(PAIR))
        along = lanes.load(frozen, begin)
        across = lanes.load(frozen, builder.add(begin, ir.IntType(64)(LANES)))
        apart, u = [], []
        for c, place in enumerate(at_j):
            whole = builder.sub(load_lanes(builder, r, place, INTEGERS), r_i[c])
            length = all_lanes(builder, builder.extract_value(unit, c))
            apart.append(lanes.times(builder.sitofp(whole, FLOATS), length))
            u.append(lanes.minus(lanes.load(field, place), z_i[c]))
        along = lanes.times(along, lanes.dot(apart, u))
        for c, place in enumerate(at_j):
            w = lanes.plus(lanes.times(along, apart[c]), lanes.times(across, u[c]))
            builder.store(lanes.plus(builder.load(own[c]), w), own[c])
            lanes.add_to(out, place, w, sign=-1)
    result = [builder.load(place) for place in own]
    for value, place in zip(result, at_i, strict=True):
        lanes.store(value, out, place)
    lanes.add_to(sums, lanes.row(i), lanes.dot(z_i, result), sign=-1)
    return context.get_dummy_value()


def _local(builder: ir.IRBuilder, value: Any) -> Any:
    """A variable of a kernel, which the compiler keeps in a register."""
    return cgutils.alloca_once_value(builder, value)  # type: ignore[no-untyped-call]


def _generate_keep(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes, kinds = LaneArithmetic(context, builder), signature.args
    block, slot, curvature, along_r, found, frozen, stride, i, j, own = arguments
    block, frozen, own = (lanes.memory(kinds[c], arguments[c]) for c in (0, 5, 9))
    offset = ir.IntType(64)
    begin = builder.mul(slot, offset(LANES))
    *r, along, across = (lanes.load(block, builder.add(begin, offset(c * BLOCK))) for c in range(5))
    factor = all_lanes(builder, curvature)
    along, across = lanes.times(factor, along), lanes.times(factor, across)
    begin = builder.mul(found, offset(PAIR))
    lanes.store(lanes.times(all_lanes(builder, along_r), along), frozen, begin)
    lanes.store(across, frozen, builder.add(begin, offset(LANES)))
    for entry, (a, b) in enumerate(((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))):
        value = lanes.times(lanes.times(along, r[a]), r[b])
        value = lanes.plus(value, across) if a == b else value
        for particle in (i, j):
            lanes.add_to(own, lanes.place(stride, entry, particle), value)
    bits, zero = ir.IntType(LANES), lanes.constant(0.0)
    touches = [
        builder.bitcast(builder.fcmp_unordered("!=", number, zero), bits)
        for number in (along, across)
    ]
    return builder.icmp_unsigned("!=", builder.or_(*touches), bits(0))


def _generate_inverse(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    own, stride, i = arguments
    own = lanes.memory(signature.args[0], own)
    places = [lanes.place(stride, entry, i) for entry in range(6)]
    xx, xy, xz, yy, yz, zz = (lanes.load(own, place) for place in places)

    def minor(a: Any, b: Any, c: Any, d: Any) -> Any:
        return lanes.minus(lanes.times(a, b), lanes.times(c, d))

    adjugate = [
        minor(yy, zz, yz, yz),
        minor(xz, yz, xy, zz),
        minor(xy, yz, xz, yy),
        minor(xx, zz, xz, xz),
        minor(xy, xz, xx, yz),
        minor(xx, yy, xy, xy),
    ]
    determinant = lanes.dot([xx, xy, xz], adjugate[:3])
    mean = lanes.times(lanes.plus(xx, lanes.plus(yy, zz)), lanes.constant(1 / 3))
    one, zero = lanes.constant(1.0), lanes.constant(0.0)
    cube = lanes.times(mean, lanes.times(mean, mean))
    least = lanes.times(lanes.constant(SMALLEST_DETERMINANT), cube)
    is_sound = builder.fcmp_ordered(">", determinant, least)
    is_touched = builder.fcmp_ordered(">", mean, lanes.constant(SMALLEST_TRACE))
    inverse_mean = builder.fdiv(one, builder.select(is_touched, mean, one))
    inverse_determinant = builder.fdiv(one, builder.select(is_sound, determinant, one))
    for entry, place in enumerate(places):
        simple = inverse_mean if entry in (0, 3, 5) else zero
        value = lanes.times(adjugate[entry], inverse_determinant)
        value = builder.select(is_sound, value, simple)
        lanes.store(builder.select(is_touched, value, zero), own, place)
    return context.get_dummy_value()


def _generate_advance(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    *arrays, stride, i, sums = arguments
    solution, residual, direction, product, inverse, length = (
        lanes.memory(kind, array) for kind, array in zip(signature.args[:6], arrays, strict=True)
    )
    sums = lanes.memory(signature.args[8], sums)
    a = lanes.load(length, ir.IntType(64)(0))
    places = [lanes.place(stride, entry, i) for entry in range(6)]
    r = []
    for place in places[:3]:
        lanes.add_to(solution, place, lanes.times(a, lanes.load(direction, place)))
        change = lanes.times(a, lanes.load(product, place))
        r.append(lanes.plus(lanes.load(residual, place), change))
        lanes.store(r[-1], residual, place)
    xx, xy, xz, yy, yz, zz = (lanes.load(inverse, place) for place in places)
    z = [lanes.dot(row, r) for row in ([xx, xy, xz], [xy, yy, yz], [xz, yz, zz])]
    for value, place in zip(z, places[:3], strict=True):
        lanes.store(value, product, place)
    lanes.add_to(sums, lanes.row(i), lanes.dot(r, z))
    return context.get_dummy_value()


def _generate_turn(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    *arrays, place = arguments
    direction, steepest, weight = (
        lanes.memory(kind, array) for kind, array in zip(signature.args[:3], arrays, strict=True)
    )
    b = lanes.load(weight, ir.IntType(64)(0))
    turned = lanes.times(b, lanes.load(direction, place))
    lanes.store(lanes.plus(lanes.load(steepest, place), turned), direction, place)
    return context.get_dummy_value()
