"""Reads the tables of a DuckDB file."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, find_unreadable
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.types import canonical_form, check_losses

_MAIN = "main"
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


@dataclass(frozen=True, slots=True)
class _QualifiedName:
    """A table's name, with those of its database and schema."""

    database: str
    schema: str
    table: str

    @property
    def sql(self) -> str:
        return f"{quote_name(self.database)}.{quote_name(self.schema)}.{quote_name(self.table)}"

    @property
    def where(self) -> str:
        """An SQL condition that finds the table in DuckDB's catalog."""
        return (
            f"database_name = {quote_text(self.database)} AND schema_name = {quote_text(self.schema)} "
            f"AND table_name = {quote_text(self.table)}"
        )


def _alias(path: Path) -> str:
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return f"tdmvc_source_{digest[:16]}"


def _attach(path: Path) -> str:
    return (
        f"ATTACH IF NOT EXISTS {quote_text(str(path))} AS {quote_name(_alias(path))} (READ_ONLY, TYPE duckdb)"
    )


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


def _qualified_names(con: DuckDBConnection, database: str) -> dict[str, _QualifiedName]:
    rows = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() "
        f"WHERE database_name = {quote_text(database)} AND NOT internal AND NOT temporary"
    ).fetchall()
    return {
        table if schema == _MAIN else f"{schema}.{table}": _QualifiedName(database, schema, table)
        for schema, table in rows
    }


def _source_table(
    con: DuckDBConnection, database: str, path: Path, name: str, qualified_names: dict[str, _QualifiedName]
) -> SourceTable:
    qualified = qualified_names[name]
    relation = con.sql(f"SELECT * FROM {qualified.sql} LIMIT 0")
    forms = {
        column: canonical_form(type_, column, f"{path}, table {name}")
        for column, type_ in zip(relation.columns, relation.types, strict=True)
    }
    check_losses(con, qualified.sql, name, forms)
    declared = _read_constraints(con, qualified)
    nullable = dict(
        con.execute(
            f"SELECT column_name, is_nullable FROM duckdb_columns() WHERE {qualified.where}"
        ).fetchall()
    )
    columns = tuple(
        Column(
            column,
            form.type,
            form.physical_type,
            required=not nullable.get(column, True),
            unique=column in declared.unique,
        )
        for column, form in forms.items()
    )
    selected = ", ".join(
        f"{form.expression(quote_name(column))} AS {quote_name(column)}" for column, form in forms.items()
    )
    schema = TableSchema(name, columns, declared.key, declared.references)
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
    )


@dataclass(frozen=True, slots=True)
class _Constraints:
    """What a table declares about its rows."""

    key: tuple[str, ...]
    unique: frozenset[str]
    references: tuple[ForeignKey, ...]


def _read_constraints(con: DuckDBConnection, qualified: _QualifiedName) -> _Constraints:
    rows = con.execute(
        "SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names "
        f"FROM duckdb_constraints() WHERE {qualified.where} ORDER BY constraint_index"
    ).fetchall()
    key: tuple[str, ...] = ()
    unique: set[str] = set()
    references: list[ForeignKey] = []
    for kind, columns, target, to in rows:
        match kind:
            case "PRIMARY KEY":
                key = tuple(columns)
            case "UNIQUE" if len(columns) == 1:
                unique.add(columns[0])
            case "FOREIGN KEY":
                # DuckDB has no references across schemas.
                name = target if qualified.schema == _MAIN else f"{qualified.schema}.{target}"
                references.append(ForeignKey(tuple(columns), name, tuple(to)))
    return _Constraints(key, frozenset(unique), tuple(references))
