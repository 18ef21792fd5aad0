"""Multiples of a step as SQL."""

from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from tdmvc.arrow.types import MAX_EXACT_FLOAT_INTEGER
from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.literals import float_literal
from tdmvc.checks.predicates.ordinals import Ordinals, number
from tdmvc.model.schema import Column


def multiple_sql(step: Decimal, column: Column, value: str) -> str:
    """Return a condition that is true for a number that is no multiple of the step.

    Raises:
        InexactError: the step is no number above 0, the column holds no numbers, or floating-point
            numbers and the step is a fraction: their remainder is not that of the numbers as they are written.
    """
    type_ = column.type
    exact = number(step, type_)
    if exact <= 0:
        raise InexactError(f"{step} is no step, which is a number above 0")
    if pa.types.is_floating(type_):
        if exact.denominator != 1 or exact > MAX_EXACT_FLOAT_INTEGER:
            raise InexactError("SQL has no exact remainder of a floating-point number by this step")
        whole = float_literal(float(exact), pa.float64())
        return f"NOT isfinite({value}) OR CAST({value} AS DOUBLE) % {whole} <> 0"
    ordinals = Ordinals.of(type_)
    if ordinals is None or ordinals.last is None or pa.types.is_time(type_):
        raise InexactError(f"its type is {column.type_text}, which is no number")
    scale = type_.scale if pa.types.is_decimal(type_) else 0
    # u is a multiple of p/q, in lowest terms, if and only if it is one of p.
    divisor = Fraction(exact * 10**scale).numerator
    if divisor == 1:
        return "false"
    if divisor > ordinals.last:
        zero = ordinals.literal(0)
        is_smallest = ordinals.first is not None and -ordinals.first == divisor
        smallest = f" AND {value} <> {ordinals.literal(-divisor)}" if is_smallest else ""
        return f"{value} <> {zero}{smallest}"
    return f"{value} % {ordinals.literal(divisor)} <> {ordinals.literal(0)}"
