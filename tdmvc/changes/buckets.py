"""The buckets of a column's distribution: where they end, and their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.model.schema import Column

_SHOWN_CHARACTERS = 80
_DAY = 86_400_000_000


class Scale(Enum):
    """How the values of a column are ordered."""

    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class WatchedColumn:
    """A column to be measured, as both sides have it."""

    old: Column
    new: Column
    scale: Scale | None
    """None if only nulls can be counted."""
    is_personal: bool


@dataclass(frozen=True, slots=True)
class BucketEnd:
    """Where a bucket ends: at values below `value`, or at `value` itself."""

    value: float
    holds_value: bool


def scale_of(column: Column) -> Scale | None:
    """Return the scale of a column; None if its values have no order and are no categories."""
    type_ = column.type
    if is_number(type_):
        return Scale.NUMBER
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return Scale.DATE
    if pa.types.is_time(type_):
        return Scale.TIME
    if pa.types.is_boolean(type_) or (pa.types.is_string(type_) and not column.is_json):
        return Scale.CATEGORY
    return None


def number_sql(column: Column, sql: str) -> str:
    """Return the SQL of a value as a DOUBLE; dates and times in microseconds."""
    if pa.types.is_date(column.type):
        return f"CAST({sql} - DATE '1970-01-01' AS DOUBLE) * {_DAY}"
    if pa.types.is_timestamp(column.type) or pa.types.is_time(column.type):
        return f"CAST(epoch_us({sql}) AS DOUBLE)"
    return f"CAST({sql} AS DOUBLE)"


def bucket_ends(quantiles: Sequence[float]) -> list[BucketEnd]:
    """Return the ends between buckets, given the least value and the quantiles.

    A value on which several quantiles fall gets a bucket of its own, so that values that move
    to either side of it are counted.
    """
    ends = []
    for value in sorted(set(quantiles)):
        if quantiles.count(value) > 1:
            ends += [BucketEnd(value, holds_value=False), BucketEnd(value, holds_value=True)]
        elif value != quantiles[0]:
            ends.append(BucketEnd(value, holds_value=True))
    return ends


def range_labels(w: WatchedColumn, ends: Sequence[BucketEnd]) -> list[str]:
    """Return a label for each bucket between the ends."""
    labels = []
    for low, high in pairwise([None, *ends, None]):
        if low is not None and high is not None and low.value == high.value:
            labels.append(_format(w, low.value))
        elif high is None:
            labels.append(f"> {_format(w, low.value)}" if low is not None else "all values")
        elif low is None:
            labels.append(f"{'≤' if high.holds_value else '<'} {_format(w, high.value)}")
        else:
            labels.append(f"{_format(w, low.value)} – {_format(w, high.value)}")
    return labels


def _format(w: WatchedColumn, value: float) -> str:
    if w.scale is Scale.NUMBER:
        return f"{int(value)}" if pa.types.is_integer(w.new.type) and value.is_integer() else f"{value:.6g}"
    try:
        time = datetime(1970, 1, 1) + timedelta(microseconds=value)
    except OverflowError:
        return f"{value:.6g}"
    if w.scale is Scale.TIME:
        return str(time.time())
    return str(time.date() if pa.types.is_date(w.new.type) else time)


def category_label(value: str) -> str:
    """Return a value as a label; an empty text as two quotes, because the empty label means a personal value."""
    return (value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…") or "''"
