"""Frames of pandas: NaN, NaT, None and NA are null, and an index that has a name is a column."""

import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tdmvc.sources.frames.columns import Columns, chunked, column_fault

_OF_ONE_TYPE = {"string", "bytes", "boolean", "integer", "decimal"}
"""What pandas calls columns of objects that Arrow takes as they are."""
_MOST_EXACT_INTEGER = 2**53


def read_pandas(frame: Any, table: str) -> Columns:
    """Return the columns of a frame, after the levels of its index that have a name.

    Raises:
        SourceError: a column or the index cannot be kept as it is.
    """
    index, notes = _index(frame, table)
    columns: list[tuple[str, pa.ChunkedArray]] = []
    whole: list[str] = []
    for position, name in enumerate(frame.columns):
        if not isinstance(name, str):
            raise column_fault(
                table,
                f"{position + 1} of {len(frame.columns)}",
                f"its name is of the type {type(name).__name__}",
                "give it a name that is a text: frame.columns = [...].",
            )
        series = frame.iloc[:, position]
        columns.append((name, _column(series, table, name)))
        if _are_integers_with_gaps(series):
            whole.append(name)
    if whole:
        notes.append(
            f"{', '.join(whole)}: whole numbers with gaps, which pandas holds as float64; "
            'frame.astype({"NAME": "Int64"}) makes them integers'
        )
    return Columns((*index, *columns), tuple(name for name, _ in index), tuple(notes))


def _index(frame: Any, table: str) -> tuple[list[tuple[str, pa.ChunkedArray]], list[str]]:
    """Return the levels that have a name; numbers without one only count the rows."""
    pandas = sys.modules["pandas"]
    if frame.index.name is None and frame.index.equals(pandas.RangeIndex(len(frame))):
        return [], []
    levels: list[tuple[str, pa.ChunkedArray]] = []
    for number, name in enumerate(frame.index.names):
        values = frame.index.get_level_values(number)
        if name is None and frame.index.nlevels == 1 and pandas.api.types.is_integer_dtype(values.dtype):
            return [], ["index: left out, because it has no name and only numbers the rows"]
        if not isinstance(name, str) or name in frame.columns:
            why = (
                "it has no name that is a text" if not isinstance(name, str) else "a column has its name, too"
            )
            remedy = (
                'name it to keep it: frame.rename_axis("NAME"); or drop it: frame.reset_index(drop=True).'
            )
            raise column_fault(table, f"{number + 1} of the index", why, remedy)
        levels.append((name, _column(values.to_series(), table, name)))
    return levels, []


def _column(series: Any, table: str, name: str) -> pa.ChunkedArray:
    is_category = str(series.dtype) == "category"
    if is_category and series.cat.categories.dtype == object:
        series = series.astype(object)
    try:
        values = chunked(pa.array(series, from_pandas=True))
    except (pa.ArrowException, NotImplementedError, TypeError, ValueError, OverflowError):
        why = (
            "its values are of several types, or of one that Arrow does not have"
            if series.dtype == object
            else f"Arrow has no type for {series.dtype}"
        )
        raise column_fault(table, name, why, _REMEDY) from None
    if series.dtype == object and not _is_exact(series, values):
        why = "its values are of several types, and some would be changed"
        raise column_fault(table, name, why, _REMEDY)
    return values


_REMEDY = 'give all values one type, such as frame["NAME"].astype("string") or "Int64", or write JSON text.'


def _is_exact(series: Any, values: pa.ChunkedArray) -> bool:
    """Whether Arrow has the same values as a column of objects, whose types it had to guess."""
    if sys.modules["pandas"].api.types.infer_dtype(series, skipna=True) in _OF_ONE_TYPE:
        return True
    if isinstance(values.type, pa.BaseExtensionType) or pa.types.is_duration(values.type):
        return True  # refused, with a better reason
    return _are_same(series.array, values.to_pylist())


def _are_same(values: Iterable[object], kept: Sequence[object]) -> bool:
    return all(_is_same(value, copy) for value, copy in zip(values, kept, strict=True))


def _is_same(value: Any, copy: Any) -> bool:
    if isinstance(value, np.generic):
        value = value.item()
    match copy:
        case None:
            return _is_missing(value)
        case bool() | int() | float() | str():
            kinds = tuple(kind for kind in (bool, int, float, str) if isinstance(value, kind))
            return kinds[:1] == (type(copy),) and (value == copy or value != value)
        case bytes():
            return isinstance(value, bytes | bytearray | memoryview) and bytes(value) == copy
        case list():
            is_list = isinstance(value, list | tuple | np.ndarray)
            return is_list and len(value) == len(copy) and _are_same(value, copy)
        case dict():
            is_dict = isinstance(value, dict) and value.keys() == copy.keys()
            return is_dict and all(_is_same(value[field], copy[field]) for field in copy)
        case dt.datetime():
            return isinstance(value, dt.datetime) and _is_same_moment(value, copy)
        case dt.date():
            return isinstance(value, dt.date) and not isinstance(value, dt.datetime) and value == copy
        case dt.time():
            return isinstance(value, dt.time) and value.tzinfo is None and value == copy
    return type(value) is type(copy) and bool(value == copy)


def _is_same_moment(value: dt.datetime, copy: dt.datetime) -> bool:
    if value.tzinfo is None or copy.tzinfo is None:
        return value.tzinfo is copy.tzinfo and bool(value == copy)
    # Python finds a moment of a repeated hour equal to none of another zone.
    return bool(value.astimezone(dt.UTC) == copy.astimezone(dt.UTC))


def _is_missing(value: Any) -> bool:
    return value is None or (np.ndim(value) == 0 and bool(sys.modules["pandas"].isna(value)))


def _are_integers_with_gaps(series: Any) -> bool:
    if str(series.dtype) != "float64":
        return False
    values = series.to_numpy()
    known = values[~np.isnan(values)]
    is_whole = len(known) > 0 and bool(
        (np.abs(known) <= _MOST_EXACT_INTEGER).all() and (known % 1 == 0).all()
    )
    return is_whole and len(known) < len(values)
