"""Writes into a database of MySQL or MariaDB: all rows in one transaction, and all else can be undone."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import NONE_HELD, ReadOptions, TableLoad, TableToWrite, TargetTable
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.schemas import column_readings, numbered_column, table_schema
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.creating.tables import TableMaker
from tdmvc.databases.mysql.encoding.checking import check_columns, hidden_triggers
from tdmvc.databases.mysql.names import DIALECT, table_sql
from tdmvc.databases.mysql.pending import Pending, PendingStep, StepKind
from tdmvc.databases.mysql.reading.snapshot import MysqlSnapshot
from tdmvc.databases.mysql.writing.broken_references import MysqlReferences
from tdmvc.databases.mysql.writing.changed_rows import MysqlChanges
from tdmvc.databases.mysql.writing.counting import count_rows, next_number, number_after_rows
from tdmvc.databases.mysql.writing.fingerprints import fingerprint
from tdmvc.databases.mysql.writing.inserting import MysqlWriter, make_cast_table
from tdmvc.databases.mysql.writing.locking import SeedLock, lock_tables, related_tables
from tdmvc.databases.mysql.writing.snapshot import TargetSnapshot
from tdmvc.databases.mysql.writing.state import has_state_table, make_state_table, read_state, write_state
from tdmvc.databases.mysql.writing.suspending import Triggers
from tdmvc.databases.numbering import move_on
from tdmvc.databases.statements import check_upsert_key
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import SourceTable

_PACKET_MARGIN = 1024


class MysqlTarget:
    """A database in one transaction; see `DatabaseTarget`.

    The server commits at each CREATE and ALTER. So tables are made before the first row is written, and dropped
    again if the rows do not come; and next numbers are moved after the rows are committed.
    """

    dialect = DIALECT

    def __init__(
        self,
        connection: MysqlConnection,
        other: MysqlConnection,
        schemas: tuple[str, ...],
        options: ReadOptions,
    ) -> None:
        self._connection = connection
        self._other = other
        """For tables that are not locked, which the session that holds locks cannot read."""
        self._schemas = schemas
        self._on_progress = options.on_progress
        self._snapshot = MysqlSnapshot(connection, schemas)
        self._lock = SeedLock(connection, schemas[0])
        self._pending = Pending(connection, schemas[0])
        self._triggers = Triggers(connection, self._pending)
        self._declared: dict[str, MysqlTable] | None = None
        self._locked: set[str] = set()
        self._proven: dict[str, tuple[int, str]] = {}
        self._numbers: dict[str, int] = {}
        self._changed: dict[str, MysqlChanges | None] = {}
        """What `apply_changes` did to tables; None if it did more than once."""
        self._is_prepared = False
        self._is_locked = False
        self._has_written = False
        self.is_committed = False
        ((packet,),) = connection.query("SELECT @@max_allowed_packet")
        self._most_bytes = int(packet) - _PACKET_MARGIN

    @property
    def names(self) -> Mapping[str, str]:
        return {"database": ", ".join(self._schemas), "host": self._connection.address.host}

    def recover(self, *, seconds: int) -> None:
        """Undo or finish what a killed seed left, unless a seed is running."""
        if self._pending.exists() and self._lock.take(seconds):
            self._pending.carry_out(self._triggers.restore)

    def read_catalog(self) -> Mapping[str, TargetTable]:
        declared = self._read_declared()
        inside = [table for name, table in declared.items() if name in self._locked]
        outside = [table for name, table in declared.items() if name not in self._locked]
        rows = count_rows(self._connection, inside) | count_rows(self._other, outside)
        is_mariadb = self._connection.is_mariadb
        return {
            name: TargetTable(
                name,
                table_schema(table, name, column_readings(table, {}), is_mariadb=is_mariadb),
                rows[table.schema, table.name],
            )
            for name, table in declared.items()
        }

    def read_state(self) -> Mapping[str, SeededDataset]:
        return read_state(self._connection, self._schemas[0])

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        self._prepare()
        schema = self._schemas[0]
        there = [table.schema for table in self.read_catalog().values()]
        maker = TableMaker(
            self._connection, schema, lambda kind, name: self._pending.add(PendingStep(kind, schema, name))
        )
        with self._unlocked():
            try:
                return maker.create(tables, views, there)
            finally:
                self._declared = None

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        declared = self._read_declared()[target.name]
        triggers = self._triggers.read_names(declared.schema, {declared.name})
        findings = check_columns(self._connection, table, declared, triggers, self._most_bytes)
        if not triggers and not self._triggers.are_visible(declared.schema):
            findings.append(hidden_triggers(table.schema.name))
        return findings

    def lock(self, names: Sequence[str]) -> None:
        self._prepare()
        known = self._read_declared()
        new = [name for name in names if name in known and name not in self._locked]
        if not new and self._is_locked:
            return
        with self._unlocked():
            for name in new:
                self._remember(known[name])
            self._locked.update(new)

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        writer = self._writer(target.name)
        if mode is SeedMode.UPSERT:
            check_upsert_key(table.schema.key, target, self._connection.where)
            return writer.upsert(table)
        return WrittenRows(inserted=writer.insert(table.read()))

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        return (self.load(one.table, one.target, one.mode) for one in loads)

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        writer = self._writer(target.name)
        writer = replace(writer, changed=self._note_changes(target.name, writer.table, upserts.schema.key))
        gone = writer.delete(deleted)
        return replace(writer.upsert(upserts), deleted=gone)

    def _note_changes(self, name: str, table: MysqlTable, key: Sequence[str]) -> MysqlChanges | None:
        """Return what is told of the changes of a table, once."""
        references = [one for other in self._read_declared().values() for one in other.references]
        referred = {to for one in references if one.table == name for to in one.to}
        is_first = name not in self._changed
        changed = MysqlChanges(self._connection, table, key, referred) if is_first else None
        self._changed[name] = changed
        return changed

    def clear(self, names: Sequence[str]) -> None:
        self.lock(names)
        for name in names:
            writer = self._writer(name)
            table = table_sql(writer.table.schema, writer.table.name)
            # TRUNCATE would be faster, and could not be undone.
            self._connection.execute(f"DELETE FROM {table}", f"Clearing {name}")

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        self.lock(names)
        self._has_written = True
        for name in names:
            table = self._read_declared()[name]
            column = numbered_column(table)
            if column is None:
                continue
            following = number_after_rows(self._connection, table, column.name)
            number = move_on(following, sequence_offset, column.largest_integer)
            self._numbers[name] = number
            self._pending.add(PendingStep(StepKind.NUMBER, table.schema, table.name, str(number)))

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        references = MysqlReferences(self._connection, self._read_declared(), held, self._changed)
        return list(references.find_broken(names))

    def fingerprint(self, name: str) -> tuple[int, str]:
        table = self._read_declared()[name]
        is_readable = name in self._locked or not self._locked
        connection = self._connection if is_readable else self._other
        number = self._numbers.get(name) if numbered_column(table) is not None else None
        if number is None and numbered_column(table) is not None:
            number = next_number(connection, table)
        found = fingerprint(connection, table, number)
        if name in self._locked and not self._has_written:
            self._proven[name] = found
        return found

    def write_state(self, state: SeededDataset) -> None:
        self.lock([])
        self._has_written = True
        write_state(self._connection, self._schemas[0], state)

    def snapshot(self) -> MysqlSnapshot:
        return TargetSnapshot(self._connection, self._other, self._schemas, self._locked)

    def cast_rows(self, table: TableToWrite, target: TableSchema) -> SourceTable:
        declared = self._read_declared()[target.name]
        name = make_cast_table(self._connection, declared)
        copy = replace(declared, name=name)
        MysqlWriter(self._connection, copy, self._most_bytes, self._on_progress).insert(table.read())
        return self._snapshot.read_copy(target.name, copy)

    def commit(self) -> None:
        if not self._is_prepared:
            self.is_committed = True
            return
        connection = self._connection
        self._pending.forget(StepKind.DROP, StepKind.DROP_VIEW)
        connection.execute("COMMIT", "Committing")
        self.is_committed = True
        try:
            self._pending.carry_out(self._triggers.restore)
            connection.execute("UNLOCK TABLES")
            connection.execute("SET SESSION autocommit = 1")
            for name in sorted(self._locked):
                table = self._read_declared()[name]
                connection.query(f"ANALYZE TABLE {table_sql(table.schema, table.name)}")
        except DatabaseError as error:
            raise DatabaseError(
                "The rows were committed, but next numbers, triggers or statistics are not as they should be. "
                f"{error.what}",
                where=error.where,
                remedy="run the same command again, which finishes the work.",
            ) from error

    def roll_back(self) -> None:
        """Undo everything: rows by the server, all else by the remembered steps.

        Raises:
            DatabaseError: the connection is lost.
        """
        if not self._is_prepared:
            return
        connection = self._connection
        connection.execute("ROLLBACK")
        for step in self._triggers.suspended:
            # While their tables are locked, nobody misses a trigger that is being made again.
            self._triggers.restore(step)
        connection.execute("UNLOCK TABLES")
        connection.execute("SET SESSION autocommit = 1")
        if self._pending.exists():
            self._pending.carry_out(self._triggers.restore)

    def _read_declared(self) -> dict[str, MysqlTable]:
        if self._declared is None:
            self._snapshot.forget_catalog()
            self._declared = self._snapshot.read_declared(self._snapshot.read_names())
        return self._declared

    def _prepare(self) -> None:
        """Wait for other seeds, and make the tables that remember what is to be undone and what was seeded."""
        if self._is_prepared:
            return
        self._lock.require()
        self.recover(seconds=0)
        self._declared = None
        self._pending.make()
        self._is_prepared = True
        if not has_state_table(self._connection, self._schemas[0]):
            make_state_table(self._connection, self._schemas[0], lambda step: self._pending.add(step))

    def _remember(self, table: MysqlTable) -> None:
        """Remember what a rollback does not restore."""
        if numbered_column(table) is not None:
            number = next_number(self._connection, table)
            self._pending.add(PendingStep(StepKind.NUMBER, table.schema, table.name, str(number)))
        self._triggers.remember(table.schema, {table.name})

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """Give the locks back for a moment, which the server needs to make tables and to lock more of them.

        Raises:
            DatabaseError: meanwhile, another session changed a table that was proven to be unchanged.
        """
        self._check_nothing_written()
        connection = self._connection
        connection.execute("UNLOCK TABLES")
        connection.execute("SET SESSION autocommit = 1")
        yield
        known = self._read_declared()
        locked = [known[name] for name in sorted(self._locked) if name in known]
        connection.execute("SET SESSION autocommit = 0")
        related = [known[name] for name in related_tables(known, self._locked)]
        lock_tables(connection, self._schemas[0], locked, related)
        connection.execute("SET SESSION foreign_key_checks = 0")
        self._is_locked = True
        self._triggers.suspend()
        before, self._proven = self._proven, {}
        for name, proof in before.items():
            if self.fingerprint(name) != proof:
                raise DatabaseError(
                    f"Another session changed {name} while its lock was given back for a moment.",
                    where=connection.where,
                    remedy="run the same command again; nothing was changed.",
                )

    def _check_nothing_written(self) -> None:
        if self._has_written:
            raise DatabaseError(
                "MySQL cannot lock or make tables once rows were written, because that would commit them.",
                where=self._connection.where,
                remedy="lock all tables first; nothing was changed.",
            )

    def _writer(self, name: str) -> MysqlWriter:
        if name not in self._locked:
            self.lock([name])
        self._has_written = True
        self._proven.pop(name, None)
        table = self._read_declared()[name]
        return MysqlWriter(self._connection, table, self._most_bytes, self._on_progress)
