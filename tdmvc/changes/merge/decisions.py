"""Knows how decisions about rows are written down: a temporary table of the rows that are not simply ours.

Columns: `what` happened to the row; `verdict`, whose row it becomes; `b_f`, `b_r`, `o_f`, `o_r`, `t_f`,
`t_r`, where it lies on each side (see `MergeScan`), null where it does not; `s0`…, for rows that stay ours,
where each cell comes from; `v0`…, cells that a person wrote; `k0`… and, for rows in conflict, `key`, its
texts; `m0`… and `d0`…, whether a value of theirs would get lost on the way to the merged columns.
"""

from enum import IntEnum

from tdmvc.sql.duckdb import DuckDBConnection


class What(IntEnum):
    """What happened to a row."""

    NOTED = 0
    """It stays ours, or goes; but a value of it would get lost."""
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
    """Where a cell, or a row as a whole, comes from."""

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


def create_decided(con: DuckDBConnection, table: str, cells: int) -> None:
    """Make an empty table of decisions for a table without a key."""
    places = [f"{place} BIGINT" for place in PLACES]
    sources = [f"s{i} TINYINT, v{i} VARCHAR" for i in range(cells)]
    columns = ["what TINYINT", "verdict TINYINT", *places, *sources, "key VARCHAR[]"]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table.removeprefix('temp.')} ({', '.join(columns)})")
