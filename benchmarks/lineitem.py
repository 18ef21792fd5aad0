"""The table that is measured with: lineitem of TPC-H, 16 columns, 6,001,215 rows at scale 1, made once."""

import shutil
import sys
from pathlib import Path

from benchmarks.processes import run

KEY = ("l_orderkey", "l_linenumber")
DATA = Path(__file__).parent / ".data"
_KEYS_AT_SCALE_1 = 6_000_000

SORT_BY_DUCKDB = """
import sys, duckdb
source, target = sys.argv[1:]
duckdb.sql(f"COPY (SELECT * FROM read_parquet('{source}') ORDER BY l_orderkey, l_linenumber) "
           f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
"""
"""One sorted zstd file, with DuckDB's own settings."""

WRITE_BY_PYARROW = """
import sys, pyarrow.parquet as pq
source, target = pq.ParquetFile(sys.argv[1]), sys.argv[2]
with pq.ParquetWriter(target, source.schema_arrow, compression="zstd") as writer:
    for batch in source.iter_batches(1 << 20):
        writer.write_batch(batch, row_group_size=1 << 20)
"""
"""One zstd file, with PyArrow's own settings: row groups of a million rows, dictionaries everywhere."""

CHANGE_BY_DUCKDB = """
import sys, duckdb
source, target, first, last = sys.argv[1:]
duckdb.sql("SET enable_progress_bar = false")
duckdb.sql(f"COPY (SELECT * REPLACE (CASE WHEN l_orderkey BETWEEN {first} AND {last} "
           f"THEN l_comment || '!' ELSE l_comment END AS l_comment) FROM read_parquet('{source}')) "
           f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
rows = f"SELECT count(*) FROM read_parquet('{source}') WHERE l_orderkey BETWEEN {first} AND {last}"
print(duckdb.sql(rows).fetchall()[0][0])
"""
"""UPDATE lineitem SET l_comment = … WHERE l_orderkey BETWEEN …; prints how many rows."""

JOIN_BY_DUCKDB = """
import json, sys, duckdb
duckdb.sql("SET enable_progress_bar = false")
old, new = (f"read_parquet('{path}')" for path in sys.argv[1:])
key = ("l_orderkey", "l_linenumber")
columns_of = lambda table: [name for name, *_ in duckdb.sql(f"DESCRIBE FROM {table}").fetchall()]
on_the_new_side = columns_of(new)
shared = [name for name in columns_of(old) if name in on_the_new_side and name not in key]
differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in shared)
print(json.dumps(duckdb.sql(
    "SELECT count(*) FILTER (WHERE o.l_orderkey IS NULL), count(*) FILTER (WHERE n.l_orderkey IS NULL), "
    f"count(*) FILTER (WHERE o.l_orderkey IS NOT NULL AND n.l_orderkey IS NOT NULL AND ({differs})) "
    f"FROM {old} o FULL JOIN {new} n USING ({', '.join(key)})").fetchall()[0]))
"""
"""The diff that one writes by hand: a full outer join that compares every column which both sides have.

Prints how many rows were added, removed and changed.
"""


def lineitem(scale: float) -> Path:
    """Return the Parquet file, made by tpchgen-cli if it is not there yet."""
    folder = DATA / f"scale-{scale:g}"
    path = folder / "lineitem.parquet"
    if not path.exists():
        # Written to a temporary file and moved, so that an interrupted run leaves no partial file.
        made = DATA / f".making-{scale:g}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        tool = str(Path(sys.executable).with_name("tpchgen-cli"))
        run(made, tool, "parquet", "-s", f"{scale:g}", "-T", "lineitem", "-o", str(made))
        folder.mkdir(parents=True, exist_ok=True)
        (made / "lineitem.parquet").replace(path)
        made.rmdir()
    return path


def clustered_keys(scale: float, *, rows: int) -> tuple[int, int]:
    """Return a range of l_orderkey in the middle of the table with about so many rows.

    There is one row per key value on average: a quarter of the values exist, with four lines each.
    """
    first = int(_KEYS_AT_SCALE_1 * scale / 2)
    return first, first + rows - 1
