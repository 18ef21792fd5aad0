"""Streams the rows of a query in bounded memory, as Arrow over connections of its own or as texts over a given one."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

import pyarrow as pa

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    copy_settings,
    importing,
    open_arrow_connection,
    reporting,
    reporting_arrow,
)
from tdmvc.databases.postgres.reading.merging import Batches, merged
from tdmvc.databases.postgres.reading.values import from_binary, from_texts
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location

_BATCH_BYTES = 4 << 20
"""How large a batch may be, but for its last row."""


class RowReader(Protocol):
    """Reads the rows of queries, all of one moment."""

    def read(self, queries: Sequence[str], schema: pa.Schema, table: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of queries as batches of the canonical schema, in any order.

        Args:
            queries: they may run at the same time.
            table: for errors.

        Raises:
            DatabaseError: the server refuses, or the connection is lost.
            SourceError: no canonical type holds a value.
        """

    def close(self) -> None:
        """Give back what it holds; rows that are still being read are lost."""


class ArrowRows:
    """Reads over connections of the ADBC driver, which see what another connection's transaction sees."""

    def __init__(self, location: Location, connection: PostgresConnection) -> None:
        """Prepare to read; the first query opens the first connection.

        Args:
            connection: whose transaction shows what there is; it must stay open.
        """
        self._location = location
        self._connection = connection
        self._snapshot: str | None = None
        self._free: list[Any] = []
        self._all: list[Any] = []

    def read(self, queries: Sequence[str], schema: pa.Schema, table: str) -> Iterator[pa.RecordBatch]:
        connections: list[Any] = []
        # The server may allow fewer connections, or only one.
        with suppress(DatabaseError):
            for _ in queries:
                connections.append(self._free.pop() if self._free else self._open())
        if not connections:
            yield from TextRows(self._connection, str(self._location)).read(queries, schema, table)
            return
        readers = [
            self._read(connection, queries[place :: len(connections)], schema, table)
            for place, connection in enumerate(connections)
        ]
        if len(readers) == 1:
            yield from readers[0]
        else:
            yield from merged(readers, lambda: _cancel([one for one in connections if one not in self._free]))

    def _read(self, connection: Any, queries: Sequence[str], schema: pa.Schema, table: str) -> Batches:
        for query in queries:
            yield from self._read_query(connection, query, schema, table)
        # After an error, or if nobody wants the rest of the rows, the connection is in the middle of something.
        self._free.append(connection)

    def _read_query(self, connection: Any, query: str, schema: pa.Schema, table: str) -> Batches:
        where = f"{self._location}, table {table}"
        snapshot = self._snapshot or ""
        with reporting_arrow(where), importing(connection, snapshot), connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                arrays = [
                    from_binary(array, field.type, table, field.name)
                    for array, field in zip(batch.columns, schema, strict=True)
                ]
                yield pa.record_batch(arrays, schema=schema)

    def _open(self) -> Any:
        if self._snapshot is None:
            with reporting(str(self._location)):
                ((self._snapshot,),) = self._connection.execute(
                    "SELECT pg_catalog.pg_export_snapshot()"
                ).fetchall()
        connection = open_arrow_connection(self._location, self._connection)
        self._all.append(connection)
        where = str(self._location)
        with reporting(where), reporting_arrow(where):
            copy_settings(connection, self._connection)
            # A pool between us and the server may lead to another one, which knows nothing of the snapshot.
            with importing(connection, self._snapshot or ""):
                pass
        return connection

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._free.clear()


def _cancel(connections: Sequence[Any]) -> None:
    for connection in connections:
        with suppress(Exception):  # it may have nothing to cancel
            connection.adbc_cancel()


class TextRows:
    """Reads over a connection that is there, in its transaction: also what was written there and not committed."""

    def __init__(self, connection: PostgresConnection, where: str) -> None:
        self._connection = connection
        self._where = where

    def read(self, queries: Sequence[str], schema: pa.Schema, table: str) -> Iterator[pa.RecordBatch]:
        for query in queries:
            yield from self._read_query(query, schema, table)

    def _read_query(self, query: str, schema: pa.Schema, table: str) -> Iterator[pa.RecordBatch]:
        with reporting(f"{self._where}, table {table}"), self._connection.cursor() as cursor:
            # A line without values would be no line.
            copy = f"COPY (SELECT true, rows.* FROM ({query}) rows) TO STDOUT (FORMAT csv)"
            with cursor.copy(copy) as lines:
                found: list[Any] = []
                size = 0
                for line in lines:
                    found.append(line)
                    size += len(line)
                    if size >= _BATCH_BYTES:
                        yield _parse(b"".join(found), schema, table)
                        found, size = [], 0
                if found:
                    yield _parse(b"".join(found), schema, table)

    def close(self) -> None:
        """Leave the connection to whoever opened it."""


def _parse(lines: bytes, schema: pa.Schema, table: str) -> pa.RecordBatch:
    from pyarrow import csv

    names = [str(place) for place in range(len(schema) + 1)]
    table_of_texts = csv.read_csv(
        pa.BufferReader(lines),
        read_options=csv.ReadOptions(column_names=names, block_size=len(lines) + 1, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    arrays = [
        from_texts(_single(column), field.type, table, field.name)
        for column, field in zip(table_of_texts.columns[1:], schema, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
