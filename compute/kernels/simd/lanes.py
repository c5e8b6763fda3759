"""Four scenarios side by side in one register: what the compiler does not find in a loop of ten, said outright.

    total = splat(0.0)
    for f in range(count):
        total = total + splat(amount[f]) * load(factors, day[f] * S + b)
    store(pv, i * S + b, total)

Works on one-dimensional contiguous arrays of float64. Every lane does the scalar operation, rounded as that would be:
a scenario's number is the same in any lane. Where S is no multiple of four the last lanes are worked out twice
(`lane_starts`); `widened` makes a table of fewer than four scenarios wide enough.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model
from numpy.typing import NDArray

from compute.kernels.kernel import kernel

LANES = 4
PASS = 3 * LANES
"""Scenarios that a loop carries at a time: three registers hide the time that an addition takes."""

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INDEX = ir.IntType(32)
_WORDS, _BITS = ir.VectorType(_INDEX, LANES), ir.VectorType(ir.IntType(64), LANES)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


_lanes = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def _splat(typing: Any, value: Any) -> Any:
    """The same number in every lane."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(nothing, args[0], ir.Constant(_INDEX, 0))
        return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))

    return _lanes(types.float64), build


splat: Any = intrinsic(_splat)


def _load(typing: Any, array: Any, at: Any) -> Any:
    """Four neighbours of a float64 array from position `at` on."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = builder.load(_address(context, builder, signature, args))
        loaded.align = 8
        return loaded

    return _lanes(array, types.intp), build


load: Any = intrinsic(_load)


def _store(typing: Any, array: Any, at: Any, value: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        stored = builder.store(args[2], _address(context, builder, signature, args))
        stored.align = 8
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), build


store: Any = intrinsic(_store)


def _address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), _VECTOR.as_pointer())


def _binary(build: Callable[[Any, Any, Any], Any]) -> Any:
    def operation(typing: Any, left: Any, right: Any) -> Any:
        return _lanes(_lanes, _lanes), lambda context, builder, signature, args: build(builder, *args)

    return intrinsic(operation)


def _kept(comparison: str) -> Callable[[Any, Any, Any], Any]:
    """The bound where the value is beyond it; NaN bounds nothing."""

    def build(builder: Any, value: Any, bound: Any) -> Any:
        return builder.select(builder.fcmp_ordered(comparison, value, bound), bound, value)

    return build


at_most = _binary(_kept(">"))
at_least = _binary(_kept("<"))


def _where_equal(typing: Any, left: Any, right: Any, value: Any) -> Any:
    """`value` in the lanes where two others are equal, else 0."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nought = ir.Constant(_VECTOR, [ir.Constant(ir.DoubleType(), 0.0)] * LANES)
        return builder.select(builder.fcmp_ordered("==", args[0], args[1]), args[2], nought)

    return _lanes(_lanes, _lanes, _lanes), build


where_equal: Any = intrinsic(_where_equal)


def _where_less(typing: Any, left: Any, right: Any, value: Any, otherwise: Any) -> Any:
    """`value` in the lanes where left < right, else `otherwise`."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return _lanes(_lanes, _lanes, _lanes, _lanes), build


where_less: Any = intrinsic(_where_less)


def _floor(typing: Any, value: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, name = ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.floor.v{LANES}f64"
        function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
        return builder.call(function, args)

    return _lanes(_lanes), build


floor: Any = intrinsic(_floor)


def _times_power_of_2(typing: Any, value: Any, power: Any) -> Any:
    """value x 2^power, of whole powers from -1022 to 1023."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        power = builder.sext(builder.fptosi(args[1], _WORDS), _BITS)
        exponent = builder.shl(builder.add(power, _bits(1023)), _bits(52))
        return builder.fmul(args[0], builder.bitcast(exponent, _VECTOR))

    return _lanes(_lanes, _lanes), build


times_power_of_2: Any = intrinsic(_times_power_of_2)


def _exponent(typing: Any, value: Any) -> Any:
    """e of value = m 2^e with 1 <= m < 2, for positive normal numbers."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        exponent = builder.sub(builder.lshr(builder.bitcast(args[0], _BITS), _bits(52)), _bits(1023))
        return builder.sitofp(builder.trunc(exponent, _WORDS), _VECTOR)

    return _lanes(_lanes), build


exponent: Any = intrinsic(_exponent)


def _bits(value: int) -> Any:
    return ir.Constant(_BITS, [ir.Constant(ir.IntType(64), value)] * LANES)


_OPERATIONS = {
    (operator.add, operator.iadd): _binary(lambda builder, left, right: builder.fadd(left, right)),
    (operator.sub, operator.isub): _binary(lambda builder, left, right: builder.fsub(left, right)),
    (operator.mul, operator.imul): _binary(lambda builder, left, right: builder.fmul(left, right)),
    (operator.truediv, operator.itruediv): _binary(lambda builder, left, right: builder.fdiv(left, right)),
}


def _implement(symbol: Any, operation: Any) -> None:
    def lanewise(left, right):  # type: ignore[no-untyped-def]  # numba compares the arguments' names, and types
        both = isinstance(left, _LanesType) and isinstance(right, _LanesType)
        return (lambda left, right: operation(left, right)) if both else None  # noqa: PLW0108

    overload(symbol)(lanewise)


for _symbols, _operation in _OPERATIONS.items():
    for _symbol in _symbols:
        _implement(_symbol, _operation)


@kernel
def lane_starts(b: int, scenarios: int) -> tuple[int, int, int]:
    """Where the three registers of a pass from b on start: each no later than the last place at which it fits."""
    last = scenarios - LANES
    return min(b, last), min(b + LANES, last), min(b + 2 * LANES, last)


def widened(values: NDArray[Any]) -> NDArray[Any]:
    """The last axis, of fewer scenarios than lanes, with its last one repeated up to that many; else as it is."""
    missing = LANES - values.shape[-1]
    if missing <= 0 or missing == LANES:
        return values
    return np.concatenate([values, np.repeat(values[..., -1:], missing, axis=-1)], axis=-1)
