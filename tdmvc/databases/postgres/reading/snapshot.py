"""Reads the tables of a PostgreSQL database, all as one transaction sees them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import OtherObjects, QualifiedName, ReadOptions
from tdmvc.databases.postgres.address import read_address
from tdmvc.databases.postgres.catalog import objects
from tdmvc.databases.postgres.catalog.relations import (
    KIND_NAMES,
    TABLE_KINDS,
    Relation,
    Schemas,
    find_schemas,
    read_relations,
)
from tdmvc.databases.postgres.catalog.tables import DeclaredTable, read_declared
from tdmvc.databases.postgres.connection import PostgresConnection, Session, connected, reporting
from tdmvc.databases.postgres.lock_holders import naming_any_holders
from tdmvc.databases.postgres.reading.row_tests import sequence_notes, settle_types
from tdmvc.databases.postgres.reading.rows import ArrowRows, RowReader
from tdmvc.errors import DatabaseError, NotFoundError, TdmvcError, format_names
from tdmvc.model.location import Location
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.quoting import quote_name

_MOST_LOCKED = 1000
"""Of how many tables locks are held. The server has room for those of a few thousand, for all sessions together."""
_PARALLEL = 2
_PARALLEL_BLOCKS = 2048
"""How large a range of a table's blocks must be for a connection of its own: 16 MB."""
_RANGES_SINCE = 140000
"""Since this version, the server reads a range of blocks without the blocks before it."""
_BLOCKS = """
SELECT oid::int8, pg_catalog.pg_relation_size(oid::regclass, 'main'::text)
    / pg_catalog.current_setting('block_size'::text)::int8
FROM pg_catalog.unnest(%s::oid[]) t (oid)
"""
_IS_REWRITTEN = """
SELECT c.relname::text FROM pg_catalog.pg_class c
WHERE c.oid = ANY (ARRAY (
        SELECT unnest FROM pg_catalog.unnest(%(tables)s::oid[])
        UNION ALL
        SELECT p.relid::oid FROM pg_catalog.unnest(%(partitioned)s::oid[]) t (oid)
        CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid) p))
    AND c.relfilenode <> 0::oid AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
ORDER BY 1
"""
"""What is not what it was at the moment of the snapshot: emptying a table shows at once, in every transaction."""


@contextmanager
def open_snapshot(location: Location, options: ReadOptions) -> Iterator["PostgresSnapshot"]:
    """Open a database for reading only; see `DatabaseEngine.open_snapshot`."""
    session = Session(timeout_seconds=options.timeout_seconds)
    wanted = options.schemas or read_address(location).schemas
    with (
        connected(location, session) as connection,
        closing(ArrowRows(location, connection)) as rows,
        naming_any_holders(connection, str(location)),
    ):
        with reporting(str(location)):
            schemas = find_schemas(connection, wanted, options.default_schemas)
        yield PostgresSnapshot(connection, rows, str(location), schemas, options.on_progress)


class PostgresSnapshot:
    """The tables of a database as the transaction of one connection sees them."""

    def __init__(
        self,
        connection: PostgresConnection,
        rows: RowReader,
        where: str,
        schemas: Schemas,
        on_progress: ProgressCallback,
    ) -> None:
        """Take the transaction of a connection.

        Args:
            where: the database, for messages.
        """
        self._connection = connection
        self._rows = rows
        self._where = where
        self._on_progress = on_progress
        self._schemas = schemas
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

    def read_other_names(self, names: Sequence[str]) -> dict[str, str]:
        relations = self._all()
        return {
            name: self._schemas.other_name(relations[name].schema, relations[name].name) for name in names
        }

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        known = self._all()
        for name in names:
            if name not in known:
                raise NotFoundError.named("table", name, list(known), where=self._where)
            if not known[name].has_columns:
                raise DatabaseError(
                    f"The table {name} has no columns, so that a dataset cannot keep its rows.",
                    where=self._where,
                    remedy="leave it out with --exclude.",
                )
        wanted = {name: known[name] for name in names}
        self._check_access(wanted)
        is_locked = len(names) <= _MOST_LOCKED
        with reporting(self._where):
            if is_locked:
                self._lock(wanted.values())
                self._check_same(wanted.values())
            tables = read_declared(self._connection, self._schemas, wanted)
            notes = sequence_notes(self._connection, tables.values())
            tables = settle_types(self._connection, tables)
            ranges = self._ranges(wanted.values())
        return [
            self._source_table(
                tables[name], notes.get(name, ()), ranges.get(wanted[name].oid, [""]), is_locked=is_locked
            )
            for name in names
        ]

    def read_copy(self, name: str, schema: str, copy: str) -> SourceTable:
        """Describe a table, with the rows of another one that has the same columns.

        Args:
            schema: that of the other table.
            copy: its name.
        """
        relation = self._all()[name]
        with reporting(self._where):
            declared = read_declared(self._connection, self._schemas, {name: relation})[name]
            own = replace(declared, relation=replace(relation, schema=schema, name=copy, kind="r"))
            settled = settle_types(self._connection, {name: own})[name]
        return self._source_table(settled, (), [""], is_locked=True)

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
                "or choose other tables with --tables.",
            )
        if hidden := [name for name, one in relations.items() if one.hides_rows]:
            raise DatabaseError(
                f"Row-level security would hide rows of {format_names(hidden)} from the user {user}.",
                where=self._where,
                remedy="connect as the owner of the tables or as a user with BYPASSRLS, "
                "or leave the tables out with --exclude.",
            )

    def _lock(self, relations: Collection[Relation]) -> None:
        """Keep others from changing, emptying or dropping tables, not from writing to them."""
        if tables := ", ".join(one.sql for one in relations if one.kind in TABLE_KINDS):
            self._connection.execute(f"LOCK TABLE {tables} IN ACCESS SHARE MODE")

    def _check_same(self, relations: Collection[Relation]) -> None:
        """Make sure that nobody emptied or rewrote tables since the transaction began.

        Raises:
            DatabaseError: somebody did; the rows of that moment are gone.
        """
        oids = {
            "tables": [one.oid for one in relations],
            "partitioned": [one.oid for one in relations if one.kind == "p"],
        }
        rewritten = self._connection.execute(_IS_REWRITTEN, oids).fetchall()
        if rewritten:
            raise DatabaseError(
                f"Another session emptied or rewrote {format_names([name for (name,) in rewritten])} meanwhile.",
                where=self._where,
                remedy="run the same command again.",
            )

    def _ranges(self, relations: Collection[Relation]) -> dict[int, list[str]]:
        """Return conditions that cut large tables into ranges that can be read at the same time, by OID."""
        if self._connection.info.server_version < _RANGES_SINCE:
            return {}
        oids = [one.oid for one in relations if one.kind == "r"]
        found = {}
        for oid, blocks in self._connection.execute(_BLOCKS, [oids]).fetchall():
            parts = min(_PARALLEL, blocks // _PARALLEL_BLOCKS)
            if parts > 1:
                cuts = [blocks * part // parts for part in range(1, parts)]
                found[oid] = [
                    " WHERE "
                    + " AND ".join(
                        [f"ctid >= '({low},0)'"] * (low is not None)
                        + [f"ctid < '({high},0)'"] * (high is not None)
                    )
                    for low, high in zip([None, *cuts], [*cuts, None], strict=True)
                ]
        return found

    def _source_table(
        self, table: DeclaredTable, more: Sequence[str], ranges: Sequence[str], *, is_locked: bool
    ) -> SourceTable:
        schema = table.schema
        name = schema.name
        columns = ", ".join(form.select(quote_name(column)) for column, form in table.forms.items())
        queries = [f"SELECT {columns} FROM {table.relation.sql}{condition}" for condition in ranges]
        faults: list[TdmvcError] = []

        def batches() -> Iterator[pa.RecordBatch]:
            done = 0
            try:
                for batch in self._rows.read(queries, schema.arrow_schema(), name):
                    done += batch.num_rows
                    self._on_progress(f"{name}: read", done, None, "rows")
                    yield batch
                if not is_locked:
                    with reporting(self._where):
                        self._check_same([table.relation])
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
