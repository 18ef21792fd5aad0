"""Writes tables into a new DuckDB file."""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.files import replacing_file
from tdmvc.databases.writing import (
    NO_TARGET,
    check_names,
    constraint_finding,
    create_table,
    has_target,
    reference_finding,
    type_finding,
    without_constraints,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, connect, constraint_errors, duckdb_error
from tdmvc.sql.quoting import quote_name
from tdmvc.sql.types import duckdb_type

_LOG_SUFFIXES = (".wal",)
_TYPE_NAME = re.compile(r"[A-Za-z_]\w*(?: [A-Za-z_]\w*)*(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*", re.ASCII)
_OWN_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system", "temp"})
_ROWS = "tdmvc_rows"


def write_tables(path: Path, tables: Sequence[TableToWrite]) -> list[Finding]:
    """Write all tables into a new file; see `DatabaseWriter.write_tables`."""
    check_names("DuckDB", path, [table.schema for table in tables])
    try:
        with replacing_file(path, _LOG_SUFFIXES) as new, closing(connect(str(new))) as con:
            findings = _TableWriter(con).write(tables)
            con.execute("CHECKPOINT")
            # Close it before the file is put in place.
            con.close()
            return findings
    except duckdb_error() as error:
        kind = type(error).__name__
        raise DatabaseError(
            f"The DuckDB database cannot be written ({kind}).",
            where=str(path),
            remedy="check that the disk and the memory have room; nothing was changed.",
        ) from error


class _TableWriter:
    """Writes tables one after the other, each after those that it refers to."""

    def __init__(self, con: DuckDBConnection) -> None:
        self._con = con
        self._names: set[str] = set()
        self._written: dict[str, TableSchema] = {}
        """As they are in the database: without what could not be declared."""
        self._types: dict[str, dict[str, str]] = {}
        self._findings: list[Finding] = []

    def write(self, tables: Sequence[TableToWrite]) -> list[Finding]:
        self._names = {table.schema.name for table in tables}
        for table in _by_dependency(tables):
            schema = table.schema
            self._types[schema.name] = self._column_types(table)
            references = tuple(
                reference for reference in schema.references if self._is_possible(schema, reference)
            )
            self._write_table(table, replace(schema, references=references))
        return self._findings

    def _is_possible(self, schema: TableSchema, reference: ForeignKey) -> bool:
        known = {**self._written, schema.name: schema}
        if reference.table in self._names and reference.table not in known:
            why = "the tables refer to each other in a circle, which DuckDB cannot declare"
        elif not has_target(reference, list(known.values())):
            why = NO_TARGET
        elif _schema_name(schema.name) != _schema_name(reference.table):
            why = "DuckDB has no references across schemas"
        elif self._referring_types(schema, reference) != self._referred_types(reference):
            why = "the columns are of different types"
        else:
            return True
        self._findings.append(reference_finding(schema.name, reference, why))
        return False

    def _referring_types(self, schema: TableSchema, reference: ForeignKey) -> list[str]:
        return [self._types[schema.name][column] for column in reference.columns]

    def _referred_types(self, reference: ForeignKey) -> list[str]:
        return [self._types[reference.table][column] for column in reference.to]

    def _write_table(self, table: TableToWrite, schema: TableSchema) -> None:
        """Create and fill a table; if its rows break a constraint, create it again without the constraint."""
        while True:
            try:
                self._fill(table, schema)
            except constraint_errors() as error:
                self._con.execute(f"DROP TABLE IF EXISTS {_sql_name(schema.name)}")
                reduced = self._without_broken(schema, is_reference="foreign key" in str(error).lower())
                if reduced == schema:
                    raise
                schema = reduced
            else:
                self._written[schema.name] = schema
                return

    def _without_broken(self, schema: TableSchema, *, is_reference: bool) -> TableSchema:
        own = [reference for reference in schema.references if reference.table == schema.name]
        if is_reference and own:
            why = "DuckDB checks each row as it arrives, and some refer to later rows of the same table"
            self._findings += [reference_finding(schema.name, reference, why) for reference in own]
            others = tuple(reference for reference in schema.references if reference not in own)
            return replace(schema, references=others)
        if is_reference and schema.references:
            why = "some rows refer to rows that do not exist"
            self._findings += [reference_finding(schema.name, item, why) for item in schema.references]
            return replace(schema, references=())
        # A table cannot refer to a key of its own that it no longer has.
        others = tuple(reference for reference in schema.references if reference.table != schema.name)
        reduced = without_constraints(replace(schema, references=others))
        if reduced != schema:
            self._findings.append(constraint_finding(schema.name))
        return reduced

    def _fill(self, table: TableToWrite, schema: TableSchema) -> None:
        types = self._types[schema.name]
        if (name := _schema_name(schema.name)) is not None:
            self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(name)}")
        self._con.execute(create_table(schema, types, _sql_name))
        casts = ", ".join(f"CAST({quote_name(column)} AS {types[column]})" for column in schema.column_names)
        self._con.register(_ROWS, table.read())
        try:
            self._con.execute(f"INSERT INTO {_sql_name(schema.name)} SELECT {casts} FROM {_ROWS}")
        finally:
            self._con.unregister(_ROWS)

    def _column_types(self, table: TableToWrite) -> dict[str, str]:
        """Return the DuckDB type of each column: that of its source if every value can be read back from it."""
        types = {column.name: duckdb_type(column.type) for column in table.schema.columns}
        declared = {
            column.name: column.physical_type
            for column in table.schema.columns
            if column.physical_type
            # A width that just fits today's rows may be too narrow tomorrow.
            and not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
            and self._is_another_type(column.physical_type, types[column.name])
        }
        if not declared:
            return types
        tests = ", ".join(
            f"coalesce(bool_and(TRY_CAST(TRY_CAST({quote_name(name)} AS {type_}) AS {types[name]}) "
            f"IS NOT DISTINCT FROM CAST({quote_name(name)} AS {types[name]})), true)"
            for name, type_ in declared.items()
        )
        self._con.register(_ROWS, table.read())
        try:
            row = self._con.execute(f"SELECT {tests} FROM {_ROWS}").fetchall()[0]
        finally:
            self._con.unregister(_ROWS)
        for (name, type_), is_exact in zip(declared.items(), row, strict=True):
            if is_exact:
                types[name] = type_
            else:
                self._findings.append(type_finding(table.schema.name, name, type_, types[name]))
        return types

    def _is_another_type(self, declared: str, canonical: str) -> bool:
        """Whether DuckDB knows the type, and it is not the canonical one under another name."""
        if not _TYPE_NAME.fullmatch(declared):
            return False
        try:
            types = self._con.sql(f"SELECT CAST(NULL AS {declared}), CAST(NULL AS {canonical})").types
        except duckdb_error():
            return False
        return str(types[0]) != str(types[1])


def _by_dependency(tables: Sequence[TableToWrite]) -> list[TableToWrite]:
    """Return the tables, each after those that it refers to, as far as circles allow."""
    waiting = {table.schema.name: table for table in tables}
    ordered: list[TableToWrite] = []
    while waiting:
        targets = {name: _targets(table.schema) & waiting.keys() for name, table in waiting.items()}
        ready = next((name for name in waiting if not targets[name]), None)
        if ready is None:
            ready = next(name for name in waiting if name in _reachable(name, targets))
        ordered.append(waiting.pop(ready))
    return ordered


def _targets(schema: TableSchema) -> set[str]:
    return {reference.table for reference in schema.references} - {schema.name}


def _reachable(start: str, targets: dict[str, set[str]]) -> set[str]:
    """Return all tables that a table refers to, over any number of steps."""
    found: set[str] = set()
    open_names = list(targets[start])
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += targets[name]
    return found


def _schema_name(table: str) -> str | None:
    """Return the schema of a qualified name, or None for a table of the main schema."""
    schema, dot, name = table.partition(".")
    return schema if dot and schema and name and schema.lower() not in _OWN_SCHEMAS else None


def _sql_name(table: str) -> str:
    schema = _schema_name(table)
    return (
        quote_name(table) if schema is None else f"{quote_name(schema)}.{quote_name(table.partition('.')[2])}"
    )
