"""`sql`: queries a state of a dataset in SQL, without a checkout."""

import pyarrow as pa

from tdmvc.errors import UsageError
from tdmvc.model.diff import TableSide
from tdmvc.model.report import QueryResult
from tdmvc.sql.duckdb import DuckDBRelation, duckdb_error
from tdmvc.sql.quoting import quote_name
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import open_tables, read_side, side_relation
from tdmvc.workspace.workspace import Workspace

_WRITING = ("delete", "insert", "update", "truncate", "alter", "drop", "merge")


def run_query(workspace: Workspace, query: str, *, at: str | None = None) -> DuckDBRelation | None:
    """Run a query over a state's tables; None if it returns no rows (`CREATE TABLE …`).

    Each dataset is a schema (`golden.orders`); tables of the only dataset, or of the
    one that `at` names, need no schema.

    Raises:
        UsageError: the query is wrong.
        NotFoundError: there is no such state.
    """
    con = workspace.engine
    refs = [at] if at is not None else workspace.datasets()
    for ref in refs:
        state = resolve_state(workspace, ref)
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(state.name)}")
        sides = open_tables(workspace, state, with_edits=state.ref == state.name)
        for name, side in _visible_names(workspace, sides).items():
            view = f"{quote_name(state.name)}.{quote_name(name)}"
            con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {side_relation(side)}")
        if len(refs) == 1:
            con.execute(f"USE {quote_name(state.name)}")
    workspace.store.index.save()
    try:
        return con.sql(query)
    except duckdb_error() as error:
        raise _failed(query, error, at=at) from error


def _failed(query: str, error: Exception, *, at: str | None) -> UsageError:
    """Return the error for a query that DuckDB refuses; a change of rows gets the way that tdmvc has for it."""
    remedy = "`tdmvc show DATASET` lists tables and columns."
    if query.lower().lstrip(" \n\t(").startswith(_WRITING):
        remedy = (
            "queries only read; to change rows, edit the files of the working copy, then run `tdmvc add`."
        )
    return UsageError(f"The query failed: {str(error).strip()}", where=at or "", remedy=remedy)


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


def query(workspace: Workspace, text: str, *, at: str | None = None, limit: int | None = None) -> QueryResult:
    """Run a query and return its rows as plain values.

    Args:
        limit: return at most this many rows; None returns all of them.
    """
    relation = run_query(workspace, text, at=at)
    if relation is None:
        return QueryResult((), (), ())
    if limit is not None:
        relation = relation.limit(limit + 1)
    try:
        # Through Arrow, because DuckDB's own rows need another package for times with a zone.
        table = relation.to_arrow_table()
    except duckdb_error() as error:
        raise _failed(text, error, at=at) from error
    rows = tuple(zip(*(column.to_pylist() for column in table.columns), strict=True))
    is_cut = limit is not None and len(rows) > limit
    return QueryResult(tuple(relation.columns), tuple(map(str, relation.types)), rows[:limit], is_cut)


def read_table(workspace: Workspace, ref: str, table: str) -> pa.Table:
    """Return one table of a state, in key order.

    Raises:
        NotFoundError: no such state or table.
    """
    state = resolve_state(workspace, ref)
    sides = open_tables(workspace, state, only={table}, with_edits=state.ref == state.name)
    return read_side(workspace, sides[table]).read_all()
