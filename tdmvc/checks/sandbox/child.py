"""The process that runs the queries: it gives up its rights, then reads one query a line and writes its outcome.

Whatever a query makes it do, it can only read the rows that it was given, and its parent kills it at the deadline.
"""

import json
import os
import queue
import re
import sys
import threading
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pyarrow as pa

from tdmvc.arrow.parquet import open_rows
from tdmvc.checks.sandbox.examples import examples_query, shows_table
from tdmvc.checks.sandbox.guard import ReadQuery, RefusedQueryError, read_query
from tdmvc.checks.sandbox.jobs import (
    OUT_OF_MEMORY,
    QueryJob,
    QueryOutcome,
    QueryTable,
    decode_tables,
    encode_outcome,
)
from tdmvc.checks.sandbox.rights import allow_processor_time, give_up_rights
from tdmvc.sql.duckdb import DuckDBConnection, connect, duckdb_error, lock_in, memory_errors


def main() -> None:
    """Read the first line (tables and limits), then a query a line, until the parent ends."""
    first = json.loads(sys.stdin.readline())
    tables = decode_tables(first["tables"])
    con = _connect(tables, int(first["threads"]), int(first["memory_bytes"]))
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    give_up_rights(None if first["is_watched"] else int(first["memory_bytes"]))
    _say({"ready": True})
    while True:
        asked = json.loads(lines.get())
        allow_processor_time(float(first["seconds"]) * int(first["threads"]))
        job = QueryJob(asked["sql"], asked["table"])
        _say(encode_outcome(_run(con, job, tables, int(asked["examples"]))))


def _read(lines: queue.Queue[str]) -> None:
    """Read queries; at the end of them, end the process in the middle of a query, because its parent is gone."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _say(values: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _connect(tables: Mapping[str, QueryTable], threads: int, memory_bytes: int) -> DuckDBConnection:
    con = connect(
        config={
            "memory_limit": f"{memory_bytes // (1 << 20)}MB",
            "temp_directory": "",
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    for name, table in tables.items():
        # A scan of files by their paths would need access to files, which queries must not have.
        con.register(name, open_rows(table.files) if table.files else table.schema.empty_table())
    lock_in(con)
    return con


def _run(
    con: DuckDBConnection, job: QueryJob, tables: Mapping[str, QueryTable], examples: int
) -> QueryOutcome:
    try:
        query = read_query(con, job.sql, tables)
    except RefusedQueryError as error:
        return QueryOutcome(reason=str(error))
    try:
        number = _number(con, job.sql)
        rows: tuple[Mapping[str, str | None], ...] = ()
        if examples and number and query.counts_rows and job.table in tables:
            rows = _examples(con, query, job, tables[job.table], examples)
    except RefusedQueryError as error:
        return _outcome(query, reason=str(error))
    except memory_errors():
        return _outcome(query, reason=OUT_OF_MEMORY)
    except duckdb_error() as error:
        # Its own words may hold a value; those that the query has itself are shown.
        return _outcome(query, reason=_reason(error, job.sql))
    return _outcome(query, number=number, rows=rows, shows_table=bool(rows) and shows_table(query, job.table))


def _outcome(query: ReadQuery, **found: Any) -> QueryOutcome:
    return QueryOutcome(
        columns=query.columns,
        names_all_columns=query.names_all_columns,
        counts_rows=query.counts_rows,
        **found,
    )


def _number(con: DuckDBConnection, sql: str) -> Decimal:
    """Return the number that a query returns.

    Raises:
        RefusedQueryError: it returns something else.
    """
    result = con.execute(sql)
    if len(result.description) != 1:
        raise RefusedQueryError(f"it returns {len(result.description)} columns, not one number")
    rows = result.fetchmany(2)
    if len(rows) != 1:
        raise RefusedQueryError(f"it returns {'no row' if not rows else 'several rows'}, not one number")
    value = rows[0][0]
    if value is None:
        raise RefusedQueryError("it returns NULL, not a number")
    if not isinstance(value, (int, float, Decimal)):
        raise RefusedQueryError("it returns a value that is not a number")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation as error:
        raise RefusedQueryError("it returns a value that is not a number") from error
    if not number.is_finite():
        raise RefusedQueryError("it returns NaN or infinity")
    return number


def _examples(
    con: DuckDBConnection, query: ReadQuery, job: QueryJob, table: QueryTable, count: int
) -> tuple[Mapping[str, str | None], ...]:
    rows: pa.Table = con.execute(examples_query(con, query, job, table, count)).to_arrow_table()
    return tuple(rows.to_pylist())


def _reason(error: Exception, sql: str) -> str:
    kinds = {
        "BinderException": "it names a column, table or function that does not exist, or does not fit its types",
        "CatalogException": "it names a table or function that does not exist",
        "ParserException": "DuckDB cannot parse it",
        "ConversionException": "it converts a value that cannot be converted; try_cast gives NULL for those",
        "OutOfRangeException": "a number becomes too large for its type",
        "InvalidInputException": "a value is not valid for what it does",
    }
    kind = type(error).__name__
    return _unknown_name(str(error), sql) or kinds.get(kind, f"DuckDB cannot do it ({kind})")


def _unknown_name(message: str, sql: str) -> str | None:
    """Return which name of a query means nothing, and the one that it is like; only names, and never a value."""
    for what, pattern in _UNKNOWN.items():
        found = pattern.search(message)
        if found is not None and found[1].casefold() in sql.casefold():
            near = _NEAR.search(message)
            return what.format(found[1]) + (f"; did you mean {near[1]}?" if near else "")
    return None


_UNKNOWN: Final = {
    "it names a column that does not exist: {}": re.compile(
        r'^Binder Error: (?:Referenced column|[\w ]+ "[^"]*" does not have a column named) "([^"]+)"'
    ),
    "it names a table that does not exist: {}": re.compile(r'^Binder Error: Referenced table "([^"]+)'),
    "the function {} does not take values of these types": re.compile(
        r"^Binder Error: No function matches the given name and argument types '(\w+)\("
    ),
}
"""How DuckDB says which name it does not know, by what is said instead."""
_NEAR: Final = re.compile(r'^(?:Candidate (?:bindings|tables)[: ]*|Did you mean )"([^"]+)"', re.MULTILINE)


if __name__ == "__main__":
    main()
