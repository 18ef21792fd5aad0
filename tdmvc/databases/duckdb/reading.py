"""Reads the tables of a DuckDB file."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tdmvc.databases.base import OtherObjects
from tdmvc.databases.duckdb import catalog
from tdmvc.databases.duckdb.catalog import read_declared, sequence_notes, with_declarations
from tdmvc.databases.duckdb.names import QualifiedName, own_name
from tdmvc.errors import DatabaseError
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, find_unreadable
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.types import canonical_form, check_losses

_IN_USE_MESSAGES = (
    "Could not set lock",
    "already attached",
    "different configuration",
    "used by another process",
)


def read_names(path: Path, con: DuckDBConnection) -> list[str]:
    """Return the names of the tables; see `DatabaseReader.read_names`."""
    with _attached(path, con) as database:
        return sorted(_qualified_names(con, database))


def read_tables(path: Path, con: DuckDBConnection, names: Sequence[str]) -> list[SourceTable]:
    """Describe tables; see `DatabaseReader.read_tables`."""
    with _attached(path, con) as database:
        try:
            qualified_names = _qualified_names(con, database)
            return [_source_table(con, database, path, name, qualified_names) for name in names]
        except duckdb_error() as error:
            raise _unreadable(path, error) from error


def _alias(path: Path) -> str:
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"tdmvc_source_{digest[:16]}"


def _attach(path: Path) -> str:
    return (
        f"ATTACH IF NOT EXISTS {quote_text(str(path))} AS {quote_name(_alias(path))} (READ_ONLY, TYPE duckdb)"
    )


def read_others(path: Path, con: DuckDBConnection) -> OtherObjects:
    """Return views and what is not kept; see `DatabaseReader.read_others`."""
    with _attached(path, con) as database:
        try:
            return catalog.read_others(con, database)
        except duckdb_error() as error:
            raise _unreadable(path, error) from error


@contextmanager
def _attached(path: Path, con: DuckDBConnection) -> Iterator[str]:
    """Attach a file as it is now, and detach it afterwards, so that its owner can write again."""
    alias = _alias(path)
    try:
        con.execute(f"DETACH DATABASE IF EXISTS {quote_name(alias)}")
        con.execute(_attach(path))
    except duckdb_error() as error:
        raise _unreadable(path, error) from error
    try:
        yield alias
    finally:
        con.execute(f"DETACH DATABASE IF EXISTS {quote_name(alias)}")


def _unreadable(path: Path, error: Exception) -> DatabaseError:
    text = str(error).split("\n", 1)[0]
    if any(message in text for message in _IN_USE_MESSAGES):
        return DatabaseError(
            "Another connection has the DuckDB database open.",
            where=str(path),
            remedy="close that program or connection, or use a copy of the file.",
        )
    return DatabaseError(
        f"The DuckDB database cannot be read: {text}",
        where=str(path),
        remedy="check that the file is complete, and that this version of DuckDB can read it.",
    )


def _qualified_names(con: DuckDBConnection, database: str) -> dict[str, QualifiedName]:
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() "
        f"WHERE database_name = {quote_text(database)} AND NOT internal AND NOT temporary"
    ).fetchall()
    return {own_name(schema, table): QualifiedName(database, schema, table) for schema, table in rows}


def _source_table(
    con: DuckDBConnection, database: str, path: Path, name: str, qualified_names: dict[str, QualifiedName]
) -> SourceTable:
    qualified = qualified_names[name]
    relation = con.sql(f"SELECT * FROM {qualified.sql} LIMIT 0")
    forms = {
        column: canonical_form(type_, column, f"{path}, table {name}")
        for column, type_ in zip(relation.columns, relation.types, strict=True)
    }
    check_losses(con, qualified.sql, name, forms)
    declared = read_declared(con, qualified)
    columns = tuple(
        with_declarations(con, qualified, Column(column, form.type, form.physical_type), declared)
        for column, form in forms.items()
    )
    selected = ", ".join(
        f"{form.expression(quote_name(column))} AS {quote_name(column)}" for column, form in forms.items()
    )
    schema = TableSchema(
        name,
        columns,
        declared.key,
        declared.references,
        declared.unique_keys,
        declared.checks,
        declared.indexes,
        description=declared.description,
    )
    scan = SqlScan(f"SELECT {selected} FROM {qualified.sql}", attach=_attach(path))

    def find_fault() -> DatabaseError | None:
        found = find_unreadable(con, f"({scan.query})", schema.column_names)
        if found is None:
            return None
        return DatabaseError(
            f"The DuckDB database cannot be read: the column {found[0]} of {name} {found[1]}.",
            where=str(path),
            remedy="restore the file from a copy, or export the table with the version of DuckDB that wrote it.",
        )

    return SourceTable(
        schema,
        scan,
        f"{path}, table {name}",
        is_keyed=True,
        is_database=True,
        declares_types=True,
        find_fault=find_fault,
        notes=tuple(sequence_notes(con, qualified, columns)),
    )
