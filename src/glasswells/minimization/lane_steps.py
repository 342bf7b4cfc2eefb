"""Rows of lanes in a step of sixteen descents: one component of one particle in all of them.

Fields are flat, as in `model.lane_vectors`. Sums over particles are in double precision, because
differences of energies decide.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from glasswells.curvature.lane_products import LaneArithmetic
from glasswells.model.lane_vectors import (
    FLOATS,
    INTEGERS,
    LANES,
    all_lanes,
    load_lanes,
    store_lanes,
)

DOUBLES = ir.VectorType(ir.DoubleType(), LANES)


def _place(
    typing_context: Any,
    start: Any,
    position: Any,
    direction: Any,
    step: Any,
    per_length: Any,
    place: Any,
    r: Any,
) -> Any:
    """R = start + the whole units of position + step (LANES,) times direction."""
    arrays = start, position, direction, step
    return types.void(*arrays, types.float32, types.int64, r), _generate_place


def _choose(typing_context: Any, which: Any, one: Any, place: Any, other: Any) -> Any:
    """Copy a row of `one` to `other` in the lanes where `which` (LANES,) is not zero."""
    return types.void(which, one, types.int64, other), _generate_choose


def _advance(
    typing_context: Any, position: Any, direction: Any, step: Any, which: Any, place: Any
) -> Any:
    """Position += step (LANES,) times direction in the lanes where `which` is not zero."""
    return types.void(position, direction, step, which, types.int64), _generate_advance


def _add_row(typing_context: Any, row: Any, place: Any, sums: Any) -> Any:
    """Add a row to `sums` (LANES,)."""
    return types.void(row, types.int64, sums), _generate_add


def _add_work(typing_context: Any, one: Any, other: Any, place: Any, sums: Any) -> Any:
    """Add the products of two rows to `sums` (LANES,)."""
    return types.void(one, other, types.int64, sums), _generate_work


def _keep_largest(typing_context: Any, row: Any, place: Any, largest: Any) -> Any:
    """Replace `largest` (LANES,) by the absolute values of a row where these are larger."""
    return types.void(row, types.int64, largest), _generate_largest


place_row: Any = intrinsic(_place)
choose_row: Any = intrinsic(_choose)
advance_row: Any = intrinsic(_advance)
add_row: Any = intrinsic(_add_row)
add_work: Any = intrinsic(_add_work)
keep_largest: Any = intrinsic(_keep_largest)


def _memories(lanes: LaneArithmetic, signature: Any, arguments: Any) -> list[Any]:
    """Where the arrays among the arguments begin; the others as they are."""
    return [
        lanes.memory(kind, argument) if isinstance(kind, types.Array) else argument
        for kind, argument in zip(signature.args, arguments, strict=True)
    ]


def _begin() -> Any:
    return ir.IntType(64)(0)


def _of_all_lanes(builder: ir.IRBuilder, name: str, vector: Any) -> Any:
    """A function of one number, of all lanes."""
    kind = ir.FunctionType(FLOATS, [FLOATS])
    name = f"llvm.{name}.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    return builder.call(function, [vector])


def _generate_place(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    start, position, direction, step, per_length, place, r = _memories(lanes, signature, arguments)
    moved = lanes.times(lanes.load(step, _begin()), lanes.load(direction, place))
    moved = lanes.plus(lanes.load(position, place), moved)
    units = builder.fmul(all_lanes(builder, per_length), moved)
    whole = builder.fptosi(_of_all_lanes(builder, "rint", units), INTEGERS)
    store_lanes(builder, builder.add(load_lanes(builder, start, place, INTEGERS), whole), r, place)
    return context.get_dummy_value()


def _is_chosen(lanes: LaneArithmetic, which: Any) -> Any:
    return lanes.builder.fcmp_unordered("!=", lanes.load(which, _begin()), lanes.constant(0.0))


def _generate_choose(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    which, one, place, other = _memories(lanes, signature, arguments)
    chosen = builder.select(
        _is_chosen(lanes, which), lanes.load(one, place), lanes.load(other, place)
    )
    lanes.store(chosen, other, place)
    return context.get_dummy_value()


def _generate_advance(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    position, direction, step, which, place = _memories(lanes, signature, arguments)
    old = lanes.load(position, place)
    moved = lanes.times(lanes.load(step, _begin()), lanes.load(direction, place))
    new = builder.select(_is_chosen(lanes, which), lanes.plus(old, moved), old)
    lanes.store(new, position, place)
    return context.get_dummy_value()


def _add_doubles(builder: ir.IRBuilder, sums: Any, vector: Any) -> None:
    old = load_lanes(builder, sums, _begin(), DOUBLES)
    store_lanes(builder, builder.fadd(old, vector), sums, _begin())


def _generate_add(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    row, place, sums = _memories(lanes, signature, arguments)
    _add_doubles(builder, sums, builder.fpext(lanes.load(row, place), DOUBLES))
    return context.get_dummy_value()


def _generate_work(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    one, other, place, sums = _memories(lanes, signature, arguments)
    product = builder.fmul(
        builder.fpext(lanes.load(one, place), DOUBLES),
        builder.fpext(lanes.load(other, place), DOUBLES),
    )
    _add_doubles(builder, sums, product)
    return context.get_dummy_value()


def _generate_largest(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    lanes = LaneArithmetic(context, builder)
    row, place, largest = _memories(lanes, signature, arguments)
    size, old = (
        _of_all_lanes(builder, "fabs", lanes.load(row, place)),
        lanes.load(largest, _begin()),
    )
    is_larger = builder.fcmp_ordered(">", size, old)
    lanes.store(builder.select(is_larger, size, old), largest, _begin())
    return context.get_dummy_value()
