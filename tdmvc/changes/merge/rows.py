"""Decides over rows that have a key, by one join of three sides.

Decisions are a temporary table of the rows that are not simply ours. Columns: `what` happened to the row;
`verdict`, whose row it becomes; `b_f`, `b_r`, `o_f`, `o_r`, `t_f`, `t_r`, its place on each side (see
`MergeScan`), null if a side lacks it; `s0`…, for rows that stay ours, the side of each cell; `v0`…,
cells that a person wrote; `k0`… and, for rows in conflict, `key`, its texts; `m0`… and `d0`…, whether a value
of theirs would be lost in the merged columns; `left_out`, how many values go with a column or a row that the
other side removed.
"""

from collections.abc import Iterable
from enum import IntEnum

from tdmvc.changes.merge.column_merger import MergedColumn
from tdmvc.changes.merge.scans import MergeScan, differs
from tdmvc.model.merge import Side
from tdmvc.sql.defaults import default_sql
from tdmvc.sql.duckdb import DuckDBConnection


class What(IntEnum):
    """What happened to a row."""

    NOTED = 0
    """It stays ours or is removed, but a value of it would be lost."""
    KEPT = 1
    """It is there on all sides, and some of our cells are replaced or in conflict."""
    ADDED_TWICE = 2
    """Both sides added a row of this key, and they differ."""
    DELETED_THERE = 3
    DELETED_HERE = 4
    """And edited there."""
    ADDED_THERE = 5
    SURPLUS = 6
    """One of ours that is too many among rows that say the same."""


class From(IntEnum):
    """The side from which a cell, or a whole row, is taken."""

    OURS = 0
    THEIRS = 1
    BASE = 2
    VALUE = 3
    OPEN = 9
    """A person has to decide."""


PLACES = ("b_f", "b_r", "o_f", "o_r", "t_f", "t_r")


def decided_table(batch: int) -> str:
    """Return the name of a batch's temporary table."""
    return f"temp.tdmvc_merge_{batch}"


def counted_table(batch: int) -> str:
    """Return the name of the temporary table of rows of which both sides changed the number."""
    return f"temp.tdmvc_merge_counts_{batch}"


def create_decided(con: DuckDBConnection, scan: MergeScan, table: str) -> None:
    """Make an empty table of decisions for a table without a key."""
    places = [f"{place} BIGINT" for place in PLACES]
    sources = [f"s{i} TINYINT, v{i} VARCHAR" for i in range(len(scan.cells))]
    lost = [f"m{i} BOOLEAN" for i in range(len(scan.narrowed))]
    columns = [
        "what TINYINT",
        "verdict TINYINT",
        *places,
        *sources,
        *lost,
        "left_out INTEGER",
        "key VARCHAR[]",
    ]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table.removeprefix('temp.')} ({', '.join(columns)})")


REPEATED_KEYS = "temp.tdmvc_merge_repeated"
"""The temporary table of keys that more than one row of some side has: `k0`…."""


def collect_repeated_keys(con: DuckDBConnection, scan: MergeScan) -> int:
    """Fill the table of keys that identify no single row, and return how many there are. Null is a value here."""
    keys = ", ".join(scan.keys)
    repeated = " UNION ".join(
        f"SELECT {keys} FROM ({scan.rows(side)}) GROUP BY {keys} HAVING count(*) > 1" for side in Side
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {REPEATED_KEYS.removeprefix('temp.')} AS {repeated}")
    return int(con.execute(f"SELECT count(*) FROM {REPEATED_KEYS}").fetchall()[0][0])


def decide_rows(con: DuckDBConnection, scan: MergeScan, into: str, *, has_repeated: bool) -> None:
    """Write down what becomes of each row that is not simply ours; conflicts stay open.

    Memory is DuckDB's to bound: the join can spill.

    Args:
        has_repeated: leave out the keys that `collect_repeated_keys` has found.
    """
    base, ours, theirs = (_side(scan, side, has_repeated=has_repeated) for side in Side)
    joined = " AND ".join(f"b.{key} IS NOT DISTINCT FROM o.{key}" for key in scan.keys)
    joined_both = " AND ".join(
        f"coalesce(b.{key}, o.{key}) IS NOT DISTINCT FROM t.{key}" for key in scan.keys
    )
    places = [f"{letter}.{place} AS {letter}_{place}" for letter in "bot" for place in "fr"]
    keys = [f"coalesce(o.{key}, t.{key}, b.{key}) AS {key}" for key in scan.keys]
    columns = scan.columns.cells
    cells = [f"CAST({_source(column, i)} AS TINYINT) AS s{i}" for i, column in enumerate(columns)]
    lost = [f"{_gets_lost(i)} AS m{i}" for i in range(len(scan.narrowed))]
    dropped = [f"{_is_edited(column, i)} AS d{i}" for i, column in enumerate(scan.columns.dropped)]
    left_out = f"CAST({_left_out(scan)} AS INTEGER) AS left_out"
    rows = (
        f"SELECT {_what()} AS what, {', '.join([*places, *keys, *cells, *lost, *dropped, left_out])}"
        f" FROM ({base}) b FULL OUTER JOIN ({ours}) o ON {joined}"
        f" FULL OUTER JOIN ({theirs}) t ON {joined_both}"
    )
    any_cell = _any(f"s{i} <> 0" for i in range(len(columns)))
    any_open = _any(f"s{i} = {From.OPEN}" for i in range(len(columns)))
    marks = [*(f"m{i}" for i in range(len(lost))), *(f"d{i}" for i in range(len(dropped)))]
    any_loss = _any([*marks, "left_out > 0"])
    is_open = f"what IN ({What.KEPT}, {What.ADDED_TWICE}, {What.DELETED_THERE}, {What.DELETED_HERE}) AND ({any_open})"
    verdict = (
        f"CASE WHEN what = {What.ADDED_THERE} THEN {From.THEIRS}"
        f" WHEN what = {What.DELETED_THERE} AND NOT ({any_open}) THEN {From.THEIRS}"
        f" WHEN what IN ({What.DELETED_THERE}, {What.DELETED_HERE}) AND ({any_open}) THEN {From.OPEN}"
        f" ELSE {From.OURS} END"
    )
    texts = ", ".join(f"CAST({key} AS VARCHAR)" for key in scan.keys)
    written = ", ".join(f"CAST(NULL AS VARCHAR) AS v{i}" for i in range(len(columns)))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {into.removeprefix('temp.')} AS"
        f" SELECT *, CAST({verdict} AS TINYINT) AS verdict, CASE WHEN {is_open} THEN [{texts}] END AS key"
        f"{', ' + written if written else ''} FROM ({rows})"
        f" WHERE what IN ({What.ADDED_THERE}, {What.DELETED_THERE}) OR (what <> {What.NOTED} AND ({any_cell}))"
        f" OR ({any_loss})"
    )


def _side(scan: MergeScan, side: Side, *, has_repeated: bool) -> str:
    rows = scan.rows(side)
    if not has_repeated:
        return rows
    same = " AND ".join(f"rows.{key} IS NOT DISTINCT FROM repeated.{key}" for key in scan.keys)
    return f"SELECT rows.* FROM ({rows}) rows ANTI JOIN {REPEATED_KEYS} repeated ON {same}"


def _what() -> str:
    return (
        f"CASE WHEN o.r IS NULL AND t.r IS NULL THEN {What.NOTED}"
        f" WHEN b.r IS NULL AND o.r IS NULL THEN {What.ADDED_THERE}"
        f" WHEN b.r IS NULL AND t.r IS NULL THEN {What.NOTED}"
        f" WHEN b.r IS NULL THEN {What.ADDED_TWICE}"
        f" WHEN o.r IS NULL THEN {What.DELETED_HERE}"
        f" WHEN t.r IS NULL THEN {What.DELETED_THERE} ELSE {What.KEPT} END"
    )


def _source(column: MergedColumn, i: int) -> str:
    """Return the SQL of a cell's side; for a row that one side deleted, of whether the other edited the cell."""
    here, there = column.ours is not None, column.theirs is not None
    edited_here = differs(column, f"b.c{i}", f"o.c{i}")
    edited_there = differs(column, f"b.c{i}", f"t.c{i}")
    differing = differs(column, f"o.c{i}", f"t.c{i}")
    # Our cell is the default, which also replaces no null of theirs.
    only_theirs = f"CASE WHEN t.c{i} IS DISTINCT FROM o.c{i} THEN {From.THEIRS} ELSE {From.OURS} END"
    ours = twice = str(int(From.OURS))
    if here and there:
        kept = (
            f"CASE WHEN NOT {edited_there} THEN {From.OURS} WHEN NOT {edited_here} THEN {From.THEIRS}"
            f" WHEN {differing} THEN {From.OPEN} ELSE {From.OURS} END"
        )
        twice = f"CASE WHEN {differing} THEN {From.OPEN} ELSE {From.OURS} END"
    elif there:
        # Of a column that we dropped and a person kept, every cell is theirs.
        kept = str(int(From.THEIRS)) if column.base is not None else only_theirs
        twice = only_theirs
    else:
        kept = str(int(From.OURS if here else From.BASE))
    deleted_there = deleted_here = ours
    if column.base is not None:
        if here:
            deleted_there = f"CASE WHEN {edited_here} THEN {From.OPEN} ELSE {From.OURS} END"
        if there:
            deleted_here = f"CASE WHEN {edited_there} THEN {From.OPEN} ELSE {From.OURS} END"
    return (
        f"CASE WHEN o.r IS NULL AND (b.r IS NULL OR t.r IS NULL) THEN {From.OURS}"
        f" WHEN o.r IS NULL THEN {deleted_here}"
        f" WHEN t.r IS NULL THEN (CASE WHEN b.r IS NULL THEN {From.OURS} ELSE {deleted_there} END)"
        f" WHEN b.r IS NULL THEN {twice} ELSE {kept} END"
    )


def _gets_lost(i: int) -> str:
    """Return an SQL boolean: an edited or added value of some side does not fit the merged type."""
    return "(" + " OR ".join(
        f"coalesce({side}.m{i} AND (b.r IS NULL OR b.x{i} IS DISTINCT FROM {side}.x{i}), false)" for side in "ot"
    ) + ")"  # fmt: skip


def _is_edited(column: MergedColumn, i: int) -> str:
    """Return an SQL boolean: the side that kept a dropped column edited this cell of it."""
    side = "o" if column.ours is not None else "t"
    return f"(b.r IS NOT NULL AND {side}.r IS NOT NULL AND {differs(column, f'b.d{i}', f'{side}.d{i}')})"


def _left_out(scan: MergeScan) -> str:
    """Return SQL for how many values of a row go with what the other side removed.

    These are no edits: values of a new row in a dropped column, and of a deleted row in a new column.
    """
    counts = []
    for i, column in enumerate(scan.columns.dropped):
        side = "o" if column.ours is not None else "t"
        counts.append(f"(b.r IS NULL AND {side}.r IS NOT NULL AND {side}.d{i} IS NOT NULL)")
    for i, column in enumerate(scan.columns.cells):
        if column.base is None and (column.ours is None) is not (column.theirs is None):
            side, other = ("o", "t") if column.ours is not None else ("t", "o")
            filled = f"{side}.c{i} IS DISTINCT FROM {default_sql(column.column)}"
            counts.append(f"(b.r IS NOT NULL AND {other}.r IS NULL AND {side}.r IS NOT NULL AND {filled})")
    return " + ".join(f"CASE WHEN {one} THEN 1 ELSE 0 END" for one in counts) or "0"


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(conditions) or "false"
