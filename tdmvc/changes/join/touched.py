"""Knows which rows were added, removed or changed: finds them with SQL and keeps only where they are."""

from enum import IntEnum

from tdmvc.changes.join.keys import FAULTY_KEYS
from tdmvc.changes.join.pairing import Pairing
from tdmvc.changes.outcome import Outcome, most_first
from tdmvc.model.diff import RowCounts
from tdmvc.sql.duckdb import DuckDBConnection

TOUCHED = "temp.tdmvc_touched"
"""The temporary table of touched rows.

`kind`; `old_f`, `old_r` and `new_f`, `new_r` as in `RowScan` (null where a side
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
    """Give back what a comparison held."""
    for table in (TOUCHED, _LEFTOVER, FAULTY_KEYS):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def count_touched(con: DuckDBConnection, pairing: Pairing, *, old: int, new: int) -> Outcome:
    """Return exact counts of rows, and of changed cells by column."""
    flags = [f"count(*) FILTER (WHERE d{i})" for i in range(len(pairing.compared))]
    kinds = [f"count(*) FILTER (WHERE kind = {kind.value})" for kind in Touch]
    added, removed, changed, ignored, *cells = con.execute(
        f"SELECT {', '.join(kinds + flags)} FROM {TOUCHED}"
    ).fetchall()[0]
    by_column = list(zip(pairing.compared, cells, strict=True))
    return Outcome(
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
    old, new = _counted(pairing, Touch.REMOVED, only_faulty), _counted(pairing, Touch.ADDED, only_faulty)
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


def _counted(pairing: Pairing, kind: Touch, only_faulty: bool) -> str:
    rows = pairing.new_whole_rows() if kind is Touch.ADDED else pairing.old_whole_rows()
    if not only_faulty:
        return rows
    on = _same("rows", "faulty", pairing.key_columns_in_whole(), pairing.sort_columns)
    return f"SELECT rows.* FROM ({rows}) rows SEMI JOIN {FAULTY_KEYS} faulty ON {on}"


def _surplus_rows(pairing: Pairing, kind: Touch) -> str:
    """Of rows that say the same, take as many as there are too many; which ones makes no difference."""
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
