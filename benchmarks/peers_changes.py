"""The five changes that tdmvc and its peers find, made to lineitem by DuckDB."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lineitem import clustered_keys
from benchmarks.processes import run


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a comparison found."""

    added: int
    removed: int
    changed: int

    def __str__(self) -> str:
        return f"+{self.added:,} −{self.removed:,} ~{self.changed:,}"


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which the new table differs from the old one."""

    name: str
    title: str
    rows: str
    """SQL for the new table's rows; `{old}` is the old table."""
    counts: str
    """SQL for the rows added, removed and changed, as they follow from `rows`."""
    target: float
    """How many times faster than DuckDB's join its diff must be in 6 million rows."""
    large_target: float | None = None
    """The same in 60 million rows; None if nothing was promised."""

    def target_at(self, scale: float) -> float | None:
        """Return the target for a size. In a small table the start of the process is all that is measured."""
        if scale < 1:
            return None
        return self.large_target if scale >= 10 else self.target


_CLUSTER = "l_orderkey BETWEEN {first} AND {last}"
_EVERY_HUNDREDTH = "hash(l_orderkey, l_linenumber) % 100 = 0"
_EVERY_THOUSANDTH = "hash(l_orderkey, l_linenumber) % 1000 = 0"
_NOTHING = "SELECT 0, 0, 0"
NO_CHANGE = "none"

CHANGES = (
    Change(
        "clustered",
        "about 1,000 neighbouring rows changed",
        f"SELECT * REPLACE (CASE WHEN {_CLUSTER} THEN l_comment || '!' ELSE l_comment END AS l_comment) FROM {{old}}",
        f"SELECT 0, 0, count(*) FROM {{old}} WHERE {_CLUSTER}",
        5,
        50,
    ),
    Change(
        "scattered",
        "one column changed in 1 % of all rows",
        f"SELECT * REPLACE (CASE WHEN {_EVERY_HUNDREDTH} THEN l_quantity + 1 ELSE l_quantity END AS l_quantity) "
        "FROM {old}",
        f"SELECT 0, 0, count(*) FROM {{old}} WHERE {_EVERY_HUNDREDTH}",
        3,
    ),
    Change(
        "inserts",
        "0.1 % new rows, all over the table",
        # Of 32 values of l_orderkey only the first eight exist: eight further on there is none yet.
        "SELECT * FROM (FROM {old} UNION ALL SELECT * REPLACE (l_orderkey + 8 AS l_orderkey) "
        f"FROM {{old}} WHERE {_EVERY_THOUSANDTH}) ORDER BY l_orderkey, l_linenumber",
        f"SELECT count(*), 0, 0 FROM {{old}} WHERE {_EVERY_THOUSANDTH}",
        1,
    ),
    # Before a column is dropped: when it comes again it comes last, which makes other files of the same rows.
    Change(NO_CHANGE, "no change", "FROM {old}", _NOTHING, 1),
    Change("dropped", "one column dropped", "SELECT * EXCLUDE (l_shipmode) FROM {old}", _NOTHING, 1),
)

_WRITE_BY_DUCKDB = """
import json, sys, duckdb
target, rows, counts = sys.argv[1:]
duckdb.sql("SET enable_progress_bar = false")
duckdb.sql(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
print(json.dumps(duckdb.sql(counts).fetchall()[0]))
"""


def write_copy(source: Path, target: Path) -> None:
    """Write the old table as DuckDB writes it, so that one program has written both sides."""
    _write(target, f"FROM read_parquet('{source}')", _NOTHING)


def write_changed(change: Change, old: Path, target: Path, *, scale: float) -> Counts:
    """Write the new table, and return what a comparison has to find.

    Args:
        old: in key order.
    """
    first, last = clustered_keys(scale, rows=1000)
    sql = [
        text.format(old=f"read_parquet('{old}')", first=first, last=last)
        for text in (change.rows, change.counts)
    ]
    return _write(target, *sql)


def _write(target: Path, rows: str, counts: str) -> Counts:
    target.parent.mkdir(parents=True, exist_ok=True)
    return Counts(
        *json.loads(run(target.parent, sys.executable, "-c", _WRITE_BY_DUCKDB, str(target), rows, counts))
    )
