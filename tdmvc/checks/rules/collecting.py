"""Collects what identifies the rows that break a condition which is evaluated batch by batch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pyarrow as pa

from tdmvc.arrow.constants import values_array
from tdmvc.checks.table_rows import identity_columns
from tdmvc.model.conditions import RowCondition
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names

BROKEN = "tdmvc_broken_rows"
"""The temporary table with them, and the beginning of the names of others."""
_BATCH_ROWS = 32_768


def collect_broken(
    con: DuckDBConnection,
    schema: TableSchema,
    source: str,
    opened: AbstractContextManager[RowCondition],
    *,
    needed: Sequence[Column],
    into: str = BROKEN,
) -> int:
    """Fill a temporary table with what identifies the rows that break a condition; return how many there are.

    Args:
        source: SQL to put behind FROM, with the rows.
        needed: the columns that the condition is evaluated on.

    Raises:
        NotEvaluatedError: it cannot be evaluated.
    """
    identity = identity_columns(schema)
    names = list(dict.fromkeys(column.name for column in (*identity, *needed)))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {into} AS"
        f" SELECT {quote_names(column.name for column in identity)} FROM {source} LIMIT 0"
    )
    count = 0
    # Another connection to the same database, because this one inserts while rows are read.
    with opened as condition, con.cursor() as reading:
        reading.execute("SET TimeZone = 'UTC'")
        rows = reading.sql(f"SELECT {', '.join(map(quote_name, names))} FROM {source}")
        for batch in rows.to_arrow_reader(_BATCH_ROWS):
            found = condition.find_broken(batch.select([column.name for column in needed]))
            if found:
                broken = batch.select([column.name for column in identity]).take(
                    values_array(found, pa.int64())
                )
                _insert(con, broken, into)
                count += len(found)
    return count


def forget_broken_rows(con: DuckDBConnection) -> None:
    """Drop the tables to which `violations_sql` refers."""
    found = con.execute(
        f"SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, '{BROKEN}')"
    ).fetchall()
    for (name,) in found:
        con.execute(f"DROP TABLE temp.{name}")


def _insert(con: DuckDBConnection, rows: pa.RecordBatch, into: str) -> None:
    view = "tdmvc_broken_batch"
    con.register(view, pa.Table.from_batches([rows]))
    con.execute(f"INSERT INTO temp.{into} SELECT * FROM {view}")
    con.unregister(view)
