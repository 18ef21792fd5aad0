"""A database in memory that can be seeded: what the rooms above the engines need, and faults on request."""

import copy
import hashlib
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tdmvc.databases.base import (
    NONE_HELD,
    DatabaseTarget,
    QualifiedName,
    ReadOptions,
    TableLoad,
    TableToWrite,
    TargetTable,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.location import Location
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import ArrowScan, SourceTable

Row = dict[str, Any]


@dataclass
class StoredTable:
    """A table and its rows."""

    schema: TableSchema
    rows: list[Row] = field(default_factory=list)


@dataclass
class MemoryDatabase:
    """What stays after a commit, and the engine that opens it."""

    tables: dict[str, StoredTable] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """What the last transactions were asked to do."""
    held: list[Mapping[str, Collection[str]]] = field(default_factory=list)
    """Which references it was told to have held, at each check."""
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Called before a step (`load orders`), to raise or to change something."""

    trigger: Callable[[str, Row], Row | None] = lambda table, row: row
    """Fires for each loaded row, as a trigger that cannot be switched off: returns another row, or none."""

    name = "memory"
    url_form = "memory:///NAME"
    suffixes = (".memory",)

    def make(self, schema: TableSchema, *rows: Row) -> None:
        """Make a table as an application would."""
        self.tables[schema.name] = StoredTable(schema, list(rows))

    def rows(self, table: str) -> list[Row]:
        return sorted(self.tables[table].rows, key=repr)

    def recognizes(self, start: bytes) -> bool:
        return False

    @contextmanager
    def open_target(self, location: Location, options: ReadOptions) -> Iterator[DatabaseTarget]:
        yield MemoryTarget(self)


class MemoryTarget:
    """One transaction."""

    dialect = "memory"
    names: Mapping[str, str] = {}

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._tables: dict[str, StoredTable] = copy.deepcopy(database.tables)
        self._state = dict(database.state)
        self._is_locked = False

    def _step(self, step: str) -> None:
        self._database.calls.append(step)
        if (hook := self._database.before.get(step)) is not None:
            hook()

    def read_catalog(self) -> Mapping[str, TargetTable]:
        self._step("read_catalog")
        return {name: TargetTable(name, t.schema, len(t.rows)) for name, t in self._tables.items()}

    def read_state(self) -> Mapping[str, SeededDataset]:
        found = {name: SeededDataset.from_json(name, text) for name, text in self._state.items()}
        return {name: state for name, state in found.items() if state is not None}

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        for table in tables:
            name = table.schema.name
            self._step(f"create {name}")
            if name in self._database.tables:
                raise DatabaseError(f"The table {name} is already there.")
            self._tables[name] = StoredTable(table.schema)
        return []

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        found = []
        for column in table.schema.columns:
            other = target.column(column.name)
            if other is not None and pa.types.is_string(column.type) and not pa.types.is_string(other.type):
                message = f"{column.name} holds texts, and the database's column {other.type_text}."
                found.append(
                    Finding(
                        "type-too-small",
                        Severity.ERROR,
                        message,
                        table=table.schema.name,
                        columns=(column.name,),
                    )
                )
        return found

    def lock(self, names: Sequence[str]) -> None:
        self._step(f"lock {' '.join(names)}")
        if not self._is_locked:
            # What others committed while this one waited shows.
            self._tables = copy.deepcopy(self._database.tables)
            self._state = dict(self._database.state)
        self._is_locked = True

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        self._step(f"load {target.name}")
        read = table.read().read_all().to_pylist()
        rows = [row for one in read if (row := self._database.trigger(target.name, one)) is not None]
        stored = self._tables[target.name].rows
        if mode is not SeedMode.UPSERT:
            stored += rows
            return WrittenRows(inserted=len(rows))
        return self._upsert(target.name, rows, table.schema.key)

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        return (self.load(one.table, one.target, one.mode) for one in loads)

    def _upsert(self, name: str, rows: list[Row], key: Sequence[str]) -> WrittenRows:
        stored = {tuple(row[k] for k in key): row for row in self._tables[name].rows}
        inserted = updated = 0
        for row in rows:
            place = tuple(row[k] for k in key)
            inserted += place not in stored
            updated += place in stored and stored[place] | row != stored[place]
            stored[place] = stored.get(place, {}) | row
        self._tables[name].rows = list(stored.values())
        return WrittenRows(inserted, updated, unchanged=len(rows) - inserted - updated)

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        self._step(f"apply {target.name}")
        gone = deleted.read_all().to_pylist()
        key = deleted.schema.names
        stored = self._tables[target.name]
        before = len(stored.rows)
        stored.rows = [row for row in stored.rows if {k: row[k] for k in key} not in gone]
        removed = before - len(stored.rows)
        counts = self._upsert(target.name, upserts.read().read_all().to_pylist(), key)
        return WrittenRows(counts.inserted, counts.updated, removed)

    def clear(self, names: Sequence[str]) -> None:
        self._step(f"clear {' '.join(names)}")
        for name in names:
            self._tables[name].rows = []

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        self._step(f"finish {' '.join(names)}" + (f" +{sequence_offset}" if sequence_offset else ""))

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        self._database.held.append(held)
        found = []
        for name, table in self._tables.items():
            for reference in table.schema.references:
                if name not in names and reference.table not in names:
                    continue
                there = {tuple(row[c] for c in reference.to) for row in self._tables[reference.table].rows}
                values = [tuple(row[c] for c in reference.columns) for row in table.rows]
                broken = sum(None not in value and value not in there for value in values)
                if broken:
                    message = f"{broken} rows of {name} refer to rows that {reference.table} lacks."
                    found.append(
                        Finding(
                            "broken-reference",
                            Severity.ERROR,
                            message,
                            table=name,
                            columns=reference.columns,
                            details={"to": reference.table, "rows": broken},
                        )
                    )
        return found

    def fingerprint(self, name: str) -> tuple[int, str]:
        self._step(f"fingerprint {name}")
        table = self._tables[name]
        text = repr(sorted(map(repr, table.rows))) + repr(table.schema)
        return len(table.rows), hashlib.sha256(text.encode()).hexdigest()

    def write_state(self, state: SeededDataset) -> None:
        self._step(f"remember {state.ref}")
        self._state[state.dataset] = state.to_json()

    def snapshot(self) -> "MemorySnapshot":
        return MemorySnapshot(self._tables)

    def commit(self) -> None:
        self._step("commit")
        self._database.tables = self._tables
        self._database.state = self._state


class MemorySnapshot:
    """The tables as a transaction sees them."""

    def __init__(self, tables: Mapping[str, StoredTable]) -> None:
        self._tables = tables

    schemas: tuple[str, ...] = ()

    def read_names(self) -> list[str]:
        return sorted(self._tables)

    def read_columns(self, others: Collection[str] = ()) -> Mapping[QualifiedName, tuple[str, ...]]:
        return {QualifiedName("", name): table.schema.column_names for name, table in self._tables.items()}

    def read_rows(self, name: QualifiedName, most: int) -> list[Row]:
        return self._tables[name.table].rows[:most]

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        return [self._source(self._tables[name]) for name in names]

    def _source(self, table: StoredTable) -> SourceTable:
        rows = pa.Table.from_pylist(table.rows, schema=table.schema.arrow_schema())
        return SourceTable(
            table.schema, ArrowScan(rows.to_reader), table.schema.name, is_keyed=True, is_database=True
        )
