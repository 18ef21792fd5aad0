"""Knows the first few touched rows of each kind, read back from where they lie."""

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from tdmvc.changes.inside import paths_inside
from tdmvc.changes.pairing import ColumnPair, Pairing
from tdmvc.changes.parts import RowScan
from tdmvc.changes.touched import TOUCHED, Touch
from tdmvc.model.change import CellChange, ChangedRowSample, RowSample, Samples

_Place = tuple[int, int]
"""A row's `f` and `r` in its scan."""
_Row = dict[str, object]


def read_samples(con: duckdb.DuckDBPyConnection, pairing: Pairing, limit: int) -> Samples:
    """Return up to `limit` rows of each kind in key order; opens only the parts that hold them."""
    if limit <= 0:
        return Samples()
    added = _first_touched(con, pairing, Touch.ADDED, limit)
    removed = _first_touched(con, pairing, Touch.REMOVED, limit)
    changed = _first_touched(con, pairing, Touch.CHANGED, limit)
    new_rows = _read_rows(con, pairing.new, [row.new for row in (*added, *changed)])
    old_rows = _read_rows(con, pairing.old, [row.old for row in (*removed, *changed)])
    key = tuple(pair.name for pair in pairing.key)
    return Samples(
        added=tuple(_whole(key, new_rows[row.new]) for row in added),
        removed=tuple(_whole(key, old_rows[row.old]) for row in removed),
        changed=tuple(_changed(pairing, key, row, old_rows[row.old], new_rows[row.new]) for row in changed),
    )


def read_first_rows(con: duckdb.DuckDBPyConnection, scan: RowScan, limit: int) -> tuple[RowSample, ...]:
    """Return the first rows of one side by key (of a table without one, by all columns)."""
    if limit <= 0:
        return ()
    key = scan.schema.key
    order = ", ".join(f"{scan.alias(column)} NULLS FIRST" for column in key or scan.schema.column_names)
    query = f"SELECT * FROM ({scan.select()}) ORDER BY {order}, f, r LIMIT {limit}"
    return tuple(_whole(key, values) for _, values in _decode(con, scan, query))


class _Touched:
    """One line of the table of touched rows."""

    __slots__ = ("flags", "new", "old")

    def __init__(self, values: Sequence[int]) -> None:
        self.old: _Place = (values[0], values[1])
        self.new: _Place = (values[2], values[3])
        self.flags = [bool(flag) for flag in values[4:]]


def _first_touched(
    con: duckdb.DuckDBPyConnection, pairing: Pairing, kind: Touch, limit: int
) -> list[_Touched]:
    flags = [f"d{i}" for i in range(len(pairing.compared))]
    columns = ", ".join(["old_f", "old_r", "new_f", "new_r", *flags])
    order = ", ".join(f"{column} NULLS FIRST" for column in pairing.sort_columns)
    query = (
        f"SELECT {columns} FROM {TOUCHED} WHERE kind = {kind.value}"
        f" ORDER BY {order}, new_f, new_r, old_f, old_r LIMIT {limit}"
    )
    return [_Touched(values) for values in con.execute(query).fetchall()]


def _read_rows(con: duckdb.DuckDBPyConnection, scan: RowScan, places: Sequence[_Place]) -> dict[_Place, _Row]:
    """Read each file that holds a wanted row once, and nothing else."""
    by_file: dict[int, list[int]] = {}
    for file, row in places:
        by_file.setdefault(file, []).append(row)
    found: dict[_Place, _Row] = {}
    for file, rows in by_file.items():
        wanted = ", ".join(map(str, sorted(rows)))
        found.update(_decode(con, scan, f"SELECT * FROM ({scan.select(file)}) WHERE r IN ({wanted})"))
    return found


def _decode(con: duckdb.DuckDBPyConnection, scan: RowScan, query: str) -> list[tuple[_Place, _Row]]:
    """Return the rows' places and values, in the query's order."""
    table = con.sql(query).to_arrow_table()
    files, rows = table.column("f").to_pylist(), table.column("r").to_pylist()
    columns = {name: _values(table.column(scan.alias(name))) for name in scan.schema.column_names}
    return [
        ((file, row), {name: values[i] for name, values in columns.items()})
        for i, (file, row) in enumerate(zip(files, rows, strict=True))
    ]


def _values(column: pa.ChunkedArray) -> list[object]:
    """Return Python values; dates beyond the year 9999, which Python lacks, as text."""
    if pa.types.is_timestamp(column.type) and column.type.tz in {"UTC", "Etc/UTC"}:
        # Without its zone, for which PyArrow would import pandas where that is installed.
        naive = column.cast(pa.timestamp(column.type.unit))
        return [
            value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in _values(naive)
        ]
    try:
        return [_in_utc(value) for value in column.to_pylist()]
    except (ValueError, OverflowError):
        return [str(value) for value in column.cast(pa.string()).to_pylist()]


def _in_utc(value: object) -> object:
    """DuckDB hands out instants in the session's time zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    if isinstance(value, dict):
        return {name: _in_utc(item) for name, item in value.items()}
    return value


def _whole(key: tuple[str, ...], values: _Row) -> RowSample:
    return RowSample(key={name: values[name] for name in key}, values=values)


def _changed(pairing: Pairing, key: tuple[str, ...], row: _Touched, old: _Row, new: _Row) -> ChangedRowSample:
    cells = tuple(
        _cell(pair, old[pair.name], new[pair.name])
        for pair, differs in zip(pairing.compared, row.flags, strict=True)
        if differs
    )
    return ChangedRowSample(key={name: new[name] for name in key}, cells=cells)


def _cell(pair: ColumnPair, old: object, new: object) -> CellChange:
    """Paths may hold names from the data, so a personal cell has none."""
    is_personal = pair.old.is_personal or pair.new.is_personal
    inside = () if is_personal else paths_inside(old, new, is_json=pair.forms.is_json)
    return CellChange(pair.name, old, new, inside)
