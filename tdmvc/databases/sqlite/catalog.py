"""Reads what a SQLite file declares: tables, columns, keys, references and all other constraints."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tdmvc.databases.numbering import in_a_copy
from tdmvc.databases.sqlite.indexes import DIALECT, read_indexes, read_triggers
from tdmvc.databases.state_table import OWN_TABLES
from tdmvc.errors import DatabaseError, format_names
from tdmvc.model.declarations import (
    Check,
    Collation,
    ForeignKey,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    TableOptions,
    UniqueKey,
)
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.table_definition import TableDefinition, read_definition

_WAIT_SECONDS = 5.0
_HIDDEN = 1
"""A hidden column of a virtual table; generated columns (2, 3) are data."""


@dataclass(frozen=True, slots=True)
class DeclaredColumn:
    """A column as CREATE TABLE declares it."""

    name: str
    type: str
    """As written; empty if none is declared."""
    required: bool
    unique: bool
    default: str | None = None
    """The SQL text, without brackets around it."""
    generated: Generated | None = None
    identity: Identity | None = None
    collation: Collation | None = None


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    """A table as CREATE TABLE declares it."""

    name: str
    columns: tuple[DeclaredColumn, ...]
    key: tuple[str, ...]
    references: tuple[ForeignKey, ...]
    unique_keys: tuple[UniqueKey, ...] = ()
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()
    options: TableOptions | None = None
    notes: tuple[str, ...] = ()


def connect(path: Path) -> sqlite3.Connection:
    """Open a SQLite file for reading only.

    Raises:
        DatabaseError: it cannot be opened.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        # DuckDB pulls batches from threads of its own, one at a time.
        database = sqlite3.connect(
            uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error
    return database


def unreadable(path: Path, error: sqlite3.DatabaseError) -> DatabaseError:
    """Return the error for what SQLite's error means."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return DatabaseError(
            "Another program is writing to the SQLite database.",
            where=str(path),
            remedy='wait for it or close it, or use a copy: `sqlite3 FILE ".backup copy.sqlite"`.',
        )
    if "unable to open" in text or "readonly" in text:
        return DatabaseError(
            f"The SQLite database cannot be opened: {text}.",
            where=str(path),
            remedy="check the permissions of the file, of its folder and of its write-ahead log (-wal).",
        )
    return DatabaseError(
        f"The SQLite database cannot be read: {text}.",
        where=str(path),
        remedy='it may be encrypted or damaged: try `sqlite3 FILE "PRAGMA integrity_check"`.',
    )


def read_table_names(database: sqlite3.Connection) -> list[str]:
    """Return the tables with rows of their own: no views, no virtual tables and none of their shadow tables."""
    kinds = database.execute("PRAGMA main.table_list").fetchall()
    own = {name for schema, name, kind, *_ in kinds if schema == "main" and kind == "table"}
    listed = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'"
    ).fetchall()
    # SQLite before 3.37 has no table_list.
    return sorted(
        name
        for (name,) in listed
        if not name.lower().startswith("sqlite_") and name not in OWN_TABLES and (name in own or not kinds)
    )


def read_column_names(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns, in their order."""
    rows = database.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> ?", (table, _HIDDEN))
    return [name for (name,) in rows.fetchall()]


def declared_types(database: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return the declared types of a table's columns; ANY of a STRICT table, which converts nothing, is empty."""
    rows = database.execute("SELECT name, type FROM pragma_table_xinfo(?)", (table,)).fetchall()
    is_strict = is_strict_table(database, table)
    return {name: "" if is_strict and type_.upper() == "ANY" else type_ for name, type_ in rows}


def is_strict_table(database: sqlite3.Connection, table: str) -> bool:
    """Whether a table refuses values of other types than its columns declare."""
    # Of this table alone: the whole list takes SQLite time that grows with the number of tables.
    rows = database.execute(f"PRAGMA main.table_list({quote_name(table)})").fetchall()
    return any(schema == "main" and strict for schema, _, _, _, _, strict, *_ in rows)


def rowid_alias(database: sqlite3.Connection, table: str) -> str | None:
    """Return the column that is SQLite's own number of a row, which it gives to rows without one."""
    row = database.execute(
        "SELECT name FROM pragma_table_info(?) WHERE pk = 1 AND upper(type) = 'INTEGER'"
        " AND (SELECT max(pk) FROM pragma_table_info(?)) = 1"
        " AND NOT EXISTS (SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk')",
        (table, table, table),
    ).fetchone()
    return str(row[0]) if row else None


def has_table(database: sqlite3.Connection, name: str) -> bool:
    """Whether a database has a table of this name, in this case."""
    found = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    return found.fetchone() is not None


def read_table(database: sqlite3.Connection, name: str) -> TableDeclaration:
    """Return what is declared of one table; of a view, its columns."""
    rows = database.execute('SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', (name,))
    described = [row for row in rows.fetchall() if row[4] != _HIDDEN]
    (sql,) = database.execute(
        "SELECT CASE type WHEN 'table' THEN sql END FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?",
        (name,),
    ).fetchone()
    definition = read_definition(sql) if sql is not None else TableDefinition()
    names = [row[0] for row in described]
    key = tuple(row[0] for row in sorted(described, key=lambda row: row[3]) if row[3])
    is_rowid = (
        len(key) == 1
        and not definition.is_descending_alias
        and any(row[3] and row[1].upper() == "INTEGER" for row in described)
    )
    unique = _unique_columns(database, name)
    columns = tuple(
        _column(
            definition,
            DeclaredColumn(
                column, type_, bool(not_null) or (is_rowid and bool(position)), column.lower() in unique
            ),
        )
        for column, type_, not_null, position, _ in described
    )
    references, notes = _references(database, name, names, definition)
    left_out = [*definition.left_out, *read_triggers(database, name)]
    if definition.is_descending_alias:
        left_out.append("DESC of the INTEGER PRIMARY KEY")
    if left_out:
        notes.append(f"not kept: {format_names(left_out, len(left_out))}")
    notes += _number_notes(database, name, definition)
    return TableDeclaration(
        name,
        columns,
        key,
        references,
        _unique_keys(definition, names),
        tuple(Check(expression, label, DIALECT) for expression, label in dict.fromkeys(definition.checks)),
        read_indexes(database, name, names),
        TableOptions(tuple(definition.words), DIALECT) if definition.words else None,
        tuple(notes),
    )


def _column(definition: TableDefinition, column: DeclaredColumn) -> DeclaredColumn:
    """Return a column with what only the text of CREATE TABLE says."""
    said = definition.columns.get(column.name.lower())
    if said is None:
        return column
    is_numbered = definition.numbered is not None and definition.numbered.lower() == column.name.lower()
    is_default_collation = said.collation is None or said.collation.upper() == "BINARY"
    return replace(
        column,
        default=said.default,
        generated=Generated(said.generated, said.is_stored, DIALECT) if said.generated else None,
        identity=Identity() if is_numbered else None,
        collation=None if is_default_collation else Collation(str(said.collation), DIALECT),
    )


def _unique_keys(definition: TableDefinition, names: Sequence[str]) -> tuple[UniqueKey, ...]:
    found: dict[tuple[str, ...], UniqueKey] = {}
    for one in definition.unique:
        columns = tuple(_actual(name, names) for name in one.columns)
        if len(columns) > 1:
            found.setdefault(columns, UniqueKey(columns, one.name, is_declared=True))
    return tuple(found.values())


def _number_notes(database: sqlite3.Connection, table: str, definition: TableDefinition) -> list[str]:
    """Return a note if the next number of an AUTOINCREMENT column is greater than the rows show."""
    if definition.numbered is None:
        return []
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    column = quote_name(definition.numbered)
    (highest,) = database.execute(f"SELECT max({column}) FROM {quote_name(table)}").fetchone()
    if row is None or not isinstance(row[0], int) or row[0] <= (highest or 0):
        return []
    return [f"{definition.numbered}: AUTOINCREMENT stands at {row[0]}; {in_a_copy(highest or None)}"]


def _unique_columns(database: sqlite3.Connection, table: str) -> set[str]:
    """Return, in lower case, the columns that are unique by an index of their own without WHERE."""
    indexes = database.execute(
        "SELECT name FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk' AND NOT partial", (table,)
    ).fetchall()
    unique = set()
    for (index,) in indexes:
        columns = database.execute("SELECT name FROM pragma_index_info(?)", (index,)).fetchall()
        # An index over an expression has no column name.
        if len(columns) == 1 and columns[0][0] is not None:
            unique.add(columns[0][0].lower())
    return unique


def _references(
    database: sqlite3.Connection, table: str, columns: Sequence[str], definition: TableDefinition
) -> tuple[tuple[ForeignKey, ...], list[str]]:
    rows = database.execute(
        'SELECT id, "table", "from", "to", on_delete, on_update FROM pragma_foreign_key_list(?) '
        "ORDER BY id DESC, seq",
        (table,),
    ).fetchall()
    references, notes = [], []
    # The pragma lists them backwards, the text in their order.
    numbers = list(dict.fromkeys(row[0] for row in rows))
    for number, deferrable in zip(numbers, definition.deferrable, strict=False):
        parts = [row for row in rows if row[0] == number]
        target = _actual_table(database, parts[0][1])
        described = database.execute("SELECT name, pk FROM pragma_table_xinfo(?)", (target,)).fetchall()
        own = tuple(_actual(row[2], columns) for row in parts)
        # Without column names a reference means the primary key.
        key = [name for name, position in sorted(described, key=lambda row: row[1]) if position]
        named = [row[3] for row in parts if row[3] is not None] or key
        to = tuple(_actual(name, [row[0] for row in described]) for name in named)
        if len(to) == len(own):
            actions = ReferenceActions(parts[0][4].lower(), parts[0][5].lower(), deferrable)
            references.append(ForeignKey(own, target, to, actions))
        else:
            notes.append(f"the reference to {target} was left out, because it does not name the columns")
    return tuple(references), notes


def _actual_table(database: sqlite3.Connection, name: str) -> str:
    row = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", (name,)
    ).fetchone()
    return str(row[0]) if row else name


def _actual(name: str, names: Sequence[str]) -> str:
    """Return the name with the case that the table uses; SQLite ignores case."""
    return next((actual for actual in names if actual.lower() == name.lower()), name)
