"""Loads rows into a DuckDB file, all in one transaction."""

import hashlib
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.databases.base import NONE_HELD, Snapshot, TableLoad, TableToWrite, TargetTable
from tdmvc.databases.duckdb.catalog import DIALECT
from tdmvc.databases.duckdb.creating import EmptyTables
from tdmvc.databases.duckdb.declaring import BY_SEQUENCE
from tdmvc.databases.duckdb.detaching import Detached, read_definition, without_references
from tdmvc.databases.duckdb.errors import writing_errors
from tdmvc.databases.duckdb.files import LOG_SUFFIXES, connect_file
from tdmvc.databases.duckdb.inserting import RowLoader
from tdmvc.databases.duckdb.loose_types import is_loose, text_of
from tdmvc.databases.duckdb.names import MAIN, AttachedName, own_name, schema_name, sql_name
from tdmvc.databases.duckdb.numbering import Sequences
from tdmvc.databases.duckdb.reading import DuckdbSnapshot, TransactionSnapshot
from tdmvc.databases.files import replacing_file
from tdmvc.databases.state_table import MAKE_STATES, READ_STATES, STATE_TABLE, WRITE_STATE, parse_states
from tdmvc.databases.statements import check_names, check_upsert_key
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset, SeedMode, WrittenRows
from tdmvc.model.source import SourceTable
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, lock_in
from tdmvc.sql.quoting import quote_name, quote_text

_CAST = "tdmvc_cast"


@contextmanager
def open_target(path: Path) -> Iterator["DuckdbTarget"]:
    """Open a file for writing, or a new one that takes its place once it is committed.

    Raises:
        DatabaseError: another program has it open, it cannot be written, or it is damaged.
    """
    if path.exists():
        with _opened(path, path) as target:
            yield target
        return
    with replacing_file(path, LOG_SUFFIXES) as new:
        with _opened(new, path) as target:
            yield target
        if not target.is_committed:
            new.unlink(missing_ok=True)


@contextmanager
def _opened(file: Path, path: Path) -> Iterator["DuckdbTarget"]:
    """Open a file, which messages call by another path."""
    with writing_errors(path):
        con = connect_file(file)
    with closing(con):
        with writing_errors(path):
            # The SQL of a contract comes with a pull request: it reaches this file and nothing else.
            lock_in(con)
            con.execute("BEGIN")
        target = DuckdbTarget(path, con)
        yield target
        if target.is_committed:
            with writing_errors(path):
                con.execute("CHECKPOINT")


class DuckdbTarget:
    """An open DuckDB database."""

    dialect = DIALECT

    def __init__(self, path: Path, con: DuckDBConnection) -> None:
        self._path = path
        self._con = con
        ((self._database,),) = con.execute("SELECT current_database()").fetchall()
        self._detached = Detached(path, con, self._database)
        self._sequences = Sequences(con, self._database)
        self._waiting: dict[str, tuple[str, ...]] = {}
        """Indexes and comments of tables that were made here, which are made when their rows are there."""
        self.is_committed = False

    @property
    def names(self) -> Mapping[str, str]:
        return {"file": self._path.resolve().name}

    def read_catalog(self) -> Mapping[str, TargetTable]:
        with writing_errors(self._path):
            schemas = self._snapshot().read_schemas()
            return {
                name: TargetTable(name, schema, self._count(sql_name(name)))
                for name, schema in schemas.items()
            }

    def read_state(self) -> Mapping[str, SeededDataset]:
        with writing_errors(self._path):
            if not self._has_state_table():
                return {}
            rows = self._con.execute(READ_STATES).fetchall()
        return parse_states(rows)

    def create_tables(self, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
        """Make tables; DuckDB ends a transaction at an error, so all is tried elsewhere first."""
        check_names("DuckDB", self._path, [table.schema for table in tables])
        there = {name: (table.schema, self._types(name)) for name, table in self.read_catalog().items()}
        with writing_errors(self._path), closing(connect_file(":memory:")) as scratch:
            lock_in(scratch)
            self._copy_declarations(scratch)
            before = set(_views_of(scratch))
            findings = EmptyTables(scratch).make_empty(tables, views, there)
            for name in {schema_name(table.schema.name) for table in tables} - {None}:
                self._con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(str(name))}")
            self._sequences.copy_new(scratch)
            for table in tables:
                self._create(scratch, table.schema.name)
            for name, sql in _views_of(scratch).items():
                if name not in before:
                    self._con.execute(sql)
        # After each load the sequences move, as in every other database that has them.
        return [finding for finding in findings if finding.rule != BY_SEQUENCE]

    def check_columns(self, table: TableToWrite, target: TableSchema) -> list[Finding]:
        with writing_errors(self._path, target.name):
            return self._loader(target).check(table)

    def lock(self, names: Sequence[str]) -> None:
        """Do nothing: only one program at a time can open the file."""

    def load(self, table: TableToWrite, target: TableSchema, mode: SeedMode) -> WrittenRows:
        is_upsert = mode is SeedMode.UPSERT
        if is_upsert:
            check_upsert_key(table.schema.key, target, str(self._path))
        with writing_errors(self._path, target.name):
            self._detached.detach(target.name)
            loader = self._loader(target)
            return loader.upsert(table, table.schema.key) if is_upsert else loader.insert(table)

    def load_all(self, loads: Sequence[TableLoad]) -> Generator[WrittenRows, None, None]:
        return (self.load(one.table, one.target, one.mode) for one in loads)

    def apply_changes(
        self, upserts: TableToWrite, deleted: pa.RecordBatchReader, target: TableSchema
    ) -> WrittenRows:
        with writing_errors(self._path, target.name):
            self._detached.detach(target.name)
            return self._loader(target).apply(upserts, deleted)

    def clear(self, names: Sequence[str]) -> None:
        for name in names:
            with writing_errors(self._path, name):
                self._detached.detach(name)
                self._con.execute(f"DELETE FROM {sql_name(name)}")

    def finish(self, names: Sequence[str], *, sequence_offset: int = 0) -> None:
        with writing_errors(self._path):
            for name in names:
                self._sequences.move(self._attached(name), sql_name(name), sequence_offset)

    def find_broken_references(
        self, names: Sequence[str], held: Mapping[str, Collection[str]] = NONE_HELD
    ) -> list[Finding]:
        """Return the references that rows break; those of tables that nobody wrote to cannot be broken.

        All rows are looked at, because a table with references is made again in any case.
        """
        with writing_errors(self._path):
            return self._detached.find_broken(names)

    def fingerprint(self, name: str) -> tuple[int, str]:
        """Return the row count, and the sum of DuckDB's hashes of the rows with a digest of the declarations.

        The hashes are those of one release of DuckDB, which is part of the text.
        """
        attached = self._attached(name)
        with writing_errors(self._path, name):
            definition = self._detached.tables.get(name) or read_definition(self._con, attached)
            indexes = self._waiting.get(name, (*definition.indexes, *definition.comments))
            declared = (definition.sql, sorted(indexes), self._sequences.next_numbers(attached))
            # An empty list has the hash of a null, and a month that of 30 days.
            loose = [text_of("t", column) for column, type_ in self._types(name).items() if is_loose(type_)]
            hashed = ", ".join(["t", *loose])
            # Hashed once more, because what hash() makes of several values is little more than their XOR.
            ((version, rows, total),) = self._con.execute(
                f"SELECT version(), count(*), coalesce(sum(hash(hash({hashed}))), 0) FROM {attached.sql} AS t"
            ).fetchall()
        digest = hashlib.blake2b(repr(declared).encode(), digest_size=10).hexdigest()
        return rows, f"duckdb-2:{version}:{total}:{digest}"

    def write_state(self, state: SeededDataset) -> None:
        with writing_errors(self._path):
            self._con.execute(MAKE_STATES)
            self._con.execute(WRITE_STATE, [state.dataset, state.to_json()])

    def snapshot(self) -> Snapshot:
        return TransactionSnapshot(self._path, self._con, self._database, ())

    def cast_rows(self, table: TableToWrite, target: TableSchema) -> SourceTable:
        with writing_errors(self._path, target.name):
            self._con.execute(f"CREATE OR REPLACE TEMP TABLE {_CAST} AS FROM {sql_name(target.name)} LIMIT 0")
            # The table has no expressions, so that the rows fill its generated columns, too.
            plain = tuple(replace(column, generated=None) for column in target.columns)
            copy = replace(target, name=_CAST, columns=plain)
            RowLoader(self._con, copy, self._types(target.name)).insert(table)
        return TransactionSnapshot(self._path, self._con, self._database, ()).read_copy(target.name, _CAST)

    def commit(self) -> None:
        with writing_errors(self._path):
            self._detached.attach()
            for statements in self._waiting.values():
                for statement in statements:
                    self._con.execute(statement)
            self._sequences.apply()
            self._con.execute("COMMIT")
        self.is_committed = True

    def _create(self, scratch: DuckDBConnection, name: str) -> None:
        """Make a table as it was made elsewhere; what it needs only at the end waits."""
        attached = _find(scratch, name)
        definition = read_definition(scratch, attached)
        own = AttachedName(self._database, attached.schema, attached.table)
        definition = replace(
            definition,
            name=own,
            comments=tuple(one.replace(attached.sql, own.sql, 1) for one in definition.comments),
        )
        self._con.execute(without_references(definition.sql))
        if definition.references:
            self._detached.add(name, definition)
        else:
            self._waiting[name] = (*definition.indexes, *definition.comments)

    def _copy_declarations(self, scratch: DuckDBConnection) -> None:
        """Make what the database has elsewhere, without rows, as far as a new table may need it."""
        self._sequences.copy_all(scratch)
        rows = self._con.execute(
            "SELECT schema_name, sql FROM duckdb_tables() "
            f"WHERE database_name = {quote_text(self._database)} AND NOT internal AND NOT temporary ORDER BY table_oid"
        ).fetchall()
        for schema, sql in rows:
            scratch.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_name(schema)}")
            with suppress(duckdb_error()):
                scratch.execute(without_references(sql))

    def _loader(self, target: TableSchema) -> RowLoader:
        return RowLoader(self._con, target, self._types(target.name))

    def _types(self, name: str) -> dict[str, str]:
        relation = self._con.sql(f"SELECT * FROM {sql_name(name)} LIMIT 0")
        return {column: str(type_) for column, type_ in zip(relation.columns, relation.types, strict=True)}

    def _count(self, sql: str) -> int:
        ((rows,),) = self._con.execute(f"SELECT count(*) FROM {sql}").fetchall()
        return int(rows)

    def _attached(self, name: str) -> AttachedName:
        schema = schema_name(name)
        table = name if schema is None else name.partition(".")[2]
        return AttachedName(self._database, schema or MAIN, table)

    def _has_state_table(self) -> bool:
        found = self._con.execute(
            f"SELECT 1 FROM duckdb_tables() WHERE database_name = {quote_text(self._database)} "
            f"AND schema_name = 'main' AND table_name = {quote_text(STATE_TABLE)}"
        )
        return bool(found.fetchall())

    def _snapshot(self) -> DuckdbSnapshot:
        return DuckdbSnapshot(self._path, self._con, self._database, ())


def _find(con: DuckDBConnection, name: str) -> AttachedName:
    rows = con.execute(
        "SELECT database_name, schema_name, table_name FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT temporary"
    ).fetchall()
    return next(AttachedName(*row) for row in rows if own_name(*row[1:]).lower() == name.lower())


def _views_of(con: DuckDBConnection) -> dict[str, str]:
    rows = con.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY view_oid"
    ).fetchall()
    return {own_name(schema, view): sql for schema, view, sql in rows}
