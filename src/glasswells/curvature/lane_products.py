"""Products with the Hessians of sixteen configurations at once, each number a vector of lanes.

What a lane gets does not depend on the others: sums go in the order of the particles, and pairs
that are kept for other lanes only add zeros. Fields are flat, as in `model.lane_vectors`: component
by component, particle by particle, lanes innermost. Sums over particles go into `SUMS` rows of
lanes in turn, so that none has to wait for the one before.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from glasswells.model.lane_vectors import (
    FLOATS,
    LANES,
    all_lanes,
    load_lanes,
    memory_of,
    place_of,
    store_lanes,
)

PAIR = 5 * LANES
"""Numbers of a frozen pair: x, y, z, D/r^2 and v'/r of all lanes, as in `FrozenPairs`."""
SUMS = 8
SMALLEST_DETERMINANT = 1e-4
"""Of an own block, in units of the third power of its mean eigenvalue, for it to be inverted."""
SMALLEST_TRACE = 1e-6
"""Of the own block of a particle that anything touches."""
_CONTRACT = ("contract",)


def _add_product(
    typing_context: Any,
    field: Any,
    frozen: Any,
    pair: Any,
    stride: Any,
    i: Any,
    j: Any,
    out: Any,
    sums: Any,
) -> Any:
    """Add a pair's contribution to -M z to `out`, and to z M z to a row of `sums`."""
    number = types.int64
    signature = types.void(field, frozen, number, number, number, number, out, sums)
    return signature, _generate_product


def _add_own(
    typing_context: Any, frozen: Any, pair: Any, stride: Any, i: Any, j: Any, own: Any
) -> Any:
    """Add a pair to the own blocks of both particles: xx, xy, xz, yy, yz, zz."""
    number = types.int64
    return types.void(frozen, number, number, number, number, own), _generate_own


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


add_product: Any = intrinsic(_add_product)
add_own: Any = intrinsic(_add_own)
invert_own: Any = intrinsic(_invert_own)
advance_particle: Any = intrinsic(_advance_particle)
turn: Any = intrinsic(_turn)


class _Lanes:
    """Arithmetic of whole lanes."""

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self._context, self.builder = context, builder
        self._offset = ir.IntType(64)

    def memory(self, kind: Any, array: Any) -> Any:
        return memory_of(self._context, self.builder, kind, array)

    def place(self, stride: Any, component: int, particle: Any) -> Any:
        return place_of(self.builder, stride, component, particle)

    def row(self, particle: Any) -> Any:
        """Place of the row of sums that is a particle's turn."""
        turn = self.builder.and_(particle, self._offset(SUMS - 1))
        return self.builder.mul(turn, self._offset(LANES))

    def load(self, memory: Any, place: Any) -> Any:
        return load_lanes(self.builder, memory, place, FLOATS)

    def store(self, vector: Any, memory: Any, place: Any) -> None:
        store_lanes(self.builder, vector, memory, place)

    def add_to(self, memory: Any, place: Any, vector: Any, *, sign: int = 1) -> None:
        old = self.load(memory, place)
        self.store(self.plus(old, vector) if sign > 0 else self.minus(old, vector), memory, place)

    def pair(self, frozen: Any, pair: Any) -> list[Any]:
        begin = self.builder.mul(pair, self._offset(PAIR))
        places = (self.builder.add(begin, self._offset(c * LANES)) for c in range(5))
        return [self.load(frozen, place) for place in places]

    def constant(self, number: float) -> Any:
        return all_lanes(self.builder, ir.Constant(ir.FloatType(), number))

    def plus(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=_CONTRACT)

    def minus(self, a: Any, b: Any) -> Any:
        return self.builder.fsub(a, b, flags=_CONTRACT)

    def times(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=_CONTRACT)

    def dot(self, a: list[Any], b: list[Any]) -> Any:
        total = self.times(a[0], b[0])
        for one, other in zip(a[1:], b[1:], strict=True):
            total = self.plus(total, self.times(one, other))
        return total


def _generate_product(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes, kinds = _Lanes(context, builder), signature.args
    field, frozen, pair, stride, i, j, out, sums = arguments
    field, frozen = lanes.memory(kinds[0], field), lanes.memory(kinds[1], frozen)
    out, sums = lanes.memory(kinds[6], out), lanes.memory(kinds[7], sums)
    *r, along, across = lanes.pair(frozen, pair)
    places = [(lanes.place(stride, c, i), lanes.place(stride, c, j)) for c in range(3)]
    u = [lanes.minus(lanes.load(field, at_j), lanes.load(field, at_i)) for at_i, at_j in places]
    along = lanes.times(along, lanes.dot(r, u))
    w = [lanes.plus(lanes.times(along, r[c]), lanes.times(across, u[c])) for c in range(3)]
    for c, (at_i, at_j) in enumerate(places):
        lanes.add_to(out, at_i, w[c])
        lanes.add_to(out, at_j, w[c], sign=-1)
    lanes.add_to(sums, lanes.row(i), lanes.dot(u, w))
    return context.get_dummy_value()


def _generate_own(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes, kinds = _Lanes(context, builder), signature.args
    frozen, pair, stride, i, j, own = arguments
    frozen, own = lanes.memory(kinds[0], frozen), lanes.memory(kinds[5], own)
    *r, along, across = lanes.pair(frozen, pair)
    for entry, (a, b) in enumerate(((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))):
        value = lanes.times(lanes.times(along, r[a]), r[b])
        value = lanes.plus(value, across) if a == b else value
        for particle in (i, j):
            lanes.add_to(own, lanes.place(stride, entry, particle), value)
    return context.get_dummy_value()


def _generate_inverse(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = _Lanes(context, builder)
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
    lanes = _Lanes(context, builder)
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
    lanes = _Lanes(context, builder)
    *arrays, place = arguments
    direction, steepest, weight = (
        lanes.memory(kind, array) for kind, array in zip(signature.args[:3], arrays, strict=True)
    )
    b = lanes.load(weight, ir.IntType(64)(0))
    turned = lanes.times(b, lanes.load(direction, place))
    lanes.store(lanes.plus(lanes.load(steepest, place), turned), direction, place)
    return context.get_dummy_value()
