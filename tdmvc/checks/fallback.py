"""Tests of single values that SQL cannot express exactly, batch by batch."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import numbers_of
from tdmvc.checks.json_schema import JsonSchemaCondition
from tdmvc.model.conditions import NotEvaluatedError, RowCondition
from tdmvc.model.rules import Format, JsonSchema, MultipleOf, Pattern, Rule
from tdmvc.model.schema import Column


@contextmanager
def open_fallback(rule: Rule, columns: Sequence[Column]) -> Iterator[RowCondition]:
    """Return what finds the rows that break a rule, among rows of these columns.

    Raises:
        NotEvaluatedError: nothing here can.
    """
    match rule.test:
        case MultipleOf(step) if step > 0 and all(pa.types.is_floating(column.type) for column in columns):
            yield _FloatSteps(step)
        case JsonSchema() | Pattern() | Format() as test:
            yield JsonSchemaCondition.of(test, columns)
        case _:
            raise NotEvaluatedError("nothing else evaluates it")


@dataclass(frozen=True, slots=True)
class _FloatSteps:
    """Floating-point numbers that, as they are written, are multiples of a decimal fraction."""

    step: Decimal

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        """Return the places of the rows with a number that is no multiple; see `RowCondition.find_broken`."""
        places: set[int] = set()
        for column in rows.columns:
            encoded = call_function("dictionary_encode", [column])
            broken = {
                place
                for place, text in enumerate(_texts(encoded.dictionary))
                if not _is_multiple(text, self.step)
            }
            places.update(place for place, code in enumerate(encoded.indices.to_pylist()) if code in broken)
        return sorted(places)


def _texts(numbers: pa.Array) -> Iterator[str]:
    """Yield floating-point numbers as the shortest texts that mean them."""
    if pa.types.is_float32(numbers.type):
        return (str(number) for number in numbers_of(numbers))
    return (repr(number) for number in numbers.to_pylist())


def _is_multiple(text: str, step: Decimal) -> bool:
    if not math.isfinite(float(text)):
        return False
    return (Fraction(text) / Fraction(step)).denominator == 1
