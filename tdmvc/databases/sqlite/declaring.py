"""CREATE TABLE in SQLite's words."""

from collections.abc import Mapping
from dataclasses import replace

from tdmvc.databases.clauses import column_clause, with_column
from tdmvc.databases.sqlite.defaults import literal_sql
from tdmvc.databases.statements import bracketed, create_table
from tdmvc.model.declarations import Default, Identity
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name


def table_statement(schema: TableSchema, types: Mapping[str, str]) -> str:
    """Return the CREATE TABLE statement for a table whose declarations SQLite knows."""
    words = schema.options.words if schema.options is not None else ()
    ends_with = " " + ", ".join(words) if words else ""
    return create_table(schema, types, _words_of, ends_with=ends_with)


def _words_of(column: Column) -> list[str]:
    words = ["PRIMARY KEY AUTOINCREMENT"] if column.identity is not None else []
    words += [f"COLLATE {quote_name(column.collation.name)}"] if column.collation is not None else []
    if column.default is not None:
        words.append(f"DEFAULT {_default(column.default, column)}")
    if column.generated is not None:
        kind = "STORED" if column.generated.is_stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS {bracketed(column.generated.expression)} {kind}")
    return words


def _default(default: Default, column: Column) -> str:
    if default.literal is not None:
        return literal_sql(default.literal, column.type)
    return bracketed(str(default.expression))


def is_rowid_alias(schema: TableSchema, column: Column, types: Mapping[str, str]) -> bool:
    """Whether the column is SQLite's own number of a row, which it gives to rows without one."""
    has_rowid = schema.options is None or "WITHOUT ROWID" not in schema.options.words
    return schema.key == (column.name,) and types[column.name].upper() == "INTEGER" and has_rowid


def fitted_identities(schema: TableSchema, types: Mapping[str, str]) -> tuple[TableSchema, list[Finding]]:
    """Return the schema with AUTOINCREMENT where SQLite has it, and findings on the identities that it lacks."""
    findings = []
    for column in schema.columns:
        identity = column.identity
        if identity is None or (identity == Identity() and is_rowid_alias(schema, column, types)):
            continue
        fitted = (
            Identity() if is_rowid_alias(schema, column, types) and identity.increment in (None, 1) else None
        )
        clause, why = (
            column_clause(column, "identity"),
            "SQLite numbers only an INTEGER PRIMARY KEY, one by one",
        )
        if fitted:
            clause = replace(clause, noun=f"the sequence of {column.name}")
            why = "AUTOINCREMENT numbers the column instead, one by one"
        findings.append(clause.finding(schema.name, why))
        schema = with_column(schema, column.name, lambda one, fitted=fitted: replace(one, identity=fitted))  # type: ignore[misc]
    return schema, findings
