"""Reads the tables of a SQLite file, all in one read transaction."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.databases.base import OtherObjects, QualifiedName
from tdmvc.databases.sqlite.catalog import (
    DeclaredColumn,
    TableDeclaration,
    connect,
    read_column_names,
    read_table,
    read_table_names,
    unreadable,
)
from tdmvc.databases.sqlite.defaults import read_default
from tdmvc.databases.sqlite.indexes import read_other_objects, read_views
from tdmvc.databases.sqlite.inference import TypeEvidence, to_arrow
from tdmvc.databases.sqlite.storage import canonical_declaration
from tdmvc.errors import SourceError
from tdmvc.model.progress import ProgressCallback, ignore_progress
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable
from tdmvc.sql.quoting import quote_name, quote_names
from tdmvc.sql.time_forms import default_form

_BATCH_ROWS = 8192
_USUAL = ((True, False), (True, True), (False, False))


@contextmanager
def open_snapshot(path: Path, on_progress: ProgressCallback = ignore_progress) -> Iterator["SqliteSnapshot"]:
    """Open a file for reading in one transaction.

    Raises:
        DatabaseError: it is locked, damaged or encrypted.
    """
    with closing(connect(path)) as database:
        snapshot = SqliteSnapshot(path, database, on_progress)
        with snapshot.errors():
            database.execute("BEGIN")
            # The transaction begins with the first read.
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield snapshot


class SqliteSnapshot:
    """The tables of a SQLite file as one transaction sees them."""

    def __init__(
        self,
        path: Path,
        database: sqlite3.Connection,
        on_progress: ProgressCallback = ignore_progress,
    ) -> None:
        self._path = path
        self._database = database
        self._on_progress = on_progress

    def read_names(self) -> list[str]:
        with self.errors():
            return read_table_names(self._database)

    def read_relations(self) -> dict[str, str]:
        with self.errors():
            return {view.name: "view" for view in read_views(self._database)}

    def read_other_names(self, names: Sequence[str]) -> dict[str, str]:
        return {}

    def read_tables(self, names: Sequence[str]) -> list[SourceTable]:
        with self.errors():
            return [self._source_table(read_table(self._database, name)) for name in names]

    def read_copy(self, name: str, copy: str) -> SourceTable:
        """Describe a table, with the rows of another one that has the same columns."""
        with self.errors():
            return self._source_table(replace(read_table(self._database, name), name=copy))

    def read_others(self) -> OtherObjects:
        with self.errors():
            return OtherObjects(tuple(read_views(self._database)), tuple(read_other_objects(self._database)))

    @property
    def schemas(self) -> tuple[str, ...]:
        return ()

    def read_columns(self, others: Collection[str] = ()) -> dict[QualifiedName, tuple[str, ...]]:
        with self.errors():
            return {
                QualifiedName("", name): tuple(read_column_names(self._database, name))
                for name in read_table_names(self._database)
            }

    def read_rows(self, name: QualifiedName, most: int) -> list[dict[str, object]]:
        with self.errors():
            cursor = self._database.execute(f"SELECT * FROM {quote_name(name.table)} LIMIT ?", (most,))
            columns = [described[0] for described in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def _source_table(self, declared: TableDeclaration) -> SourceTable:
        profiles = _profile(self._database, declared, self._path)
        columns = []
        notes = list(declared.notes)
        forms: dict[str, frozenset[str | None]] = {}
        for column, profile in zip(declared.columns, profiles, strict=True):
            columns.append(_column(declared.name, column, profile))
            forms[column.name] = _text_forms(profile)
            columns[-1] = replace(columns[-1], text_form=_likeliest(profile, forms[column.name]))
            if profile.has_several_forms:
                notes.append(
                    f"{column.name}: its times are written in several ways; kept as text, so that each stays as it is"
                )
            elif not profile.is_as_declared:
                declaration = f"declared {column.type}" if column.type else "declared without a type"
                notes.append(f"{column.name}: {declaration}, kept as {columns[-1].type_text} for its values")
        schema = _schema(declared, columns)
        scan = ArrowScan(_opener(self._database, schema, self._on_progress))
        return SourceTable(
            schema,
            scan,
            f"{self._path}, table {declared.name}",
            is_keyed=True,
            is_database=True,
            notes=tuple(notes),
            text_forms={name: found for name, found in forms.items() if found},
        )

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into tdmvc's."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise unreadable(self._path, error) from error


def declared_schema(declared: TableDeclaration) -> TableSchema:
    """Return a table as it is declared, whatever values it has."""
    columns = [_column(declared.name, column, TypeEvidence.of(column.type)) for column in declared.columns]
    return _schema(declared, columns)


def _schema(declared: TableDeclaration, columns: Sequence[Column]) -> TableSchema:
    return TableSchema(
        declared.name,
        tuple(columns),
        declared.key,
        declared.references,
        declared.unique_keys,
        declared.checks,
        declared.indexes,
        declared.options,
    )


def _text_forms(profile: TypeEvidence) -> frozenset[str | None]:
    """Return all forms in which the times of a column are written; None stands for the usual one."""
    usual = [default_form(has_date=has_date, has_zone=has_zone) for has_date, has_zone in _USUAL]
    return frozenset(None if form in usual else form.example for form in profile.text_forms)


def _likeliest(profile: TypeEvidence, forms: frozenset[str | None]) -> str | None:
    return None if None in forms or not forms else profile.text_forms[0].example


def _column(table: str, declared: DeclaredColumn, profile: TypeEvidence) -> Column:
    type_ = profile.type
    if type_ is None:
        raise SourceError.would_lose(
            table,
            declared.name,
            "the column mixes bytes with texts or numbers.",
            remedy="make all values of the column bytes, or all of them text.",
        )
    # A type's own name may mean another affinity to SQLite (STRING is a number).
    is_same = declared.type == format_type(type_) == canonical_declaration(type_)
    return Column(
        declared.name,
        type_,
        None if is_same else declared.type,
        declared.required,
        declared.unique,
        default=read_default(declared.default, type_, declared.type),
        generated=declared.generated,
        identity=declared.identity,
        collation=declared.collation,
    )


def _profile(database: sqlite3.Connection, table: TableDeclaration, path: Path) -> list[TypeEvidence]:
    profiles = [TypeEvidence.of(column.type) for column in table.columns]
    names = [column.name for column in table.columns]
    try:
        for batch in _batches(database, table.name, names):
            for profile, values in zip(profiles, zip(*batch, strict=True), strict=True):
                profile.add(values)
    except sqlite3.OperationalError as error:
        # The driver's message contains the text itself.
        if "decode" in str(error).lower():
            raise _not_utf8(database, table, path) from None
        raise
    return profiles


def _batches(
    database: sqlite3.Connection, table: str, names: Sequence[str]
) -> Iterator[list[tuple[object, ...]]]:
    cursor = database.execute(f"SELECT {quote_names(names)} FROM {quote_name(table)}")
    while batch := cursor.fetchmany(_BATCH_ROWS):
        yield batch


def _not_utf8(database: sqlite3.Connection, table: TableDeclaration, path: Path) -> SourceError:
    """Find the first text that is not UTF-8; slow, for broken files only."""
    for column in table.columns:
        query = f"SELECT CAST({quote_name(column.name)} AS BLOB) FROM {quote_name(table.name)}"
        is_text = f"typeof({quote_name(column.name)}) = 'text'"
        for row, (text,) in enumerate(database.execute(f"{query} WHERE {is_text}"), 1):
            try:
                text.decode()
            except UnicodeDecodeError:
                return SourceError.unreadable(
                    path,
                    f"text number {row} in column {column.name} of table {table.name} is not UTF-8.",
                    remedy="fix the text in the database, or make it a BLOB.",
                )
    return SourceError.unreadable(path, f"a text in table {table.name} is not UTF-8.")


def _opener(
    database: sqlite3.Connection, schema: TableSchema, on_progress: ProgressCallback
) -> Callable[[], pa.RecordBatchReader]:
    arrow = schema.arrow_schema()

    def batches() -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in _batches(database, schema.name, schema.column_names):
            done += len(batch)
            on_progress(f"{schema.name}: read", done, None, "rows")
            columns = zip(zip(*batch, strict=True), arrow.types, strict=True)
            yield pa.record_batch([to_arrow(values, type_) for values, type_ in columns], schema=arrow)

    return lambda: pa.RecordBatchReader.from_batches(arrow, batches())
