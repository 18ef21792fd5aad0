"""What all writers of databases share: CREATE TABLE, and what they report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.quoting import quote_name, quote_names


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
    schema: TableSchema, types: Mapping[str, str], quote_table: Callable[[str], str] = quote_name
) -> str:
    """Return the CREATE TABLE statement for a table.

    Args:
        types: the SQL type of each column.
        quote_table: returns the name of a table as SQL.
    """
    lines = []
    for column in schema.columns:
        words = [quote_name(column.name), types[column.name]]
        words += ["NOT NULL"] if column.required else []
        words += ["UNIQUE"] if column.unique and schema.key != (column.name,) else []
        lines.append(" ".join(words))
    if schema.key:
        lines.append(f"PRIMARY KEY ({quote_names(schema.key)})")
    lines += [
        f"FOREIGN KEY ({quote_names(reference.columns)}) "
        f"REFERENCES {quote_table(reference.table)} ({quote_names(reference.to)})"
        for reference in schema.references
    ]
    return f"CREATE TABLE {quote_table(schema.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def without_constraints(schema: TableSchema) -> TableSchema:
    """Return the schema without key, unique columns and NOT NULL; its references stay."""
    columns = tuple(Column(column.name, column.type, column.physical_type) for column in schema.columns)
    return replace(schema, columns=columns, key=())


def has_target(reference: ForeignKey, tables: Sequence[TableSchema]) -> bool:
    """Whether a reference leads to one of the tables, and there to columns that identify a row."""
    target = next((table for table in tables if table.name == reference.table), None)
    if target is None or not all(target.column(name) for name in reference.to):
        return False
    if reference.to == target.key:
        return True
    column = target.column(reference.to[0]) if len(reference.to) == 1 else None
    return column is not None and column.unique


NO_TARGET = "its columns identify no row of a table written here"
"""Why a reference without a target is left out."""


def constraint_finding(table: str) -> Finding:
    """Return the finding on a table that was made without its key."""
    return Finding(
        "constraint-left-out",
        Severity.WARNING,
        f"The rows of {table} break its key, a unique column or NOT NULL: the table was made without them.",
        table=table,
        remedy="fix the rows, or the contract.",
    )


def reference_finding(table: str, reference: ForeignKey, why: str) -> Finding:
    """Return the finding on a table that was made without one of its references."""
    return Finding(
        "reference-left-out",
        Severity.WARNING,
        f"The reference of {table} to {reference.table} was left out: {why}.",
        table=table,
        columns=reference.columns,
    )


def type_finding(table: str, column: str, declared: str, used: str) -> Finding:
    """Return the finding on a column that has another type in the database than at its source."""
    return Finding(
        "type-replaced",
        Severity.WARNING,
        f"{table}.{column} was made as {used}: {declared} would change some of its values.",
        table=table,
        columns=(column,),
        details={"declared": declared, "used": used},
    )
