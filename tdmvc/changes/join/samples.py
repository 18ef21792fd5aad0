"""Knows the first few touched rows of each kind, read back from where they lie."""

from collections.abc import Sequence

from tdmvc.changes.join.pairing import Pairing
from tdmvc.changes.join.parts import RowScan
from tdmvc.changes.join.touched import TOUCHED, Touch
from tdmvc.changes.samples import changed_row, whole_row
from tdmvc.changes.values import python_values
from tdmvc.model.diff import RowSample, Samples
from tdmvc.sql.duckdb import DuckDBConnection

_Place = tuple[int, int]
"""A row's `f` and `r` in its scan."""
_Row = dict[str, object]


def read_samples(con: DuckDBConnection, pairing: Pairing, limit: int) -> Samples:
    """Return up to `limit` rows of each kind in key order; opens only the parts that hold them."""
    if limit <= 0:
        return Samples()
    added = _first_touched(con, pairing, Touch.ADDED, limit)
    removed = _first_touched(con, pairing, Touch.REMOVED, limit)
    changed = _first_touched(con, pairing, Touch.CHANGED, limit)
    new_rows = _read_rows(con, pairing.new, [row.new for row in (*added, *changed)])
    old_rows = _read_rows(con, pairing.old, [row.old for row in (*removed, *changed)])
    pairs = pairing.pairs
    key = {pair.name: pair.name for pair in pairs.key}
    old_key = {pair.name: pair.old.name for pair in pairs.key}
    return Samples(
        added=tuple(whole_row(key, new_rows[row.new]) for row in added),
        removed=tuple(whole_row(old_key, old_rows[row.old]) for row in removed),
        changed=tuple(changed_row(pairs, row.flags, old_rows[row.old], new_rows[row.new]) for row in changed),
    )


def read_first_rows(con: DuckDBConnection, scan: RowScan, limit: int) -> tuple[RowSample, ...]:
    """Return the first rows of one side by key (of a table without one, by all columns)."""
    if limit <= 0:
        return ()
    key = scan.schema.key
    order = ", ".join(f"{scan.alias(column)} NULLS FIRST" for column in key or scan.schema.column_names)
    query = f"SELECT * FROM ({scan.select()}) ORDER BY {order}, f, r LIMIT {limit}"
    names = {name: name for name in key}
    return tuple(whole_row(names, values) for _, values in _decode(con, scan, query))


class _Touched:
    """One line of the table of touched rows."""

    __slots__ = ("flags", "new", "old")

    def __init__(self, values: Sequence[int]) -> None:
        self.old: _Place = (values[0], values[1])
        self.new: _Place = (values[2], values[3])
        self.flags = [bool(flag) for flag in values[4:]]


def _first_touched(con: DuckDBConnection, pairing: Pairing, kind: Touch, limit: int) -> list[_Touched]:
    flags = [f"d{i}" for i in range(len(pairing.compared))]
    columns = ", ".join(["old_f", "old_r", "new_f", "new_r", *flags])
    order = ", ".join(f"{column} NULLS FIRST" for column in pairing.sort_columns)
    query = (
        f"SELECT {columns} FROM {TOUCHED} WHERE kind = {kind.value}"
        f" ORDER BY {order}, new_f, new_r, old_f, old_r LIMIT {limit}"
    )
    return [_Touched(values) for values in con.execute(query).fetchall()]


def _read_rows(con: DuckDBConnection, scan: RowScan, places: Sequence[_Place]) -> dict[_Place, _Row]:
    """Read each file that holds a wanted row once, and nothing else."""
    by_file: dict[int, list[int]] = {}
    for file, row in places:
        by_file.setdefault(file, []).append(row)
    found: dict[_Place, _Row] = {}
    for file, rows in by_file.items():
        wanted = ", ".join(map(str, sorted(rows)))
        found.update(_decode(con, scan, f"SELECT * FROM ({scan.select(file)}) WHERE r IN ({wanted})"))
    return found


def _decode(con: DuckDBConnection, scan: RowScan, query: str) -> list[tuple[_Place, _Row]]:
    """Return the rows' places and values, in the query's order."""
    table = con.sql(query).to_arrow_table()
    files, rows = table.column("f").to_pylist(), table.column("r").to_pylist()
    columns = {name: python_values(table.column(scan.alias(name))) for name in scan.schema.column_names}
    return [
        ((file, row), {name: values[i] for name, values in columns.items()})
        for i, (file, row) in enumerate(zip(files, rows, strict=True))
    ]
