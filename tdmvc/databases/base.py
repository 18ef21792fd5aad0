"""What every database engine can do."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import pyarrow as pa

from tdmvc.databases.scripts import Script
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.location import Location
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import SourceTable
from tdmvc.sql.duckdb import DuckDBConnection


@dataclass(frozen=True, slots=True)
class OtherObjects:
    """What a database has beside its tables."""

    views: tuple[View, ...] = ()
    """In an order in which they can be made."""
    left_out: tuple[str, ...] = ()
    """What no dataset keeps, each with its kind: `virtual table docs`."""
    unread_schemas: tuple[str, ...] = ()
    """Schemas with tables that are not read because nobody named any schema."""


@dataclass(frozen=True, slots=True)
class TableToWrite:
    """A table's schema and rows, for a database."""

    schema: TableSchema
    read: Callable[[], pa.RecordBatchReader]
    """Starts from the first row at each call; columns in the schema's order."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a database is read."""

    schemas: tuple[str, ...] = ()
    """Schemas that somebody chose; with more than one, tables are named `schema.table`. Empty: the URL's, else the
    default one, whose tables are named without it.
    """
    default_schemas: tuple[str, ...] = ()
    """Schemas of PostgreSQL that are read if nobody chose any, in place of the default one alone."""
    timeout_seconds: int | None = None
    """How long one statement may take."""
    on_progress: ProgressCallback = ignore_progress


READ_ALL = ReadOptions()
"""Reads the schemas that the URL names, or the default ones."""


@dataclass(frozen=True, slots=True, order=True)
class QualifiedName:
    """A table of a database, whether its schema was selected or not."""

    schema: str
    """Empty if the engine has no schemas."""
    table: str


class Snapshot(Protocol):
    """A database at one moment: all that is read until it is closed is of that moment."""

    @property
    def schemas(self) -> tuple[str, ...]:
        """The schemas that are read, in their order; empty if the engine has no schemas."""

    def read_names(self) -> list[str]:
        """Return the names of the tables with rows of their own, sorted: no views, no foreign tables, no partitions.

        Raises:
            DatabaseError: the database cannot be read.
        """

    def read_relations(self) -> Mapping[str, str]:
        """Return what else has rows, which are read only if a person names it, by its name: `view`, `foreign table`.

        Raises:
            DatabaseError: the database cannot be read.
        """

    def read_other_names(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the names that tables have if other schemas are read, by their names here.

        `orders` is `public.orders` if several schemas are chosen, and the reverse. Empty if the engine always names
        a table in the same way.

        Raises:
            DatabaseError: the database cannot be read.
        """

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        """Describe the named tables, or other relations, with all that the catalog declares, in that order.

        Their scans read from this snapshot, in bounded memory, while it is open.

        Raises:
            SourceError: a value cannot be kept.
            DatabaseError: the database cannot be read.
        """

    def read_others(self) -> OtherObjects:
        """Return what the database has beside its tables."""

    def read_columns(self, others: Collection[str] = ()) -> Mapping[QualifiedName, tuple[str, ...]]:
        """Return the names of the columns of all tables that the user may read, without looking at a row.

        Tables of all schemas count, even of those that were not selected, but not the engine's own.

        Args:
            others: if schemas are databases of their own (MySQL), those in which to look beside the selected ones.

        Raises:
            DatabaseError: the database cannot be read.
        """

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        """Return the first rows of a small table, with values as the driver gives them.

        Raises:
            DatabaseError: the table cannot be read.
        """


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table that a database to be seeded has."""

    name: str
    """As a dataset would name it."""
    schema: TableSchema
    """As the snapshot of the same database would describe it."""
    rows: int
    """Exact for small tables, else the engine's estimate; never 0 for a table that has rows."""


@dataclass(frozen=True, slots=True)
class TableLoad:
    """Rows that are to be written into a table; see `DatabaseTarget.load`."""

    table: TableToWrite
    target: TableSchema
    mode: SeedMode


NONE_HELD: Mapping[str, Collection[str]] = MappingProxyType({})
"""No reference is known to have held."""


class DatabaseTarget(Protocol):
    """An open database, in one transaction: everything that is written stays at `commit`, and nothing without it."""

    @property
    def dialect(self) -> str:
        """The engine, as declarations name it: `postgresql`."""

    @property
    def names(self) -> Mapping[str, str]:
        """What the database that was found is called, by the kind of the name: `database`, `host`, `file`.

        An address may leave them to the environment, to an option file or to a symbolic link.
        """

    def read_catalog(self) -> Mapping[str, TargetTable]:
        """Return the tables by name, without those of tdmvc itself."""

    def read_state(self) -> Mapping[str, SeededDataset]:
        """Return what was seeded before, by dataset; empty without the table `tdmvc_state`.

        The table has one row for each dataset: `dataset` and `state`, the text of `SeededDataset.to_json`.
        """

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        """Make tables that are missing, empty, with all that they declare; findings say what the engine cannot hold.

        Their rows are read only if the type of a column depends on them.
        """

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        """Return, before anything is written, what the columns of a table cannot hold; reads rows only if it must.

        An error stops the load; a warning says what will read back in another form.
        """

    def lock(self, names: Sequence[str]) -> None:
        """Keep others from writing to tables until the end of the transaction, and checks and triggers from firing.

        It first waits for another seed of the same database to end, whatever its tables, so that two seeds
        that make the same tables do not meet. What `read_catalog` and `read_state` return from then on holds
        until the end. Names without a table are ignored: `create_tables` makes them later.

        Raises:
            DatabaseError: another session holds a lock for too long.
        """

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        """Write rows into a table, columns by their names; with `REPLACE` the table was cleared before.

        Raises:
            DatabaseError: the database refuses a row, or the connection is lost.
        """

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        """Write rows into tables, each as `load` does, and only when its counts are asked for.

        The rows of the next tables may be read meanwhile, until the generator ends or is closed.
        """

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        """Write only what differs; values that are unique may move from one row to another.

        Args:
            upserts: rows that are new or differ, whole; the key of the schema identifies them.
            deleted: the key columns of rows to delete.
        """

    def clear(self, names: Sequence[str]) -> None:
        """Delete all rows of tables, and nothing else: what refers to them from other tables stays as it is.

        Args:
            names: each after the tables that refer to it, as far as cycles allow.
        """

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        """Move sequences and identity columns past the largest value of their columns, and refresh statistics."""

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        """Return the references of and to these tables that rows break.

        `table` and `columns` of a finding are those that refer; its details have the table that they refer to
        as `to`, and the number of `rows`. No finding shows a value.

        Args:
            held: by tables that refer, those to which their references held when the transaction began, and that
                nothing but `apply_changes` has written to since, nor to the table that refers. An engine may look
                only at the rows that were changed; the findings are the same.
        """

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return the row count of a table, and a text that differs once its rows, sequences or definition differ."""

    def write_state(self, state: SeededDataset) -> None:
        """Remember what was seeded, in the same transaction."""

    def snapshot(self) -> Snapshot:
        """Return what reads the tables as they are in this transaction."""

    def cast_rows(self, table: TableToWrite, target: TableSchema) -> SourceTable:
        """Return rows as a table gives them back once the database has cast them to the types of its columns.

        They are written to a temporary table, on which no trigger, rule or default acts. It is there until the
        next call, or the end of the transaction.
        """

    def commit(self) -> None:
        """Make everything that was written stay."""


class DatabaseEngine(Protocol):
    """One kind of database: reads and writes those of its kind."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def url_form(self) -> str:
        """How its URLs are written, for messages: `sqlite:///FILE`."""

    def open_snapshot(
        self, location: Location, duckdb: Callable[[], DuckDBConnection], options: ReadOptions
    ) -> AbstractContextManager[Snapshot]:
        """Open a database for reading only.

        Args:
            duckdb: returns the DuckDB connection that runs the scans; whoever reads with a driver never asks for it.

        Raises:
            SourceError: there is no such file.
            DatabaseError: it cannot be reached or read, or the driver is not installed.
        """

    def open_target(self, location: Location, options: ReadOptions) -> AbstractContextManager[DatabaseTarget]:
        """Open a database for writing; without `commit`, it is afterwards as it was.

        Raises:
            DatabaseError: it cannot be reached, or the driver is not installed.
        """

    def open_script(self, location: Location) -> AbstractContextManager[Script]:
        """Open a database for statements as people write them; a file that is missing is made.

        Raises:
            DatabaseError: it cannot be reached, or the driver is not installed.
        """


class FileEngine(DatabaseEngine, Protocol):
    """An engine whose databases are files; it also makes new ones, as far as the rows allow."""

    @property
    def suffixes(self) -> Collection[str]:
        """The suffixes of its files, in lower case: `.sqlite`."""

    def recognizes(self, start: bytes) -> bool:
        """Whether a file that begins with these bytes is a database of this kind."""

    def write_tables(
        self, location: Location, tables: Sequence[TableToWrite], views: Sequence[View] = ()
    ) -> list[Finding]:
        """Make a new file with these tables and views, all at once or not at all, in the place of one that is there.

        Returns:
            What could not be carried over as it is: constraints that the rows break, references to
            nowhere, types and values that the engine lacks, expressions that mean something else to it.

        Raises:
            DatabaseError: the database cannot be written, or is in use, or takes two names as one.
        """
