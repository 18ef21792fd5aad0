"""Bounds as SQL."""

import math
from collections.abc import Iterator

import pyarrow as pa

from tdmvc.checks.predicates.errors import InexactError
from tdmvc.checks.predicates.floats import at_least, at_most, is_value, readable
from tdmvc.checks.predicates.literals import float_literal, is_nan, text_literal
from tdmvc.checks.predicates.ordinals import Ordinals, number
from tdmvc.model.rules import Range, Value
from tdmvc.model.schema import Column

_NOTHING = "false"


def range_sql(test: Range, column: Column, value: str) -> str:
    """Return a condition that is true for a value outside of the bounds.

    A bound of a type's own kind is exact, even between two values or beyond all of them. A decimal fraction
    next to a floating-point column means its nearest value, as in every program that reads it.

    Raises:
        InexactError: the bound does not compare with the column's type.
    """
    if pa.types.is_floating(column.type):
        below = _float_below(test, column, value)
        above = _float_above(test, column, value)
        return _either(is_nan(value), below, above)
    ordinals = Ordinals.of(column.type)
    if ordinals is not None:
        least, most = allowed_places(test, ordinals)
        return _either(_below(least, ordinals, value), _above(most, ordinals, value))
    if pa.types.is_string(column.type) and not column.is_json:
        return _either(*_text_bounds(test, value))
    raise InexactError(f"its type is {column.type_text}, which has no range")


def allowed_places(test: Range, ordinals: Ordinals) -> tuple[int | None, int | None]:
    """Return the smallest and the largest place within the bounds; None for a side without a bound.

    Raises:
        InexactError: a bound does not compare with the type.
    """
    least = most = None
    if test.minimum is not None:
        place = ordinals.place(test.minimum)
        least = math.floor(place) + 1 if test.excludes_minimum else math.ceil(place)
    if test.maximum is not None:
        place = ordinals.place(test.maximum)
        most = math.ceil(place) - 1 if test.excludes_maximum else math.floor(place)
    return least, most


def _below(least: int | None, ordinals: Ordinals, value: str) -> str:
    if least is None or (ordinals.first is not None and least <= ordinals.first):
        return _NOTHING
    if ordinals.last is not None and least > ordinals.last:
        return f"{value} IS NOT NULL"
    return f"{value} < {ordinals.literal(least)}"


def _above(most: int | None, ordinals: Ordinals, value: str) -> str:
    if most is None or (ordinals.last is not None and most >= ordinals.last):
        return _NOTHING
    if ordinals.first is not None and most < ordinals.first:
        return f"{value} IS NOT NULL"
    return f"{value} > {ordinals.literal(most)}"


def _float_below(test: Range, column: Column, value: str) -> str:
    if test.minimum is None:
        return _NOTHING
    bound = readable(number(test.minimum, column.type), column.type)
    least = at_least(bound, column.type)
    operator = "<=" if test.excludes_minimum and is_value(least, bound) else "<"
    return f"{value} {operator} {float_literal(least, column.type)}"


def _float_above(test: Range, column: Column, value: str) -> str:
    if test.maximum is None:
        return _NOTHING
    bound = readable(number(test.maximum, column.type), column.type)
    most = at_most(bound, column.type)
    operator = ">=" if test.excludes_maximum and is_value(most, bound) else ">"
    return f"{value} {operator} {float_literal(most, column.type)}"


def _text_bounds(test: Range, value: str) -> Iterator[str]:
    if test.minimum is not None:
        yield f"{value} {'<=' if test.excludes_minimum else '<'} {_text(test.minimum)}"
    if test.maximum is not None:
        yield f"{value} {'>=' if test.excludes_maximum else '>'} {_text(test.maximum)}"


def _text(bound: Value) -> str:
    if not isinstance(bound, str):
        raise InexactError(f"{bound} is no text, and the column holds texts")
    return text_literal(bound)


def _either(*conditions: str) -> str:
    some = [condition for condition in conditions if condition != _NOTHING]
    return " OR ".join(some) or _NOTHING
