"""What every database engine can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import ForeignKey, TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class TableToWrite:
    """One table on its way into a database."""

    schema: TableSchema
    read: Callable[[], pa.RecordBatchReader]
    """Start anew at each call; columns in the schema's order."""


class Engine(Protocol):
    """One kind of database that lives in a file."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of files to be written, in lower case."""

    def recognises(self, head: bytes) -> bool:
        """Tell whether a file that begins with these bytes is of this engine."""

    def read_names(self, path: Path, con: DuckDBConnection) -> list[str]:
        """Return the names of the tables that hold rows of their own, sorted."""

    def read_tables(self, path: Path, con: DuckDBConnection, names: Sequence[str]) -> list[SourceTable]:
        """Describe the named tables, in that order."""

    def write_tables(self, path: Path, tables: Sequence[TableToWrite]) -> list[Finding]:
        """Write a new database with these tables, replacing the file at once or not at all.

        Returns:
            What could not be carried over as it is: keys that the rows break,
            references to nowhere, types and values that the engine lacks.

        Raises:
            DatabaseError: the file cannot be written, or is in use.
        """


class ConstraintBrokenError(Exception):
    """The rows of a table break what its schema declares; the table must be made without."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def possible_reference(reference: ForeignKey, tables: Sequence[TableSchema]) -> bool:
    """Tell whether a reference leads to a table that is written too, and there to what identifies a row."""
    target = next((table for table in tables if table.name == reference.table), None)
    if target is None or not all(target.column(name) for name in reference.to):
        return False
    if reference.to == target.key:
        return True
    column = target.column(reference.to[0]) if len(reference.to) == 1 else None
    return column is not None and column.unique


def loose_finding(table: str) -> Finding:
    """Say that a table was made without its key."""
    return Finding(
        "constraint-left-out",
        Severity.WARNING,
        f"The rows of {table} break its key, a unique column or NOT NULL: the table was made without them.",
        table=table,
        remedy="mend the rows, or the contract.",
    )


def reference_finding(table: str, reference: ForeignKey, why: str) -> Finding:
    """Say that a table was made without one of its references."""
    return Finding(
        "reference-left-out",
        Severity.WARNING,
        f"The reference of {table} to {reference.table} was left out: {why}.",
        table=table,
        columns=reference.columns,
    )


def type_finding(table: str, column: str, asked: str, used: str) -> Finding:
    """Say that a column has another type in the database than at its source."""
    return Finding(
        "type-replaced",
        Severity.WARNING,
        f"{table}.{column} was made as {used}: {asked} would change some of its values.",
        table=table,
        columns=(column,),
        details={"asked": asked, "used": used},
    )
