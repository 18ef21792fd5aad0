"""Binary floating-point numbers next to exact ones."""

import math
from fractions import Fraction

import numpy as np
import pyarrow as pa


def nearest(number: Fraction, type_: pa.DataType) -> float:
    """Return the value of a floating-point type that is nearest to a number; infinite beyond its range."""
    try:
        value = float(number)
    except OverflowError:
        value = math.inf if number > 0 else -math.inf
    if type_ != pa.float32() or not math.isfinite(value):
        return value
    single = _single(value)
    # Rounded twice, a number halfway between two singles may end on the wrong one.
    around = [single, _step(single, -math.inf), _step(single, math.inf)]
    finite = [one for one in around if math.isfinite(one)]
    return single if not math.isfinite(single) else min(finite, key=lambda one: abs(Fraction(one) - number))


def readable(number: Fraction, type_: pa.DataType) -> Fraction:
    """Return the number that a program with this type reads: a whole one as it is, a fraction as the nearest value."""
    return number if number.denominator == 1 else Fraction(nearest(number, type_))


def is_value(value: float, number: Fraction) -> bool:
    """Whether a floating-point value is exactly a number."""
    return math.isfinite(value) and Fraction(value) == number


def at_least(number: Fraction, type_: pa.DataType) -> float:
    """Return the smallest value of a floating-point type that is not below a number."""
    value = nearest(number, type_)
    if math.isinf(value):
        return value if value > 0 else -_largest(type_)
    return value if Fraction(value) >= number else _next(value, math.inf, type_)


def at_most(number: Fraction, type_: pa.DataType) -> float:
    """Return the largest value of a floating-point type that is not above a number."""
    return -at_least(-number, type_)


def _largest(type_: pa.DataType) -> float:
    return float(np.finfo(np.float32 if type_ == pa.float32() else np.float64).max)


def _next(value: float, towards: float, type_: pa.DataType) -> float:
    return _step(value, towards) if type_ == pa.float32() else math.nextafter(value, towards)


def _single(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _step(value: float, towards: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.nextafter(np.float32(value), np.float32(towards)))
