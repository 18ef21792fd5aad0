"""Reads a database of MySQL or MariaDB as it is at one moment."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pyarrow as pa

from tdmvc.databases.base import OtherObjects, QualifiedName, ReadOptions
from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.catalog.objects import read_left_out, read_views
from tdmvc.databases.mysql.catalog.relations import CatalogNames, MysqlTable, read_names, read_schemas
from tdmvc.databases.mysql.catalog.schemas import column_readings, table_schema
from tdmvc.databases.mysql.catalog.tables import read_declared
from tdmvc.databases.mysql.catalog.types import ColumnReading
from tdmvc.databases.mysql.connection import READING_MODE, MysqlConnection, connected
from tdmvc.databases.mysql.lock_holders import naming_holders
from tdmvc.databases.mysql.names import quoted, table_sql, text_literals
from tdmvc.databases.mysql.reading.row_tests import look_at_rows, table_notes
from tdmvc.databases.mysql.reading.rows import read_columns
from tdmvc.errors import DatabaseError, NotFoundError, SourceError, TdmvcError, UsageError, format_names
from tdmvc.model.location import Location
from tdmvc.model.schema import TableSchema
from tdmvc.model.source import ArrowScan, SourceTable


@contextmanager
def open_snapshot(location: Location, options: ReadOptions) -> Iterator["MysqlSnapshot"]:
    """Open a database for reading in one transaction.

    Raises:
        DatabaseError: it cannot be reached, or the user may not read it.
        UsageError: neither the URL nor the options name a database.
    """
    address = resolve_address(location)
    with connected(address, mode=READING_MODE, timeout_seconds=options.timeout_seconds) as connection:
        schemas = choose_schemas(connection, options.schemas)
        connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        with naming_holders(connection, schemas):
            yield MysqlSnapshot(connection, schemas)


def choose_schemas(connection: MysqlConnection, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the databases to read, and make the first one the current one.

    Raises:
        NotFoundError: there is no such database.
        UsageError: none is named.
    """
    schemas = tuple(wanted) or (
        (connection.address.location.database,) if connection.address.location.database else ()
    )
    known = read_schemas(connection)
    if not schemas:
        raise UsageError(
            "The URL names no database.",
            where=connection.where,
            remedy=f"add one: {connection.where.rstrip('/')}/DATABASE"
            + (f"; the server has {format_names(known)}." if known else "."),
        )
    for schema in schemas:
        if schema not in known:
            raise DatabaseError(
                f"There is no database '{schema}' that the user may see.",
                where=connection.where,
                remedy=f"use one of: {format_names(known)}."
                if known
                else "create it, or grant the user rights.",
            )
    connection.execute(f"USE {quoted(schemas[0])}")
    return schemas


class MysqlSnapshot:
    """The tables of databases as one transaction sees them."""

    def __init__(self, connection: MysqlConnection, schemas: tuple[str, ...]) -> None:
        self._connection = connection
        self._schemas = schemas
        self._names: CatalogNames | None = None

    @property
    def schemas(self) -> tuple[str, ...]:
        return self._schemas

    def read_names(self) -> list[str]:
        return sorted(self.name_of(*key) for key in self.catalog().tables)

    def read_relations(self) -> dict[str, str]:
        return {self.name_of(*key): kind for key, (kind, _) in sorted(self.catalog().relations.items())}

    def read_other_names(self, names: Sequence[str]) -> dict[str, str]:
        keys = {self.name_of(*key): key for key in self.catalog().tables}
        is_named = len(self._schemas) > 1
        return {name: keys[name][1] if is_named else ".".join(keys[name]) for name in names}

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        declared = self.read_declared(names)
        return [self._source_table(declared[name], name) for name in names]

    def read_copy(self, name: str, copy: MysqlTable) -> SourceTable:
        """Describe a table, with the rows of another one that has the same columns."""
        return self._source_table(copy, name)

    def read_declared(self, names: Sequence[str]) -> dict[str, MysqlTable]:
        """Return what the catalog declares of tables, by their names in a dataset."""
        catalog = self.catalog()
        known = {self.name_of(*key): table for key, table in catalog.tables.items()}
        known |= {self.name_of(*key): table for key, (_, table) in catalog.relations.items()}
        for name in names:
            if name not in known:
                raise NotFoundError.named("table", name, sorted(known), where=self._connection.where)
        wanted = [known[name] for name in names]
        found = read_declared(self._connection, wanted, self._reference_target)
        return {name: found[table.schema, table.name] for name, table in zip(names, wanted, strict=True)}

    def read_others(self) -> OtherObjects:
        views, left_out = [], []
        for schema in self._schemas:
            own, missing = read_views(self._connection, schema)
            left_out += missing
            # A view of several databases cannot be told from one of a single database.
            views += own if len(self._schemas) == 1 else []
            left_out += [f"view {view.name}" for view in own] if len(self._schemas) > 1 else []
        return OtherObjects(
            tuple(views), (*left_out, *read_left_out(self._connection, self._schemas, self.catalog()))
        )

    def read_columns(self, others: Collection[str] = ()) -> dict[QualifiedName, tuple[str, ...]]:
        schemas = tuple(dict.fromkeys((*self._schemas, *others)))
        tables = read_names(self._connection, schemas).tables
        # Without a join, which the server would carry out table by table.
        rows = self._connection.query(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
            f"WHERE TABLE_SCHEMA IN ({text_literals(schemas)}) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
            "Reading the catalog",
        )
        found: dict[QualifiedName, list[str]] = {}
        for schema, table, column in rows:
            if (schema, table) in tables:
                found.setdefault(QualifiedName(schema, table), []).append(column)
        return {name: tuple(columns) for name, columns in found.items()}

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        table = table_sql(name.schema or self._schemas[0], name.table)
        return self._connection.query_values(f"SELECT * FROM {table} LIMIT {most}", f"Reading {name.table}")

    def catalog(self) -> CatalogNames:
        """Return the tables and all else by name; read once."""
        if self._names is None:
            self._names = read_names(self._connection, self._schemas)
        return self._names

    def forget_catalog(self) -> None:
        """Read the catalog again when it is next needed."""
        self._names = None

    def name_of(self, schema: str, table: str) -> str:
        """Return what a dataset calls a table."""
        return table if len(self._schemas) == 1 else f"{schema}.{table}"

    def _reference_target(self, schema: str, table: str) -> str | None:
        tables = self.catalog().tables
        # Where names of tables ignore case, a reference may write another one.
        actual = next(
            (key for key in ((schema, table), (schema, table.lower())) if key in tables),
            None,
        ) or next((key for key in tables if key[0] == schema and key[1].lower() == table.lower()), None)
        return self.name_of(*actual) if actual is not None else None

    def _source_table(self, table: MysqlTable, name: str) -> SourceTable:
        unusual, highest = look_at_rows(self._connection, table)
        readings = column_readings(table, unusual)
        schema = table_schema(table, name, readings, is_mariadb=self._connection.is_mariadb)
        fault: list[TdmvcError] = []
        return SourceTable(
            schema,
            ArrowScan(partial(_open_scan, self._connection, table, schema, readings, fault)),
            f"{self._connection.where}, table {name}",
            is_keyed=True,
            is_database=True,
            declares_types=True,
            find_fault=lambda: fault[-1] if fault else None,
            notes=tuple(table_notes(table, unusual, highest)),
        )


def _open_scan(
    connection: MysqlConnection,
    table: MysqlTable,
    schema: TableSchema,
    readings: list[ColumnReading],
    fault: list[TdmvcError],
) -> pa.RecordBatchReader:
    arrow = schema.arrow_schema()
    selected = ", ".join(reading.select for reading in readings)
    sql = f"SELECT {selected} FROM {table_sql(table.schema, table.name)}"

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for columns in read_columns(connection, sql, len(readings)):
                arrays = [
                    _converted(reading.convert, values, schema, i)
                    for i, (reading, values) in enumerate(zip(readings, columns, strict=True))
                ]
                yield pa.record_batch(arrays, schema=arrow)
        except TdmvcError as error:
            fault.append(error)
            raise

    return pa.RecordBatchReader.from_batches(arrow, batches())


def _converted(
    convert: Callable[[pa.Array], pa.Array], values: pa.Array, schema: TableSchema, i: int
) -> pa.Array:
    try:
        return convert(values)
    except pa.ArrowInvalid:
        # Arrow's own message shows the value.
        raise SourceError.would_lose(
            schema.name,
            schema.columns[i].name,
            f"a value of the type {schema.columns[i].declared_type} cannot be read as {schema.columns[i].type_text}.",
            remedy="check the value in the database; if it is right, make the column a text.",
        ) from None
