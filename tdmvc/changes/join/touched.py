"""Finds the rows that were added, removed or changed with SQL, counts them, and reads the first few back."""

from collections.abc import Sequence
from enum import IntEnum

from tdmvc.arrow.values import python_values
from tdmvc.changes.comparison import TableComparison, most_first
from tdmvc.changes.join.keys import FAULTY_KEYS
from tdmvc.changes.join.pairing import Pairing
from tdmvc.changes.join.parts import RowScan
from tdmvc.changes.samples import changed_row, whole_row
from tdmvc.model.diff import RowCounts, RowSample, Samples
from tdmvc.sql.duckdb import DuckDBConnection

TOUCHED = "temp.tdmvc_touched"
"""The temporary table of touched rows.

`kind`; `old_f`, `old_r` and `new_f`, `new_r` as in `RowScan` (null if a side
has no such row); `k0`… for key order; `d0`…, whether the compared column differs.
"""
_LEFTOVER = "temp.tdmvc_leftover"


class Touch(IntEnum):
    """What happened to a row."""

    ADDED = 1
    REMOVED = 2
    CHANGED = 3
    IGNORED = 4
    """It changed in ignored columns only."""


def find_touched_rows(con: DuckDBConnection, pairing: Pairing, *, has_faulty_keys: bool) -> None:
    """Fill the table of touched rows.

    Rows join on the key; rows of faulty keys, and all rows of a table without a
    key, are counted as a multiset. Memory is DuckDB's to bound: everything here
    joins, groups and sorts where it can spill.
    """
    is_counted = has_faulty_keys or not pairing.key
    if is_counted:
        _count_whole_rows(con, pairing, only_faulty=bool(pairing.key))
    pieces = []
    if pairing.key:
        pieces.append(_joined_rows(pairing, has_faulty_keys=has_faulty_keys))
    if is_counted:
        pieces += [_surplus_rows(pairing, Touch.ADDED), _surplus_rows(pairing, Touch.REMOVED)]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {TOUCHED} AS {' UNION ALL '.join(pieces)}")


def drop_working_tables(con: DuckDBConnection) -> None:
    """Release what a comparison used."""
    for table in (TOUCHED, _LEFTOVER, FAULTY_KEYS):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def count_touched(con: DuckDBConnection, pairing: Pairing, *, old: int, new: int) -> TableComparison:
    """Return exact counts of rows, and of changed cells by column."""
    flags = [f"count(*) FILTER (WHERE d{i})" for i in range(len(pairing.compared))]
    kinds = [f"count(*) FILTER (WHERE kind = {kind.value})" for kind in Touch]
    added, removed, changed, ignored, *cells = con.execute(
        f"SELECT {', '.join(kinds + flags)} FROM {TOUCHED}"
    ).fetchall()[0]
    by_column = list(zip(pairing.compared, cells, strict=True))
    return TableComparison(
        RowCounts(old, new, added, removed, changed, ignored),
        most_first({pair.name: int(count) for pair, count in by_column if not pair.is_ignored}),
        most_first({pair.name: int(count) for pair, count in by_column if pair.is_ignored}),
    )


def _joined_rows(pairing: Pairing, *, has_faulty_keys: bool) -> str:
    keys = pairing.sort_columns
    old, new = pairing.old_rows(), pairing.new_rows()
    if has_faulty_keys:
        old, new = _without_faulty(old, keys), _without_faulty(new, keys)
    compared = pairing.compared
    on = " AND ".join(f"o.{key} = n.{key}" for key in keys)
    one_side = "o.r IS NULL OR n.r IS NULL"
    flags = [
        f"CASE WHEN {one_side} THEN false ELSE {pairing.forms[pair.name].differs(f'o.c{i}', f'n.c{i}')} END AS d{i}"
        for i, pair in enumerate(compared)
    ]
    kind = (
        f"CASE WHEN o.r IS NULL THEN {Touch.ADDED.value} WHEN n.r IS NULL THEN {Touch.REMOVED.value}"
        f" ELSE {Touch.CHANGED.value} END"
    )
    columns = [
        f"CAST({kind} AS TINYINT) AS kind",
        "o.f AS old_f, o.r AS old_r, n.f AS new_f, n.r AS new_r",
        *(f"coalesce(n.{key}, o.{key}) AS {key}" for key in keys),
        *flags,
    ]
    joined = f"SELECT {', '.join(columns)} FROM ({old}) o FULL OUTER JOIN ({new}) n ON {on}"
    differs = " OR ".join([f"kind <> {Touch.CHANGED.value}", *(f"d{i}" for i in range(len(compared)))])
    if not any(pair.is_ignored for pair in compared):
        return f"SELECT * FROM ({joined}) WHERE {differs}"
    counted = " OR ".join(f"d{i}" for i, pair in enumerate(compared) if not pair.is_ignored) or "false"
    kind = (
        f"CASE WHEN kind = {Touch.CHANGED.value} AND NOT ({counted}) THEN {Touch.IGNORED.value}::TINYINT"
        " ELSE kind END AS kind"
    )
    return f"SELECT * REPLACE ({kind}) FROM ({joined}) WHERE {differs}"


def _without_faulty(rows: str, keys: tuple[str, ...]) -> str:
    return f"SELECT rows.* FROM ({rows}) rows ANTI JOIN {FAULTY_KEYS} faulty ON {_same('rows', 'faulty', keys, keys)}"


def _count_whole_rows(con: DuckDBConnection, pairing: Pairing, *, only_faulty: bool) -> None:
    """Keep each distinct row that one side holds more often, with the surplus (new minus old)."""
    columns = pairing.whole_columns()
    names = ", ".join(columns)
    old = _counted(pairing, Touch.REMOVED, only_faulty=only_faulty)
    new = _counted(pairing, Touch.ADDED, only_faulty=only_faulty)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_LEFTOVER} AS"
        f" SELECT row_number() OVER (ORDER BY {', '.join(f'{name} NULLS FIRST' for name in columns)}) AS g, * FROM ("
        f" SELECT {names}, sum(side) AS surplus FROM ("
        f"SELECT {names}, -1 AS side FROM ({old}) UNION ALL SELECT {names}, 1 FROM ({new})"
        f") GROUP BY {names} HAVING sum(side) <> 0)"
    )


def count_ignored_whole_rows(con: DuckDBConnection, pairing: Pairing, *, only_faulty: bool) -> int:
    """Return how many rows that were counted as a multiset have a match only because of what is ignored."""
    if not pairing.left_out:
        return 0
    counted = pairing.whole_columns()
    every = ", ".join(f"w{i}" for i in range(len(counted) + len(pairing.left_out)))
    sides = pairing.all_whole_rows()
    if only_faulty:
        on = _same("rows", "faulty", pairing.key_columns_in_whole(), pairing.sort_columns)
        old, new = (
            f"SELECT rows.* FROM ({rows}) rows SEMI JOIN {FAULTY_KEYS} faulty ON {on}" for rows in sides
        )
    else:
        old, new = sides
    names = ", ".join(counted)
    (ignored,) = con.execute(
        "SELECT coalesce(sum(least(o, n) - matches), 0) FROM ("
        f"SELECT sum(o) AS o, sum(n) AS n, sum(least(o, n)) AS matches FROM ("
        f"SELECT {every}, sum(o) AS o, sum(n) AS n FROM ("
        f"SELECT {every}, 1 AS o, 0 AS n FROM ({old}) UNION ALL SELECT {every}, 0, 1 FROM ({new})"
        f") GROUP BY {every}) GROUP BY {names})"
    ).fetchall()[0]
    return int(ignored)


def _counted(pairing: Pairing, kind: Touch, *, only_faulty: bool) -> str:
    rows = pairing.new_whole_rows() if kind is Touch.ADDED else pairing.old_whole_rows()
    if not only_faulty:
        return rows
    on = _same("rows", "faulty", pairing.key_columns_in_whole(), pairing.sort_columns)
    return f"SELECT rows.* FROM ({rows}) rows SEMI JOIN {FAULTY_KEYS} faulty ON {on}"


def _surplus_rows(pairing: Pairing, kind: Touch) -> str:
    """Return the query over surplus rows; which of equal rows are taken makes no difference."""
    is_added = kind is Touch.ADDED
    rows = pairing.new_whole_rows() if is_added else pairing.old_whole_rows()
    columns = pairing.whole_columns()
    keys = [f"l.{column} AS k{i}" for i, column in enumerate(pairing.key_columns_in_whole())] or ["l.g AS k0"]
    here, there = ("new", "old") if is_added else ("old", "new")
    place = {f"{here}_f": "f", f"{here}_r": "r", f"{there}_f": "NULL::BIGINT", f"{there}_r": "NULL::BIGINT"}
    flags = [f"false AS d{i}" for i in range(len(pairing.compared))]
    placed = [f"{place[name]} AS {name}" for name in ("old_f", "old_r", "new_f", "new_r")]
    inner = (
        f"SELECT s.f, s.r, l.surplus, {', '.join(keys)},"
        f" row_number() OVER (PARTITION BY l.g ORDER BY s.f, s.r) AS turn"
        f" FROM {_LEFTOVER} l JOIN ({rows}) s ON {_same('l', 's', columns, columns)}"
        f" WHERE l.surplus {'>' if is_added else '<'} 0"
    )
    chosen = [f"{kind.value}::TINYINT AS kind", *placed, *pairing.sort_columns, *flags]
    return f"SELECT {', '.join(chosen)} FROM ({inner}) WHERE turn <= abs(surplus)"


def _same(left: str, right: str, left_columns: tuple[str, ...], right_columns: tuple[str, ...]) -> str:
    return " AND ".join(
        f"{left}.{a} IS NOT DISTINCT FROM {right}.{b}"
        for a, b in zip(left_columns, right_columns, strict=True)
    )


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


class _TouchedPlaces:
    """One line of the table of touched rows."""

    __slots__ = ("flags", "new", "old")

    def __init__(self, values: Sequence[int]) -> None:
        self.old: _Place = (values[0], values[1])
        self.new: _Place = (values[2], values[3])
        self.flags = [bool(flag) for flag in values[4:]]


def _first_touched(con: DuckDBConnection, pairing: Pairing, kind: Touch, limit: int) -> list[_TouchedPlaces]:
    flags = [f"d{i}" for i in range(len(pairing.compared))]
    columns = ", ".join(["old_f", "old_r", "new_f", "new_r", *flags])
    order = ", ".join(f"{column} NULLS FIRST" for column in pairing.sort_columns)
    query = (
        f"SELECT {columns} FROM {TOUCHED} WHERE kind = {kind.value}"
        f" ORDER BY {order}, new_f, new_r, old_f, old_r LIMIT {limit}"
    )
    return [_TouchedPlaces(values) for values in con.execute(query).fetchall()]


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
