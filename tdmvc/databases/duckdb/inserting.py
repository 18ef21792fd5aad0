"""Writes rows into a table of an open DuckDB database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.duckdb.loose_types import is_loose, text_of
from tdmvc.databases.duckdb.names import sql_name
from tdmvc.databases.duckdb.rows import casts, inexact_columns, reformed_columns, registered
from tdmvc.databases.findings import value_finding, values_finding
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import WrittenRows
from tdmvc.model.text import plural
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names

_REFORMED = "written in another form than DuckDB's, in which they read back"


class RowLoader:
    """Writes rows into one table. Columns that the table computes are left out."""

    def __init__(self, con: DuckDBConnection, target: TableSchema, types: Mapping[str, str]) -> None:
        """Prepare to write.

        Args:
            types: the types of the table's columns.
        """
        self._con = con
        self._target = target
        self._table = sql_name(target.name)
        self._types = types

    def check(self, table: TableToWrite) -> list[Finding]:
        """Return the columns whose types would change values."""
        types = {name: self._types[name] for name in self._own_columns(table.schema)}
        found = inexact_columns(self._con, table, types)
        name = table.schema.name
        reformed = reformed_columns(self._con, table, {one: types[one] for one in found})
        found = {column: count for column, count in found.items() if column not in reformed}
        return [
            values_finding(name, column, count, _REFORMED, Severity.WARNING)
            for column, count in reformed.items()
        ] + [
            value_finding(
                name,
                column,
                f"{plural(count, 'value')} of {name}.{column} would be changed by the column's type {types[column]}.",
                details={"values": count},
            )
            for column, count in found.items()
        ]

    def insert(self, table: TableToWrite) -> WrittenRows:
        """Insert all rows."""
        names = self._own_columns(table.schema)
        with registered(self._con, table) as rows:
            return WrittenRows(
                inserted=self._changed(
                    f"INSERT INTO {self._table} ({quote_names(names)}) "
                    f"SELECT {casts(self._types, names)} FROM {rows}"
                )
            )

    def apply(self, upserts: TableToWrite, deleted: pa.RecordBatchReader) -> WrittenRows:
        """Delete rows by their keys, and upsert others."""
        key = deleted.schema.names
        own = ", ".join(f"CAST({quote_name(name)} AS {self._types[name]})" for name in key)
        with registered(self._con, TableToWrite(upserts.schema, lambda: deleted)) as rows:
            gone = self._changed(
                f"DELETE FROM {self._table} WHERE ({quote_names(key)}) IN (SELECT ({own}) FROM {rows})"
            )
        return replace(self.upsert(upserts, key), deleted=gone)

    def upsert(self, table: TableToWrite, key: Sequence[str]) -> WrittenRows:
        """Insert rows with keys that are new, and update those that differ; columns that the rows lack stay."""
        names, name = self._own_columns(table.schema), self._table
        with registered(self._con, table) as rows:
            self._con.execute(
                f"CREATE TEMP TABLE tdmvc_staged AS SELECT {casts(self._types, names)} FROM {rows}"
            )
        match = " AND ".join(f"t.{quote_name(one)} = r.{quote_name(one)}" for one in key)
        others = [one for one in names if one not in key]
        ((total,),) = self._con.execute("SELECT count(*) FROM tdmvc_staged").fetchall()
        updated = 0
        if others:
            # DuckDB leaves 1 month as it is where 30 days are to be, except in rows whose key is set, too.
            is_rewritten = any("INTERVAL" in self._types[one] for one in others)
            changed = names if is_rewritten else others
            values = ", ".join(f"{quote_name(one)} = r.{quote_name(one)}" for one in changed)
            differs = " OR ".join(self._differs(one) for one in others)
            updated = self._changed(
                f"UPDATE {name} AS t SET {values} FROM tdmvc_staged AS r WHERE {match} AND ({differs})"
            )
        inserted = self._changed(
            f"INSERT INTO {name} ({quote_names(names)}) SELECT {quote_names(names)} FROM tdmvc_staged AS r "
            f"WHERE NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {match})"
        )
        self._con.execute("DROP TABLE tdmvc_staged")
        return WrittenRows(inserted, updated, unchanged=total - inserted - updated)

    def _differs(self, name: str) -> str:
        differs = f"t.{quote_name(name)} IS DISTINCT FROM r.{quote_name(name)}"
        if is_loose(self._types[name]):
            differs += f" OR {text_of('t', name)} IS DISTINCT FROM {text_of('r', name)}"
        return differs

    def _changed(self, statement: str) -> int:
        """Run a statement, and return how many rows it wrote."""
        ((count,),) = self._con.execute(statement).fetchall()
        return int(count)

    def _own_columns(self, schema: TableSchema) -> list[str]:
        """Return the columns of rows that the table does not compute itself."""
        return [
            name
            for name in schema.column_names
            if (column := self._target.column(name)) is not None and column.generated is None
        ]
