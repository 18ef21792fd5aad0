"""Reads the tables of a DuckDB file."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.databases.base import OtherObjects, QualifiedName
from tdmvc.databases.duckdb import catalog
from tdmvc.databases.duckdb.catalog import Catalog, read_declared, sequence_notes, with_declarations
from tdmvc.databases.duckdb.errors import IN_USE_MESSAGES
from tdmvc.databases.duckdb.names import MAIN, AttachedName, own_name
from tdmvc.databases.state_table import STATE_TABLE
from tdmvc.errors import DatabaseError, NotFoundError
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, find_unreadable
from tdmvc.sql.quoting import quote_name, quote_text
from tdmvc.sql.types import canonical_form, check_losses, find_canonical_form

_numbers = count()
_BATCH_ROWS = 10_000


@contextmanager
def open_snapshot(
    path: Path, con: DuckDBConnection, schemas: Sequence[str] = ()
) -> Iterator["DuckdbSnapshot"]:
    """Attach a file as it is now, and detach it at the end: in between nobody can write to it.

    Args:
        schemas: those to read; by default, all.

    Raises:
        DatabaseError: another connection has the file open, or it is damaged.
        NotFoundError: it lacks a schema.
    """
    alias = f"tdmvc_source_{next(_numbers)}"
    try:
        con.execute(f"ATTACH {quote_text(str(path))} AS {quote_name(alias)} (READ_ONLY, TYPE duckdb)")
    except duckdb_error() as error:
        raise _unreadable(path, error) from error
    try:
        yield DuckdbSnapshot(path, con, alias, schemas)
    finally:
        con.execute(f"DETACH DATABASE IF EXISTS {quote_name(alias)}")


class DuckdbSnapshot:
    """The tables of an attached DuckDB file."""

    def __init__(self, path: Path, con: DuckDBConnection, database: str, schemas: Sequence[str]) -> None:
        self._path = path
        self._con = con
        self._database = database
        self._schemas = self._known(schemas)

    def read_names(self) -> list[str]:
        with self._errors():
            return sorted(self._attached_names())

    def read_schemas(self) -> dict[str, TableSchema]:
        """Return what all tables declare, without looking at a row; a type that no dataset has counts as text."""
        with self._errors():
            declarations = Catalog(self._con, self._database)
            found = {}
            for name, attached in sorted(self._attached_names().items()):
                relation = self._con.sql(f"SELECT * FROM {attached.sql} LIMIT 0")
                columns = []
                for column, type_ in zip(relation.columns, relation.types, strict=True):
                    form = find_canonical_form(type_)
                    columns.append(
                        Column(column, form.type, form.physical_type)
                        if form is not None
                        else Column(column, SIMPLE["string"], str(type_).lower())
                    )
                found[name] = _schema(self._con, declarations, attached, name, columns)
            return found

    def read_relations(self) -> dict[str, str]:
        with self._errors():
            return dict.fromkeys(self._attached_names("view"), "view")

    def read_other_names(self, names: Sequence[str]) -> dict[str, str]:
        return {}

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        with self._errors():
            attached = self._attached_names("view") | self._attached_names()
            declarations = Catalog(self._con, self._database)
            return [
                _source_table(self._con, declarations, attached[name], self._path, name) for name in names
            ]

    def read_others(self) -> OtherObjects:
        with self._errors():
            return catalog.read_others(self._con, self._database)

    @property
    def schemas(self) -> tuple[str, ...]:
        return self._schemas

    def read_columns(self, others: Collection[str] = ()) -> dict[QualifiedName, tuple[str, ...]]:
        with self._errors():
            rows = self._con.execute(
                "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
                f"WHERE database_name = {quote_text(self._database)} AND NOT internal "
                "AND table_name IN (SELECT t.table_name FROM duckdb_tables() AS t WHERE t.database_name = "
                "duckdb_columns.database_name AND t.schema_name = duckdb_columns.schema_name) GROUP BY 1, 2"
            ).fetchall()
        return {QualifiedName(schema, table): tuple(columns) for schema, table, columns in rows}

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        attached = AttachedName(self._database, name.schema, name.table)
        with self._errors():
            rows = self._con.execute(f"SELECT * FROM {attached.sql} LIMIT {int(most)}")
            columns = [described[0] for described in rows.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]

    def _known(self, schemas: Sequence[str]) -> tuple[str, ...]:
        """Return the schemas to read."""
        with self._errors():
            rows = self._con.execute(
                "SELECT schema_name FROM duckdb_schemas() "
                f"WHERE database_name = {quote_text(self._database)} AND NOT internal ORDER BY oid"
            ).fetchall()
        found = [MAIN, *(schema for (schema,) in rows if schema != MAIN)]
        for schema in schemas:
            if schema not in found:
                raise NotFoundError.named("schema", schema, found, where=str(self._path))
        return tuple(dict.fromkeys(schemas)) or tuple(found)

    def _attached_names(self, kind: str = "table") -> dict[str, AttachedName]:
        """Return the tables, or views, of the schemas to read, by the names that a dataset gives them."""
        rows = self._con.execute(
            f"SELECT schema_name, {kind}_name FROM duckdb_{kind}s() "
            f"WHERE database_name = {quote_text(self._database)} AND NOT internal AND NOT temporary"
        ).fetchall()
        return {
            own_name(schema, table): AttachedName(self._database, schema, table)
            for schema, table in rows
            if schema in self._schemas and table != STATE_TABLE
        }

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn DuckDB's errors into tdmvc's."""
        try:
            yield
        except duckdb_error() as error:
            raise _unreadable(self._path, error) from error


class TransactionSnapshot(DuckdbSnapshot):
    """The tables as the transaction sees them, which no other connection can."""

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        return [
            replace(table, scan=self._scan(table), find_fault=None) for table in super().read_tables(names)
        ]

    def read_copy(self, name: str, copy: str) -> SourceTable:
        """Describe a table, with the rows of a temporary one that has the same columns."""
        with self._errors():
            attached = self._attached_names()[name]
            declarations = Catalog(self._con, self._database)
            rows = AttachedName("temp", MAIN, copy)
            source = _source_table(self._con, declarations, attached, self._path, name, rows.sql)
        return replace(source, scan=self._scan(source), find_fault=None)

    def _scan(self, table: SourceTable) -> ArrowScan:
        assert isinstance(table.scan, SqlScan)
        query, schema = table.scan.query, table.schema.arrow_schema()

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from self._con.sql(query).to_arrow_reader(_BATCH_ROWS)
            except duckdb_error() as error:
                raise _unreadable(self._path, error) from None

        return ArrowScan(lambda: pa.RecordBatchReader.from_batches(schema, batches()))


def _unreadable(path: Path, error: Exception) -> DatabaseError:
    text = str(error).split("\n", 1)[0]
    if any(message in text for message in IN_USE_MESSAGES):
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


def _schema(
    con: DuckDBConnection,
    declarations: Catalog,
    attached: AttachedName,
    name: str,
    columns: Sequence[Column],
) -> TableSchema:
    declared = read_declared(declarations, attached)
    return TableSchema(
        name,
        tuple(with_declarations(con, declarations, attached, column, declared) for column in columns),
        declared.key,
        declared.references,
        declared.unique_keys,
        declared.checks,
        declared.indexes,
        description=declared.description,
    )


def _source_table(
    con: DuckDBConnection,
    declarations: Catalog,
    qualified: AttachedName,
    path: Path,
    name: str,
    rows: str = "",
) -> SourceTable:
    """Describe a table, with its own rows or those of another one as SQL."""
    rows = rows or qualified.sql
    relation = con.sql(f"SELECT * FROM {rows} LIMIT 0")
    forms = {
        column: canonical_form(type_, column, f"{path}, table {name}")
        for column, type_ in zip(relation.columns, relation.types, strict=True)
    }
    check_losses(con, rows, name, forms)
    schema = _schema(
        con,
        declarations,
        qualified,
        name,
        [Column(column, form.type, form.physical_type) for column, form in forms.items()],
    )
    selected = ", ".join(
        f"{form.expression(quote_name(column))} AS {quote_name(column)}" for column, form in forms.items()
    )
    scan = SqlScan(f"SELECT {selected} FROM {rows}")

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
        notes=tuple(sequence_notes(con, declarations, qualified, schema.columns)),
    )
