"""Reads what a DuckDB file declares: constraints, defaults, sequences, indexes, comments and views."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import Any

from tdmvc.databases.base import OtherObjects
from tdmvc.databases.duckdb.names import AttachedName, own_name
from tdmvc.databases.duckdb.numbering import find_sequence
from tdmvc.databases.numbering import sequence_note
from tdmvc.model.declarations import (
    Check,
    Collation,
    Default,
    ForeignKey,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    UniqueKey,
    View,
)
from tdmvc.model.schema import Column
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error
from tdmvc.sql.object_definitions import read_index, read_view
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.table_definition import TableDefinition, read_definition
from tdmvc.sql.tokens import Token, TokenKind, tokens, unwrapped

DIALECT = "duckdb"
_SIGNS = frozenset({"+", "-"})
_NO_LITERALS = frozenset({"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a table declares beside the names and types of its columns."""

    key: tuple[str, ...]
    references: tuple[ForeignKey, ...]
    unique_keys: tuple[UniqueKey, ...]
    checks: tuple[Check, ...]
    indexes: tuple[Index, ...]
    description: str | None
    unique: frozenset[str]
    columns: dict[str, "_ColumnFacts"] = field(default_factory=dict)
    definition: TableDefinition = field(default_factory=TableDefinition)


@dataclass(frozen=True, slots=True)
class _ColumnFacts:
    """What the catalog says of a column."""

    default: str | None
    is_nullable: bool
    is_generated: bool
    type: str
    comment: str | None


class Catalog:
    """What DuckDB's catalog says of all tables and views of a database, read at once: each query reads all of it."""

    def __init__(self, con: DuckDBConnection, database: str) -> None:
        where = f"WHERE database_name = {quote_text(database)}"
        self.tables: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        """The text of CREATE TABLE, which views lack, and the comment."""
        for schema, table, sql, comment in con.execute(
            f"SELECT schema_name, view_name, NULL, comment FROM duckdb_views() {where} AND NOT internal UNION ALL "
            f"SELECT schema_name, table_name, sql, comment FROM duckdb_tables() {where} AND NOT internal"
        ).fetchall():
            self.tables[schema, table] = sql, comment
        self.columns = _grouped(
            con,
            "SELECT schema_name, table_name, column_name, column_default, is_nullable, is_generated, data_type, "
            f"comment FROM duckdb_columns() {where} AND NOT internal ORDER BY table_oid, column_index",
        )
        self.constraints = _grouped(
            con,
            "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table, "
            f"referenced_column_names, expression FROM duckdb_constraints() {where} "
            "ORDER BY table_oid, constraint_index",
        )
        self.indexes = _grouped(
            con,
            f"SELECT schema_name, table_name, index_name, sql FROM duckdb_indexes() {where} AND sql IS NOT NULL "
            "ORDER BY index_name",
        )
        self.sequences = _grouped(
            con,
            f"SELECT schema_name, sequence_name, increment_by, start_value FROM duckdb_sequences() {where}",
        )


def _grouped(con: DuckDBConnection, query: str) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    """Return rows by their first two columns."""
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for schema, name, *rest in con.execute(query).fetchall():
        found.setdefault((schema, name), []).append(tuple(rest))
    return found


def read_declared(catalog: Catalog, name: AttachedName) -> Declared:
    """Return what a table declares; of a view, its columns and comments."""
    place = (name.schema, name.table)
    sql, comment = catalog.tables[place]
    facts = catalog.columns.get(place, [])
    key: tuple[str, ...] = ()
    unique: set[str] = set()
    unique_keys: list[UniqueKey] = []
    checks: list[Check] = []
    references: list[ForeignKey] = []
    for kind, columns, target, to, expression in catalog.constraints.get(place, []):
        match kind:
            case "PRIMARY KEY":
                key = tuple(columns)
            case "UNIQUE" if len(columns) == 1:
                unique.add(columns[0])
            case "UNIQUE":
                unique_keys.append(UniqueKey(tuple(columns), is_declared=True))
            case "CHECK":
                checks.append(Check(unwrapped(expression), dialect=DIALECT))
            case "FOREIGN KEY":
                # DuckDB has no references across schemas.
                table = own_name(name.schema, target)
                references.append(ForeignKey(tuple(columns), table, tuple(to), ReferenceActions()))
    columns_by_name = {row[0]: _ColumnFacts(*row[1:]) for row in facts}
    return Declared(
        key,
        tuple(references),
        tuple(dict.fromkeys(unique_keys)),
        tuple(dict.fromkeys(checks)),
        _indexes(catalog, name, list(columns_by_name)),
        comment,
        frozenset(unique),
        columns_by_name,
        read_definition(sql) if sql is not None else TableDefinition(),
    )


def with_declarations(
    con: DuckDBConnection, catalog: Catalog, name: AttachedName, column: Column, declared: Declared
) -> Column:
    """Return a column with what its table declares about it."""
    facts = declared.columns.get(column.name)
    if facts is None:
        return column
    said = declared.definition.columns.get(column.name.lower())
    generated = said.generated if said is not None else None
    identity = _identity(catalog, name, facts.default) if generated is None else None
    by_index = any(index.is_unique and index.columns == (column.name,) for index in declared.indexes)
    return replaced(
        column,
        required=not facts.is_nullable,
        unique=column.name in declared.unique or by_index,
        default=None if generated or identity else _default(con, facts),
        generated=Generated(unwrapped(generated), False, DIALECT) if generated else None,
        identity=identity,
        collation=Collation(said.collation, DIALECT) if said is not None and said.collation else None,
        description=facts.comment,
    )


def _indexes(catalog: Catalog, name: AttachedName, columns: list[str]) -> tuple[Index, ...]:
    rows = catalog.indexes.get((name.schema, name.table), [])
    return tuple(read_index(index, sql, columns, DIALECT) for index, sql in rows)


def _default(con: DuckDBConnection, facts: _ColumnFacts) -> Default | None:
    sql = facts.default
    if sql is None or sql.upper() == "NULL":
        return None
    if _is_literal(tokens(sql)):
        try:
            # The value as the column holds it.
            ((text,),) = con.execute(f"SELECT CAST(CAST({sql} AS {facts.type}) AS VARCHAR)").fetchall()
            return Default(literal=text)
        except duckdb_error():
            pass
    return Default(expression=unwrapped(sql), dialect=DIALECT)


def _is_literal(parts: list[Token]) -> bool:
    while parts and parts[0].keyword in _SIGNS:
        parts = parts[1:]
    kinds = (TokenKind.TEXT, TokenKind.NUMBER, TokenKind.WORD)
    return len(parts) == 1 and parts[0].kind in kinds and parts[0].keyword not in _NO_LITERALS


def _identity(catalog: Catalog, name: AttachedName, default: str | None) -> Identity | None:
    """Return the identity that a sequence gives a column; None if its default is something else."""
    place = find_sequence(default, name.schema, catalog.sequences)
    if place is None or place[0] != name.schema:
        return None
    # DuckDB counts the start up when it writes the file, so it says nothing that stays.
    ((increment, _),) = catalog.sequences[place]
    return Identity(increment=None if increment == 1 else increment, sequence=place[1])


def sequence_notes(
    con: DuckDBConnection, catalog: Catalog, name: AttachedName, columns: Sequence[Column]
) -> list[str]:
    """Return a note for each column whose sequence is further on than the rows show."""
    notes = []
    for column in columns:
        identity = column.identity
        if identity is None or identity.sequence is None:
            continue
        ((_, following),) = catalog.sequences[name.schema, identity.sequence]
        ((highest,),) = con.execute(f"SELECT max({quote_name(column.name)}) FROM {name.sql}").fetchall()
        note = sequence_note(column.name, identity.sequence, following, highest, 1, identity.increment or 1)
        notes += [note] if note is not None else []
    return notes


def read_others(con: DuckDBConnection, database: str) -> OtherObjects:
    """Return the views of an attached database, and what else it has that no dataset keeps."""
    where = f"database_name = {quote_text(database)}"
    rows = con.execute(
        f"SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE {where} AND NOT internal "
        "ORDER BY view_oid"
    ).fetchall()
    views: list[View] = [read_view(own_name(schema, view), sql, DIALECT) for schema, view, sql, _ in rows]
    left_out = [
        f"the comment on view {own_name(schema, view)}" for schema, view, _, comment in rows if comment
    ]
    defaults = [
        default
        for (default,) in con.execute(
            f"SELECT column_default FROM duckdb_columns() WHERE {where} AND column_default IS NOT NULL"
        ).fetchall()
    ]
    for (sequence,) in con.execute(
        f"SELECT sequence_name FROM duckdb_sequences() WHERE {where} ORDER BY 1"
    ).fetchall():
        if not any(quote_text(sequence) in default for default in defaults):
            left_out.append(f"sequence {sequence}")
    for kind, query in (
        ("macro", f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {where} AND NOT internal"),
        ("the name of the type", f"SELECT type_name FROM duckdb_types() WHERE {where} AND NOT internal"),
        (
            "the comment on index",
            f"SELECT index_name FROM duckdb_indexes() WHERE {where} AND comment IS NOT NULL",
        ),
    ):
        left_out += [f"{kind} {found}" for (found,) in con.execute(f"{query} ORDER BY 1").fetchall()]
    return OtherObjects(tuple(views), tuple(left_out))
