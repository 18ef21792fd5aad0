"""What the tests of databases share: a connection, and the rows of a table in one call."""

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
import pytest

from tdmvc.model.source import SourceTable, SqlScan
from tests.duckdb_pool import reused_database


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with reused_database() as connection:
        yield connection


@pytest.fixture
def read(con: duckdb.DuckDBPyConnection) -> Callable[[SourceTable], pa.Table]:
    """Return all rows of a source table, which must have exactly the types that its schema names."""

    def read(table: SourceTable) -> pa.Table:
        if isinstance(table.scan, SqlScan):
            rows = con.sql(table.scan.query).to_arrow_table()
        else:
            rows = table.scan.open().read_all()
        assert rows.schema == table.schema.arrow_schema()
        return rows

    return read
