"""Finds the rows of a few keys among a table's parts, and compares a row with its former self cell by cell."""

import sys
from collections.abc import Collection, Hashable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.compute import CastOptions, call_function
from tdmvc.arrow.values import python_values
from tdmvc.changes import kernels
from tdmvc.changes.kernels import Mask, Positions, either, mask_at, positions_of, take
from tdmvc.changes.part_order import reading_part
from tdmvc.changes.same_value import same_value, value_id, value_text
from tdmvc.changes.walk.part_file import PartFile
from tdmvc.model.history import CellEvent, CellStep

Row = Mapping[str, object]
"""A row's cells by column."""
KeyId = tuple[Hashable, ...]
"""A key's values, in the order of its columns, as `same_value.value_id` returns them."""

_FEW = 64
"""Up to this many keys are compared with a part's bounds one by one."""


def key_id(values: Sequence[object]) -> KeyId:
    """Return a hashable value for a key."""
    return tuple(map(value_id, values))


def find_rows(
    path: Path, key: Sequence[str], wanted: Mapping[KeyId, Sequence[object]]
) -> dict[KeyId, tuple[Row, ...]]:
    """Return the rows of a part that have one of the keys, by key; several if a key repeats.

    Cost: the footer; the key columns only if its bounds allow one of the keys; the other
    columns only if one is found.

    Args:
        key: the key's columns as this part calls them, in the order of the wanted keys' values.

    Raises:
        PartError: the part is no whole Parquet file, or lacks a key column.
    """
    with reading_part(path), PartFile(path) as part:
        if not part.rows or not set(key) <= set(part.names):
            return {}
        candidates = wanted
        if len(wanted) <= _FEW:
            candidates = {id_: values for id_, values in wanted.items() if _can_hold(part, key, values)}
        if not candidates:
            return {}
        positions, ids = _matches(part, key, candidates)
        if not ids:
            return {}
        return _collected(_rows_at(part, positions), ids)


def first_rows(
    path: Path, key: Sequence[str], limit: int | None
) -> list[tuple[KeyId, tuple[object, ...], Row]]:
    """Return the first rows of a part in its order, each with its key."""
    with reading_part(path), PartFile(path) as part:
        count = part.rows if limit is None else min(limit, part.rows)
        columns = {
            name: python_values(array.slice(0, count))
            for name, array in zip(part.names, part.read(part.names), strict=True)
        }
    rows = [{name: values[i] for name, values in columns.items()} for i in range(count)]
    keys = [tuple(row[name] for name in key) for row in rows]
    return [(key_id(values), values, row) for values, row in zip(keys, rows, strict=True)]


def _can_hold(part: PartFile, key: Sequence[str], values: Sequence[object]) -> bool:
    """Return whether the footer's bounds allow the key; if they say nothing, it may be there."""
    for name, value in zip(key, values, strict=True):
        bounds = part.bounds(name)
        if bounds is None:
            continue
        if value is None:
            return False  # there are bounds only if no value is null
        if value != value:
            continue  # NaN is left out of them
        try:
            if not bounds[0] <= value <= bounds[1]:  # type: ignore[operator]
                return False
        except TypeError:
            continue
    return True


def _matches(
    part: PartFile, key: Sequence[str], wanted: Mapping[KeyId, Sequence[object]]
) -> tuple[Positions, list[KeyId]]:
    """Return the positions of rows with one of the keys, and the key of each."""
    columns = part.read(key)
    leading = columns[0]
    mask = _among(leading, [values[0] for values in wanted.values()])
    positions = positions_of(mask) if mask is not None else None
    taken = columns if positions is None else [take(column, positions) for column in columns]
    found: list[int] = []
    ids: list[KeyId] = []
    places = range(part.rows) if positions is None else positions.to_pylist()
    for place, values in zip(places, zip(*map(python_values, taken), strict=True), strict=True):
        id_ = key_id(values)
        if id_ in wanted:
            found.append(place)
            ids.append(id_)
    return positions_of(mask_at(found, part.rows)), ids


def _among(column: pa.Array, values: Collection[object]) -> Mask | None:
    """Return where a column has one of the values; None if Arrow cannot compare them."""
    type_ = column.type
    if pa.types.is_nested(type_) or pa.types.is_floating(type_):
        return None
    try:
        plain = [value for value in values if value is not None]
        mask = kernels.is_among(column, _array(plain, type_))
    except pa.ArrowException:
        return None
    return either(mask, kernels.is_null(column)) if len(plain) < len(values) else mask


def _array(values: Sequence[object], type_: pa.DataType) -> pa.Array:
    """Return an array of few values, by way of their bytes: `pa.array` would import pandas if it is installed."""
    is_bytes = pa.types.is_binary(type_)
    cells = [value if isinstance(value, bytes) else value_text(value).encode() for value in values]
    ends = [0]
    for cell in cells:
        ends.append(ends[-1] + len(cell))
    offsets = pa.py_buffer(b"".join(end.to_bytes(4, sys.byteorder) for end in ends))
    buffers = [None, offsets, pa.py_buffer(b"".join(cells))]
    texts = pa.Array.from_buffers(pa.binary() if is_bytes else pa.string(), len(cells), buffers)
    return texts if texts.type == type_ else call_function("cast", [texts], CastOptions(target_type=type_))


def _rows_at(part: PartFile, positions: Positions) -> list[Row]:
    columns = {
        name: python_values(take(array, positions))
        for name, array in zip(part.names, part.read(part.names), strict=True)
    }
    return [{name: values[i] for name, values in columns.items()} for i in range(len(positions))]


def _collected(rows: Sequence[Row], ids: Sequence[KeyId]) -> dict[KeyId, tuple[Row, ...]]:
    found: dict[KeyId, tuple[Row, ...]] = {}
    for id_, row in zip(ids, rows, strict=True):
        found[id_] = (*found.get(id_, ()), row)
    return found


def whole_row_steps(row: Row, *, is_added: bool) -> tuple[CellStep, ...]:
    """Return every cell of a row that was added or removed."""
    return tuple(
        CellStep(name, CellEvent.CHANGED, new=value)
        if is_added
        else CellStep(name, CellEvent.CHANGED, old=value)
        for name, value in row.items()
    )


def compare_rows(
    old: Row, new: Row, renames: Mapping[str, str], json_columns: Collection[str]
) -> tuple[CellStep, ...]:
    """Return the cells that changed, in the new row's order, then those of removed columns.

    A cell of an added, removed or renamed column counts, whatever its value.

    Args:
        renames: old names of columns by new ones.
        json_columns: columns, by their new names, whose texts compare as JSON.
    """
    steps = []
    taken = set(renames.values())
    for name, value in new.items():
        before = renames.get(name, name)
        if before not in old or (before == name and name in taken and name not in renames):
            steps.append(CellStep(name, CellEvent.COLUMN_ADDED, new=value))
        elif before != name:
            steps.append(CellStep(name, CellEvent.COLUMN_RENAMED, old[before], value, old_column=before))
        elif not same_value(old[name], value, is_json=name in json_columns):
            steps.append(CellStep(name, CellEvent.CHANGED, old[name], value))
    for name, value in old.items():
        if name not in taken and name not in new:
            steps.append(CellStep(name, CellEvent.COLUMN_REMOVED, old=value))
    return tuple(steps)


def same_rows(old: Sequence[Row], new: Sequence[Row], json_columns: Collection[str]) -> bool:
    """Return whether two sets of rows with one key say the same, in whatever order."""
    left = list(old)
    for row in new:
        match = next((i for i, one in enumerate(left) if not compare_rows(one, row, {}, json_columns)), None)
        if match is None:
            return False
        del left[match]
    return not left
