"""Tables and rows of a state, as values of Arrow and Python."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tdmvc.arrow.types import format_type
from tdmvc.arrow.values import python_values
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.diff import TableSide
from tdmvc.model.text import plural
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.tables import open_tables, read_side
from tdmvc.workspace.workspace import Workspace


def table_names(workspace: Workspace, ref: str) -> tuple[str, ...]:
    """Return the names of the tables of a state, those of the working copy with edits.

    Raises:
        NotFoundError: there is no such state.
    """
    state = resolve_state(workspace, ref)
    return tuple(open_tables(workspace, state, with_edits=state.ref == state.name))


def read_table(workspace: Workspace, ref: str, table: str) -> pa.Table:
    """Return one table of a state, in key order.

    Raises:
        NotFoundError: no such state or table.
    """
    return read_side(workspace, _side(workspace, ref, table)).read_all()


def read_row(workspace: Workspace, ref: str, table: str, key: Sequence[object]) -> dict[str, Any]:
    """Return the row with a key, as Python values by column. Cost: reads the table.

    Raises:
        NotFoundError: no such state, table or row.
        UsageError: the table has no key, its key is not unique, or the values do not fit it.
    """
    side = _side(workspace, ref, table)
    where, columns = f"{ref}, table {table}", side.schema.key
    if not columns:
        raise UsageError(
            f"The table {table} has no key.",
            where=where,
            remedy="use sql() with a condition, or name its key: `tdmvc add DATASET --key TABLE=COLUMN`.",
        )
    if len(key) != len(columns):
        raise UsageError(
            f"The key of {table} has {plural(len(columns), 'column')}, and the call has {plural(len(key), 'value')}.",
            where=where,
            remedy=f"give a value for each of: {', '.join(columns)}.",
        )
    rows = read_side(workspace, side).read_all()
    for name, value in zip(columns, key, strict=True):
        rows = rows.filter(_condition(rows.column(name), name, value, where))
    if rows.num_rows == 0:
        # The key may be personal, so no message shows it.
        raise NotFoundError(
            f"No row of {table} has this key.",
            where=where,
            remedy=f"check the values for {', '.join(columns)}.",
        )
    if rows.num_rows > 1:
        raise UsageError(
            f"{rows.num_rows} rows of {table} have this key.",
            where=where,
            remedy="use sql() with a condition.",
        )
    return {name: python_values(rows.column(name))[0] for name in rows.column_names}


def _side(workspace: Workspace, ref: str, table: str) -> TableSide:
    state = resolve_state(workspace, ref)
    sides = open_tables(workspace, state, only={table}, with_edits=state.ref == state.name)
    if table not in sides:
        raise NotFoundError.named("table", table, sorted(state.pointers), where=ref)
    return sides[table]


def _condition(column: pa.ChunkedArray, name: str, value: object, where: str) -> pa.ChunkedArray:
    """Return which values of a column equal a value."""
    if value is None:
        return pc.is_null(column)
    try:
        return pc.equal(column, pa.scalar(value, column.type))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise UsageError(
            f"The value for the key column {name} is of the type {type(value).__name__}, "
            f"and the column is {format_type(column.type)}.",
            where=where,
            remedy="give a value of the column's type.",
        ) from None
