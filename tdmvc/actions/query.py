"""`sql`: queries a state of a dataset in SQL, without a checkout."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from tdmvc.arrow.parquet import open_rows
from tdmvc.arrow.row_files import write_csv, write_parquet
from tdmvc.arrow.values import python_values
from tdmvc.errors import UsageError
from tdmvc.model.diff import TableSide
from tdmvc.model.report import QueryResult
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import (
    DuckDBConnection,
    DuckDBRelation,
    duckdb_error,
    is_refused_access,
    lock_in,
    statement_kinds,
)
from tdmvc.sql.quoting import quote_name
from tdmvc.store.atomic_files import open_atomic
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace

_WRITING = ("delete", "insert", "update", "truncate", "alter", "drop", "merge")
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
"""Kinds of statements that read; DuckDB calls a PIVOT `MULTI`."""
_EDIT = "queries only read; to change rows, edit the files of the working copy, then run `tdmvc add`."
_SPACE = " \n\t("
ROW_FILES = {"csv": write_csv, "parquet": write_parquet}
"""The formats in which a query's rows go into a file, as many as there are."""
_NESTED = ("STRUCT", "MAP", "UNION")


def run_query(
    workspace: Workspace,
    query: str,
    *,
    at: str | None = None,
    allow_files: bool = False,
    params: Mapping[str, Any] | None = None,
) -> DuckDBRelation | None:
    """Run a query over a state's tables; None if it returns no rows (`CREATE TABLE …`).

    Each dataset is a schema (`golden.orders`); tables of the only dataset, or of the
    one that `at` names, need no schema.

    Args:
        allow_files: run any statements, which may also read and write files, use the network
            and load extensions. Otherwise the query is one that reads, and reaches the tables only.
        params: the values of `$name` in the query; a text takes the type of what it is compared with.

    Raises:
        UsageError: the query is wrong, a value is missing or not used, or it needs `allow_files`.
        NotFoundError: there is no such state.
    """
    con = workspace.new_engine()
    refs = [at] if at is not None else workspace.datasets()
    for ref in refs:
        state = resolve_state(workspace, ref)
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(state.name)}")
        sides = open_tables(workspace, state, with_edits=state.ref == state.name)
        for name, side in _visible_names(workspace, sides).items():
            view = f"{quote_name(state.name)}.{quote_name(name)}"
            # A scan of files by their paths would need access to files, which the query must not have.
            rows = f"rows of {state.name}.{name}"
            con.register(rows, _rows_of(side))
            con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {quote_name(rows)}")
        if len(refs) == 1:
            con.execute(f"USE {quote_name(state.name)}")
    workspace.store.index.save()
    if not allow_files:
        _check_statement(con, query, at=at)
        lock_in(con)
    try:
        return con.sql(query, params=dict(params)) if params else con.sql(query)
    except duckdb_error() as error:
        raise _failed(query, error, at=at) from error


def _rows_of(side: TableSide) -> object:
    """Return the rows as Arrow data, read as they are needed."""
    if not side.parts:
        return pa.Table.from_batches([], schema=side.schema.arrow_schema())
    return open_rows(side.locate(side.parts))


def _check_statement(con: DuckDBConnection, query: str, *, at: str | None) -> None:
    """Raise a UsageError if the text is not one query that reads."""
    try:
        kinds = statement_kinds(con, query)
    except duckdb_error() as error:
        raise _failed(query, error, at=at) from error
    if len(kinds) == 1 and kinds[0] in _READING:
        return
    if len(kinds) != 1:
        what = f"This is {plural(len(kinds), 'statement')}, and a query is one."
        raise UsageError(what, where=at or "", remedy="run one query after the other.")
    raise UsageError(
        f"A query only reads; this is {kinds[0]}.",
        where=at or "",
        remedy=_EDIT
        if query.lower().lstrip(_SPACE).startswith(_WRITING)
        else "write a SELECT; if you trust the statement, run it with --allow-files.",
    )


def _failed(query: str, error: Exception, *, at: str | None) -> UsageError:
    """Return the error for a query that DuckDB refuses, with the way that tdmvc has for what it wants."""
    remedy = "correct it; `tdmvc show DATASET` lists tables and columns."
    if query.lower().lstrip(_SPACE).startswith(_WRITING):
        remedy = _EDIT
    elif is_refused_access(error):
        remedy = (
            "a query reaches the dataset's tables only; if you trust it, run it with --allow-files,"
            " and it may read and write files, use the network and load extensions."
        )
    elif "parameter" in str(error).lower():
        remedy = "give each $NAME of the query a value, and nothing else: --param NAME=VALUE."
    # DuckDB repeats the query below, with a mark under the place.
    words = " ".join(str(error).partition("\nLINE ")[0].split())
    return UsageError(f"The query failed: {words}", where=at or "", remedy=remedy)


def _visible_names(workspace: Workspace, sides: dict[str, TableSide]) -> dict[str, TableSide]:
    """Return the tables under names that differ even without case, which SQL ignores."""
    visible: dict[str, TableSide] = {}
    folded: dict[str, int] = {}
    for name, side in sides.items():
        number = folded[name.lower()] = folded.get(name.lower(), 0) + 1
        own = name if number == 1 else f"{name}_{number}"
        if own != name:
            workspace.warn(f"SQL ignores case in names, so the table {name} is called {own} here.")
        visible[own] = side
    return visible


def query(
    workspace: Workspace,
    text: str,
    *,
    at: str | None = None,
    limit: int | None = None,
    allow_files: bool = False,
    params: Mapping[str, Any] | None = None,
) -> QueryResult:
    """Run a query (see `run_query`) and return its rows as plain values.

    Args:
        limit: return at most this many rows; None returns all of them.
    """
    relation = run_query(workspace, text, at=at, allow_files=allow_files, params=params)
    if relation is None:
        return QueryResult((), (), ())
    if limit is not None:
        relation = relation.limit(limit + 1)
    try:
        # Through Arrow, because DuckDB's own rows need another package for times with a zone.
        table = relation.to_arrow_table()
    except duckdb_error() as error:
        raise _failed(text, error, at=at) from error
    rows = tuple(zip(*(python_values(column) for column in table.columns), strict=True))
    is_cut = limit is not None and len(rows) > limit
    return QueryResult(tuple(relation.columns), tuple(map(str, relation.types)), rows[:limit], is_cut)


def write_rows(relation: DuckDBRelation, target: Path | BinaryIO, row_format: str) -> int:
    """Write the rows of a query, in bounded memory; return how many there are.

    In CSV, nested values are JSON, and binary ones hexadecimal after `\\x`.

    Args:
        target: a path, where a file is there whole at the end or is as it was before; or an open file.
        row_format: one of `ROW_FILES`.

    Raises:
        UsageError: the query fails while it runs.
        StoreError: the file cannot be written.
    """
    if isinstance(target, Path):
        with open_atomic(target) as file:
            return write_rows(relation, file, row_format)
    columns = [quote_name(name) for name in relation.columns]
    if row_format == "csv":
        pairs = zip(columns, map(str, relation.types), strict=True)
        relation = relation.project(", ".join(f"{_in_csv(name, kind)} AS {name}" for name, kind in pairs))
    try:
        reader = relation.to_arrow_reader()
    except duckdb_error() as error:
        raise _failed("", error, at=None) from error
    return ROW_FILES[row_format](pa.RecordBatchReader.from_batches(reader.schema, _batches(reader)), target)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except (pa.ArrowException, OSError) as error:
        # Arrow calls what makes a query fail at a later row a fault of input and output.
        raise _failed("", error, at=None) from error


def _in_csv(column: str, kind: str) -> str:
    """Return the expression whose values CSV can hold."""
    if kind == "BLOB":
        return f"'\\x' || lower(hex({column}))"
    if kind.endswith("]") or kind.startswith(_NESTED):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"
