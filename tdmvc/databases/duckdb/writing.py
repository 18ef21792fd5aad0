"""Writes tables and views into a new DuckDB file."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import (
    clauses,
    fit,
    reference_clause,
)
from tdmvc.databases.dialects import for_dialect, views_for_dialect
from tdmvc.databases.duckdb.catalog import DIALECT
from tdmvc.databases.duckdb.declaring import (
    comment_statements,
    fitted,
    sequence_statements,
    table_statement,
)
from tdmvc.databases.duckdb.failures import writing_errors
from tdmvc.databases.duckdb.names import schema_name, sql_name
from tdmvc.databases.duckdb.rows import broken_clauses, casts, column_types, registered
from tdmvc.databases.files import replacing_file
from tdmvc.databases.findings import generated_finding, left_out
from tdmvc.databases.writing import NO_TARGET, check_names, create_index, create_view, has_target
from tdmvc.model.declarations import ForeignKey, View
from tdmvc.model.finding import Finding
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import (
    DuckDBConnection,
    connect,
    constraint_errors,
    duckdb_error,
    evaluation_errors,
    lock_in,
    statement_kinds,
)
from tdmvc.sql.quoting import quote_name, quote_names

LOG_SUFFIXES = (".wal",)
_NOT_ONE = "its SQL is more than one declaration"


class _NotOneStatementError(Exception):
    """SQL of a contract would add a statement to one of tdmvc."""


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
        findings = TableWriter(con).write(tables, views)
        con.execute("CHECKPOINT")
        # Close it before the file is put in place.
        con.close()
        return findings


def connect_file(path: Path | str) -> DuckDBConnection:
    """Open a database file in an engine of its own, which loads nothing else."""
    return connect(
        str(path),
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )


class TableWriter:
    """Writes tables one after the other, each after those that it refers to."""

    def __init__(self, con: DuckDBConnection) -> None:
        self._con = con
        self._names: set[str] = set()
        self._written: dict[str, TableSchema] = {}
        """As they are in the database: without what could not be declared."""
        self._types: dict[str, dict[str, str]] = {}
        self._findings: list[Finding] = []
        self._numbers: dict[tuple[str | None, str | None], int | None] = {}
        """The greatest number that each sequence gave, by the sequence's schema and name."""

    def write(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        self._names = {table.schema.name for table in tables}
        for table in _in_order(tables):
            self._write_table(table, self._prepare(table))
        self._create_views(views)
        return self._findings

    def make_empty(
        self,
        tables: Sequence[TableToWrite],
        views: Sequence[View],
        there: Mapping[str, tuple[TableSchema, dict[str, str]]],
    ) -> list[Finding]:
        """Make tables without rows.

        Args:
            there: tables that exist, and the types of their columns.
        """
        self._names = {table.schema.name for table in tables}.union(there)
        for name, (schema, types) in there.items():
            self._written[name], self._types[name] = schema, types
        for table in _in_order(tables):
            schema = self._prepare(table)
            self._create(table_statement(schema, self._types[schema.name]))
            self._written[schema.name] = schema
            self._create_indexes(schema)
        self._create_views(views)
        return self._findings

    def _prepare(self, table: TableToWrite) -> TableSchema:
        """Return what of a table DuckDB can declare, and make what it needs."""
        schema = table.schema
        self._types[schema.name], found = column_types(self._con, table)
        self._findings += found
        references = tuple(
            reference for reference in schema.references if self._is_possible(schema, reference)
        )
        schema, found = fitted(replace(schema, references=references))
        self._findings += found
        schema, found = for_dialect(schema, DIALECT)
        self._findings += found
        if (name := schema_name(schema.name)) is not None:
            self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(name)}")
        self._create_sequences(table, schema)
        schema, found = fit(schema, self._try)
        self._findings += found
        return schema

    def _is_possible(self, schema: TableSchema, reference: ForeignKey) -> bool:
        known = {**self._written, schema.name: schema}
        if reference.table in self._names and reference.table not in known:
            why = "the tables refer to each other in a cycle, which DuckDB cannot declare"
        elif not has_target(reference, list(known.values())):
            why = NO_TARGET
        elif schema_name(schema.name) != schema_name(reference.table):
            why = "DuckDB has no references across schemas"
        elif self._referring_types(schema, reference) != self._referred_types(reference):
            why = "the columns are of different types"
        else:
            return True
        self._findings.append(reference_clause(reference).finding(schema.name, why))
        return False

    def _referring_types(self, schema: TableSchema, reference: ForeignKey) -> list[str]:
        return [self._types[schema.name][column] for column in reference.columns]

    def _referred_types(self, reference: ForeignKey) -> list[str]:
        return [self._types[reference.table][column] for column in reference.to]

    def _try(self, schema: TableSchema) -> str | None:
        """Make an empty table and remove it; return why it cannot be made."""
        try:
            self._create(table_statement(schema, self._types[schema.name]))
        except _NotOneStatementError:
            return _NOT_ONE
        except duckdb_error() as error:
            return f"DuckDB says: {_first_line(error)}"
        name = sql_name(schema.name)
        columns = self._con.sql(f"SELECT * FROM {name}").columns
        self._con.execute(f"DROP TABLE {name}")
        # An expression can close its bracket, and declare a column of its own.
        return None if list(columns) == list(schema.column_names) else _NOT_ONE

    def _create(self, statement: str) -> None:
        """Run a statement that holds SQL of a contract.

        Raises:
            _NotOneStatementError: it is more than the one statement that it should be.
        """
        if statement_kinds(self._con, statement) != ["CREATE"]:
            raise _NotOneStatementError
        self._con.execute(statement)

    def _create_sequences(self, table: TableToWrite, schema: TableSchema) -> None:
        """Make the sequences of the columns that the database numbers, as far advanced as the rows."""
        numbered = [column for column in schema.columns if column.identity is not None]
        if not numbered:
            return
        with registered(self._con, table) as rows:
            highest = self._con.execute(
                f"SELECT {', '.join(f'max({quote_name(column.name)})' for column in numbered)} FROM {rows}"
            ).fetchall()[0]
        for column, value in zip(numbered, highest, strict=True):
            # Several columns may share a sequence: it never goes back.
            place = (schema_name(schema.name), column.identity.sequence if column.identity else None)
            value = max((one for one in (value, self._numbers.get(place)) if one is not None), default=None)
            self._numbers[place] = value
            for statement in sequence_statements(schema, column, value):
                self._con.execute(statement)

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
                self._written[schema.name] = schema
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
        broken = broken_clauses(self._con, table, schema, self._types[schema.name])
        if not broken:
            # DuckDB checks more than it says; rather nothing declared than nothing written.
            broken = clauses(schema)
        for clause in broken:
            self._findings.append(clause.broken(schema.name))
            schema = clause.remove(schema)
        # A table cannot refer to a key of its own that it no longer has.
        known = {**self._written, schema.name: schema}
        for reference in schema.references:
            if not has_target(reference, list(known.values())):
                self._findings.append(reference_clause(reference).finding(schema.name, NO_TARGET))
                schema = reference_clause(reference).remove(schema)
        return schema

    def _fill(self, table: TableToWrite, schema: TableSchema) -> None:
        name = sql_name(schema.name)
        self._create(table_statement(schema, self._types[schema.name]))
        own = tuple(column.name for column in schema.columns if column.generated is None)
        with registered(self._con, table) as rows:
            self._con.execute(
                f"INSERT INTO {name} ({quote_names(own)}) SELECT {casts(self._types[schema.name], own)} FROM {rows}"
            )
        self._create_indexes(schema)
        for column in schema.columns:
            if column.generated is not None:
                self._compare_generated(table, schema, column.name)

    def _create_indexes(self, schema: TableSchema) -> None:
        """Make the indexes and the comments of a table."""
        for index in schema.indexes:
            try:
                self._create(create_index(schema.name, index, sql_name))
            except _NotOneStatementError:
                self._findings.append(left_out(f"index {index.name}", schema.name, _NOT_ONE))
            except constraint_errors():
                self._findings.append(left_out(f"index {index.name}", schema.name, "rows break it"))
            except duckdb_error() as error:
                why = f"DuckDB says: {_first_line(error)}"
                self._findings.append(left_out(f"index {index.name}", schema.name, why))
        for statement in comment_statements(schema):
            self._con.execute(statement)

    def _compare_generated(self, table: TableToWrite, schema: TableSchema, column: str) -> None:
        """Report the rows whose value differs from the one that the database computes."""
        others = [one.name for one in schema.columns if one.generated is None]
        names = [*others, column]
        with registered(self._con, table) as rows:
            ((count,),) = self._con.execute(
                f"SELECT count(*) FROM (SELECT {casts(self._types[schema.name], names)} FROM {rows} "
                f"EXCEPT ALL SELECT {quote_names(names)} FROM {sql_name(schema.name)})"
            ).fetchall()
        if count:
            self._findings.append(generated_finding(schema.name, column, count))

    def _create_views(self, views: Sequence[View]) -> None:
        """Create views, each after those that it reads."""
        waiting, found = views_for_dialect(views, DIALECT)
        self._findings += found
        reasons: dict[str, str] = {}
        while waiting:
            left = []
            for view in waiting:
                try:
                    if (name := schema_name(view.name)) is not None:
                        self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(name)}")
                    self._create(create_view(view, sql_name))
                except _NotOneStatementError:
                    reasons[view.name] = _NOT_ONE
                    left.append(view)
                except duckdb_error() as error:
                    reasons[view.name] = f"DuckDB says: {_first_line(error)}"
                    left.append(view)
            if len(left) == len(waiting):
                break
            waiting = left
        else:
            return
        self._findings += [left_out(f"view {view.name}", None, reasons[view.name]) for view in waiting]


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _in_order(tables: Sequence[TableToWrite]) -> list[TableToWrite]:
    """Return the tables, each after those that it refers to, because DuckDB checks references at once."""
    by_name = {table.schema.name: table for table in tables}
    refers_to = {name: [one.table for one in table.schema.references] for name, table in by_name.items()}
    return [by_name[name] for name in order_by_references(refers_to)]
