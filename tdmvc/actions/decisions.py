"""From what a person says about conflicts, in words or in a file, to what a merge is told."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from tdmvc.actions.workspace import Workspace
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.late_dataclass import dataclass
from tdmvc.model.merge import Cell, Choice, Resolutions, RowKey, TableMerge
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.types import duckdb_type

NULL = "NULL"
_ITEM = re.compile(r'(?:([^,="]*)=)?(?:"((?:[^"]|"")*)"|([^,]*))(,|$)')


@dataclass(frozen=True, slots=True)
class Decision:
    """What one call of `resolve` decides."""

    choice: Choice
    column: str | None = None
    key: tuple[str, ...] = ()
    """Words that name one row; none means every row."""


def decide(workspace: Workspace, merge: TableMerge, before: Resolutions, decision: Decision) -> Resolutions:
    """Return what was decided before with one decision more; it stands over an earlier one on the same thing.

    Args:
        merge: the table as it stands without the decision.

    Raises:
        NotFoundError: there is no such column, or no conflict at that row.
        UsageError: the key or the value is not of its column's type.
    """
    column, side = decision.column, decision.choice.side
    if column is not None:
        _check_column(merge, column)
        if side is None and column in merge.personal_columns:
            raise UsageError(
                f"{merge.name}.{column} is personal: its cells are settled by a side.",
                where="--value",
                remedy="take --ours, --theirs or --base; then edit the rows, and add them.",
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
    """Make sure that every value that a person gave fits its column.

    Raises:
        UsageError: one is not of the column's type, or would be changed by it.
    """
    if merge.schema is None:
        return
    for row in decided.rows.values():
        for name, choice in row.items():
            column = merge.schema.column(name) if name is not None else None
            if choice.side is None and column is not None:
                _check_value(workspace, merge.name, column, choice.value)


def read_key(workspace: Workspace, merge: TableMerge, words: Sequence[str]) -> RowKey:
    """Return the cells that name a row, spelled as conflicts spell them.

    A word is `1001`, `order_id=1001`, `1,2` or `order_id=1,line=2`; with several words, each is
    one column's. A value in double quotes may hold commas; `NULL` without quotes is no value.

    Raises:
        UsageError: the words name another number of columns, or a value is not of its type.
    """
    items = [item for word in words for item in _items(word, merge)]
    named = {name: cell for name, cell in items if name is not None}
    names = _key_columns(merge)
    if (named and len(named) < len(items)) or len(items) != len(names):
        example = ",".join(f"{name}=…" for name in names)
        raise UsageError(
            f"This names no row of {merge.name}.",
            where="--key",
            remedy=f"write --key '{example}'; a value with a comma goes into double quotes.",
        )
    cells = [named[name] if named else items[place][1] for place, name in enumerate(names)]
    return tuple(_spelled_key(workspace, merge, name, cell) for name, cell in zip(names, cells, strict=True))


def _key_columns(merge: TableMerge) -> tuple[str, ...]:
    """Return the columns that name a row on the command line: the key, or all where there is none."""
    return merge.key or merge.whole


def _items(word: str, merge: TableMerge) -> list[tuple[str | None, Cell]]:
    names = _key_columns(merge)
    name, sign, rest = word.partition("=")
    if len(names) == 1:
        is_named = bool(sign) and name.strip() in names
        return [(name.strip() if is_named else None, _unquoted(rest if is_named else word))]
    items: list[tuple[str | None, Cell]] = []
    place = 0
    while (match := _ITEM.match(word, place)) is not None:
        found, quoted, bare, end = match.groups()
        if found is not None and found.strip() not in names:
            if quoted is not None:
                break
            # A text with an equals sign, at its own place.
            found, bare = None, f"{found}={bare}"
        cell = quoted.replace('""', '"') if quoted is not None else None if bare == NULL else bare
        items.append((found.strip() if found is not None else None, cell))
        place = match.end()
        if not end:
            return items
    raise UsageError(
        "The key has a double quote that does not end before a comma, or names a column that is none of it.",
        where="--key",
        remedy=f"the key is {', '.join(names)}.",
    )


def _unquoted(text: str) -> Cell:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return None if text == NULL else text


def _spelled_key(workspace: Workspace, merge: TableMerge, name: str, cell: Cell) -> Cell:
    column = merge.schema.column(name) if merge.schema else None
    if cell is None or column is None:
        return cell
    spelled = _cast(workspace, cell, column.type)
    if spelled is None:
        said = "The value" if name in merge.personal_columns else repr(cell)
        raise UsageError(
            f"{said} is no {column.spelled_type}, as {merge.name}.{name} has them.",
            where="--key",
            remedy=f"the key of {merge.name} is {_key_words(merge.schema, _key_columns(merge))}.",
        )
    return spelled


def _key_words(schema: TableSchema | None, key: Sequence[str]) -> str:
    columns = [schema.column(name) if schema else None for name in key]
    return ", ".join(
        f"{name} ({column.spelled_type})" if column else name
        for name, column in zip(key, columns, strict=True)
    )


def _check_column(merge: TableMerge, column: str) -> None:
    known = [conflict.column for conflict in merge.conflicts if conflict.column is not None]
    known += merge.schema.column_names if merge.schema else merge.whole
    if column not in known:
        raise NotFoundError.named("column", column, list(dict.fromkeys(known)), where=merge.name)


def _check_row(merge: TableMerge, before: Resolutions, key: RowKey, column: str | None) -> None:
    """Raise where nothing is to be decided at a row; beyond the conflicts that are listed nobody knows yet."""
    at_row = [conflict for conflict in merge.conflicts if conflict.kind.is_about_rows and conflict.key == key]
    is_decided = key in before.rows
    is_whole = merge.conflict_count <= len(merge.conflicts)
    if not at_row and is_whole and not is_decided:
        raise NotFoundError(
            f"No conflict of {merge.name} is at this row.",
            where="--key",
            remedy=f"`tdmvc resolve` without a side shows what is left; {merge.conflict_count:,} conflicts are.",
        )
    if column is None or is_decided:
        return
    at_cells = [conflict.column for conflict in at_row if conflict.column is not None]
    if at_row and column not in at_cells:
        raise NotFoundError(
            f"At this row of {merge.name} the column {column} is in no conflict.",
            where="--column",
            remedy=f"in conflict: {', '.join(at_cells)}." if at_cells else "settle the row as a whole.",
        )


def _check_value(workspace: Workspace, table: str, column: Column, value: Cell) -> None:
    if value is None:
        if column.required:
            raise UsageError(
                f"{table}.{column.name} allows no null.", where="--null", remedy="give a value, or a side."
            )
        return
    spelled = _cast(workspace, value, column.type)
    if spelled is None:
        raise UsageError(
            f"{value!r} is no {column.spelled_type}, as {table}.{column.name} has them.",
            where="--value, or `value:` in the file of conflicts",
            remedy="give a value of that type, or a side.",
        )


def _cast(workspace: Workspace, text: str, type_: pa.DataType) -> Cell:
    """Return the text as a value of the type is spelled, None where it is none, or would be rounded."""
    sql = f"SELECT CAST(TRY_CAST($1 AS {duckdb_type(type_)}) AS VARCHAR)"
    spelled: Cell = workspace.engine.execute(sql, [text]).fetchall()[0][0]
    if spelled is None or not (pa.types.is_integer(type_) or pa.types.is_decimal(type_)):
        return spelled
    try:
        return spelled if Decimal(text.strip()) == Decimal(spelled) else None
    except InvalidOperation:
        return None
