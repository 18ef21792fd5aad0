"""Writes into a PostgreSQL database, all in one transaction."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import NONE_HELD, TableLoad, TableToWrite, TargetTable
from tdmvc.databases.postgres.catalog.relations import (
    STATE_SCHEMA,
    Relation,
    Schemas,
    read_relations,
)
from tdmvc.databases.postgres.catalog.tables import DeclaredTable, read_declared
from tdmvc.databases.postgres.catalog.types import DIALECT
from tdmvc.databases.postgres.connection import PostgresConnection, reporting
from tdmvc.databases.postgres.creating.tables import create_tables
from tdmvc.databases.postgres.encoding.ahead import CopyPlan, EncodedRows, RowEncoder
from tdmvc.databases.postgres.encoding.checking import check_table
from tdmvc.databases.postgres.encoding.target_columns import TargetColumn, read_columns_of_all
from tdmvc.databases.postgres.reading.rows import TextRows
from tdmvc.databases.postgres.reading.snapshot import PostgresSnapshot
from tdmvc.databases.postgres.writing.broken_references import KnownReferences, find_broken_references
from tdmvc.databases.postgres.writing.casting import CAST, copy_as_texts
from tdmvc.databases.postgres.writing.changed_rows import PostgresChanges
from tdmvc.databases.postgres.writing.changing import KeyedTable, clear_tables
from tdmvc.databases.postgres.writing.copying import copy_rows, loading, plan_copy
from tdmvc.databases.postgres.writing.counting import count_rows
from tdmvc.databases.postgres.writing.fingerprints import PostgresFingerprints
from tdmvc.databases.postgres.writing.locking import lock_tables, wait_for_seeds
from tdmvc.databases.postgres.writing.numbering import Numbering
from tdmvc.databases.postgres.writing.rebuilding import ENOUGH_ROWS, RebuiltIndex, read_indexes
from tdmvc.databases.postgres.writing.state import (
    TABLE,
    check_may_write_state,
    read_state,
    write_state,
)
from tdmvc.databases.postgres.writing.suspending import Suspension
from tdmvc.databases.postgres.writing.versions import sum_of_versions
from tdmvc.databases.statements import check_upsert_key
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.progress import ignore_progress
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import SourceTable

_ANALYZED_AT_ONCE = 500
_STATISTICS_TARGET = 20
"""A sample of 6,000 rows: with the usual one of 30,000, ANALYZE would take as long as loading many small tables."""


class PostgresTarget:
    """A database in one transaction; see `DatabaseTarget`."""

    def __init__(self, connection: PostgresConnection, where: str, schemas: Schemas) -> None:
        self._connection = connection
        self._where = where
        self._schemas = schemas
        self._suspension = Suspension(connection, where)
        self._numbering = Numbering(connection)
        self._relations: dict[str, Relation] | None = None
        self._locked: set[str] = set()
        self._fingerprints = PostgresFingerprints(connection, self._numbering)
        self._columns_of: Mapping[int, dict[str, TargetColumn]] = {}
        self._changed_rows: dict[int, PostgresChanges | None] = {}
        """By OID what `apply_changes` did to a table; None if it did more than once."""
        self._unfilled: list[str] = []
        """Materialised views that were made, and whose rows have to be computed."""

    @property
    def dialect(self) -> str:
        return DIALECT

    @property
    def names(self) -> Mapping[str, str]:
        info = self._connection.info
        return {"database": info.dbname, "host": info.host}

    def read_catalog(self) -> dict[str, TargetTable]:
        with reporting(self._where):
            self._changed()
            relations = self._own_relations()
            declared = self._read_declared(relations)
            rows = count_rows(self._connection, relations)
        return {name: TargetTable(name, table.schema, rows[name]) for name, table in declared.items()}

    def _read_declared(self, relations: Mapping[str, Relation]) -> dict[str, DeclaredTable]:
        return read_declared(self._connection, self._schemas, relations)

    def _own_relations(self) -> dict[str, Relation]:
        """Return the tables by name, without tdmvc's own."""
        if self._relations is None:
            found = read_relations(self._connection, self._schemas)
            self._relations = {
                name: relation
                for name, relation in found.items()
                if relation.is_own_table and (relation.schema, relation.name) != (STATE_SCHEMA, TABLE)
            }
        return self._relations

    def _relation(self, name: str) -> Relation:
        return self._own_relations()[name]

    def read_state(self) -> dict[str, SeededDataset]:
        with reporting(self._where):
            self._fingerprints.states = found = read_state(self._connection)
            return found

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        with reporting(self._where):
            self._changed()
            findings, unfilled = create_tables(self._connection, self._schemas, tables, views)
            self._unfilled += unfilled
            return findings

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        with reporting(f"{self._where}, table {target.name}"):
            columns = self._columns(self._relation(target.name))
            return check_table(self._connection, table, target, columns)

    def _columns(self, relation: Relation) -> dict[str, TargetColumn]:
        if relation.oid not in self._columns_of:
            # One question for all tables of a plan, which are asked for one after the other.
            oids = [one.oid for one in self._planned_relations()]
            self._columns_of = read_columns_of_all(self._connection, [*oids, relation.oid])
        return self._columns_of[relation.oid]

    def lock(self, names: Sequence[str]) -> None:
        with reporting(self._where):
            if not self._locked:
                check_may_write_state(self._connection, self._where)
                wait_for_seeds(self._connection, self._where)
                self._suspension.begin()
            self._changed()
            self._fingerprints.forget_rows()
            known = self._own_relations()
            lock_tables(self._connection, self._where, [known[name] for name in names if name in known])
            self._locked.update(name for name in names if name in known)

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        [counts] = self.load_all([TableLoad(table, target, mode)])
        return counts

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        relations = self._prepared([one.target.name for one in loads])
        with reporting(self._where):
            indexes = read_indexes(self._connection, relations)
        rows = [
            (one.table.read, self._copy_plan(one.table.schema.arrow_schema(), one.target.name))
            for one in loads
        ]
        with RowEncoder(rows) as encoder:
            for one, relation in zip(loads, relations, strict=True):
                self._fingerprints.take(relation)
                with self._loading(one.target.name):
                    counts = self._load(one, relation, encoder.next_table(), indexes[relation.oid])
                yield counts

    def _load(
        self, load: TableLoad, relation: Relation, rows: EncodedRows, indexes: Sequence[RebuiltIndex]
    ) -> WrittenRows:
        if load.mode is SeedMode.UPSERT:
            key = load.table.schema.key
            check_upsert_key(key, load.target, self._where)
            return self._keyed(relation, key).upsert(rows)
        is_rebuilt = load.mode is SeedMode.REPLACE and indexes and rows.has(ENOUGH_ROWS)
        for index in indexes if is_rebuilt else ():
            self._connection.execute(index.drop)
        counts = WrittenRows(copy_rows(self._connection, relation.full_name, rows))
        for index in indexes if is_rebuilt else ():
            index.make(self._connection)
        return counts

    def _copy_plan(self, schema: pa.Schema, name: str) -> CopyPlan:
        return plan_copy(schema, self._columns(self._relation(name)), table=name, where=self._where)

    def _keyed(self, relation: Relation, key: Sequence[str]) -> KeyedTable:
        columns, is_free = self._columns(relation), self._suspension.are_references_off
        return KeyedTable(self._connection, relation, columns, key, can_delete=is_free)

    def _prepared(self, names: Sequence[str]) -> list[Relation]:
        """Return tables on which nothing acts any more."""
        with reporting(self._where):
            relations = [self._relation(name) for name in names]
            self._suspension.suspend(relations)
            self._changed(keep_relations=True)
            return relations

    def _loading(self, name: str) -> AbstractContextManager[None]:
        return loading(self._connection, self._where, name)

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        [relation] = self._prepared([target.name])
        known = self._fingerprints.take(relation)
        if not self._suspension.are_references_off:
            # A reference may delete rows that nobody named, here or in other tables.
            self._fingerprints.forget_rows()
            known = None
        keyed = replace(
            self._keyed(relation, upserts.schema.key),
            changed=self._note_changes(relation, upserts.schema.key),
        )
        if known is not None and known.era is not None:
            keyed = replace(keyed, version_sum=sum_of_versions(self._connection))
        rows = [
            (lambda: deleted, self._copy_plan(deleted.schema, target.name)),
            (upserts.read, self._copy_plan(upserts.schema.arrow_schema(), target.name)),
        ]
        with self._loading(target.name), RowEncoder(rows) as encoder:
            gone = keyed.delete(encoder.next_table())
            counts = keyed.upsert(encoder.next_table())
        written = WrittenRows(counts.inserted, counts.updated, gone, counts.unchanged)
        if known is not None and known.era is not None:
            self._fingerprints.put(relation, known.after(written, sum(keyed.differences)))
        return written

    def _note_changes(self, relation: Relation, key: Sequence[str]) -> PostgresChanges | None:
        """Return what is told of the changes of a table, once."""
        is_first = relation.oid not in self._changed_rows
        with reporting(self._where):
            changed = PostgresChanges(self._connection, relation, key) if is_first else None
        self._changed_rows[relation.oid] = changed
        return changed

    def clear(self, names: Sequence[str]) -> None:
        with reporting(self._where):
            relations = [self._relation(name) for name in names]
            self._suspension.suspend(relations)
            self._changed(keep_relations=True)
            self._fingerprints.forget_rows()
            clear_tables(self._connection, self._where, relations)

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        self._fingerprints.written = relations = [self._relation(name) for name in names]
        with reporting(self._where):
            self._suspension.resume()
            self._changed(keep_relations=True)
            self._numbering.move(relations, sequence_offset)
            self._connection.execute(f"SET LOCAL default_statistics_target = {_STATISTICS_TARGET}")
            stale = [
                relation for relation in relations if not self._fingerprints.are_statistics_good(relation)
            ]
            for start in range(0, len(stale), _ANALYZED_AT_ONCE):
                part = stale[start : start + _ANALYZED_AT_ONCE]
                self._connection.execute(f"ANALYZE {', '.join(one.full_name for one in part)}")

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        with reporting(self._where):
            oids = [self._relation(name).oid for name in names]
            # A reference that acts may delete or change rows that nobody named.
            trusted = held if self._suspension.are_references_off else NONE_HELD
            known = KnownReferences(self._suspension.declared, trusted, self._changed_rows)
            return find_broken_references(self._connection, oids, self._schemas.own_name, known)

    def fingerprint(self, name: str) -> tuple[int, str]:
        with reporting(f"{self._where}, table {name}"):
            return self._fingerprints.of(self._relation(name), self._planned_relations)

    def _planned_relations(self) -> list[Relation]:
        """Return the tables of the plan; one that writes nothing locks nothing, and asks for every table."""
        known = self._own_relations()
        return [known[name] for name in self._locked or known if name in known]

    def write_state(self, state: SeededDataset) -> None:
        with reporting(self._where):
            write_state(self._connection, state)

    def snapshot(self) -> PostgresSnapshot:
        rows = TextRows(self._connection, self._where)
        return PostgresSnapshot(self._connection, rows, self._where, self._schemas, ignore_progress)

    def cast_rows(self, table: TableToWrite, target: TableSchema) -> SourceTable:
        relation = self._relation(target.name)
        with self._loading(target.name):
            copy_as_texts(self._connection, relation, table, self._columns(relation))
        return self.snapshot().read_copy(target.name, *CAST)

    def commit(self) -> None:
        with reporting(self._where):
            self._suspension.resume()
            for view in self._unfilled:
                self._connection.execute(f"REFRESH MATERIALIZED VIEW {view}")
            self._connection.commit()
        self._numbering.keep()

    def roll_back(self) -> None:
        """Leave the database as it was, unless `commit` was called."""
        try:
            with reporting(self._where):
                self._connection.rollback()
                self._numbering.put_back()
        except DatabaseError:
            # The server ends the transaction of a lost connection itself.
            pass

    def _changed(self, *, keep_relations: bool = False) -> None:
        """Forget what is known of the tables."""
        self._fingerprints.forget_definitions()
        if not keep_relations:
            self._relations = None
            self._columns_of = {}
