"""What every database engine can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sql.duckdb import DuckDBConnection


class Engine(Protocol):
    """One kind of database."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def url_form(self) -> str:
        """How its URLs are written, for messages: `sqlite:///FILE`."""


class DatabaseReader(Engine, Protocol):
    """Reads tables from one kind of database."""

    def can_read(self, location: Location) -> bool:
        """Whether the location is a database of this kind, by its URL or by the first bytes of the file."""

    def read_names(self, location: Location, con: DuckDBConnection) -> list[str]:
        """Return the names of the tables with rows of their own (no views), sorted.

        Raises:
            SourceError: there is no such file.
            DatabaseError: the database cannot be read.
        """

    def read_tables(
        self, location: Location, con: DuckDBConnection, names: Sequence[str]
    ) -> list[SourceTable]:
        """Describe the named tables, in that order.

        Raises:
            SourceError: a value cannot be kept.
            DatabaseError: the database cannot be read.
        """

    def read_others(self, location: Location, con: DuckDBConnection) -> "OtherObjects":
        """Return what the database has beside its tables.

        Raises:
            DatabaseError: the database cannot be read.
        """


@dataclass(frozen=True, slots=True)
class OtherObjects:
    """What a database has beside its tables."""

    views: tuple[View, ...] = ()
    """In an order in which they can be made."""
    left_out: tuple[str, ...] = ()
    """What no dataset keeps, each with its kind: `virtual table docs`."""


@dataclass(frozen=True, slots=True)
class TableToWrite:
    """A table's schema and rows, for a database."""

    schema: TableSchema
    read: Callable[[], pa.RecordBatchReader]
    """Starts from the first row at each call; columns in the schema's order."""


class DatabaseWriter(Engine, Protocol):
    """Writes tables into one kind of database."""

    def can_write(self, location: Location) -> bool:
        """Whether a database at the location would be of this kind, by its URL or by the suffix of the file."""

    def exists(self, location: Location) -> bool:
        """Whether there is something at the location that writing would replace."""

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        """Write these tables and views, and no others, all at once or not at all.

        Returns:
            What could not be carried over as it is: constraints that the rows break, references to
            nowhere, types and values that the engine lacks, expressions that mean something else to it.

        Raises:
            DatabaseError: the database cannot be written, or is in use, or takes two names as one.
        """
