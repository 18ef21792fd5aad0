"""Reads the tables of a PostgreSQL database, all as one transaction sees them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import OtherObjects, QualifiedName, ReadOptions
from tdmvc.databases.postgres import objects
from tdmvc.databases.postgres.address import read_address
from tdmvc.databases.postgres.catalog import (
    KIND_NAMES,
    DeclaredTable,
    Relation,
    Schemas,
    find_schemas,
    read_declared,
    read_relations,
)
from tdmvc.databases.postgres.connection import PostgresConnection, Session, connected, reporting
from tdmvc.databases.postgres.rows import ArrowRows, RowReader
from tdmvc.databases.postgres.sequences import sequence_notes
from tdmvc.errors import DatabaseError, NotFoundError, TdmvcError, format_names
from tdmvc.model.location import Location
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.quoting import quote_name

_LOCKED_AT_ONCE = 500


@contextmanager
def open_snapshot(location: Location, options: ReadOptions) -> Iterator["PostgresSnapshot"]:
    """Open a database for reading only; see `SnapshotReader.open_snapshot`."""
    session = Session(timeout_seconds=options.timeout_seconds)
    wanted = options.schemas or read_address(location).schemas
    with (
        connected(location, session) as connection,
        closing(ArrowRows(location, connection)) as rows,
    ):
        yield PostgresSnapshot(connection, rows, str(location), wanted, options.on_progress)


class PostgresSnapshot:
    """The tables of a database as the transaction of one connection sees them."""

    def __init__(
        self,
        connection: PostgresConnection,
        rows: RowReader,
        where: str,
        schemas: Sequence[str],
        on_progress: ProgressCallback,
    ) -> None:
        """Find the schemas to read.

        Args:
            where: the database, for messages.
            schemas: those that somebody named; else the first of the search path is read.

        Raises:
            DatabaseError: there is no such schema.
        """
        self._connection = connection
        self._rows = rows
        self._where = where
        self._on_progress = on_progress
        with reporting(where):
            self._schemas: Schemas = find_schemas(connection, schemas)
        self._relations: dict[str, Relation] | None = None

    @property
    def schemas(self) -> tuple[str, ...]:
        return self._schemas.names

    def read_names(self) -> list[str]:
        return [name for name, relation in self._all().items() if relation.is_own_table]

    def read_relations(self) -> dict[str, str]:
        return {
            name: KIND_NAMES[relation.kind]
            for name, relation in self._all().items()
            if relation.kind in "vmf" and not relation.is_of_extension
        }

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        known = self._all()
        for name in names:
            if name not in known:
                raise NotFoundError.named("table", name, list(known), where=self._where)
        wanted = {name: known[name] for name in names}
        self._check_access(wanted)
        with reporting(self._where):
            self._lock(wanted)
            tables = read_declared(self._connection, self._schemas, wanted)
            notes = sequence_notes(self._connection, tables.values())
        return [self._source_table(name, self._settled(tables[name]), notes.get(name, ())) for name in names]

    def read_others(self) -> OtherObjects:
        with reporting(self._where):
            return objects.read_others(self._connection, self._schemas, self._all())

    def read_columns(self, others: Collection[str] = ()) -> Mapping[QualifiedName, tuple[str, ...]]:
        with reporting(self._where):
            return objects.read_columns(self._connection)

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        table = f"{quote_name(name.schema)}.{quote_name(name.table)}"
        with reporting(f"{self._where}, table {name.schema}.{name.table}"):
            cursor = self._connection.execute(f"SELECT * FROM {table} LIMIT {int(most)}")
            columns = [described.name for described in cursor.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _all(self) -> dict[str, Relation]:
        if self._relations is None:
            with reporting(self._where):
                self._relations = read_relations(self._connection, self._schemas)
        return self._relations

    def _check_access(self, relations: Mapping[str, Relation]) -> None:
        """Make sure that the user sees all rows of tables.

        Raises:
            DatabaseError: there is one of which the user may read nothing, or not all rows.
        """
        user = self._connection.info.user
        if refused := [name for name, one in relations.items() if not one.is_readable]:
            raise DatabaseError(
                f"The user {user} may not read {format_names(refused)}.",
                where=self._where,
                remedy=f"ask the owner: `GRANT SELECT ON {refused[0]} TO {user}` (and USAGE on its schema), "
                "or leave tables out with --exclude.",
            )
        if hidden := [name for name, one in relations.items() if one.hides_rows]:
            raise DatabaseError(
                f"Row-level security would hide rows of {format_names(hidden)} from the user {user}.",
                where=self._where,
                remedy="connect as the owner of the tables or as a user with BYPASSRLS, "
                "or leave the tables out with --exclude.",
            )

    def _lock(self, relations: Mapping[str, Relation]) -> None:
        """Keep others from changing, emptying or dropping tables, not from writing to them.

        Raises:
            DatabaseError: somebody did so since the transaction began: its rows are lost to us.
        """
        tables = [one for one in relations.values() if one.kind in "rp"]
        for first in range(0, len(tables), _LOCKED_AT_ONCE):
            locked = ", ".join(one.sql for one in tables[first : first + _LOCKED_AT_ONCE])
            self._connection.execute(f"LOCK TABLE {locked} IN ACCESS SHARE MODE")
        rewritten = self._connection.execute(
            "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid = ANY (%s::oid[]) AND c.relfilenode <> 0 "
            "AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode ORDER BY 1",
            [[one.oid for one in tables]],
        ).fetchall()
        if rewritten:
            raise DatabaseError(
                f"Another session emptied or rewrote {format_names([name for (name,) in rewritten])} meanwhile.",
                where=self._where,
                remedy="run the same command again.",
            )

    def _settled(self, table: DeclaredTable) -> DeclaredTable:
        """Return a table whose columns have types that hold all of their values; reads those that may have others."""
        tests = {
            (name, what): condition
            for name, form in table.forms.items()
            for condition, what in form.conditions(quote_name(name))
        }
        if not tests:
            return table
        found = ", ".join(f"coalesce(pg_catalog.bool_or({test}), false)" for test in tests.values())
        with reporting(f"{self._where}, table {table.schema.name}"):
            (row,) = self._connection.execute(f"SELECT {found} FROM {table.relation.sql}").fetchall()
        forms, columns, notes = dict(table.forms), list(table.schema.columns), list(table.notes)
        for (name, what), is_there in zip(tests, row, strict=True):
            if is_there and not pa.types.is_string(forms[name].type):
                notes.append(f"{name}: kept as text, because it has {what}")
                forms[name] = forms[name].as_text
                place = table.schema.column_names.index(name)
                columns[place] = replace(
                    columns[place], type=forms[name].type, physical_type=forms[name].physical_type
                )
        return replace(
            table, schema=table.schema.with_columns(tuple(columns)), forms=forms, notes=tuple(notes)
        )

    def _source_table(self, name: str, table: DeclaredTable, more: Sequence[str]) -> SourceTable:
        schema = table.schema
        columns = ", ".join(form.select(quote_name(column)) for column, form in table.forms.items())
        query = f"SELECT {columns} FROM {table.relation.sql}"
        faults: list[TdmvcError] = []

        def batches() -> Iterator[pa.RecordBatch]:
            done = 0
            try:
                for batch in self._rows.read(query, schema.arrow_schema(), name):
                    done += batch.num_rows
                    self._on_progress(name, done, None, "rows")
                    yield batch
            except TdmvcError as error:
                faults.append(error)
                raise

        def open_rows() -> pa.RecordBatchReader:
            faults.clear()
            return pa.RecordBatchReader.from_batches(schema.arrow_schema(), batches())

        return SourceTable(
            schema,
            ArrowScan(open_rows),
            f"{self._where}, table {name}",
            is_keyed=True,
            is_database=True,
            declares_types=True,
            find_fault=lambda: faults[0] if faults else None,
            notes=(*table.notes, *more, *_kind_notes(table)),
        )


def _kind_notes(table: DeclaredTable) -> list[str]:
    if table.relation.kind == "f":
        return ["its rows are on another server, so they may be of another moment than those of other tables"]
    return []
