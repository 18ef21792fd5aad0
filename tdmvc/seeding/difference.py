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
from tdmvc.sql.quoting import quote_name, quote_names, scan_parquet
from tdmvc.sql.types import no_rows
from tdmvc.store.build import cast_batches
from tdmvc.store.parquet import count_rows, read_order, read_schema
from tdmvc.workspace.workspace import Workspace

_BATCH_ROWS = 10_000
_MOST_DIFFERING = 0.5
"""Rows of differing parts for each row of the table, above which reloading is cheaper.

Per million rows, reloading takes 2 to 4 s, the proof that nobody changed the table 0.1 to 1.6 s, and comparing
two versions of a part and writing what differs about as long as loading one.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """The parts of two states of a table that hold the rows in which they differ; the key is fit for pairing."""

    workspace: Workspace
    schema: TableSchema
    old: Sequence[Path]
    new: Sequence[Path]

    def upserts(self) -> pa.RecordBatchReader:
        """Return the rows that are new or changed, whole."""
        key, names = self.schema.key, self.schema.column_names
        same = " AND ".join(
            f"n.{quote_name(name)} IS NOT DISTINCT FROM o.{quote_name(name)}" for name in names
        )
        keys = " AND ".join(f"n.{quote_name(name)} = o.{quote_name(name)}" for name in key)
        columns = ", ".join(f"n.{quote_name(name)}" for name in names)
        return self._read(
            f"SELECT {columns} FROM {self._rows(self.new)} n LEFT JOIN {self._rows(self.old)} o ON {keys}"
            f" WHERE (o.{quote_name(key[0])} IS NULL OR NOT ({same}))",
            self.schema.arrow_schema(),
        )

    def deleted(self) -> pa.RecordBatchReader:
        """Return the keys of the rows that are gone."""
        key = quote_names(self.schema.key)
        fields = [self.schema.arrow_schema().field(name) for name in self.schema.key]
        return self._read(
            f"SELECT {key} FROM {self._rows(self.old)} o ANTI JOIN {self._rows(self.new)} n USING ({key})",
            pa.schema(fields),
        )

    def nothing_deleted(self) -> pa.RecordBatchReader:
        """Return no key."""
        fields = [self.schema.arrow_schema().field(name) for name in self.schema.key]
        return pa.schema(fields).empty_table().to_reader()

    def has_faulty_keys(self) -> bool:
        """Whether a key is null or repeats, so that rows cannot be paired by it."""
        key = quote_names(self.schema.key)
        has_null = " OR ".join(f"{quote_name(name)} IS NULL" for name in self.schema.key)
        queries = [
            f"SELECT 1 FROM {self._rows(paths)} GROUP BY {key} HAVING count(*) > 1 OR {has_null}"
            for paths in (self.old, self.new)
        ]
        con = self.workspace.engine.cursor()
        return bool(con.execute(f"{' UNION ALL '.join(queries)} LIMIT 1").fetchall())

    def _rows(self, paths: Sequence[Path]) -> str:
        return scan_parquet(paths) if paths else no_rows(self.schema.arrow_schema())

    def _read(self, query: str, schema: pa.Schema) -> pa.RecordBatchReader:
        reader = self.workspace.engine.cursor().sql(query).to_arrow_reader(_BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(schema, cast_batches(reader, schema))


def find_difference(workspace: Workspace, before: SeededTable, ref: str, side: TableSide) -> Difference | str:
    """Return in what a table differs from what was loaded before, or why it is better reloaded.

    Parts that are not here are fetched. Cost: the parts that differ are read once.

    Args:
        ref: the state that was loaded before, for messages.
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
    touched = sum(count_rows(str(path)) for path in new_paths)
    if touched > _MOST_DIFFERING * side.rows and touched > _BATCH_ROWS:
        return f"{len(new_paths)} of its {len(side.parts)} parts are not those of {ref}"
    difference = Difference(workspace, side.schema, old_paths, new_paths)
    return "keys repeat or are null" if difference.has_faulty_keys() else difference
