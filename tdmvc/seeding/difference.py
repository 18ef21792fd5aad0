"""The rows in which a table differs from what a database was seeded with before, as one engine takes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.batches import cast_batches
from tdmvc.changes.comparison import differing_parts
from tdmvc.errors import PartError
from tdmvc.model.diff import TableSide
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededTable
from tdmvc.model.text import number
from tdmvc.seeding.aligned_parts import pair_parts, read_changed_rows
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names, scan_parquet
from tdmvc.sql.types import no_rows
from tdmvc.store.parquet import read_order, read_schema
from tdmvc.workspace.workspace import Workspace

_BATCH_ROWS = 10_000
_MOST_IN_MEMORY = 100_000
"""Rows that differ; more of them are left to DuckDB, which keeps them on the disk if need be."""
_MOST_DIFFERING = 0.5
"""Rows that differ for each row of the table, above which reloading is cheaper.

Writing a row that differs takes about twice as long as loading one. Reloading a million rows takes 2 to 4 s, comparing
them with those of another version 0.5 s, and the proof that nobody changed the table 0.1 to 1.6 s.
"""
_UPSERTS = "temp.tdmvc_upserts"
_DELETED = "temp.tdmvc_deleted"
_VIEW = "tdmvc_changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows in which two states of a table differ."""

    schema: TableSchema
    changed: tuple[pa.Table, ...]
    """Rows that are new or changed; empty if they are in tables of a connection."""
    con: DuckDBConnection | None
    """Has the rows in temporary tables; None if `changed` has all of them, and none is gone."""

    def upserts(self) -> pa.RecordBatchReader:
        """Return the rows that are new or changed, whole."""
        schema = self.schema.arrow_schema()
        if self.con is None:
            batches = (batch for table in self.changed for batch in table.to_batches(_BATCH_ROWS))
            return pa.RecordBatchReader.from_batches(schema, batches)
        return self._read(self.con, _UPSERTS, schema)

    def deleted(self) -> pa.RecordBatchReader:
        """Return the keys of the rows that are gone."""
        if self.con is None:
            return self.nothing_deleted()
        return self._read(self.con, _DELETED, self._key_schema())

    def nothing_deleted(self) -> pa.RecordBatchReader:
        """Return no key."""
        return pa.RecordBatchReader.from_batches(self._key_schema(), [])

    def _key_schema(self) -> pa.Schema:
        return pa.schema([self.schema.arrow_schema().field(name) for name in self.schema.key])

    def _read(self, con: DuckDBConnection, table: str, schema: pa.Schema) -> pa.RecordBatchReader:
        order = quote_names(self.schema.key)
        reader = con.sql(f"SELECT * FROM {table} ORDER BY {order}").to_arrow_reader(_BATCH_ROWS)
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
        return "there is no key"
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
        return f"the columns are not those of {ref}"
    if any(read_order(str(path)) not in ((), side.schema.key) for path in (*old_paths[:1], *new_paths[:1])):
        return f"the key is not that of {ref}"
    compared = _PartComparison(lambda: workspace.engine.cursor(), side, old_paths, new_paths)
    if not is_unique and compared.has_faulty_keys():
        return "keys repeat or are null"
    touched = compared.run()
    if touched > compared.most:
        return f"{number(touched)} rows or more differ from those of {ref}"
    return compared.difference


class _PartComparison:
    """Finds what differs between the parts that only one state has; DuckDB starts only if rows must be joined."""

    def __init__(
        self,
        connect: Callable[[], DuckDBConnection],
        side: TableSide,
        old: Sequence[Path],
        new: Sequence[Path],
    ) -> None:
        self._connect = connect
        self._con: DuckDBConnection | None = None
        self._changed: list[pa.Table] = []
        self._schema = side.schema
        self._old = list(old)
        self._new = list(new)
        self.most = max(_MOST_DIFFERING * side.rows, _BATCH_ROWS)
        """Above this number of rows, the comparison ends early."""

    @property
    def difference(self) -> Difference:
        """What was found."""
        return Difference(self._schema, tuple(self._changed), self._con)

    def has_faulty_keys(self) -> bool:
        """Whether a key is null or repeats, so that rows cannot be paired by it."""
        key = quote_names(self._schema.key)
        has_null = " OR ".join(f"{quote_name(name)} IS NULL" for name in self._schema.key)
        faulty = " UNION ALL ".join(
            f"SELECT 1 FROM {rows} GROUP BY {key} HAVING count(*) > 1 OR {has_null}"
            for rows in (self._rows(self._old), self._rows(self._new))
        )
        return bool(self._connect().execute(f"{faulty} LIMIT 1").fetchall())

    def run(self) -> int:
        """Return how many rows differ, as far as they were counted."""
        touched = self._compare_aligned()
        if touched <= self.most and (self._old or self._new):
            touched += self._join(self._with_tables())
        return touched

    def _with_tables(self) -> DuckDBConnection:
        """Return a connection with the rows that were found so far in a temporary table."""
        if self._con is None:
            self._con = self._connect()
            for table, columns in ((_UPSERTS, "*"), (_DELETED, quote_names(self._schema.key))):
                empty = no_rows(self._schema.arrow_schema())
                self._con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {columns} FROM {empty}")
        for rows in self._changed:
            self._con.register(_VIEW, rows)
            self._con.execute(f"INSERT INTO {_UPSERTS} SELECT * FROM {_VIEW}")
            self._con.unregister(_VIEW)
        self._changed.clear()
        return self._con

    def _compare_aligned(self) -> int:
        """Compare parts that hold the same keys, which needs no join, and set them aside."""
        touched = 0
        if any(pa.types.is_nested(column.type) for column in self._schema.columns):
            return touched
        for pair in pair_parts(self._old, self._new, self._schema.key):
            changed = read_changed_rows(pair, self._schema)
            if changed is None:
                continue
            self._old.remove(pair[0])
            self._new.remove(pair[1])
            self._changed.append(changed)
            touched += changed.num_rows
            if touched > self.most:
                break
            if self._con is not None or touched > _MOST_IN_MEMORY:
                self._with_tables()
        return touched

    def _join(self, con: DuckDBConnection) -> int:
        schema, old, new = self._schema, self._rows(self._old), self._rows(self._new)
        key = quote_names(schema.key)
        same = " AND ".join(
            f"n.{quote_name(name)} IS NOT DISTINCT FROM o.{quote_name(name)}" for name in schema.column_names
        )
        keys = " AND ".join(f"n.{quote_name(name)} = o.{quote_name(name)}" for name in schema.key)
        columns = ", ".join(f"n.{quote_name(name)}" for name in schema.column_names)
        upserts = con.execute(
            f"INSERT INTO {_UPSERTS} SELECT {columns} FROM {new} n LEFT JOIN {old} o ON {keys}"
            f" WHERE o.{quote_name(schema.key[0])} IS NULL OR NOT ({same})"
        ).fetchall()
        con.execute(f"INSERT INTO {_DELETED} SELECT {key} FROM {old} o ANTI JOIN {new} n USING ({key})")
        deleted = con.execute(f"SELECT count(*) FROM {_DELETED}").fetchall()
        return int(upserts[0][0]) + int(deleted[0][0])

    def _rows(self, paths: Sequence[Path]) -> str:
        return scan_parquet(paths) if paths else no_rows(self._schema.arrow_schema())
