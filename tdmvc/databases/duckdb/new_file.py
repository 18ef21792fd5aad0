"""Writes tables and views into a new DuckDB file."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import (
    NO_TARGET,
    clauses,
    has_target,
    reference_clause,
)
from tdmvc.databases.duckdb.creating import EmptyTables
from tdmvc.databases.duckdb.errors import writing_errors
from tdmvc.databases.duckdb.files import LOG_SUFFIXES, connect_file
from tdmvc.databases.duckdb.inserting import RowLoader
from tdmvc.databases.duckdb.names import sql_name
from tdmvc.databases.duckdb.rows import broken_clauses, casts, registered
from tdmvc.databases.files import replacing_file
from tdmvc.databases.findings import generated_finding
from tdmvc.databases.statements import check_names
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import (
    DuckDBConnection,
    constraint_errors,
    evaluation_errors,
    lock_in,
)
from tdmvc.sql.quoting import quote_names


def write_tables(path: Path, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
    """Write all tables and views into a new file; see `FileEngine.write_tables`."""
    check_names("DuckDB", path, [table.schema for table in tables])
    with (
        writing_errors(path),
        replacing_file(path, LOG_SUFFIXES) as new,
        closing(connect_file(new)) as con,
    ):
        # The SQL of a contract comes with a pull request: it reaches this file and nothing else.
        lock_in(con)
        findings = _TableWriter(con).write(tables, views)
        con.execute("CHECKPOINT")
        # Close it before the file is put in place.
        con.close()
        return findings


class _TableWriter:
    """Makes and fills tables one after the other; what their rows break is not declared."""

    def __init__(self, con: DuckDBConnection) -> None:
        self._con = con
        self._tables = EmptyTables(con)
        self._findings = self._tables.findings

    def write(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        for table in self._tables.begin(tables):
            self._write_table(table, self._tables.prepare(table))
        self._tables.create_views(views)
        return self._findings

    def _write_table(self, table: TableToWrite, schema: TableSchema) -> None:
        """Create and fill a table; if its rows break a constraint, create it again without this one."""
        while True:
            try:
                self._fill(table, schema)
            except (*constraint_errors(), *evaluation_errors()) as error:
                self._con.execute(f"DROP TABLE IF EXISTS {sql_name(schema.name)}")
                reduced = self._without_broken(
                    table, schema, is_reference="foreign key" in str(error).lower()
                )
                if reduced == schema:
                    raise
                schema = reduced
            else:
                self._tables.declared[schema.name] = schema
                return

    def _without_broken(self, table: TableToWrite, schema: TableSchema, *, is_reference: bool) -> TableSchema:
        if is_reference and schema.references:
            own = [reference for reference in schema.references if reference.table == schema.name]
            why = (
                "DuckDB cannot insert rows that refer to each other in one statement"
                if own
                else "some rows refer to rows that do not exist"
            )
            for reference in own or schema.references:
                self._findings.append(reference_clause(reference).finding(schema.name, why))
                schema = reference_clause(reference).remove(schema)
            return schema
        broken = broken_clauses(self._con, table, schema, self._tables.types[schema.name])
        if not broken:
            # DuckDB checks more than it says; rather nothing declared than nothing written.
            broken = clauses(schema)
        for clause in broken:
            self._findings.append(clause.broken(schema.name))
            schema = clause.remove(schema)
        # A table cannot refer to a key of its own that it no longer has.
        known = {**self._tables.declared, schema.name: schema}
        for reference in schema.references:
            if not has_target(reference, list(known.values())):
                self._findings.append(reference_clause(reference).finding(schema.name, NO_TARGET))
                schema = reference_clause(reference).remove(schema)
        return schema

    def _fill(self, table: TableToWrite, schema: TableSchema) -> None:
        self._tables.create(schema)
        RowLoader(self._con, schema, self._tables.types[schema.name]).insert(table)
        self._tables.create_indexes(schema)
        for column in schema.columns:
            if column.generated is not None:
                self._compare_generated(table, schema, column.name)

    def _compare_generated(self, table: TableToWrite, schema: TableSchema, column: str) -> None:
        """Report the rows whose value differs from the one that the database computes."""
        others = [one.name for one in schema.columns if one.generated is None]
        names = [*others, column]
        with registered(self._con, table) as rows:
            ((count,),) = self._con.execute(
                f"SELECT count(*) FROM (SELECT {casts(self._tables.types[schema.name], names)} FROM {rows} "
                f"EXCEPT ALL SELECT {quote_names(names)} FROM {sql_name(schema.name)})"
            ).fetchall()
        if count:
            self._findings.append(generated_finding(schema.name, column, count))
