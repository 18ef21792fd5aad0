"""What the tests of sources share: a connection in UTC, and the rows of a table in one call."""

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
import pytest

from tdmvc.model.source import SourceTable, SqlScan
from tests.duckdb_sessions import open_session


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_session(threads=2) as connection:
        yield connection


@pytest.fixture
def read(con: duckdb.DuckDBPyConnection) -> Callable[[SourceTable], pa.Table]:
    """Return all rows of a source table, which must have exactly the types that its schema names."""

    def read(table: SourceTable) -> pa.Table:
        if isinstance(table.scan, SqlScan):
            rows = con.sql(table.scan.query).to_arrow_table()
        else:
            rows = table.scan.open().read_all()
        assert rows.schema.names == list(table.schema.column_names)
        return rows.cast(table.schema.arrow_schema()) if rows.schema != table.schema.arrow_schema() else rows

    return read
