"""Makes tables, indexes and views in a SQLite database, with all that SQLite can declare of them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import NO_TARGET, fit, has_target, reference_clause
from tdmvc.databases.dialects import for_dialect, make_views
from tdmvc.databases.findings import left_out, type_finding
from tdmvc.databases.sqlite.declaring import fitted_identities, table_statement
from tdmvc.databases.sqlite.indexes import DIALECT
from tdmvc.databases.sqlite.storage import declare, format_values, is_declarable, is_kept, may_convert
from tdmvc.databases.sqlite.type_changes import find_type_changes
from tdmvc.databases.statements import create_index, create_view
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class TableToCreate:
    """A table as it will be declared."""

    schema: TableSchema
    types: dict[str, str]


def plan_table(table: TableToWrite) -> tuple[TableToCreate, list[Finding]]:
    """Return what of a table SQLite can declare, and findings on the rest."""
    types, findings = _declared_types(table)
    schema, found = for_dialect(table.schema, DIALECT)
    findings += found
    schema, found = fitted_identities(schema, types)
    findings += found
    schema, found = _fit(schema, types)
    return TableToCreate(schema, types), findings + found + _comments_left_out(schema)


def create_table(
    database: sqlite3.Connection, planned: TableToCreate, known: Sequence[TableSchema]
) -> list[Finding]:
    """Make an empty table, without its indexes.

    Args:
        known: the tables to which its references may lead.
    """
    schema = planned.schema
    possible = tuple(reference for reference in schema.references if has_target(reference, known))
    database.execute(table_statement(replace(schema, references=possible), planned.types))
    return [
        reference_clause(reference).finding(schema.name, NO_TARGET)
        for reference in schema.references
        if reference not in possible
    ]


def create_indexes(database: sqlite3.Connection, schema: TableSchema) -> list[Finding]:
    """Make the indexes of a table; a finding names each that cannot be made."""
    findings = []
    for index in schema.indexes:
        try:
            database.execute(create_index(schema.name, index))
        except sqlite3.IntegrityError:
            findings.append(left_out(f"unique index {index.name}", schema.name, "rows break it"))
        except sqlite3.Error as error:
            findings.append(left_out(f"index {index.name}", schema.name, f"SQLite says: {error}"))
    return findings


def create_views(database: sqlite3.Connection, views: Sequence[View]) -> list[Finding]:
    """Make views."""
    findings = [
        left_out(f"view {view.name}", None, "it is materialised, which SQLite cannot do")
        for view in views
        if view.is_materialized
    ]

    def attempt(view: View) -> str | None:
        try:
            database.execute(create_view(view))
        except sqlite3.Error as error:
            return f"SQLite says: {error}"
        try:
            # It is made whatever it reads.
            database.execute(f"SELECT * FROM {quote_name(view.name)} LIMIT 0")
        except sqlite3.Error as error:
            database.execute(f"DROP VIEW {quote_name(view.name)}")
            return f"SQLite says: {error}"
        return None

    return findings + make_views([view for view in views if not view.is_materialized], attempt)[1]


def _comments_left_out(schema: TableSchema) -> list[Finding]:
    described = tuple(column.name for column in schema.columns if column.description)
    owners = [schema.name] if schema.description else []
    owners += [f"{schema.name}.{name}" for name in described]
    message = f"The comments on {', '.join(owners)} were left out: SQLite has none."
    finding = Finding("declaration-left-out", Severity.WARNING, message, table=schema.name, columns=described)
    return [finding] if owners else []


def _fit(schema: TableSchema, types: dict[str, str]) -> tuple[TableSchema, list[Finding]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as scratch:

        def try_(attempt: TableSchema) -> str | None:
            try:
                scratch.execute("BEGIN")
                scratch.execute(table_statement(attempt, types))
                found = scratch.execute("SELECT name FROM pragma_table_xinfo(?)", (attempt.name,)).fetchall()
                # An expression can close its bracket, and declare a column of its own.
                if [name for (name,) in found] != list(attempt.column_names):
                    return "its SQL is more than one declaration"
            except sqlite3.Error as error:
                return f"SQLite says: {error}"
            finally:
                scratch.execute("ROLLBACK")
            return None

        return fit(schema, try_)


def _declared_types(table: TableToWrite) -> tuple[dict[str, str], list[Finding]]:
    """Return the type to declare for each column: TEXT if SQLite would change its values."""
    types = {column.name: declare(column) for column in table.schema.columns}
    findings = [
        type_finding(
            table.schema.name,
            column.name,
            str(column.physical_type),
            types[column.name],
            f"SQLite cannot declare {column.physical_type}",
        )
        for column in table.schema.columns
        if column.physical_type and not is_declarable(column.physical_type)
    ]
    for name in converted_columns(table, types):
        findings.append(type_finding(table.schema.name, name, types[name], "TEXT"))
        types[name] = "TEXT"
    return types, findings + find_type_changes(table, table.schema.columns, types)


def converted_columns(table: TableToWrite, types: dict[str, str]) -> list[str]:
    """Return the columns of which SQLite would turn a text into another value under these declared types."""
    doubtful: list[tuple[int, Column]] = [
        (i, column)
        for i, column in enumerate(table.schema.columns)
        if column.name in types and may_convert(column, types[column.name])
    ]
    converted: dict[str, None] = {}
    if doubtful:
        for batch in table.read():
            for i, column in doubtful:
                texts = (str(value) for value in format_values(batch.column(i), column) if value is not None)
                if column.name not in converted and not all(
                    is_kept(text, column.type, types[column.name]) for text in texts
                ):
                    converted[column.name] = None
    return list(converted)
