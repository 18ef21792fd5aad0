"""Writes tables into a new SQLite file."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.files import replacing_file
from tdmvc.databases.sqlite.storage import count_nan, declare, format_values, is_kept, may_convert
from tdmvc.databases.writing import (
    NO_TARGET,
    check_names,
    constraint_finding,
    create_table,
    has_target,
    reference_finding,
    type_finding,
    without_constraints,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column
from tdmvc.model.text import plural
from tdmvc.sql.quoting import quote_name

_LOG_SUFFIXES = ("-wal", "-journal")


class _ConstraintBrokenError(Exception):
    """The rows of a table break what its schema declares."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def write_tables(path: Path, tables: Sequence[TableToWrite]) -> list[Finding]:
    """Write all tables into a new file; see `DatabaseWriter.write_tables`."""
    check_names("SQLite", path, [table.schema for table in tables])
    types: dict[str, dict[str, str]] = {}
    findings: list[Finding] = []
    for table in tables:
        types[table.schema.name], replaced = _declared_types(table)
        findings += replaced
    unconstrained: set[str] = set()
    try:
        with replacing_file(path, _LOG_SUFFIXES) as new:
            while True:
                new.unlink(missing_ok=True)
                try:
                    return findings + _fill(new, tables, types, unconstrained)
                except _ConstraintBrokenError as broken:
                    # Other tables may refer to this one, so all are written again.
                    unconstrained.add(broken.table)
    except sqlite3.Error as error:
        raise DatabaseError(
            f"The SQLite database cannot be written: {error}.",
            where=str(path),
            remedy="check that the disk has room; if SQLite refuses a name, write Parquet files: `--into FOLDER`. "
            "Nothing was changed.",
        ) from error


def _declared_types(table: TableToWrite) -> tuple[dict[str, str], list[Finding]]:
    """Return the type to declare for each column: TEXT if SQLite would change its values."""
    types = {column.name: declare(column) for column in table.schema.columns}
    doubtful = [
        (i, column)
        for i, column in enumerate(table.schema.columns)
        if may_convert(column, types[column.name])
    ]
    findings = []
    for name in _converted(table, doubtful, types):
        findings.append(type_finding(table.schema.name, name, types[name], "TEXT"))
        types[name] = "TEXT"
    return types, findings


def _converted(
    table: TableToWrite, doubtful: Sequence[tuple[int, Column]], types: dict[str, str]
) -> list[str]:
    converted: dict[str, None] = {}
    if doubtful:
        for batch in table.read():
            for i, column in doubtful:
                texts = (str(value) for value in format_values(batch.column(i)) if value is not None)
                if column.name not in converted and not all(
                    is_kept(text, column.type, types[column.name]) for text in texts
                ):
                    converted[column.name] = None
    return list(converted)


def _fill(
    path: Path, tables: Sequence[TableToWrite], types: dict[str, dict[str, str]], unconstrained: set[str]
) -> list[Finding]:
    findings: list[Finding] = [constraint_finding(name) for name in sorted(unconstrained)]
    schemas = [
        without_constraints(table.schema) if table.schema.name in unconstrained else table.schema
        for table in tables
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # A half-written file is deleted, so it needs no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        for schema in schemas:
            possible = tuple(reference for reference in schema.references if has_target(reference, schemas))
            database.execute(create_table(replace(schema, references=possible), types[schema.name]))
            findings += [
                reference_finding(schema.name, reference, NO_TARGET)
                for reference in schema.references
                if reference not in possible
            ]
        for table in tables:
            findings += _insert(database, table)
        database.execute("COMMIT")
        return findings + _broken_references(database)


def _insert(database: sqlite3.Connection, table: TableToWrite) -> list[Finding]:
    schema = table.schema
    marks = ", ".join("?" * len(schema.columns))
    statement = f"INSERT INTO {quote_name(schema.name)} VALUES ({marks})"
    nans: dict[str, int] = {}

    def rows() -> Iterator[tuple[object, ...]]:
        for batch in table.read():
            for name, array in zip(schema.column_names, batch.columns, strict=True):
                nans[name] = nans.get(name, 0) + count_nan(array)
            yield from zip(*(format_values(array) for array in batch.columns), strict=True)

    try:
        database.executemany(statement, rows())
    except sqlite3.IntegrityError:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise _ConstraintBrokenError(schema.name) from None
    return [
        Finding(
            "value-replaced",
            Severity.WARNING,
            f"{plural(count, 'value')} of {schema.name}.{name} {'is' if count == 1 else 'are'} NaN and stored as null,"
            " because SQLite has no NaN.",
            table=schema.name,
            columns=(name,),
            details={"values": count},
        )
        for name, count in nans.items()
        if count
    ]


def _broken_references(database: sqlite3.Connection) -> list[Finding]:
    broken = database.execute(
        'SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2, fkid ORDER BY 1, 2'
    ).fetchall()
    return [
        Finding(
            "broken-reference",
            Severity.WARNING,
            f"{plural(count, 'row')} of {table} {'refers' if count == 1 else 'refer'} to a row of {parent}"
            " that does not exist.",
            table=table,
            remedy="add the missing rows, or fix the references.",
            details={"parent": parent, "rows": count},
        )
        for table, parent, count in broken
    ]
