"""Turns decisions about conflicts, typed or from a file, into the resolutions of a merge."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from tdmvc.changes.key_words import parse_key
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.merge import Cell, Decision, Resolutions, RowKey, TableMerge
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.types import duckdb_type
from tdmvc.workspace.workspace import Workspace


def decide(workspace: Workspace, merge: TableMerge, before: Resolutions, decision: Decision) -> Resolutions:
    """Return the earlier resolutions with one more decision, which overrides an earlier one about the same thing.

    Args:
        merge: the merge without the decision.

    Raises:
        NotFoundError: there is no such column, or no conflict at that row.
        UsageError: the key or the value does not have its column's type.
    """
    column, side = decision.column, decision.choice.side
    if column is not None:
        _check_column(merge, column)
        if side is None and column in merge.personal_columns:
            raise UsageError(
                f"{merge.name}.{column} is personal, so its cells can only be resolved with a side.",
                where="--value",
                remedy="use --ours, --theirs or --base; then edit the rows, and add them.",
            )
    if not decision.key:
        assert side is not None
        if column is None:
            return replace(before, table=side)
        return replace(before, columns={**before.columns, column: side})
    key = read_key(workspace, merge, decision.key)
    _check_row(merge, before, key, column)
    row = {} if column is None else dict(before.rows.get(key, {}))
    return replace(before, rows={**before.rows, key: {**row, column: decision.choice}})


def check_values(workspace: Workspace, merge: TableMerge, decided: Resolutions) -> None:
    """Make sure that every value of a decision fits its column.

    Raises:
        UsageError: a value does not have the column's type, or would be changed by it.
    """
    if merge.schema is None:
        return
    for row in decided.rows.values():
        for name, choice in row.items():
            column = merge.schema.column(name) if name is not None else None
            if choice.side is None and column is not None:
                _check_value(workspace, merge.name, column, choice.value)


def read_key(workspace: Workspace, merge: TableMerge, texts: Sequence[str]) -> RowKey:
    """Return the cells that identify a row (see `parse_key`), formatted as in conflicts.

    A row of a table without a key is identified by all its cells.

    Raises:
        UsageError: the number of columns is wrong, or a value does not have its column's type.
    """
    names = merge.key or merge.whole
    known = {column.name: column for column in merge.schema.columns} if merge.schema else {}
    # The types of columns in conflict are unknown, so their cells are compared as text.
    columns = tuple(known.get(name) or Column(name, pa.string()) for name in names)
    values = parse_key(texts, TableSchema(merge.name, columns, names), hidden=merge.personal_columns)
    return tuple(_as_cell(workspace, value, column) for value, column in zip(values, columns, strict=True))


def _as_cell(workspace: Workspace, value: object, column: Column) -> Cell:
    sql = f"SELECT CAST(CAST($1 AS {duckdb_type(column.type)}) AS VARCHAR)"
    cell: Cell = workspace.engine.execute(sql, [value]).fetchall()[0][0]
    return cell


def _check_column(merge: TableMerge, column: str) -> None:
    known = [conflict.column for conflict in merge.conflicts if conflict.column is not None]
    known += merge.schema.column_names if merge.schema else merge.whole
    if column not in known:
        raise NotFoundError.named("column", column, list(dict.fromkeys(known)), where=merge.name)


def _check_row(merge: TableMerge, before: Resolutions, key: RowKey, column: str | None) -> None:
    """Raise if there is nothing to decide in a row; conflicts that are not listed cannot be checked."""
    at_row = [conflict for conflict in merge.conflicts if conflict.kind.is_about_rows and conflict.key == key]
    is_decided = key in before.rows
    is_whole = merge.conflict_count <= len(merge.conflicts)
    if not at_row and is_whole and not is_decided:
        raise NotFoundError(
            f"This row of {merge.name} is not in conflict.",
            where="--key",
            remedy=f"`tdmvc resolve` without a side shows the conflicts that are left: {merge.conflict_count:,}.",
        )
    if column is None or is_decided:
        return
    at_cells = [conflict.column for conflict in at_row if conflict.column is not None]
    if at_row and column not in at_cells:
        raise NotFoundError(
            f"The column {column} is not in conflict in this row of {merge.name}.",
            where="--column",
            remedy=f"in conflict: {', '.join(at_cells)}." if at_cells else "resolve the row as a whole.",
        )


def _check_value(workspace: Workspace, table: str, column: Column, value: Cell) -> None:
    if value is None:
        if column.required:
            raise UsageError(
                f"{table}.{column.name} does not allow null.", where="--null", remedy="use a value or a side."
            )
        return
    formatted = _cast(workspace, value, column.type)
    if formatted is None:
        raise UsageError(
            f"{value!r} is not a valid value of {table}.{column.name}, whose type is {column.type_text}.",
            where="--value, or `value:` in the conflict file",
            remedy="use a value of that type, or a side.",
        )


def _cast(workspace: Workspace, text: str, type_: pa.DataType) -> Cell:
    """Return the text in the standard form of the type; None if it is not such a value, or would be rounded."""
    sql = f"SELECT CAST(TRY_CAST($1 AS {duckdb_type(type_)}) AS VARCHAR)"
    formatted: Cell = workspace.engine.execute(sql, [text]).fetchall()[0][0]
    if formatted is None or not (pa.types.is_integer(type_) or pa.types.is_decimal(type_)):
        return formatted
    try:
        return formatted if Decimal(text.strip()) == Decimal(formatted) else None
    except InvalidOperation:
        return None
