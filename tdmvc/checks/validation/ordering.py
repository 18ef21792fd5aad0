"""Whether the key of a table rises strictly from row to row, so that it cannot repeat."""

import contextlib
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.parquet import open_parquet
from tdmvc.checks.predicates.ordinals import Ordinals
from tdmvc.checks.validation.cache import cache_name
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.part_values import read_columns
from tdmvc.checks.validation.rows import TableRows
from tdmvc.model.schema import Column

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _KeyRange:
    part: str
    first: Key
    last: Key


def rises(rows: TableRows, key: Sequence[Column], fresh: Collection[str], options: ValidationOptions) -> bool:
    """Return whether the values of columns rise strictly within each part, and no part begins before another ends.

    If not, they may still be unique. Parts that are not fresh are known to have no key in common.
    Cost: the key columns of fresh parts, and of parts whose key ranges touch theirs.

    Args:
        key: the columns; with a null in one of them, they do not rise.

    Raises:
        PartError: a part is damaged.
    """
    if any(count > 1 for count in rows.times.values()) or not all(map(_has_order, key)):
        return False
    order = _RisingKeys(rows, key, options)
    # Of parts that are not fresh, it is known whether they rise.
    try:
        return all(order.rises_in(part) for part in sorted(rows.times)) and order.are_apart(fresh)
    finally:
        order.remember()


def _has_order(column: Column) -> bool:
    """Whether values that are not equal in Python are not equal for a unique key either, and sort alike."""
    type_ = column.type
    is_text = pa.types.is_string(type_) and column.collation is None
    return (
        is_text or Ordinals.of(type_) is not None or pa.types.is_boolean(type_) or pa.types.is_binary(type_)
    )


class _RisingKeys:
    def __init__(self, rows: TableRows, key: Sequence[Column], options: ValidationOptions) -> None:
        self._rows, self._key, self._options = rows, key, options
        self._ranges: dict[str, _KeyRange | None] = {}
        self._name = cache_name("rises", *(column.name for column in key))
        self._new: dict[str, int] = {}
        parts = sorted(rows.times)
        self._paths = dict(zip(parts, rows.paths(parts), strict=True))
        self._known = {} if options.is_full else rows.recall(options.cache, self._name, parts)

    def rises_in(self, part: str) -> bool:
        """Return whether the keys of a part rise strictly."""
        known = self._known.get(part)
        if known is None:
            columns = self._read(part)
            known = self._known[part] = int(not _is_rising(columns))
            self._new[part] = known
        return not known

    def remember(self) -> None:
        """Keep for which parts it is known now whether they rise."""
        self._rows.remember(self._options.cache, {self._name: self._new})

    def are_apart(self, fresh: Collection[str]) -> bool:
        """Return whether no fresh part begins before another part ends, or ends after another begins."""
        bounds = sorted(self._leading_bounds())
        cluster: list[str] = []
        highest: Any = None
        clusters: list[list[str]] = []
        for low, high, part in bounds:
            if cluster and highest < low:
                clusters.append(cluster)
                cluster = []
            highest = high if not cluster else max(highest, high)
            cluster.append(part)
        clusters.append(cluster)
        return all(
            self._is_cluster_apart(one) for one in clusters if len(one) > 1 and not set(one).isdisjoint(fresh)
        )

    def _leading_bounds(self) -> list[tuple[Any, Any, str]]:
        """Return the smallest and largest value of the first key column in each part that has rows."""
        found: list[tuple[Any, Any, str]] = []
        for part in self._paths:
            if (bounds := self._footer_bounds(part)) is not None:
                found.append((*bounds, part))
            elif (one := self._range(part)) is not None:
                found.append((one.first[0], one.last[0], part))
        return found

    def _footer_bounds(self, part: str) -> tuple[Any, Any] | None:
        """Return what a part's footer says; only of types whose statistics PyArrow gives as they are."""
        type_ = self._key[0].type
        if part in self._ranges or not (pa.types.is_integer(type_) or pa.types.is_string(type_)):
            return None
        return _bounds(self._paths[part], self._key[0].name)

    def _is_cluster_apart(self, parts: Sequence[str]) -> bool:
        ranges = [one for part in parts if (one := self._range(part)) is not None]
        ranges.sort(key=lambda one: one.first)
        return all(one.last < other.first for one, other in itertools.pairwise(ranges))

    def _range(self, part: str) -> _KeyRange | None:
        """Return the first and the last key of a part whose keys rise; None if it has no rows."""
        if part not in self._ranges:
            self._read(part)
        return self._ranges[part]

    def _read(self, part: str) -> list[pa.Array]:
        names = [column.name for column in self._key]
        found = read_columns(self._rows.schema.name, self._paths[part], names)
        columns = [_plain(column) for column in found]
        count = len(columns[0])
        self._ranges[part] = (
            _KeyRange(
                part,
                tuple(column[0].as_py() for column in columns),
                tuple(column[count - 1].as_py() for column in columns),
            )
            if count
            else None
        )
        return columns


def _plain(column: pa.Array) -> pa.Array:
    """Return dates and times as whole numbers, which Python has all of."""
    type_ = column.type
    if pa.types.is_date(type_):
        return column.cast(pa.int32())
    if pa.types.is_timestamp(type_) or pa.types.is_time(type_):
        return column.cast(pa.int64())
    return column


def _is_rising(columns: Sequence[pa.Array]) -> bool:
    """Return whether each row is greater than the one before it, by the first column in which they differ."""
    count = len(columns[0])
    if any(column.null_count for column in columns):
        return False
    if count < 2:
        return True
    is_rising = is_equal = None
    for column in columns:
        before, after = column.slice(0, count - 1), column.slice(1)
        greater = call_function("greater", [after, before])
        if is_equal is not None:
            greater = call_function("or", [is_rising, call_function("and", [is_equal, greater])])
        is_rising = greater
        if call_function("all", [is_rising]).as_py():
            return True
        same = call_function("equal", [after, before])
        is_equal = same if is_equal is None else call_function("and", [is_equal, same])
    return False


def _bounds(path: Path, name: str) -> tuple[Any, Any] | None:
    try:
        with contextlib.closing(open_parquet(path)) as reader:
            footer = reader.metadata
    except (pa.ArrowException, OSError):
        return None
    places = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    if name not in places or not str(footer.created_by).startswith("parquet-cpp-arrow"):
        return None
    chunks = [footer.row_group(i).column(places[name]).statistics for i in range(footer.num_row_groups)]
    if not chunks or not all(chunk is not None and chunk.has_min_max for chunk in chunks):
        return None
    return min(chunk.min for chunk in chunks), max(chunk.max for chunk in chunks)
