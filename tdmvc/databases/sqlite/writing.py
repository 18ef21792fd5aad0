"""Writes tables and views into a new SQLite file."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import Clause, fit, key_clause, reference_clause
from tdmvc.databases.dialects import for_dialect, views_for_dialect
from tdmvc.databases.files import replacing_file
from tdmvc.databases.sqlite.broken import broken_clause
from tdmvc.databases.sqlite.declaring import fitted_identities, is_rowid_alias, table_statement
from tdmvc.databases.sqlite.indexes import DIALECT
from tdmvc.databases.sqlite.storage import (
    count_nan,
    declare,
    format_values,
    is_declarable,
    is_kept,
    may_convert,
)
from tdmvc.databases.writing import (
    NO_TARGET,
    check_names,
    create_index,
    create_view,
    generated_finding,
    has_target,
    left_out,
    type_finding,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.quoting import quote_name, quote_names

_LOG_SUFFIXES = ("-wal", "-journal")


class _ConstraintBrokenError(Exception):
    """The rows of a table break what its schema declares."""

    def __init__(self, table: str, clause: Clause) -> None:
        super().__init__(table)
        self.table = table
        self.clause = clause


@dataclass(slots=True)
class _Plan:
    """A table as it will be declared."""

    source: TableToWrite
    schema: TableSchema
    types: dict[str, str]


def write_tables(path: Path, tables: Sequence[TableToWrite], views: Sequence[View]) -> list[Finding]:
    """Write all tables and views into a new file; see `DatabaseWriter.write_tables`."""
    check_names("SQLite", path, [table.schema for table in tables])
    findings: list[Finding] = []
    plans = []
    for table in tables:
        plan, found = _plan(table)
        plans.append(plan)
        findings += found
    own_views, found = views_for_dialect(views, DIALECT)
    findings += found
    try:
        with replacing_file(path, _LOG_SUFFIXES) as new:
            while True:
                new.unlink(missing_ok=True)
                try:
                    return findings + _fill(new, plans, own_views)
                except _ConstraintBrokenError as broken:
                    # Other tables may refer to this one, so all are written again.
                    findings.append(broken.clause.broken(broken.table))
                    plan = next(plan for plan in plans if plan.schema.name == broken.table)
                    plan.schema, found = _fit(broken.clause.remove(plan.schema), plan.types)
                    findings += found
    except sqlite3.Error as error:
        raise DatabaseError(
            f"The SQLite database cannot be written: {error}.",
            where=str(path),
            remedy="check that the disk has room; if SQLite refuses a name, write Parquet files: `--into FOLDER`. "
            "Nothing was changed.",
        ) from error


def _plan(table: TableToWrite) -> tuple[_Plan, list[Finding]]:
    """Return what of a table SQLite can declare, and findings on the rest."""
    types, findings = _declared_types(table)
    schema, found = for_dialect(table.schema, DIALECT)
    findings += found
    schema, found = fitted_identities(schema, types)
    findings += found
    schema, found = _fit(schema, types)
    return _Plan(table, schema, types), findings + found + _comments_left_out(schema)


def _comments_left_out(schema: TableSchema) -> list[Finding]:
    described = tuple(column.name for column in schema.columns if column.description)
    owners = [schema.name] if schema.description else []
    owners += [f"{schema.name}.{name}" for name in described]
    message = f"The comments on {', '.join(owners)} were left out: SQLite has none."
    finding = Finding("declaration-left-out", Severity.WARNING, message, table=schema.name, columns=described)
    return [finding] if owners else []


def _fit(schema: TableSchema, types: dict[str, str]) -> tuple[TableSchema, list[Finding]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as scratch:

        def try_(attempt: TableSchema) -> str | None:
            try:
                scratch.execute("BEGIN")
                scratch.execute(table_statement(attempt, types))
                found = scratch.execute("SELECT name FROM pragma_table_xinfo(?)", (attempt.name,)).fetchall()
                # An expression can close its bracket, and declare a column of its own.
                if [name for (name,) in found] != list(attempt.column_names):
                    return "its SQL is more than one declaration"
            except sqlite3.Error as error:
                return f"SQLite says: {error}"
            finally:
                scratch.execute("ROLLBACK")
            return None

        return fit(schema, try_)


def _declared_types(table: TableToWrite) -> tuple[dict[str, str], list[Finding]]:
    """Return the type to declare for each column: TEXT if SQLite would change its values."""
    types = {column.name: declare(column) for column in table.schema.columns}
    doubtful = [
        (i, column)
        for i, column in enumerate(table.schema.columns)
        if may_convert(column, types[column.name])
    ]
    findings = [
        type_finding(
            table.schema.name,
            column.name,
            str(column.physical_type),
            types[column.name],
            f"SQLite cannot declare {column.physical_type}",
        )
        for column in table.schema.columns
        if column.physical_type and not is_declarable(column.physical_type)
    ]
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
                texts = (str(value) for value in format_values(batch.column(i), column) if value is not None)
                if column.name not in converted and not all(
                    is_kept(text, column.type, types[column.name]) for text in texts
                ):
                    converted[column.name] = None
    return list(converted)


def _fill(path: Path, plans: Sequence[_Plan], views: Sequence[View]) -> list[Finding]:
    findings: list[Finding] = []
    schemas = [plan.schema for plan in plans]
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # A half-written file is deleted, so it needs no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        for plan in plans:
            schema = plan.schema
            possible = tuple(reference for reference in schema.references if has_target(reference, schemas))
            database.execute(table_statement(replace(schema, references=possible), plan.types))
            findings += [
                reference_clause(reference).finding(schema.name, NO_TARGET)
                for reference in schema.references
                if reference not in possible
            ]
        for plan in plans:
            findings += _insert(database, plan)
        for plan in plans:
            findings += _create_indexes(database, plan.schema)
        findings += _create_views(database, views)
        database.execute("COMMIT")
        return findings + _broken_references(database)


def _create_indexes(database: sqlite3.Connection, schema: TableSchema) -> list[Finding]:
    findings = []
    for index in schema.indexes:
        try:
            database.execute(create_index(schema.name, index))
        except sqlite3.IntegrityError:
            findings.append(left_out(f"unique index {index.name}", schema.name, "rows break it"))
        except sqlite3.Error as error:
            findings.append(left_out(f"index {index.name}", schema.name, f"SQLite says: {error}"))
    return findings


def _create_views(database: sqlite3.Connection, views: Sequence[View]) -> list[Finding]:
    """Create views, whose order does not matter to SQLite, and remove those that cannot be read."""
    made, findings = [], []
    for view in views:
        try:
            database.execute(create_view(view))
            made.append(view)
        except sqlite3.Error as error:
            findings.append(left_out(f"view {view.name}", None, f"SQLite says: {error}"))
    for view in made:
        try:
            database.execute(f"SELECT * FROM {quote_name(view.name)} LIMIT 0")
        except sqlite3.Error as error:
            database.execute(f"DROP VIEW {quote_name(view.name)}")
            findings.append(left_out(f"view {view.name}", None, f"SQLite says: {error}"))
    return findings


def _insert(database: sqlite3.Connection, plan: _Plan) -> list[Finding]:
    schema = plan.schema
    places = [i for i, column in enumerate(schema.columns) if column.generated is None]
    computed = [i for i, column in enumerate(schema.columns) if column.generated is not None]
    names = tuple(schema.columns[i].name for i in places)
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {quote_name(schema.name)} ({quote_names(names)}) VALUES ({marks})"
    nans: dict[str, int] = {}
    alias = next(
        (i for i, column in enumerate(schema.columns) if is_rowid_alias(schema, column, plan.types)), None
    )

    def rows() -> Iterator[tuple[object, ...]]:
        for batch in plan.source.read():
            for name, array in zip(schema.column_names, batch.columns, strict=True):
                nans[name] = nans.get(name, 0) + count_nan(array)
            if alias is not None and batch.column(alias).null_count:
                # SQLite would number the rows that have no key.
                raise _ConstraintBrokenError(schema.name, key_clause(schema))
            values = (
                format_values(array, column)
                for array, column in zip(batch.columns, schema.columns, strict=True)
            )
            yield from zip(*values, strict=True)

    differing = dict.fromkeys(computed, 0)
    try:
        if computed:
            returned = quote_names([schema.columns[i].name for i in computed])
            for row in rows():
                found = database.execute(f"{statement} RETURNING {returned}", [row[i] for i in places])
                for i, value in zip(computed, found.fetchone(), strict=True):
                    differing[i] += not _is_same(value, row[i])
        else:
            database.executemany(statement, rows())
    except _ConstraintBrokenError:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    except sqlite3.IntegrityError as error:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        clause = broken_clause(schema, error)
        if clause is None:
            raise
        raise _ConstraintBrokenError(schema.name, clause) from None
    findings = [generated_finding(schema.name, schema.columns[i].name, n) for i, n in differing.items() if n]
    return findings + [_nan_finding(schema.name, name, count) for name, count in nans.items() if count]


def _is_same(computed: object, stored: object) -> bool:
    if computed == stored or computed is None or stored is None:
        return computed == stored
    try:
        return Decimal(str(computed)) == Decimal(str(stored))
    except InvalidOperation:
        return False


def _nan_finding(table: str, name: str, count: int) -> Finding:
    return Finding(
        "value-replaced",
        Severity.WARNING,
        f"{plural(count, 'value')} of {table}.{name} {'is' if count == 1 else 'are'} NaN and stored as null,"
        " because SQLite has no NaN.",
        table=table,
        columns=(name,),
        details={"values": count},
    )


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
