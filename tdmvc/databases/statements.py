"""Statements that make tables, indexes and views, and the names and keys that they need."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.types import is_number
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey, Index, View
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name, quote_names, quote_text

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


REPEATED_KEY = "if the table has these rows already, use --mode upsert; otherwise fix the rows, or the table"
"""What to do about a row with the key of another."""


def identifies_rows(columns: Sequence[str], table: TableSchema) -> bool:
    """Return whether a table of a database has at most one row with the same values in some columns."""
    return any(set(columns) == set(unique) for unique in table.unique_sets)


def check_upsert_key(key: Sequence[str], target: TableSchema, where: str) -> None:
    """Make sure that the key of a dataset's table identifies a row of the database.

    Args:
        target: the table of the database.

    Raises:
        DatabaseError: several rows of the database may have the same values in it.
    """
    if not identifies_rows(key, target):
        raise DatabaseError(
            f"An upsert into {target.name} needs a unique key ({', '.join(key)}) in the database, by which rows are "
            "found. Nothing was changed.",
            where=f"{where}, table {target.name}",
            remedy="declare a primary key or a unique constraint on these columns, or use --mode replace.",
        )


def check_names(engine: str, path: Path, schemas: Sequence[TableSchema]) -> None:
    """Make sure that a database can hold these tables and columns under their names.

    Raises:
        DatabaseError: names differ only by case, which the engine ignores, or no SQL can contain one.
    """
    owners = [("tables", "", [schema.name for schema in schemas])]
    owners += [("columns", f" of {schema.name}", list(schema.column_names)) for schema in schemas]
    for kind, of, names in owners:
        folded: dict[str, str] = {}
        for name in names:
            # SQLite and DuckDB fold only the letters of ASCII.
            other = folded.setdefault(name.encode().lower().decode(), name)
            if other != name:
                raise _not_possible(
                    engine, path, f"it ignores case, so it cannot have the {kind} {other} and {name}{of}"
                )
            if "\0" in name:
                raise _not_possible(engine, path, f"a name among the {kind}{of} has a NUL character")


def _not_possible(engine: str, path: Path, why: str) -> DatabaseError:
    return DatabaseError(
        f"The {engine} database cannot be written: {why}.",
        where=str(path),
        remedy="leave a table out (`--table` names those to write), or write Parquet files: `--into FOLDER`.",
    )


def create_table(
    schema: TableSchema,
    types: Mapping[str, str],
    words_of: Callable[[Column], Sequence[str]],
    *,
    quote_table: Callable[[str], str] = quote_name,
    ends_with: str = "",
) -> str:
    """Return the CREATE TABLE statement for a table.

    Args:
        types: the SQL type of each column.
        words_of: returns what a column declares beside its type, NOT NULL and UNIQUE. If this is its PRIMARY KEY,
            the table has no other.
        quote_table: returns the name of a table as SQL.
        ends_with: what follows the closing bracket.
    """
    indexed = {index.columns for index in schema.indexes if index.is_unique}
    lines = []
    has_key = False
    for column in schema.columns:
        words = [quote_name(column.name), types[column.name]]
        words += ["NOT NULL"] if column.required else []
        # A unique index says the same by itself.
        is_unique = column.unique and schema.key != (column.name,) and (column.name,) not in indexed
        words += ["UNIQUE"] if is_unique else []
        own = words_of(column)
        has_key = has_key or any("PRIMARY KEY" in word for word in own)
        lines.append(" ".join(word for word in [*words, *own] if word))
    if schema.key and not has_key:
        lines.append(f"PRIMARY KEY ({quote_names(schema.key)})")
    lines += [
        f"{_named(unique.name)}UNIQUE ({quote_names(unique.columns)})"
        + ("" if unique.nulls_distinct else " NULLS NOT DISTINCT")
        for unique in schema.unique_keys
    ]
    lines += [f"{_named(check.name)}CHECK {bracketed(check.expression)}" for check in schema.checks]
    lines += [_reference(reference, quote_table) for reference in schema.references]
    return f"CREATE TABLE {quote_table(schema.name)} (\n  " + ",\n  ".join(lines) + f"\n){ends_with}"


def _named(name: str | None) -> str:
    return f"CONSTRAINT {quote_name(name)} " if name else ""


def bracketed(expression: str) -> str:
    """Return an expression in brackets; one that could end in a comment gets a line of its own."""
    return f"({expression}\n)" if "--" in expression else f"({expression})"


def _reference(reference: ForeignKey, quote_table: Callable[[str], str]) -> str:
    words = [word.upper() for word in reference.actions.words]
    return " ".join(
        [
            f"FOREIGN KEY ({quote_names(reference.columns)})",
            f"REFERENCES {quote_table(reference.table)} ({quote_names(reference.to)})",
            *words,
        ]
    )


def literal_sql(literal: str, type_: pa.DataType, quote: Callable[[str], str] = quote_text) -> str:
    """Return a literal default as SQL: a number as it is, all else in quotes."""
    return literal if is_number(type_) and _NUMBER.fullmatch(literal) else quote(literal)


def create_index(table: str, index: Index, quote_table: Callable[[str], str] = quote_name) -> str:
    """Return the CREATE INDEX statement for an index."""
    unique = "UNIQUE " if index.is_unique else ""
    what = index.definition if index.definition is not None else f"({quote_names(index.columns)})"
    return f"CREATE {unique}INDEX {quote_name(index.name)} ON {quote_table(table)} {what}"


def comment_statements(schema: TableSchema, quote_table: Callable[[str], str]) -> Iterator[str]:
    """Yield the statements that write the descriptions of a table and its columns."""
    name = quote_table(schema.name)
    if schema.description:
        yield f"COMMENT ON TABLE {name} IS {quote_text(schema.description)}"
    for column in schema.columns:
        if column.description:
            yield f"COMMENT ON COLUMN {name}.{quote_name(column.name)} IS {quote_text(column.description)}"


def create_view(view: View, quote_table: Callable[[str], str] = quote_name) -> str:
    """Return the CREATE VIEW statement for a view."""
    columns = f" ({quote_names(view.columns)})" if view.columns else ""
    return f"CREATE VIEW {quote_table(view.name)}{columns} AS {view.query}"
