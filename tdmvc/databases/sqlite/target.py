"""Loads rows into a SQLite file, all in one transaction."""

import hashlib
import sqlite3
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.databases.base import NONE_HELD, TableLoad, TableToWrite, TargetTable
from tdmvc.databases.clauses import with_column
from tdmvc.databases.sqlite.broken_references import SqliteReferences, broken_references
from tdmvc.databases.sqlite.catalog import has_table, read_table, read_table_names, rowid_alias
from tdmvc.databases.sqlite.changed_rows import SqliteChanges
from tdmvc.databases.sqlite.checking import check_columns
from tdmvc.databases.sqlite.creating import create_indexes, create_table, create_views, plan_table
from tdmvc.databases.sqlite.errors import writing_errors
from tdmvc.databases.sqlite.fingerprints import Fingerprints
from tdmvc.databases.sqlite.indexes import DIALECT
from tdmvc.databases.sqlite.inserting import RowWriter, make_cast_table
from tdmvc.databases.sqlite.numbering import move_sequence, read_sequence
from tdmvc.databases.sqlite.reading import SqliteSnapshot, declared_schema
from tdmvc.databases.sqlite.search_indexes import rebuild_search_indexes
from tdmvc.databases.state_table import MAKE_STATES, READ_STATES, STATE_TABLE, WRITE_STATE, parse_states
from tdmvc.databases.statements import check_names, check_upsert_key
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import Identity, View
from tdmvc.model.finding import Finding
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import SourceTable
from tdmvc.sql.quoting import quote_name


class SqliteTarget:
    """An open SQLite database."""

    dialect = DIALECT

    def __init__(
        self, path: Path, file: Path, database: sqlite3.Connection, on_progress: ProgressCallback
    ) -> None:
        """Take an open database.

        Args:
            path: what messages call it.
            file: what it is until it is committed.
        """
        self._path = path
        self._database = database
        self._on_progress = on_progress
        self._fingerprints = Fingerprints(database, file, on_progress)
        self._is_written = False
        self._is_locked = False
        self._without_triggers: set[str] = set()
        self._triggers: list[str] = []
        self._changed_rows: dict[str, SqliteChanges | None] = {}
        """By the table's name in lower case, what `apply_changes` did to it; None if it did more than once."""
        self._waiting: dict[str, TableSchema] = {}
        """Tables that were made, and whose indexes are made when their rows are there."""
        self.is_committed = False
        self.findings: list[Finding] = []
        """What loading did not store as it is."""

    def begin(self, kind: str = "DEFERRED") -> None:
        """Begin a transaction."""
        self._database.execute(f"BEGIN {kind}")
        # It really begins with the first read.
        self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._fingerprints.begin()

    @property
    def names(self) -> Mapping[str, str]:
        return {"file": self._path.resolve().name}

    def read_catalog(self) -> Mapping[str, TargetTable]:
        with writing_errors(self._path):
            return {
                name: TargetTable(name, self._schema(name), self._count(name))
                for name in read_table_names(self._database)
            }

    def read_state(self) -> Mapping[str, SeededDataset]:
        with writing_errors(self._path):
            if not has_table(self._database, STATE_TABLE):
                return {}
            rows = self._database.execute(READ_STATES).fetchall()
        return parse_states(rows)

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        check_names("SQLite", self._path, [table.schema for table in tables])
        findings: list[Finding] = []
        with writing_errors(self._path):
            plans = []
            for table in tables:
                planned, found = plan_table(table)
                plans.append(planned)
                findings += found
            there = [self._schema(name) for name in read_table_names(self._database)]
            known = [*there, *(planned.schema for planned in plans)]
            for planned in plans:
                findings += create_table(self._database, planned, known)
                self._waiting[planned.schema.name] = planned.schema
            return findings + create_views(self._database, views)

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        with writing_errors(self._path):
            return list(check_columns(self._database, table, target))

    def lock(self, names: Sequence[str]) -> None:
        """Keep others from writing: SQLite knows only locks of the whole file."""
        if self._is_locked:
            return
        with writing_errors(self._path):
            self._database.execute("ROLLBACK")
            self.begin("IMMEDIATE")
        self._is_locked = True

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        if mode is SeedMode.UPSERT:
            check_upsert_key(table.schema.key, target, str(self._path))
        with self._writer(table.schema, target) as writer:
            if mode is SeedMode.UPSERT:
                return writer.upsert(table.read(), table.schema.key)
            return WrittenRows(inserted=writer.insert(table.read()))

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        return (self.load(one.table, one.target, one.mode) for one in loads)

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        with self._writer(
            upserts.schema, target, self._fingerprints, self._note_changes(target.name, upserts.schema.key)
        ) as writer:
            gone = writer.delete(deleted)
            return replace(writer.upsert(upserts.read(), upserts.schema.key), deleted=gone)

    def _note_changes(self, name: str, key: Sequence[str]) -> SqliteChanges | None:
        """Return what is told of the changes of a table, once."""
        is_first = name.lower() not in self._changed_rows
        with writing_errors(self._path):
            changed = SqliteChanges(self._database, name, key) if is_first else None
        self._changed_rows[name.lower()] = changed
        return changed

    def clear(self, names: Sequence[str]) -> None:
        with writing_errors(self._path):
            for name in names:
                self._remove_triggers(name)
                self._fingerprints.forget(name)
                self._database.execute(f"DELETE FROM {quote_name(name)}")

    def create_waiting_indexes(self, names: Sequence[str]) -> list[Finding]:
        """Make the indexes of tables that were made here, and return those that could not be made."""
        schemas = [self._waiting.pop(name) for name in names if name in self._waiting]
        with writing_errors(self._path):
            return [finding for schema in schemas for finding in create_indexes(self._database, schema)]

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        not_made = self.create_waiting_indexes(names)
        if not_made:
            raise DatabaseError(
                " ".join(finding.message for finding in not_made),
                where=str(self._path),
                remedy="fix the rows, or the contract; nothing was changed.",
            )
        with writing_errors(self._path):
            self._is_written = True
            rebuild_search_indexes(self._database, self._without_triggers.intersection(names))
            for name in names:
                move_sequence(self._database, name, sequence_offset)
                self._database.execute(f"ANALYZE main.{quote_name(name)}")

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        with writing_errors(self._path):
            return broken_references(self._database, names, SqliteReferences(held, self._changed_rows))

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return the row count, and the sum of the hashes of the rows with a digest of declarations and sequence."""
        with writing_errors(self._path):
            declared = self._database.execute(
                "SELECT type, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL "
                "AND lower(tbl_name) = lower(?) ORDER BY type, name",
                (name,),
            ).fetchall()
            digest = hashlib.blake2b(
                repr((declared, read_sequence(self._database, name))).encode(), digest_size=10
            )
            rows, total = self._fingerprints.of(name)
        return rows, f"sqlite-1:{total:032x}:{digest.hexdigest()}"

    def write_state(self, state: SeededDataset) -> None:
        self._is_written = True
        with writing_errors(self._path):
            self._database.execute(MAKE_STATES)
            self._database.execute(WRITE_STATE, (state.dataset, state.to_json()))

    def snapshot(self) -> SqliteSnapshot:
        return SqliteSnapshot(self._path, self._database, self._on_progress)

    def cast_rows(self, table: TableToWrite, target: TableSchema) -> SourceTable:
        with writing_errors(self._path):
            copy = make_cast_table(self._database, target)
            writer = RowWriter(self._path, self._database, table.schema, copy)
            writer.insert(table.read())
        return self.snapshot().read_copy(target.name, copy.name)

    def commit(self) -> None:
        with writing_errors(self._path):
            for trigger in self._triggers:
                self._database.execute(trigger)
            if self._is_written:
                self._fingerprints.save()
            self._database.execute("COMMIT")
        self.is_committed = True

    @contextmanager
    def _writer(
        self,
        schema: TableSchema,
        target: TableSchema,
        fingerprints: Fingerprints | None = None,
        changed: SqliteChanges | None = None,
    ) -> Iterator[RowWriter]:
        """Yield what writes rows, and keeps the sums of their hashes up to date, or has them recomputed."""
        with writing_errors(self._path):
            self._remove_triggers(target.name)
            if fingerprints is None:
                self._fingerprints.forget(target.name)
            writer = RowWriter(self._path, self._database, schema, target, fingerprints, changed)
            yield writer
        self.findings += writer.findings

    def _remove_triggers(self, table: str) -> None:
        """Remove the triggers of a table until the end of the transaction, which makes them again."""
        self._is_written = True
        if table in self._without_triggers:
            return
        self._without_triggers.add(table)
        rows = self._database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)",
            (table,),
        ).fetchall()
        for name, sql in rows:
            self._database.execute(f"DROP TRIGGER main.{quote_name(name)}")
            self._triggers.append(sql)

    def _schema(self, name: str) -> TableSchema:
        """Return a table as it is declared; SQLite numbers each column that is another name for the rowid."""
        schema = declared_schema(read_table(self._database, name))
        alias = rowid_alias(self._database, name)
        return (
            with_column(schema, alias, lambda column: replace(column, identity=column.identity or Identity()))
            if alias
            else schema
        )

    def _count(self, name: str) -> int:
        (rows,) = self._database.execute(f"SELECT count(*) FROM {quote_name(name)}").fetchone()
        return int(rows)
