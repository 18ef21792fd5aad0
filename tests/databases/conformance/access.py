"""Databases as tdmvc reads and writes them, in one call each."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.values import python_values
from tdmvc.databases import find_engine, find_target_engine
from tdmvc.databases.base import DatabaseTarget, ReadOptions, Snapshot, TableToWrite
from tdmvc.model.finding import Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeedMode, WrittenRows
from tdmvc.model.source import SourceTable, SqlScan
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.store.build import BuildOptions, build_table
from tdmvc.store.ingest import prepare_ingest
from tests.databases.conformance.engines.base import Database


@contextmanager
def open_snapshot(
    database: Database, con: DuckDBConnection, options: ReadOptions | None = None
) -> Iterator[Snapshot]:
    """Open a database for reading."""
    engine = find_engine(database.location)
    assert engine is not None
    with engine.open_snapshot(database.location, lambda: con, options or ReadOptions()) as snapshot:
        yield snapshot


@contextmanager
def open_target(
    database: Database, con: DuckDBConnection, options: ReadOptions | None = None
) -> Iterator[DatabaseTarget]:
    """Open a database for writing; the connection is there because `open_snapshot` needs one."""
    with find_target_engine(database.location).open_target(
        database.location, options or ReadOptions()
    ) as target:
        yield target


def rows_of(source: SourceTable, con: DuckDBConnection) -> pa.Table:
    """Return all rows of a table of an open snapshot, which have exactly the types that its schema names."""
    if isinstance(source.scan, SqlScan):
        rows = con.sql(source.scan.query).to_arrow_table()
    else:
        rows = source.scan.open().read_all()
    assert rows.schema == source.schema.arrow_schema()
    return rows


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as it was read."""

    schema: TableSchema
    rows: pa.Table
    notes: tuple[str, ...]

    def values(self, column: str, *, order_by: str = "id") -> list[object]:
        """Return the values of a column: dates that Python lacks as texts, and times as microseconds."""
        rows = self.rows.sort_by(order_by).column(column)
        return python_values(rows.cast(pa.int64()) if pa.types.is_time(rows.type) else rows)


def read_database(
    database: Database, con: DuckDBConnection, names: Sequence[str] | None = None
) -> Mapping[str, ReadTable]:
    """Return the tables of a database by name."""
    with open_snapshot(database, con) as snapshot:
        sources = snapshot.read_tables(snapshot.read_names() if names is None else names)
        return {one.schema.name: ReadTable(one.schema, rows_of(one, con), one.notes) for one in sources}


class _Parts:
    """Parts that nobody keeps."""

    def put(self, name: str, data: bytes) -> str:
        return name


def content_of(
    source: SourceTable, con: DuckDBConnection, current: TableSchema | None = None
) -> tuple[TableSchema, str]:
    """Return what `add` would make of a table: its schema in the contract, and the content hash of its rows.

    Args:
        current: the table in the contract.
    """
    with prepare_ingest(con, source.schema.name, [source], current) as ingest:
        built = build_table(con, ingest.query, ingest.schema, _Parts(), options=BuildOptions())
        return ingest.schema, built.listing.content


def to_write(schema: TableSchema, rows: Sequence[Mapping[str, object]]) -> TableToWrite:
    """Return a table with rows, in small batches."""
    data = pa.Table.from_pylist([dict(row) for row in rows], schema=schema.arrow_schema())
    return TableToWrite(schema, lambda: data.to_reader(max_chunksize=3))


def seed(
    database: Database, con: DuckDBConnection, *tables: TableToWrite, mode: SeedMode = SeedMode.REPLACE
) -> dict[str, WrittenRows]:
    """Write tables as `seed` does, and make those that are missing."""
    with open_target(database, con) as target:
        target.lock([table.schema.name for table in tables])
        catalog = target.read_catalog()
        missing = [table for table in tables if table.schema.name not in catalog]
        findings = target.create_tables(missing, [])
        assert [one.message for one in findings if one.severity is Severity.ERROR] == []
        counts = load(target, *tables, mode=mode)
        target.commit()
        return counts


def load(
    target: DatabaseTarget, *tables: TableToWrite, mode: SeedMode = SeedMode.REPLACE
) -> dict[str, WrittenRows]:
    """Write tables into tables that are there; each comes after those that it refers to."""
    names = [table.schema.name for table in tables]
    target.lock(names)
    catalog = target.read_catalog()
    if mode is SeedMode.REPLACE:
        target.clear(names[::-1])
    counts = {
        table.schema.name: target.load(table, catalog[table.schema.name].schema, mode) for table in tables
    }
    target.finish(names)
    return counts
