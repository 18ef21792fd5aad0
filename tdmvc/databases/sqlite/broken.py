"""Which declaration SQLite means when it refuses a row."""

import sqlite3

from tdmvc.databases.clauses import (
    Clause,
    check_clause,
    key_clause,
    options_clause,
    required_clause,
    unique_clause,
)
from tdmvc.model.schema import TableSchema


def broken_clause(schema: TableSchema, error: sqlite3.IntegrityError) -> Clause | None:
    """Return the declaration that a row breaks, by SQLite's name of the error and its message; None if unknown."""
    kind = getattr(error, "sqlite_errorname", "")
    said = str(error)
    names = said.partition(": ")[2]
    if kind == "SQLITE_CONSTRAINT_NOTNULL":
        column = next((one for one in schema.columns if f"{schema.name}.{one.name}" == names), None)
        if column is not None:
            return required_clause(column) if column.required else key_clause(schema)
    if kind in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID", "SQLITE_MISMATCH") and schema.key:
        return key_clause(schema)
    if kind == "SQLITE_CONSTRAINT_UNIQUE":
        for columns in [
            *((one.name,) for one in schema.columns),
            *(one.columns for one in schema.unique_keys),
        ]:
            if ", ".join(f"{schema.name}.{name}" for name in columns) == names:
                return unique_clause(columns)
    if kind == "SQLITE_CONSTRAINT_CHECK":
        found = [one for one in schema.checks if names in (one.name, one.expression)]
        if found:
            return check_clause(schema, found[0])
    if kind == "SQLITE_CONSTRAINT_DATATYPE":
        return options_clause(schema.options) if schema.options is not None else None
    return None
