"""Writes rows into a table of a SQLite database: all of them, or only what differs."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from tdmvc.databases.clauses import key_clause
from tdmvc.databases.findings import generated_finding
from tdmvc.databases.sqlite.broken import broken_clause
from tdmvc.databases.sqlite.catalog import declared_types, rowid_alias
from tdmvc.databases.sqlite.changed_rows import SqliteChanges
from tdmvc.databases.sqlite.errors import BrokenRowsError
from tdmvc.databases.sqlite.fingerprints import Fingerprints
from tdmvc.databases.sqlite.storage import Affinity, affinity, count_nan, format_values
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import WrittenRows
from tdmvc.model.text import plural
from tdmvc.sql.quoting import quote_name, quote_names

_CAST = "tdmvc_cast"
_STAGED, _EXCHANGED, _KEYS = "temp.tdmvc_rows", "temp.tdmvc_changed", "temp.tdmvc_keys"
_AFFINITY_TYPES = {
    Affinity.INTEGER: "INTEGER",
    Affinity.TEXT: "TEXT",
    Affinity.NONE: "",
    Affinity.REAL: "REAL",
    Affinity.NUMERIC: "NUMERIC",
}


class RowWriter:
    """Writes rows into one table. Columns that the table computes are left out."""

    def __init__(
        self,
        path: Path,
        database: sqlite3.Connection,
        schema: TableSchema,
        target: TableSchema,
        fingerprints: Fingerprints | None = None,
        changed: SqliteChanges | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            schema: the columns of the rows, in their order; the names are those of the table.
            target: the table.
            fingerprints: told which rows `upsert` and `delete` change.
            changed: told so, too.
        """
        self._changed = changed
        self._staged = changed.written if changed else _STAGED
        self._fingerprints = fingerprints
        self._path = path
        self._database = database
        self._schema = schema
        self._target = target
        self._table = quote_name(target.name)
        generated = {column.name for column in target.columns if column.generated is not None}
        self._places = [i for i, column in enumerate(schema.columns) if column.name not in generated]
        self._computed = [i for i, column in enumerate(schema.columns) if column.name in generated]
        self._names = [schema.columns[i].name for i in self._places]
        self._own_names = [column.name for column in target.columns if column.generated is None]
        self._declared = declared_types(database, target.name)
        self._alias = rowid_alias(database, target.name)
        self.findings: list[Finding] = []
        """What was not stored as it is."""

    def insert(self, reader: pa.RecordBatchReader) -> int:
        """Insert all rows, and return how many there are.

        Raises:
            BrokenRowsError: one breaks a constraint.
        """
        marks = ", ".join("?" * len(self._names))
        statement = f"INSERT INTO {self._table} ({quote_names(self._names)}) VALUES ({marks})"
        counted = _Counted()
        try:
            if self._computed:
                self._insert_and_compare(statement, counted.watch(self._rows(reader)))
            else:
                self._database.executemany(statement, counted.watch(self._rows(reader)))
        except sqlite3.IntegrityError as error:
            raise self._broken(error) from None
        return counted.rows

    def upsert(self, reader: pa.RecordBatchReader, key: Sequence[str]) -> WrittenRows:
        """Insert rows with keys that are new, and update those that differ; columns that the rows lack stay.

        Raises:
            BrokenRowsError: a row breaks a constraint.
        """
        counted = _Counted()
        rows = (tuple(row[i] for i in self._places) for row in self._rows(reader))
        self._stage(self._staged, self._names, counted.watch(rows))
        match = " AND ".join(f"t.{quote_name(name)} = r.{quote_name(name)}" for name in key)
        self._note(key, self._staged, -1)
        if self._changed is not None:
            computed = {name for name in self._declared if name not in self._own_names}
            values = {name.lower() for name in computed.union(self._names).difference(key)}
            self._changed.leave(f"SELECT {quote_names(key)} FROM {self._staged}", values)
        try:
            updated = self._update(match, key)
            inserted = self._database.execute(
                f"INSERT INTO {self._table} ({quote_names(self._names)}) SELECT {quote_names(self._names)} "
                f"FROM {self._staged} AS r WHERE NOT EXISTS (SELECT 1 FROM main.{self._table} AS t WHERE {match}) "
                "ORDER BY r.rowid"
            ).rowcount
        except sqlite3.IntegrityError as error:
            raise self._broken(error) from None
        self._note(key, self._staged, 1)
        if self._changed is None:
            self._database.execute(f"DROP TABLE {self._staged}")
        return WrittenRows(inserted, updated, unchanged=counted.rows - inserted - updated)

    def delete(self, reader: pa.RecordBatchReader) -> int:
        """Delete the rows with these keys, and return how many there were."""
        names = reader.schema.names
        columns = [column for name in names if (column := self._schema.column(name)) is not None]
        rows = (
            row
            for batch in reader
            for row in zip(
                *(format_values(array, column) for array, column in zip(batch.columns, columns, strict=True)),
                strict=True,
            )
        )
        self._stage(_KEYS, names, rows)
        self._note(names, _KEYS, -1)
        keys = quote_names(names)
        if self._changed is not None:
            self._changed.leave(f"SELECT {keys} FROM {_KEYS}")
        gone = self._database.execute(
            f"DELETE FROM {self._table} WHERE ({keys}) IN (SELECT {keys} FROM {_KEYS})"
        ).rowcount
        self._database.execute(f"DROP TABLE {_KEYS}")
        return gone

    def _stage(self, table: str, names: Sequence[str], rows: Iterator[tuple[object, ...]]) -> None:
        """Put rows into a temporary table whose columns have the types of the table's."""
        columns = ", ".join(f"{quote_name(name)} {self._type_of(name)}" for name in names)
        self._database.execute(f"CREATE TEMP TABLE {table.removeprefix('temp.')} ({columns})")
        marks = ", ".join("?" * len(names))
        self._database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def _note(self, key: Sequence[str], table: str, sign: int) -> None:
        """Take the rows whose keys a table has out of the table's fingerprint, or add them."""
        if self._fingerprints is not None:
            keys = f"SELECT {quote_names(key)} FROM {table}"
            self._fingerprints.change(self._target.name, key, keys, sign)

    def _update(self, match: str, key: Sequence[str]) -> int:
        # The collation of a column may take two texts for the same.
        differs = " OR ".join(
            f"t.{quote_name(name)} COLLATE BINARY IS NOT r.{quote_name(name)}" for name in self._names
        )
        values = ", ".join(f"{quote_name(name)} = r.{quote_name(name)}" for name in self._names)
        self._database.execute("SAVEPOINT tdmvc_update")
        try:
            return self._database.execute(
                f"UPDATE {self._table} AS t SET {values} FROM {self._staged} AS r WHERE {match} AND ({differs})"
            ).rowcount
        except sqlite3.IntegrityError:
            # Rows may exchange values that are unique, which SQLite checks row by row.
            self._database.execute("ROLLBACK TO tdmvc_update")
            return self._exchange(match, differs, key)
        finally:
            self._database.execute("RELEASE tdmvc_update")

    def _exchange(self, match: str, differs: str, key: Sequence[str]) -> int:
        """Take the rows that differ out, and put them in again with their new values."""
        own, names = quote_names(self._own_names), set(self._names)
        values = ", ".join(
            f"{'r' if name in names else 't'}.{quote_name(name)} AS {quote_name(name)}"
            for name in self._own_names
        )
        keys = quote_names(key)
        self._database.execute(
            f"CREATE TEMP TABLE tdmvc_changed AS SELECT {values} FROM main.{self._table} AS t, {self._staged} AS r "
            f"WHERE {match} AND ({differs})"
        )
        self._database.execute(
            f"DELETE FROM {self._table} WHERE ({keys}) IN (SELECT {keys} FROM {_EXCHANGED})"
        )
        updated = self._database.execute(
            f"INSERT INTO {self._table} ({own}) SELECT {own} FROM {_EXCHANGED}"
        ).rowcount
        self._database.execute(f"DROP TABLE {_EXCHANGED}")
        return updated

    def _rows(self, reader: pa.RecordBatchReader) -> Iterator[tuple[object, ...]]:
        """Yield whole rows as SQLite's driver takes them."""
        nans: dict[str, int] = {}
        names = self._schema.column_names
        for batch in reader:
            if self._alias in names and batch.column(names.index(str(self._alias))).null_count:
                # SQLite would number the rows that have no key.
                raise BrokenRowsError(self._path, self._target.name, key_clause(self._target), "null")
            values = []
            for column, array in zip(self._schema.columns, batch.columns, strict=True):
                nans[column.name] = nans.get(column.name, 0) + count_nan(array)
                values.append(format_values(array, column))
            yield from zip(*values, strict=True)
        self.findings += [
            nan_finding(self._target.name, name, count) for name, count in nans.items() if count
        ]

    def _insert_and_compare(self, statement: str, rows: Iterator[tuple[object, ...]]) -> None:
        """Insert rows, and count those for which the database computes another value than they have."""
        differing = dict.fromkeys(self._computed, 0)
        returned = quote_names([self._schema.columns[i].name for i in self._computed])
        for row in rows:
            found = self._database.execute(
                f"{statement} RETURNING {returned}", [row[i] for i in self._places]
            )
            for i, value in zip(self._computed, found.fetchone(), strict=True):
                differing[i] += not _is_same(value, row[i])
        self.findings += [
            generated_finding(self._target.name, self._schema.columns[i].name, count)
            for i, count in differing.items()
            if count
        ]

    def _type_of(self, name: str) -> str:
        return _AFFINITY_TYPES[affinity(self._declared[name])]

    def _broken(self, error: sqlite3.IntegrityError) -> BrokenRowsError:
        return BrokenRowsError(
            self._path, self._target.name, broken_clause(self._target, error), str(error).partition(":")[0]
        )


def make_cast_table(database: sqlite3.Connection, table: TableSchema) -> TableSchema:
    """Make an empty temporary table with the declared types of another one, whatever it computes or demands."""
    declared = declared_types(database, table.name)
    columns = ", ".join(f"{quote_name(name)} {type_}" for name, type_ in declared.items())
    database.execute(f"DROP TABLE IF EXISTS temp.{_CAST}")
    database.execute(f"CREATE TEMP TABLE {_CAST} ({columns})")
    return TableSchema(_CAST, tuple(replace(column, generated=None) for column in table.columns))


class _Counted:
    """Counts rows that pass."""

    def __init__(self) -> None:
        self.rows = 0

    def watch(self, rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
        for row in rows:
            self.rows += 1
            yield row


def nan_finding(table: str, name: str, count: int) -> Finding:
    """Return the finding on floats that SQLite lacks."""
    return Finding(
        "value-replaced",
        Severity.WARNING,
        f"{plural(count, 'value')} of {table}.{name} {'is' if count == 1 else 'are'} NaN and stored as null,"
        " because SQLite has no NaN.",
        table=table,
        columns=(name,),
        details={"values": count},
    )


def _is_same(computed: object, stored: object) -> bool:
    if computed == stored or computed is None or stored is None:
        return computed == stored
    try:
        return Decimal(str(computed)) == Decimal(str(stored))
    except InvalidOperation:
        return False
