"""The rows in which a table differs from what a database was seeded with before, as one engine takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tdmvc.changes.comparison import differing_parts
from tdmvc.errors import PartError
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededTable
from tdmvc.model.text import number
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names, scan_parquet
from tdmvc.sql.types import no_rows
from tdmvc.store.build import cast_batches
from tdmvc.store.parquet import read_order, read_schema
from tdmvc.workspace.workspace import Workspace

_BATCH_ROWS = 10_000
_MOST_DIFFERING = 0.5
"""Rows that differ for each row of the table, above which reloading is cheaper.

Writing a row that differs takes about twice as long as loading one. Reloading a million rows takes 2 to 4 s, comparing
them with those of another version 0.5 s, and the proof that nobody changed the table 0.1 to 1.6 s.
"""
_UPSERTS = "temp.tdmvc_upserts"
_DELETED = "temp.tdmvc_deleted"


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows in which two states of a table differ, in temporary tables of a connection."""

    con: DuckDBConnection
    schema: TableSchema

    def upserts(self) -> pa.RecordBatchReader:
        """Return the rows that are new or changed, whole."""
        return self._read(_UPSERTS, self.schema.arrow_schema())

    def deleted(self) -> pa.RecordBatchReader:
        """Return the keys of the rows that are gone."""
        return self._read(_DELETED, self._key_schema())

    def nothing_deleted(self) -> pa.RecordBatchReader:
        """Return no key."""
        return self._key_schema().empty_table().to_reader()

    def _key_schema(self) -> pa.Schema:
        return pa.schema([self.schema.arrow_schema().field(name) for name in self.schema.key])

    def _read(self, table: str, schema: pa.Schema) -> pa.RecordBatchReader:
        order = quote_names(self.schema.key)
        reader = self.con.sql(f"SELECT * FROM {table} ORDER BY {order}").to_arrow_reader(_BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(schema, cast_batches(reader, schema))


def find_difference(
    workspace: Workspace, before: SeededTable, ref: str, side: TableSide, *, is_unique: bool
) -> Difference | str:
    """Return in what a table differs from what was loaded before, or why it is better reloaded.

    Parts that are not here are fetched. Cost: the parts that differ are read, and joined by key.

    Args:
        ref: the state that was loaded before, for messages.
        is_unique: whether the database keeps the key unique and without nulls.
    """
    if not side.schema.key:
        return "it has no key"
    if not before.object:
        return f"the rows of {ref} were never added to the dataset"
    owner = f"{ref}/{before.name}"
    try:
        listing = workspace.store.listing(before.object, owner)
        parts = tuple(entry.content for entry in listing.entries)
        old = TableSide(side.schema, parts, before.rows, workspace.store.locate(listing, owner))
        old_parts, new_parts = differing_parts(old, side)
        old_paths = list(old.locate(old_parts)) if old_parts else []
        new_paths = list(side.locate(new_parts)) if new_parts else []
    except PartError:
        return f"the rows of {ref} are neither here nor on a remote"
    if any(read_schema(str(path)) != side.schema.arrow_schema() for path in old_paths[:1]):
        return f"its columns are not those of {ref}"
    if any(read_order(str(path)) not in ((), side.schema.key) for path in (*old_paths[:1], *new_paths[:1])):
        return f"its key is not that of {ref}"
    con = workspace.engine.cursor()
    old_rows, new_rows = _rows(side, old_paths), _rows(side, new_paths)
    if not is_unique and _has_faulty_keys(con, side.schema, (old_rows, new_rows)):
        return "keys repeat or are null"
    touched = _compare(con, side.schema, old_rows, new_rows)
    if touched > _MOST_DIFFERING * side.rows and touched > _BATCH_ROWS:
        return f"{number(touched)} rows differ from those of {ref}"
    return Difference(con, side.schema)


def _rows(side: TableSide, paths: Sequence[Path]) -> str:
    return scan_parquet(paths) if paths else no_rows(side.schema.arrow_schema())


def _has_faulty_keys(con: DuckDBConnection, schema: TableSchema, sides: Sequence[str]) -> bool:
    """Whether a key is null or repeats, so that rows cannot be paired by it."""
    key = quote_names(schema.key)
    has_null = " OR ".join(f"{quote_name(name)} IS NULL" for name in schema.key)
    faulty = " UNION ALL ".join(
        f"SELECT 1 FROM {rows} GROUP BY {key} HAVING count(*) > 1 OR {has_null}" for rows in sides
    )
    return bool(con.execute(f"{faulty} LIMIT 1").fetchall())


def _compare(con: DuckDBConnection, schema: TableSchema, old: str, new: str) -> int:
    """Fill the temporary tables with what differs between two relations, and return how many rows that are."""
    key = quote_names(schema.key)
    same = " AND ".join(
        f"n.{quote_name(name)} IS NOT DISTINCT FROM o.{quote_name(name)}" for name in schema.column_names
    )
    keys = " AND ".join(f"n.{quote_name(name)} = o.{quote_name(name)}" for name in schema.key)
    columns = ", ".join(f"n.{quote_name(name)}" for name in schema.column_names)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_UPSERTS} AS SELECT {columns} FROM {new} n LEFT JOIN {old} o ON {keys}"
        f" WHERE o.{quote_name(schema.key[0])} IS NULL OR NOT ({same})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_DELETED} AS SELECT {key} FROM {old} o ANTI JOIN {new} n USING ({key})"
    )
    counted = f"SELECT (SELECT count(*) FROM {_UPSERTS}) + (SELECT count(*) FROM {_DELETED})"
    return int(con.execute(counted).fetchall()[0][0])
