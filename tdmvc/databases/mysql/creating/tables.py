"""Makes tables and views that are missing, with all that they declare and the server accepts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import NO_TARGET, column_clause, fit, has_target, reference_clause, with_column
from tdmvc.databases.dialects import for_dialect, make_views, views_for_dialect
from tdmvc.databases.findings import left_out, type_finding
from tdmvc.databases.mysql.connection import CREATING_MODE, WRITING_MODE, MysqlConnection
from tdmvc.databases.mysql.creating.column_types import (
    keyed_columns,
    needs_sizes,
    own_type,
    read_sizes,
    sql_type,
)
from tdmvc.databases.mysql.creating.declaring import (
    create_statement,
    exact_collation,
    index_statement,
    reference_statement,
)
from tdmvc.databases.mysql.errors import RefusedStatementError
from tdmvc.databases.mysql.names import DIALECT, quoted_names, table_sql
from tdmvc.databases.mysql.pending import StepKind
from tdmvc.errors import DatabaseError, format_names
from tdmvc.model.declarations import Identity, View
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema

_ROW_TOO_LARGE = 1118
Remember = Callable[[StepKind, str], None]
"""Called with the kind and the name of what is made next, so that it can be undone."""


class TableMaker:
    """Makes tables in one database."""

    def __init__(self, connection: MysqlConnection, schema: str, remember: Remember) -> None:
        self._connection = connection
        self._schema = schema
        self._remember = remember

    def create(
        self, tables: Sequence[TableToWrite], views: Sequence[View], there: Sequence[TableSchema]
    ) -> list[Finding]:
        """Make tables and views, and return what could not be kept.

        Args:
            there: the tables that the database has.
        """
        self._connection.execute(f"SET SESSION sql_mode = '{CREATING_MODE}'")
        self._connection.execute("SET SESSION foreign_key_checks = 0")
        try:
            return [*self._create_tables(tables, there), *self._create_views(views)]
        finally:
            self._connection.execute(f"SET SESSION sql_mode = '{WRITING_MODE}'")

    def _create_tables(self, tables: Sequence[TableToWrite], there: Sequence[TableSchema]) -> list[Finding]:
        findings: list[Finding] = []
        made: list[TableSchema] = []
        schemas = [table.schema for table in tables]
        for table in tables:
            schema, found = self._create_table(table, [*there, *schemas])
            findings += found
            made.append(schema)
        known = [*there, *made]
        for schema in made:
            findings += self._create_indexes(schema)
        for schema in made:
            findings += self._create_references(schema, known)
        return findings

    def _create_table(
        self, table: TableToWrite, others: Sequence[TableSchema]
    ) -> tuple[TableSchema, list[Finding]]:
        schema, findings = for_dialect(table.schema, DIALECT)
        schema, found = _fitted_identities(schema)
        findings += found
        is_mariadb = self._connection.is_mariadb
        keyed = keyed_columns(schema, others)
        sizes = read_sizes(table, [one.name for one in schema.columns if needs_sizes(one, keyed)])
        types = {
            column.name: sql_type(
                column, sizes.get(column.name), is_keyed=column.name in keyed, is_mariadb=is_mariadb
            )
            for column in schema.columns
        }
        for column in schema.columns:
            if pa.types.is_nested(column.type):
                findings.append(
                    type_finding(
                        schema.name,
                        column.name,
                        column.declared_type,
                        types[column.name],
                        "MySQL has no lists",
                    )
                )
            elif (
                own_type(column) is None
                and types[column.name] in ("datetime(6)", "varchar(80)")
                and (pa.types.is_decimal(column.type) or column.type_text == "timestamptz")
            ):
                findings.append(
                    type_finding(schema.name, column.name, column.declared_type, types[column.name])
                )
        exact = [
            one.name
            for one in schema.columns
            if one.name in keyed and types[one.name].startswith(("varchar", "char")) and one.collation is None
        ]
        if exact:
            findings.append(_exact_finding(schema.name, exact, exact_collation(is_mariadb=is_mariadb)))
        name = table_sql(self._schema, schema.name)
        bare = replace(schema, references=())
        self._remember(StepKind.DROP, schema.name)

        def attempt(one: TableSchema, types: Mapping[str, str]) -> str | None:
            try:
                self._connection.execute(
                    create_statement(name, one, types, exact, is_mariadb=is_mariadb), f"Making {schema.name}"
                )
            except RefusedStatementError as error:
                if error.code == _ROW_TOO_LARGE and types is not shorter:
                    return attempt(one, shorter)
                return _refusal(error)
            return None

        shorter = {
            column: "text" if type_.startswith("varchar") and column not in keyed else type_
            for column, type_ in types.items()
        }

        def try_(one: TableSchema) -> str | None:
            self._connection.execute(f"DROP TABLE IF EXISTS {name}")
            return attempt(one, types)

        fitted, left = fit(bare, try_)
        why = try_(fitted) if left else None
        if why is not None:
            raise DatabaseError(
                f"The table {schema.name} cannot be made: {why}.",
                where=self._connection.where,
                remedy="make the table yourself, with your application's migrations, and run the same command again.",
            )
        return replace(fitted, references=schema.references), [*findings, *left]

    def _attempt(self, statement: str) -> str | None:
        """Run a statement; return why the server refuses it."""
        try:
            self._connection.execute(statement)
        except RefusedStatementError as error:
            return _refusal(error)
        return None

    def _create_indexes(self, schema: TableSchema) -> list[Finding]:
        table = table_sql(self._schema, schema.name)
        refused = {one.name: self._attempt(index_statement(table, schema, one)) for one in schema.indexes}
        return [
            left_out(f"index {name}", schema.name, why) for name, why in refused.items() if why is not None
        ]

    def _create_references(self, schema: TableSchema, known: Sequence[TableSchema]) -> list[Finding]:
        findings = []
        for reference in schema.references:
            if not has_target(reference, known):
                findings.append(reference_clause(reference).finding(schema.name, NO_TARGET))
                continue
            statement = reference_statement(
                table_sql(self._schema, schema.name), reference, table_sql(self._schema, reference.table)
            )
            if (why := self._attempt(statement)) is not None:
                findings.append(reference_clause(reference).finding(schema.name, why))
                continue
            actions = reference.actions
            lost = [f"deferrable initially {actions.deferrable}"] if actions.deferrable else []
            lost += ["match full"] if actions.is_full else []
            lost += ["the columns of set null"] if actions.set_columns else []
            if lost:
                clause = replace(reference_clause(reference), noun=f"{' and '.join(lost)} of the reference")
                findings.append(clause.finding(schema.name, "MySQL does not have it"))
        return findings

    def _create_views(self, views: Sequence[View]) -> list[Finding]:
        views, findings = views_for_dialect(views, DIALECT)
        return findings + make_views(views, self._create_view)[1]

    def _create_view(self, view: View) -> str | None:
        self._remember(StepKind.DROP_VIEW, view.name)
        columns = f" ({quoted_names(view.columns)})" if view.columns else ""
        return self._attempt(f"CREATE VIEW {table_sql(self._schema, view.name)}{columns} AS {view.query}")


def _refusal(error: RefusedStatementError) -> str:
    return f"the server refuses it (error {error.code})"


def _exact_finding(table: str, names: list[str], collation: str) -> Finding:
    return Finding(
        "collation-added",
        Severity.INFO,
        f"{table} compares the texts of {format_names(names, len(names))} exactly, as datasets do "
        f"(collation {collation}).",
        table=table,
        columns=tuple(names),
    )


def _fitted_identities(schema: TableSchema) -> tuple[TableSchema, list[Finding]]:
    """Return the schema with AUTO_INCREMENT where the server has it, and findings on what it lacks."""
    findings = []
    is_numbered = False
    for column in schema.columns:
        if column.identity is None:
            continue
        can_number = (
            not is_numbered
            and pa.types.is_integer(column.type)
            and (schema.key[:1] == (column.name,) or column.unique)
            and column.identity.increment in (None, 1)
        )
        is_numbered = is_numbered or can_number
        if not can_number:
            findings.append(
                column_clause(column, "identity").finding(
                    schema.name, "the server numbers one column of whole numbers that is a key, one by one"
                )
            )
        fitted = Identity() if can_number else None
        schema = with_column(schema, column.name, lambda one, fitted=fitted: replace(one, identity=fitted))  # type: ignore[misc]
    return schema, findings
