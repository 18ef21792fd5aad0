"""The tables of a database with all their rows, for tests that look at them after the snapshot is closed."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases import open_snapshot
from tdmvc.databases.base import OtherObjects
from tdmvc.model.location import Location
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.duckdb import DuckDBConnection


def read_rows(table: SourceTable, con: DuckDBConnection) -> pa.Table:
    """Return all rows of a source."""
    if isinstance(table.scan, ArrowScan):
        return table.scan.open().read_all()
    return con.sql(table.scan.query).to_arrow_table()


def read_database(
    location: Location, con: DuckDBConnection, tables: Sequence[str] | None = None
) -> list[SourceTable]:
    """Return tables of a database, all by default, with their rows in memory."""
    with open_snapshot(location, lambda: con) as snapshot:
        found = snapshot.read_tables(snapshot.read_names() if tables is None else tables)
        return [replace(table, scan=ArrowScan(read_rows(table, con).to_reader)) for table in found]


def read_others(location: Location, con: DuckDBConnection) -> OtherObjects:
    """Return what a database has beside its tables."""
    with open_snapshot(location, lambda: con) as snapshot:
        return snapshot.read_others()
