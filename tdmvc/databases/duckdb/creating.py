"""Makes the tables and views of a DuckDB database, without rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import (
    NO_TARGET,
    fit,
    has_target,
    reference_clause,
)
from tdmvc.databases.dialects import for_dialect, make_views, views_for_dialect
from tdmvc.databases.duckdb.catalog import DIALECT
from tdmvc.databases.duckdb.declaring import (
    fitted,
    sequence_statements,
    table_statement,
)
from tdmvc.databases.duckdb.names import schema_name, sql_name
from tdmvc.databases.duckdb.rows import column_types, registered
from tdmvc.databases.findings import left_out
from tdmvc.databases.statements import comment_statements, create_index, create_view
from tdmvc.model.declarations import ForeignKey, View
from tdmvc.model.finding import Finding
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import (
    DuckDBConnection,
    constraint_errors,
    duckdb_error,
    statement_kinds,
)
from tdmvc.sql.quoting import quote_name

_NOT_ONE = "its SQL is more than one declaration"


class _NotOneStatementError(Exception):
    """SQL of a contract would add a statement to one of tdmvc."""


class EmptyTables:
    """Makes tables one after the other, each after those that it refers to, as far as DuckDB can declare them."""

    def __init__(self, con: DuckDBConnection) -> None:
        self._con = con
        self._names: set[str] = set()
        self.findings: list[Finding] = []
        self.types: dict[str, dict[str, str]] = {}
        """The types of the columns of each table."""
        self.declared: dict[str, TableSchema] = {}
        """The tables as they are in the database: without what could not be declared."""
        self._numbers: dict[tuple[str | None, str | None], int | None] = {}
        """The greatest number that each sequence gave, by the sequence's schema and name."""

    def begin(self, tables: Sequence[TableToWrite]) -> list[TableToWrite]:
        """Take the tables that are to be made, and return them in the order in which they can be."""
        self._names.update(table.schema.name for table in tables)
        return _in_order(tables)

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
        self._names.update(there)
        for name, (schema, types) in there.items():
            self.declared[name], self.types[name] = schema, types
        for table in self.begin(tables):
            schema = self.prepare(table)
            self.create(schema)
            self.declared[schema.name] = schema
            self.create_indexes(schema)
        self.create_views(views)
        return self.findings

    def prepare(self, table: TableToWrite) -> TableSchema:
        """Return what of a table DuckDB can declare, and make what it needs."""
        schema = table.schema
        self.types[schema.name], found = column_types(self._con, table)
        self.findings += found
        references = tuple(
            reference for reference in schema.references if self._is_possible(schema, reference)
        )
        schema, found = fitted(replace(schema, references=references))
        self.findings += found
        schema, found = for_dialect(schema, DIALECT)
        self.findings += found
        if (name := schema_name(schema.name)) is not None:
            self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(name)}")
        self._create_sequences(table, schema)
        schema, found = fit(schema, self._try)
        self.findings += found
        return schema

    def _is_possible(self, schema: TableSchema, reference: ForeignKey) -> bool:
        known = {**self.declared, schema.name: schema}
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
        self.findings.append(reference_clause(reference).finding(schema.name, why))
        return False

    def _referring_types(self, schema: TableSchema, reference: ForeignKey) -> list[str]:
        return [self.types[schema.name][column] for column in reference.columns]

    def _referred_types(self, reference: ForeignKey) -> list[str]:
        return [self.types[reference.table][column] for column in reference.to]

    def _try(self, schema: TableSchema) -> str | None:
        """Make an empty table and remove it; return why it cannot be made."""
        why = self._attempt(table_statement(schema, self.types[schema.name]))
        if why is not None:
            return why
        name = sql_name(schema.name)
        columns = self._con.sql(f"SELECT * FROM {name}").columns
        self._con.execute(f"DROP TABLE {name}")
        # An expression can close its bracket, and declare a column of its own.
        return None if list(columns) == list(schema.column_names) else _NOT_ONE

    def create(self, schema: TableSchema) -> None:
        """Make one table."""
        self._create(table_statement(schema, self.types[schema.name]))

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

    def create_indexes(self, schema: TableSchema) -> None:
        """Make the indexes and the comments of a table."""
        for index in schema.indexes:
            if (why := self._attempt(create_index(schema.name, index, sql_name))) is not None:
                self.findings.append(left_out(f"index {index.name}", schema.name, why))
        for statement in comment_statements(schema, sql_name):
            self._con.execute(statement)

    def create_views(self, views: Sequence[View]) -> None:
        """Create views."""
        views, found = views_for_dialect(views, DIALECT)
        self.findings += found + make_views(views, self._create_view)[1]

    def _create_view(self, view: View) -> str | None:
        if (name := schema_name(view.name)) is not None:
            self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(name)}")
        return self._attempt(create_view(view, sql_name))

    def _attempt(self, statement: str) -> str | None:
        """Run a statement that holds SQL of a contract; return why DuckDB refuses it."""
        try:
            self._create(statement)
        except _NotOneStatementError:
            return _NOT_ONE
        except constraint_errors():
            return "rows break it"
        except duckdb_error() as error:
            return "DuckDB says: " + str(error).partition("\n")[0]
        return None


def _in_order(tables: Sequence[TableToWrite]) -> list[TableToWrite]:
    """Return the tables, each after those that it refers to, because DuckDB checks references at once."""
    by_name = {table.schema.name: table for table in tables}
    refers_to = {name: [one.table for one in table.schema.references] for name, table in by_name.items()}
    return [by_name[name] for name in order_by_references(refers_to)]
