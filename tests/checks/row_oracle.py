"""Tests of single values in plain Python, without SQL: what the SQL of a rule must agree with."""

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa

from tdmvc.model.rules import Length, MultipleOf, Present, Range, Required, RuleTest, Value, Values


def breaks(test: RuleTest, value: object, type_: pa.DataType) -> bool:
    """Whether a value breaks a test."""
    match test:
        case Required():
            return value is None
        case Present(missing):
            return (None in missing) if value is None else any(_equal(value, one, type_) for one in missing)
    if value is None:
        return False
    match test:
        case Values(allowed):
            return not any(_equal(value, one, type_) for one in allowed)
        case Length(least, most):
            assert isinstance(value, str | list)
            return (least is not None and len(value) < least) or (most is not None and len(value) > most)
        case MultipleOf(step):
            return _breaks_step(value, step)
        case Range():
            return _is_outside(test, value, type_)
    raise AssertionError(test)


def _breaks_step(value: object, step: Decimal) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return True
    assert isinstance(value, int | float | Decimal)
    # A fraction as a step is meant for numbers as they are written.
    is_written = isinstance(value, float) and Fraction(step).denominator != 1
    return (Fraction(repr(value) if is_written else value) / Fraction(step)).denominator != 1


def _is_outside(test: Range, value: object, type_: pa.DataType) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return True
    here = _comparable(value)
    for bound, is_minimum, is_excluded in (
        (test.minimum, True, test.excludes_minimum),
        (test.maximum, False, test.excludes_maximum),
    ):
        if bound is None:
            continue
        other = _bound(bound, type_)
        if (here < other if is_minimum else here > other) or (is_excluded and here == other):  # type: ignore[operator]
            return True
    return False


def _equal(value: object, named: Value, type_: pa.DataType) -> bool:
    if named is None or isinstance(value, bool) != isinstance(named, bool):
        return False
    if isinstance(value, float) and math.isnan(value):
        return False
    if isinstance(value, str):
        return value == named
    if isinstance(value, date | time | datetime) != isinstance(named, str):
        return False
    try:
        return bool(_comparable(value) == _bound(named, type_))
    except ValueError:
        return False


def _comparable(value: object) -> object:
    if isinstance(value, float) and math.isinf(value):
        return value
    if isinstance(value, int | float | Decimal):
        return Fraction(value)
    if isinstance(value, datetime):
        return _moment(value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return _moment(datetime(value.year, value.month, value.day, tzinfo=UTC))
    return _moment(value) if isinstance(value, time) else value


def _moment(value: datetime | time, fraction: str = "0") -> tuple[datetime | time, Fraction]:
    """Split the fraction of a second off, because a contract may write more digits of it than Python holds."""
    return value.replace(microsecond=0), Fraction(value.microsecond, 10**6) + Fraction(fraction)


def _bound(bound: Value, type_: pa.DataType) -> object:
    if isinstance(bound, bool) or pa.types.is_string(type_):
        return bound
    if isinstance(bound, str):
        fraction = re.search(r"\.\d+", bound)
        whole = bound.replace(fraction[0], "") if fraction else bound
        if pa.types.is_time(type_):
            return _moment(time.fromisoformat(whole), fraction[0] if fraction else "0")
        found = datetime.fromisoformat(whole)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return _moment(aware, fraction[0] if fraction else "0")
    assert isinstance(bound, int | Decimal)
    if pa.types.is_floating(type_) and Fraction(bound).denominator != 1:
        with np.errstate(over="ignore"):
            return Fraction(float(np.float32(str(bound)) if type_ == pa.float32() else float(bound)))
    return Fraction(bound)
